//! What the file holds about one visitor: listing it, marking it as read, handing it out, and erasing it.
//!
//! What is unread is decided by the log, as everything that is new is: a reply is unread while its `reply:created` stands
//! after the event up to which its reader has read.

use rusqlite::{Connection, Row, params};
use serde_json::{Value, json};

use super::comments::{discarded, rows};
use super::{Tx, comments, log, reactions, settings, sql};
use crate::error::Result;
use crate::model::comment::{path, place};
use crate::model::event::Audience;
use crate::model::id::{CommentId, EventId, PostId, VisitorId};
use crate::model::post::{Discussion, PostKind};
use crate::model::reaction::Target;
use crate::model::visitor::{Answer, Given, Kept, PostName, Visitor, Written};

const POST: &str = "p.title as post_title, p.status in ('published', 'unlisted') as post_open";

/// Answers that a visitor is told of: public ones of somebody else to a comment that is still the visitor's.
const ANSWERS: &str = "c.status = 'published' and p.status in ('published', 'unlisted')
    and parent.visitor_id = ?1 and c.visitor_id is not ?1";

/// The visitor's newest comments, newest first, and how many there are.
pub fn written(conn: &Connection, visitor: VisitorId, limit: i64) -> Result<(Vec<Written>, i64)> {
    let sql = format!(
        "select {}, {POST} from {} where c.visitor_id = ?1 order by c.created_at desc, c.id desc limit ?2",
        rows::COLUMNS,
        rows::TABLES
    );
    let mut query = conn.prepare_cached(&sql)?;
    let written = query.query_map(params![visitor, limit], |row| {
        Ok(Written {
            comment: rows::from_row(row)?,
            post: post_name(row)?,
        })
    })?;
    let written = written.collect::<rusqlite::Result<_>>()?;
    let all = conn
        .prepare_cached("select count(*) from comments where visitor_id = ?1")?
        .query_row([visitor], |row| row.get(0))?;
    Ok((written, all))
}

/// The newest answers to the visitor's comments, newest first.
pub fn answers(conn: &Connection, visitor: &Visitor, limit: i64) -> Result<Vec<Answer>> {
    let sql = format!(
        "select {}, {POST}, exists (select 1 from events e where e.audience = ?3 and e.id > ?4
             and e.kind = 'reply:created' and e.subject = c.id) as unread
         from {} where {ANSWERS} order by c.created_at desc, c.id desc limit ?2",
        rows::COLUMNS,
        rows::TABLES
    );
    let mut query = conn.prepare_cached(&sql)?;
    let row = params![
        visitor.id,
        limit,
        Audience::Visitor(visitor.id),
        visitor.read_to
    ];
    let answers = query.query_map(row, |row| {
        Ok(Answer {
            comment: rows::from_row(row)?,
            post: post_name(row)?,
            unread: row.get("unread")?,
        })
    })?;
    Ok(answers.collect::<rusqlite::Result<_>>()?)
}

/// How many answers the visitor has not marked as read.
pub fn unread(conn: &Connection, visitor: &Visitor) -> Result<i64> {
    let sql = format!(
        "select count(distinct c.id) from events e join comments c on c.id = e.subject
         join posts p on p.id = c.post_id join comments parent on parent.id = c.parent_id
         where e.audience = ?2 and e.id > ?3 and e.kind = 'reply:created' and {ANSWERS}"
    );
    let row = params![visitor.id, Audience::Visitor(visitor.id), visitor.read_to];
    Ok(conn
        .prepare_cached(&sql)?
        .query_row(row, |row| row.get(0))?)
}

