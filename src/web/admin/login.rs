//! Signing in and out.

use std::sync::Arc;

use askama::Template;
use poem::http::StatusCode;
use poem::web::{Data, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use super::super::client::ClientKey;
use super::super::error::Failure;
use super::super::form::Form;
use super::super::reader::Reader;
use super::super::session::{self, Beginning, Owner};
use super::super::theme::back;
use super::super::{App, no_store, see_other, token};
use super::code;
use super::doorkeeper::{Counted, seconds, stamp};
use super::setup::has_owner;
use crate::error::Result;
use crate::model::time::Timestamp;
use crate::store::second_step::{self, Proof};
use crate::store::{sessions, settings};
use crate::views::desk::{LoginPage, LoginView, Refusal};

/// `?next=/admin/…`
#[derive(Deserialize)]
struct LoginQuery {
    next: Option<String>,
}

/// `GET /admin/login`
#[handler]
pub async fn ask(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(query): Query<LoginQuery>,
) -> Result<Response, Failure> {
    let view = LoginView {
        next: query.next.unwrap_or_default(),
        refusal: None,
        is_set_up: has_owner(app).await?,
    };
    page(app, &reader, view).await
}

/// `POST /admin/login`
#[handler]
pub async fn enter(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    client: ClientKey,
    req: &Request,
    form: Form,
) -> Result<Response, Failure> {
    let who = counted(app, req, client).await?;
    if app.limits
        && let Err(wait) = app.doorkeeper.admit(who)
    {
        let seconds = seconds(wait);
        let refusal = Refusal::TooOften { seconds };
        return refused(app, &reader, form.get("next"), refusal).await;
    }
    let Some(shown) = shown(app, who, &form).await? else {
        return refused(app, &reader, form.get("next"), Refusal::Wrong).await;
    };
    let beginning = Arc::new(Beginning::of(req, &reader, who.device())?);
    let recorded = beginning.clone();
    let entered = app.store.write(move |tx| {
        // The password may have been changed while this attempt waited for its turn.
        let is_password = settings::get(tx, "owner_password")? == shown.hash;
        let is_good = is_password && second_step::spend(tx, &shown.proof)?;
        is_good.then(|| recorded.record(tx)).transpose()
    });
    if entered.await?.is_none() {
        return refused(app, &reader, form.get("next"), Refusal::Wrong).await;
    }
    app.doorkeeper.forgive(who);
    let mut answer = see_other(match back(form.get("next")) {
        "/" => "/admin",
        next => next,
    });
    beginning.give(&mut answer, app.is_secure());
    no_store(&mut answer);
    Ok(answer)
}

/// What has shown that it is the owner.
struct Shown {
    /// What is kept of the password that was right.
    hash: Option<String>,
    /// What was shown beside it.
    proof: Proof,
}

/// What shows that it is the owner, if the password is right and the code too. Both are always looked at, so that neither
/// the answer nor its time tells which of them was wrong.
async fn shown(app: &App, who: Counted, form: &Form) -> Result<Option<Shown>> {
    let (key, code) = (app.key.clone(), form.get("code").to_owned());
    let kept = app.store.read(move |conn| {
        let proof = code::proof(conn, &key, &code, Timestamp::now())?;
        Ok((settings::get(conn, "owner_password")?, proof))
    });
    let (hash, proof) = kept.await?;
    let typed = form.get("password");
    if !app.doorkeeper.is(typed, hash.clone()).await? {
        return Ok(None);
    }
    let guessable = matches!(proof, None | Some(Proof::Step(_)));
    let admitted = !guessable || !app.limits || app.doorkeeper.admits_code(who);
    let proof = proof.filter(|_| admitted);
    if proof.is_none() {
        tracing::warn!(
            "somebody gave the right password with a wrong code; if it was not you, change the password"
        );
    }
    Ok(proof.map(|proof| Shown { hash, proof }))
}

/// `POST /admin/logout`
#[handler]
pub async fn leave(Data(app): Data<&Arc<App>>, owner: Owner) -> Result<Response, Failure> {
    app.store
        .write(move |tx| sessions::end(tx, owner.session.id))
        .await?;
    let mut answer = see_other("/");
    session::forget(&mut answer, app.is_secure());
    Ok(answer)
}

/// Whose attempt it is: that of a device that the owner has used before, else that of an address.
async fn counted(app: &App, req: &Request, client: ClientKey) -> Result<Counted> {
    let Some(device) = token::read(req, session::DEVICE, app.is_secure()) else {
        return Ok(Counted::Client(client));
    };
    let known = app.store.read(move |conn| sessions::knows(conn, &device));
    Ok(match known.await? {
        true => Counted::Device(device),
        false => Counted::Client(client),
    })
}

async fn refused(
    app: &App,
    reader: &Reader,
    next: &str,
    refusal: Refusal,
) -> Result<Response, Failure> {
    let view = LoginView {
        next: next.into(),
        refusal: Some(refusal),
        is_set_up: true,
    };
    let wait = match refusal {
        Refusal::Wrong => None,
        Refusal::TooOften { seconds } => Some(seconds),
    };
    let answer = page(app, reader, view).await?;
    Ok(stamp(answer, wait, StatusCode::UNAUTHORIZED))
}

async fn page(app: &App, reader: &Reader, view: LoginView) -> Result<Response, Failure> {
    let page = app.page(reader, move |moment| {
        let wants_code = second_step::find(moment.conn)?.is_some();
        Ok(LoginPage::new(moment.frame(), &view, wants_code).render()?)
    });
    let mut answer = page.await?;
    no_store(&mut answer);
    Ok(answer)
}
