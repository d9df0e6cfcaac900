//! Headers: what guards a page, and what keeps it.

use crate::http::Answer;
use crate::site::Site;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    media-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; manifest-src 'self'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'";

#[test]
fn every_page_carries_the_policy_and_asks_nobody_else_for_anything() {
    let site = Site::with_post("hello");
    site.comment("hello", "Ann", "Hello");
    for address in [
        "/",
        "/posts/hello",
        "/archive",
        "/tags",
        "/search?q=hello",
        "/nothing-here",
        "/posts/none",
        "/comments/1/edit",
    ] {
        let answer = site.get(address);
        let policy = answer.header("content-security-policy").unwrap_or_default();
        let mut found: Vec<_> = policy
            .split(';')
            .map(str::trim)
            .filter(|rule| !rule.is_empty())
            .collect();
        let mut wanted: Vec<_> = POLICY.split(';').map(str::trim).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{address}");
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{address}"
        );
        assert_eq!(
            answer.header("referrer-policy"),
            Some("strict-origin-when-cross-origin"),
            "{address}"
        );
        assert_eq!(
            answer.header("cross-origin-opener-policy"),
            Some("same-origin"),
            "{address}"
        );
        assert_eq!(
            answer.header("cross-origin-resource-policy"),
            Some("same-origin"),
            "{address}"
        );
        assert!(answer.header("permissions-policy").is_some(), "{address}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{address}"
        );
        assert!(
            answer.header("set-cookie").is_none(),
            "{address}: reading sets a cookie"
        );

        let page = answer.page();
        let sources = page.attributes("script, img, iframe, video, audio, source", "src");
        let links = page.attributes(
            "link[rel=stylesheet], link[rel=icon], link[rel=preload], link[rel=modulepreload]",
            "href",
        );
        for source in sources.iter().chain(&links) {
            assert!(
                source.starts_with('/') && !source.starts_with("//"),
                "{address} asks {source}"
            );
        }
        assert_eq!(
            page.count("style, [style], script:not([src], [type='application/ld+json'])"),
            0,
            "{address}"
        );
    }
}

#[test]
fn assets_are_kept_for_ever_and_everything_answers_to_head() {
    let site = Site::with_post("hello");
    let page = site.post("hello");
    let assets = [
        page.attributes("link[rel=stylesheet]", "href"),
        page.attributes("script", "src"),
    ]
    .concat();
    assert!(assets.len() >= 2, "{assets:?}");
    for asset in assets {
        let answer = site.get(&asset).expect(200);
        let caching = answer.header("cache-control").unwrap_or_default();
        assert!(caching.contains("immutable"), "{asset}: {caching}");
        same_head(&site, &asset, &answer);
        not_modified(&site, &asset, &answer);
        let stale = site.get(&asset.replace('.', "0."));
        assert_ne!(
            stale.header("cache-control").unwrap_or_default(),
            caching,
            "a wrong name must not be kept"
        );
    }
    for page in ["/", "/posts/hello", "/feed.xml", "/health"] {
        same_head(&site, page, &site.get(page).expect(200));
    }
}

fn same_head(site: &Site, address: &str, whole: &Answer) {
    let head = site.send("HEAD", address, &[], b"").expect(200);
    assert!(head.body.is_empty());
    for name in ["content-type", "etag", "cache-control"] {
        assert_eq!(head.header(name), whole.header(name), "{address}: {name}");
    }
}

fn not_modified(site: &Site, address: &str, whole: &Answer) {
    let tag = whole
        .header("etag")
        .unwrap_or_else(|| panic!("{address} has no ETag: {:?}", whole.head));
    let answer = site
        .send("GET", address, &[("If-None-Match", tag)], b"")
        .expect(304);
    assert!(answer.body.is_empty());
}

#[test]
fn what_is_for_one_visitor_is_kept_for_no_other() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "Hello");
    for address in ["/", "/posts/hello", "/archive", "/tags"] {
        let hers = ann.get(address).expect(200);
        assert_eq!(
            hers.header("cache-control"),
            Some("private, no-cache"),
            "{address}"
        );
        let public = site.get(address).expect(200);
        assert_eq!(
            public.header("cache-control"),
            Some("no-cache"),
            "{address}"
        );
        for answer in [hers, public] {
            assert_eq!(answer.header("vary"), Some("Cookie"), "{address}");
        }
    }
    let edit = ann.get(&format!("/comments/{id}/edit")).expect(200);
    assert_eq!(edit.header("cache-control"), Some("no-store"));
}

#[test]
fn what_is_the_same_for_everyone_is_compressed_and_what_is_ones_own_is_not() {
    use std::io::Read;

    let site = Site::start();
    let body = "The same words, over and over. ".repeat(200);
    site.publish("hello", "A post", &body);
    let script = site.post("hello").attribute("script[type=module]", "src");
    let gzip = [("Accept-Encoding", "gzip")];
    for path in [
        "/posts/hello",
        "/",
        "/feed.xml",
        "/feed.json",
        "/archive",
        &script,
    ] {
        let (plain, small) = (site.get(path), site.send("GET", path, &gzip, b""));
        assert_eq!(plain.header("content-encoding"), None, "{path}");
        assert_eq!(small.header("content-encoding"), Some("gzip"), "{path}");
        assert_ne!(
            plain
                .header("etag")
                .zip(small.header("etag"))
                .map(|(a, b)| a == b),
            Some(true)
        );
        let vary: Vec<_> = small.head.all("vary").collect();
        assert!(
            vary.join(",").contains("Accept-Encoding"),
            "{path}: {vary:?}"
        );
        let mut text = Vec::new();
        let read = flate2::read::GzDecoder::new(&small.body[..]).read_to_end(&mut text);
        assert_eq!(read.unwrap(), plain.body.len(), "{path}");
    }
    let mut ann = site.visitor();
    ann.say(
        "hello",
        &[
            ("name", "Ann"),
            ("email", "ann@example.org"),
            ("body", "Hello"),
        ],
    );
    for path in ["/posts/hello", "/", "/me"] {
        let own = ann.send("GET", path, &gzip, b"");
        assert_eq!(own.header("content-encoding"), None, "{path}");
    }
}
