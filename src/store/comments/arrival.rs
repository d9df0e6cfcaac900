//! What a new comment meets on its way in: its post, an earlier attempt of its own, what it answers, and its row.

use rusqlite::{Connection, OptionalExtension, params};

use super::{find, naming};
use crate::error::{Error, Result};
use crate::model::comment::{Comment, CommentStatus, NewComment};
use crate::model::front::Front;
use crate::model::id::{CommentId, PostId, VisitorId};
use crate::model::rules::{Around, MOST_IN_AN_HOUR, TELLING};
use crate::model::settings::Moderation;
use crate::model::time::Timestamp;
use crate::store::posts::{CLOSING, closes_at};
use crate::store::{Tx, settings, sql};
use crate::text::RENDERER;

/// The same words by the same visitor within this many milliseconds are the same comment.
const ECHO: i64 = 60_000;

/// Among so many newest comments of theirs, or of a post's.
const CLICKS: i64 = 20;

const HOUR: i64 = 60 * 60_000;

/// The same words by anyone wait within this many milliseconds, among this many newest comments: a flood of comments must
/// not make each of them dear.
const RECENTLY: i64 = 24 * HOUR;
const REMEMBERED: i64 = 1_000;

/// The open post of that slug, and whether it takes a comment at `now`.
///
/// Errors: [`Error::NotFound`] if readers cannot see it.
pub fn open_post(conn: &Connection, slug: &str, now: Timestamp) -> Result<(PostId, bool)> {
    let sql = format!(
        "select id, comments_open, {CLOSING} from posts
         where kind = 'post' and slug = ?1 and status in ('published', 'unlisted')"
    );
    let row = conn.prepare_cached(&sql)?.query_row([slug], |row| {
        let closes_at = closes_at(row, &Front::of(&sql::json(row, "extra")?))?;
        let is_open = closes_at.is_none_or(|at| now < at);
        Ok((row.get("id")?, row.get("comments_open")? && is_open))
    });
    row.optional()?.ok_or(Error::NotFound)
}

/// The comment that an earlier attempt with the same words made: the same `op`; or, a moment ago, the same visitor, or
/// for a visitor without a cookie the same name. Two clicks on one button are one comment.
pub fn repeated(
    conn: &Connection,
    post: PostId,
    visitor: Option<VisitorId>,
    new: &NewComment,
    now: Timestamp,
) -> Result<Option<CommentId>> {
    let same = "post_id = ?1 and body = ?2 and parent_id is ?3";
    let (body, since) = (new.body.as_str(), now.plus(-ECHO));
    if let Some(op) = &new.op {
        let sql = format!("select id from comments where op = ?4 and {same}");
        let found = conn
            .prepare_cached(&sql)?
            .query_row(params![post, body, new.parent, op], |row| row.get(0))
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    // Only the newest are looked at, however many there are: a flood of comments must not make each of them dear.
    let (whose, likewise) = match visitor {
        Some(_) => ("visitor_id = ?5 and ?6 = ?6", "true"),
        None => ("post_id = ?1 and ?5 is null", "name = ?6"),
    };
    let sql = format!(
        "select id from (select id, post_id, parent_id, name, body from comments
                         where {whose} and created_at > ?4 order by created_at desc limit ?7)
         where {same} and {likewise} limit 1"
    );
    let name = new.name.as_str();
    let row = params![post, body, new.parent, since, visitor, name, CLICKS];
    Ok(conn
        .prepare_cached(&sql)?
        .query_row(row, |row| row.get(0))
        .optional()?)
}

/// The client's id of this attempt, unless another comment has it already.
pub fn free_op(tx: &Tx, post: PostId, new: &NewComment) -> Result<Option<String>> {
    let mut taken = tx.prepare_cached("select 1 from comments where post_id = ?1 and op = ?2")?;
    Ok(match &new.op {
        Some(op) if !taken.exists(params![post, op])? => Some(op.clone()),
        _ => None,
    })
}

/// The comment being answered, which must be one that its answerer can see.
pub fn answered(
    conn: &Connection,
    post: PostId,
    id: CommentId,
    visitor: VisitorId,
) -> Result<Comment> {
    let gone = "the comment you answer is gone; post again to add yours as a new one";
    find(conn, id)?
        .filter(|parent| parent.post == post && parent.is_seen_by(Some(visitor)))
        .ok_or_else(|| Error::field("parent", gone))
}