/// The visitor's newest reactions, newest first.
pub fn given(conn: &Connection, visitor: VisitorId, limit: i64) -> Result<Vec<Given>> {
    let kinds = settings::load(conn)?.reactions;
    let sql = format!(
        "select r.kind, r.created_at, p.slug, p.discussion, {POST}, c.id, c.thread, c.number
         from reactions r join posts p on p.id = r.post_id left join comments c on c.id = r.comment_id
         where r.visitor_id = ?1 order by r.created_at desc, r.post_id, r.comment_id, r.kind limit ?2"
    );
    let mut query = conn.prepare_cached(&sql)?;
    let given = query.query_map(params![visitor, limit], |row| {
        let (slug, id): (String, Option<CommentId>) = (row.get("slug")?, row.get("id")?);
        let path = match id {
            Some(id) => {
                let discussion: Discussion = row.get("discussion")?;
                let place = place(discussion, row.get("thread")?, row.get("number")?);
                path(discussion, &slug, place, id)
            }
            None => PostKind::Post.path(&slug),
        };
        let kind: String = row.get("kind")?;
        let (at, post, number) = (row.get("created_at")?, post_name(row)?, row.get("number")?);
        // A kind that the blog has no more has no button and no name either.
        let kind = kinds.iter().find(|one| one.name == kind);
        Ok(kind.map(|kind| Given {
            kind: kind.clone(),
            at,
            post,
            path,
            number,
        }))
    })?;
    let given: Vec<Option<Given>> = given.collect::<rusqlite::Result<_>>()?;
    Ok(given.into_iter().flatten().collect())
}

/// Marks as read what the visitor was told up to `event`. A mark never goes back, nor beyond the log.
pub fn mark_read(tx: &Tx, visitor: VisitorId, event: EventId) -> Result<()> {
    let event = event.min(log::head(tx)?.id);
    tx.prepare_cached("update visitors set read_to = max(read_to, ?2) where id = ?1")?
        .execute(params![visitor, event])?;
    Ok(())
}

/// What the file holds about the visitor beside the comments, counted; nothing once it is erased.
pub fn kept(conn: &Connection, visitor: VisitorId) -> Result<Option<Kept>> {
    let sql = "select created_at, seen_at,
            (select count(client) from comments where visitor_id = v.id) as traced,
            (select count(*) from deleted_comments where visitor_id = v.id) as deleted,
            (select count(*) from reactions where visitor_id = v.id) as reactions,
            (select count(*) from events where audience = ?2) as told,
            exists (select 1 from bans where kind = 'visitor' and key = v.token_hash and lifted_at is null) as banned
        from visitors v where id = ?1";
    let mut query = conn.prepare_cached(sql)?;
    let mut kept = query.query_map(params![visitor, Audience::Visitor(visitor)], |row| {
        Ok(Kept {
            since: row.get("created_at")?,
            seen: row.get("seen_at")?,
            traced: row.get("traced")?,
            deleted: row.get("deleted")?,
            reactions: row.get("reactions")?,
            told: row.get("told")?,
            is_banned: row.get("banned")?,
        })
    })?;
    Ok(kept.next().transpose()?)
}

