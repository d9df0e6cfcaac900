//! A visitor's own: what this browser has posted, who answered, marking that as read, taking it all along, erasing it.
//!
//! Nothing here changes anything on a GET, and no answer is kept by anyone.

use std::sync::Arc;

use askama::Template;
use poem::http::{StatusCode, header};
use poem::web::Data;
use poem::{Response, handler};
use rusqlite::Connection;

use super::error::Failure;
use super::form::Form;
use super::limits::Owning;
use super::moment::cursor;
use super::reader::{self, Reader};
use super::{App, no_store, see_other};
use crate::error::{Error, Result};
use crate::model::id::EventId;
use crate::model::time::Timestamp;
use crate::model::visitor::Visitor;
use crate::store::{mine, visitors};
use crate::views::Me;
use crate::views::me::{ErasurePage, MePage, Mine};

/// Rows of each list; the rest is in the download.
const LISTED: i64 = 100;

/// What every page tells a visitor of their own.
pub fn told(conn: &Connection, visitor: &Visitor) -> Result<Me> {
    Ok(Me {
        unread: mine::unread(conn, visitor)?,
        cursor: cursor(conn)?,
    })
}

/// `GET /me`
#[handler]
pub async fn show(Data(app): Data<&Arc<App>>, reader: Reader) -> Result<Response, Failure> {
    let page = app.page(&reader, |moment| {
        let conn = moment.conn;
        let Some(visitor) = moment.visitor.clone() else {
            return Ok(MePage::new(moment.frame(), None).render()?);
        };
        let (changer, now) = (moment.changer(), Timestamp::now());
        let (written, written_in_all) = mine::written(conn, visitor.id, LISTED)?;
        let written = written.into_iter().map(|written| {
            let changeable = changer.may(&written.comment, now).is_ok();
            (written, changeable)
        });
        let mine = Mine {
            written: written.collect(),
            written_in_all,
            answers: mine::answers(conn, &visitor, LISTED)?,
            given: mine::given(conn, visitor.id, LISTED)?,
            kept: mine::kept(conn, visitor.id)?,
            visitor,
        };
        Ok(MePage::new(moment.frame(), Some(&mine)).render()?)
    });
    Ok(unkept(page.await?))
}

/// `POST /me/reading`: marks as read what came up to the event `to`, which is where the page with the form stood.
#[handler]
pub async fn read(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    form: Form,
) -> Result<Response, Failure> {
    let to = form.get("to").parse().map(EventId);
    let to = to.map_err(|_| Error::field("to", "this is not an event of the log"))?;
    let marked = app.store.write(move |tx| match reader.visitor(tx)? {
        Some(visitor) => mine::mark_read(tx, visitor.id, to),
        None => Ok(()),
    });
    marked.await?;
    Ok(unkept(see_other("/me")))
}

/// `GET /me/export`
#[handler]
pub async fn export(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    _: Owning,
) -> Result<Response, Failure> {
    let whole = app.store.read(move |conn| match reader.visitor(conn)? {
        Some(visitor) => Ok(Some(mine::export(conn, visitor.id)?)),
        None => Ok(None),
    });
    let Some(whole) = whole.await? else {
        return Ok(unkept(see_other("/me")));
    };
    let name = "attachment; filename=\"my-comments.json\"";
    let answer = Response::builder()
        .content_type("application/json; charset=utf-8")
        .header(header::CONTENT_DISPOSITION, name)
        .body(format!("{whole:#}\n"));
    Ok(unkept(answer))
}

/// `GET /me/erasure`
#[handler]
pub async fn ask(Data(app): Data<&Arc<App>>, reader: Reader) -> Result<Response, Failure> {
    asked(app, &reader).await
}

/// `POST /me/erasure`: asks first, unless the form says that it was asked.
#[handler]
pub async fn erase(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    _: Owning,
    form: Form,
) -> Result<Response, Failure> {
    if form.get("sure") != "yes" {
        return asked(app, &reader).await;
    }
    let hash = reader.token_hash;
    let erased = app.store.write(move |tx| {
        let visitor = hash.map(|hash| visitors::find(tx, &hash)).transpose()?;
        let visitor = visitor.flatten().map(|visitor| visitor.id);
        if let Some(visitor) = visitor {
            mine::erase(tx, visitor, None)?;
        }
        Ok(visitor)
    });
    if let Some(visitor) = erased.await? {
        app.live.presence.hide(visitor);
    }
    let mut answer = match reader.wants_json {
        true => Response::builder().status(StatusCode::NO_CONTENT).finish(),
        false => see_other("/me"),
    };
    reader::forget(&mut answer, app.is_secure());
    Ok(unkept(answer))
}

async fn asked(app: &App, reader: &Reader) -> Result<Response, Failure> {
    let page = app.page(reader, |moment| {
        Ok(ErasurePage::new(moment.frame()).render()?)
    });
    Ok(unkept(page.await?))
}

fn unkept(mut answer: Response) -> Response {
    no_store(&mut answer);
    answer
}
