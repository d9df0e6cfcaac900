//! Being linked to, quoted and followed elsewhere: previews, their pictures, facts for search engines, feeds, the hub.

use std::process::Command;

use serde_json::{Value, json};

use crate::browser::Desk;
use crate::http::Answer;
use crate::lists::well_formed;
use crate::page::Page;
use crate::site::{Site, path};

const ADDRESS: [&str; 4] = ["--limits", "off", "--base-url", "https://blog.example"];

/// Titles that end what they stand in, say what no XML may say, turn around, or have no letter in our fonts.
const HOSTILE: [&str; 8] = [
    "]]> <b>bold</b> &amp; &nope; <!-- \"'",
    "</title></script><script>alert(1)</script>",
    "bell \u{7} escape \u{1b} nothing \u{0} nowhere \u{ffff}",
    "\u{202e}siht daer\u{2028}\u{2029}",
    "שלום עולם & مرحبا",
    "日本語の題名 🎉",
    "{{ title }} {% raw %} %s \\u003c",
    "a  b\u{a0}c\u{feff}",
];

/// Characters that no page may hold. Source: HTML, section 13.2.3.5.
fn is_unprintable(c: char) -> bool {
    c.is_control() && !c.is_ascii_whitespace() || ('\u{fffe}'..='\u{ffff}').contains(&c)
}

/// The property or name of a `meta` and what it says.
fn meta(page: &Page, name: &str) -> Vec<String> {
    page.attributes(
        &format!("meta[property='{name}'], meta[name='{name}']"),
        "content",
    )
}

/// The facts of a page for search engines.
#[track_caller]
fn facts(page: &Page) -> Value {
    let text = page.raw_text("script[type='application/ld+json']");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The path of the picture that a preview of the page shows.
#[track_caller]
fn picture(page: &Page) -> String {
    let url = page.attribute("meta[property='og:image']", "content");
    let path = url
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()));
    path.unwrap_or_else(|| panic!("no address: {url}"))
}

