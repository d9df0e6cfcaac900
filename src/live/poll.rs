//! The same cursor by polling: for clients that cannot keep a stream open.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::cursor::Reset;
use super::follower::{Batch, Follower};
use super::frame::Frame;
use super::{Live, company};
use crate::error::Result;
use crate::model::cursor::Cursor;
use crate::model::topic::Topic;
use crate::store::Store;

/// The longest a client may ask to wait.
pub const WAIT_AT_MOST: Duration = Duration::from_secs(55);

/// One answer's events and the cursor to ask with next; waits up to `wait` for the first event. `issued` is for the forms of
/// the page that asks. The owner is told of faults and backups as a stream tells of them in passing: without an id.
///
/// Errors: what reading the log answers.
pub async fn answer(
    live: Arc<Live>,
    store: Arc<Store>,
    topic: Topic,
    cursor: Cursor,
    wait: Duration,
    issued: Option<String>,
) -> Result<Value> {
    let deadline = Instant::now() + wait.min(WAIT_AT_MOST);
    let mut stop = live.stop.clone();
    let (mut follower, start) = Follower::start(live.clone(), store.clone(), topic, cursor).await?;
    let mut batch = follower.now().await?;
    while batch.frames.is_empty() && start.reset.is_none() && !batch.signed_out {
        if !batch.more {
            let grown = timeout_at(deadline, async {
                tokio::select! {
                    () = follower.grown() => true,
                    _ = stop.wait_for(|stop| *stop) => false,
                }
            });
            if !grown.await.unwrap_or(false) {
                break;
            }
        }
        batch = follower.now().await?;
    }
    let signed_out = batch.signed_out.then(|| Reset::Auth.data(live.head()));
    let reset = start.reset_data().or(signed_out);
    let mut body = body(&follower, &batch, reset, &live);
    if topic.is_owners()
        && let Some(events) = body["events"].as_array_mut()
    {
        let mut told = company::faults(&store).await;
        told["kind"] = company::FAULTS.into();
        events.push(told);
        let standing = live.keeping.borrow().clone();
        if let Some(standing) = standing {
            let mut told = company::keeping(&store, standing).await;
            told["kind"] = company::KEEPING.into();
            events.push(told);
        }
    }
    if let Some(issued) = issued {
        body["issued"] = issued.into();
    }
    Ok(body)
}

fn body(follower: &Follower, batch: &Batch, reset: Option<Value>, live: &Live) -> Value {
    let events: Vec<Value> = batch
        .frames
        .iter()
        .filter_map(|frame: &Arc<Frame>| frame.json())
        .collect();
    let head = live.head().max(follower.after);
    json!({ "events": events, "after": follower.after, "head": head, "reset": reset, "more": batch.more })
}
