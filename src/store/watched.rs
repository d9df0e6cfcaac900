//! The files of a watched folder, as they were when they were last taken. A file that was not changed since changes
//! nothing, whatever has become of its post.

use rusqlite::{Connection, OptionalExtension, params};

use super::Tx;
use crate::error::Result;
use crate::model::post::PostKind;

/// SHA-256 of a file's text and of the names of its pictures.
pub type Digest = [u8; 32];

/// What the file of that name was when it was last taken.
pub fn find(conn: &Connection, name: &str) -> Result<Option<Digest>> {
    let sql = "select digest from watched_files where name = ?1";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// The name of another file that this post was taken from.
pub fn other(conn: &Connection, kind: PostKind, slug: &str, name: &str) -> Result<Option<String>> {
    let sql = "select name from watched_files where kind = ?1 and slug = ?2 and name <> ?3";
    Ok(conn
        .prepare_cached(sql)?
        .query_row(params![kind, slug, name], |row| row.get(0))
        .optional()?)
}

/// Notes that a file was taken. A post is the work of one file: of the one that was taken last.
pub fn note(tx: &Tx, name: &str, digest: &Digest, kind: PostKind, slug: &str) -> Result<()> {
    tx.prepare_cached("delete from watched_files where (kind = ?1 and slug = ?2) or name = ?3")?
        .execute(params![kind, slug, name])?;
    let sql = "insert into watched_files (name, digest, kind, slug) values (?1, ?2, ?3, ?4)";
    tx.prepare_cached(sql)?
        .execute(params![name, digest, kind, slug])?;
    Ok(())
}
