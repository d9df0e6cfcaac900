//! Posts and pages: saving them, finding them, publishing those whose time has come.

mod rows;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value, json};

use super::{Tx, log, media, redirects, revisions, sql};
use crate::error::{Error, Result};
use crate::model::event::{Audience, Kind};
use crate::model::front::Front;
use crate::model::id::PostId;
use crate::model::post::{NewPost, Post, PostKind, Rendered, Status};
use crate::model::time::Timestamp;
use crate::text::RENDERER;

const COLUMNS: &str = "id, kind, slug, title, summary, excerpt, html, headings, words, status, lang, updated_at,
    comments_open, discussion, last_number, last_thread, comment_count, last_entry, entry_count, version";

/// The columns that tell when a post takes no more comments: with its front matter, the blog's own setting.
pub const CLOSING: &str = "extra, published_at,
    (select cast(value as integer) from settings where key = 'close_after_days') as close_usually";

/// The `data` of a `post:deleted` whose post was in lists before.
pub const LISTED_BEFORE: &str = r#"{"from":"published"}"#;

/// What saving a post did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It was not there before.
    New,
    /// It was there and has changed.
    Changed,
    /// It was there, word for word.
    Same,
}

/// Creates the post, or updates the one of the same kind and slug, and records the events.
pub fn save(tx: &Tx, new: &NewPost) -> Result<(PostId, Saved)> {
    let sql = "select id from posts where kind = ?1 and slug = ?2";
    let row = tx
        .prepare_cached(sql)?
        .query_row(params![new.kind, new.slug], |row| row.get(0));
    match row.optional()? {
        Some(id) => Ok((id, change(tx, id, new)?)),
        None => {
            let status = due(new.status, new.published_at, tx.now());
            let id = rows::insert(tx, new, status, None)?;
            redirects::add_all(tx, &new.old_paths, id)?;
            revisions::keep(tx, id)?;
            tell(tx, id, None, status)?;
            Ok((id, Saved::New))
        }
    }
}

/// Changes a post into `new`, its address included, and records the events. Its earlier address leads to it.
///
/// Errors: [`Error::NotFound`] if there is no such post.
pub fn change(tx: &Tx, id: PostId, new: &NewPost) -> Result<Saved> {
    let before = by_id(tx, id)?.ok_or(Error::NotFound)?;
    let at = new.published_at.or(before.published_at);
    let status = due(new.status, at, tx.now());
    let moved = (before.kind, before.slug.as_str()) != (new.kind, new.slug.as_str());
    if moved {
        redirects::add(tx, &before.path(), id)?;
        redirects::remove(tx, &new.kind.path(&new.slug))?;
    }
    redirects::add_all(tx, &new.old_paths, id)?;
    if !(rows::update(tx, id, new, status)? | rows::retag(tx, id, &new.tags)?) {
        return Ok(Saved::Same);
    }
    revisions::keep(tx, id)?;
    tell(tx, id, Some(before.status), status)?;
    Ok(Saved::Changed)
}

/// The post that an attempt has made already.
pub fn made_by(conn: &Connection, attempt: &[u8; 32]) -> Result<Option<PostId>> {
    let id = conn
        .prepare_cached("select id from posts where attempt = ?1")?
        .query_row([attempt], |row| row.get(0));
    Ok(id.optional()?)
}

/// Keeps by which attempt a post was made: the SHA-256 of what was sent, and of the attempt's own id.
pub fn mark_made(tx: &Tx, id: PostId, attempt: &[u8; 32]) -> Result<()> {
    tx.prepare_cached("update posts set attempt = ?2 where id = ?1")?
        .execute(params![id, attempt])?;
    Ok(())
}

/// An address for a new post that no other has or had: `wanted`, or `wanted` with a number.
pub fn free_slug(conn: &Connection, kind: PostKind, wanted: &str) -> Result<String> {
    let mut slug = wanted.to_owned();
    for number in 2.. {
        let led_elsewhere = redirects::post_of(conn, &kind.path(&slug))?.is_some();
        if !led_elsewhere && find(conn, kind, &slug)?.is_none() {
            break;
        }
        slug = format!("{wanted}-{number}");
    }
    Ok(slug)
}

