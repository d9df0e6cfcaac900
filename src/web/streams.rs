//! The streams over HTTP: Server-Sent Events, or the same cursor by polling.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use poem::http::{HeaderMap, StatusCode, header};
use poem::web::{Data, Path, Query};
use poem::{Body, Response, handler};
use rusqlite::Connection;
use serde::Deserialize;

use super::App;
use super::client::ClientKey;
use super::error::Failure;
use super::reader::Reader;
use super::rooms::Room;
use super::{issued, session};
use crate::error::{Error, Result};
use crate::live::follower::{self, Follower, Terms};
use crate::live::poll;
use crate::live::presence::{Company, Visible};
use crate::live::timing;
use crate::model::cursor::Cursor;
use crate::model::id::VisitorId;
use crate::model::post::{Post, PostKind, Status};
use crate::model::time::Timestamp;
use crate::model::topic::Topic;
use crate::model::visitor::Visitor;
use crate::store::comments::naming;
use crate::store::{log, posts, redirects, settings};

/// `?after=ID&at=MS&wait=SECONDS`. Text, because what is no number is answered, not refused.
#[derive(Deserialize)]
struct Wanted {
    after: Option<String>,
    at: Option<String>,
    wait: Option<String>,
}

/// `GET /posts/{slug}/events`
#[handler]
pub async fn of_post(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    client: ClientKey,
    headers: &HeaderMap,
    Path(slug): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let Some((Room { post, seen }, visible)) = room(app, &reader, slug).await? else {
        return Ok(Response::builder().status(StatusCode::NO_CONTENT).finish());
    };
    let topic = Topic::Post(post, visible.as_ref().map(|visible| visible.id));
    let sit = || Company::Room(app.live.presence.sit(post, visible));
    answer(app, &reader, Some(client), headers, topic, wanted, || {
        seen.then(sit)
    })
    .await
}

/// The post of that address, and its reader as the others may see them; `None` if it is gone.
///
/// Errors: [`Error::NotFound`] if there was never one.
async fn room(app: &App, reader: &Reader, slug: String) -> Result<Option<(Room, Option<Visible>)>> {
    let (head, is_stranger) = (app.live.head(), reader.token_hash.is_none());
    if let Some(room) = app.rooms.at(&slug, head).filter(|_| is_stranger) {
        return Ok(Some((room, None)));
    }
    let (asking, wanted) = (reader.clone(), slug.clone());
    let found = app.store.read(move |conn| {
        let post = any_post(conn, &wanted)?.ok_or(Error::NotFound)?;
        match post.status {
            Status::Published | Status::Unlisted => {
                let seen = settings::load(conn)?.presence;
                let visitor = asking.visitor(conn)?;
                let visible = visitor.map(|visitor| visible(conn, &visitor)).transpose()?;
                let room = Room {
                    post: post.id,
                    seen,
                };
                Ok(Some((room, visible)))
            }
            Status::Deleted => Ok(None),
            _ if log::tells_of_removal(conn, post.id)? => Ok(None),
            _ => Err(Error::NotFound),
        }
    });
    let found = found.await?;
    if let Some((room, _)) = &found {
        app.rooms.remember(slug, head, *room);
    }
    Ok(found)
}

/// A visitor as the others who read the same post may see them. A name that is the blog's own by now is not shown.
fn visible(conn: &Connection, visitor: &Visitor) -> Result<Visible> {
    let shown = match visitor.shown() {
        Some(shown) if naming::may_be_shown(conn, &shown.name)? => Some(shown),
        _ => None,
    };
    Ok(Visible {
        id: visitor.id,
        shown,
    })
}

/// `GET /events`
#[handler]
pub async fn of_site(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    client: ClientKey,
    headers: &HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let viewer = visitor(app, &reader).await?;
    answer(
        app,
        &reader,
        Some(client),
        headers,
        Topic::Site(viewer),
        wanted,
        || None,
    )
    .await
}

