//! The library: files that posts show, their descriptions, where they are used, and how they go.

use std::sync::Arc;

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path, Query};
use poem::{Body, Request, Response, handler};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;

use super::super::error::Failure;
use super::super::form::Form;
use super::super::reader::Reader;
use super::super::session::Owner;
use super::super::uploads::{self, Refused};
use super::super::{App, see_other};
use crate::error::{Error, Fields, Result};
use crate::model::media::Item;
use crate::store::media::{self, Wanted};
use crate::views::Pager;
use crate::views::library::{DeletionPage, Filter, ItemPage, LibraryPage, LibraryView};

/// Files on one page of the library.
const PER_PAGE: i64 = 48;

/// `?q=…&kind=…&page=N`
#[derive(Clone, Debug, Default, Deserialize)]
struct LibraryQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    page: String,
}

/// `GET /admin/media`
#[handler]
pub async fn list(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(query): Query<LibraryQuery>,
    _owner: Owner,
) -> Result<Response, Failure> {
    library(app, &reader, query, LibraryView::default()).await
}

/// `POST /admin/media`: `file`, and `alt` for those who do not see it.
#[handler]
pub async fn add(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    _owner: Owner,
    req: &Request,
    body: Body,
) -> Result<Response, Failure> {
    let (status, field, why, alt) = match uploads::take(app, req, body).await {
        Ok(item) if reader.wants_json => return Ok(described(&item, StatusCode::CREATED)),
        Ok(item) => return Ok(see_other(&format!("/admin/media#f-{}", item.hash))),
        Err(Refused::Failed(failure)) => return Err(failure),
        Err(Refused::Said {
            status,
            field,
            why,
            alt,
        }) => (status, field, why, alt),
    };
    if reader.wants_json {
        return Ok(uploads::refused_json(status, field, &why));
    }
    let errors = Fields::from([(field, why)]);
    let view = LibraryView { alt, errors };
    let mut answer = library(app, &reader, LibraryQuery::default(), view).await?;
    answer.set_status(status);
    Ok(answer)
}

/// `GET /admin/media/{hash}`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(hash): Path<String>,
    _owner: Owner,
) -> Result<Response, Failure> {
    item(app, &reader, hash, None).await
}

/// `POST /admin/media/{hash}`: another `alt`.
#[handler]
pub async fn describe(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(hash): Path<String>,
    _owner: Owner,
    form: Form,
) -> Result<Response, Failure> {
    let alt = match uploads::description(form.get("alt")) {
        Ok(alt) => alt,
        Err(why) if reader.wants_json => return Err(Error::field("alt", why).into()),
        Err(why) => {
            let typed = (form.get("alt").to_owned(), why);
            let mut answer = item(app, &reader, hash, Some(typed)).await?;
            answer.set_status(StatusCode::UNPROCESSABLE_ENTITY);
            return Ok(answer);
        }
    };
    let change = move |tx: &crate::store::Tx| {
        media::describe(tx, &hash, &alt)?;
        found(tx, &hash)
    };
    let item = app.store.write(change).await?;
    Ok(match reader.wants_json {
        true => described(&item, StatusCode::OK),
        false => see_other(&format!("/admin/media/{}", item.hash)),
    })
}

/// `GET /admin/media/{hash}/deletion`: says what would miss the file.
#[handler]
pub async fn ask(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(hash): Path<String>,
    _owner: Owner,
) -> Result<Response, Failure> {
    let page = app.page(&reader, move |moment| {
        let (item, uses) = (found(moment.conn, &hash)?, media::uses(moment.conn, &hash)?);
        Ok(DeletionPage::new(moment.frame(), &item, &uses).render()?)
    });
    Ok(page.await?)
}

/// `POST /admin/media/{hash}/deletion`
#[handler]
pub async fn remove(
    Data(app): Data<&Arc<App>>,
    Path(hash): Path<String>,
    _owner: Owner,
) -> Result<Response, Failure> {
    app.store.write(move |tx| media::remove(tx, &hash)).await?;
    Ok(see_other("/admin/media"))
}

/// A file as an editor needs it.
fn described(item: &Item, status: StatusCode) -> Response {
    let said = json!({
        "url": item.path(),
        "markdown": item.markdown(),
        "width": item.size.map(|size| size.0),
        "height": item.size.map(|size| size.1),
        "alt": item.alt,
        "mime": item.mime,
        "page": format!("/admin/media/{}", item.hash),
    });
    Response::builder()
        .status(status)
        .content_type("application/json; charset=utf-8")
        .body(said.to_string())
}

fn found(conn: &Connection, hash: &str) -> Result<Item> {
    media::item(conn, hash)?.ok_or(Error::NotFound)
}

async fn library(
    app: &App,
    reader: &Reader,
    query: LibraryQuery,
    view: LibraryView,
) -> Result<Response, Failure> {
    let page = app.page(reader, move |moment| {
        let filter = Filter {
            kind: query.kind,
            words: query.q,
        };
        let wanted = Wanted {
            kind: filter.mime().into(),
            words: filter.words.trim().into(),
        };
        let (count, bytes) = media::count(moment.conn, &wanted)?;
        let pages = Pager::count(count, PER_PAGE);
        let page = query.page.parse().unwrap_or(1).clamp(1, pages);
        let pager = Pager { page, pages };
        let items = media::page(moment.conn, &wanted, pager.skipped(PER_PAGE), PER_PAGE)?;
        let page = LibraryPage::new(moment.frame(), &items, filter, (count, bytes), pager, &view);
        Ok(page.render()?)
    });
    Ok(page.await?)
}

/// The page of one file; `refused` is a description that was typed, and why it cannot be taken.
async fn item(
    app: &App,
    reader: &Reader,
    hash: String,
    refused: Option<(String, String)>,
) -> Result<Response, Failure> {
    let page = app.page(reader, move |moment| {
        let (item, uses) = (found(moment.conn, &hash)?, media::uses(moment.conn, &hash)?);
        let page = ItemPage::new(moment.frame(), &item, &uses, refused.as_ref());
        Ok(page.render()?)
    });
    Ok(page.await?)
}
