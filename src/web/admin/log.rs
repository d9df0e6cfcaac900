//! Everything that happened: looking through it, noting what was seen, and taking decisions back.

use std::sync::Arc;

use askama::Template;
use poem::http::Uri;
use poem::web::{Data, Query};
use poem::{Response, handler};

use super::super::error::Failure;
use super::super::form::Form;
use super::super::reader::Reader;
use super::super::{App, see_other};
use super::comments::{self, DoneQuery};
use crate::error::{Error, Result};
use crate::model::id::EventId;
use crate::model::inbox::Slice;
use crate::store::activity;
use crate::views::desk::log::{LogPage, LogView};

/// Lines on one page.
const EACH: usize = 50;

/// `GET /admin/log`
#[handler]
pub async fn list(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    uri: &Uri,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Failure> {
    let slice = Slice::parse(uri.query().unwrap_or_default());
    let page = app.page(&reader, move |moment| {
        let (conn, zone) = (moment.conn, moment.settings.zone());
        let found = activity::list(conn, &slice, &zone, EACH)?;
        let view = LogView {
            slice: &slice,
            happenings: &found.happenings,
            next: found.next,
            read_to: activity::read_to(conn)?,
            names: activity::names(conn, &slice)?,
            done: query.done(),
            cursor: moment.cursor()?,
        };
        Ok(LogPage::new(moment.frame(), view).render()?)
    });
    Ok(page.await?)
}

/// `POST /admin/log`: `do` is `read`, and `to` the event up to which the owner has looked; or it is `undo`, and `events` are
/// those of the change.
#[handler]
pub async fn act(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    form: Form,
) -> Result<Response, Failure> {
    match form.get("do") {
        "undo" => comments::undo(app, &reader, &form, "/admin/log").await,
        "read" => {
            let to = form.get("to").parse().map_err(|_| Error::NotFound)?;
            let read = app
                .store
                .write(move |tx| activity::mark_as_read(tx, EventId(to)));
            read.await?;
            Ok(see_other("/admin/log"))
        }
        _ => Err(Error::NotFound.into()),
    }
}
