//! Telling a WebSub hub of new posts: a follower of the log with a cursor of its own in the file.
//!
//! Without a hub in the settings it sends nothing to anyone. A hub that cannot be reached is tried again later and
//! later; publishing never waits for it. What happens meanwhile is told by the same ping, since a ping says only that a
//! feed has changed. Source: <https://www.w3.org/TR/websub/>, and the `hub.mode=publish` that hubs agree on.

mod ping;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::error::Result;
use crate::model::event::Kind;
use crate::model::hub::Hub;
use crate::model::id::EventId;
use crate::model::topic::Topic;
use crate::store::{Store, log, settings};

/// The feeds that name the hub, from the root of the site.
pub const FEEDS: [&str; 2] = ["/feed.xml", "/feed.json"];

/// Where the cursor is kept.
const CURSOR: &str = "websub_cursor";

/// How often to look, and how long to wait after the first failure and at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const FIRST_RETRY: Duration = Duration::from_secs(10);
const LAST_RETRY: Duration = Duration::from_secs(60 * 60);

/// Failures in a row after which what is new is not told any more: a day of them.
const PATIENCE: u32 = 32;

/// Events looked at in one read.
const BATCH: i64 = 256;

/// Pings until `stop`.
pub async fn run(store: Arc<Store>, base_url: String, mut stop: watch::Receiver<bool>) {
    let mut follower = Follower::new(store);
    loop {
        let turn = follower.turn(|hub| ping::send(hub, body(&base_url)));
        let stopped = stop.clone();
        let wait = tokio::select! {
            wait = turn => wait,
            () = until(stopped) => return,
        };
        if timeout(wait, stop.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

async fn until(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await; // a sender that is gone has stopped, too
}

/// The form that tells a hub which feeds have changed.
fn body(base_url: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("hub.mode", "publish");
    for feed in FEEDS {
        form.append_pair("hub.url", &format!("{base_url}{feed}"));
    }
    form.finish()
}

/// What one look at the log found.
struct Look {
    hub: Option<Hub>,
    /// The cursor in the file.
    kept: Option<EventId>,
    /// The newest event that was looked at.
    seen: EventId,
    /// Whether a feed has changed.
    news: bool,
}

/// Where the follower stands.
struct Follower {
    store: Arc<Store>,
    /// Everything up to here has been looked at and needs no ping.
    cursor: EventId,
    failures: u32,
}

impl Follower {
    fn new(store: Arc<Store>) -> Follower {
        Follower {
            store,
            cursor: EventId::ZERO,
            failures: 0,
        }
    }

    /// Looks once, and tells the hub if there is something to tell. Returns how long to wait.
    async fn turn<F, P>(&mut self, ping: F) -> Duration
    where
        F: FnOnce(Hub) -> P,
        P: Future<Output = Result<(), String>>,
    {
        match self.follow(ping).await {
            Ok(()) => {
                self.failures = 0;
                LOOK_EVERY
            }
            Err(why) => {
                self.failures += 1;
                let wait = backoff(self.failures);
                tracing::warn!("{why}; trying again in {} s", wait.as_secs());
                wait
            }
        }
    }

    async fn follow<F, P>(&mut self, ping: F) -> Result<(), String>
    where
        F: FnOnce(Hub) -> P,
        P: Future<Output = Result<(), String>>,
    {
        let failed = |error| format!("the log cannot be read for the hub: {error}");
        let from = self.cursor;
        let look = self.store.read(move |conn| look(conn, from)).await;
        let look = look.map_err(failed)?;
        let Some(hub) = look.hub else { return Ok(()) };
        if look.news {
            let host = hub.host().to_owned();
            let told = ping(hub).await;
            if let Err(why) = told {
                let why = format!("the hub {host} was not told of what is new: {why}");
                if self.failures < PATIENCE {
                    return Err(why);
                }
                tracing::error!("{why}; giving up on this");
            }
        }
        if look.news || look.kept.is_none() {
            let seen = look.seen.0.to_string();
            let write = self.store.write(move |tx| settings::set(tx, CURSOR, &seen));
            write.await.map_err(failed)?;
        }
        self.cursor = look.seen;
        Ok(())
    }
}

/// Twice as long after each failure.
fn backoff(failures: u32) -> Duration {
    let doubled = FIRST_RETRY.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled.min(LAST_RETRY)
}

/// What has happened since `cursor`, or since the cursor in the file where that is further. A hub that is new is told of
/// what comes from now on.
fn look(conn: &Connection, cursor: EventId) -> Result<Look> {
    let hub = settings::load(conn)?.hub;
    let kept = settings::get(conn, CURSOR)?;
    let kept = kept.and_then(|id| id.parse().ok()).map(EventId);
    let mut look = Look {
        seen: kept.unwrap_or(log::head(conn)?.id).max(cursor),
        news: false,
        hub,
        kept,
    };
    if look.hub.is_none() || kept.is_none() {
        return Ok(look);
    }
    loop {
        let events = log::after(conn, &Topic::Site(None), look.seen, BATCH)?;
        let Some(last) = events.last() else {
            return Ok(look);
        };
        look.seen = last.id;
        look.news |= events.iter().any(|event| changes_feeds(event.kind));
    }
}

fn changes_feeds(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::PostPublished | Kind::PostUpdated | Kind::PostDeleted
    )
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;
    use crate::model::event::Audience;
    use crate::store::tests::store;

    async fn set_hub(store: &Store, url: &'static str) {
        let set = store.write(move |tx| settings::set(tx, "websub_hub", url));
        set.await.unwrap();
    }

    async fn happens(store: &Store, kind: Kind) {
        let append = store.write(move |tx| log::append(tx, kind, None, 1, Audience::Public, None));
        append.await.unwrap();
    }

    /// One turn; which hub was told, if one was.
    async fn turn(follower: &mut Follower, works: bool) -> Option<String> {
        let mut told = None;
        let answer = if works { Ok(()) } else { Err("no".to_owned()) };
        let ping = |hub: Hub| {
            told = Some(hub.as_str().to_owned());
            ready(answer)
        };
        follower.turn(ping).await;
        told
    }

    #[tokio::test]
    async fn without_a_hub_nobody_is_told_anything() {
        let (store, _folder) = store();
        let store = Arc::new(store);
        let mut follower = Follower::new(store.clone());
        happens(&store, Kind::PostPublished).await;
        assert_eq!(turn(&mut follower, true).await, None);
        set_hub(&store, "http://127.0.0.1/not-a-hub").await;
        happens(&store, Kind::PostPublished).await;
        assert_eq!(turn(&mut follower, true).await, None);
    }

    #[tokio::test]
    async fn a_hub_is_told_once_of_what_changes_the_feeds_from_its_first_day_on() {
        let (store, _folder) = store();
        let store = Arc::new(store);
        let mut follower = Follower::new(store.clone());
        happens(&store, Kind::PostPublished).await;
        set_hub(&store, "https://hub.example/").await;
        assert_eq!(turn(&mut follower, true).await, None, "of old posts");
        happens(&store, Kind::CommentCreated).await;
        assert_eq!(turn(&mut follower, true).await, None, "of comments");
        happens(&store, Kind::PostPublished).await;
        happens(&store, Kind::PostUpdated).await;
        let told = turn(&mut follower, true).await;
        assert_eq!(told.as_deref(), Some("https://hub.example/"));
        assert_eq!(turn(&mut follower, true).await, None, "twice");
        let mut restarted = Follower::new(store);
        assert_eq!(turn(&mut restarted, true).await, None, "again");
    }

    #[tokio::test]
    async fn a_hub_that_fails_is_told_later_even_after_a_restart() {
        let (store, _folder) = store();
        let store = Arc::new(store);
        set_hub(&store, "https://hub.example/").await;
        let mut follower = Follower::new(store.clone());
        turn(&mut follower, true).await;
        happens(&store, Kind::PostPublished).await;
        for _ in 0..3 {
            assert!(turn(&mut follower, false).await.is_some());
        }
        let mut restarted = Follower::new(store);
        assert!(turn(&mut restarted, true).await.is_some());
        assert!(turn(&mut restarted, true).await.is_none());
    }

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        let seconds = [1, 2, 3, 9, 10, 99].map(|failures| backoff(failures).as_secs());
        assert_eq!(seconds, [10, 20, 40, 2_560, 3_600, 3_600]);
    }

    #[test]
    fn a_ping_names_every_feed() {
        let form = "hub.mode=publish&hub.url=https%3A%2F%2Fa.example%2Ffeed.xml\
                    &hub.url=https%3A%2F%2Fa.example%2Ffeed.json";
        assert_eq!(body("https://a.example"), form);
    }
}
