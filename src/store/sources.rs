//! Posts as their author wrote them, for whoever works outside of the editor.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Tx, posts, redirects};
use crate::error::Result;
use crate::model::id::PostId;
use crate::model::post::{NewPost, PostKind};
use crate::model::source::Source;

/// Milliseconds within which the same post is one that was sent twice.
const TWINS_WITHIN: i64 = 60_000;

/// The post at that path, now or once, in any status.
pub fn at(conn: &Connection, path: &str) -> Result<Option<Source>> {
    let path = path.trim_end_matches('/');
    let (kind, slug) = match path.strip_prefix("/posts/") {
        Some(slug) => (PostKind::Post, slug),
        None => (PostKind::Page, path.trim_start_matches('/')),
    };
    let post = match posts::find(conn, kind, slug)? {
        Some(post) => Some(post),
        None => match redirects::post_of(conn, path)? {
            Some(id) => posts::by_id(conn, id)?,
            None => None,
        },
    };
    let Some(post) = post else { return Ok(None) };
    let sql = "select body, extra from posts where id = ?1";
    let source = conn.prepare_cached(sql)?.query_row([post.id], |row| {
        Ok(Source {
            post: post.clone(),
            body: row.get(0)?,
            extra: row.get(1)?,
        })
    });
    Ok(Some(source?))
}

/// The same text under the same title, if it was added in the last minute: an app that got no answer sends a
/// post once more.
pub fn twin(tx: &Tx, new: &NewPost) -> Result<Option<PostId>> {
    let sql =
        "select id from posts where kind = ?1 and title = ?2 and body = ?3 and created_at > ?4
               and status <> 'deleted' order by id desc limit 1";
    let since = tx.now().plus(-TWINS_WITHIN);
    Ok(tx
        .prepare_cached(sql)?
        .query_row(params![new.kind, new.title, new.body, since], |row| {
            row.get(0)
        })
        .optional()?)
}
