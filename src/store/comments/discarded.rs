//! What the owner deleted, kept apart for a while so that it can come back.
//!
//! The comment's own row is emptied at once, as if its writer had deleted it, so that nothing which reads comments can
//! show what is gone. Only here are its words, and only the desk looks here.

use rusqlite::{Connection, OptionalExtension, params};

use super::{EMPTIED, find};
use crate::error::Result;
use crate::model::comment::{Comment, CommentStatus};
use crate::model::id::CommentId;
use crate::store::{Tx, reactions};

/// How long it is kept, in milliseconds: 30 days, as long as the log that tells of it.
const KEPT_FOR: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Comments forgotten in one transaction, so that no writer waits long for it.
const FORGOTTEN_AT_ONCE: i64 = 100;

/// Empties a comment's row and keeps what it said; whether there was one to empty.
pub fn put(tx: &Tx, id: CommentId) -> Result<bool> {
    let sql = "insert into deleted_comments (comment_id, status, visitor_id, name, email, url, body, html, renderer,
                   held_for, deleted_at)
               select id, status, visitor_id, name, email, url, body, html, renderer, held_for, ?2
               from comments where id = ?1 and status <> 'deleted'";
    if tx.prepare_cached(sql)?.execute(params![id, tx.now()])? == 0 {
        return Ok(false);
    }
    let sql = format!("update comments set {EMPTIED} where id = ?1");
    tx.prepare_cached(&sql)?.execute([id])?;
    Ok(true)
}

/// The status that a deleted comment goes back to, if it can.
pub fn status(conn: &Connection, id: CommentId) -> Result<Option<CommentStatus>> {
    let sql = "select status from deleted_comments where comment_id = ?1";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([id], |row| row.get(0))
        .optional()?)
}

/// Gives a comment back what it said, with the status `to`; whether it was still kept.
pub fn take_out(tx: &Tx, id: CommentId, to: CommentStatus) -> Result<bool> {
    let sql = "update comments as c set status = ?2, visitor_id = d.visitor_id, name = d.name, email = d.email, url = d.url,
                   body = d.body, html = d.html, renderer = d.renderer, held_for = iif(?2 = 'published', null, d.held_for),
                   version = c.version + 1
               from deleted_comments d where d.comment_id = c.id and c.id = ?1";
    let restored = tx.prepare_cached(sql)?.execute(params![id, to])?;
    tx.prepare_cached("delete from deleted_comments where comment_id = ?1")?
        .execute([id])?;
    Ok(restored > 0)
}

/// Forgets what a deleted comment said and what readers gave it; whether it was still kept.
pub fn empty_of(tx: &Tx, comment: &Comment) -> Result<bool> {
    let sql = "delete from deleted_comments where comment_id = ?1";
    let erased = tx.prepare_cached(sql)?.execute([comment.id])? > 0;
    if erased {
        tx.erases();
        let sql = "update comments set client = null, op = null where id = ?1";
        tx.prepare_cached(sql)?.execute([comment.id])?;
        reactions::clear(tx, comment.post, comment.id)?;
    }
    Ok(erased)
}

/// Forgets a batch of what was deleted long ago; how many. Call again until it is none.
pub fn forget(tx: &Tx) -> Result<usize> {
    let sql = "select comment_id from deleted_comments where deleted_at < ?1 limit ?2";
    let old: Vec<CommentId> = tx
        .prepare_cached(sql)?
        .query_map(
            params![tx.now().plus(-KEPT_FOR), FORGOTTEN_AT_ONCE],
            |row| row.get(0),
        )?
        .collect::<rusqlite::Result<_>>()?;
    for id in &old {
        if let Some(comment) = find(tx, *id)? {
            empty_of(tx, &comment)?;
        }
    }
    Ok(old.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;

    #[tokio::test]
    async fn what_was_deleted_a_month_ago_is_forgotten_and_cannot_come_back() {
        let (store, _folder) = store();
        let story = |tx: &Tx| {
            tx.execute_batch(
                "insert into posts (id, slug, title, excerpt, body, html, text, headings, words, renderer, status,
                     published_at, created_at, updated_at)
                 values (1, 'a', 'A', '', '', '', '', '[]', 0, 1, 'published', 1, 0, 0);
                 insert into comments (id, post_id, depth, thread, number, name, body, html, renderer, status, created_at)
                 values (1, 1, 0, 1, 1, 'Ann', 'old', 'old', 1, 'spam', 0), (2, 1, 0, 2, 2, 'Ben', 'new', 'new', 1, 'spam', 0);",
            )?;
            assert!(put(tx, CommentId(1))? && put(tx, CommentId(2))? && !put(tx, CommentId(2))?);
            assert_eq!(find(tx, CommentId(2))?.map(|it| it.body), Some("".into()));
            tx.execute(
                "update deleted_comments set deleted_at = deleted_at - ?1 where comment_id = 1",
                [KEPT_FOR + 1],
            )?;
            assert_eq!((forget(tx)?, forget(tx)?), (1, 0));
            assert!(!take_out(tx, CommentId(1), CommentStatus::Spam)?);
            assert!(take_out(tx, CommentId(2), CommentStatus::Spam)?);
            assert_eq!(
                find(tx, CommentId(2))?.map(|it| it.body),
                Some("new".into())
            );
            assert_eq!(status(tx, CommentId(2))?, None);
            Ok(())
        };
        store.write(story).await.unwrap();
    }
}
