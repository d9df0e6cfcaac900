//! The tokens of the owner's apps. Only their hashes are here.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Tx;
use crate::error::{Error, Result};
use crate::model::app::{App, NewApp, Scopes};
use crate::model::id::TokenId;
use crate::model::time::Timestamp;

const COLUMNS: &str = "id, name, scopes, created_at, used_at";

/// A token's row says when it was last used to within this many milliseconds.
const NOTED_EVERY: i64 = 60 * 1_000;

/// A hash of a token.
pub type TokenHash = [u8; 32];

/// Gives an app the token of that hash.
pub fn add(tx: &Tx, token: &TokenHash, new: &NewApp) -> Result<()> {
    let sql = "insert into tokens (token_hash, name, scopes, created_at) values (?1, ?2, ?3, ?4)";
    let row = params![token, new.name, new.scopes.words(), tx.now()];
    tx.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

/// The app that has that token.
pub fn find(conn: &Connection, token: &TokenHash) -> Result<Option<App>> {
    let sql = format!("select {COLUMNS} from tokens where token_hash = ?1");
    Ok(conn
        .prepare_cached(&sql)?
        .query_row([token], from_row)
        .optional()?)
}

/// Every app that has one, the newest first.
pub fn all(conn: &Connection) -> Result<Vec<App>> {
    let sql = format!("select {COLUMNS} from tokens order by id desc");
    let mut query = conn.prepare_cached(&sql)?;
    let rows = query.query_map([], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether an app's last use should be written down anew.
pub fn is_due(app: &App, now: Timestamp) -> bool {
    app.used_at.is_none_or(|at| at.plus(NOTED_EVERY) <= now)
}

/// Writes down that a token was used.
pub fn note(tx: &Tx, id: TokenId) -> Result<()> {
    tx.prepare_cached("update tokens set used_at = ?2 where id = ?1")?
        .execute(params![id, tx.now()])?;
    Ok(())
}

/// Takes a token back.
///
/// Errors: [`Error::NotFound`] if there is none of that id.
pub fn revoke(tx: &Tx, id: TokenId) -> Result<()> {
    let gone = tx
        .prepare_cached("delete from tokens where id = ?1")?
        .execute([id])?;
    match gone {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

fn from_row(row: &Row) -> rusqlite::Result<App> {
    let scopes: String = row.get("scopes")?;
    Ok(App {
        id: row.get("id")?,
        name: row.get("name")?,
        // A word of a later version is a scope that this one does not give.
        scopes: Scopes::parse(&scopes).unwrap_or_default(),
        created_at: row.get("created_at")?,
        used_at: row.get("used_at")?,
    })
}
