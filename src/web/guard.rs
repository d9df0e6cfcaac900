//! What holds for every request and every answer: no foreign form, and the headers that browsers obey.

use std::sync::Arc;

use poem::http::uri::Authority;
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use url::Url;

use super::error::Failure;
use super::form::Form;
use super::{App, micropub};

/// No inline script or style, nothing from anywhere else (security, section 2).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    media-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; manifest-src 'self'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Where readers reach us over TLS, their browsers shall not try it otherwise for a year. Source: RFC 6797, section 6.1.
const ONLY_TLS: (HeaderName, &str) = (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");

/// Adds the headers that every answer carries; one that an answer sets itself stays.
pub async fn headers<E: Endpoint>(next: Arc<E>, req: Request) -> poem::Result<Response> {
    let is_secure = req.data::<Arc<App>>().is_some_and(|app| app.is_secure());
    let mut answer = next.call(req).await?.into_response();
    for (name, value) in HEADERS.into_iter().chain(is_secure.then_some(ONLY_TLS)) {
        answer
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    Ok(answer)
}

/// Refuses a change that another site's page sends with our reader's browser. The typed text comes back.
///
/// Source: security, section 3. A client that names no place it comes from is no browser and has no cookies to abuse.
pub async fn same_origin<E: Endpoint>(next: Arc<E>, req: Request) -> poem::Result<Response> {
    if !names_one_host(&req) {
        return Err(Failure::status(StatusCode::BAD_REQUEST).into());
    }
    let changes = !matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // Apps bring their token along, and no cookie counts there: nobody else's browser can be made to act for them.
    let is_for_apps = [micropub::PATH, micropub::MEDIA].contains(&req.original_uri().path());
    let ours = is_for_apps
        || req
            .data::<Arc<App>>()
            .is_some_and(|app| is_ours(req.headers(), app));
    if changes && !ours {
        let (req, mut body) = req.split();
        let typed = Box::pin(Form::read(&req, &mut body)).await;
        let typed = typed.unwrap_or_default();
        return Err(Failure::status(StatusCode::FORBIDDEN)
            .with_typed(typed.get("body"))
            .into());
    }
    Ok(next.call(req).await?.into_response())
}

/// Whether a request says one name for us at most, and one that can be a host's: what stands between a reader and us could
/// go by another of them. Source: RFC 9112, section 3.2.
fn names_one_host(req: &Request) -> bool {
    let mut hosts = req.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => Authority::try_from(host.as_bytes())
            .is_ok_and(|authority| !authority.as_str().contains('@')),
        (None, _) => req.version() != Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

fn is_ours(headers: &HeaderMap, app: &App) -> bool {
    let text = |name: HeaderName| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("unreadable"))
    };
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    // A browser that says neither of these is too old for cookies that stay on their site, but says what page it shows.
    let origin = match text(header::ORIGIN) {
        Some(origin) => origin.to_owned(),
        None => match text(header::REFERER) {
            Some(page) => Url::parse(page).map_or_else(
                |_| "unreadable".to_owned(),
                |page| page.origin().ascii_serialization(),
            ),
            None => return true,
        },
    };
    if app.base_url_is_given {
        return origin == app.base_url;
    }
    // Nobody has said what we are called, so the browser's own two words must agree.
    let host = text(header::HOST).unwrap_or_default();
    origin
        .split_once("://")
        .is_some_and(|(_, authority)| authority == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_are_what_a_header_can_hold() {
        for (_, value) in HEADERS.into_iter().chain([ONLY_TLS]) {
            HeaderValue::from_str(value).unwrap();
        }
    }
}
