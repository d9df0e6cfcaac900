//! The second step of signing in: turning it on and off, and looking at the codes that are typed.

use std::sync::Arc;

use askama::Template;
use poem::http::StatusCode;
use poem::web::Data;
use poem::{Response, handler};
use rusqlite::Connection;

use super::super::error::Failure;
use super::super::form::Form;
use super::super::reader::Reader;
use super::super::session::Owner;
use super::super::{App, see_other};
use super::account::denied;
use super::doorkeeper::Denied;
use crate::error::{Fields, Result};
use crate::key::KeyFile;
use crate::model::time::Timestamp;
use crate::store::second_step::{self, Proof};
use crate::totp::{self, Secret, WrittenHash};
use crate::views::desk::code::{CodePage, Offer, Stage};

/// What is right about a code that was typed to sign in, if anything is.
///
/// A key that is gone opens nothing: then the log says what to do, and written codes are good still.
pub fn proof(
    conn: &Connection,
    key: &KeyFile,
    typed: &str,
    now: Timestamp,
) -> Result<Option<Proof>> {
    let Some(kept) = second_step::find(conn)? else {
        return Ok(Some(Proof::NotAsked));
    };
    let written = totp::written_hash(typed);
    if second_step::is_written(conn, &written)? {
        return Ok(Some(Proof::Written(written)));
    }
    let secret = match key.open(&kept.secret) {
        Ok(secret) => Secret::of(&secret),
        Err(error) => {
            tracing::error!("no code can be checked: {error}");
            None
        }
    };
    let step = secret.and_then(|secret| secret.step(typed, now, kept.spent));
    Ok(step.map(Proof::Step))
}

/// `GET /admin/account/code`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    _owner: Owner,
) -> Result<Response, Failure> {
    let secret = Secret::fresh()?;
    Ok(page(app, &reader, secret, Fields::new(), Vec::new()).await?)
}

/// `POST /admin/account/code`: turns it on. The answer shows the written codes, which nobody can ever ask for again: so it
/// is no redirect.
#[handler]
pub async fn turn_on(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    owner: Owner,
    form: Form,
) -> Result<Response, Failure> {
    let Some(secret) = Secret::parse(form.get("secret")) else {
        return Ok(see_other("/admin/account/code")); // no form of ours: here is one
    };
    if app.store.read(second_step::find).await?.is_some() {
        return Ok(see_other("/admin/account/code")); // another window was first
    }
    if let Some(denied) = denied(app, &owner, form.get("current")).await? {
        return refused(app, &reader, secret, denied).await;
    }
    let Some(step) = secret.step(form.get("code"), Timestamp::now(), 0) else {
        let why = "That is not the code of now. Is the clock of your telephone right?";
        let denied = Denied::of("code", why);
        return refused(app, &reader, secret, denied).await;
    };
    let (codes, hashes) = written()?;
    let (key, kept) = (app.key.clone(), secret.clone());
    app.store
        .write(move |tx| second_step::turn_on(tx, &key.seal(kept.bytes())?, step, &hashes))
        .await?;
    created(page(app, &reader, secret, Fields::new(), codes).await?)
}

/// `POST /admin/account/code/renewal`: new written codes in place of the old ones.
#[handler]
pub async fn renew(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    owner: Owner,
    form: Form,
) -> Result<Response, Failure> {
    let secret = Secret::fresh()?;
    if app.store.read(second_step::find).await?.is_none() {
        return Ok(see_other("/admin/account/code"));
    }
    if let Some(denied) = denied(app, &owner, form.get("current")).await? {
        return refused(app, &reader, secret, denied).await;
    }
    let (codes, hashes) = written()?;
    app.store
        .write(move |tx| second_step::renew(tx, &hashes))
        .await?;
    created(page(app, &reader, secret, Fields::new(), codes).await?)
}

/// `POST /admin/account/code/end`: turns it off.
#[handler]
pub async fn turn_off(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    owner: Owner,
    form: Form,
) -> Result<Response, Failure> {
    if let Some(denied) = denied(app, &owner, form.get("current")).await? {
        return refused(app, &reader, Secret::fresh()?, denied).await;
    }
    app.store.write(second_step::turn_off).await?;
    Ok(see_other("/admin/account"))
}

/// Codes to write down, and what is kept of them.
fn written() -> Result<(Vec<String>, Vec<WrittenHash>)> {
    let codes = totp::written()?;
    let hashes = codes.iter().map(|code| totp::written_hash(code)).collect();
    Ok((codes, hashes))
}

fn created(mut answer: Response) -> Result<Response, Failure> {
    answer.set_status(StatusCode::CREATED);
    Ok(answer)
}

async fn refused(
    app: &App,
    reader: &Reader,
    secret: Secret,
    denied: Denied,
) -> Result<Response, Failure> {
    let again = |errors| page(app, reader, secret, errors, Vec::new());
    denied.answer(reader, again).await
}

/// The page as things stand: where the second step is off, it offers `secret`.
async fn page(
    app: &App,
    reader: &Reader,
    secret: Secret,
    errors: Fields,
    written: Vec<String>,
) -> Result<Response> {
    let page = app.page(reader, move |moment| {
        let stage = match second_step::find(moment.conn)? {
            Some(kept) => Stage::On {
                since: kept.since,
                left: second_step::left(moment.conn)?,
                written,
            },
            None => {
                let settings = &moment.settings;
                let address = secret.address(&settings.title, &settings.owner);
                Stage::Offered(Offer::new(secret.text(), address))
            }
        };
        Ok(CodePage::new(moment.frame(), &stage, &errors).render()?)
    });
    page.await
}
