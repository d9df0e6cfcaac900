//! The owner's session: who has one, and the guard that keeps everyone else out of the desk.

use std::sync::Arc;
use std::time::Duration;

use poem::http::header;
use poem::{Endpoint, FromRequest, IntoResponse, Request, RequestBody, Response};
use rusqlite::Connection;

use super::error::Failure;
use super::reader::Reader;
use super::token::{self, TokenHash};
use super::{App, no_store};
use crate::error::Result;
use crate::model::session::{LONGEST, Session};
use crate::model::time::Timestamp;
use crate::store::Tx;
use crate::store::sessions::{self, NewSession};

/// The name of the session's cookie.
pub const COOKIE: &str = "session";

/// The name of the cookie by which a device is known that the owner has used before.
pub const DEVICE: &str = "device";

/// A year: how long a device is known.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Characters of what a browser calls itself that are kept.
const LONGEST_AGENT: usize = 300;

/// The blog's owner, signed in. Whoever handles a request of the desk takes this.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The session that the request came with.
    pub session: Session,
}

impl<'a> FromRequest<'a> for Owner {
    async fn from_request(req: &'a Request, _body: &mut RequestBody) -> poem::Result<Owner> {
        let owner = req.extensions().get::<Owner>().cloned();
        owner.ok_or_else(|| Failure::sign_in().into())
    }
}

/// The session that a reader's cookie stands for.
pub fn find(conn: &Connection, reader: &Reader) -> Result<Option<Session>> {
    match &reader.session_hash {
        Some(hash) => sessions::find(conn, hash, Timestamp::now()),
        None => Ok(None),
    }
}

/// Lets only the owner pass, and has nobody keep the answer.
pub async fn guard<E: Endpoint>(next: Arc<E>, mut req: Request) -> poem::Result<Response> {
    let app = req.data::<Arc<App>>().cloned();
    let (app, reader) = (app.ok_or_else(Failure::sign_in)?, Reader::of(&req));
    let session = app.store.read(move |conn| find(conn, &reader)).await;
    let session = session.map_err(Failure::from)?;
    let session = session.ok_or_else(Failure::sign_in)?;
    if sessions::is_due(&session, Timestamp::now()) {
        let id = session.id;
        let noted = app.store.write(move |tx| sessions::note(tx, id));
        noted.await.map_err(Failure::from)?;
    }
    req.set_data(Owner { session });
    let mut answer = next.call(req).await?.into_response();
    no_store(&mut answer);
    Ok(answer)
}

/// A session that begins: what the file will know, and what the browser will.
pub struct Beginning {
    session: String,
    /// The token of a device that was not known yet.
    device: Option<String>,
    new: NewSession,
}

impl Beginning {
    /// For whoever sent `req`, who has shown to be the owner. Only a device that is known keeps its token: another may have
    /// been planted.
    ///
    /// Errors: as [`token::fresh`].
    pub fn of(req: &Request, reader: &Reader, known: Option<TokenHash>) -> Result<Beginning> {
        let session = token::fresh()?;
        let device = match known {
            Some(_) => None,
            None => Some(token::fresh()?),
        };
        let agent = req.headers().get(header::USER_AGENT);
        let agent = agent
            .and_then(|agent| agent.to_str().ok())
            .unwrap_or_default();
        let new = NewSession {
            token: token::hash(&session),
            device: known.unwrap_or_else(|| token::hash(device.as_deref().unwrap_or_default())),
            agent: agent.chars().take(LONGEST_AGENT).collect(),
            instead_of: reader.session_hash,
        };
        Ok(Beginning {
            session,
            device,
            new,
        })
    }

    /// Writes the session down.
    pub fn record(&self, tx: &Tx) -> Result<()> {
        sessions::begin(tx, &self.new)
    }

    /// Hands the browser its tokens.
    pub fn give(&self, answer: &mut Response, secure: bool) {
        let life = Duration::from_millis(LONGEST.unsigned_abs());
        token::give(answer, COOKIE, &self.session, life, secure);
        if let Some(device) = &self.device {
            token::give(answer, DEVICE, device, YEAR, secure);
        }
    }
}

/// Takes the session's cookie back from the browser.
pub fn forget(answer: &mut Response, secure: bool) {
    token::give(answer, COOKIE, "", Duration::ZERO, secure);
}
