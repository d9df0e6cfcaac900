//! What is not kept in memory, compressed on its way to whoever reads it so.
//!
//! Only what is the same for every stranger: where a page holds something of one visitor's own, its length would tell of it
//! to whoever can have their own words put beside it (the attack called BREACH). Streams are never compressed.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use tokio::task::spawn_blocking;

use super::coding::{Effort, SHORTEST, Wanted};

/// Compresses what comes from below, where that is allowed and worth it.
pub async fn answers<E: Endpoint>(next: Arc<E>, req: Request) -> poem::Result<Response> {
    let wanted = Wanted::of(req.headers()).quickest;
    let mut answer = next.call(req).await?.into_response();
    if !is_for_everyone(answer.headers()) {
        return Ok(answer);
    }
    let varies = HeaderValue::from_static("Accept-Encoding");
    answer.headers_mut().append(header::VARY, varies);
    let Some(name) = wanted.name() else {
        return Ok(answer);
    };
    let bytes = answer.take_body().into_bytes().await?;
    if bytes.len() < SHORTEST {
        answer.set_body(bytes);
        return Ok(answer);
    }
    let small = spawn_blocking(move || wanted.encode(&bytes, Effort::Once)).await;
    let small = small
        .map_err(poem::error::InternalServerError)?
        .map_err(poem::error::InternalServerError)?;
    say_encoded(answer.headers_mut(), name);
    answer.set_body(small);
    Ok(answer)
}

/// Says that a body is encoded: the same words in other bytes. Source: RFC 9110, section 8.8.1.
pub fn say_encoded(headers: &mut HeaderMap, coding: HeaderValue) {
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_ENCODING, coding);
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let strong = tag.filter(|tag| !tag.starts_with("W/"));
    if let Some(weak) = strong.and_then(|tag| HeaderValue::from_str(&format!("W/{tag}")).ok()) {
        headers.insert(header::ETAG, weak);
    }
}

/// A page or a feed in which there is nothing of one visitor's own.
fn is_for_everyone(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    let kept = text(header::CACHE_CONTROL).unwrap_or("no-store");
    matches!(
        kind,
        "text/html" | "application/atom+xml" | "application/feed+json" | "application/xml"
    ) && !kept.contains("private")
        && !kept.contains("no-store")
        && !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.contains_key(header::SET_COOKIE)
}
