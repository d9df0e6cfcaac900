//! The owner's decisions about comments that wait.

use rusqlite::{Connection, Row, params};

use super::{COLUMNS, TABLES, counted, from_row, get, take_back};
use crate::error::Result;
use crate::model::comment::{Comment, CommentStatus};
use crate::model::desk::{Decision, Waiting};
use crate::model::event::{Audience, Kind};
use crate::model::id::CommentId;
use crate::store::{Tx, log};

/// Comments of that status, the newest first.
pub fn list(conn: &Connection, status: CommentStatus, limit: i64) -> Result<Vec<Waiting>> {
    let sql = format!(
        "select {COLUMNS}, c.held_for, p.title as post_title from {TABLES} where c.status = ?1
         order by c.created_at desc, c.id desc limit ?2"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let rows = query.query_map(params![status, limit], waiting)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One comment, if it waits.
pub fn find(conn: &Connection, id: CommentId) -> Result<Option<Waiting>> {
    let sql = format!(
        "select {COLUMNS}, c.held_for, p.title as post_title from {TABLES} where c.id = ?1 and c.status = 'pending'"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query_map([id], waiting)?;
    Ok(rows.next().transpose()?)
}

/// How many comments have that status.
pub fn count(conn: &Connection, status: CommentStatus) -> Result<i64> {
    let sql = "select count(*) from comments where status = ?1";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([status], |row| row.get(0))?)
}

/// Carries a decision out and records the events; whether the comment was one to decide about. One that answers a
/// hidden comment cannot be approved before that is: nobody could see what it answers.
pub fn decide(tx: &Tx, id: CommentId, decision: Decision) -> Result<bool> {
    use CommentStatus::{Pending, Rejected};
    let comment = get(tx, id)?;
    match (decision, comment.status) {
        (Decision::Approve, Pending | Rejected) => approve(tx, &comment),
        (Decision::Reject, Pending) => reject(tx, &comment),
        (Decision::Hold, Rejected) => {
            put(tx, id, Pending)?;
            tell(tx, Kind::CommentPending, &comment)?;
            Ok(true)
        }
        (Decision::Delete, Pending | Rejected) => delete(tx, &comment),
        _ => Ok(false), // decided already, in another window or by its writer
    }
}

fn approve(tx: &Tx, comment: &Comment) -> Result<bool> {
    let parent = comment.parent.as_ref().map(|parent| get(tx, parent.id));
    let parent = parent.transpose()?;
    let hidden = |parent: &Comment| !parent.is_seen_by(None) && !parent.is_deleted();
    if parent.as_ref().is_some_and(hidden) {
        return Ok(false);
    }
    put(tx, comment.id, CommentStatus::Published)?;
    counted(tx, comment.post, 1)?;
    let public = Audience::Public;
    append(tx, Kind::CommentCreated, comment, public)?;
    tell(tx, Kind::CommentApproved, comment)?;
    let answered = parent.and_then(|parent| parent.visitor);
    if let Some(answered) = answered.filter(|answered| comment.visitor != Some(*answered)) {
        append(tx, Kind::ReplyCreated, comment, Audience::Visitor(answered))?;
    }
    Ok(true)
}

/// What waits behind it has nothing to answer any more, and is rejected with it.
fn reject(tx: &Tx, comment: &Comment) -> Result<bool> {
    let sql = "with recursive behind (id) as (
                   select ?1 union all
                   select c.id from comments c join behind on c.parent_id = behind.id where c.status = 'pending')
               select id from behind";
    let mut query = tx.prepare_cached(sql)?;
    let ids: Vec<CommentId> = query
        .query_map([comment.id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in ids {
        let rejected = get(tx, id)?;
        put(tx, id, CommentStatus::Rejected)?;
        tell(tx, Kind::CommentRejected, &rejected)?;
    }
    Ok(true)
}

fn delete(tx: &Tx, comment: &Comment) -> Result<bool> {
    take_back(tx, comment)?;
    if comment.visitor.is_none() {
        append(tx, Kind::CommentRejected, comment, Audience::Owner)?;
    }
    Ok(true)
}

fn put(tx: &Tx, id: CommentId, status: CommentStatus) -> Result<()> {
    let sql = "update comments set status = ?2, version = version + 1,
                   held_for = iif(?2 = 'published', null, held_for) where id = ?1";
    tx.prepare_cached(sql)?.execute(params![id, status])?;
    Ok(())
}

/// Tells the comment's writer, if it has one that is known, and the owner's windows.
fn tell(tx: &Tx, kind: Kind, comment: &Comment) -> Result<()> {
    let audience = comment.visitor.map_or(Audience::Owner, Audience::Visitor);
    append(tx, kind, comment, audience)
}

fn append(tx: &Tx, kind: Kind, comment: &Comment, audience: Audience) -> Result<()> {
    log::append(tx, kind, Some(comment.post), comment.id.0, audience, None)
}

fn waiting(row: &Row) -> rusqlite::Result<Waiting> {
    Ok(Waiting {
        comment: from_row(row)?,
        held_for: row.get("held_for")?,
        post_title: row.get("post_title")?,
    })
}
