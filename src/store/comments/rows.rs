//! The rows of comments: which columns they are, and the comment in them.

use rusqlite::{Connection, Row, ToSql};

use crate::error::Result;
use crate::model::comment::{Comment, Parent};
use crate::model::id::CommentId;
use crate::model::mark::Mark;

/// The columns of a comment, as [`from_row`] reads them.
pub const COLUMNS: &str = "c.id, c.post_id, p.slug, p.discussion, c.parent_id, parent.number as parent_number,
    parent.thread as parent_thread, iif(parent.status = 'published', parent.name, '') as parent_name, c.depth, c.thread, c.number, c.visitor_id, v.token_hash as visitor_key,
    c.owner, c.name, c.namesake, c.url, c.body, c.html,
    c.status, c.op, c.created_at, c.edited_at, c.edited_by_owner, c.pinned, c.closed, c.version";
/// Where they come from.
pub const TABLES: &str = "comments c join posts p on p.id = c.post_id left join comments parent on parent.id = c.parent_id
    left join visitors v on v.id = c.visitor_id";

/// The comments that a query over [`COLUMNS`] finds.
pub fn collect(conn: &Connection, sql: &str, row: &[&dyn ToSql]) -> Result<Vec<Comment>> {
    let mut query = conn.prepare_cached(sql)?;
    Ok(query
        .query_map(row, from_row)?
        .collect::<rusqlite::Result<_>>()?)
}

/// The comment in a row of [`COLUMNS`], without its reactions.
pub fn from_row(row: &Row) -> rusqlite::Result<Comment> {
    let parent: Option<CommentId> = row.get("parent_id")?;
    let (name, owner): (String, bool) = (row.get("name")?, row.get("owner")?);
    let key: Option<[u8; 32]> = row.get("visitor_key")?;
    Ok(Comment {
        id: row.get("id")?,
        post: row.get("post_id")?,
        post_slug: row.get("slug")?,
        discussion: row.get("discussion")?,
        parent: match parent {
            Some(id) => Some(Parent {
                id,
                number: row.get("parent_number")?,
                thread: row.get("parent_thread")?,
                name: row.get("parent_name")?,
            }),
            None => None,
        },
        depth: row.get("depth")?,
        thread: row.get("thread")?,
        number: row.get("number")?,
        visitor: row.get("visitor_id")?,
        mark: match key.filter(|_| !owner) {
            Some(key) => Mark::of_visitor(&key),
            None => Mark::of_name(&name),
        },
        owner,
        name,
        is_namesake: row.get("namesake")?,
        url: row.get("url")?,
        body: row.get("body")?,
        html: row.get("html")?,
        status: row.get("status")?,
        op: row.get("op")?,
        created_at: row.get("created_at")?,
        edited_at: row.get("edited_at")?,
        edited_by_owner: row.get("edited_by_owner")?,
        pinned: row.get("pinned")?,
        closed: row.get("closed")?,
        version: row.get("version")?,
        reactions: Default::default(),
        fresh: false,
    })
}
