//! The owner's sessions, and the devices that have signed in before. Only hashes of their tokens are here.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};

use super::{Tx, log, settings};
use crate::error::Result;
use crate::model::event::{Audience, Kind};
use crate::model::id::SessionId;
use crate::model::session::{IDLE, LONGEST, Session, device};
use crate::model::time::Timestamp;

const COLUMNS: &str = "id, agent, created_at, seen_at";

/// A session's row says when it was last used to within this many milliseconds, so that reading seldom writes.
const NOTED_EVERY: i64 = 60 * 60 * 1_000;

/// A session that began later than this many milliseconds from now began by a clock that was wrong: it would last for as
/// long as that was wrong by.
const AHEAD: i64 = 24 * 60 * 60 * 1_000;

/// Devices that are remembered; the one unused for longest makes room.
const DEVICES: i64 = 20;

/// A hash of a token.
pub type TokenHash = [u8; 32];

/// A session that begins.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// What is kept of its token.
    pub token: TokenHash,
    /// What is kept of the token of the device.
    pub device: TokenHash,
    /// What the browser calls itself.
    pub agent: String,
    /// The session that the browser has had so far: it ends.
    pub instead_of: Option<TokenHash>,
}

/// Begins a session on a device that from now on is known, and tells the owner.
pub fn begin(tx: &Tx, new: &NewSession) -> Result<()> {
    if let Some(old) = &new.instead_of {
        tx.prepare_cached("delete from sessions where token_hash = ?1")?
            .execute([old])?;
    }
    let sql = "insert into sessions (token_hash, agent, created_at, seen_at)
               values (?1, ?2, ?3, ?3) returning id";
    let id = tx
        .prepare_cached(sql)?
        .query_row(params![new.token, new.agent, tx.now()], |row| row.get(0))?;
    let facts = json!({ "agent": device(&new.agent), "known": knows(tx, &new.device)? });
    tell(tx, Kind::OwnerLogin, id, facts)?;
    know(tx, &new.device)?;
    tx.prepare_cached("delete from sessions where seen_at <= ?1 or created_at <= ?2")?
        .execute([tx.now().plus(-IDLE), tx.now().plus(-LONGEST)])?;
    Ok(())
}

/// Remembers a device.
fn know(tx: &Tx, device: &TokenHash) -> Result<()> {
    let sql = "insert into devices (token_hash, seen_at) values (?1, ?2)
               on conflict (token_hash) do update set seen_at = excluded.seen_at";
    tx.prepare_cached(sql)?.execute(params![device, tx.now()])?;
    let sql = "delete from devices where token_hash not in
                   (select token_hash from devices order by seen_at desc limit ?1)";
    tx.prepare_cached(sql)?.execute([DEVICES])?;
    Ok(())
}

/// The session of that token, if it has not run out.
pub fn find(conn: &Connection, token: &TokenHash, now: Timestamp) -> Result<Option<Session>> {
    let sql = format!(
        "select {COLUMNS} from sessions
         where token_hash = ?1 and seen_at > ?2 and created_at > ?3 and created_at < ?4"
    );
    let row = params![token, now.plus(-IDLE), now.plus(-LONGEST), now.plus(AHEAD)];
    Ok(conn
        .prepare_cached(&sql)?
        .query_row(row, from_row)
        .optional()?)
}

/// Whether the session of that row is there and has not run out.
pub fn lasts(conn: &Connection, id: SessionId, now: Timestamp) -> Result<bool> {
    let sql = "select 1 from sessions
               where id = ?1 and seen_at > ?2 and created_at > ?3 and created_at < ?4";
    let row = params![id, now.plus(-IDLE), now.plus(-LONGEST), now.plus(AHEAD)];
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
        "select {COLUMNS} from sessions
         where seen_at > ?1 and created_at > ?2 and created_at < ?3 order by seen_at desc, id desc"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let rows = query.query_map(
        [now.plus(-IDLE), now.plus(-LONGEST), now.plus(AHEAD)],
        from_row,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Ends one session, and tells the owner.
pub fn end(tx: &Tx, id: SessionId) -> Result<()> {
    let sql = "delete from sessions where id = ?1 returning agent";
    let ended = tx.prepare_cached(sql)?.query_row([id], |row| row.get(0));
    let agent: Option<String> = ended.optional()?;
    agent.map_or(Ok(()), |agent| {
        tell(
            tx,
            Kind::OwnerLogout,
            id,
            json!({ "agent": device(&agent) }),
        )
    })
}

/// Ends every session but one, and tells the owner of each.
pub fn end_others(tx: &Tx, here: SessionId) -> Result<()> {
    let mut query = tx.prepare_cached("select id from sessions where id <> ?1 order by id")?;
    let others = query.query_map([here], |row| row.get(0))?;
    let others: Vec<SessionId> = others.collect::<rusqlite::Result<_>>()?;
    others.into_iter().try_for_each(|id| end(tx, id))
}

/// Sets what is kept of the owner's password, ends every session but that of whoever changed it, and tells the owner.
/// `by` is none for the command line.
pub fn change_password(tx: &Tx, hash: &str, by: Option<&Session>) -> Result<()> {
    settings::set(tx, "owner_password", hash)?;
    let here = by.map_or(SessionId(0), |session| session.id);
    tx.prepare_cached("delete from sessions where id <> ?1")?
        .execute([here])?;
    let agent = by.map_or("the command line".into(), Session::device);
    tell(tx, Kind::OwnerPassword, here, json!({ "agent": agent }))
}

/// Whether the owner has signed in on this device before.
pub fn knows(conn: &Connection, device: &TokenHash) -> Result<bool> {
    Ok(conn
        .prepare_cached("select 1 from devices where token_hash = ?1")?
        .exists([device])?)
}

fn tell(tx: &Tx, kind: Kind, session: SessionId, facts: Value) -> Result<()> {
    log::append(tx, kind, None, session.0, Audience::Owner, Some(facts))
}

fn from_row(row: &Row) -> rusqlite::Result<Session> {
    Ok(Session {
        id: row.get("id")?,
        agent: row.get("agent")?,
        created_at: row.get("created_at")?,
        seen_at: row.get("seen_at")?,
    })
}