/// Why a comment waits, if it does. The owner's own waits only behind what it answers.
pub fn held_for(
    tx: &Tx,
    visitor: VisitorId,
    new: &NewComment,
    parent: Option<&Comment>,
) -> Result<Option<String>> {
    if new.held_for.is_some() {
        return Ok(new.held_for.clone());
    }
    // What answers a waiting comment waits with it: strangers cannot see what it answers.
    let mut why = parent
        .filter(|parent| parent.is_pending())
        .map(|_| "what it answers is waiting");
    if why.is_none() && !new.owner {
        why = moderated(tx, visitor)?;
    }
    if why.is_none() && new.is_limited {
        why = around(tx, new, tx.now())?.hold();
    }
    Ok(why.map(Into::into))
}

/// Why a visitor's comment waits by the owner's choice of moderation, if it does.
fn moderated(tx: &Tx, visitor: VisitorId) -> Result<Option<&'static str>> {
    let known = "select 1 from comments where visitor_id = ?1 and status = 'published'";
    Ok(match moderation(tx)? {
        Moderation::Open => None,
        Moderation::All => Some("every comment waits"),
        Moderation::First if tx.prepare_cached(known)?.exists([visitor])? => None,
        Moderation::First => Some("it is the first of its writer"),
    })
}

/// The owner's choice of moderation.
pub fn moderation(conn: &Connection) -> Result<Moderation> {
    let mode = settings::get(conn, "moderation")?.and_then(|word| Moderation::parse(&word));
    Ok(mode.unwrap_or_default())
}

/// What was sent around the time of a comment.
fn around(conn: &Connection, new: &NewComment, now: Timestamp) -> Result<Around> {
    let body = new.body.as_str();
    let sql = "select 1 from comments where id > (select max(id) from comments) - ?3 and created_at > ?2 and body = ?1";
    let mut same = conn.prepare_cached(sql)?;
    let said_before = body.chars().count() >= TELLING
        && same.exists(params![body, now.plus(-RECENTLY), REMEMBERED])?;
    let sql = "select count(*) from (select 1 from comments where status = 'published' and created_at > ?1
                   and owner = 0 limit ?2)";
    let row = params![now.plus(-HOUR), MOST_IN_AN_HOUR];
    let in_the_hour = conn.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
    Ok(Around {
        said_before,
        in_the_hour,
    })
}

/// Writes the row, under the next number of its post, which counts it unless it is held; it starts a thread unless it answers
/// something.
pub fn insert(
    tx: &Tx,
    post: PostId,
    visitor: VisitorId,
    new: &NewComment,
    parent: Option<&Comment>,
    held_for: Option<&str>,
) -> Result<CommentId> {
    let sql = "update posts set last_number = last_number + 1, last_thread = last_thread + ?2,
                   comment_count = comment_count + ?3 where id = ?1";
    tx.prepare_cached(sql)?
        .execute(params![post, parent.is_none(), held_for.is_none()])?;
    let (number, last_thread): (i64, i64) = tx
        .prepare_cached("select last_number, last_thread from posts where id = ?1")?
        .query_row([post], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sql = format!(
        "insert into comments (post_id, parent_id, depth, thread, number, visitor_id, name, email, url, body,
             html, renderer, status, held_for, op, created_at, owner, client, likeness, namesake)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, {})",
        naming::is_namesake("?19", "?6", "true")
    );
    let status = if held_for.is_some() {
        CommentStatus::Pending
    } else {
        CommentStatus::Published
    };
    let row = params![
        post,
        parent.map(|parent| parent.id),
        parent.map_or(0, |parent| parent.depth + 1),
        parent.map_or(last_thread, |parent| parent.thread),
        number,
        visitor,
        new.name.as_str(),
        new.email.as_ref().map(|email| email.as_str()),
        new.url.as_ref().map(|url| url.as_str()),
        new.body.as_str(),
        new.html,
        RENDERER,
        status,
        held_for,
        free_op(tx, post, new)?,
        tx.now(),
        new.owner,
        new.client.map(|client| client.now),
        (!new.owner).then(|| new.name.likeness()), // everyone knows who the owner is
    ];
    Ok(CommentId(tx.prepare_cached(&sql)?.insert(row)?))
}
