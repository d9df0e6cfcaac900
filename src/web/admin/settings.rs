//! The owner's settings. A form changes the fields it has and leaves the others as they are.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use poem::http::StatusCode;
use poem::web::Data;
use poem::{Response, handler};

use super::super::error::Failure;
use super::super::form::{Form, LongForm};
use super::super::reader::Reader;
use super::super::{App, see_other};
use crate::error::{Error, Fields, Result};
use crate::model::settings::FIELDS;
use crate::store::settings;
use crate::views::desk::keep::KeepView;
use crate::views::desk::settings::SettingsPage;

/// `GET /admin/settings`
#[handler]
pub async fn show(Data(app): Data<&Arc<App>>, reader: Reader) -> Result<Response, Failure> {
    page(app, &reader, HashMap::new(), Fields::new()).await
}

/// `POST /admin/settings`
#[handler]
pub async fn change(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    LongForm(form): LongForm,
) -> Result<Response, Failure> {
    let changes = match parse(&form) {
        Ok(changes) => changes,
        Err(errors) if reader.wants_json => return Err(Error::Invalid(errors).into()),
        Err(errors) => {
            let typed = FIELDS
                .iter()
                .filter(|(field, ..)| form.has(field))
                .map(|(field, ..)| (*field, form.get(field).to_owned()));
            let mut answer = page(app, &reader, typed.collect(), errors).await?;
            answer.set_status(StatusCode::UNPROCESSABLE_ENTITY);
            return Ok(answer);
        }
    };
    app.store
        .write(move |tx| {
            changes
                .iter()
                .try_for_each(|(key, value)| settings::set(tx, key, value))
        })
        .await?;
    Ok(see_other("/admin/settings"))
}

/// What the form changes: each key in the file and its new value.
fn parse(form: &Form) -> Result<Vec<(&'static str, String)>, Fields> {
    let (mut changes, mut errors) = (Vec::new(), Fields::new());
    for (field, key, check) in FIELDS.iter().filter(|(field, ..)| form.has(field)) {
        match check(form.get(field)) {
            Ok(value) => changes.push((*key, value)),
            Err(why) => {
                errors.insert(field, why);
            }
        }
    }
    match errors.is_empty() {
        true => Ok(changes),
        false => Err(errors),
    }
}

async fn page(
    app: &App,
    reader: &Reader,
    typed: HashMap<&'static str, String>,
    errors: Fields,
) -> Result<Response, Failure> {
    let keeper = app.keeper.clone();
    let page = app.page(reader, move |moment| {
        let keep = KeepView::new(keeper.standing(), &moment.settings.time_zone);
        let page = SettingsPage::new(moment.frame(), &moment.settings, keep, typed, &errors);
        Ok(page.render()?)
    });
    Ok(page.await?)
}
