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

/// The visitor whose cookie has that hash, made if it is the first time.
pub fn meet(tx: &Tx, token_hash: &[u8; 32]) -> Result<VisitorId> {
    let sql = "insert into visitors (token_hash, created_at, seen_at) values (?1, ?2, ?2)
               on conflict (token_hash) do update set seen_at = excluded.seen_at
               returning id";
    Ok(tx
        .prepare_cached(sql)?
        .query_row(params![token_hash, tx.now()], |row| row.get(0))?)
}

/// The same of one who comments: what they typed about themselves is remembered, to fill the next form.
pub fn remember(tx: &Tx, token_hash: &[u8; 32], new: &NewComment) -> Result<VisitorId> {
    let sql = "insert into visitors (token_hash, created_at, seen_at, name, email, url, show_name)
               values (?1, ?2, ?2, ?3, ?4, ?5, ?6)
               on conflict (token_hash) do update set seen_at = excluded.seen_at, name = excluded.name,
                   email = excluded.email, url = excluded.url, show_name = excluded.show_name
               returning id";
    let email = new.email.as_ref().map(|email| email.as_str());
    let url = new.url.as_ref().map(|url| url.as_str());
    let name = new.name.as_str();
    let row = params![token_hash, tx.now(), name, email, url, new.show_name];
    Ok(tx.prepare_cached(sql)?.query_row(row, |row| row.get(0))?)
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
