//! The owner's account: where they are signed in, and their password.

use std::sync::Arc;

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::super::error::Failure;
use super::super::form::Form;
use super::super::reader::Reader;
use super::super::session::Owner;
use super::super::{App, see_other};
use crate::error::{Error, Fields, Result};
use crate::model::id::SessionId;
use crate::model::time::Timestamp;
use crate::store::{sessions, settings};
use crate::views::desk::AccountPage;

/// `GET /admin/account`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    owner: Owner,
) -> Result<Response, Failure> {
    page(app, &reader, owner, Fields::new()).await
}

/// `POST /admin/account/password`: another password; every other session ends.
#[handler]
pub async fn change_password(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    owner: Owner,
    form: Form,
) -> Result<Response, Failure> {
    let kept = app
        .store
        .read(|conn| settings::get(conn, "owner_password"))
        .await?;
    if !app.doorkeeper.is(form.get("current"), kept).await? {
        let why = "That is not your password now.";
        return refused(app, &reader, owner, Error::field("current", why)).await;
    }
    let hash = match app.doorkeeper.hash(form.get("password")).await {
        Ok(hash) => hash,
        Err(error) => return refused(app, &reader, owner, error).await,
    };
    let here = owner.session.id;
    app.store
        .write(move |tx| {
            settings::set(tx, "owner_password", &hash)?;
            sessions::end_all(tx, Some(here))
        })
        .await?;
    Ok(see_other("/admin/account"))
}

/// `POST /admin/sessions/{id}/end`
#[handler]
pub async fn end(Data(app): Data<&Arc<App>>, Path(id): Path<i64>) -> Result<Response, Failure> {
    app.store
        .write(move |tx| sessions::end(tx, SessionId(id)))
        .await?;
    Ok(see_other("/admin/account"))
}

/// `POST /admin/sessions/end`: all but this one.
#[handler]
pub async fn end_others(Data(app): Data<&Arc<App>>, owner: Owner) -> Result<Response, Failure> {
    app.store
        .write(move |tx| sessions::end_all(tx, Some(owner.session.id)))
        .await?;
    Ok(see_other("/admin/account"))
}

async fn refused(
    app: &App,
    reader: &Reader,
    owner: Owner,
    error: Error,
) -> Result<Response, Failure> {
    let Error::Invalid(errors) = error else {
        return Err(error.into());
    };
    if reader.wants_json {
        return Err(Error::Invalid(errors).into());
    }
    let mut answer = page(app, reader, owner, errors).await?;
    answer.set_status(StatusCode::UNPROCESSABLE_ENTITY);
    Ok(answer)
}

async fn page(
    app: &App,
    reader: &Reader,
    owner: Owner,
    errors: Fields,
) -> Result<Response, Failure> {
    let page = app.page(reader, move |moment| {
        let sessions = sessions::all(moment.conn, Timestamp::now())?;
        let page = AccountPage::new(moment.frame(), &sessions, owner.session.id, &errors);
        Ok(page.render()?)
    });
    Ok(page.await?)
}
