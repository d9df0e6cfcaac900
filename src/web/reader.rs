//! Who asks: the visitor's cookie, the chosen theme, and whether the answer shall be JSON.

use std::sync::Arc;
use std::time::Duration;

use poem::http::header;
use poem::{FromRequest, Request, RequestBody, Response};
use rusqlite::Connection;

use super::token::TokenHash;
use super::{App, session, token};
use crate::error::Result;
use crate::model::visitor::Visitor;
use crate::store::visitors;
use crate::views::Theme;

/// The name of the visitor's cookie.
pub const VISITOR: &str = "visitor";

/// A year: the life of a visitor's cookie.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What a request says about its sender. No cookie is set by reading.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// SHA-256 of the visitor cookie's value, if there is a well-formed one.
    pub token_hash: Option<TokenHash>,
    /// The same of the owner's session. A session in the file decides whether it is one.
    pub session_hash: Option<TokenHash>,
    /// The theme that was chosen.
    pub theme: Theme,
    /// Whether JSON was asked for.
    pub wants_json: bool,
    /// Whether a page was asked for, or whatever there is.
    pub wants_page: bool,
}

impl Reader {
    /// Reads the headers of a request.
    pub fn of(req: &Request) -> Reader {
        let secure = req.data::<Arc<App>>().is_some_and(|app| app.is_secure());
        let accept = req
            .headers()
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Reader {
            token_hash: token::read(req, VISITOR, secure),
            session_hash: token::read(req, session::COOKIE, secure),
            theme: token::cookie(req.headers(), "theme")
                .and_then(Theme::parse)
                .unwrap_or_default(),
            wants_json: liked_best(accept) == "application/json",
            wants_page: matches!(liked_best(accept), "text/html" | "*/*" | ""),
        }
    }

    /// The visitor whose cookie came with the request.
    pub fn visitor(&self, conn: &Connection) -> Result<Option<Visitor>> {
        self.token_hash
            .map_or(Ok(None), |hash| visitors::find(conn, &hash))
    }

    /// The identity to post with: the one that came with the request, else 32 random bytes.
    ///
    /// Errors: [`crate::error::Error::Unavailable`] if the system has no randomness to give.
    pub fn identity(&self) -> Result<Identity> {
        if let Some(hash) = self.token_hash {
            return Ok(Identity { hash, new: None });
        }
        let token = token::fresh()?;
        Ok(Identity {
            hash: token::hash(&token),
            new: Some(token),
        })
    }
}

impl<'a> FromRequest<'a> for Reader {
    async fn from_request(req: &'a Request, _body: &mut RequestBody) -> poem::Result<Reader> {
        Ok(Reader::of(req))
    }
}

/// Who posts: the hash of the visitor's token, and the token itself where it is a new one.
pub struct Identity {
    /// What the database knows the visitor by.
    pub hash: TokenHash,
    new: Option<String>,
}

impl Identity {
    /// Hands a new visitor their cookie. On https it is bound to this host and never sent in the clear.
    pub fn give(&self, answer: &mut Response, secure: bool) {
        let Some(token) = &self.new else { return };
        token::give(answer, VISITOR, token, YEAR, secure);
    }
}

/// Takes the visitor's cookie back from the browser.
pub fn forget(answer: &mut Response, secure: bool) {
    token::give(answer, VISITOR, "", Duration::ZERO, secure);
}

/// What is liked best of all that we send. Of two liked alike the first counts. Source: RFC 9110, section 12.5.1.
fn liked_best(accept: &str) -> &str {
    let mut best = (0.0, "");
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q="));
        let quality = quality
            .map_or(Some(1.0), |q| q.parse::<f32>().ok())
            .unwrap_or(0.0);
        let ours = ["application/json", "text/event-stream", "text/html", "*/*"].contains(&kind);
        if ours && quality > best.0 {
            best = (quality, kind);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::liked_best;

    #[test]
    fn json_is_sent_to_whoever_likes_it_best() {
        let table = [
            ("application/json", true),
            ("text/html, application/json", false),
            ("application/json, text/html", true),
            ("application/json;q=0.1, text/event-stream", false),
            ("text/event-stream;q=0.1, application/json", true),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                false,
            ),
            ("application/json;q=0", false),
            ("application/json;q=x", false),
            ("", false),
        ];
        for (accept, expected) in table {
            assert_eq!(
                liked_best(accept) == "application/json",
                expected,
                "{accept}"
            );
        }
    }
}
