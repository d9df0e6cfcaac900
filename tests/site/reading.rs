//! Reading: pages, lists, feeds, and the headers that guard them.

use serde_json::Value;

use crate::http::Answer;
use crate::site::{Site, path};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    media-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; manifest-src 'self'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'";

#[test]
fn an_empty_folder_becomes_a_readable_blog_with_one_post_that_explains_itself() {
    let site = Site::start();
    let home = site.get("/").expect(200).page();
    let posts = home.attributes("main a[href^='/posts/']", "href");
    assert!(!posts.is_empty(), "the home page leads nowhere");
    let post = site
        .get(posts[0].split('#').next().unwrap())
        .expect(200)
        .page();
    assert!(
        post.text(".prose").len() > 200,
        "the welcome post says too little"
    );
    assert_eq!(post.count("form.composer"), 1);
    assert_eq!(
        site.ask("select count(*) from posts where kind = 'post'"),
        1
    );
    assert_eq!(site.get_json("/health")["status"], "ok");
}

#[test]
fn a_post_shows_everything_that_its_markdown_says() {
    let site = Site::start();
    site.publish("everything", "Everything \"at once\"", EVERYTHING);
    let answer = site.get("/posts/everything").expect(200);
    let page = answer.page();
    for css in [
        ".prose table td",
        ".prose li input[type=checkbox][checked]",
        ".prose del",
        ".prose sup a[href^='#']",
        ".prose h2[id='second-part']",
        "nav.toc a[href='#second-part']",
        ".prose math",
        ".prose pre code span[class]",
        ".prose img[loading=lazy][alt='A boat']",
        ".prose aside.note",
        ".prose blockquote",
    ] {
        assert!(
            page.has(css),
            "nothing matches `{css}` in\n{}",
            answer.text()
        );
    }
    assert!(
        page.text(".prose").contains("“quoted” – it’s…"),
        "{}",
        page.text(".prose")
    );
    assert!(
        !answer.text().contains("style="),
        "an inline style breaks the policy"
    );
    assert!(!page.text(".prose").contains("+++"), "front matter leaks");
}

const EVERYTHING: &str = r#"
"quoted" -- it's...

## First part

| a | b |
|---|---|
| 1 | 2 |

- [x] done
- [ ] open

~~gone~~ and a note[^1].

[^1]: Down here.

## Second part

$e^{i\pi} + 1 = 0$

```rust
fn main() { println!("hello"); }
```

![A boat](https://example.org/boat.png)

<aside class="note">The owner may write HTML.</aside>

> A quotation.

## Third part
"#;

#[test]
fn code_is_coloured_in_every_language_that_is_promised() {
    let site = Site::start();
    let samples = [
        ("rust", "fn main() { let x = 1; }"),
        ("toml", "[package]\nname = \"rowlog\""),
        ("sh", "if true; then echo \"$HOME\"; fi"),
        ("console", "$ cargo build --release"),
        ("c", "int main(void) { return 0; }"),
        ("yaml", "key: \"value\" # why"),
        ("json", "{ \"key\": 1 }"),
        ("js", "const x = \"y\"; // why"),
        ("html", "<p class=\"x\">y</p>"),
        ("sql", "select 1 from posts where id = 'x';"),
        ("diff", "-old\n+new"),
        ("python", "def f():\n    return \"x\""),
        ("go", "func main() { return }"),
    ];
    for (language, code) in samples {
        site.publish(language, language, &format!("```{language}\n{code}\n```"));
        let page = site.post(language);
        assert!(
            page.has(".prose pre code span[class]"),
            "{language}: {}",
            page.markup(".prose")
        );
        assert_eq!(
            page.text(".prose pre code"),
            code.split_whitespace().collect::<Vec<_>>().join(" ")
        );
    }
}

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

#[test]
fn publishing_again_updates_the_post_in_place() {
    let site = Site::with_post("hello");
    let posts = site.ask("select count(*) from posts");
    site.publish("hello", "Another title", "Another text.");
    assert_eq!(site.ask("select count(*) from posts"), posts);
    let page = site.post("hello");
    assert_eq!(page.text("h1"), "Another title");
    assert!(page.text(".prose").contains("Another text."));
    site.publish_with("hello", "Another title", "draft = true", "Another text.");
    site.get("/posts/hello").expect(404);
}

#[test]
fn every_page_carries_the_policy_and_asks_nobody_else_for_anything() {
    let site = Site::with_post("hello");
    site.comment("hello", "Ann", "Hello");
    for address in [
        "/",
        "/posts/hello",
        "/archive",
        "/tags",
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
            page.count("style, [style], script:not([src])"),
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
fn what_is_not_there_is_a_friendly_404() {
    let site = Site::start();
    for address in [
        "/nothing",
        "/posts/nothing",
        "/tags/nothing",
        "/posts/nothing/comments.xml",
        "/assets/no.css",
        "/media/0/x.png",
    ] {
        let answer = site.get(address).expect(404);
        assert!(!answer.text().contains("rowlog.db"));
    }
    assert!(
        site.get("/nothing").page().has("a[href='/']"),
        "no way home"
    );
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
