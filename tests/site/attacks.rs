//! Attacks that are on nobody's list: bytes on the wire, addresses, headers, settings, files and archives made to break the blog.

use std::fs;
use std::io::{BufReader, Write};
use std::path::Path;

use regex::Regex;
use serde_json::{Value, json};

use crate::doors::{dump, filled, full_blog, routes};
use crate::hostile::text;
use crate::http::{Answer, FORM, encode, read_answer};
use crate::lists::well_formed;
use crate::media;
use crate::second_step::turn_on;
use crate::site::{PASSWORD, Site, path};

/// What breaks out of everything that it is put into unescaped.
const BREAKOUT: &str = "</script></title>\"'><script>PWN(1)</script><img src=x onerror=PWN(1)>";

/// Asserts that the server has met nothing that it did not expect.
#[track_caller]
fn is_unmoved(site: &Site) {
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

/// Doors that close behind the owner.
const LEAVES: [&str; 4] = [
    "/admin/logout",
    "/admin/sessions/end",
    "/admin/sessions/1/end",
    "/admin/account/password",
];

#[test]
fn no_form_of_the_owner_or_of_anyone_breaks_on_what_is_sent() {
    let (site, mut maren) = full_blog();
    let many = (0..10_000)
        .map(|n| format!("ids={n}&f{n}=x"))
        .collect::<Vec<_>>()
        .join("&");
    let known = [
        "do",
        "ids",
        "id",
        "events",
        "back",
        "title",
        "slug",
        "tags",
        "body",
        "status",
        "publish_at",
        "lang",
        "dir",
        "cover",
        "canonical_url",
        "close_after_days",
        "series",
        "version",
        "parent",
        "op",
        "kind",
        "to",
        "name",
        "code",
        "secret",
        "current",
        "alt",
        "post",
        "theme",
        "reason",
    ];
    let every = |value: &str| encode(&known.map(|name| (name, value)));
    let bodies = [
        many.into_bytes(),
        every(BREAKOUT).into_bytes(),
        every("9223372036854775808").into_bytes(),
        every("-9223372036854775808--1").into_bytes(),
        every("9223372036854775807-9223372036854775807").into_bytes(),
        every("\0\u{202e}\u{fffe}").into_bytes(),
        every("9999-12-31T23:59:59").into_bytes(),
        b"=&=&&==&%&%2&%zz=%".to_vec(),
        vec![0xff; 3_000],
        Vec::new(),
    ];
    let kinds = [
        FORM.1,
        "application/json",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=BB",
        "text/plain",
    ];
    let posts = routes(&site)
        .into_iter()
        .filter(|(methods, _)| methods.iter().any(|method| method == "POST"));
    let paths: Vec<_> = posts.map(|(_, path)| filled(&path)).collect();
    assert!(paths.len() > 30, "{paths:?}");
    for path in paths.iter().filter(|path| !LEAVES.contains(&path.as_str())) {
        for (n, body) in bodies.iter().enumerate() {
            for kind in if n < 2 { &kinds[..] } else { &kinds[..1] } {
                let headers = [("Content-Type", *kind), ("Sec-Fetch-Site", "same-origin")];
                let status = maren.send("POST", path, &headers, body).status();
                assert!(status < 500, "{path}, {kind}, body {n}: {status}");
            }
        }
        maren.get("/admin").expect(200);
    }
    for page in ["/", "/archive", "/tags", "/feed.json"] {
        site.get(page).expect(200);
    }
    well_formed(&site.get("/feed.xml").expect(200));
    for page in [
        "/admin",
        "/admin/posts",
        "/admin/comments?show=all",
        "/admin/bans",
        "/admin/settings",
    ] {
        let page = maren.get(page).expect(200).page();
        assert_eq!(page.count("script:not([src]), [onerror], img[src=x]"), 0);
    }
    is_unmoved(&site);
}

#[test]
fn settings_are_words_and_never_markup() {
    let site = Site::with_post("hello");
    site.set_up();
    let mut maren = site.owner();
    let odd = format!(
        "A\u{1}B\u{2028}C\u{202e}\u{fffe} {}",
        BREAKOUT.replace('\'', "")
    );
    let (nav, away) = (format!("{BREAKOUT} /about\"><b>"), "Away /\\evil.example");
    for (field, value) in [
        ("title", odd.as_str()),
        ("description", &odd),
        ("name", &odd[..40]),
        ("email", "a@b.example\r\nBcc: c@d.example"),
        ("lang", "en\"><script>"),
        ("time_zone", "../../etc/passwd"),
        ("ink", "harbour\"><b>"),
        ("navigation", nav.as_str()),
        ("navigation", away),
        ("navigation", "Run javascript:PWN(1)"),
        ("navigation", "Away //evil.example"),
        (
            "css",
            "</style><script>PWN(1)</script>@import url(https://evil.example/x.css);body{background:url(https://evil.example/y)}",
        ),
        ("websub_hub", "javascript:PWN(1)"),
        ("hold_patterns", "(a+)+$\n((a{1,1000}){1,1000}){1,1000}"),
        ("hold_patterns", "(a|a)*b|(\\w+\\s?)+x"),
        ("hold_words", "\0\n***\n*"),
        ("posts_per_page", "99999999999999999999"),
    ] {
        let status = maren.submit("/admin/settings", &[(field, value)]).status();
        assert!([303, 422].contains(&status), "{field}: {status}");
        for page in ["/", "/posts/hello", "/archive", "/search?q=x", "/none"] {
            let page = site.get(page).page();
            let foreign = "script:not([src]):not([type='application/ld+json']), [onerror], img[src=x], b, style";
            assert_eq!(page.count(foreign), 0, "{field}: {value}");
            let links = page.attributes("a[href]", "href").into_iter();
            let bad: Vec<_> = links
                .filter(|link| {
                    link.starts_with("//")
                        || link.starts_with("/\\")
                        || link.starts_with("javascript")
                })
                .collect();
            assert!(bad.is_empty(), "{field}: {bad:?}");
        }
        for feed in [
            "/feed.xml",
            "/comments.xml",
            "/sitemap.xml",
            "/opensearch.xml",
        ] {
            well_formed(&site.get(feed).expect(200));
        }
        site.get("/feed.json").expect(200).json();
        let picture = site
            .post("hello")
            .attribute("meta[property='og:image']", "content");
        let picture = picture.strip_prefix(&site.url("")).unwrap().to_owned();
        assert!(
            site.get(&picture).expect(200).body.starts_with(b"\x89PNG"),
            "{field}"
        );
    }
    let hostile = format!("{}!", "a".repeat(5_000));
    let asked = std::time::Instant::now();
    site.submit(
        "/posts/hello/comments",
        &[("name", "Ann"), ("body", &hostile)],
    )
    .expect(303);
    assert!(
        asked.elapsed().as_secs() < 5,
        "a pattern takes {:?}",
        asked.elapsed()
    );
    is_unmoved(&site);
}

#[test]
fn a_file_that_is_two_things_is_served_as_one_that_cannot_run() {
    let site = Site::start();
    site.set_up();
    let mut maren = site.owner();
    let script = b"/*<script>PWN(1)</script>*/=1;PWN(1)//";
    let gif = [b"GIF89a".as_slice(), script].concat();
    let whole = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
    let files: &[(&str, Vec<u8>)] = &[
        ("a.gif", gif),
        ("a.html", [whole.as_slice(), script].concat()),
        (
            "a.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='PWN(1)'/>".to_vec(),
        ),
        ("a.pdf", [b"%PDF-1.7\n".as_slice(), script].concat()),
        ("a.mp3", [b"ID3\x04".as_slice(), script].concat()),
        ("a.html", script.to_vec()),
        ("a.js", [b"\xff\xfb\x90\x64".as_slice(), script].concat()),
        ("../../../x.gif", whole.to_vec()),
        ("..\\..\\x\0\".gif", whole.to_vec()),
        (
            "<img src=x onerror=PWN(1)>.gif",
            [whole.as_slice(), b"\0"].concat(),
        ),
        ("CON.gif", [whole.as_slice(), b"\0\0"].concat()),
    ];
    let before = site.files();
    for (name, bytes) in files {
        let status = media::send(&mut maren, name, bytes, BREAKOUT).status();
        assert!([303, 400, 415, 422].contains(&status), "{name}: {status}");
    }
    assert_eq!(site.files(), before);
    let library = maren.get("/admin/media").expect(200).page();
    assert_eq!(library.count("script:not([src]), [onerror], img[src=x]"), 0);
    let kept = library.attributes("main [src^='/media/'], main a[href^='/media/']", "src");
    assert!(!kept.is_empty());
    let mut rows = Vec::new();
    let database = site.database();
    let mut query = database.prepare("select hash, name from media").unwrap();
    let mut found = query.query([]).unwrap();
    while let Some(row) = found.next().unwrap() {
        rows.push((
            row.get::<_, String>(0).unwrap(),
            row.get::<_, String>(1).unwrap(),
        ));
    }
    for (hash, name) in rows {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        assert!(
            name.chars().all(plain) && !name.starts_with('.') && !name.contains(".."),
            "{name:?}"
        );
        for asked in [name.as_str(), "x.html", "x.js", "..%2fx"] {
            let file = site.get(&format!("/media/{hash}/{asked}")).expect(200);
            let kind = file.header("content-type").unwrap();
            assert!(
                ["image/", "audio/", "video/", "application/pdf"]
                    .iter()
                    .any(|it| kind.starts_with(it)),
                "{kind}"
            );
            assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
            assert!(
                file.header("content-security-policy")
                    .unwrap()
                    .contains("sandbox")
            );
        }
    }
    is_unmoved(&site);
}

#[test]
fn no_code_is_too_odd_to_be_wrong() {
    let site = Site::start();
    site.set_up();
    let mut maren = site.owner();
    turn_on(&mut maren);
    let long = "1".repeat(60_000);
    for code in [
        long.as_str(),
        "",
        "000000",
        "-00001",
        "+12345",
        "１２３４５６",
        "٠١٢٣٤٥",
        "12345\u{0}",
        "1e5",
        "' or 1=1 --",
        "999999999999999999999",
    ] {
        let fields = [("password", PASSWORD), ("code", code)];
        site.submit("/admin/login", &fields).expect(401);
    }
    maren.get("/admin").expect(200);
    is_unmoved(&site);
}

/// Rewrites a line of JSON in each line of a file.
fn forge(file: &Path, change: impl Fn(usize, &mut Value)) {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().enumerate().map(|(n, line)| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        change(n, &mut row);
        format!("{row}\n")
    });
    let lines: String = lines.collect();
    fs::write(file, lines).unwrap();
}

