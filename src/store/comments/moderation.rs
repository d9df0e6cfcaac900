//! The owner's decisions about comments, and taking them back.
//!
//! Whatever changes where a comment stands goes through [`put`]: the row, the count of its post, what readers are told,
//! and one event that says from where to where, by which the decision can be undone.

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::{counted, discarded, get, has_visible_answers, naming};
use crate::error::{Error, Result};
use crate::model::comment::{Comment, CommentStatus};
use crate::model::event::{Audience, Event, Kind};
use crate::model::id::{BanId, CommentId, VisitorId};
use crate::model::moderation::{Decision, Span};
use crate::store::{Tx, bans, log};

/// Carries a decision out and records the events; the comments that it changed, none if it was not one to decide about.
///
/// One that answers a hidden comment cannot be approved before that is: nobody could see what it answers. What waits
/// behind a comment that is refused has nothing to answer any more, and is refused with it.
///
/// Errors: [`Error::NotFound`] if there is no such comment.
pub fn decide(tx: &Tx, id: CommentId, decision: Decision) -> Result<Vec<CommentId>> {
    use CommentStatus::{Deleted, Pending, Published, Rejected, Spam};
    let comment = get(tx, id)?;
    let done = match (decision, comment.status) {
        (Decision::Approve, Pending | Rejected | Spam) => put(tx, &comment, Published)?,
        (Decision::Hold, Published | Rejected | Spam) => put(tx, &comment, Pending)?,
        (Decision::Delete, Published | Pending | Rejected | Spam) => put(tx, &comment, Deleted)?,
        (Decision::Reject | Decision::Spam, Pending) => {
            return refuse(tx, &comment, decision.target().unwrap_or(Rejected));
        }
        (Decision::Reject, Published | Spam) => put(tx, &comment, Rejected)?,
        (Decision::Spam, Published | Rejected) => put(tx, &comment, Spam)?,
        (Decision::Restore, Deleted) => match discarded::status(tx, id)? {
            Some(before) => put(tx, &comment, before)?,
            None => false,
        },
        (Decision::Erase, Deleted) => erase(tx, &comment)?,
        (Decision::Pin | Decision::Unpin, Published) => {
            mark(tx, &comment, PINNED, decision == Decision::Pin)?
        }
        (Decision::Close | Decision::Reopen, _) => {
            mark(tx, &comment, CLOSED, decision == Decision::Close)?
        }
        _ => false, // decided already, in another window or by its writer
    };
    Ok(if done { vec![id] } else { Vec::new() })
}

/// Every comment of a visitor that waits becomes spam.
pub fn sweep(tx: &Tx, visitor: VisitorId) -> Result<usize> {
    let sql = "select id from comments where visitor_id = ?1 and status = 'pending' order by id";
    let mut swept = 0;
    for id in ids(tx, sql, visitor.0)? {
        swept += decide(tx, id, Decision::Spam)?.len();
    }
    Ok(swept)
}

/// Takes the owner's decisions among these events back, as far as nobody has decided otherwise since; how many, and how
/// many were left. The change that they are stays in the log as it was; a new one tells that it was taken back.
pub fn undo(tx: &Tx, span: Span) -> Result<(usize, usize)> {
    let mut events: Vec<(Event, Value)> = log::between(tx, span.first, span.last)?
        .into_iter()
        .map(|event| {
            let facts = event.facts();
            (event, facts)
        })
        .filter(|(_, facts)| facts["by"] == "owner")
        .collect();
    // What is answered comes before its answers, which nobody could see without it.
    events.sort_by_key(|(event, _)| event.subject);
    let (mut done, mut left) = (0, 0);
    for (event, facts) in events {
        match undo_one(tx, &event, &facts) {
            Ok(true) => done += 1,
            Ok(false) | Err(Error::NotFound) => left += 1,
            Err(error) => return Err(error),
        }
    }
    if done > 0 {
        let facts = Some(json!({ "count": done, "left": left }));
        let (kind, first) = (Kind::ChangeUndone, span.first.0);
        log::append(tx, kind, None, first, Audience::Owner, facts)?;
    }
    Ok((done, left))
}