/// The front matter of a post that has no column.
pub fn extra(conn: &Connection, id: PostId) -> Result<Map<String, Value>> {
    let extra = conn
        .prepare_cached("select extra from posts where id = ?1")?
        .query_row([id], |row| sql::json(row, 0));
    extra.optional()?.ok_or(Error::NotFound)
}

/// The Markdown source of a post.
pub fn body(conn: &Connection, id: PostId) -> Result<String> {
    let body = conn
        .prepare_cached("select body from posts where id = ?1")?
        .query_row([id], |row| row.get(0));
    body.optional()?.ok_or(Error::NotFound)
}

/// The importer's key of a row, and the batch that adds it.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The importer.
    pub source: &'a str,
    /// The row's name there.
    pub source_id: &'a str,
    /// The batch.
    pub batch: i64,
}

/// Which of these, each by its name in the source, its kind and its slug, are in the file already.
pub fn known(
    conn: &Connection,
    source: &str,
    keys: &[(String, PostKind, String)],
) -> Result<Vec<bool>> {
    let sql =
        "select 1 from posts where (source = ?1 and source_id = ?2) or (kind = ?3 and slug = ?4)";
    let mut query = conn.prepare_cached(sql)?;
    keys.iter()
        .map(|(id, kind, slug)| Ok(query.exists(params![source, id, kind, slug])?))
        .collect()
}

/// Adds an imported post without telling anyone; `None` if it, or one of its slug, is there already.
pub fn import(tx: &Tx, new: &NewPost, origin: &Origin) -> Result<Option<PostId>> {
    let key = (origin.source_id.to_owned(), new.kind, new.slug.clone());
    if known(tx, origin.source, &[key])?.contains(&true) {
        return Ok(None);
    }
    let status = due(new.status, new.published_at, tx.now());
    let id = rows::insert(tx, new, status, Some(origin))?;
    redirects::add_all(tx, &new.old_paths, id)?;
    Ok(Some(id))
}

