//! Where a client continues, and whether it can.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::Live;
use crate::error::Result;
use crate::model::cursor::Cursor;
use crate::model::id::EventId;
use crate::model::topic::Topic;
use crate::store::log;

/// Why a client must read the page again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Events of this stream that it has not seen are gone.
    Gap,
    /// It has seen events that are not in the log: an older backup was restored.
    Future,
    /// The event it names happened at another time, or never here: this is not the log it knows.
    Fork,
    /// It sent something that is not a cursor.
    BadCursor,
    /// The owner's session is over: there will be no such stream.
    Auth,
}

impl Reset {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Reset::Gap => "gap",
            Reset::Future => "future",
            Reset::Fork => "fork",
            Reset::BadCursor => "bad-cursor",
            Reset::Auth => "auth",
        }
    }
}

impl Reset {
    /// What a client is told.
    pub fn data(self, head: EventId) -> Value {
        json!({ "reason": self.as_str(), "head": head })
    }
}

/// Where a stream starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Everything up to here is behind the client.
    pub after: EventId,
    /// The newest event there was.
    pub head: EventId,
    /// Whether the client continues from its own cursor.
    pub resumed: bool,
    /// Events it has missed, counted up to a thousand.
    pub missed: i64,
    /// Why it must read the page again, if it must.
    pub reset: Option<Reset>,
}

impl Start {
    /// The data of a `reset`, if there is one.
    pub fn reset_data(&self) -> Option<Value> {
        self.reset.map(|reason| reason.data(self.head))
    }
}

/// Decides where a client starts, from one moment of the log.
pub fn resolve(conn: &Connection, topic: &Topic, cursor: Cursor) -> Result<Start> {
    let head = log::head(conn)?.id;
    let fresh = |reset| Start {
        after: head,
        head,
        resumed: false,
        missed: 0,
        reset,
    };
    let (after, at) = match cursor {
        Cursor::Head => return Ok(fresh(None)),
        Cursor::Bad => return Ok(fresh(Some(Reset::BadCursor))),
        Cursor::After(after, at) => (after, at),
    };
    let recorded = match at {
        Some(_) => log::at(conn, after)?,
        None => None,
    };
    let differs = at
        .zip(recorded)
        .is_some_and(|(theirs, ours)| theirs != ours);
    Ok(if after > head {
        fresh(Some(Reset::Future))
    } else if differs {
        fresh(Some(Reset::Fork))
    } else if after < log::floor(conn, topic)? {
        fresh(Some(Reset::Gap))
    } else if log::is_foreign(conn, after)? {
        fresh(Some(Reset::Fork))
    } else {
        Start {
            after,
            head,
            resumed: true,
            missed: log::missed(conn, topic, after)?,
            reset: None,
        }
    })
}

impl Live {
    /// [`resolve`] without asking the database, where the ring knows enough: it holds the event that the cursor names.
    pub fn resume(&self, topic: &Topic, cursor: Cursor) -> Option<Start> {
        let Cursor::After(after, at) = cursor else {
            return None;
        };
        if topic.is_owners() {
            return None; // its frames are not in the ring
        }
        let (head, ring) = (self.head(), self.ring());
        let time = ring.time_of(after)?;
        if after > head || at.is_some_and(|at| time != at) {
            return None;
        }
        let missed = ring.count_after(topic, after)?;
        Some(Start {
            after,
            head,
            resumed: true,
            missed: missed.min(log::MISSED_AT_MOST),
            reset: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::{Audience, Kind};
    use crate::model::id::PostId;
    use crate::model::time::Timestamp;
    use crate::store::tests::store;

    #[tokio::test]
    async fn a_cursor_that_cannot_be_continued_says_why() {
        let (store, _folder) = store();
        let change = |tx: &crate::store::Tx| -> Result<()> {
            for _ in 0..5 {
                log::append(
                    tx,
                    Kind::CommentCreated,
                    Some(PostId(1)),
                    1,
                    Audience::Public,
                    None,
                )?;
            }
            tx.execute("update events set at = id * 100", [])?;
            tx.execute("delete from events where id <= 2", [])?;
            tx.execute(
                "insert into trimmed values ('public', 2), ('post:1', 2)",
                [],
            )?;
            Ok(())
        };
        store.write(change).await.unwrap();
        let cursors = [
            (Cursor::After(EventId(1), None), Some(Reset::Gap), 5),
            (Cursor::After(EventId(2), None), None, 2),
            (Cursor::After(EventId(3), Some(Timestamp(300))), None, 3),
            (
                Cursor::After(EventId(3), Some(Timestamp(301))),
                Some(Reset::Fork),
                5,
            ),
            (Cursor::After(EventId(6), None), Some(Reset::Future), 5),
            (Cursor::Bad, Some(Reset::BadCursor), 5),
            (Cursor::Head, None, 5),
        ];
        for (cursor, reset, after) in cursors {
            let start = store
                .read(move |conn| resolve(conn, &Topic::Post(PostId(1), None), cursor))
                .await
                .unwrap();
            assert_eq!(
                (start.reset, start.after, start.head),
                (reset, EventId(after), EventId(5)),
                "{cursor:?}"
            );
        }
        // Ids that another history may have given, on a machine that is lost.
        let promote = |tx: &crate::store::Tx| -> Result<()> {
            tx.execute("update sqlite_sequence set seq = seq + 1000", [])?;
            log::append(tx, Kind::BlogPromoted, None, 0, Audience::Owner, None)
        };
        store.write(promote).await.unwrap();
        for (after, reset) in [(5, None), (6, Some(Reset::Fork)), (1006, None)] {
            let cursor = Cursor::After(EventId(after), None);
            let start = store
                .read(move |conn| resolve(conn, &Topic::Site(None), cursor))
                .await
                .unwrap();
            assert_eq!(start.reset, reset, "{after}");
        }
        // Another post lost nothing: its readers keep their cursors.
        let quiet = Topic::Post(PostId(2), None);
        let start = store
            .read(move |conn| resolve(conn, &quiet, Cursor::After(EventId(1), None)))
            .await
            .unwrap();
        assert_eq!(start.reset, None);
    }
}
