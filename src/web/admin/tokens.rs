//! The owner's apps: making a token for one, and taking it back.

use std::sync::Arc;

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::super::error::Failure;
use super::super::form::Form;
use super::super::reader::Reader;
use super::super::session::Owner;
use super::super::{App, see_other, token};
use crate::error::{Error, Result};
use crate::model::app::{NewApp, Scope, Scopes};
use crate::model::id::TokenId;
use crate::store::tokens;
use crate::views::apps::{AppsPage, AppsView};

/// `GET /admin/tokens`
#[handler]
pub async fn list(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    _owner: Owner,
) -> Result<Response, Failure> {
    page(app, &reader, AppsView::default(), StatusCode::OK).await
}

/// `POST /admin/tokens`. The answer shows the token, which nobody can ever ask for again: so it is no redirect.
#[handler]
pub async fn make(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    _owner: Owner,
    form: Form,
) -> Result<Response, Failure> {
    let ticked = |scope: &Scope| form.filled(scope.as_str()).is_some();
    let scopes = Scopes::of(Scope::ALL.into_iter().filter(ticked));
    let mut view = AppsView {
        name: form.get("name").to_owned(),
        scopes: scopes.clone(),
        ..AppsView::default()
    };
    let new = match NewApp::parse(form.get("name"), scopes) {
        Err(Error::Invalid(errors)) if !reader.wants_json => {
            view.errors = errors;
            return page(app, &reader, view, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
        new => new?,
    };
    let token = token::fresh()?;
    let hash = token::hash(&token);
    view.token = Some(token);
    app.store
        .write(move |tx| tokens::add(tx, &hash, &new))
        .await?;
    page(app, &reader, view, StatusCode::CREATED).await
}

/// `POST /admin/tokens/{id}/end`
#[handler]
pub async fn end(
    Data(app): Data<&Arc<App>>,
    _owner: Owner,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    let revoke = app.store.write(move |tx| tokens::revoke(tx, TokenId(id)));
    match revoke.await {
        Ok(()) | Err(Error::NotFound) => Ok(see_other("/admin/tokens")), // whoever took it back first
        Err(error) => Err(error.into()),
    }
}

async fn page(
    app: &App,
    reader: &Reader,
    view: AppsView,
    status: StatusCode,
) -> Result<Response, Failure> {
    let page = app.page(reader, move |moment| {
        let apps = tokens::all(moment.conn)?;
        Ok(AppsPage::new(moment.frame(), &apps, &view).render()?)
    });
    let mut answer = page.await?;
    answer.set_status(status);
    Ok(answer)
}