/// Everything the file holds about the visitor, except the hash of the cookie and the owner's own note to a ban. Times are milliseconds since 1970, UTC.
pub fn export(conn: &Connection, visitor: VisitorId) -> Result<Value> {
    let mut whole = json!({});
    let tables = [
        (
            "visitor",
            "select json_object('id', id, 'name', name, 'email', email, 'url', url, 'show_name', show_name,
                 'created_at', created_at,
                 'seen_at', seen_at, 'read_to', read_to) from visitors where id = ?1 and ?2 is not null",
        ),
        (
            "comments",
            "select json_object('id', c.id, 'post', p.slug, 'number', c.number, 'parent', c.parent_id, 'name', c.name,
                 'email', c.email, 'url', c.url, 'body', c.body, 'html', c.html, 'status', c.status,
                 'held_for', c.held_for, 'op', c.op, 'created_at', c.created_at, 'edited_at', c.edited_at,
                 'edited_by_owner', c.edited_by_owner, 'likeness', c.likeness, 'namesake', c.namesake,
                 'pinned', c.pinned, 'closed', c.closed, 'version', c.version, 'client', lower(hex(c.client)))
             from comments c join posts p on p.id = c.post_id where c.visitor_id = ?1 and ?2 is not null order by c.id",
        ),
        (
            "deleted",
            "select json_object('id', d.comment_id, 'post', p.slug, 'name', d.name, 'email', d.email, 'url', d.url,
                 'body', d.body, 'html', d.html, 'status', d.status, 'held_for', d.held_for, 'deleted_at', d.deleted_at,
                 'client', lower(hex(c.client)))
             from deleted_comments d join comments c on c.id = d.comment_id join posts p on p.id = c.post_id
             where d.visitor_id = ?1 and ?2 is not null order by d.comment_id",
        ),
        (
            "reactions",
            "select json_object('post', p.slug, 'comment', nullif(r.comment_id, 0), 'kind', r.kind,
                 'created_at', r.created_at)
             from reactions r join posts p on p.id = r.post_id
             where r.visitor_id = ?1 and ?2 is not null order by r.created_at",
        ),
        (
            "bans",
            "select json_object('kind', kind, 'until', until, 'created_at', created_at, 'lifted_at', lifted_at)
             from bans where ?2 is not null and (kind = 'visitor' and key = (select token_hash from visitors where id = ?1)
                 or kind = 'client' and key in (select client from comments where visitor_id = ?1)) order by id",
        ),
        (
            "events",
            "select json_object('id', e.id, 'kind', e.kind, 'post', p.slug, 'comment', e.subject, 'at', e.at)
             from events e left join posts p on p.id = e.post_id
             where e.audience = ?2 and ?1 is not null order by e.id",
        ),
    ];
    for (name, sql) in tables {
        let mut query = conn.prepare_cached(sql)?;
        let rows = query.query_map(params![visitor, Audience::Visitor(visitor)], object)?;
        whole[name] = rows.collect::<rusqlite::Result<Vec<Value>>>()?.into();
    }
    whole["visitor"] = whole["visitor"][0].take();
    Ok(whole)
}

/// Erases the visitor: every comment as if its writer had deleted it, every reaction, and who they were. Open pages are
/// told by the events of each. What others wrote stays.
///
/// The log keeps that somebody of this number, which is never given again, was told something, until it is trimmed; and
/// with it the `facts`, if the owner did it. A ban stays as the hash of a cookie, without the owner's note. How many comments
/// went.
pub fn erase(tx: &Tx, visitor: VisitorId, facts: Option<&Value>) -> Result<usize> {
    tx.erases();
    let sql = "update bans set why = '' where kind = 'visitor'
                   and key = (select token_hash from visitors where id = ?1)";
    tx.prepare_cached(sql)?.execute([visitor])?;
    let sql = "select comment_id from deleted_comments where visitor_id = ?1";
    let deleted = ids(tx, sql, visitor)?;
    for id in &deleted {
        discarded::empty_of(tx, &comments::get(tx, CommentId(*id))?)?;
    }
    // The newest first, so that answers go before what they answer and fewer tombstones come and go.
    let sql = "select id from comments where visitor_id = ?1 order by id desc";
    let written = ids(tx, sql, visitor)?;
    for id in &written {
        comments::take_back(tx, &comments::get(tx, CommentId(*id))?, facts)?;
    }
    let sql = "select distinct post_id, comment_id from reactions where visitor_id = ?1";
    let targets: Vec<(PostId, i64)> = tx
        .prepare_cached(sql)?
        .query_map([visitor], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (post, comment) in targets {
        let target = match comment {
            0 => Target::Post,
            id => Target::Comment(CommentId(id)),
        };
        reactions::take_back(tx, post, target, visitor)?;
    }
    tx.prepare_cached("delete from visitors where id = ?1")?
        .execute([visitor])?;
    Ok(deleted.len() + written.len())
}

/// A row that is one JSON object.
fn object(row: &Row) -> rusqlite::Result<Value> {
    sql::json(row, 0)
}

fn ids(conn: &Connection, sql: &str, visitor: VisitorId) -> Result<Vec<i64>> {
    let mut query = conn.prepare_cached(sql)?;
    let ids = query.query_map([visitor], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

fn post_name(row: &Row) -> rusqlite::Result<PostName> {
    Ok(PostName {
        title: row.get("post_title")?,
        open: row.get("post_open")?,
    })
}
