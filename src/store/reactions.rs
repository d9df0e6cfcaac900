//! Reactions: giving one, taking it back, and counting them.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};

use super::{Tx, log};
use crate::error::{Error, Result};
use crate::model::event::{Audience, Kind};
use crate::model::id::{CommentId, PostId, VisitorId};
use crate::model::post::{Discussion, Post};
use crate::model::reaction::{ReactionKind, Tally, Target};

const GROUPED: &str = "kind, count(*) as given, max(visitor_id = ?2) as mine";

/// Gives the visitor's reaction, or takes it back if it was given, and records the event.
///
/// Errors: [`Error::NotFound`] if a comment that is not public is the target.
pub fn toggle(
    tx: &Tx,
    post: PostId,
    target: Target,
    visitor: VisitorId,
    kind: &ReactionKind,
) -> Result<()> {
    if !touch(tx, post, target)? {
        return Err(Error::NotFound);
    }
    let comment = comment_id(target);
    let taken = tx
        .prepare_cached(
            "delete from reactions where post_id = ?1 and comment_id = ?2 and kind = ?3 and visitor_id = ?4",
        )?
        .execute(params![post, comment, kind.name, visitor])?;
    if taken == 0 {
        let sql = "insert into reactions (post_id, comment_id, kind, visitor_id, created_at) values (?1, ?2, ?3, ?4, ?5)";
        tx.prepare_cached(sql)?
            .execute(params![post, comment, kind.name, visitor, tx.now()])?;
    }
    changed(tx, post, target)
}

/// Takes back every reaction of the visitor to one thing, and records the event.
pub fn take_back(tx: &Tx, post: PostId, target: Target, visitor: VisitorId) -> Result<()> {
    tx.prepare_cached(
        "delete from reactions where post_id = ?1 and comment_id = ?2 and visitor_id = ?3",
    )?
    .execute(params![post, comment_id(target), visitor])?;
    match touch(tx, post, target)? {
        true => changed(tx, post, target),
        false => Ok(()), // of a comment that nobody sees, nobody is told
    }
}

/// Raises the version of a target's reactions; whether there is such a target.
fn touch(tx: &Tx, post: PostId, target: Target) -> Result<bool> {
    let touched = match target {
        Target::Post => tx
            .prepare_cached(
                "update posts set reaction_version = reaction_version + 1 where id = ?1",
            )?
            .execute([post])?,
        Target::Comment(id) => tx
            .prepare_cached(
                "update comments set reaction_version = reaction_version + 1
                 where id = ?1 and post_id = ?2 and status = 'published'",
            )?
            .execute(params![id, post])?,
    };
    Ok(touched > 0)
}

fn changed(tx: &Tx, post: PostId, target: Target) -> Result<()> {
    log::append(
        tx,
        Kind::ReactionUpdated,
        Some(post),
        comment_id(target),
        Audience::Public,
        None,
    )
}

/// The reactions to one thing, and which of them are the viewer's; with the version that rises with each.
pub fn tally(
    conn: &Connection,
    post: PostId,
    target: Target,
    viewer: Option<VisitorId>,
) -> Result<(Tally, i64)> {
    let sql = format!(
        "select {GROUPED} from reactions where post_id = ?1 and comment_id = ?3 group by kind"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query(params![post, viewer, comment_id(target)])?;
    let mut tally = Tally::default();
    while let Some(row) = rows.next()? {
        add(&mut tally, row)?;
    }
    let (sql, id) = match target {
        Target::Post => ("select reaction_version from posts where id = ?1", post.0),
        Target::Comment(id) => ("select reaction_version from comments where id = ?1", id.0),
    };
    Ok((
        tally,
        conn.prepare_cached(sql)?
            .query_row([id], |row| row.get(0))?,
    ))
}

/// The reactions to the comments of a post whose places are after the first and up to the last, and to those of its pinned
/// threads.
pub fn on_page(
    conn: &Connection,
    post: &Post,
    (first, last): (i64, i64),
    viewer: Option<VisitorId>,
) -> Result<HashMap<CommentId, Tally>> {
    let place = match post.discussion {
        Discussion::Thread => "thread",
        Discussion::Chat => "number",
    };
    // From what is pinned, which is little, and not from every comment of the post.
    let sql = format!(
        "select comment_id, {GROUPED} from reactions
         where post_id = ?1 and comment_id in
             (select id from comments where post_id = ?1 and {place} > ?3 and {place} <= ?4
              union select c.id from comments first cross join comments c on c.thread = first.thread
              where c.post_id = ?1 and first.post_id = ?1 and first.pinned = 1)
         group by comment_id, kind"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query(params![post.id, viewer, first, last])?;
    let mut tallies: HashMap<CommentId, Tally> = HashMap::new();
    while let Some(row) = rows.next()? {
        add(tallies.entry(row.get("comment_id")?).or_default(), row)?;
    }
    Ok(tallies)
}

/// Forgets every reaction to a comment that is gone.
pub fn clear(tx: &Tx, post: PostId, comment: CommentId) -> Result<()> {
    tx.prepare_cached("delete from reactions where post_id = ?1 and comment_id = ?2")?
        .execute(params![post, comment])?;
    Ok(())
}

fn add(tally: &mut Tally, row: &Row) -> rusqlite::Result<()> {
    tally.set(
        row.get("kind")?,
        row.get("given")?,
        row.get::<_, Option<bool>>("mine")?.unwrap_or(false),
    );
    Ok(())
}

/// A target as the database and the log name it: 0 is the post itself.
fn comment_id(target: Target) -> i64 {
    match target {
        Target::Post => 0,
        Target::Comment(id) => id.0,
    }
}
