//! What a replica does not answer itself: what writes, and the owner's desk. It is sent to the primary, and the answer is held
//! until the copy has what it tells of, so that whoever is led back to the page finds it there.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Body, Endpoint, FromRequest, IntoResponse, Request, Response};
use tokio::time::timeout;

use super::client::ClientKey;
use super::error::Failure;
use super::form::Form;
use super::micropub::access;
use super::reader::Reader;
use super::server::deadlines::MoreTime;
use super::uploads::SLOW_LINE;
use super::{App, micropub, session, token};
use crate::model::id::EventId;
use crate::primary::Primary;
use crate::store::tokens;

/// The newest event that an answer knows of.
const CURSOR: HeaderName = HeaderName::from_static("event-cursor");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What is about one connection and not about the request. Source: RFC 9110, section 7.6.1.
const OF_A_CONNECTION: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// How long an answer is held for the copy to catch up.
const HELD: Duration = Duration::from_secs(3);

/// How long the primary may take to answer a form. What is uploaded has the clock of its own body.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// Forms that write to no file.
const WITHOUT_FILE: [&str; 2] = ["/comments/preview", "/theme"];

/// What this server is to the blog's file.
pub enum Role {
    /// It alone writes to it.
    Primary,
    /// It reads a copy, and sends what writes to the primary, if it was told where that is.
    Replica(Option<Primary>),
}

impl Role {
    /// Whether this server alone writes.
    pub fn is_primary(&self) -> bool {
        matches!(self, Role::Primary)
    }

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Role::Primary => "primary",
            Role::Replica(_) => "replica",
        }
    }
}

