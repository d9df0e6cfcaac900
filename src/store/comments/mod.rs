//! Comments: adding, changing and deleting them, and finding one. Their pages are in `pages`, what a row is in `rows`.

mod arrival;
pub mod discarded;
mod incoming;
pub mod moderation;
pub mod naming;
pub mod pages;
pub mod queue;
pub mod rows;
pub mod trial;

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::{Tx, bans, log, posts, reactions, visitors};
use crate::error::{Error, Result};
use crate::model::comment::{Change, Changer, Comment, CommentStatus, NewComment};
use crate::model::event::{Audience, Kind};
use crate::model::id::{CommentId, PostId, VisitorId};
use crate::model::moderation::Decision;
use crate::model::reaction::Target;
use crate::model::settings::Moderation;
use crate::model::time::Timestamp;
use crate::text::RENDERER;
use incoming::Incoming;
use rows::{COLUMNS, TABLES};

/// The comment that an earlier attempt with the same words made, if there was one.
///
/// Errors: as [`add`], of the post.
pub fn earlier(
    conn: &Connection,
    slug: &str,
    token_hash: &[u8; 32],
    new: &NewComment,
) -> Result<Option<Comment>> {
    let now = Timestamp::now();
    let post = arrival::open_post(conn, slug, now)?.id;
    let visitor = visitors::id(conn, token_hash)?;
    let found = arrival::repeated(conn, post, visitor, new, now)?;
    found.map(|id| get(conn, id)).transpose()
}

/// Records a comment by whoever holds the cookie of that hash, and its event; whether it is new. A repeated attempt is the
/// same comment.
///
/// Errors: [`Error::NotFound`] if readers cannot see the post, [`Error::Forbidden`] if it takes no comments, its writer is
/// banned or the thread is closed, [`Error::Invalid`] if the comment it answers is gone.
pub fn add(
    tx: &Tx,
    slug: &str,
    token_hash: &[u8; 32],
    new: &NewComment,
) -> Result<(Comment, bool)> {
    let post = arrival::open_post(tx, slug, tx.now())?;
    if !new.owner {
        bans::refuse(tx, token_hash, new.client.as_ref(), tx.now())?;
        naming::refuse_borrowed(tx, &new.name)?;
    }
    let known = visitors::id(tx, token_hash)?;
    if let Some(id) = arrival::repeated(tx, post.id, known, new, tx.now())? {
        return Ok((get(tx, id)?, false));
    }
    // Only now: whoever was heard before it closed and sends it once more is told so.
    if !post.is_open {
        return Err(Error::Forbidden(
            "this post takes no more comments, and yours was not saved",
        ));
    }
    let visitor = match new.owner {
        true => visitors::meet(tx, token_hash)?,
        false => visitors::remember(tx, known, token_hash, new)?,
    };
    let parent = new
        .parent
        .map(|id| arrival::answered(tx, post.id, id, visitor))
        .transpose()?;
    if parent.as_ref().is_some_and(|parent| parent.closed) {
        return Err(Error::Forbidden("this thread takes no more answers"));
    }
    let incoming = Incoming {
        post: post.id,
        visitor,
        new,
        held_for: arrival::held_for(tx, visitor, new, parent.as_ref())?,
        parent,
    };
    let placed = incoming.insert(tx)?;
    tell(tx, &incoming, placed.id)?;
    let comment = incoming.comment(tx, post, slug, token_hash, placed);
    Ok((comment, true))
}

/// Records that it is there: for everyone, and for whoever it answers; or, while it waits, for its writer.
fn tell(tx: &Tx, incoming: &Incoming, id: CommentId) -> Result<()> {
    let record = |kind, audience| log::append(tx, kind, Some(incoming.post), id.0, audience, None);
    if incoming.held_for.is_some() {
        return record(Kind::CommentPending, Audience::Visitor(incoming.visitor));
    }
    record(Kind::CommentCreated, Audience::Public)?;
    let answered = incoming.parent.as_ref().and_then(|parent| parent.visitor);
    match answered.filter(|answered| *answered != incoming.visitor) {
        Some(answered) => record(Kind::ReplyCreated, Audience::Visitor(answered)),
        None => Ok(()),
    }
}

