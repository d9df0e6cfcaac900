//! `rowlog events`

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::event::Event;
use crate::model::id::{EventId, PostId};
use crate::model::post::PostKind;
use crate::store::{Store, log, posts, redirects};

/// Events printed from one moment of the file.
const BATCH: i64 = 500;

/// How often to look for new ones.
const RECHECK: Duration = Duration::from_millis(50);

/// Which events.
#[derive(Args)]
pub struct Options {
    /// Only events after this id
    #[arg(long, default_value_t = 0, value_name = "ID")]
    after: i64,
    /// Keep printing new events as they happen
    #[arg(long)]
    follow: bool,
    /// Only events of this post
    #[arg(long, value_name = "SLUG")]
    post: Option<String>,
}

/// Prints the log, oldest first.
///
/// Errors: [`Error::Refused`] if there is no such post, and what the store answers. A closed pipe ends it quietly.
pub async fn run(folder: &Path, options: Options) -> Result<()> {
    let store = super::existing(folder)?;
    let post = match options.post {
        Some(slug) => Some(post_of(&store, slug).await?),
        None => None,
    };
    let mut after = EventId(options.after);
    loop {
        let events = store
            .read(move |conn| log::all_after(conn, after, BATCH))
            .await?;
        match print(&events, post) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            done => done.map_err(Error::io("cannot print the log"))?,
        }
        match events.last() {
            Some(last) => after = last.id,
            None if options.follow => tokio::time::sleep(RECHECK).await,
            None => return Ok(()),
        }
    }
}

async fn post_of(store: &Store, slug: String) -> Result<PostId> {
    let unknown = Error::Refused(format!("there is no post with the slug {slug:?}"));
    let found = store.read(
        move |conn| match posts::find(conn, PostKind::Post, &slug)? {
            Some(post) => Ok(Some(post.id)),
            None => redirects::post_of(conn, &PostKind::Post.path(&slug)),
        },
    );
    found.await?.ok_or(unknown)
}

fn print(events: &[Event], post: Option<PostId>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for event in events
        .iter()
        .filter(|event| post.is_none() || event.post == post)
    {
        writeln!(out, "{}", line(event))?;
    }
    out.flush()
}

fn line(event: &Event) -> Value {
    let facts = event
        .data
        .as_deref()
        .and_then(|data| serde_json::from_str::<Value>(data).ok());
    json!({
        "id": event.id,
        "kind": event.kind.as_str(),
        "post_id": event.post,
        "subject": event.subject,
        "audience": event.audience.word(),
        "at": event.at,
        "data": facts,
    })
}
