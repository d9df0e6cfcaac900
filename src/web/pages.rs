//! Static pages, and every address that was another one's before.

use std::borrow::Cow;
use std::sync::Arc;

use askama::Template;
use percent_encoding::percent_decode_str;
use poem::http::{Method, StatusCode, header};
use poem::web::{Data, Path};
use poem::{Endpoint, IntoResponse, Request, Response, handler};
use rusqlite::Connection;

use super::App;
use super::error::Failure;
use super::reader::Reader;
use crate::error::{Error, Result};
use crate::model::concern::Concern;
use crate::model::post::PostKind;
use crate::store::{posts, redirects};
use crate::views::posts::StaticPage;

/// `GET /{slug}`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let page = app.page(&reader, move |moment| {
        let post = posts::open(moment.conn, PostKind::Page, &slug)?.ok_or(Error::NotFound)?;
        let html = StaticPage::new(moment.frame(), &post).render()?;
        moment.reads(PostKind::Page, &slug);
        moment.lasts(Concern::Site, None)?;
        Ok(html)
    });
    Ok(page.await?)
}

/// Leads on, for good, from an address that is not found but was one once, or that has a slash too many.
pub async fn elsewhere<E: Endpoint>(next: Arc<E>, req: Request) -> poem::Result<Response> {
    let reading = matches!(*req.method(), Method::GET | Method::HEAD);
    let app = req.data::<Arc<App>>().cloned();
    let query = req
        .uri()
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let path = percent_decode_str(req.uri().path())
        .decode_utf8()
        .map(Cow::into_owned);
    let error = match next.call(req).await {
        Err(error) if reading && error.status() == StatusCode::NOT_FOUND => error,
        answer => return Ok(answer?.into_response()),
    };
    let (Some(app), Ok(path)) = (app, path) else {
        return Err(error);
    };
    match app.store.read(move |conn| other_address(conn, &path)).await {
        Ok(Some(target)) => Ok(moved(&format!("{target}{query}"))),
        Ok(None) => Err(error),
        Err(failed) => Err(Failure::from(failed).into()),
    }
}

/// Where what had this address stands today.
fn other_address(conn: &Connection, path: &str) -> Result<Option<String>> {
    match redirects::find(conn, path)? {
        Some(target) => Ok(Some(target)),
        None => without_slash(conn, path),
    }
}

/// The address of a post or page that was asked for with slashes at its end.
fn without_slash(conn: &Connection, path: &str) -> Result<Option<String>> {
    let Some(bare) = path
        .strip_suffix('/')
        .map(|path| path.trim_end_matches('/'))
    else {
        return Ok(None);
    };
    let (kind, slug) = match bare.strip_prefix("/posts/") {
        Some(slug) => (PostKind::Post, slug),
        None => (PostKind::Page, bare.trim_start_matches('/')),
    };
    match bare {
        "/archive" | "/tags" | "/search" => Ok(Some(bare.to_owned())),
        _ => Ok(posts::open(conn, kind, slug)?.map(|post| post.path())),
    }
}

fn moved(target: &str) -> Response {
    Response::builder()
        .status(StatusCode::MOVED_PERMANENTLY)
        .header(header::LOCATION, target)
        .finish()
}