/// Adds a comment that was written at another time, by its writer or by the blog's owner, without telling anyone.
///
/// Errors: [`Error::Invalid`] if the comment it answers is gone.
pub fn import(
    tx: &Tx,
    post: PostId,
    visitor: VisitorId,
    new: &NewComment,
    at: Timestamp,
) -> Result<CommentId> {
    let parent = new
        .parent
        .map(|id| arrival::answered(tx, post, id, visitor));
    let incoming = Incoming {
        post,
        visitor,
        new,
        parent: parent.transpose()?,
        held_for: None,
    };
    let id = incoming.insert(tx)?.id;
    tx.prepare_cached("update comments set created_at = ?2 where id = ?1")?
        .execute(params![id, at])?;
    Ok(id)
}

/// Changes the text of a comment, and records the events. One that must wait for the owner with its new text leaves the
/// page until then.
///
/// Errors: as [`changeable`]; [`Error::Invalid`] if it must wait and others have answered it: they need what they answer.
pub fn edit(tx: &Tx, id: CommentId, changer: &Changer, change: &Change) -> Result<Comment> {
    let comment = changeable(tx, id, changer)?;
    if comment.body == change.body.as_str() {
        return Ok(comment);
    }
    let is_published = comment.status == CommentStatus::Published;
    let mut held_for = change.held_for.as_deref().filter(|_| !changer.owner);
    if !changer.owner && arrival::moderation(tx)? == Moderation::All {
        held_for = held_for.or(Some("every comment waits, and so does every change"));
    }
    if is_published && held_for.is_some() && has_visible_answers(tx, id)? {
        let why = "Others have answered this, and with this change it would have to wait for the owner. Please write a new comment instead.";
        return Err(Error::field("body", why));
    }
    let by_owner = changer.owner && !comment.owner;
    let sql = "update comments set body = ?2, html = ?3, renderer = ?4, edited_at = ?5, edited_by_owner = ?6,
                   version = version + 1, held_for = coalesce(?7, held_for),
                   status = iif(?7 is null, status, 'pending') where id = ?1";
    let body = change.body.as_str();
    let row = params![
        id,
        body,
        change.html,
        RENDERER,
        tx.now(),
        by_owner,
        held_for
    ];
    tx.prepare_cached(sql)?.execute(row)?;
    let tell = |kind, audience| {
        let facts = by_owner.then(|| json!({ "by": "owner" }));
        log::append(tx, kind, Some(comment.post), id.0, audience, facts)
    };
    let waits = held_for.is_some() || comment.is_pending();
    if !waits {
        let audience = match is_published {
            true => Audience::Public,
            false => Audience::Owner,
        };
        tell(Kind::CommentUpdated, audience)?;
        return get(tx, id);
    }
    if is_published {
        counted(tx, comment.post, -1)?;
        let facts = json!({ "to": CommentStatus::Pending.as_str() });
        moderation::hide(tx, &comment, Some(facts))?;
    }
    let audience = comment.visitor.map_or(Audience::Owner, Audience::Visitor);
    tell(Kind::CommentPending, audience)?;
    get(tx, id)
}

/// Deletes a comment. By its writer: its words, its writer and its reactions leave the file; the row keeps its number. By
/// the owner, of somebody else's: it can come back for a while, from the desk.
///
/// Errors: as [`changeable`].
pub fn delete(tx: &Tx, id: CommentId, changer: &Changer) -> Result<Comment> {
    let comment = changeable(tx, id, changer)?;
    let own = comment.owner || changer.visitor.is_some() && comment.visitor == changer.visitor;
    match changer.owner && !own {
        true => drop(moderation::decide(tx, id, Decision::Delete)?),
        false => take_back(tx, &comment, None)?,
    }
    Ok(comment)
}

/// What a deleted comment has no more: everything but its place.
const EMPTIED: &str = "status = 'deleted', name = '', likeness = null, namesake = 0, email = null, url = null, body = '', html = '', visitor_id = null,
    edited_at = null, edited_by_owner = 0, pinned = 0, held_for = null, version = version + 1";