/// `GET /me/events`
#[handler]
pub async fn of_visitor(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    client: ClientKey,
    headers: &HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    match visitor(app, &reader).await? {
        Some(visitor) => {
            let topic = Topic::Mine(visitor);
            answer(app, &reader, Some(client), headers, topic, wanted, || None).await
        }
        None => Ok(Response::builder().status(StatusCode::NO_CONTENT).finish()),
    }
}

/// `GET /admin/events`: outside of the desk's guard, because a stream is never redirected.
#[handler]
pub async fn of_owner(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    headers: &HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let asking = reader.clone();
    let found = app.store.read(move |conn| session::find(conn, &asking));
    let Some(session) = found.await? else {
        // A window whose session has ended is told not to come back; a stranger, to sign in.
        return match reader.session_hash {
            Some(_) => Ok(Response::builder().status(StatusCode::NO_CONTENT).finish()),
            None => Err(Failure::sign_in()),
        };
    };
    let watch = || Some(Company::House(app.live.presence.watch()));
    answer(
        app,
        &reader,
        None,
        headers,
        Topic::Owner(session.id),
        wanted,
        watch,
    )
    .await
}

/// The visitor who asks. A stranger costs no look into the file.
async fn visitor(app: &App, reader: &Reader) -> Result<Option<VisitorId>> {
    if reader.token_hash.is_none() {
        return Ok(None);
    }
    let reader = reader.clone();
    let found = app.store.read(move |conn| reader.visitor(conn));
    Ok(found.await?.map(|visitor| visitor.id))
}

/// The post of that slug in any status, or the one that once had it. A stream is never redirected.
fn any_post(conn: &rusqlite::Connection, slug: &str) -> Result<Option<Post>> {
    if let Some(post) = posts::find(conn, PostKind::Post, slug)? {
        return Ok(Some(post));
    }
    let id = redirects::post_of(conn, &PostKind::Post.path(slug))?;
    Ok(id.map(|id| posts::by_id(conn, id)).transpose()?.flatten())
}

/// The stream of a topic, or a poll of it. It takes one of the client's places as long as it lasts; the owner's takes none.
async fn answer(
    app: &App,
    reader: &Reader,
    client: Option<ClientKey>,
    headers: &HeaderMap,
    topic: Topic,
    wanted: Wanted,
    company: impl FnOnce() -> Option<Company>,
) -> Result<Response, Failure> {
    // A header that is not even text is as bad a cursor as one that is not a number.
    let last = headers
        .get("last-event-id")
        .map(|value| value.to_str().unwrap_or("unreadable"));
    let cursor = Cursor::parse(last, wanted.after.as_deref(), wanted.at.as_deref());
    let (live, store) = (app.live.clone(), app.store.clone());
    let issued = matches!(topic, Topic::Post(..))
        .then(|| issued::sign_for_open_page(&app.form_key, Timestamp::now()));
    let seconds = wanted.wait.and_then(|wait| wait.parse().ok()).unwrap_or(0);
    let lasting = client.filter(|_| !reader.wants_json || seconds > 0);
    let seat = lasting.map(|client| app.seat(client)).transpose()?;
    if reader.wants_json {
        let wait = Duration::from_secs(seconds);
        let body = poll::answer(live, store, topic, cursor, wait, issued).await?;
        let answer = Response::builder().content_type("application/json; charset=utf-8");
        return Ok(answer
            .header(header::CACHE_CONTROL, "no-store")
            .body(body.to_string()));
    }
    let (follower, start) = Follower::start(live, store, topic, cursor).await?;
    let stream = follower::stream(
        follower,
        start,
        Terms {
            company: company(),
            issued,
            life: timing::lifetime(),
        },
    );
    let stream = stream.inspect(move |_| _ = &seat); // which is left when the stream ends
    Ok(Response::builder()
        .content_type("text/event-stream")
        .header(header::CACHE_CONTROL, "no-cache, no-store, no-transform")
        .header("x-accel-buffering", "no")
        .body(Body::from_bytes_stream(stream)))
}
