//! Rows of another blog on their way in, quietly: nobody is told of what was said elsewhere, long ago.
//!
//! What hangs on a post is added to one that the same importer has brought, and only where its number is free: adding it
//! twice changes nothing. An id that was never given here is kept, so that the addresses of comments stay what they were.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::{Tx, icons, search, settings};
use crate::error::Result;
use crate::model::carried::{CarriedComment, CarriedEntry, CarriedReaction, CarriedVisitor};
use crate::model::comment::CommentStatus;
use crate::model::entry::EntryStatus;
use crate::model::icon::Icon;
use crate::model::id::{CommentId, PostId, VisitorId};
use crate::model::post::Rendered;
use crate::model::reaction::is_name;
use crate::model::settings::fields::Field;
use crate::model::time::Timestamp;
use crate::model::typed::{Body, Email, Link, Name};
use crate::text::{self, RENDERER};

/// Sets what nobody has set yet, and records it. The owner's name comes with the owner, and with nothing else.
pub fn settings(tx: &Tx, chosen: &[(&'static Field, String)]) -> Result<()> {
    let mut unset = Vec::new();
    for (field, value) in chosen {
        if field.key != "owner" && settings::is_unset(tx, field.key)? {
            unset.push((*field, value.clone()));
        }
    }
    settings::change(tx, &unset)
}

/// Gives the blog an icon, in every size, if it never had one of its own.
pub fn icon(tx: &Tx, sizes: &[Icon]) -> Result<()> {
    match settings::is_unset(tx, "icon")? {
        true => icons::replace(tx, sizes),
        false => Ok(()),
    }
}

/// Sets when a post was begun.
pub fn began(tx: &Tx, id: PostId, at: Timestamp) -> Result<()> {
    let sql = "update posts set created_at = ?2 where id = ?1";
    tx.prepare_cached(sql)?.execute(params![id, at])?;
    Ok(())
}

/// Says what a media file shows, and when it came first.
pub fn media(tx: &Tx, hash: &str, alt: &str, at: Timestamp) -> Result<()> {
    let sql = "update media set alt = ?2, created_at = ?3 where hash = ?1";
    tx.prepare_cached(sql)?.execute(params![hash, alt, at])?;
    Ok(())
}

/// Visitors of another blog, and who they are here once something of theirs has arrived.
pub struct Guests {
    known: HashMap<i64, CarriedVisitor>,
    here: HashMap<i64, VisitorId>,
}

impl Guests {
    /// Guests by their numbers.
    pub fn new(known: impl Iterator<Item = (i64, CarriedVisitor)>) -> Guests {
        Guests {
            known: known.collect(),
            here: HashMap::new(),
        }
    }

    /// The row of a guest, made when it is first needed. No cookie leads to it.
    fn seat(&mut self, tx: &Tx, guest: i64) -> Result<VisitorId> {
        if let Some(id) = self.here.get(&guest) {
            return Ok(*id);
        }
        let known = self.known.get(&guest);
        let nobodys = nobodys(guest, known);
        let at = known.map_or(tx.now(), |known| known.created_at.0);
        let name = known.and_then(|known| Name::parse(&known.name).ok());
        let email = known.and_then(|known| address(known.email.as_deref()));
        let url = known.and_then(|known| link(known.url.as_deref()));
        let sql =
            "insert into visitors (token_hash, name, email, url, show_name, created_at, seen_at)
                   values (?1, ?2, ?3, ?4, ?5, ?6, ?6)
                   on conflict (token_hash) do update set seen_at = seen_at returning id";
        let row = params![
            nobodys,
            name.as_ref().map_or("", |name| name.as_str()),
            email,
            url,
            known.is_some_and(|known| known.show_name),
            at
        ];
        let id = tx.prepare_cached(sql)?.query_row(row, |row| row.get(0))?;
        self.here.insert(guest, id);
        Ok(id)
    }
}

/// What stands where the hash of a cookie would: the same for the same guest, so that an import that is repeated knows
/// whom it brought, and not the hash of anything, so that no cookie leads there.
fn nobodys(guest: i64, known: Option<&CarriedVisitor>) -> [u8; 32] {
    let first = known.map_or(0, |known| known.created_at.0.0);
    let name = known.map_or("", |known| &known.name);
    let told = format!("guest {guest} {first} {name}");
    let mut hash: [u8; 32] = Sha256::digest(told).into();
    hash[0] = !hash[0];
    hash
}

/// Ids and numbers that rows of a blog can have. What is added later counts on from the largest, so one at the end of what
/// can be counted would leave no room for any more.
const NUMBERS: RangeInclusive<i64> = 1..=1 << 40;

/// A comment that has passed the rules for comments.
pub struct Arrival {
    said: CarriedComment,
    status: CommentStatus,
    html: String,
}

impl Arrival {
    /// Cleans, judges and renders a comment as one that is sent by a form.
    ///
    /// Errors: the sentence that its writer would read.
    pub fn of(mut said: CarriedComment) -> std::result::Result<Arrival, String> {
        if ![said.number, said.thread]
            .iter()
            .all(|it| NUMBERS.contains(it))
        {
            return Err("its number is none that a comment has".into());
        }
        let status = CommentStatus::parse(&said.status).ok_or("its status is none we know")?;
        let is_gone = status == CommentStatus::Deleted;
        if is_gone {
            (said.name, said.body) = Default::default();
            (said.url, said.email, said.visitor, said.held_for) = Default::default();
        } else {
            said.name = Name::parse(&said.name)?.as_str().into();
            said.body = Body::parse(&said.body)?.as_str().into();
            said.url = link(said.url.as_deref());
            said.email = address(said.email.as_deref());
        }
        let html = match is_gone {
            true => String::new(),
            false => text::comment::html(&said.body),
        };
        Ok(Arrival { said, status, html })
    }
}

fn link(typed: Option<&str>) -> Option<String> {
    let link = Link::parse(typed?).ok()??;
    Some(link.as_str().into())
}

fn address(typed: Option<&str>) -> Option<String> {
    let email = Email::parse(typed?).ok()??;
    Some(email.as_str().into())
}

/// Adds a comment; whether it is new. One that answers something which is not there begins a thread.
pub fn comment(tx: &Tx, source: &str, arrival: &Arrival, guests: &mut Guests) -> Result<bool> {
    let Arrival { said, status, html } = arrival;
    let Some(post) = brought(tx, source, &said.post)? else {
        return Ok(false);
    };
    if comment_of(tx, post, said.number)?.is_some() {
        return Ok(false);
    }
    let parent = "select id, depth, thread from comments where post_id = ?1 and number = ?2";
    let parent: Option<(CommentId, i64, i64)> = tx
        .prepare_cached(parent)?
        .query_row(params![post, said.parent], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let visitor = said.visitor.map(|guest| guests.seat(tx, guest));
    let sql = "insert into comments (id, post_id, parent_id, depth, thread, number, visitor_id, name, email, url, body,
                   html, renderer, status, held_for, created_at, edited_at, owner, edited_by_owner, pinned, closed)
               values (iif(?1 > (select coalesce(max(seq), 0) from sqlite_sequence where name = 'comments'), ?1, null),
                   ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";
    tx.prepare_cached(sql)?.execute(params![
        Some(said.id).filter(|id| NUMBERS.contains(id)),
        post,
        parent.map(|parent| parent.0),
        parent.map_or(0, |parent| parent.1 + 1),
        parent.map_or(said.thread, |parent| parent.2),
        said.number,
        visitor.transpose()?,
        said.name,
        said.email,
        said.url,
        said.body,
        html,
        RENDERER,
        status,
        said.held_for,
        said.created_at.0,
        said.edited_at.map(|at| at.0),
        said.owner,
        said.edited_by_owner,
        said.pinned,
        said.closed,
    ])?;
    let sql =
        "update posts set last_number = max(last_number, ?2), last_thread = max(last_thread, ?3),
                   comment_count = comment_count + ?4 where id = ?1";
    let counted = *status == CommentStatus::Published;
    if counted {
        search::note(tx, CommentId(tx.last_insert_rowid()))?;
    }
    tx.prepare_cached(sql)?
        .execute(params![post, said.number, said.thread, counted])?;
    Ok(true)
}

/// Adds an entry; whether it is new.
pub fn entry(tx: &Tx, source: &str, said: &CarriedEntry, rendered: &Rendered) -> Result<bool> {
    let Some(post) = brought(tx, source, &said.post)? else {
        return Ok(false);
    };
    let status = EntryStatus::parse(&said.status).filter(|_| NUMBERS.contains(&said.number));
    let Some(status) = status else {
        return Ok(false);
    };
    let is_there = status == EntryStatus::Published;
    let sql = "insert into entries (post_id, number, title, excerpt, body, html, renderer, status, created_at, edited_at)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) on conflict (post_id, number) do nothing";
    let kept = |text: &str| {
        if is_there {
            text.to_owned()
        } else {
            String::new()
        }
    };
    let new = tx.prepare_cached(sql)?.execute(params![
        post,
        said.number,
        said.title.as_ref().filter(|_| is_there),
        kept(&rendered.excerpt),
        kept(&said.body),
        kept(&rendered.html),
        RENDERER,
        status,
        said.created_at.0,
        said.edited_at.map(|at| at.0),
    ])?;
    let sql = "update posts set last_entry = max(last_entry, ?2), entry_count = entry_count + ?3 where id = ?1";
    tx.prepare_cached(sql)?
        .execute(params![post, said.number, new > 0 && is_there])?;
    Ok(new > 0)
}

/// Adds a reaction, whether or not this blog shows its kind now; whether it is new.
pub fn reaction(
    tx: &Tx,
    source: &str,
    said: &CarriedReaction,
    guests: &mut Guests,
) -> Result<bool> {
    if !is_name(&said.kind) {
        return Ok(false);
    }
    let Some(post) = brought(tx, source, &said.post)? else {
        return Ok(false);
    };
    let comment = match said.comment {
        None => CommentId(0),
        Some(number) => match comment_of(tx, post, number)? {
            Some(id) => id,
            None => return Ok(false),
        },
    };
    let visitor = guests.seat(tx, said.visitor)?;
    let sql = "insert into reactions (post_id, comment_id, kind, visitor_id, created_at) values (?1, ?2, ?3, ?4, ?5)
               on conflict do nothing";
    let row = params![post, comment, said.kind, visitor, said.created_at.0];
    Ok(tx.prepare_cached(sql)?.execute(row)? > 0)
}

/// The post of that address that the importer has brought.
fn brought(conn: &Connection, source: &str, address: &str) -> Result<Option<PostId>> {
    let sql = "select id from posts where source = ?1 and source_id = ?2";
    let mut query = conn.prepare_cached(sql)?;
    Ok(query
        .query_row([source, address], |row| row.get(0))
        .optional()?)
}

fn comment_of(conn: &Connection, post: PostId, number: i64) -> Result<Option<CommentId>> {
    let sql = "select id from comments where post_id = ?1 and number = ?2";
    let mut query = conn.prepare_cached(sql)?;
    Ok(query
        .query_row(params![post, number], |row| row.get(0))
        .optional()?)
}