/// Takes back what one event tells of. Its facts say what was done.
fn undo_one(tx: &Tx, event: &Event, facts: &Value) -> Result<bool> {
    let id = CommentId(event.subject);
    let status = |fact: &str| facts[fact].as_str().and_then(CommentStatus::parse);
    match event.kind {
        Kind::VisitorBanned => bans::lift(tx, BanId(event.subject)),
        Kind::VisitorUnbanned => bans::renew(tx, BanId(event.subject)),
        Kind::CommentUpdated => {
            let comment = get(tx, id)?;
            match (facts["pinned"].as_bool(), facts["closed"].as_bool()) {
                (Some(pinned), _) => mark(tx, &comment, PINNED, !pinned),
                (_, Some(closed)) => mark(tx, &comment, CLOSED, !closed),
                _ => Ok(false),
            }
        }
        _ => match (status("from"), status("to")) {
            (Some(from), Some(to)) => {
                let comment = get(tx, id)?;
                match comment.status == to {
                    true => put(tx, &comment, from),
                    false => Ok(false),
                }
            }
            _ => Ok(false),
        },
    }
}

/// Moves a comment to another status and tells whoever may know; whether it can go there.
fn put(tx: &Tx, comment: &Comment, to: CommentStatus) -> Result<bool> {
    use CommentStatus::{Deleted, Pending, Published};
    let from = comment.status;
    if to == Published && answers_what_is_hidden(tx, comment)? {
        return Ok(false);
    }
    let moved = match (from, to) {
        (Deleted, _) => discarded::take_out(tx, comment.id, to)?,
        (_, Deleted) => discarded::put(tx, comment.id)?,
        _ => {
            let sql = "update comments set status = ?2, version = version + 1,
                           held_for = iif(?2 = 'published', null, held_for) where id = ?1";
            tx.prepare_cached(sql)?.execute(params![comment.id, to])? > 0
        }
    };
    if !moved {
        return Ok(false);
    }
    if to != Deleted {
        naming::note(tx, comment.id)?;
    }
    let facts = json!({ "by": "owner", "from": from.as_str(), "to": to.as_str() });
    let comment = match from {
        Deleted => &get(tx, comment.id)?, // its writer is known again
        _ => comment,
    };
    if from == Published {
        counted(tx, comment.post, -1)?;
        let told = match to {
            Deleted => facts.clone(),
            _ => json!({ "to": to.as_str() }), // its own event says by whom
        };
        hide(tx, comment, Some(told))?;
    }
    if to == Published {
        counted(tx, comment.post, 1)?;
        let told = json!({ "from": from.as_str() });
        append(
            tx,
            Kind::CommentCreated,
            comment,
            Audience::Public,
            Some(told),
        )?;
    }
    let writer = comment.visitor.map_or(Audience::Owner, Audience::Visitor);
    match (from, to) {
        (_, Published) => append(tx, Kind::CommentApproved, comment, writer, Some(facts))?,
        (_, Pending) => append(tx, Kind::CommentPending, comment, writer, Some(facts))?,
        (Published, Deleted) => {} // everyone was told
        (Pending, Deleted) => append(tx, Kind::CommentRejected, comment, writer, Some(facts))?,
        (_, Deleted) => append(
            tx,
            Kind::CommentDeleted,
            comment,
            Audience::Owner,
            Some(facts),
        )?,
        _ => append(tx, Kind::CommentRejected, comment, writer, Some(facts))?,
    }
    if to == Published {
        tell_the_answered(tx, comment)?;
    }
    Ok(true)
}

/// Tells everyone that a comment is gone from the page, and with it the tombstones above it that held only its place.
pub(super) fn hide(tx: &Tx, comment: &Comment, facts: Option<Value>) -> Result<()> {
    append(tx, Kind::CommentDeleted, comment, Audience::Public, facts)?;
    for tombstone in bare_tombstones_above(tx, comment.id)? {
        let (kind, facts) = (Kind::CommentDeleted, json!({ "to": "nothing" }));
        let (post, everyone) = (Some(comment.post), Audience::Public);
        log::append(tx, kind, post, tombstone.0, everyone, Some(facts))?;
    }
    Ok(())
}

