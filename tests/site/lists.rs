//! Lists: the home page, the archive, tags and feeds.

use serde_json::Value;

use crate::http::Answer;
use crate::site::{Site, path};

#[test]
fn every_post_is_reached_through_the_pages_of_the_home_page_once() {
    let site = Site::start();
    let files: Vec<_> = (0..45).map(|n| post_file(&site, n)).collect();
    let files: Vec<_> = files.iter().map(|file| path(file)).collect();
    site.rowlog(&[&["publish"], &files[..]].concat()).worked();

    let mut found = Vec::new();
    let mut next = Some("/".to_owned());
    while let Some(address) = next {
        let page = site.get(&address).expect(200).page();
        let mut slugs = page.attributes("main a[href^='/posts/number-']", "href");
        slugs.retain(|href| !href.contains('#'));
        slugs.dedup();
        found.extend(slugs);
        next = page.attributes("a[rel=next]", "href").into_iter().next();
        next = next.map(|href| {
            if href.starts_with('?') {
                format!("/{href}")
            } else {
                href
            }
        });
    }
    let expected: Vec<_> = (0..45)
        .rev()
        .map(|n| format!("/posts/number-{n}"))
        .collect();
    assert_eq!(found, expected, "newest first, none twice");
    assert_eq!(site.get("/?page=999").status(), 404);
}

fn post_file(site: &Site, n: u32) -> std::path::PathBuf {
    let date = format!("2026-01-{:02}T{:02}:00:00Z", 1 + n / 24, n % 24);
    let text = format!(
        "+++\ntitle = \"Number {n}\"\nslug = \"number-{n}\"\ndate = {date}\n+++\n\nText {n}.\n"
    );
    site.write(&format!("posts/{n}.md"), text)
}

#[test]
fn tags_the_archive_and_the_feeds_list_a_post() {
    let site = Site::start_with(&["--limits", "off", "--base-url", "https://blog.example"]);
    site.publish_with(
        "tagged",
        "Tagged & true",
        "[taxonomies]\ntags = [\"Rust\", \"slow food\"]",
        "All of the *text*.",
    );
    assert!(
        site.get("/archive")
            .expect(200)
            .page()
            .has("a[href='/posts/tagged']")
    );
    let tags = site
        .get("/tags")
        .expect(200)
        .page()
        .attributes("main a[href^='/tags/']", "href");
    assert_eq!(tags.len(), 2, "{tags:?}");
    for tag in tags {
        assert!(
            site.get(&tag)
                .expect(200)
                .page()
                .has("a[href='/posts/tagged']"),
            "{tag}"
        );
        assert!(well_formed(&site.get(&format!("{tag}/feed.xml")).expect(200)).contains("Tagged"));
    }

    let feed = well_formed(&site.get("/feed.xml").expect(200));
    assert!(feed.contains("https://blog.example/posts/tagged"), "{feed}");
    assert!(
        feed.contains("<em>text</em>"),
        "the feed holds less than the full text: {feed}"
    );
    let feed = site.get("/feed.json").expect(200).json();
    let items = feed["items"].as_array().unwrap();
    let ours = |item: &&Value| item["url"] == "https://blog.example/posts/tagged";
    let item = items.iter().find(ours).unwrap();
    assert_eq!(item["title"], "Tagged & true");
    let content = item["content_html"].as_str().unwrap();
    assert!(content.contains("<em>text</em>"), "{content}");
    assert!(
        well_formed(&site.get("/sitemap.xml").expect(200))
            .contains("https://blog.example/posts/tagged")
    );
    assert!(
        site.get("/robots.txt")
            .expect(200)
            .text()
            .contains("https://blog.example/sitemap.xml")
    );

    let forged = site.send(
        "GET",
        "/feed.xml",
        &[
            ("Host", "evil.example"),
            ("X-Forwarded-Host", "evil.example"),
        ],
        b"",
    );
    assert!(
        !forged.text().contains("evil.example"),
        "an address comes from the request"
    );
}

#[test]
fn comments_have_feeds_too() {
    let site = Site::with_post("hello");
    site.comment("hello", "Ann", "words & <signs>");
    for feed in ["/comments.xml", "/posts/hello/comments.xml"] {
        let feed = well_formed(&site.get(feed).expect(200));
        assert!(feed.contains("Ann") && feed.contains("words"), "{feed}");
    }
}

