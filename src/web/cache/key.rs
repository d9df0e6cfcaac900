//! Which requests are answered by the same page.

use std::borrow::Cow;

use poem::Request;
use poem::http::{HeaderMap, Method, Version, header};

use crate::views::Theme;
use crate::web::fields::Fields;
use crate::web::{reader, session, token};

/// Addresses of one segment that are no page of the owner's, beside those with a dot in them.
const NOT_PAGES: [&str; 7] = [
    "admin", "events", "health", "me", "metrics", "micropub", "search",
];

/// Digits of the longest number in an address that is kept.
const DIGITS: usize = 6;

/// What a request asks for, as far as it decides which page answers it.
pub struct Asked<'a, F: ?Sized> {
    /// The path.
    pub path: &'a str,
    /// The query, if there is one.
    pub query: Option<&'a str>,
    /// The fields of its head.
    pub fields: &'a F,
}

impl<'a> Asked<'a, HeaderMap> {
    /// What a request asks for that only reads, of us, and in the usual version of the protocol.
    pub fn of(req: &'a Request) -> Option<Asked<'a, HeaderMap>> {
        let uri = req.uri();
        let is_plain = matches!(*req.method(), Method::GET | Method::HEAD)
            && req.version() == Version::HTTP_11
            && uri.authority().is_none();
        is_plain.then(|| Asked {
            path: uri.path(),
            query: uri.query(),
            fields: req.headers(),
        })
    }
}

impl<'a, F: Fields + ?Sized> Asked<'a, F> {
    /// The theme, the path, and as much of the query as matters, if that is the same for all strangers.
    ///
    /// A request out of the ordinary has none: it is answered by the long way, where everything is looked at.
    pub fn key(&self) -> Option<Cow<'a, str>> {
        let kind = Kind::of(self.path).filter(|_| names_a_plain_host(self.fields))?;
        let place = place(self.path, self.query, kind)?;
        match kind {
            Kind::Feed(_) => Some(place),
            Kind::Page(_) => match strangers_theme(self.fields)? {
                Theme::Auto => Some(place),
                Theme::Dark => Some(Cow::Owned(format!("dark {place}"))),
                Theme::Light => Some(Cow::Owned(format!("light {place}"))),
            },
        }
    }
}

/// What stands at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A page, and the numbers in its query that make it another one.
    Page(&'static [&'static str]),
    /// The same for everyone, whoever they are; with its numbers.
    Feed(&'static [&'static str]),
}

impl Kind {
    fn of(path: &str) -> Option<Kind> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let kind = match (parts.next()?, parts.next(), parts.next()) {
            ("", None, _) => Kind::Page(&["page"]),
            ("feed.xml" | "feed.json" | "sitemap.xml", None, _) => Kind::Feed(&["page"]),
            ("comments.xml", None, _) => Kind::Feed(&[]),
            ("archive", None, _) => Kind::Page(&["page"]),
            (slug, None, _) if is_slug(slug) && !NOT_PAGES.contains(&slug) => Kind::Page(&[]),
            ("posts", Some(slug), None) if is_slug(slug) => Kind::Page(&["entries", "comments"]),
            ("posts", Some(slug), Some("comments.xml")) if is_slug(slug) => Kind::Feed(&[]),
            ("tags", Some(slug), None) if is_slug(slug) => Kind::Page(&["page"]),
            ("tags", Some(slug), Some("feed.xml")) if is_slug(slug) => Kind::Feed(&[]),
            _ => return None,
        };
        parts.next().is_none().then_some(kind)
    }

    fn numbers(self) -> &'static [&'static str] {
        match self {
            Kind::Page(numbers) | Kind::Feed(numbers) => numbers,
        }
    }
}

fn is_slug(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !word.is_empty() && word.bytes().all(plain)
}

/// The path with the numbers of the query that make it another page. What advertisers and others hang onto an address does
/// not; a question that only one reader has (`since`, `reply`), or a number in another form, has no place.
fn place<'a>(path: &'a str, query: Option<&str>, kind: Kind) -> Option<Cow<'a, str>> {
    let Some(query) = query else {
        return Some(Cow::Borrowed(path));
    };
    let mut place = Cow::Borrowed(path);
    let mut seen = 0;
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name.contains(['%', '+']) || matches!(name, "since" | "reply") {
            return None;
        }
        if kind.numbers().contains(&name) {
            if !is_number(value) || place.contains(&format!("{name}=")) {
                return None;
            }
            place.to_mut().push(if seen == 0 { '?' } else { '&' });
            place.to_mut().push_str(pair);
            seen += 1;
        }
    }
    Some(place)
}