/// Width and height out of the header of a PNG. Source: PNG, section 11.2.1.
fn pixels(answer: &Answer) -> (u32, u32) {
    assert_eq!(answer.header("content-type"), Some("image/png"));
    assert!(answer.body.starts_with(b"\x89PNG\r\n\x1a\n"), "no PNG");
    let number = |at: usize| u32::from_be_bytes(answer.body[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn a_link_to_a_post_shows_what_it_is_about() {
    let mut site = Site::offline();
    site.set_up();
    site.publish_with(
        "tides",
        "Tides & \"times\"",
        "description = \"How <water> moves\"\nlang = \"pt-BR\"\n[taxonomies]\ntags = [\"sea\", \"time\"]",
        "Text.",
    );
    site.serve_at(&ADDRESS);
    site.comment("tides", "Ann", "hello");
    let page = site.post("tides");
    let url = "https://blog.example/posts/tides";
    assert_eq!(page.attributes("link[rel=canonical]", "href"), [url]);
    for (name, content) in [
        ("og:type", "article"),
        ("og:title", "Tides & \"times\""),
        ("og:description", "How <water> moves"),
        ("og:url", url),
        ("og:site_name", "Slack Water"),
        ("og:locale", "pt_BR"),
        ("og:image:width", "1200"),
        ("og:image:height", "630"),
        ("og:image:alt", "Tides & \"times\", Slack Water"),
        ("article:published_time", "2026-01-02T03:04:05Z"),
        ("article:author", "https://blog.example/"),
        ("author", "Maren"),
        ("twitter:card", "summary_large_image"),
    ] {
        assert_eq!(meta(&page, name), [content], "{name}");
    }
    assert_eq!(meta(&page, "article:tag"), ["sea", "time"]);
    let facts = facts(&page);
    let (post, trail) = (&facts["@graph"][0], &facts["@graph"][1]);
    assert_eq!(post["@type"], "BlogPosting");
    assert_eq!(post["headline"], "Tides & \"times\"");
    assert_eq!(post["commentCount"], 1);
    assert_eq!(post["author"]["name"], "Maren");
    assert_eq!(post["keywords"], json!(["sea", "time"]));
    assert_eq!(trail["@type"], "BreadcrumbList");

    let home = site.get("/").expect(200).page();
    assert_eq!(meta(&home, "og:type"), ["website"]);
    assert_eq!(meta(&home, "og:title"), ["Slack Water"]);
    assert_eq!(
        self::facts(&home)["@graph"][0]["@type"],
        json!(["WebSite", "Blog"])
    );
    let tag = site.get("/tags/sea").expect(200).page();
    let steps = &self::facts(&tag)["@graph"][0]["itemListElement"];
    assert_eq!(steps[2]["item"], "https://blog.example/tags/sea");
    let error = site.get("/nowhere").expect(404).page();
    assert!(
        !error.has("meta[property^='og:']") && !error.has("script[type='application/ld+json']")
    );
}

#[test]
fn what_appeared_elsewhere_first_says_where() {
    let site = Site::start();
    site.publish_with(
        "moved",
        "Moved",
        "canonical_url = \"https://old.example/a\"",
        "Text.",
    );
    site.publish_with(
        "odd",
        "Odd",
        "canonical_url = \"javascript:alert(1)\"",
        "Text.",
    );
    let url = |slug: &str| site.post(slug).attribute("link[rel=canonical]", "href");
    assert_eq!(url("moved"), "https://old.example/a");
    assert_eq!(url("odd"), site.url("/posts/odd"));
}

#[test]
fn a_post_has_a_picture_that_changes_its_address_with_what_it_shows() {
    let site = Site::start();
    site.publish("hello", "How tides work", "Text.");
    let first = picture(&site.post("hello"));
    let shown = site.get(&first).expect(200);
    assert_eq!(pixels(&shown), (1200, 630));
    assert_eq!(
        shown.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(
        shown.header("cross-origin-resource-policy"),
        Some("cross-origin")
    );
    assert_eq!(
        site.get(&first).expect(200).body,
        shown.body,
        "drawn differently"
    );
    let head = site.send("HEAD", &first, &[], b"").expect(200);
    assert!(head.body.is_empty());
    let tag = shown.header("etag").unwrap();
    let known = site.send("GET", &first, &[("If-None-Match", tag)], b"");
    assert!(known.expect(304).body.is_empty());

    site.publish("hello", "How tides stop", "Text.");
    let second = picture(&site.post("hello"));
    assert_ne!(first, second);
    assert_eq!(
        site.get(&first).expect(302).location(),
        second,
        "a preview made before"
    );
    assert_ne!(site.get(&second).expect(200).body, shown.body);

    let home = picture(&site.get("/").expect(200).page());
    assert_eq!(pixels(&site.get(&home).expect(200)), (1200, 630));
    let listed = picture(&site.get("/archive").expect(200).page());
    assert_eq!(
        listed, home,
        "pages without a picture have that of the blog"
    );
}

#[test]
fn nobody_learns_of_a_draft_by_its_picture() {
    let site = Site::start();
    site.publish_with("secret", "The plan", "draft = true", "Text.");
    site.publish_on("2999-01-01", "later", "");
    for slug in ["secret", "later", "nothing"] {
        site.get(&format!("/social/posts/{slug}/0000000000000000.png"))
            .expect(404);
        site.get(&format!("/social/pages/{slug}/0000000000000000.png"))
            .expect(404);
    }
}

#[test]
fn no_title_breaks_a_feed_a_preview_or_the_facts() {
    let site = Site::start_with(&ADDRESS);
    for (n, title) in HOSTILE.iter().enumerate() {
        let slug = format!("hostile-{n}");
        let day = format!("2026-02-{:02}", n + 1);
        let text = format!(
            "+++\ntitle = {}\nslug = {slug:?}\ndate = {day}\ntags = [{}]\n+++\n\n[here](/x) ]]> &amp; <b>text</b>\n",
            json!(title),
            json!(format!("tag {n} <&>")),
        );
        let file = site.write(&format!("posts/{slug}.md"), text);
        site.rowlog(&["publish", path(&file)]).worked();
        site.comment(&slug, "Ann <&> ]]>", "]]> & \u{202e} words");
    }
    for (n, title) in HOSTILE.iter().enumerate() {
        let page = site.post(&format!("hostile-{n}"));
        let headline = facts(&page)["@graph"][0]["headline"].clone();
        let headline = headline.as_str().unwrap().replace(is_unprintable, "");
        assert_eq!(meta(&page, "og:title"), [headline], "{title}");
        assert_eq!(
            pixels(&site.get(&picture(&page)).expect(200)),
            (1200, 630),
            "{title}"
        );
    }
    let mut files = Vec::new();
    for feed in [
        "/feed.xml",
        "/comments.xml",
        "/posts/hostile-0/comments.xml",
        "/tags/tag-0/feed.xml",
    ] {
        let answer = site.get(feed).expect(200);
        well_formed(&answer);
        files.push(site.write(&format!("feeds/{}.xml", files.len()), answer.body));
    }
    well_formed(&site.get("/sitemap.xml").expect(200));
    let json = site.get("/feed.json").expect(200).json();
    assert_eq!(
        json["items"].as_array().map(Vec::len),
        Some(HOSTILE.len() + 1)
    );

    let files: Vec<_> = files.iter().map(|file| path(file)).collect();
    let feeds = parsed(&files);
    let posts = feeds[0]["entries"].as_array().unwrap();
    assert_eq!(posts.len(), HOSTILE.len() + 1);
    let entry = |slug: &str| {
        let link = format!("https://blog.example/posts/{slug}");
        posts
            .iter()
            .find(|entry| entry["link"] == link.as_str())
            .unwrap()
    };
    assert_eq!(entry("hostile-0")["title"], HOSTILE[0]);
    assert_eq!(entry("hostile-0")["tags"], json!(["tag 0 <&>"]));
    assert_eq!(entry("hostile-4")["title"], HOSTILE[4]);
    let content = entry("hostile-1")["content"].as_str().unwrap();
    assert!(content.contains("https://blog.example/x"), "{content}");
    assert_eq!(feeds[1]["entries"][0]["author"], "Ann <&> ]]>");
}

/// What a feed reader finds in these files, none of which it may find fault with.
#[track_caller]
fn parsed(files: &[&str]) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/feeds.py");
    let output = Command::new("/usr/bin/python3")
        .arg(script)
        .args(files)
        .output();
    let output = output.expect("Debian's python3 is there (tests/run sees to it)");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_feed_goes_back_to_the_first_post_and_is_sent_once() {
    let site = Site::start();
    let files: Vec<_> = (0..45)
        .map(|n| {
            let text = format!("+++\ntitle = \"Number {n}\"\nslug = \"number-{n}\"\ndate = 2026-01-02T00:{n:02}:00Z\n+++\n\nText.\n");
            site.write(&format!("posts/{n}.md"), text)
        })
        .collect();
    let files: Vec<_> = files.iter().map(|file| path(file)).collect();
    site.rowlog(&[&["publish"], &files[..]].concat()).worked();
    let mut next = Some("/feed.json".to_owned());
    let (mut found, base) = (0, site.url(""));
    while let Some(address) = next {
        let feed = site.get(&address).expect(200).json();
        found += feed["items"].as_array().unwrap().len();
        next = feed["next_url"]
            .as_str()
            .map(|url| url.strip_prefix(&base).unwrap().to_owned());
    }
    assert_eq!(found, 46, "with the welcome");
    let last = site.get("/feed.xml?page=3").expect(200);
    assert!(well_formed(&last).contains("/feed.xml?page=2") && last.text().contains("Number 0"));
    for beyond in ["0", "4", "-1", "x", "9223372036854775807"] {
        site.get(&format!("/feed.xml?page={beyond}")).expect(404);
    }
    let tag = last.header("etag").unwrap();
    site.send("GET", "/feed.xml?page=3", &[("If-None-Match", tag)], b"")
        .expect(304);
    site.comment("number-0", "Ann", "hello");
    let counted = site
        .send("GET", "/feed.xml?page=3", &[("If-None-Match", tag)], b"")
        .expect(200);
    assert!(
        counted.text().contains("thr:count=\"1\""),
        "{}",
        counted.text()
    );
}

#[test]
fn feeds_name_the_hub_that_the_owner_chose_and_no_other() {
    let mut site = Site::with_post("hello");
    let set = |site: &Site, hub: &str| {
        let sql =
            "insert into settings values ('websub_hub', ?1) on conflict do update set value = ?1";
        site.database_for_surgery().execute(sql, [hub]).unwrap();
    };
    let links = |site: &Site| {
        let feed = site.get("/feed.xml").expect(200);
        (feed.header("link").map(str::to_owned), well_formed(&feed))
    };
    let (header, feed) = links(&site);
    assert!(header.is_none() && !feed.contains("hub"), "{feed}");
    site.stop();
    for wrong in ["http://hub.example/", "https://127.0.0.1/", "hub"] {
        set(&site, wrong);
    }
    site.serve();
    assert_eq!(links(&site).0, None, "a hub inside the house");
    site.stop();
    set(&site, "https://hub.invalid/");
    site.serve();
    let (header, feed) = links(&site);
    let me = site.url("/feed.xml");
    assert_eq!(
        header,
        Some(format!(
            "<https://hub.invalid/>; rel=\"hub\", <{me}>; rel=\"self\""
        ))
    );
    assert!(feed.contains("https://hub.invalid/"));
    let json = site.get("/feed.json").expect(200).json();
    assert_eq!(json["hubs"][0]["url"], "https://hub.invalid/");
    let (status, _) = site.stop();
    assert!(status.success(), "the hub keeps nobody from going home");
}

#[test]
fn the_browser_takes_the_facts_for_what_they_are() {
    let desk = Desk::new();
    let site = Site::start();
    site.publish("hello", HOSTILE[1], "Text.");
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    let headline = "JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)['@graph'][0].headline";
    assert_eq!(window.eval(headline), HOSTILE[1]);
    window.has_a_clean_console();
}
