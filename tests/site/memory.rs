//! Pages from memory: what strangers are answered with is made once, and is never older than what has been answered for.

use std::io::{BufReader, Read, Write};
use std::thread;

use crate::http::{Answer, read_answer};
use crate::page::Page;
use crate::site::Site;

/// A post page says by the signed time in its form when it was made.
fn made_at(page: &Page) -> String {
    page.attribute("input[name=issued]", "value")
}

/// A blog with an owner in which there is something at every address.
fn full() -> Site {
    let site = Site::start();
    site.set_up();
    let words = "The same words, over and over. ".repeat(100);
    site.publish_with("hello", "Hello", "tags = [\"tides\"]", &words);
    let about = "+++\ntitle = \"About\"\nslug = \"about\"\nkind = \"page\"\n+++\n\nMe.\n";
    let about = site.write("posts/about.md", about);
    site.rowlog(&["publish", about.to_str().unwrap()]).worked();
    site.comment("hello", "Ann", "First");
    site
}

const PAGES: [&str; 6] = [
    "/",
    "/posts/hello",
    "/archive",
    "/tags",
    "/tags/tides",
    "/about",
];
const FEEDS: [&str; 6] = [
    "/feed.xml",
    "/feed.json",
    "/tags/tides/feed.xml",
    "/comments.xml",
    "/posts/hello/comments.xml",
    "/sitemap.xml",
];

#[test]
fn a_page_is_made_once_until_something_about_it_changes() {
    let site = full();
    let first = made_at(&site.post("hello"));
    assert_eq!(made_at(&site.post("hello")), first);
    assert_eq!(
        made_at(&site.get("/posts/hello?utm_source=x").expect(200).page()),
        first
    );
    site.comment("hello", "Bob", "Second");
    let second = site.post("hello");
    assert_ne!(made_at(&second), first);
    assert_eq!(second.count("article[id^=comment-]"), 2);

    site.publish("other", "Other", "Text");
    let other = made_at(&site.post("other"));
    let third = made_at(&site.post("hello"));
    site.comment("other", "Cem", "Elsewhere");
    assert_ne!(made_at(&site.post("other")), other);
    assert_eq!(
        made_at(&site.post("hello")),
        third,
        "nothing happened to it"
    );
}

#[test]
fn whatever_is_changed_is_shown_to_the_next_stranger() {
    let site = full();
    let mut owner = site.owner();
    let shown = |path: &str, text: &str| site.get(path).expect(200).text().contains(text);
    for path in PAGES.iter().chain(&FEEDS) {
        site.get(path).expect(200); // in memory now
    }
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "A tide table");
    assert!(shown("/posts/hello", "A tide table") && shown("/comments.xml", "A tide table"));
    ann.submit(&format!("/comments/{id}"), &[("body", "A pier")])
        .expect(303);
    assert!(shown("/posts/hello", "A pier") && !shown("/posts/hello", "A tide table"));
    assert!(shown("/posts/hello/comments.xml", "A pier"));
    ann.submit("/posts/hello/reactions", &[("kind", "love")])
        .expect(303);
    let loved = site.post("hello").text("button[value=love] .n");
    assert_eq!(loved, "1");
    owner
        .submit(&format!("/comments/{id}/deletion"), &[])
        .expect(303);
    assert!(!shown("/posts/hello", "A pier") && !shown("/comments.xml", "A pier"));

    owner
        .submit("/admin/settings", &[("title", "Ebb and flow")])
        .expect(303);
    for path in PAGES.iter().chain(&["/feed.xml", "/feed.json"]) {
        assert!(shown(path, "Ebb and flow"), "{path}");
    }
    // From another process, which tells nobody.
    site.publish_with("hello", "Hello again", "tags = [\"tides\"]", "Text");
    for path in ["/", "/posts/hello", "/archive", "/tags/tides", "/feed.xml"] {
        assert!(shown(path, "Hello again"), "{path}");
    }
    site.publish_with("hello", "Hello again", "draft = true", "Text");
    site.get("/posts/hello").expect(404);
    assert!(!shown("/", "Hello again") && !shown("/sitemap.xml", "/posts/hello"));
}

#[test]
fn nobody_misses_a_comment_that_was_answered_for_however_many_come() {
    let site = Site::with_post("hello");
    thread::scope(|all| {
        for name in ["Ann", "Bob", "Cem", "Dee"] {
            let site = &site;
            all.spawn(move || {
                for nth in 0..12 {
                    let id = site.comment("hello", name, &format!("{name} says {nth}"));
                    let page = site.post("hello"); // as a stranger
                    assert!(page.has(&format!("#comment-{id}")), "{name}'s {nth}");
                }
            });
        }
    });
    assert_eq!(site.post("hello").count("article[id^=comment-]"), 48);
}