/// A number of a page as our own links write it, so that no page has many addresses.
fn is_number(value: &str) -> bool {
    (1..=DIGITS).contains(&value.len())
        && !value.starts_with('0')
        && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// One name for us, in no other bytes than names and addresses have.
fn names_a_plain_host(fields: &(impl Fields + ?Sized)) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    let mut hosts = fields.values(header::HOST);
    let host = hosts.next();
    let has_port_at_most = |host: &[u8]| host.iter().filter(|byte| **byte == b':').count() < 2;
    hosts.next().is_none()
        && host.is_some_and(|host| {
            !host.is_empty() && host.iter().all(plain) && has_port_at_most(host)
        })
}

/// The theme of a reader about whom nothing else is known; none of a visitor or of the owner.
fn strangers_theme(fields: &(impl Fields + ?Sized)) -> Option<Theme> {
    if !fields.has(header::COOKIE) {
        return Some(Theme::Auto);
    }
    let known = [reader::VISITOR, session::COOKIE];
    let is_known = known.into_iter().any(|name| {
        token::cookie(fields, name).is_some()
            || token::cookie(fields, &format!("__Host-{name}")).is_some()
    });
    let theme = || token::cookie(fields, "theme").and_then(Theme::parse);
    (!is_known).then(|| theme().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web;

    fn key(path: &'static str, headers: &[(&str, &str)]) -> Option<String> {
        let mut req = Request::builder().uri_str(path).version(Version::HTTP_11);
        for (name, value) in [("host", "blog.example:8080")].iter().chain(headers) {
            req = req.header(*name, *value);
        }
        Asked::of(&req.finish())?.key().map(Cow::into_owned)
    }

    #[test]
    fn requests_for_the_same_page_have_the_same_key() {
        let table = [
            ("/", Some("/")),
            ("/posts/hello", Some("/posts/hello")),
            (
                "/posts/hello?utm_source=a&comments=2",
                Some("/posts/hello?comments=2"),
            ),
            (
                "/posts/hello?entries=2&comments=3",
                Some("/posts/hello?entries=2&comments=3"),
            ),
            ("/?page=12&x=%C3%A9", Some("/?page=12")),
            ("/archive?page=12&year=2009", Some("/archive?page=12")),
            ("/archive?page=1&page=2", None),
            ("/tags/rust?x=1&page=2", Some("/tags/rust?page=2")),
            ("/tags?page=12", Some("/tags")),
            ("/about", Some("/about")),
            ("/feed.xml?page=2", Some("/feed.xml?page=2")),
            ("/sitemap.xml?page=2", Some("/sitemap.xml?page=2")),
            ("/tags/rust/feed.xml?page=2", Some("/tags/rust/feed.xml")),
            (
                "/posts/hello/comments.xml",
                Some("/posts/hello/comments.xml"),
            ),
            ("/posts/hello?since=9", None),
            ("/posts/hello?%73ince=9", None),
            ("/posts/hello?reply=9", None),
            ("/posts/hello?comments=2&comments=3", None),
            ("/posts/hello?comments=02", None),
            ("/posts/hello?comments=1234567", None),
            ("/posts/hello/", None),
            ("/posts/h%65llo", None),
            ("/posts/hello/events", None),
            ("/events?after=9", None),
            ("//posts/hello", None),
            ("/admin", None),
        ];
        for (path, expected) in table {
            assert_eq!(key(path, &[]).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn whoever_is_known_has_pages_of_their_own_and_a_theme_is_no_name() {
        let table = [
            ("theme=dark", Some("dark /")),
            ("a=b; theme=light", Some("light /")),
            ("theme=pink", Some("/")),
            ("other=1", Some("/")),
            ("visitor=1; theme=dark", None),
            ("__Host-session=1", None),
        ];
        for (cookie, expected) in table {
            assert_eq!(
                key("/", &[("cookie", cookie)]).as_deref(),
                expected,
                "{cookie}"
            );
        }
        let feed = key("/feed.xml", &[("cookie", "visitor=1")]);
        assert_eq!(feed.as_deref(), Some("/feed.xml"));
        assert_eq!(key("/", &[("host", "two.example")]), None, "two names");
    }

    #[test]
    fn no_address_of_the_site_is_taken_for_a_page_of_the_owners() {
        let pages = ["/archive", "/tags"];
        for route in web::table().listed {
            let is_literal = !route.path.contains(':') && route.path.len() > 1;
            let is_read = route.methods.contains("GET");
            if is_literal && is_read && !pages.contains(&route.path.as_str()) {
                let kind = Kind::of(&route.path);
                assert!(!matches!(kind, Some(Kind::Page(_))), "{}", route.path);
            }
        }
    }
}
