//! Random tokens in cookies: a visitor's, a session's, a device's. The browser holds the token, the file only its hash.

use std::time::Duration;

use poem::http::{HeaderValue, header};
use poem::web::cookie::{Cookie, SameSite};
use poem::{Request, Response};
use sha2::{Digest, Sha256};

use super::fields::Fields;
use crate::error::Result;
use crate::hex::hex;
use crate::random;

/// SHA-256 of a token.
pub type TokenHash = [u8; 32];

/// 32 random bytes as 64 hex digits.
///
/// Errors: as [`random::bytes`].
pub fn fresh() -> Result<String> {
    random::bytes::<32>().map(|bytes| hex(&bytes))
}

/// What the file keeps of a token.
pub fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

/// The hash of the token in a cookie, if there is a well-formed one. On https only the cookie counts that no other host
/// can plant.
pub fn read(req: &Request, name: &str, secure: bool) -> Option<TokenHash> {
    let token = cookie(req.headers(), &full_name(name, secure))?;
    is_token(token).then(|| hash(token))
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a (impl Fields + ?Sized), name: &str) -> Option<&'a str> {
    let mut pairs = headers
        .words(header::COOKIE)
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Hands the browser a token to keep for `life`; zero takes it back. On https it is bound to this host and never sent in
/// the clear.
pub fn give(answer: &mut Response, name: &str, token: &str, life: Duration, secure: bool) {
    let mut cookie = Cookie::new_with_str(full_name(name, secure), token);
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(secure);
    cookie.set_max_age(life);
    set(answer, &cookie);
}

/// Adds a `Set-Cookie` to an answer.
pub fn set(answer: &mut Response, cookie: &Cookie) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// With the prefix a browser takes the cookie only from this very host over https. Source: RFC 6265bis, section 4.1.3.
fn full_name(name: &str, secure: bool) -> String {
    match secure {
        true => format!("__Host-{name}"),
        false => name.into(),
    }
}

fn is_token(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}
