//! What other processes write into the same file, noticed when somebody asks.
//!
//! This process knows of its own changes before it has answered for them. `rowlog publish` beside it tells nobody; so whoever
//! is about to answer from memory has the file looked at first, which takes about a microsecond while nothing has changed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::changes::Changes;
use super::{Store, log};
use crate::error::Result;
use crate::model::concern::Reach;
use crate::model::id::EventId;

/// Two looks are at least so far apart: a command takes longer to end after its commit.
const BETWEEN: Duration = Duration::from_millis(1);

/// Events read at once. More than that have reached everybody.
const BATCH: i64 = 256;

/// Looks at the file, and notes what it finds.
pub struct Others {
    changes: Arc<Changes>,
    state: Mutex<State>,
}

struct State {
    conn: Connection,
    /// SQLite's own count of what others have committed.
    version: i64,
    /// Everything up to here has been noted.
    seen: EventId,
    looked: Instant,
}

impl Others {
    /// Notes in the changes of `store` what happens from now on.
    ///
    /// Errors: what opening the file and reading the log answer.
    pub fn of(store: &Store) -> Result<Others> {
        let conn = store.connection()?;
        conn.busy_timeout(Duration::ZERO)?; // whoever asks must not wait here
        let state = State {
            version: version(&conn)?,
            seen: log::head(&conn)?.id,
            conn,
            looked: Instant::now(),
        };
        Ok(Others {
            changes: store.changes().clone(),
            state: Mutex::new(state),
        })
    }

    /// Notes what has been written until now; whether the file could be looked at.
    pub fn look(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if now.duration_since(state.looked) < BETWEEN {
            return true;
        }
        let found = state.catch_up(&self.changes);
        if let Err(error) = &found {
            tracing::debug!("the log cannot be read just now: {error}");
            return false;
        }
        state.looked = now;
        true
    }
}

impl State {
    fn catch_up(&mut self, changes: &Changes) -> Result<()> {
        let version = version(&self.conn)?;
        if version == self.version {
            return Ok(());
        }
        let events = log::all_after(&self.conn, self.seen, BATCH)?;
        for event in &events {
            changes.note(event.id, Reach::of(event.kind, event.post));
        }
        self.seen = events.last().map_or(self.seen, |last| last.id);
        if events.len() as i64 == BATCH {
            self.seen = log::head(&self.conn)?.id;
            changes.note(self.seen, Reach::Everybody);
        }
        self.version = version; // of before the read: what came between is found again
        Ok(())
    }
}

fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("pragma data_version")?
        .query_row([], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::concern::Concern;
    use crate::model::event::{Audience, Kind};
    use crate::model::id::PostId;
    use crate::store::tests::store;

    #[tokio::test]
    async fn what_another_process_records_is_noted() {
        let (store, folder) = store();
        let others = Others::of(&store).unwrap();
        let elsewhere = Store::open(folder.path(), false).unwrap();
        let say = |post, count| {
            let (kind, audience) = (Kind::CommentCreated, Audience::Public);
            elsewhere.write(move |tx| {
                (0..count)
                    .try_for_each(|_| log::append(tx, kind, Some(PostId(post)), 1, audience, None))
            })
        };
        let newest = |post| {
            others.state.lock().unwrap().looked -= BETWEEN;
            assert!(others.look());
            store.changes().newest(Concern::Post(PostId(post))).0
        };
        let before = newest(1);
        say(1, 1).await.unwrap();
        let first = newest(1);
        assert!(first > before && newest(2) == before);
        say(2, 1_000).await.unwrap();
        assert_eq!(
            [newest(1), newest(2)],
            [first + 1_000; 2],
            "too many to tell apart"
        );
    }
}
