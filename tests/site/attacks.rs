//! Attacks that are on nobody's list: bytes on the wire, addresses, cursors, headers and cookies made to break the blog.

use std::io::{BufReader, Write};

use regex::Regex;

use crate::doors::{dump, filled, full_blog, routes};
use crate::http::{Answer, FORM, encode, read_answer};
use crate::site::Site;

/// Asserts that the server has met nothing that it did not expect.
#[track_caller]
pub fn is_unmoved(site: &Site) {
    let log = site.log_text();
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
    site.get("/health").expect(200);
}

/// Sends bytes as they are; the statuses of all answers that come until the server closes.
fn raw(site: &Site, bytes: &[u8]) -> Vec<u16> {
    let mut wire = BufReader::new(site.address().connect().unwrap());
    wire.get_mut().write_all(bytes).unwrap();
    let mut statuses = Vec::new();
    while let Ok(answer) = read_answer(&mut wire, "GET") {
        statuses.push(answer.status());
    }
    statuses
}

#[test]
fn a_request_names_one_host_and_one_length() {
    let site = Site::with_post("hello");
    let host = format!("Host: {}\r\n", site.address());
    let next = format!("GET /archive HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
    let read = |head: &str| format!("GET / HTTP/1.1\r\n{head}Connection: close\r\n\r\n");
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let send = |head: &str, body: &str| {
        format!("POST /posts/hello/comments HTTP/1.1\r\n{host}{form}{head}\r\n{body}{next}")
    };
    let refused: &[(&str, String)] = &[
        ("two hosts", read(&format!("{host}Host: evil.example\r\n"))),
        ("the same host twice", read(&format!("{host}{host}"))),
        ("no host", read("")),
        ("an empty host", read("Host:\r\n")),
        ("a host that is none", read("Host: a b\r\n")),
        ("a path for a host", read("Host: evil.example/x\r\n")),
        ("markup for a host", read("Host: <script>\r\n")),
        ("a user in the host", read("Host: me@evil.example\r\n")),
        (
            "two lengths",
            send("Content-Length: 5\r\nContent-Length: 6\r\n", "abcde"),
        ),
        (
            "a list of lengths",
            send("Content-Length: 5, 5\r\n", "abcde"),
        ),
        (
            "a length with a sign",
            send("Content-Length: +5\r\n", "abcde"),
        ),
        (
            "a coding that is none",
            send("Transfer-Encoding: xchunked\r\n", ""),
        ),
        (
            "chunks that are not the last coding",
            send("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
        ),
        (
            "a space before the colon",
            send("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
        ),
        (
            "a folded header",
            read(&format!("{host}X: a\r\n Content-Length: 5\r\n")),
        ),
        (
            "a chunk longer than numbers go",
            send("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\nx"),
        ),
        (
            "a negative chunk",
            send("Transfer-Encoding: chunked\r\n", "-1\r\nx"),
        ),
    ];
    for (what, request) in refused {
        assert_eq!(raw(&site, request.as_bytes()), [400], "{what}");
    }
    // A length beside chunks does not count, and nothing else is read from a connection that said both.
    for both in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ] {
        assert_eq!(
            raw(&site, send(both, "0\r\n\r\n").as_bytes()),
            [422],
            "{both}"
        );
    }
    // A body belongs to its request, whether anybody wanted it or not.
    let inner = "GET /tags HTTP/1.1\r\nHost: x\r\n\r\n";
    let length = format!("Content-Length: {}\r\n", inner.len());
    let hidden = format!("GET /none HTTP/1.1\r\n{host}{length}\r\n{inner}{next}");
    assert_eq!(raw(&site, hidden.as_bytes()), [404, 200]);
    let many = format!("GET /health HTTP/1.1\r\n{host}\r\n").repeat(50) + &next;
    assert_eq!(raw(&site, many.as_bytes()), [200; 51]);
    assert_eq!(site.ask("select count(*) from comments"), 0);
    is_unmoved(&site);
}

#[test]
fn a_form_that_an_old_browser_sends_from_another_site_is_refused() {
    let site = Site::with_post("hello");
    let ours = site.url("/posts/hello");
    let send = |page: &str| {
        let body = encode(&[("name", "Ann"), ("body", page)]);
        let headers = [FORM, ("Referer", page)];
        site.send("POST", "/posts/hello/comments", &headers, body.as_bytes())
            .status()
    };
    let inside = format!("https://evil.example/{}", site.url("/"));
    let beside = format!("{}.evil.example/", site.url(""));
    for page in [
        "https://evil.example/",
        &inside,
        &beside,
        "about:blank",
        "no address",
    ] {
        assert_eq!(send(page), 403, "{page}");
    }
    assert_eq!(send(&ours), 303);
}

#[test]
fn no_address_or_question_breaks_a_page_or_leads_away() {
    let site = Site::with_post("hello");
    site.set_up();
    let strange = [
        "%00",
        "%ff",
        "%c0%ae",
        "%E2%80%AE",
        "..%2f..%2fetc%2fpasswd",
        "%2f%2fevil.example",
        "\\evil.example",
        "%5cevil.example",
        "%0d%0aSet-Cookie:x=1",
        "9223372036854775808",
        "-9223372036854775808",
        "1e9",
        "NaN",
        "%F0%9F%92%A9",
        "a;b=c",
        "%252e%252e",
        "~",
        "*",
        "'\"<x>",
    ];
    let mut paths: Vec<String> = [
        "//evil.example",
        "//evil.example/",
        "///evil.example//",
        "/posts//evil.example/",
        "/./",
        "/..",
        "/../",
        "/\\evil.example/",
    ]
    .map(Into::into)
    .into();
    for (_, route) in routes(&site) {
        if !route.contains(':') {
            continue;
        }
        for sign in strange {
            let parts = route
                .split('/')
                .map(|part| if part.starts_with(':') { sign } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            paths.extend([path.clone(), format!("{path}/")]);
        }
    }
    let numbers = [
        "9223372036854775807",
        "-9223372036854775808",
        "99999999999999999999",
        "-1",
        "0",
        "x",
        "%ff",
        "%00",
        "1&1=1",
        "",
    ];
    for (address, names) in [
        ("/", &["page"][..]),
        ("/posts/hello", &["comments", "since", "reply", "edited"]),
        ("/feed.xml", &["page"]),
        ("/feed.json", &["page"]),
        ("/archive", &["year", "page"]),
        ("/tags/hello", &["page"]),
        ("/search", &["q", "page", "in"]),
        ("/search/suggestions", &["q"]),
        ("/admin/login", &["next"]),
        ("/admin/setup", &["token"]),
        ("/micropub", &["q", "url"]),
        ("/preview/1", &["key"]),
        ("/me", &["page"]),
        ("/health", &["x"]),
    ] {
        for name in names {
            paths
                .extend(numbers.map(|number| format!("{address}?{name}={number}&{name}={number}")));
            paths.extend(numbers.map(|number| format!("{address}?q=tide&{name}={number}")));
        }
    }
    for path in &paths {
        let Ok(answer) = site.try_send("GET", path, &[], b"") else {
            panic!("{path}: no answer");
        };
        assert!(answer.status() < 500, "{path}: {}", answer.status());
        assert!(answer.header("set-cookie").is_none(), "{path}");
        let location = answer.header("location").unwrap_or("/");
        assert!(
            location.starts_with('/') && !location[1..].starts_with(['/', '\\']),
            "{path} leads to {location}"
        );
    }
    assert!(paths.len() > 300, "{}", paths.len());
    is_unmoved(&site);
}

#[test]
fn a_cursor_as_large_as_numbers_go_is_answered() {
    let site = Site::with_post("hello");
    let json = [("Accept", "application/json")];
    for cursor in [
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551616",
        "%00",
        "1%0d%0aid:2",
    ] {
        for query in [
            format!("after={cursor}"),
            format!("after=1&at={cursor}"),
            format!("after={cursor}&wait=x"),
        ] {
            let polled = site
                .send("GET", &format!("/posts/hello/events?{query}"), &json, b"")
                .expect(200);
            assert!(polled.json()["events"].is_array(), "{query}");
            let stream = site.stream(&format!("/events?{query}"), &[]);
            assert!(
                ["hello", "reset"].contains(&stream.hello.event.as_str()),
                "{query}"
            );
        }
    }
    // More to wait for than a clock can count, with something to tell at once.
    let at_once = "/posts/hello/events?after=0&wait=18446744073709551615";
    assert!(
        !site.get_json(at_once)["events"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    is_unmoved(&site);
}

/// What an answer says, without the time at which its form was handed out.
fn timeless(answer: &Answer) -> String {
    let issued = Regex::new("[0-9]{13}[.][0-9a-f]{64}").unwrap();
    issued.replace_all(&answer.text(), "").into_owned()
}

#[test]
fn nobody_else_can_decide_what_others_are_shown() {
    for given in [false, true] {
        let mut options = vec!["--limits", "off"];
        options.extend(
            given
                .then_some(["--base-url", "http://blog.example"])
                .into_iter()
                .flatten(),
        );
        let site = Site::start_with(&options);
        site.publish("hello", "A post", "Something to talk about.");
        site.set_up();
        let tricks: &[(&str, &str)] = &[
            ("Host", "evil.example"),
            ("X-Forwarded-Host", "evil.example"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Prefix", "/evil.example"),
            ("Forwarded", "host=evil.example;proto=https"),
            ("X-Original-URL", "/evil.example"),
            ("X-Rewrite-URL", "/evil.example"),
            ("X-HTTP-Method-Override", "DELETE"),
            ("Accept-Language", "evil.example"),
            ("Accept", "application/json"),
            ("Accept", "text/event-stream"),
            ("Range", "bytes=0-10"),
            ("User-Agent", "evil.example"),
            ("Referer", "https://evil.example/"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Origin", "https://evil.example"),
            ("Purpose", "prefetch"),
        ];
        let pages = [
            "/",
            "/posts/hello",
            "/archive",
            "/tags",
            "/feed.xml",
            "/feed.json",
            "/comments.xml",
            "/sitemap.xml",
            "/robots.txt",
            "/opensearch.xml",
            "/search?q=tide",
            "/none",
            "/admin",
            "/admin/login",
            "/custom.css",
            "/me",
            "/archive/",
        ];
        for page in pages {
            let usual = site.get(page);
            for &(name, value) in tricks {
                let answer = site.send("GET", page, &[(name, value)], b"");
                let said = format!("{}{}", answer.head.lines(), answer.text());
                assert!(!said.contains("evil.example"), "{page} {name}: {said}");
                let kept = answer.header("cache-control").unwrap_or_default();
                let same =
                    answer.status() == usual.status() && timeless(&answer) == timeless(&usual);
                assert!(
                    same || kept.contains("no-store"),
                    "{page} is another one with {name}: {value}"
                );
            }
        }
        let body = encode(&[("name", "Ann"), ("body", "Hello")]);
        let made = site.send(
            "POST",
            "/posts/hello/comments",
            &[FORM, ("Host", "evil.example")],
            body.as_bytes(),
        );
        assert!(made.expect(303).location().starts_with("/posts/hello"));
    }
}

#[test]
fn no_cookie_is_too_odd_to_be_read() {
    let site = Site::with_post("hello");
    let long = format!("visitor={}", "a".repeat(20_000));
    let many = (0..1_500)
        .map(|n| format!("c{n}=1"))
        .collect::<Vec<_>>()
        .join("; ");
    let zeros = format!(
        "visitor={0}; session={0}; device={0}; theme=dark",
        "0".repeat(64)
    );
    for cookie in [
        &*long,
        &*many,
        &*zeros,
        ";;;==;=",
        "visitor",
        "theme=\"><script>PWN(1)</script>",
        "session=%00%0d%0a",
        "visitor=\u{fc}\u{fc}",
    ] {
        for page in ["/", "/posts/hello", "/me", "/admin/login"] {
            let answer = site
                .send("GET", page, &[("Cookie", cookie)], b"")
                .expect(200);
            assert!(
                !answer.text().contains("<script>PWN"),
                "{page} {cookie:.60}"
            );
            assert!(answer.header("set-cookie").is_none(), "{page} {cookie:.60}");
        }
        let body = encode(&[("name", "Ann"), ("body", cookie)]);
        let status = site
            .send(
                "POST",
                "/posts/hello/comments",
                &[FORM, ("Cookie", cookie)],
                body.as_bytes(),
            )
            .status();
        assert!([303, 422].contains(&status), "{cookie:.60}: {status}");
    }
    is_unmoved(&site);
}

#[test]
fn a_stranger_who_asks_for_everything_of_everyone_changes_nothing() {
    let (site, _) = full_blog();
    let but = ["views", "referrers"];
    let before = dump(&site, &but);
    for (_, path) in routes(&site) {
        for method in ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND"] {
            let answer = site.send(
                method,
                &filled(&path),
                &[("X-HTTP-Method-Override", "POST")],
                b"",
            );
            assert!(
                [401, 403, 404, 405].contains(&answer.status()),
                "{method} {path}: {}",
                answer.status()
            );
        }
    }
    assert_eq!(dump(&site, &but), before);
    is_unmoved(&site);
}
