//! The streams over HTTP: Server-Sent Events, or the same cursor by polling.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use poem::http::{StatusCode, header};
use poem::web::{Data, Path, Query};
use poem::{Body, FromRequest, Request, RequestBody, Response, handler};
use rusqlite::Connection;
use serde::Deserialize;

use super::App;
use super::client::ClientKey;
use super::error::Failure;
use super::known::Room;
use super::reader::Reader;
use super::server::lasting::Outlet;
use super::{issued, session};
use crate::error::{Error, Result};
use crate::live::company::{Company, House};
use crate::live::follower::Follower;
use crate::live::poll;
use crate::live::presence::Visible;
use crate::live::timing;
use crate::live::wire::{self, Terms};
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

/// Where a client wants to continue, and how it is answered.
pub struct Asked {
    cursor: Cursor,
    /// How long a poll waits for news.
    wait: Duration,
    /// The way out for a stream.
    outlet: Option<Outlet>,
}

impl<'a> FromRequest<'a> for Asked {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Asked> {
        let Query(wanted) = Query::<Wanted>::from_request(req, body).await?;
        // A header that is not even text is as bad a cursor as one that is not a number.
        let last = req.headers().get("last-event-id");
        let last = last.map(|value| value.to_str().unwrap_or("unreadable"));
        let seconds = wanted.wait.and_then(|wait| wait.parse().ok());
        Ok(Asked {
            cursor: Cursor::parse(last, wanted.after.as_deref(), wanted.at.as_deref()),
            wait: Duration::from_secs(seconds.unwrap_or(0)),
            outlet: req.data().cloned(),
        })
    }
}

/// `GET /posts/{slug}/events`
#[handler]
pub async fn of_post(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    client: ClientKey,
    Path(slug): Path<String>,
    asked: Asked,
) -> Result<Response, Failure> {
    // Who a visitor is must be asked; a stranger's question has been asked before.
    let is_stranger = reader.token_hash.is_none();
    let look = || {
        let moment = app.moment();
        (moment, app.room(moment, &slug).filter(|_| is_stranger))
    };
    let ((mut moment, mut known), mut turn) = (look(), None);
    if is_stranger && known.is_none() {
        turn = Some(app.turn(&slug).await);
        (moment, known) = look();
    }
    let (room, visible) = match known {
        Some(room) => (room, None),
        None => match behind(app, &reader, slug.clone()).await? {
            Some(found) => found,
            None => return Ok(Response::builder().status(StatusCode::NO_CONTENT).finish()),
        },
    };
    if known.is_none() {
        app.keep_room(moment, slug, room);
    }
    drop(turn);
    let topic = Topic::Post(room.post, visible.as_ref().map(|visible| visible.id));
    let sit = || Company::Room(app.live.presence.sit(room.post, visible));
    answer(app, &reader, Some(client), topic, asked, || {
        room.is_counted.then(sit)
    })
    .await
}

/// What is behind an address: its room, and the visitor who asks as the others may see them; `None` where there will be no
/// such stream any more.
async fn behind(
    app: &App,
    reader: &Reader,
    slug: String,
) -> Result<Option<(Room, Option<Visible>)>> {
    let reader = reader.clone();
    let found = app.store.read(move |conn| {
        let post = any_post(conn, &slug)?.ok_or(Error::NotFound)?;
        match post.status {
            Status::Published | Status::Unlisted => {
                let visitor = reader.visitor(conn)?;
                let visible = visitor.map(|visitor| visible(conn, &visitor)).transpose()?;
                let room = Room {
                    post: post.id,
                    is_counted: settings::load(conn)?.presence,
                };
                Ok(Some((room, visible)))
            }
            Status::Deleted => Ok(None),
            _ if log::tells_of_removal(conn, post.id)? => Ok(None),
            _ => Err(Error::NotFound),
        }
    });
    found.await
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
    asked: Asked,
) -> Result<Response, Failure> {
    let viewer = visitor(app, &reader).await?;
    answer(
        app,
        &reader,
        Some(client),
        Topic::Site(viewer),
        asked,
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
    asked: Asked,
) -> Result<Response, Failure> {
    match visitor(app, &reader).await? {
        Some(visitor) => {
            let topic = Topic::Mine(visitor);
            answer(app, &reader, Some(client), topic, asked, || None).await
        }
        None => Ok(Response::builder().status(StatusCode::NO_CONTENT).finish()),
    }
}

/// `GET /admin/events`: outside of the desk's guard, because a stream is never redirected.
#[handler]
pub async fn of_owner(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    asked: Asked,
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
    let watch = || {
        let house = House::of(&app.store, &app.live);
        Some(Company::House(Box::new(house)))
    };
    answer(app, &reader, None, Topic::Owner(session.id), asked, watch).await
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
    topic: Topic,
    asked: Asked,
    company: impl FnOnce() -> Option<Company>,
) -> Result<Response, Failure> {
    let Asked { cursor, wait, .. } = asked;
    let (live, store) = (app.live.clone(), app.store.clone());
    let issued = matches!(topic, Topic::Post(..))
        .then(|| issued::sign_for_open_page(&app.form_key, Timestamp::now()));
    let lasting = client.filter(|_| !reader.wants_json || !wait.is_zero());
    let seat = lasting.map(|client| app.seat(client)).transpose()?;
    if reader.wants_json {
        let body = poll::answer(live, store, topic, cursor, wait, issued).await?;
        let answer = Response::builder().content_type("application/json; charset=utf-8");
        return Ok(answer
            .header(header::CACHE_CONTROL, "no-store")
            .body(body.to_string()));
    }
    let (follower, start) = Follower::start(live, store, topic, cursor).await?;
    let (stream, listener) = wire::stream(
        follower,
        start,
        Terms {
            company: company(),
            issued,
            life: timing::lifetime(),
        },
    );
    let stream = stream.inspect(move |_| _ = &seat); // which is left when the stream ends
    let body = match asked.outlet {
        Some(outlet) => outlet.body(stream, move |line| {
            if let Some(listener) = listener {
                listener.connect(line);
            }
        }),
        None => Body::from_bytes_stream(stream),
    };
    Ok(Response::builder()
        .content_type("text/event-stream")
        .header(header::CACHE_CONTROL, "no-cache, no-store, no-transform")
        .header("x-accel-buffering", "no")
        .body(body))
}
