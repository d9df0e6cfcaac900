//! The keys with which clients are marked, and the end of the marks.

use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput};

use super::{Tx, settings};
use crate::error::{Error, Result};
use crate::hex::hex;
use crate::model::client::{ClientKeys, ClientMark, ClientMarks, KEPT, Key};
use crate::model::time::Timestamp;

/// The settings that hold the keys, as hexadecimal, and the time of the last change.
const NOW: &str = "client_key";
const BEFORE: &str = "client_key_before";
const SINCE: &str = "client_key_since";

/// From mark to mark by their index, as a look at every comment would fill the writer's memory with them. `cross`, or SQLite
/// may go through all comments that bear a mark and ask of each whether it is a mark.
const FORGET: &str = "
    with recursive marks (client) as (
        select min(client) from comments where client is not null
        union all
        select (select min(client) from comments where client > marks.client) from marks where client is not null)
    update comments set client = null where id in (
        select c.id from marks cross join comments c on c.client = marks.client where c.created_at < ?1)";

impl ToSql for ClientMark {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_slice().into())
    }
}

/// The marks of the client with that network address. Keys that are old are changed first.
///
/// Errors: [`Error::Refused`] if the system has no randomness to give.
pub fn marks(tx: &Tx, network: &[u8]) -> Result<ClientMarks> {
    Ok(keys(tx)?.marks(network))
}

/// Takes off comments the marks that were kept long enough, and changes the keys if that is due; how many marks went.
///
/// Errors: as [`marks`].
pub fn forget(tx: &Tx) -> Result<usize> {
    keys(tx)?;
    Ok(tx.prepare_cached(FORGET)?.execute([tx.now().plus(-KEPT)])?)
}

fn keys(tx: &Tx) -> Result<ClientKeys> {
    let now = tx.now();
    let keys = match load(tx)? {
        Some(keys) if !keys.are_old(now) => return Ok(keys),
        Some(keys) => keys.changed(fresh()?, now),
        None => ClientKeys {
            now: fresh()?,
            before: None,
            since: now,
        },
    };
    settings::set(tx, NOW, &hex(&keys.now))?;
    settings::set(
        tx,
        BEFORE,
        &keys.before.map_or(String::new(), |key| hex(&key)),
    )?;
    settings::set(tx, SINCE, &keys.since.0.to_string())?;
    Ok(keys)
}

fn load(conn: &Connection) -> Result<Option<ClientKeys>> {
    let [now, before, since] = settings::some(conn, [NOW, BEFORE, SINCE])?;
    let key = |digits: Option<String>| digits.and_then(|digits| bytes(&digits));
    let since = since.and_then(|since| since.parse().ok());
    let (Some(now), Some(since)) = (key(now), since) else {
        return Ok(None);
    };
    Ok(Some(ClientKeys {
        now,
        before: key(before),
        since: Timestamp(since),
    }))
}

fn fresh() -> Result<Key> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)
        .map_err(|error| Error::Refused(format!("the system gave no random bytes: {error}")))?;
    Ok(key)
}

fn bytes(digits: &str) -> Option<Key> {
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;

    #[tokio::test]
    async fn marks_go_when_they_were_kept_long_enough_and_no_earlier() {
        let (store, _folder) = store();
        let (gone, left) = store
            .write(|tx| {
                let old = tx.now().plus(-KEPT - 1);
                tx.execute_batch(
                    "insert into posts (id, slug, title, excerpt, body, html, text, headings, words, renderer, status,
                         published_at, created_at, updated_at)
                     values (1, 'a', 'A', '', '', '', '', '[]', 0, 0, 'published', 1, 1, 1)",
                )?;
                // Two clients with an old comment and a new one each, one with an old one, and one without a mark.
                for (number, client, at) in [
                    (1, Some("a"), old),
                    (2, Some("b"), old),
                    (3, Some("a"), tx.now()),
                    (4, Some("b"), tx.now()),
                    (5, Some("c"), old),
                    (6, None, old),
                ] {
                    let sql = "insert into comments (post_id, depth, thread, number, name, body, html, renderer, status,
                                   created_at, client)
                               values (1, 0, ?1, ?1, 'Ann', 'x', 'x', 0, 'published', ?2, cast(?3 as blob))";
                    tx.execute(sql, rusqlite::params![number, at, client])?;
                }
                let gone = forget(tx)?;
                let sql = "select number from comments where client is not null order by number";
                let mut query = tx.prepare(sql)?;
                let left = query
                    .query_map([], |row| row.get(0))?
                    .collect::<rusqlite::Result<Vec<i64>>>()?;
                Ok((gone, left))
            })
            .await
            .unwrap();
        assert_eq!((gone, left), (3, vec![3, 4]));
    }

    #[tokio::test]
    async fn what_is_to_be_forgotten_is_found_without_a_look_at_what_stays() {
        let (store, _folder) = store();
        let looks = store.read(|conn| {
            let mut query = conn.prepare(&format!("explain query plan {FORGET}"))?;
            let steps = query
                .raw_query()
                .mapped(|row| row.get::<_, String>("detail"));
            Ok(steps.collect::<rusqlite::Result<Vec<_>>>()?)
        });
        let looks = looks.await.unwrap();
        let by_time =
            "SEARCH c USING COVERING INDEX comments_by_client (client=? AND created_at<?)";
        assert!(looks.iter().any(|step| step == by_time), "{looks:#?}");
    }
}