#[test]
fn a_forged_export_brings_nothing_that_could_not_have_been_written_here() {
    let site = Site::with_post("hello");
    for n in 0..8 {
        site.comment("hello", "Ann", &format!("Comment {n}"));
    }
    let page =
        "+++\ntitle = \"Away\"\nslug = \"away\"\nkind = \"page\"\ndate = 2026-01-02\n+++\nText\n";
    let page = site.write("pages/away.md", page);
    site.rowlog(&["publish", path(&page)]);
    let out = site.path("out");
    site.rowlog(&["export", path(&out)]).worked();
    forge(&out.join("comments.jsonl"), |n, row| match n {
        0 => row["id"] = json!(i64::MAX),
        1 => row["number"] = json!(i64::MAX),
        2 => row["thread"] = json!(i64::MAX),
        3 => row["id"] = json!(-7),
        4 => row["html"] = json!(BREAKOUT),
        5 => {
            row["body"] = json!(BREAKOUT);
            row["url"] = json!("javascript:PWN(1)");
        }
        6 => row["name"] = json!("x".repeat(5_000)),
        _ => row["parent"] = row["number"].clone(),
    });
    let post = fs::read_to_string(out.join("posts/2026/hello.md")).unwrap();
    for (file, slug) in [
        ("a", "\\\\evil.example"),
        ("b", ".."),
        ("c", "x\\\"y"),
        ("d", "x\\u0001y"),
        ("e", "../../up"),
    ] {
        for (kind, folder) in [("post", "posts"), ("page", "pages")] {
            let forged = post
                .replace("slug = \"hello\"", &format!("slug = \"{slug}\""))
                .replace("kind = \"post\"", &format!("kind = \"{kind}\""));
            assert_ne!(forged, post);
            fs::create_dir_all(out.join(folder)).unwrap();
            fs::write(out.join(folder).join(format!("{file}.md")), forged).unwrap();
        }
    }
    let mut there = Site::offline();
    there.set_up();
    there.rowlog(&["import", "rowlog", path(&out)]).worked();
    there.serve();
    let odd = "select count(*) from posts where slug glob '*[^a-z0-9-]*'";
    assert_eq!(there.ask(odd), 0, "a slug is no part of an address");
    let shown = there.post("hello");
    assert_eq!(
        shown.count("#threads script, #threads [onerror], #threads img, a[href^=javascript]"),
        0
    );
    let id = there.comment("hello", "Zoe", "Hello there");
    assert!(id < 1 << 53, "scripts cannot count to {id}");
    assert!(there.post("hello").has(&format!("#comment-{id}")));
    there.rowlog(&["check"]).worked();
    for path in ["/", "/archive", "/comments.xml", "/feed.xml"] {
        there.get(path).expect(200);
    }
    is_unmoved(&there);
}

