//! The log for its owner: what happened, in words, the newest first, and what of it can be taken back.
//!
//! What an event tells is read from its rows as they are now. What the owner decided in one change, about however many
//! comments, is one happening.

mod changes;
mod words;

use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension, Row, ToSql};
use serde_json::Value;

use super::{log, settings};
use crate::error::Result;
use crate::model::comment::{self, CommentStatus};
use crate::model::event::{Event, Kind};
use crate::model::happening::{Happening, WayBack};
use crate::model::id::{CommentId, EventId, PostId, VisitorId};
use crate::model::inbox::Slice;
use crate::model::post::{Discussion, Status};
use crate::model::time::Timestamp;
use words::Words;

/// Events that one list looks at: some are not told, and some become one line.
const LOOKED_AT: i64 = 1_000;

/// Events in which words are looked for at once.
const SEARCHED: i64 = 20_000;

/// The setting that says up to where the owner has looked.
const READ_TO: &str = "log_read_to";

/// An event, and what it needs to be told.
struct Told {
    id: EventId,
    kind: Kind,
    subject: i64,
    at: Timestamp,
    facts: Value,
    change: EventId,
    post: Option<ToldPost>,
    comment: Option<ToldComment>,
}

struct ToldPost {
    id: PostId,
    title: String,
    status: Status,
    slug: String,
    discussion: Discussion,
}

struct ToldComment {
    id: CommentId,
    name: String,
    status: CommentStatus,
    writer: Option<VisitorId>,
    thread: i64,
    number: i64,
}

const COLUMNS: &str = "e.id, e.kind, e.post_id, e.subject, e.at, e.data, coalesce(e.change, e.id) as change, p.id as found_post,
    coalesce(nullif(m.fields ->> 'title', ''), nullif(p.title, ''), 'Untitled') as title, p.status as post_status, p.slug,
    p.discussion, c.id as comment_id, coalesce(d.name, c.name) as name, c.status as comment_status,
    coalesce(c.visitor_id, d.visitor_id) as writer, c.thread, c.number";
const TABLES: &str = "events e left join posts p on p.id = e.post_id left join manuscripts m on m.post_id = p.id
    left join comments c on c.id = e.subject and e.kind in ('comment:created', 'comment:updated', 'comment:deleted',
        'comment:pending', 'comment:approved', 'comment:rejected', 'reaction:updated')
    left join deleted_comments d on d.comment_id = c.id";

/// A page of what happened.
#[derive(Debug)]
pub struct Found {
    /// The newest first.
    pub happenings: Vec<Happening>,
    /// Where the next page begins, if there may be one.
    pub next: Option<EventId>,
}

/// What happened last, the newest first; at most `most` lines.
pub fn newest(conn: &Connection, most: usize) -> Result<Vec<Happening>> {
    Ok(list(conn, &Slice::default(), &TimeZone::UTC, most)?.happenings)
}

/// Up to `most` lines of that part of the log. Its day is one of `zone`.
pub fn list(conn: &Connection, slice: &Slice, zone: &TimeZone, most: usize) -> Result<Found> {
    let words: Vec<&str> = slice.words.split_whitespace().collect();
    let hours = slice.hours(zone);
    let mut values = values(slice);
    if let Some((from, to)) = &hours {
        values.extend([(":from", from as &dyn ToSql), (":to", to)]);
    }
    let horizon = horizon(conn, slice, &values)?;
    let names: Vec<String> = (0..words.len()).map(|at| format!(":word{at}")).collect();
    for (name, word) in names.iter().zip(&words) {
        values.push((name, word));
    }
    let from = horizon.unwrap_or(EventId::ZERO);
    values.extend([(":horizon", &from as &dyn ToSql), (":most", &LOOKED_AT)]);
    let mut query = conn.prepare_cached(&question(slice, &names))?;
    let mut rows = query.query(&values[..])?;
    let mut found = Found {
        happenings: Vec::new(),
        next: None,
    };
    let mut covered = told_before(conn, slice)?;
    let mut looked_at = 0;
    while let Some(row) = rows.next()? {
        let event = from_row(row)?;
        if covered != Some(event.change) {
            let happening = in_words(conn, &event)?;
            covered = words::is_decision(&event).then_some(event.change);
            if let Some(happening) = happening
                && !add(&mut found.happenings, happening, most)
            {
                return Ok(found);
            }
        }
        (found.next, looked_at) = (Some(event.id), looked_at + 1);
    }
    if looked_at < LOOKED_AT {
        found.next = horizon;
    }
    Ok(found)
}

