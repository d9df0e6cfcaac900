//! The log in words: what the desk tells of what happened.

use rusqlite::Connection;
use serde_json::Value;

use super::{comments, desk, log};
use crate::error::Result;
use crate::model::desk::Happening;
use crate::model::event::{Event, Kind};
use crate::model::id::CommentId;

/// Events that are looked at for a list of what happened: some are not told, and some become one line.
const LOOKED_AT: i64 = 120;

/// What happened last, the newest first; at most `most` lines.
pub fn newest(conn: &Connection, most: usize) -> Result<Vec<Happening>> {
    let mut found: Vec<Happening> = Vec::new();
    for event in log::newest(conn, LOOKED_AT)?.iter().rev() {
        if found.len() == most {
            break;
        }
        match told(conn, event)? {
            Some(happening) if found.last().is_none_or(|last| last.key != happening.key) => {
                found.push(happening);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// An event in words; `None` if another one tells of the same, or if what it speaks of is gone.
pub fn told(conn: &Connection, event: &Event) -> Result<Option<Happening>> {
    let Some(what) = words(event) else {
        return Ok(None);
    };
    let post = event.post.map(|id| desk::post(conn, id)).transpose()?;
    let post = post.flatten();
    let is_out = post.as_ref().is_some_and(|post| post.status.is_open());
    if event.post.is_some() && post.is_none() || event.kind == Kind::PostCreated && is_out {
        return Ok(None); // it is gone; or it is told of as published
    }
    let comment = match event.kind {
        Kind::CommentCreated | Kind::CommentUpdated | Kind::CommentPending => {
            comments::find(conn, CommentId(event.subject))?
        }
        _ => None,
    };
    let named = comment.filter(|comment| !comment.is_deleted());
    let by_owner = is_by_owner(event);
    let path = match (&named, event.kind) {
        (Some(comment), Kind::CommentCreated | Kind::CommentUpdated) => Some(comment.path()),
        (_, Kind::CommentPending) => Some("/admin/comments".into()),
        _ => post
            .as_ref()
            .map(|post| format!("/admin/posts/{}", post.id)),
    };
    Ok(Some(Happening {
        key: format!("{} {}", event.kind.as_str(), event.subject),
        who: named.filter(|_| !by_owner).map(|comment| comment.name),
        what,
        to: match event.kind {
            Kind::SettingsUpdated => Some((fields(event), "/admin/settings".into())),
            _ => post.map(|post| post.title).zip(path),
        },
        at: event.at,
    }))
}

/// What was done.
fn words(event: &Event) -> Option<&'static str> {
    Some(match event.kind {
        Kind::CommentCreated => "commented on",
        Kind::CommentUpdated if is_by_owner(event) => "You changed a comment on",
        Kind::CommentUpdated => "changed a comment on",
        Kind::CommentDeleted => gone(event)?,
        Kind::CommentPending if is_by_owner(event) => "A comment was put into the queue on",
        Kind::CommentPending => "waits for you with a comment on",
        Kind::CommentRejected => refused(event),
        Kind::VisitorBanned => "Somebody was asked not to write here",
        Kind::VisitorUnbanned => "A ban was lifted",
        Kind::ReactionUpdated => "Readers reacted to",
        Kind::EntryCreated => "New entry in",
        Kind::EntryUpdated => "An entry was changed in",
        Kind::EntryDeleted => "An entry was deleted in",
        Kind::PostCreated => "Begun,",
        Kind::PostSaved => "Saved,",
        Kind::PostErased => "A post was removed from the trash for good",
        Kind::PostPublished => "Published,",
        Kind::PostUpdated => "Updated,",
        Kind::PostMoved => moved(event)?,
        Kind::OwnerLogin => "You signed in",
        Kind::OwnerLogout => "You signed out",
        Kind::OwnerPassword => "Your password was changed",
        Kind::OwnerCode => "The codes of your second step were changed or used",
        Kind::ImportApplied => "Posts were imported",
        Kind::ImportUndone => "An import was taken back",
        Kind::SettingsUpdated => "Settings were changed:",
        Kind::BlogRestored => "The blog was restored from a backup",
        // The comment itself is told of, and what a post becomes instead.
        Kind::CommentApproved | Kind::ReplyCreated | Kind::PostDeleted => return None,
    })
}

/// The settings that were changed, in words.
fn fields(event: &Event) -> String {
    let facts = facts(event);
    let names = facts["fields"].as_array().into_iter().flatten();
    let names: Vec<String> = names
        .filter_map(|name| Some(name.as_str()?.replace('_', " ")))
        .collect();
    names.join(", ")
}

/// Whether the owner did it, to somebody else's words.
fn is_by_owner(event: &Event) -> bool {
    facts(event)["by"] == "owner"
}

/// What it means that a comment is gone; of one that the owner only hides, another event tells.
fn gone(event: &Event) -> Option<&'static str> {
    match facts(event)["to"].as_str() {
        None | Some("deleted") => Some("A comment was deleted on"),
        Some("erased") => Some("A deleted comment was erased on"),
        Some(_) => None,
    }
}

/// What became of a comment that the owner does not let through.
fn refused(event: &Event) -> &'static str {
    match facts(event)["to"].as_str() {
        Some("spam") => "A comment was marked as spam on",
        Some("deleted") => "A comment was deleted on",
        _ => "A comment was rejected on",
    }
}

fn facts(event: &Event) -> Value {
    let facts = event.data.as_deref().map(serde_json::from_str);
    facts.and_then(|facts| facts.ok()).unwrap_or(Value::Null)
}

/// What it means that a post moved; that it was published is an event of its own.
fn moved(event: &Event) -> Option<&'static str> {
    let facts = facts(event);
    match (facts["from"].as_str()?, facts["to"].as_str()?) {
        (_, "deleted") => Some("Put into the trash,"),
        ("deleted", "draft" | "scheduled") => Some("Taken out of the trash,"),
        (_, "scheduled") => Some("Scheduled,"),
        (_, "draft") => Some("Withdrawn,"),
        ("published", "unlisted") => Some("Unlisted,"),
        _ => None,
    }
}
