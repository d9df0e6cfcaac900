//! What the author is writing: saved as typed beside the post that readers see, until it is published.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Tx, log, sql};
use crate::error::{Error, Result};
use crate::model::event::{Audience, Kind};
use crate::model::id::PostId;
use crate::model::manuscript::{Kept, Manuscript, Seen};

/// What is being written of a post.
pub fn find(conn: &Connection, post: PostId) -> Result<Option<Kept>> {
    let sql = "select fields, saved_at from manuscripts where post_id = ?1";
    let kept = conn.prepare_cached(sql)?.query_row([post], |row| {
        Ok(Kept {
            manuscript: sql::json(row, 0)?,
            saved_at: row.get(1)?,
        })
    });
    Ok(kept.optional()?)
}

/// The versions of a post and its manuscript now.
///
/// Errors: [`Error::NotFound`] if there is no such post.
pub fn seen(conn: &Connection, post: PostId) -> Result<Seen> {
    let sql = "select p.version, coalesce(m.version, 0) from posts p left join manuscripts m on m.post_id = p.id
               where p.id = ?1";
    let seen = conn.prepare_cached(sql)?.query_row([post], |row| {
        Ok(Seen {
            post: row.get(0)?,
            manuscript: row.get(1)?,
        })
    });
    seen.optional()?.ok_or(Error::NotFound)
}

/// Saves what is typed, and tells the author's other windows.
///
/// Errors: [`Error::Conflict`] if it was changed elsewhere after `seen`; nothing is saved then.
pub fn save(tx: &Tx, post: PostId, manuscript: &Manuscript, since: Seen) -> Result<Seen> {
    expect(tx, post, since)?;
    let fields = serde_json::to_string(manuscript)
        .map_err(|error| Error::Refused(format!("the manuscript cannot be kept: {error}")))?;
    let sql = "insert into manuscripts (post_id, fields, version, saved_at) values (?1, ?2, 1, ?3)
               on conflict (post_id) do update set fields = excluded.fields, version = version + 1,
                   saved_at = excluded.saved_at where fields <> excluded.fields";
    if tx
        .prepare_cached(sql)?
        .execute(params![post, fields, tx.now()])?
        > 0
    {
        tell(tx, post)?;
    }
    seen(tx, post)
}

/// Says that a post and its manuscript are as `since` says.
///
/// Errors: [`Error::Conflict`] if they are not.
pub fn expect(conn: &Connection, post: PostId, since: Seen) -> Result<()> {
    match seen(conn, post)? == since {
        true => Ok(()),
        false => Err(Error::Conflict(
            "this post was changed in another window or by another program after this page was opened",
        )),
    }
}

/// Forgets what was being written: it is published, or its author has thrown it away.
pub fn forget(tx: &Tx, post: PostId) -> Result<()> {
    let gone = tx
        .prepare_cached("delete from manuscripts where post_id = ?1")?
        .execute([post])?;
    if gone > 0 {
        tell(tx, post)?;
    }
    Ok(())
}

/// Lets the author's other windows know.
fn tell(tx: &Tx, post: PostId) -> Result<()> {
    let audience = Audience::Owner;
    log::append(tx, Kind::PostSaved, Some(post), post.0, audience, None)
}
