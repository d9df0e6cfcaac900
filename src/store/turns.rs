//! Whether something has changed its meaning since it was looked up: the settings, or what is behind an address.
//!
//! Asked before everything that is answered from memory, so it must be quick and exact, whichever process wrote. SQLite
//! tells for next to nothing whether anyone has committed; only then the new part of the log is read, each event once.
//! Source: SQLite, "PRAGMA data_version".

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::Store;
use crate::error::Result;
use crate::model::event::Kind;
use crate::model::id::EventId;

/// What was seen of the log. The connection is its own, because the version is told for each connection.
#[derive(Default)]
pub(super) struct Turns(Mutex<Option<Seen>>);

struct Seen {
    conn: Connection,
    version: i64,
    last: EventId,
    turned: EventId,
}

impl Store {
    /// The newest event that may give settings or addresses another meaning.
    ///
    /// Errors: what opening or reading the file answers.
    pub fn turned(&self) -> Result<EventId> {
        let mut seen = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *seen {
            Some(seen) => seen.look(),
            none => none.insert(Seen::begin(self.follower()?)?).look(),
        }
    }
}

impl Seen {
    /// What was before is nobody's to know: nothing is in memory yet.
    fn begin(conn: Connection) -> Result<Seen> {
        let last = super::log::head(&conn)?.id;
        Ok(Seen {
            conn,
            version: 0,
            last,
            turned: last,
        })
    }

    fn look(&mut self) -> Result<EventId> {
        // The version comes first: what is committed between the two is seen now, and looked for once more.
        let mut asked = self.conn.prepare_cached("pragma data_version")?;
        let version = asked.query_row([], |row| row.get(0))?;
        if version != self.version {
            let sql = "select id, kind from events where id > ?1 order by id";
            let mut query = self.conn.prepare_cached(sql)?;
            let mut rows = query.query([self.last])?;
            while let Some(row) = rows.next()? {
                let kind: Kind = row.get("kind")?;
                self.last = row.get("id")?;
                if kind.is_turn() {
                    self.turned = self.last;
                }
            }
            self.version = version;
        }
        Ok(self.turned)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::event::{Audience, Kind};
    use crate::store::tests::store;
    use crate::store::{Store, log};

    #[tokio::test]
    async fn a_turn_is_seen_at_once_whoever_wrote_it_and_a_comment_is_none() {
        let (store, folder) = store();
        let elsewhere = Store::open(folder.path(), false).unwrap();
        let before = store.turned().unwrap();
        let happens = async |store: &Store, kind| {
            let change = move |tx: &crate::store::Tx| {
                log::append(tx, kind, None, 0, Audience::Owner, None)?;
                Ok(log::head(tx)?.id)
            };
            store.write(change).await.unwrap()
        };
        happens(&store, Kind::CommentCreated).await;
        happens(&elsewhere, Kind::ReactionUpdated).await;
        assert_eq!(store.turned().unwrap(), before);
        for writer in [&store, &elsewhere] {
            let turn = happens(writer, Kind::SettingsUpdated).await;
            happens(writer, Kind::CommentCreated).await;
            assert_eq!(store.turned().unwrap(), turn);
        }
    }
}