/// The tombstones above a comment on which nothing visible hangs any more.
fn bare_tombstones_above(conn: &Connection, id: CommentId) -> Result<Vec<CommentId>> {
    let sql = "with recursive above (id, parent_id, status) as (
                   select p.id, p.parent_id, p.status from comments c join comments p on p.id = c.parent_id
                   where c.id = ?1
                   union all
                   select p.id, p.parent_id, p.status from above join comments p on p.id = above.parent_id)
               select id from above where status <> 'published'";
    let mut query = conn.prepare_cached(sql)?;
    let tombstones: Vec<CommentId> = query
        .query_map([id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut bare = Vec::new();
    for tombstone in tombstones {
        if has_visible_answers(conn, tombstone)? {
            break; // and so has every one above it
        }
        bare.push(tombstone);
    }
    Ok(bare)
}

fn answers_what_is_hidden(tx: &Tx, comment: &Comment) -> Result<bool> {
    let parent = comment.parent.as_ref().map(|parent| get(tx, parent.id));
    let hidden = |parent: Comment| !parent.is_seen_by(None) && !parent.is_deleted();
    Ok(parent.transpose()?.is_some_and(hidden))
}

/// Tells whoever is answered, once.
fn tell_the_answered(tx: &Tx, comment: &Comment) -> Result<()> {
    let Some(parent) = &comment.parent else {
        return Ok(());
    };
    let answered = get(tx, parent.id)?.visitor;
    let Some(answered) = answered.filter(|answered| comment.visitor != Some(*answered)) else {
        return Ok(());
    };
    let audience = Audience::Visitor(answered);
    let sql =
        "select 1 from events where audience = ?1 and kind = 'reply:created' and subject = ?2";
    match tx
        .prepare_cached(sql)?
        .exists(params![audience, comment.id])?
    {
        true => Ok(()),
        false => append(tx, Kind::ReplyCreated, comment, audience, None),
    }
}

/// Refuses a comment that waits, and what waits behind it.
fn refuse(tx: &Tx, comment: &Comment, to: CommentStatus) -> Result<Vec<CommentId>> {
    let sql = "with recursive behind (id) as (
                   select ?1 union all
                   select c.id from comments c join behind on c.parent_id = behind.id where c.status = 'pending')
               select id from behind";
    let all = ids(tx, sql, comment.id.0)?;
    for id in &all {
        put(tx, &get(tx, *id)?, to)?;
    }
    Ok(all)
}

/// Has the words of a deleted comment leave the file.
fn erase(tx: &Tx, comment: &Comment) -> Result<bool> {
    let erased = discarded::empty_of(tx, comment)?;
    if erased {
        let facts = json!({ "by": "owner", "to": "erased" });
        append(
            tx,
            Kind::CommentDeleted,
            comment,
            Audience::Owner,
            Some(facts),
        )?;
    }
    Ok(erased)
}

/// A mark on the first comment of a thread: what the log calls it, and the statement that sets it.
type Mark = (&'static str, &'static str);

const PINNED: Mark = (
    "pinned",
    "update comments set pinned = ?2, version = version + (id = ?1) where id = ?1 and pinned <> ?2",
);
/// Every comment of the thread knows that it is closed, so that none has to look for the first.
const CLOSED: Mark = (
    "closed",
    "update comments set closed = ?2, version = version + (id = ?1)
     where post_id = (select post_id from comments where id = ?1)
         and thread = (select thread from comments where id = ?1) and closed <> ?2",
);

fn mark(tx: &Tx, comment: &Comment, (name, sql): Mark, set: bool) -> Result<bool> {
    if !comment.begins_a_thread() || tx.prepare_cached(sql)?.execute(params![comment.id, set])? == 0
    {
        return Ok(false);
    }
    let facts = json!({ "by": "owner", name: set });
    let everyone = Audience::Public;
    append(tx, Kind::CommentUpdated, comment, everyone, Some(facts))?;
    Ok(true)
}

fn append(
    tx: &Tx,
    kind: Kind,
    comment: &Comment,
    audience: Audience,
    facts: Option<Value>,
) -> Result<()> {
    log::append(tx, kind, Some(comment.post), comment.id.0, audience, facts)
}

fn ids(conn: &Connection, sql: &str, subject: i64) -> Result<Vec<CommentId>> {
    let mut query = conn.prepare_cached(sql)?;
    let ids = query.query_map([subject], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}
