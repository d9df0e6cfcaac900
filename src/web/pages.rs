//! Static pages, and every address that was another one's before.

use std::sync::Arc;

use askama::Template;
use percent_encoding::percent_decode_str;
use poem::http::{Method, StatusCode, Uri, header};
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::App;
use super::error::Failure;
use super::reader::Reader;
use crate::error::{Error, Result};
use crate::model::post::PostKind;
use crate::store::{posts, redirects};
use crate::views::posts::StaticPage;

/// `GET /{slug}`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    method: Method,
    uri: &Uri,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let page = app.page(&reader, move |moment| {
        let post = posts::open(moment.conn, PostKind::Page, &slug)?.ok_or(Error::NotFound)?;
        Ok(StaticPage::new(moment.frame(), &post).render()?)
    });
    match page.await {
        Err(Error::NotFound) => lost(app, &method, uri).await,
        Ok(_) if !is_reading(&method) => Err(Failure::status(StatusCode::METHOD_NOT_ALLOWED)),
        answer => Ok(answer?),
    }
}

/// Whatever no other route takes: an old address, one with a slash too many, or nothing.
#[handler]
pub async fn elsewhere(
    Data(app): Data<&Arc<App>>,
    method: Method,
    uri: &Uri,
) -> Result<Response, Failure> {
    lost(app, &method, uri).await
}

async fn lost(app: &App, method: &Method, uri: &Uri) -> Result<Response, Failure> {
    let path = percent_decode_str(uri.path())
        .decode_utf8()
        .map_err(|_| Failure::status(StatusCode::BAD_REQUEST))?;
    match is_reading(method) {
        true => Ok(led_on(app, path.into_owned()).await?),
        false => Err(Error::NotFound.into()),
    }
}

/// Leads from an old address to today's, for good.
///
/// Errors: [`Error::NotFound`] if nothing ever had that address.
pub async fn led_on(app: &App, path: String) -> Result<Response> {
    let target = app
        .store
        .read(move |conn| match redirects::find(conn, &path)? {
            Some(target) => Ok(Some(target)),
            None => without_slash(conn, &path),
        });
    match target.await? {
        Some(target) => Ok(moved(&target)),
        None => Err(Error::NotFound),
    }
}

/// The address of a post or page that was asked for with slashes at its end.
fn without_slash(conn: &rusqlite::Connection, path: &str) -> Result<Option<String>> {
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
        "/archive" | "/tags" => Ok(Some(bare.to_owned())),
        _ => Ok(posts::open(conn, kind, slug)?.map(|post| post.path())),
    }
}

fn moved(target: &str) -> Response {
    Response::builder()
        .status(StatusCode::MOVED_PERMANENTLY)
        .header(header::LOCATION, target)
        .finish()
}

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