#[test]
fn an_app_can_send_nothing_that_breaks_the_blog() {
    let site = Site::start();
    let made = site.rowlog(&["token", "new", "An app"]).worked();
    let bearer = format!("Bearer {}", made.stdout.trim_end());
    let send = |kind: &str, body: &[u8]| -> Answer {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
        site.send("POST", "/micropub", &headers, body)
    };
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let entry =
        |properties: Value| json!({ "type": ["h-entry"], "properties": properties }).to_string();
    let bodies = [
        deep,
        "{\"properties\":{\"content\":[{}]}}".into(),
        entry(json!({ "content": [null, 1, [], {}] })),
        entry(json!({ "content": ["x"], "published": ["9999-12-31T23:59:59Z", "+275760-09-13T00:00:00Z"] })),
        entry(json!({ "content": ["x"], "published": ["0000-01-01T00:00:00Z"] })),
        entry(json!({ "content": ["x"], "mp-slug": ["//evil.example"], "category": ["\0", "", "a".repeat(100_000)] })),
        entry(json!({ "name": ["\u{0}\u{1}\u{fffe}"], "content": ["\u{1}"] })),
        entry(json!({ "name": ["n".repeat(1_000_000)], "content": ["x"] })),
        json!({ "action": "update", "url": "//evil.example/posts/x", "replace": { "content": ["x"] } }).to_string(),
        json!({ "action": "delete", "url": "/posts/../../etc/passwd" }).to_string(),
        json!({ "action": ["update"], "url": [site.url("/posts/none")], "add": { "category": [1] } }).to_string(),
    ];
    for (n, body) in bodies.iter().enumerate() {
        let answer = send("application/json", body.as_bytes());
        assert!(answer.status() < 500, "body {n}: {}", answer.text());
    }
    let parts: String = (0..20_000)
        .map(|n| {
            format!("--BB\r\nContent-Disposition: form-data; name=\"category[]\"\r\n\r\n{n}\r\n")
        })
        .collect();
    let status = send(
        "multipart/form-data; boundary=BB",
        (parts + "--BB--\r\n").as_bytes(),
    )
    .status();
    assert!(status < 500, "{status}");
    for page in ["/", "/archive", "/tags"] {
        site.get(page).expect(200);
    }
    for feed in ["/feed.xml", "/sitemap.xml"] {
        well_formed(&site.get(feed).expect(200));
    }
    let feed = site.get_json("/feed.json");
    for item in feed["items"].as_array().unwrap() {
        let path = text(item, "url")
            .strip_prefix(&site.url(""))
            .unwrap()
            .to_owned();
        let page = site.get(&path).expect(200).page();
        let picture = page.attribute("meta[property='og:image']", "content");
        site.get(picture.strip_prefix(&site.url("")).unwrap())
            .expect(200);
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
