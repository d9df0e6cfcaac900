//! Posts as their author wrote them, and the trash, for whoever works outside of the editor.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Tx, posts, redirects};
use crate::error::{Error, Result};
use crate::model::id::PostId;
use crate::model::post::{NewPost, PostKind, Status};
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

/// `wanted`, or with the first number behind it that makes it the slug of no other post, now or before.
pub fn free_slug(conn: &Connection, wanted: &str) -> Result<String> {
    let mut slug = wanted.to_owned();
    for number in 2.. {
        let path = PostKind::Post.path(&slug);
        let is_taken = posts::find(conn, PostKind::Post, &slug)?.is_some()
            || redirects::post_of(conn, &path)?.is_some();
        if !is_taken {
            break;
        }
        slug = format!("{wanted}-{number}");
    }
    Ok(slug)
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

/// Moves a post to the trash. One that is there already stays there.
pub fn trash(tx: &Tx, id: PostId) -> Result<()> {
    let post = posts::by_id(tx, id)?.ok_or(Error::NotFound)?;
    go(tx, id, post.status, Status::Deleted)
}

/// Takes a post out of the trash, to where it came from; if nobody knows that any more, it becomes a draft.
pub fn restore(tx: &Tx, id: PostId) -> Result<()> {
    let post = posts::by_id(tx, id)?.ok_or(Error::NotFound)?;
    if post.status != Status::Deleted {
        return Ok(());
    }
    let sql = "select data ->> 'from' from events
               where post_id = ?1 and kind = 'post:moved' and data ->> 'to' = 'deleted' order by id desc limit 1";
    let from: Option<String> = tx
        .prepare_cached(sql)?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let from = from.and_then(|word| Status::parse(&word));
    let has_date = post.published_at.is_some();
    let to = from.filter(|status| *status == Status::Draft || has_date);
    go(tx, id, post.status, to.unwrap_or(Status::Draft))
}

fn go(tx: &Tx, id: PostId, from: Status, to: Status) -> Result<()> {
    if from == to {
        return Ok(());
    }
    let sql = "update posts set status = ?2, version = version + 1 where id = ?1";
    tx.prepare_cached(sql)?.execute(params![id, to])?;
    posts::tell(tx, id, Some(from), to)
}
