//! The first run: whoever holds the token that the terminal printed gives the blog its title and its owner.

use std::sync::Arc;

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use super::super::error::Failure;
use super::super::form::Form;
use super::super::reader::Reader;
use super::super::session::Beginning;
use super::super::{App, no_store, see_other, token};
use crate::error::{Error, Fields, Result};
use crate::model::settings::Setup;
use crate::store::settings;
use crate::views::desk::{SetupPage, SetupView};

/// Lets one person set the blog up: the token of the address that the terminal prints, for as long as this process runs.
pub struct Invitation(String);

impl Invitation {
    /// A new one.
    ///
    /// Errors: as [`token::fresh`].
    pub fn new() -> Result<Invitation> {
        token::fresh().map(Invitation)
    }

    /// Where the owner-to-be goes with it, from the root of the site.
    pub fn path(&self) -> String {
        format!("/admin/setup?token={}", self.0)
    }

    /// Compares hashes, so that the time it takes tells nothing of the token.
    fn is(&self, typed: &str) -> bool {
        token::hash(&self.0) == token::hash(typed)
    }
}

/// `?token=…`
#[derive(Deserialize)]
struct SetupQuery {
    token: Option<String>,
}

const STRANGER: Error = Error::Forbidden(
    "to set this blog up, open the address that `rowlog serve` printed in its terminal; a restart prints a new one",
);

/// `GET /admin/setup`
#[handler]
pub async fn ask(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(query): Query<SetupQuery>,
) -> Result<Response, Failure> {
    let token = query.token.unwrap_or_default();
    if has_owner(app).await? {
        return Ok(see_other("/admin/login"));
    }
    if !app.invitation.is(&token) {
        return Err(STRANGER.into());
    }
    let view = SetupView {
        token,
        ..SetupView::default()
    };
    page(app, &reader, view).await
}

/// `POST /admin/setup`
#[handler]
pub async fn set_up(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    req: &Request,
    form: Form,
) -> Result<Response, Failure> {
    if !app.invitation.is(form.get("token")) {
        return Err(STRANGER.into());
    }
    let typed = ["title", "name", "email", "ink"].map(|field| form.get(field).to_owned());
    let parsed = Setup::parse(
        form.get("title"),
        form.get("name"),
        form.get("email"),
        form.get("ink"),
    );
    let password = app.doorkeeper.hash(form.get("password")).await;
    let (setup, hash) = match (parsed, password) {
        (Ok(setup), Ok(hash)) => (setup, hash),
        (parsed, password) => {
            let mut errors = parsed.err().unwrap_or_default();
            match password {
                Err(Error::Invalid(why)) => errors.extend(why),
                Err(error) => return Err(error.into()),
                Ok(_) => {}
            }
            return refused(app, &reader, form.get("token"), typed, errors).await;
        }
    };
    let beginning = Arc::new(Beginning::of(req, &reader, None)?);
    let recorded = beginning.clone();
    app.store
        .write(move |tx| {
            settings::set_up(tx, &setup, &hash)?;
            recorded.record(tx)
        })
        .await?;
    let mut answer = see_other("/admin");
    beginning.give(&mut answer, app.is_secure());
    no_store(&mut answer);
    Ok(answer)
}

/// Whether the blog has been set up.
pub async fn has_owner(app: &App) -> Result<bool> {
    let owner = app.store.read(|conn| settings::get(conn, "owner"));
    Ok(owner.await?.is_some())
}

async fn refused(
    app: &App,
    reader: &Reader,
    token: &str,
    typed: [String; 4],
    errors: Fields,
) -> Result<Response, Failure> {
    if reader.wants_json {
        return Err(Error::Invalid(errors).into());
    }
    let [title, name, email, ink] = typed;
    let view = SetupView {
        token: token.into(),
        title,
        name,
        email,
        ink,
        errors,
    };
    let mut answer = page(app, reader, view).await?;
    answer.set_status(StatusCode::UNPROCESSABLE_ENTITY);
    Ok(answer)
}

async fn page(app: &App, reader: &Reader, view: SetupView) -> Result<Response, Failure> {
    let page = app.page(reader, move |moment| {
        Ok(SetupPage::new(moment.frame(), &view).render()?)
    });
    let mut answer = page.await?;
    no_store(&mut answer);
    Ok(answer)
}