/// Adds a line, or has the newest one tell of it too; whether there was room.
fn add(found: &mut Vec<Happening>, happening: Happening, most: usize) -> bool {
    let is_full = found.len() == most;
    match found.last_mut().filter(|it| it.key == happening.key) {
        Some(newer) => newer.times += 1,
        None if is_full => return false,
        None => found.push(happening),
    }
    true
}

/// An event in words; `None` if another one tells of the same, or if what it speaks of is gone. Of a change of the owner's
/// the first event tells.
pub fn told(conn: &Connection, event: &Event) -> Result<Option<Happening>> {
    let sql = format!("select {COLUMNS} from {TABLES} where e.id = ?1");
    let mut query = conn.prepare_cached(&sql)?;
    let event = query.query_row([event.id], from_row).optional()?;
    match event {
        Some(event) if words::is_decision(&event) && !changes::is_first(conn, &event)? => Ok(None),
        Some(event) => in_words(conn, &event),
        None => Ok(None),
    }
}

/// Up to which event the owner has looked.
pub fn read_to(conn: &Connection) -> Result<EventId> {
    let read = settings::get(conn, READ_TO)?;
    Ok(EventId(
        read.and_then(|id| id.parse().ok()).unwrap_or_default(),
    ))
}

/// Notes that the owner has looked up to that event, and never takes that back.
pub fn mark_as_read(conn: &Connection, to: EventId) -> Result<()> {
    let to = to.min(log::head(conn)?.id);
    match to > read_to(conn)? {
        true => settings::set(conn, READ_TO, &to.to_string()),
        false => Ok(()),
    }
}

/// What the chosen post is called, and the chosen reader.
pub fn names(conn: &Connection, slice: &Slice) -> Result<(Option<String>, Option<String>)> {
    let name = |sql: &str, id: i64| {
        let mut query = conn.prepare_cached(sql)?;
        query.query_row([id], |row| row.get(0)).optional()
    };
    let post = slice.post.map(|id| {
        let sql = "select coalesce(nullif(title, ''), 'Untitled') from posts where id = ?1";
        name(sql, id.0)
    });
    let writer = slice.writer.map(|id| {
        let sql = "select nullif(name, '') from visitors where id = ?1 and name <> ''";
        name(sql, id.0)
    });
    Ok((post.transpose()?.flatten(), writer.transpose()?.flatten()))
}

/// Before which event to look further, if there are more than are looked at now.
fn horizon(
    conn: &Connection,
    slice: &Slice,
    values: &[(&str, &dyn ToSql)],
) -> Result<Option<EventId>> {
    let rules = rules(slice);
    let at_once = match slice.words.is_empty() {
        true => LOOKED_AT,
        false => SEARCHED,
    };
    let sql = format!(
        "select e.id from events e where {rules} order by e.id desc limit 1 offset {}",
        at_once - 1
    );
    let mut query = conn.prepare_cached(&sql)?;
    Ok(query.query_row(values, |row| row.get(0)).optional()?)
}

/// What asks for the events of a part in which the words of these parameters stand.
fn question(slice: &Slice, words: &[String]) -> String {
    let rules = rules(slice);
    let spoken: String = words.iter().map(|name| spoken(name)).collect();
    format!(
        "select {COLUMNS} from {TABLES} where {rules} and e.id >= :horizon {spoken}
         order by e.id desc limit :most"
    )
}

/// The change of which the page before this one has told already.
fn told_before(conn: &Connection, slice: &Slice) -> Result<Option<EventId>> {
    let sql = "select coalesce(change, id) as first from events e where id = ?1 and exists (
                   select 1 from events where (id = coalesce(e.change, e.id) or change = coalesce(e.change, e.id))
                       and data ->> 'by' = 'owner')";
    let mut query = conn.prepare_cached(sql)?;
    Ok(query
        .query_row([slice.before], |row| row.get(0))
        .optional()?)
}

/// The part as conditions. Each is there only if it is asked for, so that the one index that fits best is used.
fn rules(slice: &Slice) -> String {
    let mut rules = vec!["true"];
    let mut and = |asked: bool, rule| {
        if asked {
            rules.push(rule);
        }
    };
    and(slice.before.is_some(), "e.id < :before");
    // A reader has written little, and a post may have been read by many: what is rarer is looked up.
    let post = match slice.writer {
        Some(_) => "+e.post_id = :post",
        None => "e.post_id = :post",
    };
    and(slice.post.is_some(), post);
    let noun = "substr(e.kind, 1, instr(e.kind, ':') - 1) = :noun";
    and(slice.noun.is_some(), noun);
    let writer = "e.kind glob 'comment:*' and e.subject in (select id from comments where visitor_id = :writer
        union all select comment_id from deleted_comments where visitor_id = :writer)";
    and(slice.writer.is_some(), writer);
    // The clock may have been turned back: the ids of a day are looked up, and its hours asked for besides.
    let day = "e.id between (select min(id) from events where at >= :from and at < :to)
        and (select max(id) from events where at >= :from and at < :to) and +e.at >= :from and +e.at < :to";
    and(slice.day.is_some(), day);
    rules.join(" and ")
}

