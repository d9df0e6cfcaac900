//! Media inside the file, named by the hash of their bytes, and the smaller sizes of pictures.

use std::collections::HashMap;
use std::ops::Range;

use rusqlite::{Connection, MAIN_DB, OptionalExtension, Row, params};

use super::Tx;
use crate::darkroom::kinds::is_sized;
use crate::error::Result;
use crate::model::media::{
    Item, NewMedia, NewVariant, Picture, Pictures, Place, Stored, Use, WIDTHS,
};

const COLUMNS: &str = "hash, name, mime, width, height, alt, length(bytes) as length, created_at,
    (select min(v.width) from media_variants v where v.hash = media.hash) as narrowest";

/// The file of that hash.
pub fn find(conn: &Connection, hash: &str) -> Result<Option<Stored>> {
    let sql = "select rowid, mime, length(bytes) from media where hash = ?1";
    stored(conn, "media", sql, params![hash])
}

/// A smaller size of the picture of that hash.
pub fn find_sized(conn: &Connection, hash: &str, width: u32) -> Result<Option<Stored>> {
    let sql =
        "select rowid, mime, length(bytes) from media_variants where hash = ?1 and width = ?2";
    stored(conn, "media_variants", sql, params![hash, width])
}

/// Some of a file's bytes; the rest of it is not read. `range` must lie within its length.
pub fn part(conn: &Connection, place: Place, range: Range<usize>) -> Result<Vec<u8>> {
    let blob = conn.blob_open(MAIN_DB, place.table, "bytes", place.row, true)?;
    let mut bytes = vec![0; range.len()];
    blob.read_at_exact(&mut bytes, range.start)?;
    Ok(bytes)
}

/// Keeps a file. The same bytes are kept once; whether they are new.
pub fn add(tx: &Tx, new: &NewMedia, batch: Option<i64>) -> Result<bool> {
    tx.changes_pages(); // a cover may have waited for it
    let sql =
        "insert into media (hash, name, mime, width, height, is_sized, created_at, batch_id, bytes)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) on conflict (hash) do nothing";
    let row = params![
        new.hash,
        new.name,
        new.mime,
        new.width,
        new.height,
        new.width
            .is_none_or(|width| expected(new.mime, width).is_empty()),
        tx.now(),
        batch,
        new.bytes,
    ];
    Ok(tx.prepare_cached(sql)?.execute(row)? > 0)
}

/// Keeps all smaller sizes that a picture has. A picture that is gone by now gets none.
pub fn add_sizes(tx: &Tx, hash: &str, variants: &[NewVariant]) -> Result<()> {
    tx.changes_pages();
    let sql = "update media set is_sized = 1 where hash = ?1";
    if tx.prepare_cached(sql)?.execute([hash])? == 0 {
        return Ok(());
    }
    let sql = "insert into media_variants (hash, width, mime, bytes) values (?1, ?2, ?3, ?4) on conflict do nothing";
    let mut query = tx.prepare_cached(sql)?;
    for one in variants {
        query.execute(params![hash, one.width, one.mime, one.bytes])?;
    }
    Ok(())
}

/// A picture whose smaller sizes were not made yet: its hash, its type and its bytes.
pub fn unsized_one(conn: &Connection) -> Result<Option<(String, String, Vec<u8>)>> {
    let sql = "select hash, mime, bytes from media where is_sized = 0 limit 1";
    let row = |row: &Row| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    Ok(conn.prepare_cached(sql)?.query_row([], row).optional()?)
}

/// Says what a picture shows, for those who do not see it.
pub fn describe(tx: &Tx, hash: &str, alt: &str) -> Result<()> {
    tx.changes_pages();
    let sql = "update media set alt = ?2 where hash = ?1";
    tx.prepare_cached(sql)?.execute([hash, alt])?;
    Ok(())
}

/// Removes a file and its smaller sizes.
pub fn remove(tx: &Tx, hash: &str) -> Result<()> {
    tx.changes_pages();
    tx.prepare_cached("delete from media where hash = ?1")?
        .execute([hash])?;
    Ok(())
}

/// Whether a file of that hash is kept.
pub fn exists(conn: &Connection, hash: &str) -> Result<bool> {
    Ok(conn
        .prepare_cached("select 1 from media where hash = ?1")?
        .exists([hash])?)
}

/// The picture of that hash with its sizes.
pub fn picture(conn: &Connection, hash: &str) -> Result<Option<Picture>> {
    let sql = format!("{PICTURES} and hash = ?1");
    let mut query = conn.prepare_cached(&sql)?;
    let picture = query.query_row([hash], |row| Ok(sized_from(row)?.1));
    Ok(picture.optional()?)
}

