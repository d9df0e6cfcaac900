//! From what went wrong to what the reader sees: a status, a sentence, and the text that was typed.
//!
//! The one place that decides what a stranger may read of an error. Causes go to the log, never into a page.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use poem::error::{ParsePathError, ResponseError};
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use serde_json::json;

use super::moment::site;
use super::reader::Reader;
use super::{App, no_store, see_other};
use crate::error::Error;
use crate::model::post::PostLine;
use crate::model::settings::Settings;
use crate::store::{faults, lists};
use crate::views::Frame;
use crate::views::errors::{ErrorPage, Trouble};
use askama::Template;

/// Posts that the page of a missing address offers instead.
const OFFERED: i64 = 5;

/// Seconds after which trying again makes sense.
const RETRY_AFTER: u64 = 5;

/// An answer that is an error, with the text that came with the request.
#[derive(Debug)]
pub struct Failure {
    error: Cause,
    typed: Option<String>,
    /// The methods that would be taken, where this one is not.
    allowed: Option<&'static str>,
}

#[derive(Debug)]
enum Cause {
    /// Something of ours failed or refused.
    Ours(Error),
    /// The request itself cannot be taken.
    Request(StatusCode),
    /// Not now: the status, a sentence, and the seconds after which it may be asked again.
    Later(StatusCode, String, u64),
}

impl Failure {
    /// A request that cannot be taken.
    pub fn status(status: StatusCode) -> Failure {
        Failure {
            error: Cause::Request(status),
            typed: None,
            allowed: None,
        }
    }

    /// A method that the address does not take; `allowed` as the header says it. Source: RFC 9110, section 15.5.6.
    pub fn method(allowed: &'static str) -> Failure {
        Failure {
            allowed: Some(allowed),
            ..Failure::status(StatusCode::METHOD_NOT_ALLOWED)
        }
    }

    /// More than a client may do, until `wait` is over.
    pub fn too_often(why: String, wait: Duration) -> Failure {
        Failure::later(StatusCode::TOO_MANY_REQUESTS, why, wait)
    }

    /// There is no room for it, until `wait` is over.
    pub fn unavailable(why: &str, wait: Duration) -> Failure {
        Failure::later(StatusCode::SERVICE_UNAVAILABLE, sentence(why), wait)
    }

    fn later(status: StatusCode, why: String, wait: Duration) -> Failure {
        Failure {
            error: Cause::Later(status, why, wait.as_secs() + 1),
            typed: None,
            allowed: None,
        }
    }

    /// What of ours failed, or the status that was answered instead.
    pub fn into_error(self) -> Result<Error, StatusCode> {
        match self.error {
            Cause::Ours(error) => Ok(error),
            Cause::Request(status) | Cause::Later(status, ..) => Err(status),
        }
    }

    /// A request that only the owner may make.
    pub fn sign_in() -> Failure {
        Failure::status(StatusCode::UNAUTHORIZED)
    }

    /// Gives back the text that was typed.
    pub fn with_typed(self, typed: &str) -> Failure {
        Failure {
            typed: Some(typed)
                .filter(|typed| !typed.trim().is_empty())
                .map(Into::into),
            ..self
        }
    }

    /// Whether it is a fault of the disk or the file, which the register says once and not for each request.
    fn is_told(&self) -> bool {
        matches!(&self.error, Cause::Ours(error) if faults::kind(error).is_some())
    }

