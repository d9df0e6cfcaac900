//! A frame: one event as every client of its stream gets it, rendered once from the row as it is now.
//!
//! The log names a row; what the row says is looked up here, and so is whether it may be shown. An event about a row that
//! is gone or hidden by now becomes a frame that says nothing: the removal that follows it covers it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;
use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::sse;
use crate::error::Result;
use crate::model::comment::{Comment, CommentStatus};
use crate::model::entry::Entry;
use crate::model::event::{Audience, Event, Kind};
use crate::model::id::{CommentId, EntryId, PostId};
use crate::model::manner::Manner;
use crate::model::post::{Post, Status};
use crate::model::reaction::{ReactionKind, Tally, Target};
use crate::model::topic::Topic;
use crate::store::posts::LISTED_BEFORE;
use crate::store::{comments, entries, lists, posts, reactions, settings};
use crate::views::comments::CommentPart;
use crate::views::entries::EntryPart;
use crate::views::lists::PostRowPart;
use askama::Template;

/// An event, encoded.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What the log says.
    pub event: Event,
    /// Whether lists name its post; a post that is only reachable by its address stays out of the site's stream.
    listed: bool,
    /// The comment that the frame's own comment answers, and may name.
    pub parent: Option<CommentId>,
    /// One SSE block; `None` if there is nothing to show.
    block: Option<Bytes>,
}

impl Frame {
    /// A frame that shows `data`.
    pub fn visible(event: Event, listed: bool, data: &Value) -> Frame {
        // Not its `Display`, which goes piece by piece through a formatter.
        let text = serde_json::to_string(data).unwrap_or_else(|_| data.to_string());
        let block = sse::event(event.id, event.kind.as_str(), &text);
        let parent = data["comment"]["parent"].as_i64().map(CommentId);
        Frame {
            event,
            listed,
            parent,
            block: Some(block),
        }
    }

    /// A frame that only marks its place.
    pub fn silent(event: Event) -> Frame {
        Frame {
            event,
            listed: false,
            parent: None,
            block: None,
        }
    }

    /// Whether clients of `topic` are sent it.
    pub fn is_for(&self, topic: &Topic) -> bool {
        let named = self.listed || !topic.is_listed() || self.event.audience != Audience::Public;
        self.block.is_some() && topic.admits(&self.event) && named
    }

    /// The SSE block, the same bytes for everyone.
    pub fn block(&self) -> Option<Bytes> {
        self.block.clone()
    }

    /// The event for polling clients: the data with its `kind` beside.
    pub fn json(&self) -> Option<Value> {
        let text = std::str::from_utf8(self.block.as_ref()?).ok()?;
        let data = text.lines().find_map(|line| line.strip_prefix("data: "))?;
        let mut data: Map<String, Value> = serde_json::from_str(data).ok()?;
        data.insert("kind".into(), self.event.kind.as_str().into());
        Some(data.into())
    }

    /// Bytes it holds.
    pub fn len(&self) -> usize {
        self.block.as_ref().map_or(0, Bytes::len)
    }
}

/// Where events become frames, at one moment of the file: what they have in common is looked up once.
pub struct Studio<'a> {
    conn: &'a Connection,
    manner: Manner,
    /// Posts that were looked up.
    posts: RefCell<HashMap<PostId, Option<Rc<Post>>>>,
}

impl Studio<'_> {
    /// A studio at the moment that `conn` reads.
    ///
    /// Errors: what reading the settings answers.
    pub fn of(conn: &Connection) -> Result<Studio<'_>> {
        Ok(Studio {
            conn,
            manner: settings::load(conn)?.manner(),
            posts: RefCell::default(),
        })
    }

    /// Renders an event. One that cannot be rendered is left out and logged, so that the others go on.
    pub fn render(&self, event: &Event) -> Frame {
        let post = event.post.map(|id| self.post(id)).transpose();
        let post = post.map(Option::flatten);
        match post.and_then(|post| shown(self.conn, event, post.as_deref(), &self.manner)) {
            Ok(Some((listed, data))) => {
                Frame::visible(event.clone(), listed, &with_envelope(event, data))
            }
            Ok(None) => Frame::silent(event.clone()),
            Err(error) => {
                tracing::error!("event {} cannot be rendered: {error}", event.id);
                Frame::silent(event.clone())
            }
        }
    }

    fn post(&self, id: PostId) -> Result<Option<Rc<Post>>> {
        if let Some(post) = self.posts.borrow().get(&id) {
            return Ok(post.clone());
        }
        let post = posts::by_id(self.conn, id)?.map(Rc::new);
        self.posts.borrow_mut().insert(id, post.clone());
        Ok(post)
    }
}

