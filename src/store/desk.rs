//! What the owner's desk lists: posts in any status, with what is being written of them.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::Result;
use crate::model::desk::{DeskLine, Show};
use crate::model::id::PostId;

const FOUND: &str =
    "(?1 = '' or instr(lower(coalesce(m.fields ->> 'title', p.title)), lower(?1)) > 0
    or instr(p.slug, lower(?1)) > 0)";
const COLUMNS: &str = "p.id, p.kind, p.slug, coalesce(nullif(m.fields ->> 'title', ''), nullif(p.title, ''), 'Untitled') as title,
    p.status, p.published_at, max(p.updated_at, coalesce(m.saved_at, 0), coalesce(p.trashed_at, 0)) as changed_at,
    p.words, p.comment_count, p.pinned, m.post_id is not null as is_being_written";
const TABLES: &str = "posts p left join manuscripts m on m.post_id = p.id";

/// The posts to show whose title or address holds `words`, those changed last first.
pub fn posts(
    conn: &Connection,
    show: Show,
    words: &str,
    skip: i64,
    limit: i64,
) -> Result<Vec<DeskLine>> {
    let sql = format!(
        "select {COLUMNS} from {TABLES} where {} and {FOUND}
         order by p.status = 'scheduled' desc, p.status = 'draft' desc,
             iif(p.status in ('published', 'unlisted'), p.published_at, changed_at) desc, p.id desc
         limit ?2 offset ?3",
        condition(show)
    );
    let mut query = conn.prepare_cached(&sql)?;
    let rows = query.query_map(params![words.trim(), limit, skip], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One post in any status.
pub fn post(conn: &Connection, id: PostId) -> Result<Option<DeskLine>> {
    let sql = format!("select {COLUMNS} from {TABLES} where p.id = ?1");
    let mut query = conn.prepare_cached(&sql)?;
    Ok(query.query_row([id], from_row).optional()?)
}

/// How many [`posts`] there are in all.
pub fn count(conn: &Connection, show: Show, words: &str) -> Result<i64> {
    let sql = format!(
        "select count(*) from {TABLES} where {} and {FOUND}",
        condition(show)
    );
    let mut query = conn.prepare_cached(&sql)?;
    Ok(query.query_row([words.trim()], |row| row.get(0))?)
}

/// How many posts each choice shows.
pub fn counts(conn: &Connection) -> Result<Vec<(Show, i64)>> {
    let counted = Show::ALL.map(|show| Ok((show, count(conn, show, "")?)));
    counted.into_iter().collect()
}

/// Which rows a choice shows.
fn condition(show: Show) -> &'static str {
    match show {
        Show::All => "p.status <> 'deleted'",
        Show::Drafts => "p.status = 'draft'",
        Show::Scheduled => "p.status = 'scheduled'",
        Show::Published => "p.status = 'published'",
        Show::Unlisted => "p.status = 'unlisted'",
        Show::Pages => "p.kind = 'page' and p.status <> 'deleted'",
        Show::Trash => "p.status = 'deleted'",
    }
}

fn from_row(row: &Row) -> rusqlite::Result<DeskLine> {
    Ok(DeskLine {
        id: row.get("id")?,
        kind: row.get("kind")?,
        slug: row.get("slug")?,
        title: row.get("title")?,
        status: row.get("status")?,
        published_at: row.get("published_at")?,
        changed_at: row.get("changed_at")?,
        words: row.get("words")?,
        comment_count: row.get("comment_count")?,
        is_pinned: row.get("pinned")?,
        is_being_written: row.get("is_being_written")?,
    })
}
