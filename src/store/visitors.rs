//! Visitors: who holds which cookie, and what they last called themselves.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Tx;
use crate::error::Result;
use crate::model::comment::NewComment;
use crate::model::id::VisitorId;
use crate::model::mark::Mark;
use crate::model::visitor::Visitor;

const COLUMNS: &str = "id, token_hash, name, email, url, show_name, read_to";

/// The visitor whose cookie has that hash.
pub fn find(conn: &Connection, token_hash: &[u8; 32]) -> Result<Option<Visitor>> {
    let sql = format!("select {COLUMNS} from visitors where token_hash = ?1");
    Ok(conn
        .prepare_cached(&sql)?
        .query_row([token_hash], from_row)
        .optional()?)
}

/// Who that is.
pub fn id(conn: &Connection, token_hash: &[u8; 32]) -> Result<Option<VisitorId>> {
    let sql = "select id from visitors where token_hash = ?1";
    let id = conn
        .prepare_cached(sql)?
        .query_row([token_hash], |row| row.get(0));
    Ok(id.optional()?)
}

/// The visitor whose cookie has that hash, made if it is the first time.
pub fn meet(tx: &Tx, token_hash: &[u8; 32]) -> Result<VisitorId> {
    if let Some(id) = id(tx, token_hash)? {
        tx.prepare_cached("update visitors set seen_at = ?2 where id = ?1")?
            .execute(params![id, tx.now()])?;
        return Ok(id);
    }
    let sql = "insert into visitors (token_hash, created_at, seen_at) values (?1, ?2, ?2)";
    let id = tx
        .prepare_cached(sql)?
        .insert(params![token_hash, tx.now()])?;
    Ok(VisitorId(id))
}

/// The same of one who comments, and who is `known` if it is not the first time: what they typed about themselves is
/// remembered, to fill the next form.
pub fn remember(
    tx: &Tx,
    known: Option<VisitorId>,
    token_hash: &[u8; 32],
    new: &NewComment,
) -> Result<VisitorId> {
    let email = new.email.as_ref().map(|email| email.as_str());
    let url = new.url.as_ref().map(|url| url.as_str());
    let (name, now) = (new.name.as_str(), tx.now());
    if let Some(id) = known {
        let sql = "update visitors set seen_at = ?2, name = ?3, email = ?4, url = ?5, show_name = ?6 where id = ?1";
        tx.prepare_cached(sql)?
            .execute(params![id, now, name, email, url, new.show_name])?;
        return Ok(id);
    }
    let sql = "insert into visitors (token_hash, created_at, seen_at, name, email, url, show_name)
               values (?1, ?2, ?2, ?3, ?4, ?5, ?6)";
    let row = params![token_hash, now, name, email, url, new.show_name];
    Ok(VisitorId(tx.prepare_cached(sql)?.insert(row)?))
}

fn from_row(row: &Row) -> rusqlite::Result<Visitor> {
    Ok(Visitor {
        id: row.get("id")?,
        name: row.get("name")?,
        email: row.get("email")?,
        url: row.get("url")?,
        show_name: row.get("show_name")?,
        read_to: row.get("read_to")?,
        mark: Mark::of_visitor(&row.get("token_hash")?),
    })
}