#[test]
fn what_is_not_published_is_in_no_public_output() {
    let site = Site::start();
    site.publish_with("draft", "Zebra draft", "draft = true", "zebra");
    let later =
        "+++\ntitle = \"Zebra later\"\nslug = \"later\"\ndate = 2126-01-01T00:00:00Z\n+++\nzebra\n";
    site.rowlog(&["publish", path(&site.write("later.md", later))])
        .worked();
    for slug in ["draft", "later"] {
        let page = site.get(&format!("/posts/{slug}")).expect(404);
        assert!(!page.text().contains("Zebra"));
        assert_ne!(
            site.submit(
                &format!("/posts/{slug}/comments"),
                &[("name", "Ann"), ("body", "Hello")]
            )
            .status(),
            303
        );
    }
    for list in [
        "/",
        "/archive",
        "/feed.xml",
        "/feed.json",
        "/sitemap.xml",
        "/tags",
        "/comments.xml",
    ] {
        assert!(
            !site
                .get(list)
                .expect(200)
                .text()
                .to_lowercase()
                .contains("zebra"),
            "{list}"
        );
    }
    // Strangers are not told of what comes last so far, so the log ends with something for them.
    site.publish("news", "News", "Text");
    site.comment("news", "Ann", "The end of the log.");
    for replay in [
        format!(
            "{:?}",
            site.stream("/events?after=0", &[]).up_to(site.head())
        ),
        site.get_json("/events?after=0").to_string(),
    ] {
        assert!(!replay.to_lowercase().contains("zebra"), "{replay}");
    }
}

/// What a feed says, its escapes undone, once it is known to be XML.
#[track_caller]
pub fn well_formed(answer: &Answer) -> String {
    let text = answer.text();
    let document = match roxmltree::Document::parse(&text) {
        Ok(document) => document,
        Err(error) => panic!("{error}:\n{text}"),
    };
    let words = document.descendants().flat_map(|node| {
        let attributes = node.attributes().map(|attribute| attribute.value());
        attributes.chain(node.text().filter(|_| node.is_text()))
    });
    words.collect::<Vec<_>>().join("\n")
}

#[test]
fn tags_that_differ_in_their_signs_alone_are_different_tags() {
    let site = Site::start();
    let tags = "[taxonomies]\ntags = [\"C\", \"C++\", \"C#\", \"!!!\"]";
    site.publish_with("three", "Three languages", tags, "Text.");
    site.publish_with(
        "one",
        "One language",
        "[taxonomies]\ntags = [\"C++\"]",
        "Text.",
    );
    let page = site.post("three");
    assert_eq!(page.texts("a[rel=tag]"), ["C", "C++", "C#"]);
    let mut pages = page.attributes("a[rel=tag]", "href");
    for (address, name) in pages.iter().zip(["C", "C++", "C#"]) {
        let page = site.get(address).expect(200).page();
        assert_eq!(page.text("h1"), name, "{address}");
        assert!(page.has("a[href='/posts/three']"), "{address}");
        assert_eq!(page.has("a[href='/posts/one']"), name == "C++", "{address}");
        let feed = well_formed(&site.get(&format!("{address}/feed.xml")).expect(200));
        assert_eq!(feed.contains("One language"), name == "C++", "{address}");
    }
    let mut listed = site
        .get("/tags")
        .expect(200)
        .page()
        .attributes("main a[href^='/tags/']", "href");
    pages.sort_unstable();
    pages.dedup();
    listed.sort_unstable();
    assert_eq!((pages.len(), &listed), (3, &pages), "one page each");
    assert!(!site.get("/tags").text().contains("!!!"));
}

#[test]
fn a_post_has_the_same_number_in_every_list() {
    let site = Site::start();
    let first = site.ask("select count(*) from posts");
    assert_eq!(first, 1, "the welcome post, which is the newest");
    // Published in another order than that of their days.
    for (n, tag) in [(3, "odd"), (5, "odd"), (1, "odd"), (4, "even"), (2, "even")] {
        let tags = format!("[taxonomies]\ntags = [\"{tag}\"]");
        site.publish_on(&format!("2020-01-0{n}"), &format!("no-{n}"), &tags);
    }
    site.publish_with("draft", "Draft", "draft = true", "Text.");
    let numbers = |address: &str| {
        let page = site.get(address).expect(200).page();
        let posts = page.attributes("li.row h3 a", "href").into_iter();
        let numbers = page.texts("li.row > p.m span").into_iter();
        let pairs: Vec<_> = posts.zip(numbers).collect();
        assert!(!pairs.is_empty(), "{address} has no rows");
        pairs
    };
    let of = |posts: &[i64]| -> Vec<_> {
        let pair = |n: &i64| (format!("/posts/no-{n}"), format!("№ {n}"));
        posts.iter().map(pair).collect()
    };
    assert_eq!(numbers("/")[1..], of(&[5, 4, 3, 2, 1]));
    assert_eq!(numbers("/tags/odd"), of(&[5, 3, 1]));
    assert_eq!(numbers("/tags/even"), of(&[4, 2]));
}
