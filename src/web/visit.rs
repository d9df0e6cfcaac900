//! Whether a request is somebody reading, and what led them here.

use std::sync::{Arc, LazyLock};

use jiff::tz::TimeZone;
use poem::http::{HeaderName, header};
use regex::Regex;

use super::fields::Fields;
use crate::model::post::PostKind;
use crate::model::time::Timestamp;
use crate::visits::Visits;

/// Words by which programs that read on nobody's behalf name themselves, looked for in one pass.
static ROBOTS: LazyLock<Regex> = LazyLock::new(|| {
    let words = "bot|crawl|spider|slurp|preview|fetch|monitor|headless|lighthouse|archive|feed|curl|wget|python|java/|\
                 okhttp|go-http|node|axios|ruby|perl|facebookexternalhit";
    Regex::new(&format!("(?i-u:{words})")).expect("words and bars are a pattern")
});

/// Headers that tell what is fetched before anybody wants to read it.
const AHEAD: [HeaderName; 3] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-moz"),
];

/// What a browser will do with the answer.
const DESTINATION: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// What somebody reads with a page.
#[derive(Clone, Debug)]
pub struct Read {
    /// A post, or a static page.
    pub kind: PostKind,
    /// Its slug.
    pub slug: String,
    /// Where the blog's days begin.
    pub zone: TimeZone,
}

/// Counts views.
pub struct Counter {
    visits: Option<Arc<Visits>>,
    /// The host of the blog's own pages.
    own: Option<String>,
}

impl Counter {
    /// Counts into `visits` what is read at `base_url`; a replica has nowhere to write that down.
    pub fn new(visits: Option<Arc<Visits>>, base_url: &str) -> Counter {
        Counter {
            visits,
            own: host_of(base_url),
        }
    }

    /// Counts a view by the headers of the request for it, if somebody reads by that.
    pub fn count(&self, headers: &(impl Fields + ?Sized), read: &Read) {
        let Some(visits) = self.visits.as_ref().filter(|_| is_reader(headers)) else {
            return;
        };
        let from = headers.word(header::REFERER).and_then(host_of);
        let here = headers.word(header::HOST);
        let here = here.map(|host| host.split(':').next().unwrap_or(host));
        let from = from.filter(|host| Some(&**host) != here && Some(host) != self.own.as_ref());
        let day = Timestamp::now().day_in(&read.zone);
        visits.note(&day, read.kind, &read.slug, from.as_deref());
    }
}

/// Whether a person asks for a page to read it now: no robot, nothing that is fetched ahead, no script of a page.
fn is_reader(headers: &(impl Fields + ?Sized)) -> bool {
    let agent = headers.word(header::USER_AGENT).unwrap_or_default();
    if agent.is_empty() || ROBOTS.is_match(agent) {
        return false;
    }
    let ahead = AHEAD
        .into_iter()
        .filter_map(|name| headers.word(name))
        .any(|word| word.contains("prefetch") || word.contains("prerender"));
    !ahead
        && headers
            .word(DESTINATION)
            .is_none_or(|dest| dest == "document")
}

/// The host of an address, if it is one of the web.
fn host_of(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let web = matches!(url.scheme(), "http" | "https");
    url.host_str()
        .filter(|host| web && host.len() <= 253)
        .map(str::to_owned)
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
            let mut map = poem::http::HeaderMap::new();
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
