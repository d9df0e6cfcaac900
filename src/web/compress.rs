//! Pages and feeds, compressed on their way to whoever reads gzip.
//!
//! Only what is the same for every stranger: where a page holds something of one visitor's own, its length would tell of it
//! to whoever can have their own words put beside it (the attack called BREACH). Streams are never compressed.

use std::sync::Arc;

use flate2::Compression;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use tokio::task::spawn_blocking;

use crate::assets::gzip;

/// Bytes below which it is not worth the while.
const SHORTEST: usize = 1_400;

/// Compresses what comes from below, where that is allowed and worth it.
pub async fn answers<E: Endpoint>(next: Arc<E>, req: Request) -> poem::Result<Response> {
    let wanted = takes_gzip(req.headers());
    let mut answer = next.call(req).await?.into_response();
    if !is_for_everyone(answer.headers()) {
        return Ok(answer);
    }
    let varies = HeaderValue::from_static("Accept-Encoding");
    answer.headers_mut().append(header::VARY, varies);
    if !wanted {
        return Ok(answer);
    }
    let bytes = answer.take_body().into_bytes().await?;
    if bytes.len() < SHORTEST {
        answer.set_body(bytes);
        return Ok(answer);
    }
    let small = spawn_blocking(move || gzip(&bytes, Compression::fast())).await;
    let small = small.map_err(poem::error::InternalServerError)?;
    answer.headers_mut().remove(header::CONTENT_LENGTH);
    let encoding = HeaderValue::from_static("gzip");
    answer
        .headers_mut()
        .insert(header::CONTENT_ENCODING, encoding);
    // The same words in other bytes. Source: RFC 9110, section 8.8.1.
    let tag = answer.headers().get(header::ETAG);
    let tag = tag.and_then(|tag| tag.to_str().ok());
    let strong = tag.filter(|tag| !tag.starts_with("W/"));
    if let Some(weak) = strong.and_then(|tag| HeaderValue::from_str(&format!("W/{tag}")).ok()) {
        answer.headers_mut().insert(header::ETAG, weak);
    }
    answer.set_body(small);
    Ok(answer)
}

/// Whether the client reads gzip. Source: RFC 9110, section 12.5.3.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut words = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','));
    words.any(|word| {
        let (coding, quality) = word.split_once(';').unwrap_or((word, "q=1"));
        let refused = quality.trim().trim_start_matches("q=").parse() == Ok(0.0);
        matches!(coding.trim(), "gzip" | "*") && !refused
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_whoever_reads_it() {
        let table = [
            (Some("gzip, deflate, br"), true),
            (Some("br;q=1.0, gzip;q=0.5"), true),
            (Some("*"), true),
            (Some("gzip;q=0"), false),
            (Some("br"), false),
            (Some("identity"), false),
            (None, false),
        ];
        for (accepted, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(accepted) = accepted {
                headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            }
            assert_eq!(takes_gzip(&headers), expected, "{accepted:?}");
        }
    }
}
