//! One client's way along the log: a cursor that waits for more.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;
use tokio::time::sleep;

use super::cursor::{Start, resolve};
use super::frame::{Frame, Studio};
use super::{Live, desk};
use crate::error::{Error, Result};
use crate::model::cursor::Cursor;
use crate::model::id::EventId;
use crate::model::time::Timestamp;
use crate::model::topic::Topic;
use crate::store::{Store, log, sessions};

/// Events handed out at once: a client that is far behind gets on in pages, from the ring and from the log alike.
const PAGE: usize = 128;

/// How long the tailer may take to read what was just committed.
const TAILER_WITHIN: Duration = Duration::from_secs(5);

/// How long a copy may take to catch up with a client that has seen more. Shorter than a page waits for its first block.
const COPY_WITHIN: Duration = Duration::from_secs(5);

/// How often an owner's stream without news looks whether its session lasts. With news it always looks first.
const SESSION_EVERY: Duration = Duration::from_secs(1);

/// A cursor on one topic.
pub struct Follower {
    pub(super) live: Arc<Live>,
    store: Arc<Store>,
    pub(super) topic: Topic,
    bell: watch::Receiver<EventId>,
    /// Everything up to here has been handed out.
    pub after: EventId,
}

/// What a follower found.
pub struct Batch {
    /// In the order of the log.
    pub frames: Vec<Arc<Frame>>,
    /// Whether there may be more at once.
    pub more: bool,
    /// Whether the owner's session is over, and with it the stream.
    pub signed_out: bool,
}

impl Follower {
    /// A follower at the place where `cursor` continues, and that place.
    pub async fn start(
        live: Arc<Live>,
        store: Arc<Store>,
        topic: Topic,
        cursor: Cursor,
    ) -> Result<(Follower, Start)> {
        // Subscribed before the log is asked, so that a commit between the two is not missed.
        let bell = live.head.subscribe();
        // What this process has already answered for must be in the ring: a text whose deletion was confirmed must
        // not be replayed by it. The tailer is that far within a moment; the log itself is always right.
        if !live.reaches(store.committed(), TAILER_WITHIN).await {
            return Err(Error::Unavailable(
                "the log is not read fast enough; please try again",
            ));
        }
        // A client that comes from another machine may be ahead of a copy. If it stays so, it is told below.
        if let Cursor::After(after, _) = cursor
            && store.is_copy()
        {
            live.reaches(after, COPY_WITHIN).await;
        }
        let start = match live.resume(&topic, cursor) {
            Some(start) => start,
            None => {
                store
                    .read(move |conn| resolve(conn, &topic, cursor))
                    .await?
            }
        };
        Ok((
            Follower {
                live,
                store,
                topic,
                bell,
                after: start.after,
            },
            start,
        ))
    }

    /// What is there now, from the ring or, further back, from the log. The owner's frames are made for each of the few
    /// windows of the desk from the log itself, so that the ring holds nothing that others must not see.
    ///
    /// Errors: what reading the log answers.
    pub async fn now(&mut self) -> Result<Batch> {
        self.bell.mark_unchanged(); // before the look, so that a commit during it is not missed
        let topic = self.topic;
        let found = match topic {
            Topic::Owner(_) => None,
            _ => self.live.ring().after(&topic, self.after, PAGE),
        };
        if let Some((frames, scanned)) = found {
            self.after = scanned;
            let more = frames.len() == PAGE;
            return Ok(Batch {
                frames,
                more,
                signed_out: false,
            });
        }
        let after = self.after;
        let read = self.store.read(move |conn| from_log(conn, &topic, after));
        let Some((frames, scanned, more)) = read.await? else {
            return Ok(Batch {
                frames: Vec::new(),
                more: false,
                signed_out: true,
            });
        };
        self.after = scanned.max(after);
        Ok(Batch {
            frames,
            more,
            signed_out: false,
        })
    }

    /// Waits until the log has grown since the last look, or until the owner's session must be looked at.
    pub async fn grown(&mut self) {
        tokio::select! {
            changed = self.bell.changed() => if changed.is_err() {
                std::future::pending::<()>().await; // the tailer has stopped, and so will the server
            },
            () = sleep(SESSION_EVERY), if self.topic.is_owners() => {}
        }
    }
}

/// Frames, the event up to which that looked, and whether there may be more.
type Found = (Vec<Arc<Frame>>, EventId, bool);

/// A page of the log after the cursor; `None` if it is for a session of the owner that is over.
fn from_log(conn: &Connection, topic: &Topic, after: EventId) -> Result<Option<Found>> {
    if let Topic::Owner(session) = topic
        && !sessions::lasts(conn, *session, Timestamp::now())?
    {
        return Ok(None);
    }
    let studio = Studio::of(conn)?;
    let render = |event| match topic {
        Topic::Owner(_) => desk::render(conn, event),
        _ => studio.render(event),
    };
    let events = log::after(conn, topic, after, PAGE as i64)?;
    let more = events.len() == PAGE;
    let scanned = match events.last() {
        Some(last) if more => last.id,
        _ => log::head(conn)?.id,
    };
    let frames = events.iter().map(|event| Arc::new(render(event)));
    let frames = frames.filter(|frame| frame.is_for(topic)).collect();
    Ok(Some((frames, scanned, more)))
}
