//! Media inside the file, named by the hash of their bytes.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::Tx;
use crate::error::Result;
use crate::model::media::{Media, NewMedia};

/// The file of that hash.
pub fn find(conn: &Connection, hash: &str) -> Result<Option<Media>> {
    let sql = "select mime, bytes from media where hash = ?1";
    let found = conn.prepare_cached(sql)?.query_row([hash], |row| {
        Ok(Media {
            mime: row.get(0)?,
            bytes: row.get(1)?,
        })
    });
    Ok(found.optional()?)
}

/// Keeps a file. The same bytes are kept once; whether they are new.
pub fn add(tx: &Tx, new: &NewMedia, batch: Option<i64>) -> Result<bool> {
    let sql = "insert into media (hash, name, mime, width, height, bytes, created_at, batch_id)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict (hash) do nothing";
    let row = params![
        new.hash,
        new.name,
        new.mime,
        new.width,
        new.height,
        new.bytes,
        tx.now(),
        batch
    ];
    Ok(tx.prepare_cached(sql)?.execute(row)? > 0)
}

/// Whether a file of that hash is kept.
pub fn exists(conn: &Connection, hash: &str) -> Result<bool> {
    Ok(conn
        .prepare_cached("select 1 from media where hash = ?1")?
        .exists([hash])?)
}

/// The size in pixels of the picture of that hash.
pub fn size(conn: &Connection, hash: &str) -> Result<Option<(u32, u32)>> {
    let sql = "select width, height from media
               where hash = ?1 and width is not null and height is not null";
    let size = conn
        .prepare_cached(sql)?
        .query_row([hash], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(size.optional()?)
}

/// The size in pixels of the picture at an address from the root of the site, of those in `sizes`.
pub fn size_at(sizes: &HashMap<String, (u32, u32)>, url: &str) -> Option<(u32, u32)> {
    let hash = url.strip_prefix("/media/")?.split('/').next()?;
    sizes.get(hash).copied()
}

/// The size in pixels of every picture, by hash.
pub fn sizes(conn: &Connection) -> Result<HashMap<String, (u32, u32)>> {
    let sql =
        "select hash, width, height from media where width is not null and height is not null";
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