/// The values of [`rules`], but for the hours of the day.
fn values(slice: &Slice) -> Vec<(&str, &dyn ToSql)> {
    let mut values: Vec<(&str, &dyn ToSql)> = Vec::new();
    if let Some(before) = &slice.before {
        values.push((":before", before));
    }
    if let Some(post) = &slice.post {
        values.push((":post", post));
    }
    if let Some(noun) = &slice.noun {
        values.push((":noun", &noun.word));
    }
    if let Some(writer) = &slice.writer {
        values.push((":writer", writer));
    }
    values
}

/// That a word stands in what an event is about.
fn spoken(word: &str) -> String {
    let said =
        "coalesce(d.name, c.name, '') || char(10) || coalesce(d.body, c.body, '') || char(10)
        || coalesce(m.fields ->> 'title', '') || char(10) || coalesce(p.title, '')";
    format!(" and instr(lower({said}), lower({word})) > 0")
}

/// What an event tells, with what can be done about it.
fn in_words(conn: &Connection, event: &Told) -> Result<Option<Happening>> {
    let change = match words::is_decision(event) {
        true => Some(changes::of(conn, event.change)?),
        false => None,
    };
    let Some(Words {
        who,
        what,
        whose,
        to,
    }) = words::of(event, change.as_ref())
    else {
        return Ok(None);
    };
    let way_back = change.as_ref().map(|change| change.way_back);
    let is_about_one = change.as_ref().is_none_or(|change| change.comments <= 1);
    let comment = event.comment.as_ref().filter(|_| is_about_one);
    let post = event.post.as_ref().map(|post| post.id);
    Ok(Some(Happening {
        id: event.id,
        noun: event.kind.noun(),
        mark: match &change {
            Some(_) => format!("change-{}", event.change),
            None => format!("event-{}", event.id),
        },
        key: match change {
            Some(_) => format!("change-{}", event.change),
            None => {
                let post = post.map_or(0, |post| post.0);
                format!("{}-{}-{post}", event.kind.as_str(), event.subject)
            }
        },
        times: 1,
        who,
        what,
        whose,
        to,
        at: event.at,
        post,
        comment: comment.map(|comment| comment.id),
        writer: comment.and_then(|comment| comment.writer),
        by_owner: words::is_owners(event),
        way_back: way_back.unwrap_or(WayBack::None),
    }))
}

fn from_row(row: &Row) -> rusqlite::Result<Told> {
    let facts: Option<String> = row.get("data")?;
    let facts = facts.and_then(|facts| serde_json::from_str(&facts).ok());
    let post: Option<PostId> = row.get("found_post")?;
    let comment: Option<CommentId> = row.get("comment_id")?;
    Ok(Told {
        id: row.get("id")?,
        kind: row.get("kind")?,
        subject: row.get("subject")?,
        at: row.get("at")?,
        facts: facts.unwrap_or(Value::Null),
        change: row.get("change")?,
        post: match post {
            Some(id) => Some(ToldPost {
                id,
                title: row.get("title")?,
                status: row.get("post_status")?,
                slug: row.get("slug")?,
                discussion: row.get("discussion")?,
            }),
            None => None,
        },
        comment: match comment {
            Some(id) => Some(ToldComment {
                id,
                name: row.get("name")?,
                status: row.get("comment_status")?,
                writer: row.get("writer")?,
                thread: row.get("thread")?,
                number: row.get("number")?,
            }),
            None => None,
        },
    })
}

impl Told {
    /// Where the comment is read, or judged where readers cannot see it.
    fn comment_path(&self) -> Option<String> {
        let (post, comment) = (self.post.as_ref()?, self.comment.as_ref()?);
        Some(match comment.status {
            CommentStatus::Published if post.status.is_open() => {
                let place = comment::place(post.discussion, comment.thread, comment.number);
                comment::path(post.discussion, &post.slug, place, comment.id)
            }
            CommentStatus::Deleted if comment.name.is_empty() => {
                format!("/admin/posts/{}", post.id)
            }
            _ => format!("/admin/comments/{}", comment.id),
        })
    }
}