#[test]
fn a_page_from_memory_has_the_headers_of_a_new_one_in_every_coding() {
    let site = full();
    for path in PAGES.iter().chain(&FEEDS) {
        let ask = |coding: &str| {
            let coding = [("Accept-Encoding", coding)];
            let new = site.send("GET", path, &coding, b"").expect(200);
            let kept = site.send("GET", path, &coding, b"").expect(200);
            assert!(
                headers(&new) == headers(&kept) && new.body == kept.body,
                "{path}"
            );
            let closed = [coding[0], ("Connection", "close")];
            let closed = site.send("GET", path, &closed, b"").expect(200);
            assert!(
                headers(&closed) == headers(&new) && closed.body == new.body,
                "{path}: the long way"
            );
            let head = site.send("HEAD", path, &coding, b"").expect(200);
            assert!(
                head.body.is_empty() && headers(&head) == headers(&new),
                "{path}"
            );
            let tag = new
                .header("etag")
                .unwrap_or_else(|| panic!("{path}: no tag"));
            let known = [coding[0], ("If-None-Match", tag)];
            let known = site.send("GET", path, &known, b"").expect(304);
            assert!(
                known.body.is_empty() && known.header("etag") == Some(tag),
                "{path}"
            );
            assert_eq!(known.header("cache-control"), Some("no-cache"));
            let vary: Vec<_> = new.head.all("vary").collect();
            assert!(vary.contains(&"Accept-Encoding"), "{path}: {vary:?}");
            assert_eq!(vary.contains(&"Cookie"), PAGES.contains(path), "{path}");
            assert!(new.header("content-security-policy").is_some(), "{path}");
            new
        };
        let plain = ask("identity");
        for (coding, name) in [
            ("gzip", "gzip"),
            ("br, identity;q=0.5", "br"),
            ("zstd", "zstd"),
        ] {
            let small = ask(coding);
            if plain.body.len() < 1_400 {
                continue;
            }
            assert_eq!(small.header("content-encoding"), Some(name), "{path}");
            assert_eq!(decoded(&small.body, name), plain.body, "{path}");
            assert_ne!(small.header("etag"), plain.header("etag"), "{path}");
        }
    }
}

/// All of them but what is about the connection, and the time of the answer.
fn headers(answer: &Answer) -> Vec<String> {
    let lines = answer.head.lines();
    let mut lines: Vec<_> = lines
        .lines()
        .filter(|line| !line.starts_with("date:") && !line.starts_with("connection:"))
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

fn decoded(body: &[u8], coding: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = match coding {
        "gzip" => flate2::read::GzDecoder::new(body).read_to_end(&mut bytes),
        "zstd" => zstd::Decoder::new(body).and_then(|mut body| body.read_to_end(&mut bytes)),
        _ => brotli::Decompressor::new(body, 4_096).read_to_end(&mut bytes),
    };
    read.expect("it can be decoded");
    bytes
}

#[test]
fn what_is_ones_own_is_neither_kept_nor_taken_from_memory() {
    let site = full();
    let first = made_at(&site.post("hello"));
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "Mine");
    let (mine, strangers) = (ann.post("hello"), site.post("hello"));
    let edit = format!("a[href='/comments/{id}/edit']");
    assert!(mine.has(&edit) && !strangers.has(&edit));
    let kept = made_at(&strangers);
    assert_ne!(kept, first);
    let tag = site.get("/posts/hello").header("etag").unwrap().to_owned();
    let again = ann.send("GET", "/posts/hello", &[("If-None-Match", &tag)], b"");
    assert_eq!(
        again.expect(200).header("cache-control"),
        Some("private, no-cache")
    );
    assert_eq!(
        made_at(&site.post("hello")),
        kept,
        "her looking changes nothing"
    );
    let mut owner = site.owner();
    assert!(owner.get("/").expect(200).page().has("a[href='/admin']"));
    assert!(!site.get("/").expect(200).page().has("a[href='/admin']"));
}

#[test]
fn each_theme_has_pages_of_its_own() {
    let site = full();
    for _ in 0..2 {
        for (cookie, theme) in [
            ("", None),
            ("theme=dark", Some("dark")),
            ("theme=light", Some("light")),
        ] {
            let page = site.send("GET", "/", &[("Cookie", cookie)], b"");
            let page = page.expect(200).page();
            let expected: Vec<_> = theme.into_iter().map(str::to_owned).collect();
            assert_eq!(page.attributes("html", "data-theme"), expected);
        }
    }
}

#[test]
fn a_request_that_is_refused_is_refused_for_a_page_in_memory_too() {
    let site = full();
    site.get("/archive").expect(200);
    for hosts in [vec![], vec!["a", "b"], vec!["a@b"], vec!["a b"]] {
        let hosts = hosts.iter().map(|host| format!("Host: {host}\r\n"));
        let request = format!("GET /archive HTTP/1.1\r\n{}\r\n", hosts.collect::<String>());
        assert_eq!(status(&site, &request), 400, "{request:?}");
    }
    site.send("DELETE", "/archive", &[], b"").expect(405);
}

/// The status of the answer to a request as it stands here.
fn status(site: &Site, request: &str) -> u16 {
    let mut wire = BufReader::new(site.address().connect().expect("a connection"));
    let sent = wire.get_mut().write_all(request.as_bytes());
    sent.expect("the request can be sent");
    read_answer(&mut wire, "GET").expect("an answer").status()
}
