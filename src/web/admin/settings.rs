//! The owner's settings. A form changes the fields it has and leaves the others as they are.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Query};
use poem::{Body, Request, Response, handler};
use serde::Deserialize;

use super::super::error::Failure;
use super::super::form::{Form, LongForm};
use super::super::reader::Reader;
use super::super::session::Owner;
use super::super::uploads::{self, Refused};
use super::super::{App, see_other};
use crate::error::{Error, Fields, Result};
use crate::model::settings::fields::{FIELDS, Field};
use crate::store::{Tx, icons, settings};
use crate::views::desk::keep::KeepView;
use crate::views::desk::settings::SettingsPage;

/// Where a change that was made leads.
const SAVED: &str = "/admin/settings?saved=1";

/// `?saved=1` after a change.
#[derive(Deserialize)]
struct SettingsQuery {
    saved: Option<String>,
}

/// `GET /admin/settings`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(query): Query<SettingsQuery>,
) -> Result<Response, Failure> {
    let saved = query.saved.is_some();
    page(app, &reader, HashMap::new(), Fields::new(), saved).await
}

/// `POST /admin/settings`
#[handler]
pub async fn change(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    LongForm(form): LongForm,
) -> Result<Response, Failure> {
    let values = match parse(&form) {
        Ok(values) => values,
        Err(errors) if reader.wants_json => return Err(Error::Invalid(errors).into()),
        Err(errors) => {
            let typed = sent(&form).map(|field| (field.name, form.get(field.name).to_owned()));
            let mut answer = page(app, &reader, typed.collect(), errors, false).await?;
            answer.set_status(StatusCode::UNPROCESSABLE_ENTITY);
            return Ok(answer);
        }
    };
    app.store
        .write(move |tx| settings::change(tx, &values))
        .await?;
    Ok(see_other(SAVED))
}

/// `POST /admin/settings/icon`: the picture `file`.
#[handler]
pub async fn change_icon(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    _owner: Owner,
    req: &Request,
    body: Body,
) -> Result<Response, Failure> {
    let (status, field, why) = match uploads::take_icon(app, req, body).await {
        Ok(sizes) => {
            let replace = move |tx: &Tx| icons::replace(tx, &sizes);
            app.store.write(replace).await?;
            return Ok(see_other(SAVED));
        }
        Err(Refused::Failed(failure)) => return Err(failure),
        Err(Refused::Said {
            status, field, why, ..
        }) => (status, field, why),
    };
    if reader.wants_json {
        return Ok(uploads::refused_json(status, field, &why));
    }
    let errors = Fields::from([(field, why)]);
    let mut answer = page(app, &reader, HashMap::new(), errors, false).await?;
    answer.set_status(status);
    Ok(answer)
}

/// `POST /admin/settings/icon/deletion`
#[handler]
pub async fn remove_icon(Data(app): Data<&Arc<App>>, _owner: Owner) -> Result<Response, Failure> {
    app.store.write(|tx| icons::replace(tx, &[])).await?;
    Ok(see_other(SAVED))
}

/// The fields that a form has.
fn sent(form: &Form) -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| form.has(field.name))
}

/// What the form sets: each field and its value as the file keeps it.
///
/// Errors: by field, what is wrong and what to do.
pub fn parse(form: &Form) -> Result<Vec<(&'static Field, String)>, Fields> {
    let (mut values, mut errors) = (Vec::new(), Fields::new());
    for field in sent(form) {
        match (field.check)(form.get(field.name)) {
            Ok(value) => values.push((field, value)),
            Err(why) => {
                errors.insert(field.name, why);
            }
        }
    }
    match errors.is_empty() {
        true => Ok(values),
        false => Err(errors),
    }
}

async fn page(
    app: &App,
    reader: &Reader,
    typed: HashMap<&'static str, String>,
    errors: Fields,
    is_saved: bool,
) -> Result<Response, Failure> {
    let keeper = app.keeper.clone();
    let page = app.page(reader, move |moment| {
        let (frame, settings) = (moment.frame(), &moment.settings);
        let keep = KeepView::new(keeper.standing(), settings.manner().calendar);
        Ok(SettingsPage::new(frame, settings, keep, typed, &errors, is_saved).render()?)
    });
    Ok(page.await?)
}
