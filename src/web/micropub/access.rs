//! Which app asks, by its token, and what it may do.

use poem::http::{HeaderMap, header};

use super::super::{App as Site, token};
use super::refusal::Refusal;
use crate::model::app::{App, Scope};
use crate::model::time::Timestamp;
use crate::store::tokens;

/// The token of `Authorization: Bearer`. Source: RFC 6750, section 2.1; the word has no case.
///
/// Errors: 400 for a header that holds something else.
pub fn bearer(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let parts = value.to_str().ok().and_then(|value| value.split_once(' '));
    match parts {
        Some((word, token)) if word.eq_ignore_ascii_case("bearer") => {
            Ok(Some(token.trim().to_owned()))
        }
        _ => Err(Refusal::invalid(
            "the Authorization header is no Bearer token",
        )),
    }
}

/// The app that has this token; its use is noted.
///
/// Errors: 401 without a token, 403 for one that nobody has.
pub async fn app(site: &Site, token: Option<&str>) -> Result<App, Refusal> {
    let token = token.filter(|token| !token.is_empty());
    let hash = token::hash(token.ok_or_else(Refusal::unauthorized)?);
    let app = site.store.read(move |conn| tokens::find(conn, &hash));
    let app = app.await?.ok_or_else(Refusal::forbidden)?;
    if tokens::is_due(&app, Timestamp::now()) {
        let id = app.id;
        site.store.write(move |tx| tokens::note(tx, id)).await?;
    }
    Ok(app)
}

/// Lets the app go on if it may do that.
///
/// Errors: 403 with the scope that is missing.
pub fn allow(app: &App, scope: Scope) -> Result<(), Refusal> {
    match app.scopes.has(scope) {
        true => Ok(()),
        false => Err(Refusal::scope(scope)),
    }
}
