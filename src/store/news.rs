//! What is new under a post after an event, by the log.

use rusqlite::{Connection, params};

use crate::error::Result;
use crate::model::comment::{page_of, place};
use crate::model::id::{CommentId, EventId, VisitorId};
use crate::model::post::Post;

/// A comment that is newer than an event.
#[derive(Clone, Copy, Debug)]
pub struct New {
    /// The comment.
    pub id: CommentId,
    /// The page of the post's comments on which it stands.
    pub page: i64,
}

/// The public comments of `post` that were written or changed after `event`, in the order of the page. The viewer's own
/// are no news.
pub fn after(
    conn: &Connection,
    post: &Post,
    event: EventId,
    viewer: Option<VisitorId>,
) -> Result<Vec<New>> {
    let sql = "select c.id, c.thread, c.number from comments c
               where c.id in (select subject from events where post_id = ?1 and id > ?2 and audience = 'public'
                     and kind in ('comment:created', 'comment:updated'))
                 and c.status = 'published' and (?3 is null or c.visitor_id is not ?3)
               order by iif(?4 = 'chat', c.number, c.thread), c.number";
    let mut query = conn.prepare_cached(sql)?;
    let new = query.query_map(params![post.id, event, viewer, post.discussion], |row| {
        Ok(New {
            id: row.get(0)?,
            page: page_of(place(post.discussion, row.get(1)?, row.get(2)?)),
        })
    })?;
    Ok(new.collect::<rusqlite::Result<_>>()?)
}
