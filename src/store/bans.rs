//! Who may not write here: visitors by their cookie, clients by where they come from.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::json;

use super::{Tx, log};
use crate::error::{Error, Result};
use crate::model::client::{self, ClientMarks};
use crate::model::event::{Audience, Kind};
use crate::model::id::{BanId, CommentId};
use crate::model::moderation::{Ban, Banned};
use crate::model::time::Timestamp;

/// How long a ban that was lifted stays, so that lifting it can be undone.
const LIFTED_FOR: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Lets those pass who may write: the visitor of that cookie's hash, from the client of those marks, if they are known.
///
/// Errors: [`Error::Forbidden`] for those who may not.
pub fn refuse(
    conn: &Connection,
    token_hash: &[u8; 32],
    client: Option<&ClientMarks>,
    now: Timestamp,
) -> Result<()> {
    let sql = "select 1 from bans where lifted_at is null and (until is null or until > ?3)
                   and (kind = 'visitor' and key = ?1 or kind = 'client' and key in (?2, ?4))";
    let (marked, before) = (
        client.map(|marks| marks.now),
        client.and_then(|marks| marks.before),
    );
    match conn
        .prepare_cached(sql)?
        .exists(params![token_hash, marked, now, before])?
    {
        true => Err(Error::Forbidden(
            "the owner of this blog has asked you not to write here",
        )),
        false => Ok(()),
    }
}

/// Keeps the writer of a comment from writing, by the cookie or by where the comment came from, and records the event.
/// One who is kept out already stays so.
///
/// Errors: [`Error::NotFound`] if there is no such comment, [`Error::Conflict`] if it is not known who wrote it.
pub fn add(tx: &Tx, comment: CommentId, kind: Banned, why: &str) -> Result<()> {
    let sql = match kind {
        Banned::Visitor => {
            "select v.token_hash from comments c
             left join deleted_comments d on d.comment_id = c.id
             left join visitors v on v.id = coalesce(c.visitor_id, d.visitor_id)
             where c.id = ?1 and not c.owner"
        }
        Banned::Client => "select client from comments where id = ?1 and not owner",
    };
    let key: Option<Option<Vec<u8>>> = tx
        .prepare_cached(sql)?
        .query_row([comment], |row| row.get(0))
        .optional()?;
    let unknown = "it is not known any more who wrote this comment";
    let key = key
        .ok_or(Error::NotFound)?
        .ok_or(Error::Conflict(unknown))?;
    // A ban of a client ends when its mark may not be kept any longer.
    let until = (kind == Banned::Client).then(|| tx.now().plus(client::KEPT));
    let sql = "insert into bans (kind, key, until, why, created_at) values (?1, ?2, ?3, ?4, ?5)
               on conflict (kind, key) where lifted_at is null do nothing returning id";
    let id: Option<BanId> = tx
        .prepare_cached(sql)?
        .query_row(params![kind, key, until, why, tx.now()], |row| row.get(0))
        .optional()?;
    match id {
        Some(id) => tell(tx, Kind::VisitorBanned, id, kind),
        None => Ok(()),
    }
}

/// Lets somebody write again and records the event; whether there was such a ban.
pub fn lift(tx: &Tx, id: BanId) -> Result<bool> {
    let sql = "update bans set lifted_at = ?2 where id = ?1 and lifted_at is null returning kind";
    let kind: Option<Banned> = tx
        .prepare_cached(sql)?
        .query_row(params![id, tx.now()], |row| row.get(0))
        .optional()?;
    match kind {
        Some(kind) => tell(tx, Kind::VisitorUnbanned, id, kind).map(|()| true),
        None => Ok(false),
    }
}

/// Has a ban that was lifted hold again and records the event; whether it could.
pub fn renew(tx: &Tx, id: BanId) -> Result<bool> {
    let sql = "update or ignore bans set lifted_at = null where id = ?1 and lifted_at is not null returning kind";
    let kind: Option<Banned> = tx
        .prepare_cached(sql)?
        .query_row([id], |row| row.get(0))
        .optional()?;
    match kind {
        Some(kind) => tell(tx, Kind::VisitorBanned, id, kind).map(|()| true),
        None => Ok(false),
    }
}