    /// What a stranger may read of it.
    fn why(&self) -> Option<String> {
        match &self.error {
            Cause::Ours(
                error @ (Error::Forbidden(_)
                | Error::Conflict(_)
                | Error::Unavailable(_)
                | Error::Invalid(_)),
            ) => Some(sentence(&error.to_string())),
            Cause::Later(_, why, _) => Some(why.clone()),
            _ => None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure {
            error: Cause::Ours(error),
            typed: None,
            allowed: None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            Cause::Ours(error) => error.fmt(f),
            Cause::Request(status) => status.fmt(f),
            Cause::Later(_, why, _) => f.write_str(why),
        }
    }
}

impl std::error::Error for Failure {}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        match &self.error {
            Cause::Request(status) | Cause::Later(status, ..) => *status,
            Cause::Ours(Error::NotFound) => StatusCode::NOT_FOUND,
            Cause::Ours(Error::Invalid(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            Cause::Ours(Error::Forbidden(_)) => StatusCode::FORBIDDEN,
            Cause::Ours(Error::Conflict(_)) => StatusCode::CONFLICT,
            Cause::Ours(Error::Unavailable(_) | Error::Pool(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Cause::Ours(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Our messages start in lower case and end without a full stop; a page shows a sentence.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).chain(['.']).collect())
        .unwrap_or_default()
}

/// Turns every error below it into a page, or into JSON where that was asked for.
pub async fn drawn<E: Endpoint>(next: Arc<E>, req: Request) -> poem::Result<Response> {
    let app = req.data::<Arc<App>>().cloned();
    let (reader, path) = (Reader::of(&req), req.original_uri().path().to_owned());
    let asked = req.original_uri().path_and_query().map(ToString::to_string);
    let method = req.method().clone();
    let answer = match next.call(req).await {
        Ok(answer) => answer.into_response(),
        Err(error) if error.status() == StatusCode::UNAUTHORIZED && is_page(&method, &reader) => {
            return Ok(to_login(&asked.unwrap_or_default()));
        }
        Err(error) => return Ok(draw(app, reader, &method, path, error).await),
    };
    if answer.status() == StatusCode::INTERNAL_SERVER_ERROR {
        return Ok(draw(app, reader, &method, path, answer.status().into()).await);
    }
    Ok(answer)
}

/// Whether a browser asks for a page to look at.
fn is_page(method: &Method, reader: &Reader) -> bool {
    matches!(*method, Method::GET | Method::HEAD) && reader.wants_page
}

/// To the door of the desk, and from there to what was asked for.
fn to_login(asked: &str) -> Response {
    let next = utf8_percent_encode(asked, NON_ALPHANUMERIC);
    let mut answer = see_other(&format!("/admin/login?next={next}"));
    no_store(&mut answer);
    answer
}

async fn draw(
    app: Option<Arc<App>>,
    reader: Reader,
    method: &Method,
    path: String,
    error: poem::Error,
) -> Response {
    let status = match error.is::<ParsePathError>() {
        true => StatusCode::NOT_FOUND, // an id that is no number names nothing
        false => error.status(),
    };
    let failure = error.downcast_ref::<Failure>();
    let is_told = failure.is_some_and(Failure::is_told);
    if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE && !is_told {
        tracing::error!("{method} {path}: {error}");
    }
    let why = failure.and_then(Failure::why);
    let mut answer = match app {
        _ if reader.wants_json => json_answer(status, failure, why),
        Some(app) => {
            let typed = failure.and_then(|failure| failure.typed.clone());
            page(
                &app,
                &reader,
                Said {
                    status,
                    path,
                    why,
                    typed,
                },
            )
            .await
        }
        None => status.into_response(),
    };
    answer.set_status(status);
    let headers = answer.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    if let Some(allowed) = failure.and_then(|failure| failure.allowed) {
        headers.insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    }
    let seconds = match failure.map(|failure| &failure.error) {
        Some(Cause::Later(.., seconds)) => Some(*seconds),
        _ => (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER),
    };
    if let Some(seconds) = seconds {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

fn json_answer(status: StatusCode, failure: Option<&Failure>, why: Option<String>) -> Response {
    let fields = match failure.map(|failure| &failure.error) {
        Some(Cause::Ours(Error::Invalid(fields))) => json!(fields),
        _ => json!({}),
    };
    let error = why
        .or_else(|| status.canonical_reason().map(Into::into))
        .unwrap_or_default();
    Response::builder()
        .content_type("application/json; charset=utf-8")
        .body(json!({ "error": error, "fields": fields }).to_string())
}

/// What the page of an error says.
#[derive(Clone)]
struct Said {
    status: StatusCode,
    path: String,
    why: Option<String>,
    typed: Option<String>,
}

impl Said {
    fn page(&self, frame: Frame, recent: &[PostLine]) -> crate::error::Result<String> {
        let trouble = Trouble {
            status: self.status.as_u16(),
            path: &self.path,
            why: self.why.as_deref(),
            typed: self.typed.as_deref(),
        };
        Ok(ErrorPage::new(frame, trouble, recent).render()?)
    }
}

async fn page(app: &App, reader: &Reader, said: Said) -> Response {
    let drawn = {
        let said = said.clone();
        app.page(reader, move |moment| {
            let recent = match said.status {
                StatusCode::NOT_FOUND => lists::page(moment.conn, 0, OFFERED)?,
                _ => Vec::new(),
            };
            said.page(moment.frame(), &recent)
        })
    };
    match drawn.await {
        Ok(answer) => answer,
        // The file cannot be read: the same page, without the blog's own name.
        Err(_) => {
            let site = site(&Settings::default(), app.base_url.clone());
            let page = said.page(
                Frame {
                    site: &site,
                    theme: reader.theme,
                    owner: false,
                    me: None,
                    health: None,
                },
                &[],
            );
            page.map(poem::web::Html)
                .map_or_else(|_| said.status.into_response(), IntoResponse::into_response)
        }
    }
}
