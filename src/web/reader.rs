//! Who asks: the visitor's cookie, the chosen theme, and whether the answer shall be JSON.

use std::sync::Arc;

use poem::http::{HeaderValue, header};
use poem::web::cookie::{Cookie, SameSite};
use poem::{FromRequest, Request, RequestBody, Response};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::App;
use crate::error::{Error, Result};
use crate::model::visitor::Visitor;
use crate::store::visitors;
use crate::views::Theme;

/// A year, in seconds: the life of a visitor's cookie.
const YEAR: std::time::Duration = std::time::Duration::from_secs(365 * 24 * 60 * 60);

/// What a request says about its sender. No cookie is set by reading.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// SHA-256 of the visitor cookie's value, if there is a well-formed one.
    pub token_hash: Option<[u8; 32]>,
    /// The theme that was chosen.
    pub theme: Theme,
    /// Whether JSON was asked for.
    pub wants_json: bool,
}

impl Reader {
    /// Reads the headers of a request.
    pub fn of(req: &Request) -> Reader {
        let cookie = |name: &str| {
            let cookies = req
                .headers()
                .get_all(header::COOKIE)
                .iter()
                .filter_map(|value| value.to_str().ok());
            let mut pairs = cookies
                .flat_map(|line| line.split(';'))
                .filter_map(|pair| pair.trim().split_once('='));
            pairs
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
        };
        // On https only the cookie that no other host can plant counts.
        let secure = req.data::<Arc<App>>().is_some_and(|app| app.is_secure());
        let token = cookie(name(secure)).filter(|token| is_token(token));
        let accept = req
            .headers()
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Reader {
            token_hash: token.map(|token| hash(&token)),
            theme: cookie("theme")
                .and_then(|word| Theme::parse(&word))
                .unwrap_or_default(),
            wants_json: wants_json(accept),
        }
    }

    /// The visitor whose cookie came with the request.
    pub fn visitor(&self, conn: &Connection) -> Result<Option<Visitor>> {
        self.token_hash
            .map_or(Ok(None), |hash| visitors::find(conn, &hash))
    }

    /// The identity to post with: the one that came with the request, else 32 random bytes.
    ///
    /// Errors: [`Error::Unavailable`] if the system has no randomness to give.
    pub fn identity(&self) -> Result<Identity> {
        if let Some(hash) = self.token_hash {
            return Ok(Identity { hash, new: None });
        }
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes)
            .map_err(|_| Error::Unavailable("no randomness for a cookie; please try again"))?;
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Identity {
            hash: hash(&token),
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
    pub hash: [u8; 32],
    new: Option<String>,
}

impl Identity {
    /// Hands a new visitor their cookie. On https it is bound to this host and never sent in the clear.
    pub fn give(&self, answer: &mut Response, secure: bool) {
        let Some(token) = &self.new else { return };
        let mut cookie = Cookie::new_with_str(name(secure), token);
        cookie.set_path("/");
        cookie.set_http_only(true);
        cookie.set_same_site(SameSite::Lax);
        cookie.set_secure(secure);
        cookie.set_max_age(YEAR);
        set(answer, &cookie);
    }
}

/// Takes the visitor's cookie back from the browser.
pub fn forget(answer: &mut Response, secure: bool) {
    let mut cookie = Cookie::new_with_str(name(secure), "");
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(secure);
    cookie.set_max_age(std::time::Duration::ZERO);
    set(answer, &cookie);
}

/// Adds a `Set-Cookie` to an answer.
pub fn set(answer: &mut Response, cookie: &Cookie) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// The cookie's name: with the prefix a browser takes it only from this very host over https.
fn name(secure: bool) -> &'static str {
    if secure { "__Host-visitor" } else { "visitor" }
}

/// Whether JSON is liked better than anything else that we send. Of two liked alike the first counts.
/// Source: RFC 9110, section 12.5.1.
fn wants_json(accept: &str) -> bool {
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
    best.1 == "application/json"
}

fn is_token(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::wants_json;

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
            assert_eq!(wants_json(accept), expected, "{accept}");
        }
    }
}