/// What [`delete`] does, at any time. The log keeps the `facts` of it.
pub(super) fn take_back(tx: &Tx, comment: &Comment, facts: Option<&Value>) -> Result<()> {
    tx.erases();
    let id = comment.id;
    let sql = format!("update comments set {EMPTIED}, client = null, op = null where id = ?1");
    tx.prepare_cached(&sql)?.execute([id])?;
    reactions::clear(tx, comment.post, id)?;
    let tell =
        |kind, audience| log::append(tx, kind, Some(comment.post), id.0, audience, facts.cloned());
    match (comment.status, comment.visitor) {
        (CommentStatus::Published, _) => {
            counted(tx, comment.post, -1)?;
            moderation::hide(tx, comment, facts.cloned())?;
        }
        (CommentStatus::Pending, Some(writer)) => {
            tell(Kind::CommentRejected, Audience::Visitor(writer))?;
        }
        _ => tell(Kind::CommentDeleted, Audience::Owner)?, // nobody else could see it
    }
    Ok(())
}

/// The comment, if `changer` may change it.
///
/// Errors: as [`Changer::may`].
pub fn changeable(conn: &Connection, id: CommentId, changer: &Changer) -> Result<Comment> {
    let comment = get(conn, id)?;
    changer.may(&comment, Timestamp::now())?;
    Ok(comment)
}

/// One comment in any status, with its reactions.
pub fn find(conn: &Connection, id: CommentId) -> Result<Option<Comment>> {
    let sql = format!("select {COLUMNS} from {TABLES} where c.id = ?1");
    let Some(comment) = rows::collect(conn, &sql, &[&id])?.pop() else {
        return Ok(None);
    };
    let (reactions, _) = reactions::tally(conn, comment.post, Target::Comment(id), None)?;
    Ok(Some(Comment {
        reactions,
        ..comment
    }))
}

/// One comment that is there.
pub fn get(conn: &Connection, id: CommentId) -> Result<Comment> {
    find(conn, id)?.ok_or(Error::NotFound)
}

/// One comment that everyone can see, under a post that everyone can see.
pub fn published(conn: &Connection, id: CommentId) -> Result<Comment> {
    let comment = find(conn, id)?.filter(|comment| comment.is_seen_by(None));
    let comment = comment.ok_or(Error::NotFound)?;
    match posts::by_id(conn, comment.post)?.is_some_and(|post| post.status.is_open()) {
        true => Ok(comment),
        false => Err(Error::NotFound),
    }
}

/// Up to `limit` comments that another version of the renderer made, with their source.
pub fn outdated(conn: &Connection, limit: i64) -> Result<Vec<(CommentId, String)>> {
    let sql = "select id, body from comments where renderer <> ?1 order by id limit ?2";
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map(params![RENDERER, limit], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Puts what this version of the renderer made of a comment in the place of what another made. One that is deleted has
/// nothing to render.
pub fn renew(tx: &Tx, id: CommentId, html: &str) -> Result<()> {
    tx.changes_pages();
    let sql = "update comments set html = iif(body = '', '', ?2), renderer = ?3
               where id = ?1 and renderer <> ?3";
    tx.prepare_cached(sql)?
        .execute(params![id, html, RENDERER])?;
    Ok(())
}

/// Whether anything that readers see hangs on the comment, directly or not.
pub fn has_visible_answers(conn: &Connection, id: CommentId) -> Result<bool> {
    let sql = "with recursive below (id, status) as (
                   select id, status from comments where parent_id = ?1
                   union all
                   select c.id, c.status from comments c join below on c.parent_id = below.id)
               select 1 from below where status = 'published' limit 1";
    Ok(conn.prepare_cached(sql)?.exists([id])?)
}

fn counted(tx: &Tx, post: PostId, change: i64) -> Result<()> {
    tx.prepare_cached("update posts set comment_count = comment_count + ?2 where id = ?1")?
        .execute(params![post, change])?;
    Ok(())
}

#[cfg(test)]
mod tests;