/// What the event of a post shows and whether lists name that post; `None` if it shows nothing.
pub(super) fn shown(
    conn: &Connection,
    event: &Event,
    post: Option<&Post>,
    manner: &Manner,
) -> Result<Option<(bool, Value)>> {
    let Some(post) = post else {
        return Ok(None);
    };
    let listed = post.status == Status::Published;
    let data = match event.kind {
        Kind::PostDeleted if !post.status.is_open() => Some(removed(post)),
        _ if !post.status.is_open() => None,
        Kind::CommentCreated | Kind::CommentUpdated => {
            comment(conn, event, post, CommentStatus::Published, manner)?
        }
        Kind::CommentApproved => comment(conn, event, post, CommentStatus::Published, manner)?
            .map(|data| titled(data, post)),
        Kind::CommentPending => comment(conn, event, post, CommentStatus::Pending, manner)?,
        Kind::CommentDeleted => deleted(conn, event, post, manner)?,
        Kind::CommentRejected => Some(json!({ "post": post.slug, "comment": event.subject })),
        Kind::ReplyCreated => reply(conn, event, post, manner)?.map(|data| titled(data, post)),
        Kind::ReactionUpdated => reaction(conn, event, post, manner)?,
        Kind::EntryCreated | Kind::EntryUpdated | Kind::EntryDeleted => {
            entry(conn, event, post, manner)?
        }
        Kind::PostPublished | Kind::PostUpdated => Some(published(conn, post, manner)?),
        Kind::PostDeleted
        | Kind::PostCreated
        | Kind::PostMoved
        | Kind::PostSaved
        | Kind::PostErased
        | Kind::OwnerLogin
        | Kind::OwnerLogout
        | Kind::OwnerPassword
        | Kind::OwnerCode
        | Kind::ImportApplied
        | Kind::ImportUndone
        | Kind::SettingsUpdated
        | Kind::VisitorBanned
        | Kind::ChangeUndone
        | Kind::VisitorUnbanned
        | Kind::BlogRestored
        | Kind::BlogPromoted => None,
    };
    Ok(data.map(|data| (listed || was_listed(event), data)))
}

/// Whether the event takes away a post that lists named.
fn was_listed(event: &Event) -> bool {
    event.kind == Kind::PostDeleted && event.data.as_deref() == Some(LISTED_BEFORE)
}

/// Every event says which it is and when it happened.
pub(super) fn with_envelope(event: &Event, mut data: Value) -> Value {
    data["id"] = event.id.0.into();
    data["at"] = event.at.0.into();
    data
}

/// A comment as it is now, if it has the status that the event speaks of.
pub(super) fn comment(
    conn: &Connection,
    event: &Event,
    post: &Post,
    status: CommentStatus,
    manner: &Manner,
) -> Result<Option<Value>> {
    let Some(comment) = comments::find(conn, CommentId(event.subject))? else {
        return Ok(None);
    };
    if comment.status != status {
        return Ok(None);
    }
    Ok(Some(json!({
        "post": post.slug,
        "comment": summary(&comment, &manner.reactions),
        "html": CommentPart { comment: &comment, manner }.render()?,
        "count": post.comment_count,
        "op": comment.op,
        "url": comment.path(),
    })))
}

/// A reply as it is now, for whom it answers: who wrote it, where it stands, and the number of what it answers. Whoever
/// has deleted their comment is told of no more replies to it.
fn reply(conn: &Connection, event: &Event, post: &Post, manner: &Manner) -> Result<Option<Value>> {
    let Some(reply) = comments::find(conn, CommentId(event.subject))? else {
        return Ok(None);
    };
    let answered = reply
        .parent
        .as_ref()
        .filter(|parent| !parent.name.is_empty());
    let (CommentStatus::Published, Some(answered)) = (reply.status, answered) else {
        return Ok(None);
    };
    Ok(Some(json!({
        "post": post.slug,
        "comment": summary(&reply, &manner.reactions),
        "url": reply.path(),
        "parent": { "id": answered.id, "number": answered.number },
    })))
}

