//! The owner's account: where they are signed in, and their password.

use std::sync::Arc;

use askama::Template;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::super::error::Failure;
use super::super::form::Form;
use super::super::reader::Reader;
use super::super::session::Owner;
use super::super::{App, see_other};
use super::doorkeeper::{Counted, Denied};
use crate::error::{Error, Fields, Result};
use crate::model::id::SessionId;
use crate::model::time::Timestamp;
use crate::store::{second_step, sessions, settings};
use crate::views::desk::AccountPage;

/// `GET /admin/account`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    owner: Owner,
) -> Result<Response, Failure> {
    Ok(page(app, &reader, owner.session.id, Fields::new()).await?)
}

/// `POST /admin/account/password`: another password; every other session ends.
#[handler]
pub async fn change_password(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    owner: Owner,
    form: Form,
) -> Result<Response, Failure> {
    let here = owner.session.id;
    let again = |errors| page(app, &reader, here, errors);
    if let Some(denied) = denied(app, &owner, form.get("current")).await? {
        return denied.answer(&reader, again).await;
    }
    let hash = match app.doorkeeper.hash(form.get("password")).await {
        Err(Error::Invalid(errors)) => {
            let denied = Denied { errors, wait: None };
            return denied.answer(&reader, again).await;
        }
        hash => hash?,
    };
    app.store
        .write(move |tx| sessions::change_password(tx, &hash, Some(&owner.session)))
        .await?;
    Ok(see_other("/admin/account"))
}

/// Why an owner who is signed in may not change the locks, if so: a session alone does not do, the password has to be given
/// again in `current`.
pub async fn denied(app: &App, owner: &Owner, current: &str) -> Result<Option<Denied>> {
    let who = Counted::Session(owner.session.id);
    if app.limits
        && let Err(wait) = app.doorkeeper.admit(who)
    {
        return Ok(Some(Denied::too_often("current", wait)));
    }
    let kept = app.store.read(|conn| settings::get(conn, "owner_password"));
    if !app.doorkeeper.is(current, kept.await?).await? {
        let why = "That is not your password now.";
        return Ok(Some(Denied::of("current", why)));
    }
    app.doorkeeper.forgive(who);
    Ok(None)
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
        .write(move |tx| sessions::end_others(tx, owner.session.id))
        .await?;
    Ok(see_other("/admin/account"))
}

async fn page(app: &App, reader: &Reader, here: SessionId, errors: Fields) -> Result<Response> {
    let page = app.page(reader, move |moment| {
        let sessions = sessions::all(moment.conn, Timestamp::now())?;
        let has_code = second_step::find(moment.conn)?.is_some();
        let page = AccountPage::new(moment.frame(), &sessions, here, has_code, &errors);
        Ok(page.render()?)
    });
    page.await
}
