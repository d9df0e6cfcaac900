//! Frames for the owner: what everyone is told, what only the owner is, and how the desk shows it.
//!
//! They are made for each window of the desk from the log, so nothing here ever lies where other streams look.

use askama::Template;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::frame::{self, Frame, with_envelope};
use crate::error::Result;
use crate::model::comment::CommentStatus;
use crate::model::desk::DeskLine;
use crate::model::event::{Event, Kind};
use crate::model::id::CommentId;
use crate::model::manner::Manner;
use crate::model::moderation::Case;
use crate::model::pile::Pile;
use crate::store::comments::queue;
use crate::store::{activity, desk, posts, settings};
use crate::views::desk::parts::{CasePart, EventPart, LinePart, RowPart};

/// Renders an event for the owner. One that cannot be rendered is left out and logged, so that the others go on.
pub fn render(conn: &Connection, event: &Event) -> Frame {
    match shown(conn, event) {
        Ok(Some(data)) => Frame::visible(event.clone(), false, &with_envelope(event, data)),
        Ok(None) => Frame::silent(event.clone()),
        Err(error) => {
            tracing::error!(
                "event {} cannot be rendered for the desk: {error}",
                event.id
            );
            Frame::silent(event.clone())
        }
    }
}

/// What everyone is told, or the owner alone, and beside it `desk`: the line of what happened, the post's row, the
/// comment as its judge sees it, and the figures that the event may have changed.
fn shown(conn: &Connection, event: &Event) -> Result<Option<Value>> {
    let manner = settings::load(conn)?.manner();
    let calendar = &manner.calendar;
    let post = event.post.map(|id| desk::post(conn, id)).transpose()?;
    let row = post.flatten();
    let html = row
        .as_ref()
        .map(|row| RowPart::new(row, calendar, 0).render())
        .transpose()?;
    let case = match is_of_comment(event) {
        true => queue::find(conn, CommentId(event.subject))?,
        false => None,
    };
    let whole = event.post.map(|id| posts::by_id(conn, id)).transpose()?;
    let whole = whole.flatten();
    let data = match frame::shown(conn, event, whole.as_ref(), &manner)? {
        Some((_, data)) => Some(data),
        None => owners(
            conn,
            event,
            &manner,
            row.as_ref(),
            html.as_deref(),
            case.as_ref(),
        )?,
    };
    let Some(mut data) = data else {
        return Ok(None);
    };
    let told = activity::told(conn, event)?;
    let part = |it| EventPart::new(it, calendar, true).render();
    let line = told.as_ref().map(|it| LinePart::new(it, calendar).render());
    let log = told.as_ref().map(part);
    let (line, log) = (line.transpose()?, log.transpose()?);
    data["desk"] = json!({
        "line": line,
        "log": log,
        "row": html,
        "queue": case.map(|case| CasePart::new(&case, calendar).render()).transpose()?,
        "waiting": queue::count(conn, CommentStatus::Pending)?,
        "counts": counts(conn, event)?,
    });
    Ok(Some(data))
}

/// What only the owner is told.
fn owners(
    conn: &Connection,
    event: &Event,
    manner: &Manner,
    row: Option<&DeskLine>,
    html: Option<&str>,
    case: Option<&Case>,
) -> Result<Option<Value>> {
    let facts = event.facts();
    Ok(match (event.kind, row) {
        (Kind::PostErased, _) => Some(json!({ "post": Value::Null, "post_id": event.subject })),
        (Kind::ImportApplied | Kind::ImportUndone, _) => {
            Some(json!({ "post": Value::Null, "batch": event.subject, "counts": facts }))
        }
        (Kind::SettingsUpdated, _) => {
            Some(json!({ "post": Value::Null, "fields": facts["fields"] }))
        }
        (Kind::OwnerLogin | Kind::OwnerLogout | Kind::OwnerPassword | Kind::OwnerCode, _) => {
            Some(json!({ "post": Value::Null, "session": event.subject, "facts": facts }))
        }
        (Kind::ChangeUndone, _) => Some(json!({ "post": Value::Null, "change": event.subject })),
        (Kind::VisitorBanned | Kind::VisitorUnbanned, _) => {
            Some(json!({ "post": Value::Null, "ban": event.subject, "kind": facts["kind"] }))
        }
        (_, None) => None,
        (Kind::PostCreated | Kind::PostMoved | Kind::PostSaved, Some(row)) => Some(json!({
            "post": row.slug,
            "post_id": row.id,
            "title": row.title,
            "url": row.kind.path(&row.slug),
            "status": row.status.as_str(),
            "from": facts["from"],
            "to": facts["to"],
            "html": html,
        })),
        (Kind::CommentPending, Some(_)) if case.is_some_and(|case| case.comment.is_pending()) => {
            posts_comment(conn, event, manner)?
        }
        (
            Kind::CommentApproved
            | Kind::CommentUpdated
            | Kind::CommentDeleted
            | Kind::CommentRejected,
            Some(row),
        ) => Some(json!({ "post": row.slug, "comment": event.subject })),
        _ => None,
    })
}

/// A waiting comment under a post that readers cannot see now.
fn posts_comment(conn: &Connection, event: &Event, manner: &Manner) -> Result<Option<Value>> {
    let post = event.post.map(|id| posts::by_id(conn, id)).transpose()?;
    match post.flatten() {
        Some(post) => frame::comment(conn, event, &post, CommentStatus::Pending, manner),
        None => Ok(None),
    }
}

fn is_of_comment(event: &Event) -> bool {
    event.kind.as_str().starts_with("comment:")
}

/// How many posts each list of them holds, or how many comments each pile, where the event may have changed it.
fn counts(conn: &Connection, event: &Event) -> Result<Value> {
    if is_of_comment(event) {
        let counts = queue::counts(conn)?.into_iter();
        let named =
            |(pile, count): (Pile, i64)| (format!("comments-{}", pile.as_str()), count.into());
        return Ok(Value::Object(counts.map(named).collect()));
    }
    let of_post = event.kind.as_str().starts_with("post:") || event.post.is_none();
    if !of_post {
        return Ok(Value::Null);
    }
    let counts = desk::counts(conn)?.into_iter();
    let counts = counts.map(|(show, count)| (show.as_str().to_owned(), Value::from(count)));
    Ok(Value::Object(counts.collect()))
}
