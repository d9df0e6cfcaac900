//! The owner's sessions, and the devices that have signed in before. Only hashes of their tokens are here.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Tx;
use crate::error::Result;
use crate::model::id::SessionId;
use crate::model::session::{IDLE, LONGEST, Session};
use crate::model::time::Timestamp;

const COLUMNS: &str = "id, agent, created_at, seen_at";

/// A session's row says when it was last used to within this many milliseconds, so that reading seldom writes.
const NOTED_EVERY: i64 = 60 * 60 * 1_000;

/// Devices that are remembered; the one unused for longest makes room.
const DEVICES: i64 = 20;

/// A hash of a token.
pub type TokenHash = [u8; 32];

/// Begins a session on a device that from now on is known.
pub fn begin(tx: &Tx, token: &TokenHash, device: &TokenHash, agent: &str) -> Result<()> {
    let sql =
        "insert into sessions (token_hash, agent, created_at, seen_at) values (?1, ?2, ?3, ?3)";
    tx.prepare_cached(sql)?
        .execute(params![token, agent, tx.now()])?;
    let sql = "insert into devices (token_hash, seen_at) values (?1, ?2)
               on conflict (token_hash) do update set seen_at = excluded.seen_at";
    tx.prepare_cached(sql)?.execute(params![device, tx.now()])?;
    let sql = "delete from devices where token_hash not in
                   (select token_hash from devices order by seen_at desc limit ?1)";
    tx.prepare_cached(sql)?.execute([DEVICES])?;
    tx.prepare_cached("delete from sessions where seen_at <= ?1 or created_at <= ?2")?
        .execute([tx.now().plus(-IDLE), tx.now().plus(-LONGEST)])?;
    Ok(())
}

/// The session of that token, if it has not run out.
pub fn find(conn: &Connection, token: &TokenHash, now: Timestamp) -> Result<Option<Session>> {
    let sql = format!(
        "select {COLUMNS} from sessions where token_hash = ?1 and seen_at > ?2 and created_at > ?3"
    );
    let row = params![token, now.plus(-IDLE), now.plus(-LONGEST)];
    Ok(conn
        .prepare_cached(&sql)?
        .query_row(row, from_row)
        .optional()?)
}

/// Whether the session of that row is there and has not run out.
pub fn lasts(conn: &Connection, id: SessionId, now: Timestamp) -> Result<bool> {
    let sql = "select 1 from sessions where id = ?1 and seen_at > ?2 and created_at > ?3";
    let row = params![id, now.plus(-IDLE), now.plus(-LONGEST)];
    Ok(conn.prepare_cached(sql)?.exists(row)?)
}

/// Whether a session's last use should be written down anew.
pub fn is_due(session: &Session, now: Timestamp) -> bool {
    session.seen_at.plus(NOTED_EVERY) <= now
}

/// Writes down that a session was used.
pub fn note(tx: &Tx, id: SessionId) -> Result<()> {
    tx.prepare_cached("update sessions set seen_at = ?2 where id = ?1")?
        .execute(params![id, tx.now()])?;
    Ok(())
}

/// Every session that has not run out, the one used last first.
pub fn all(conn: &Connection, now: Timestamp) -> Result<Vec<Session>> {
    let sql = format!(
        "select {COLUMNS} from sessions where seen_at > ?1 and created_at > ?2 order by seen_at desc, id desc"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let rows = query.query_map([now.plus(-IDLE), now.plus(-LONGEST)], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Ends one session.
pub fn end(tx: &Tx, id: SessionId) -> Result<()> {
    tx.prepare_cached("delete from sessions where id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Ends every session but one, or every one.
pub fn end_all(tx: &Tx, but: Option<SessionId>) -> Result<()> {
    tx.prepare_cached("delete from sessions where id is not ?1")?
        .execute([but])?;
    Ok(())
}

/// Whether the owner has signed in on this device before.
pub fn knows(conn: &Connection, device: &TokenHash) -> Result<bool> {
    Ok(conn
        .prepare_cached("select 1 from devices where token_hash = ?1")?
        .exists([device])?)
}

fn from_row(row: &Row) -> rusqlite::Result<Session> {
    Ok(Session {
        id: row.get("id")?,
        agent: row.get("agent")?,
        created_at: row.get("created_at")?,
        seen_at: row.get("seen_at")?,
    })
}