/// What is told away from the post's own page names the post.
fn titled(mut data: Value, post: &Post) -> Value {
    data["title"] = post.title.as_str().into();
    data
}

/// The facts of a comment, for clients that draw it themselves.
pub fn summary(comment: &Comment, kinds: &[ReactionKind]) -> Value {
    json!({
        "id": comment.id,
        "number": comment.number,
        "parent": comment.parent.as_ref().map(|parent| parent.id),
        "name": comment.name,
        "namesake": comment.is_namesake,
        "url": comment.url,
        "owner": comment.owner,
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
        "deleted": comment.is_deleted(),
        "pinned": comment.pinned,
        "closed": comment.closed,
        "version": comment.version,
        "reactions": counts(&comment.reactions, kinds),
    })
}

/// A comment that is gone or hidden, and the tombstone if replies hang on it.
fn deleted(
    conn: &Connection,
    event: &Event,
    post: &Post,
    manner: &Manner,
) -> Result<Option<Value>> {
    let html = match comments::find(conn, CommentId(event.subject))? {
        Some(comment) if comment.status == CommentStatus::Published => return Ok(None),
        Some(comment) if comments::has_visible_answers(conn, comment.id)? => {
            let comment = &comment.tombstone();
            Some(CommentPart { comment, manner }.render()?)
        }
        _ => None,
    };
    Ok(Some(
        json!({ "post": post.slug, "comment": event.subject, "count": post.comment_count, "html": html }),
    ))
}

/// An entry as it is now; of one that is gone, only that it is.
fn entry(conn: &Connection, event: &Event, post: &Post, manner: &Manner) -> Result<Option<Value>> {
    let Some(entry) = entries::by_id(conn, EntryId(event.subject))? else {
        return Ok(None);
    };
    if entry.is_deleted() != (event.kind == Kind::EntryDeleted) {
        return Ok(None);
    }
    let html = match entry.is_deleted() {
        true => None,
        false => Some(
            EntryPart {
                entry: &entry,
                manner,
            }
            .render()?,
        ),
    };
    Ok(Some(json!({
        "post": post.slug,
        "entry": entry_summary(&entry),
        "html": html,
        "count": post.entry_count,
        "url": entry.path(),
    })))
}

/// The facts of an entry, for clients that draw it themselves.
fn entry_summary(entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "number": entry.number,
        "title": entry.title,
        "created_at": entry.created_at,
        "edited_at": entry.edited_at,
        "deleted": entry.is_deleted(),
        "version": entry.version,
    })
}

/// The reactions to something as they are now.
fn reaction(
    conn: &Connection,
    event: &Event,
    post: &Post,
    manner: &Manner,
) -> Result<Option<Value>> {
    let (target, name) = match event.subject {
        0 => (Target::Post, json!("post")),
        id => match comments::find(conn, CommentId(id))? {
            Some(comment) if comment.status == CommentStatus::Published => {
                (Target::Comment(comment.id), json!(id))
            }
            _ => return Ok(None),
        },
    };
    let (tally, version) = reactions::tally(conn, post.id, target, None)?;
    Ok(Some(
        json!({ "post": post.slug, "target": name, "counts": counts(&tally, &manner.reactions), "version": version }),
    ))
}

/// The counts above zero, by those kinds.
pub fn counts(tally: &Tally, kinds: &[ReactionKind]) -> Value {
    let given = tally.of(kinds).filter(|(_, count, _)| *count > 0);
    given
        .map(|(kind, count, _)| (kind.name.clone(), Value::from(count)))
        .collect::<Map<_, _>>()
        .into()
}

/// A post that readers can see, with its line for lists that show it.
fn published(conn: &Connection, post: &Post, manner: &Manner) -> Result<Value> {
    let line = lists::line(conn, post.id)?;
    let html = line
        .map(|line| {
            PostRowPart {
                post: &line,
                manner,
            }
            .render()
        })
        .transpose()?;
    Ok(json!({
        "post": post.slug,
        "post_id": post.id,
        "title": post.title,
        "url": post.path(),
        "html": html,
        "version": post.version,
    }))
}

/// A post that readers cannot see any more.
fn removed(post: &Post) -> Value {
    json!({ "post": post.slug, "post_id": post.id, "title": Value::Null, "url": post.path(), "html": Value::Null })
}