/// Publishes every scheduled post whose time has come, and records the events. Returns how many.
pub fn publish_due(tx: &Tx) -> Result<usize> {
    let sql = "update posts set status = 'published', version = version + 1
               where status = 'scheduled' and published_at <= ?1 returning id";
    let mut query = tx.prepare_cached(sql)?;
    let due: Vec<PostId> = query
        .query_map([tx.now()], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in &due {
        tell(tx, *id, Some(Status::Scheduled), Status::Published)?;
    }
    Ok(due.len())
}

/// When the next scheduled post is due.
pub fn next_due(conn: &Connection) -> Result<Option<Timestamp>> {
    let sql = "select min(published_at) from posts where status = 'scheduled'";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Up to `limit` posts that another version of the renderer made, with their source.
pub fn outdated(conn: &Connection, limit: i64) -> Result<Vec<(PostId, String)>> {
    let sql = "select id, body from posts where renderer <> ?1 order by id limit ?2";
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map(params![RENDERER, limit], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Puts what this version of the renderer made of a post in the place of what another made. A post that was saved
/// meanwhile is up to date already.
pub fn renew(tx: &Tx, id: PostId, rendered: &Rendered) -> Result<()> {
    tx.changes_pages();
    let sql = "update posts set html = ?2, text = ?3, excerpt = ?4, headings = ?5, words = ?6, renderer = ?7
               where id = ?1 and renderer <> ?7";
    let row = params![
        id,
        rendered.html,
        rendered.text,
        rendered.excerpt,
        rows::headings(rendered)?,
        rendered.words,
        RENDERER,
    ];
    tx.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

/// Whether there is any post or page, in any status.
pub fn any(conn: &Connection) -> Result<bool> {
    Ok(conn.prepare_cached("select 1 from posts")?.exists([])?)
}

/// The post or page of that slug, in any status.
pub fn find(conn: &Connection, kind: PostKind, slug: &str) -> Result<Option<Post>> {
    one(conn, "kind = ?1 and slug = ?2", params![kind, slug])
}

/// The post or page of that slug that readers may see.
pub fn open(conn: &Connection, kind: PostKind, slug: &str) -> Result<Option<Post>> {
    Ok(find(conn, kind, slug)?.filter(|post| post.status.is_open()))
}

/// The post of that row, in any status.
pub fn by_id(conn: &Connection, id: PostId) -> Result<Option<Post>> {
    one(conn, "id = ?1", params![id])
}

/// A published post whose time lies ahead is scheduled; a scheduled one whose time has come is published.
fn due(status: Status, at: Option<Timestamp>, now: Timestamp) -> Status {
    match status {
        Status::Published | Status::Scheduled if at.is_some_and(|at| at > now) => Status::Scheduled,
        Status::Scheduled => Status::Published,
        status => status,
    }
}

/// Records what a change of a post means to its readers and to its owner.
pub fn tell(tx: &Tx, id: PostId, before: Option<Status>, after: Status) -> Result<()> {
    let public = match (before.is_some_and(Status::is_open), after.is_open()) {
        (false, true) => Some(Kind::PostPublished),
        (true, true) => Some(Kind::PostUpdated),
        (true, false) => Some(Kind::PostDeleted),
        (false, false) => None,
    };
    if let Some(kind) = public {
        let was_listed = kind == Kind::PostDeleted && before == Some(Status::Published);
        let facts = was_listed.then(|| json!({ "from": Status::Published.as_str() }));
        log::append(tx, kind, Some(id), id.0, Audience::Public, facts)?;
    }
    match before {
        None => log::append(tx, Kind::PostCreated, Some(id), id.0, Audience::Owner, None),
        Some(before) if before != after => {
            let facts = json!({ "from": before.as_str(), "to": after.as_str() });
            log::append(
                tx,
                Kind::PostMoved,
                Some(id),
                id.0,
                Audience::Owner,
                Some(facts),
            )
        }
        Some(_) => Ok(()),
    }
}

fn one(conn: &Connection, condition: &str, row: &[&dyn rusqlite::ToSql]) -> Result<Option<Post>> {
    let sql = format!("select {COLUMNS}, {CLOSING} from posts where {condition}");
    let post = conn
        .prepare_cached(&sql)?
        .query_row(row, from_row)
        .optional()?;
    post.map(|post| {
        Ok(Post {
            tags: rows::tags_of(conn, post.id)?,
            front: looked_up(conn, post.front)?,
            ..post
        })
    })
    .transpose()
}

/// The same with what the library knows of the cover.
pub fn looked_up(conn: &Connection, mut front: Front) -> Result<Front> {
    if let Some(cover) = &mut front.cover
        && let Some(hash) = cover.hash().map(str::to_owned)
    {
        cover.picture = media::picture(conn, &hash)?;
        cover.described = media::words(conn, &hash)?;
    }
    Ok(front)
}

/// When the post of a row of [`CLOSING`] takes no more comments.
pub fn closes_at(row: &Row, front: &Front) -> rusqlite::Result<Option<Timestamp>> {
    let usual: Option<i64> = row.get("close_usually")?;
    Ok(front.closes_at(row.get("published_at")?, usual.unwrap_or(0)))
}

fn from_row(row: &Row) -> rusqlite::Result<Post> {
    let front = Front::of(&sql::json(row, "extra")?);
    Ok(Post {
        id: row.get("id")?,
        kind: row.get("kind")?,
        slug: row.get("slug")?,
        title: row.get("title")?,
        summary: row.get("summary")?,
        excerpt: row.get("excerpt")?,
        html: row.get("html")?,
        headings: sql::json(row, "headings")?,
        words: row.get("words")?,
        status: row.get("status")?,
        lang: row.get("lang")?,
        published_at: row.get("published_at")?,
        updated_at: row.get("updated_at")?,
        comments_open: row.get("comments_open")?,
        discussion: row.get("discussion")?,
        last_number: row.get("last_number")?,
        last_thread: row.get("last_thread")?,
        comment_count: row.get("comment_count")?,
        last_entry: row.get("last_entry")?,
        entry_count: row.get("entry_count")?,
        version: row.get("version")?,
        tags: Vec::new(),
        closes_at: closes_at(row, &front)?,
        front,
    })
}