/// Every ban that holds, the newest first.
pub fn list(conn: &Connection, now: Timestamp) -> Result<Vec<Ban>> {
    let sql = "select b.id, b.kind, coalesce(v.name, '') as name, b.until, b.why, b.created_at
               from bans b left join visitors v on b.kind = 'visitor' and v.token_hash = b.key
               where b.lifted_at is null and (b.until is null or b.until > ?1) order by b.id desc";
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map([now], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets bans that are over, and with them the keys of clients.
pub fn forget(tx: &Tx) -> Result<usize> {
    let sql = "delete from bans where until <= ?1 or lifted_at <= ?2
                   or kind = 'client' and lifted_at is not null and created_at <= ?3";
    let now = tx.now();
    let row = params![now, now.plus(-LIFTED_FOR), now.plus(-client::KEPT)];
    Ok(tx.prepare_cached(sql)?.execute(row)?)
}

fn tell(tx: &Tx, event: Kind, id: BanId, kind: Banned) -> Result<()> {
    let facts = json!({ "by": "owner", "kind": kind.as_str() });
    log::append(tx, event, None, id.0, Audience::Owner, Some(facts))
}

fn from_row(row: &Row) -> rusqlite::Result<Ban> {
    Ok(Ban {
        id: row.get("id")?,
        kind: row.get("kind")?,
        name: row.get("name")?,
        until: row.get("until")?,
        why: row.get("why")?,
        created_at: row.get("created_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::client::ClientMark;
    use crate::store::tests::store;

    /// A post with a comment by a visitor whose cookie's hash is all 7, from a client whose mark is all 8.
    const COMMENT: &str = "
        insert into posts (id, slug, title, excerpt, body, html, text, headings, words, renderer, status, published_at,
            created_at, updated_at) values (1, 'a', 'A', '', '', '', '', '[]', 0, 1, 'published', 1, 0, 0);
        insert into visitors (id, token_hash, created_at, seen_at)
            values (1, unhex('0707070707070707070707070707070707070707070707070707070707070707'), 0, 0);
        insert into comments (id, post_id, depth, thread, number, visitor_id, name, body, html, renderer, status,
            created_at, client) values (1, 1, 0, 1, 1, 1, 'Eve', 'x', 'x', 1, 'pending', 0, unhex('08080808080808080808080808080808'));";

    fn marks(now: u8, before: Option<u8>) -> Option<ClientMarks> {
        let mark = |byte| ClientMark([byte; 16]);
        Some(ClientMarks {
            now: mark(now),
            before: before.map(mark),
        })
    }

    fn keeps_out(tx: &Tx, token: u8, client: Option<ClientMarks>, days: i64) -> bool {
        let later = tx.now().plus(days * 24 * 60 * 60 * 1_000);
        matches!(
            refuse(tx, &[token; 32], client.as_ref(), later),
            Err(Error::Forbidden(_))
        )
    }

    #[tokio::test]
    async fn a_visitor_is_kept_out_by_the_cookie_and_a_client_by_its_key_for_seven_days() {
        let (store, _folder) = store();
        let story = |tx: &Tx| {
            tx.execute_batch(COMMENT)?;
            add(tx, CommentId(1), Banned::Client, "")?;
            assert!(keeps_out(tx, 1, marks(8, None), 6));
            assert!(
                keeps_out(tx, 1, marks(9, Some(8)), 6),
                "the key was changed"
            );
            assert!(!keeps_out(tx, 1, marks(9, None), 0) && !keeps_out(tx, 7, None, 0));
            assert!(!keeps_out(tx, 1, marks(8, None), 7));
            add(tx, CommentId(1), Banned::Visitor, "pans")?;
            add(tx, CommentId(1), Banned::Visitor, "once is enough")?;
            assert!(keeps_out(tx, 7, None, 10_000));
            assert_eq!(list(tx, tx.now())?.len(), 2);
            let [visitor, client] = [2, 1].map(BanId);
            assert!(lift(tx, visitor)? && !lift(tx, visitor)?);
            assert!(!keeps_out(tx, 7, None, 0));
            assert!(renew(tx, visitor)? && keeps_out(tx, 7, None, 0));
            assert!(lift(tx, client)?);
            Ok(())
        };
        store.write(story).await.unwrap();
        let week_old = "update bans set created_at = created_at - 604800000";
        let forgotten = store.write(move |tx| {
            tx.execute(week_old, [])?;
            forget(tx)
        });
        assert_eq!(forgotten.await.unwrap(), 1, "the key of the client");
        let left = store
            .read(|conn| list(conn, Timestamp::now()))
            .await
            .unwrap();
        assert_eq!((left.len(), left[0].why.as_str()), (1, "pans"));
    }
}
