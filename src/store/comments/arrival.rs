//! What a new comment meets on its way in: its post, an earlier attempt of its own, and what it answers. Its row is written in
//! `incoming`.

use rusqlite::{Connection, OptionalExtension, params};

use super::find;
use crate::error::{Error, Result};
use crate::model::comment::{Comment, NewComment};
use crate::model::front::Front;
use crate::model::id::{CommentId, PostId, VisitorId};
use crate::model::post::Discussion;
use crate::model::rules::{Around, MOST_IN_AN_HOUR, TELLING};
use crate::model::settings::Moderation;
use crate::model::time::Timestamp;
use crate::store::posts::{CLOSING, closes_at};
use crate::store::{Tx, settings, sql};

/// The same words by the same visitor within this many milliseconds are the same comment.
const ECHO: i64 = 60_000;

/// Among so many newest comments of theirs; of those who have no cookie yet, under such a name. Each of them is looked up.
const CLICKS: i64 = 5;

const HOUR: i64 = 60 * 60_000;

/// The same words by anyone wait within this many milliseconds, among this many newest comments: a flood of comments must
/// not make each of them dear.
const RECENTLY: i64 = 24 * HOUR;
const REMEMBERED: i64 = 1_000;

/// A post that readers can see, as far as a comment has to know it.
pub struct OpenPost {
    pub id: PostId,
    pub discussion: Discussion,
    /// Whether it takes a comment now.
    pub is_open: bool,
}

/// The post of that slug, as it is at `now`.
///
/// Errors: [`Error::NotFound`] if readers cannot see it.
pub fn open_post(conn: &Connection, slug: &str, now: Timestamp) -> Result<OpenPost> {
    let sql = format!(
        "select id, comments_open, discussion, {CLOSING} from posts
         where kind = 'post' and slug = ?1 and status in ('published', 'unlisted')"
    );
    let row = conn.prepare_cached(&sql)?.query_row([slug], |row| {
        let closes_at = closes_at(row, &Front::of(&sql::json(row, "extra")?))?;
        let is_open = closes_at.is_none_or(|at| now < at);
        Ok(OpenPost {
            id: row.get(0)?,
            discussion: row.get(2)?,
            is_open: row.get(1)? && is_open,
        })
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
        Some(_) => ("visitor_id = ?5 order by created_at desc", "true"),
        None if new.owner => ("post_id = ?1 order by number desc", "name = ?7"),
        None => ("likeness = ?6 order by id desc", "name = ?7"),
    };
    let sql = format!(
        "select id from (select id, post_id, parent_id, name, body, created_at from comments where {whose} limit ?8)
         where {same} and {likewise} and created_at > ?4 limit 1"
    );
    let (name, likeness) = (new.name.as_str(), likeness(new));
    let row = params![
        post, body, new.parent, since, visitor, likeness, name, CLICKS
    ];
    Ok(conn
        .prepare_cached(&sql)?
        .query_row(row, |row| row.get(0))
        .optional()?)
}

/// What the name under which it is written looks like. Everyone knows who the owner is.
pub fn likeness(new: &NewComment) -> Option<String> {
    (!new.owner).then(|| new.name.likeness())
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
