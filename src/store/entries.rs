//! The entries of liveblogs: adding, changing, deleting, and reading them by page.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::{Tx, log, sql};
use crate::error::Result;
use crate::model::entry::{ENTRIES_PER_PAGE, Entry, NewEntry};
use crate::model::event::{Audience, Kind};
use crate::model::front::Front;
use crate::model::id::{EntryId, PostId};
use crate::text::RENDERER;

const COLUMNS: &str = "e.id, e.post_id, p.slug, p.title as post_title, p.lang, p.extra, e.number, e.title, e.excerpt, e.html, e.status,
    e.created_at, e.edited_at, e.version";
const TABLES: &str = "entries e join posts p on p.id = e.post_id";

/// Records an entry and its event; `None` if its number was given to another one meanwhile.
pub fn add(tx: &Tx, new: &NewEntry) -> Result<Option<Entry>> {
    let sql = "update posts set last_entry = ?2, entry_count = entry_count + 1, updated_at = ?3
               where id = ?1 and last_entry = ?2 - 1";
    let row = params![new.post, new.number, tx.now()];
    if tx.prepare_cached(sql)?.execute(row)? == 0 {
        return Ok(None);
    }
    let sql = "insert into entries (post_id, number, title, excerpt, body, html, renderer, status, created_at)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'published', ?8)";
    tx.prepare_cached(sql)?.execute(params![
        new.post,
        new.number,
        new.title,
        new.rendered.excerpt,
        new.body,
        new.rendered.html,
        RENDERER,
        tx.now(),
    ])?;
    tell(
        tx,
        Kind::EntryCreated,
        new.post,
        EntryId(tx.last_insert_rowid()),
    )?;
    find(tx, new.post, new.number)
}

/// Changes an entry, and records the event; whether that changed anything. One that is gone stays so.
pub fn edit(tx: &Tx, new: &NewEntry) -> Result<bool> {
    let sql = "update entries set title = ?3, excerpt = ?4, body = ?5, html = ?6, renderer = ?7, edited_at = ?8,
                   version = version + 1
               where post_id = ?1 and number = ?2 and status = 'published' and (title, body, html) is not (?3, ?5, ?6)
               returning id";
    let row = params![
        new.post,
        new.number,
        new.title,
        new.rendered.excerpt,
        new.body,
        new.rendered.html,
        RENDERER,
        tx.now(),
    ];
    let changed = tx.prepare_cached(sql)?.query_row(row, |row| row.get(0));
    let Some(id) = changed.optional()? else {
        return Ok(false);
    };
    touch(tx, new.post, 0)?;
    tell(tx, Kind::EntryUpdated, new.post, id)?;
    Ok(true)
}

/// Deletes an entry: its words leave the file, its number stays taken. Whether it was there.
pub fn delete(tx: &Tx, post: PostId, number: i64) -> Result<bool> {
    tx.erases();
    let sql =
        "update entries set status = 'deleted', title = null, excerpt = '', body = '', html = '',
                   edited_at = null, version = version + 1
               where post_id = ?1 and number = ?2 and status = 'published' returning id";
    let deleted = tx
        .prepare_cached(sql)?
        .query_row(params![post, number], |row| row.get(0));
    let Some(id) = deleted.optional()? else {
        return Ok(false);
    };
    touch(tx, post, -1)?;
    tell(tx, Kind::EntryDeleted, post, id)?;
    Ok(true)
}

/// The entry of that row, in any status.
pub fn by_id(conn: &Connection, id: EntryId) -> Result<Option<Entry>> {
    let sql = format!("select {COLUMNS} from {TABLES} where e.id = ?1");
    Ok(conn
        .prepare_cached(&sql)?
        .query_row([id], from_row)
        .optional()?)
}

/// The entry of a post with that number, in any status.
pub fn find(conn: &Connection, post: PostId, number: i64) -> Result<Option<Entry>> {
    let sql = format!("select {COLUMNS} from {TABLES} where e.post_id = ?1 and e.number = ?2");
    Ok(conn
        .prepare_cached(&sql)?
        .query_row(params![post, number], from_row)
        .optional()?)
}

/// Every entry of a post that is there, oldest first.
pub fn of_post(conn: &Connection, post: PostId) -> Result<Vec<Entry>> {
    let sql = format!(
        "select {COLUMNS} from {TABLES} where e.post_id = ?1 and e.status = 'published' order by e.number"
    );
    collect(conn, &sql, &[&post])
}

/// The entries on one page of a post, oldest first.
pub fn page(conn: &Connection, post: PostId, page: i64) -> Result<Vec<Entry>> {
    let sql = format!(
        "select {COLUMNS} from {TABLES}
         where e.post_id = ?1 and e.number > ?2 and e.number <= ?2 + ?3 and e.status = 'published' order by e.number"
    );
    let before = (page - 1) * ENTRIES_PER_PAGE;
    collect(conn, &sql, &[&post, &before, &ENTRIES_PER_PAGE])
}

/// The newest entries of all listed posts, or of those with a tag, newest first.
pub fn newest(conn: &Connection, tag: Option<&str>, limit: i64) -> Result<Vec<Entry>> {
    let sql = format!(
        "select {COLUMNS} from {TABLES}
         where e.status = 'published' and p.kind = 'post' and p.status = 'published' and (?1 is null or p.id in
             (select post_id from post_tags join tags on tags.id = tag_id where tags.slug = ?1))
         order by e.created_at desc, e.id desc limit ?2"
    );
    collect(conn, &sql, &[&tag, &limit])
}

/// The post's last change is that of its entries; `change` more of them are there.
fn touch(tx: &Tx, post: PostId, change: i64) -> Result<()> {
    let sql = "update posts set entry_count = entry_count + ?2, updated_at = ?3 where id = ?1";
    tx.prepare_cached(sql)?
        .execute(params![post, change, tx.now()])?;
    Ok(())
}

/// Records what happened to an entry. Nobody is told of it while the post is not open, whatever the audience.
fn tell(tx: &Tx, kind: Kind, post: PostId, entry: EntryId) -> Result<()> {
    log::append(tx, kind, Some(post), entry.0, Audience::Public, None)
}

fn collect(conn: &Connection, sql: &str, row: &[&dyn ToSql]) -> Result<Vec<Entry>> {
    let mut query = conn.prepare_cached(sql)?;
    Ok(query
        .query_map(row, from_row)?
        .collect::<rusqlite::Result<_>>()?)
}

fn from_row(row: &Row) -> rusqlite::Result<Entry> {
    let lang: Option<String> = row.get("lang")?;
    let front = Front::of(&sql::json(row, "extra")?);
    Ok(Entry {
        id: row.get("id")?,
        post: row.get("post_id")?,
        post_slug: row.get("slug")?,
        post_title: row.get("post_title")?,
        direction: front.direction(lang.as_deref()),
        lang,
        number: row.get("number")?,
        title: row.get("title")?,
        excerpt: row.get("excerpt")?,
        html: row.get("html")?,
        status: row.get("status")?,
        created_at: row.get("created_at")?,
        edited_at: row.get("edited_at")?,
        version: row.get("version")?,
    })
}
