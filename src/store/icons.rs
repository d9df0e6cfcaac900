//! The blog's own icon, in each of its sizes.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Tx, settings};
use crate::error::Result;
use crate::model::icon::{Icon, key};

/// Gives the blog another icon, or with an empty list none of its own, and records it.
pub fn replace(tx: &Tx, icons: &[Icon]) -> Result<()> {
    tx.prepare_cached("delete from icons")?.execute([])?;
    for icon in icons {
        tx.prepare_cached("insert into icons (size, bytes) values (?1, ?2)")?
            .execute(params![icon.size, icon.bytes])?;
    }
    settings::set(tx, "icon", &key(icons))?;
    settings::record(tx, &["icon"])
}

/// The PNG of that size, if the blog has an icon of its own.
pub fn find(conn: &Connection, size: u32) -> Result<Option<Vec<u8>>> {
    let sql = "select bytes from icons where size = ?1";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([size], |row| row.get(0))
        .optional()?)
}
