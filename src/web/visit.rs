//! Whether a request is somebody reading, and what led them here.

use std::sync::Arc;

use poem::http::{HeaderMap, Method, header};
use poem::{FromRequest, Request, RequestBody};

use super::{App, Moment};
use crate::model::post::PostKind;
use crate::model::time::Timestamp;
use crate::visits::Visits;

/// Words by which programs that read on nobody's behalf name themselves.
const ROBOTS: [&str; 22] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "preview",
    "fetch",
    "monitor",
    "headless",
    "lighthouse",
    "archive",
    "feed",
    "curl",
    "wget",
    "python",
    "java/",
    "okhttp",
    "go-http",
    "node",
    "axios",
    "ruby",
    "perl",
    "facebookexternalhit",
];

/// Of a request that asks for the head of a page alone.
#[derive(Clone)]
struct HeadOnly;

/// Notes what the router forgets: it answers `HEAD` as if it were `GET`.
pub fn mark(req: &mut Request) {
    if *req.method() == Method::HEAD {
        req.set_data(HeadOnly);
    }
}

/// Counts a request if somebody reads by it, once its page is there. A replica has nowhere to write that down.
#[derive(Clone)]
pub struct Visit {
    visits: Option<Arc<Visits>>,
    host: Option<String>,
}

impl<'a> FromRequest<'a> for Visit {
    async fn from_request(req: &'a Request, _body: &mut RequestBody) -> poem::Result<Visit> {
        let app = req.data::<Arc<App>>();
        let reads = req.data::<HeadOnly>().is_none() && is_reader(req.headers());
        let own = app.and_then(|app| host_of(&app.base_url));
        let from = word(req.headers(), "referer").and_then(host_of);
        let here = word(req.headers(), "host").map(|host| host.split(':').next().unwrap_or(host));
        Ok(Visit {
            visits: app
                .filter(|app| reads && app.role.is_primary())
                .map(|app| app.visits.clone()),
            host: from.filter(|host| Some(host) != own.as_ref() && Some(&**host) != here),
        })
    }
}

impl Visit {
    /// Counts the view of a post, unless it is the owner who looks.
    pub fn note(&self, moment: &Moment, kind: PostKind, slug: &str) {
        if let Some(visits) = self.visits.as_ref().filter(|_| !moment.owner) {
            let day = Timestamp::now().day_in(&moment.settings.zone());
            visits.note(&day, kind, slug, self.host.as_deref());
        }
    }
}

/// Whether a person asks for a page to read it now: no robot, nothing that is fetched ahead, no script of a page.
fn is_reader(headers: &HeaderMap) -> bool {
    let ahead = ["sec-purpose", "purpose", "x-moz"];
    let ahead = ahead
        .iter()
        .filter_map(|name| word(headers, name))
        .any(|word| word.contains("prefetch") || word.contains("prerender"));
    let agent = word(headers, header::USER_AGENT.as_str()).unwrap_or_default();
    let agent = agent.to_ascii_lowercase();
    let page = word(headers, "sec-fetch-dest").is_none_or(|dest| dest == "document");
    !ahead && page && !agent.is_empty() && !ROBOTS.iter().any(|robot| agent.contains(robot))
}

/// The host of an address, if it is one of the web.
fn host_of(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let web = matches!(url.scheme(), "http" | "https");
    url.host_str()
        .filter(|host| web && host.len() <= 253)
        .map(str::to_owned)
}

fn word<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_counted_and_programs_are_not() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let table: [(&[(&str, &str)], bool); 7] = [
            (&[("user-agent", firefox)], true),
            (
                &[("user-agent", firefox), ("sec-fetch-dest", "document")],
                true,
            ),
            (
                &[("user-agent", firefox), ("sec-fetch-dest", "empty")],
                false,
            ),
            (
                &[
                    ("user-agent", firefox),
                    ("sec-purpose", "prefetch;prerender"),
                ],
                false,
            ),
            (
                &[("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)")],
                false,
            ),
            (&[("user-agent", "curl/8.5")], false),
            (&[], false),
        ];
        for (headers, expected) in table {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(
                    header::HeaderName::from_static(name),
                    value.parse().unwrap(),
                );
            }
            assert_eq!(is_reader(&map), expected, "{headers:?}");
        }
        assert_eq!(
            host_of("https://lobste.rs/s/x?y").as_deref(),
            Some("lobste.rs")
        );
        assert_eq!(host_of("android-app://com.example"), None);
    }
}