/// Sends to the primary what a replica cannot do, and has a primary say in answers how far the log is with them.
pub async fn to_primary<E: Endpoint>(next: Arc<E>, req: Request) -> poem::Result<Response> {
    let Some(app) = req.data::<Arc<App>>().cloned() else {
        return Ok(next.call(req).await?.into_response());
    };
    match &app.role {
        Role::Primary => answered(&app, next, req).await,
        Role::Replica(primary) if is_for_primary(&req) => {
            // In a box, as every request has room for what this function waits for, and a primary never waits here.
            Ok(Box::pin(forward(&app, primary.as_ref(), req)).await?)
        }
        Role::Replica(_) => Ok(next.call(req).await?.into_response()),
    }
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whatever writes to the file, and the doors of the owner and of apps: they note who came.
fn is_for_primary(req: &Request) -> bool {
    let path = req.original_uri().path();
    let is_desk = path == "/admin" || path.starts_with("/admin/");
    let writes = changes(req.method()) && !WITHOUT_FILE.contains(&path);
    writes || is_desk || [micropub::PATH, micropub::MEDIA].contains(&path)
}

/// The answer to a change, with the newest event of this process: the change's own is not newer.
async fn answered<E: Endpoint>(app: &App, next: Arc<E>, req: Request) -> poem::Result<Response> {
    let changes = changes(req.method());
    let mut answer = next.call(req).await?.into_response();
    let went_well = answer.status().is_success() || answer.status().is_redirection();
    let newest = app.store.committed();
    if changes && went_well && newest > EventId::ZERO {
        let cursor = HeaderValue::from(newest.0);
        answer.headers_mut().entry(CURSOR).or_insert(cursor);
    }
    Ok(answer)
}

async fn forward(
    app: &App,
    primary: Option<&Primary>,
    mut req: Request,
) -> Result<Response, Failure> {
    let client = ClientKey::from_request_without_body(&req).await;
    let client = client.map_err(|_| Failure::status(StatusCode::BAD_REQUEST))?;
    let body = req.take_body();
    let head = request(&req, client)?;
    let answer = match Form::limit_of(&req) {
        Some(limit) => with_form(primary, head, Form::bytes(body, limit).await?).await?,
        None => {
            give_time(app, &req).await;
            ask(primary, head, BoxBody::from(body)).await?
        }
    };
    if let Some(event) = cursor(answer.headers()) {
        app.live.reaches(event, HELD).await;
    }
    Ok(passed_on(answer))
}

/// A form is read before it is sent, so that its text comes back if the primary cannot be had.
async fn with_form(
    primary: Option<&Primary>,
    head: hyper::Request<()>,
    form: Bytes,
) -> Result<hyper::Response<Incoming>, Failure> {
    let whole = Full::new(form.clone()).map_err(|never| match never {});
    let asked = timeout(ANSWERED_WITHIN, ask(primary, head, whole.boxed())).await;
    let answer = asked.unwrap_or_else(|_| Err(unreachable("it takes too long")));
    answer.map_err(|failure| failure.with_typed(Form::of(&form).get("body")))
}

/// Gives the owner and their apps the time for a file that the primary would give them. If they are not known here yet, the
/// usual time must do.
async fn give_time(app: &App, req: &Request) {
    let Some(time) = req.data::<MoreTime>() else {
        return;
    };
    let (reader, token) = (Reader::of(req), access::bearer(req.headers()));
    let known = app.store.read(move |conn| {
        let is_app = match token.ok().flatten() {
            Some(token) => tokens::find(conn, &token::hash(&token))?.is_some(),
            None => false,
        };
        Ok(is_app || session::find(conn, &reader)?.is_some())
    });
    if known.await.unwrap_or(false) {
        time.grant(SLOW_LINE);
    }
}

async fn ask(
    primary: Option<&Primary>,
    head: hyper::Request<()>,
    body: BoxBody<Bytes, io::Error>,
) -> Result<hyper::Response<Incoming>, Failure> {
    let Some(primary) = primary else {
        return Err(unreachable("nobody has said where it is (--primary)"));
    };
    let answer = primary.ask(head.map(|()| body)).await;
    answer.map_err(|why| unreachable(&why))
}

/// What readers are told while the primary cannot be had. Why is for the log.
fn unreachable(why: &str) -> Failure {
    tracing::warn!("the primary cannot be asked: {why}");
    Failure::unavailable(
        "this blog can be read, but nobody can write in it at this moment; please try again soon",
        Duration::from_secs(5),
    )
}

/// The same request as this server asks it. Whether it comes from a page of ours has been looked at here, where readers
/// know us by our own name.
fn request(req: &Request, client: ClientKey) -> Result<hyper::Request<()>, Failure> {
    let target = req.original_uri().path_and_query();
    let target = target.map_or("/", |target| target.as_str());
    let mut head = hyper::Request::builder()
        .method(req.method().clone())
        .uri(target)
        .body(())
        .map_err(|_| Failure::status(StatusCode::BAD_REQUEST))?;
    let headers = head.headers_mut();
    *headers = req.headers().clone();
    drop_of_connection(headers);
    // Bodies are measured and compressed anew on each connection.
    for name in [
        header::CONTENT_LENGTH,
        header::EXPECT,
        header::ACCEPT_ENCODING,
    ] {
        headers.remove(name);
    }
    headers.insert(FORWARDED_FOR, client.header());
    if changes(req.method()) {
        headers.insert(FETCH_SITE, HeaderValue::from_static("same-origin"));
    }
    Ok(head)
}

/// The primary's answer as ours.
fn passed_on(answer: hyper::Response<Incoming>) -> Response {
    let (parts, body) = answer.into_parts();
    let mut answer = Response::builder().status(parts.status).finish();
    *answer.headers_mut() = parts.headers;
    drop_of_connection(answer.headers_mut());
    answer.set_body(Body::from(BoxBody::new(body.map_err(io::Error::other))));
    answer
}

fn drop_of_connection(headers: &mut HeaderMap) {
    let named = headers.get_all(header::CONNECTION).iter();
    let named = named.filter_map(|value| value.to_str().ok());
    let named: Vec<String> = named
        .flat_map(|list| list.split(',').map(|name| name.trim().to_owned()))
        .collect();
    for name in named {
        headers.remove(name.as_str());
    }
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
}

fn cursor(headers: &HeaderMap) -> Option<EventId> {
    let id = headers.get(CURSOR)?.to_str().ok()?.parse().ok()?;
    Some(EventId(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_with(headers: &[(&'static str, &str)]) -> Request {
        let mut req = Request::builder()
            .method(Method::POST)
            .uri_str("/posts/hello/comments?x=1");
        for (name, value) in headers {
            req = req.header(*name, *value);
        }
        req.finish()
    }

    #[test]
    fn what_is_asked_of_the_primary_is_about_the_request_and_not_the_connection() {
        let req = request_with(&[
            ("connection", "close, x-hop"),
            ("x-hop", "1"),
            ("transfer-encoding", "chunked"),
            ("expect", "100-continue"),
            ("accept-encoding", "gzip"),
            ("cookie", "visitor=abc"),
            ("x-forwarded-for", "198.51.100.1"),
            ("sec-fetch-site", "none"),
        ]);
        let client = ClientKey::of("203.0.113.5".parse().unwrap());
        let asked = request(&req, client).unwrap();
        let mut left: Vec<String> = asked
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        left.sort_unstable();
        assert_eq!(
            left,
            [
                "cookie: visitor=abc",
                "sec-fetch-site: same-origin",
                "x-forwarded-for: 203.0.113.5",
            ]
        );
        assert_eq!(asked.method(), Method::POST);
    }
}
