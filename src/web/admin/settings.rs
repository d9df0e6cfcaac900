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
use crate::store::{Tx, settings};
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
    let changes = match parse(&form, |_| true) {
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
    app.store.write(move |tx| keep(tx, &changes)).await?;
    Ok(see_other("/admin/settings"))
}

/// Keeps what a form changes.
pub fn keep(tx: &Tx, changes: &[(&'static str, String)]) -> Result<()> {
    let mut each = changes.iter();
    each.try_for_each(|(key, value)| settings::set(tx, key, value))
}

/// What the form changes of the `wanted` fields: each key in the file and its new value.
pub fn parse(
    form: &Form,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<(&'static str, String)>, Fields> {
    let (mut changes, mut errors) = (Vec::new(), Fields::new());
    let fields = FIELDS.iter().filter(|(field, ..)| wanted(field));
    for (field, key, check) in fields.filter(|(field, ..)| form.has(field)) {
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
