//! The comments that a page of a post shows, and the newest of all.

use rusqlite::{Connection, ToSql};

use super::rows::{COLUMNS, TABLES, collect};
use crate::error::Result;
use crate::model::comment::{Comment, PER_PAGE};
use crate::model::id::{PostId, VisitorId};
use crate::model::post::{Discussion, Post};
use crate::store::reactions;

/// The comments on one page of a post with their reactions, in the order of their numbers; and tombstones in the place of
/// those that are answered and that the viewer may not see. A waiting comment is there for its writer alone. In a chat,
/// where what answers a tombstone may stand on another page, only those are there on which something visible hangs. What
/// is pinned is on the first page too.
pub fn page(
    conn: &Connection,
    post: &Post,
    page: i64,
    viewer: Option<VisitorId>,
) -> Result<Vec<Comment>> {
    let first = (page - 1) * PER_PAGE;
    let (rule, last) = match post.discussion {
        Discussion::Thread if page == 1 && has_pinned(conn, post)? => {
            (FIRST_RULE, first + PER_PAGE)
        }
        Discussion::Thread => ("c.thread > ?2 and c.thread <= ?3", first + PER_PAGE),
        Discussion::Chat if page >= post.pages() => (CHAT_RULE, post.last_number),
        Discussion::Chat => (CHAT_RULE, first + PER_PAGE),
    };
    let sql = format!(
        "select {COLUMNS} from {TABLES}
         where c.post_id = ?1 and {rule}
           and (c.status = 'published' or (c.status = 'pending' and c.visitor_id = ?4)
               or exists (select 1 from comments answer where answer.parent_id = c.id))
         order by c.number"
    );
    let row: [&dyn ToSql; 4] = [&post.id, &first, &last, &viewer];
    let comments = collect(conn, &sql, &row)?.into_iter();
    let mut comments: Vec<Comment> = comments
        .map(|comment| match comment.is_seen_by(viewer) {
            true => comment,
            false => comment.tombstone(),
        })
        .collect();
    let mut tallies = reactions::on_page(conn, post, (first, last), viewer)?;
    for comment in &mut comments {
        comment.reactions = tallies.remove(&comment.id).unwrap_or_default();
    }
    Ok(comments)
}

/// The threads of the first page, and those that are pinned.
const FIRST_RULE: &str = "(c.thread > ?2 and c.thread <= ?3 or c.thread in
    (select thread from comments where post_id = ?1 and pinned = 1))";

fn has_pinned(conn: &Connection, post: &Post) -> Result<bool> {
    let sql = "select 1 from comments where post_id = ?1 and pinned = 1";
    Ok(conn.prepare_cached(sql)?.exists([post.id])?)
}

/// The comments of a chat on one page. A hidden one is there while something that the viewer sees hangs on it, directly
/// or through other hidden ones.
const CHAT_RULE: &str = "c.number > ?2 and c.number <= ?3 and (c.status = 'published'
    or (c.status = 'pending' and c.visitor_id = ?4) or exists (
    with recursive below (id, status, visitor_id) as (
        select id, status, visitor_id from comments where parent_id = c.id
        union all
        select next.id, next.status, next.visitor_id from below join comments next on next.parent_id = below.id
        where below.status <> 'published')
    select 1 from below where status = 'published' or (status = 'pending' and visitor_id = ?4)))";

/// The newest public comments, of one post or of all listed ones, newest first.
pub fn newest(conn: &Connection, post: Option<PostId>, limit: i64) -> Result<Vec<Comment>> {
    let (rule, post) = match post {
        Some(post) => ("c.post_id = ?1", post),
        None => ("p.status = 'published' and ?1 = 0", PostId(0)),
    };
    let sql = format!(
        "select {COLUMNS} from {TABLES} where {rule} and c.status = 'published'
         order by c.created_at desc, c.id desc limit ?2"
    );
    collect(conn, &sql, &[&post, &limit])
}