/// What the file of that hash shows, in words; empty where nobody has said it.
pub fn words(conn: &Connection, hash: &str) -> Result<String> {
    let words = conn
        .prepare_cached("select alt from media where hash = ?1")?
        .query_row([hash], |row| row.get(0));
    Ok(words.optional()?.unwrap_or_default())
}

/// Pictures with their sizes. Those of a picture that waits to be sized are the ones it can be expected to have: until
/// then its addresses lead to the whole picture.
const PICTURES: &str = "select hash, width, height, mime, is_sized,
        (select group_concat(v.width) from media_variants v where v.hash = media.hash)
    from media where width is not null and height is not null";

/// Every picture with its sizes.
pub fn pictures(conn: &Connection) -> Result<Pictures> {
    let mut query = conn.prepare_cached(PICTURES)?;
    let rows = query.query_map([], sized_from)?;
    Ok(Pictures(rows.collect::<rusqlite::Result<HashMap<_, _>>>()?))
}

/// A row of [`PICTURES`]: the hash, and the picture.
fn sized_from(row: &Row) -> rusqlite::Result<(String, Picture)> {
    let (width, made): (u32, Option<String>) = (row.get(1)?, row.get(5)?);
    let made = made.unwrap_or_default();
    let mut widths: Vec<u32> = match row.get(4)? {
        true => made.split(',').filter_map(|one| one.parse().ok()).collect(),
        false => expected(&row.get::<_, String>(3)?, width),
    };
    widths.sort_unstable();
    let picture = Picture {
        width,
        height: row.get(2)?,
        widths,
    };
    Ok((row.get(0)?, picture))
}

/// The smaller widths that a picture of that type and width will have.
pub fn expected(mime: &str, width: u32) -> Vec<u32> {
    let narrower = WIDTHS.into_iter().filter(|one| *one < width);
    narrower.filter(|_| is_sized(mime)).collect()
}

/// What of the library is looked at.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The beginning of the type, such as `image/`; empty for every type.
    pub kind: String,
    /// Words in the name or the description; empty for all.
    pub words: String,
}

const WANTED: &str =
    "substr(mime, 1, length(?1)) = ?1 and instr(lower(name || ' ' || alt), lower(?2)) > 0";

/// The library, newest first, from the `skip`th on.
pub fn page(conn: &Connection, wanted: &Wanted, skip: i64, limit: i64) -> Result<Vec<Item>> {
    let sql = format!(
        "select {COLUMNS} from media where {WANTED} order by created_at desc, hash limit ?4 offset ?3"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let rows = query.query_map(params![wanted.kind, wanted.words, skip, limit], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many files are wanted, and how many bytes they have.
pub fn count(conn: &Connection, wanted: &Wanted) -> Result<(i64, i64)> {
    let sql = format!("select count(*), coalesce(sum(length(bytes)), 0) from media where {WANTED}");
    let row = |row: &Row| Ok((row.get(0)?, row.get(1)?));
    let mut query = conn.prepare_cached(&sql)?;
    Ok(query.query_row([&wanted.kind, &wanted.words], row)?)
}

/// One file of the library.
pub fn item(conn: &Connection, hash: &str) -> Result<Option<Item>> {
    let sql = format!("select {COLUMNS} from media where hash = ?1");
    let mut query = conn.prepare_cached(&sql)?;
    Ok(query.query_row([hash], from_row).optional()?)
}

/// The posts and pages whose source, or that of one of their entries, names the file; in any status.
pub fn uses(conn: &Connection, hash: &str) -> Result<Vec<Use>> {
    let sql = "select id, title, status from posts
               where instr(body || extra, '/media/' || ?1) > 0
                   or id in (select post_id from entries where instr(body, '/media/' || ?1) > 0)
               order by coalesce(published_at, updated_at) desc, id desc";
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map([hash], |row| {
        Ok(Use {
            post: row.get(0)?,
            title: row.get(1)?,
            status: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn stored(
    conn: &Connection,
    table: &'static str,
    sql: &str,
    key: &[&dyn rusqlite::ToSql],
) -> Result<Option<Stored>> {
    let found = conn.prepare_cached(sql)?.query_row(key, |row| {
        Ok(Stored {
            place: Place {
                table,
                row: row.get(0)?,
            },
            mime: row.get(1)?,
            length: row.get::<_, u32>(2)? as usize, // SQLite holds no blob of 2 GiB or more
        })
    });
    Ok(found.optional()?)
}

fn from_row(row: &Row) -> rusqlite::Result<Item> {
    let (width, height): (Option<u32>, Option<u32>) = (row.get("width")?, row.get("height")?);
    Ok(Item {
        hash: row.get("hash")?,
        name: row.get("name")?,
        mime: row.get("mime")?,
        size: width.zip(height),
        narrowest: row.get("narrowest")?,
        alt: row.get("alt")?,
        length: row.get("length")?,
        created_at: row.get("created_at")?,
    })
}
