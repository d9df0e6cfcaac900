//! Frames for the owner: what everyone is told, what only the owner is, and how the desk shows it.
//!
//! They are made for each window of the desk from the log, so nothing here ever lies where other streams look.

use askama::Template;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::frame::{self, Frame, with_envelope};
use crate::error::Result;
use crate::model::calendar::Calendar;
use crate::model::comment::CommentStatus;
use crate::model::desk::{DeskLine, Waiting};
use crate::model::event::{Event, Kind};
use crate::model::id::CommentId;
use crate::model::manner::Manner;
use crate::store::comments::moderation;
use crate::store::{activity, desk, posts, settings};
use crate::views::desk::parts::{LinePart, QueuePart, RowPart};

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
/// comment in the queue, and the figures that the event may have changed.
fn shown(conn: &Connection, event: &Event) -> Result<Option<Value>> {
    let manner = settings::load(conn)?.manner();
    let calendar = &manner.calendar;
    let post = event.post.map(|id| desk::post(conn, id)).transpose()?;
    let row = post.flatten();
    let html = row
        .as_ref()
        .map(|row| RowPart::new(row, calendar, 0).render())
        .transpose()?;
    let waiting = match event.kind {
        Kind::CommentPending => moderation::find(conn, CommentId(event.subject))?,
        _ => None,
    };
    let data = match frame::shown(conn, event, &manner)? {
        Some((_, data)) => Some(data),
        None => owners(
            conn,
            event,
            &manner,
            row.as_ref(),
            html.as_deref(),
            waiting.as_ref(),
        )?,
    };
    let Some(mut data) = data else {
        return Ok(None);
    };
    data["desk"] = json!({
        "line": line(conn, event, calendar)?,
        "row": html,
        "queue": waiting.map(|waiting| QueuePart::new(&waiting, calendar).render()).transpose()?,
        "waiting": moderation::count(conn, CommentStatus::Pending)?,
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
    waiting: Option<&Waiting>,
) -> Result<Option<Value>> {
    let facts: Value = match &event.data {
        Some(data) => serde_json::from_str(data).unwrap_or(Value::Null),
        None => Value::Null,
    };
    Ok(match (event.kind, row) {
        (Kind::PostErased, _) => Some(json!({ "post": Value::Null, "post_id": event.subject })),
        (Kind::ImportApplied | Kind::ImportUndone, _) => {
            Some(json!({ "post": Value::Null, "batch": event.subject, "counts": facts }))
        }
        (Kind::SettingsUpdated, _) => {
            Some(json!({ "post": Value::Null, "fields": facts["fields"] }))
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
        (Kind::CommentPending, Some(_)) if waiting.is_some() => posts_comment(conn, event, manner)?,
        (Kind::CommentRejected, Some(row)) => {
            Some(json!({ "post": row.slug, "comment": event.subject }))
        }
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

fn line(conn: &Connection, event: &Event, calendar: &Calendar) -> Result<Option<String>> {
    let told = activity::told(conn, event)?;
    let html = told.map(|happening| LinePart::new(&happening, calendar).render());
    Ok(html.transpose()?)
}

/// How many posts each list of them holds, where the event may have changed it.
fn counts(conn: &Connection, event: &Event) -> Result<Value> {
    let of_post = event.kind.as_str().starts_with("post:") || event.post.is_none();
    if !of_post {
        return Ok(Value::Null);
    }
    let counts = desk::counts(conn)?.into_iter();
    let counts = counts.map(|(show, count)| (show.as_str().to_owned(), Value::from(count)));
    Ok(Value::Object(counts.collect()))
}
