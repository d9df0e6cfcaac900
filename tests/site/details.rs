//! What a post says of itself beyond its words: whether it is pinned, when its comments close, how it runs.

use serde_json::json;

use crate::browser::Desk;
use crate::covers::boat;
use crate::editing::sign_in;
use crate::page::Page;
use crate::site::{Site, path};
use crate::visitor::Visitor;
use crate::writing::{desk, press};

/// Writes and publishes a new post; where its editor is.
pub fn write(owner: &mut Visitor, title: &str, fields: &[(&str, &str)]) -> String {
    let fields = [
        &[
            ("title", title),
            ("body", "Words."),
            ("status", "published"),
        ],
        fields,
    ]
    .concat();
    let answer = owner.submit("/admin/posts/new", &fields).expect(303);
    answer.location().to_owned()
}

fn titles(page: &Page) -> Vec<String> {
    page.texts("main .row h3")
}

#[test]
fn what_is_pinned_stands_first_on_the_home_page_and_once() {
    let (site, mut owner) = desk();
    owner
        .submit("/admin/settings", &[("posts_per_page", "2")])
        .expect(303);
    for (slug, day) in [
        ("one", "2019-03-01"),
        ("two", "2019-04-01"),
        ("four", "2021-01-01"),
    ] {
        site.publish_on(day, slug, "");
    }
    site.publish_on("2020-01-01", "three", "pinned = true");
    let home = site.get("/").expect(200).page();
    let first = titles(&home);
    assert_eq!((first.len(), &*first[0]), (3, "three"), "{first:?}");
    assert_eq!(home.texts(".pins .row"), home.texts(".row[data-pinned]"));
    assert!(home.text(".pins .row .m").contains("Pinned"));
    let numbers = |page: &Page| -> Vec<i64> {
        let spans = page.texts("main .row .m span:not(.badge)").into_iter();
        let digits = |text: String| {
            text.chars()
                .filter(char::is_ascii_digit)
                .collect::<String>()
        };
        spans.map(|text| digits(text).parse().unwrap()).collect()
    };
    assert_eq!(
        numbers(&home),
        [3, 5, 4],
        "the number of each is its place in time"
    );
    let second = site.get("/?page=2").expect(200).page();
    assert_eq!(titles(&second), ["two", "one"]);
    assert_eq!(numbers(&second), [2, 1]);
    assert!(!second.has(".pins"));
    site.get("/?page=3").expect(404);

    let board = owner.get("/admin/posts").expect(200).page();
    assert_eq!(board.texts("li.item small .badge"), ["Pinned"]);
    let row = board.attributes("li.item:has(small .badge) > a", "href");
    let form = owner.get(&row[0]).expect(200).page();
    assert!(form.has("#e-pinned[checked]"));
    let mut fields = form.form("#editor");
    fields = fields.with("status", "published");
    let fields: Vec<_> = fields
        .fields()
        .into_iter()
        .filter(|(name, _)| *name != "pinned")
        .collect();
    owner.submit(&row[0], &fields).expect(303);
    assert!(!site.get("/").expect(200).page().has(".pins"));
    press(&mut owner, &row[0], &[("pinned", "yes")], "published").expect(303);
    assert_eq!(titles(&site.get("/").expect(200).page())[0], "three");
}

#[test]
fn a_post_that_is_pinned_or_let_go_moves_on_open_home_pages() {
    let site = Site::start();
    for (slug, day) in [("one", "2019-03-01"), ("two", "2021-04-01")] {
        site.publish_on(day, slug, "");
    }
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/"));
    window.wait_for("#main[data-live=live]");
    window.eval("window.sameDocument = true");
    site.publish_on("2019-03-01", "one", "pinned = true");
    window.wait_for_text(".pins .row h3", "one");
    assert_eq!(window.count("h3 a[href='/posts/one']"), 1);
    site.publish_on("2019-03-01", "one", "pinned = false");
    window.wait_until("!document.querySelector('.pins') && document.querySelectorAll('.rows h3 a[href=\"/posts/one\"]').length === 1");
    assert_eq!(window.eval("window.sameDocument"), true);
    window.has_a_clean_console();
}

#[test]
fn comments_close_after_the_days_that_the_blog_or_the_post_says() {
    let (site, mut owner) = desk();
    site.publish_on("2020-01-01", "old", "");
    site.publish_on("2020-01-01", "never", "close_after_days = 0");
    site.publish_on("2020-01-01", "room", "discussion = \"chat\"");
    let said = [("name", "Ann"), ("body", "Am I late?"), ("op", "one")];
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let first = ann.submit("/posts/old/comments", &said).expect(303);
    let open = bob
        .get("/posts/old")
        .expect(200)
        .page()
        .form("#respond form");

    owner
        .submit("/admin/settings", &[("close_after_days", "30")])
        .expect(303);
    let page = site.post("old");
    assert!(!page.has("#respond form") && page.text("#respond").contains("No more comments"));
    assert!(page.has("#threads article"), "what was said stays");
    assert!(!site.post("room").has("#respond form"));
    assert!(site.post("never").has("#respond form"));
    let head = site.head();
    let late = open.with("name", "Bob").with("body", "Me *too*");
    let refused = bob
        .submit("/posts/old/comments", &late.fields())
        .expect(403);
    assert_eq!(
        refused.page().raw_text("#typed"),
        "Me *too*",
        "the words come back"
    );
    assert!(refused.text().contains("takes no more comments"));
    let body = crate::http::encode(&late.fields());
    let headers = [crate::http::FORM, ("Accept", "application/json")];
    let refused = bob.send("POST", "/posts/room/comments", &headers, body.as_bytes());
    assert!(
        refused.expect(403).json()["error"]
            .as_str()
            .unwrap()
            .contains("no more comments")
    );
    assert_eq!(site.head(), head, "nothing was told");
    let again = ann.submit("/posts/old/comments", &said).expect(303);
    assert_eq!(again.location(), first.location(), "it was heard before");
    site.get("/posts/old/comments.xml").expect(200);

    let editor = write(&mut owner, "New", &[("close_after_days", "14")]);
    assert!(
        site.post("new")
            .text(".closing")
            .starts_with("Comments are taken until")
    );
    let page = press(
        &mut owner,
        &editor,
        &[("close_after_days", "x")],
        "published",
    );
    let page = page.expect(422).page();
    assert_eq!(
        page.attributes("[aria-invalid]", "name"),
        ["close_after_days"]
    );
    let past = [("publish_at", "2020-01-01T08:00")];
    press(&mut owner, &editor, &past, "published").expect(303);
    assert!(!site.post("new").has("#respond form"));
    press(
        &mut owner,
        &editor,
        &[("close_after_days", "0")],
        "published",
    )
    .expect(303);
    assert!(
        site.post("new").has("#respond form"),
        "the post has the last word"
    );
    assert!(!site.post("new").has(".closing"));
}

#[test]
fn a_post_runs_as_its_language_does_and_the_blog_around_it_as_its_own() {
    let (site, mut owner) = desk();
    site.publish_with(
        "salam",
        "سلام",
        "lang = \"fa\"",
        "## یک\n\nمتن.\n\n## دو\n\n## سه",
    );
    let note = site.write("note.md", "یادداشت");
    site.rowlog(&["entry", "add", "salam", path(&note)])
        .worked();
    let page = site.post("salam");
    assert!(!page.has("html[dir]") && !page.has("article.h-entry[data-post][dir]"));
    for part in ["h1", ".e-content", ".entry .prose"] {
        assert_eq!(
            page.attribute(&format!("{part}[lang=fa]"), "dir"),
            "rtl",
            "{part}"
        );
    }
    let home = site.get("/").expect(200).page();
    assert_eq!(home.attribute(".row h3[lang=fa]", "dir"), "rtl");
    let archive = site.get("/archive").expect(200).page();
    assert_eq!(archive.attribute(".row h3 a[lang=fa]", "dir"), "rtl");
    let atom = site.get("/feed.xml").expect(200).text();
    assert!(atom.contains("<entry xml:lang=\"fa\">"), "{atom}");
    assert_eq!(
        atom.matches("&#60;div lang=&#34;fa&#34; dir=&#34;rtl&#34;&#62;")
            .count(),
        2,
        "{atom}"
    );
    let feed = site.get_json("/feed.json");
    assert_eq!(feed["items"][0]["language"], "fa");
    assert!(
        feed["items"][0]["content_html"]
            .as_str()
            .unwrap()
            .starts_with("<div lang=\"fa\" dir=\"rtl\">")
    );

    let editor = write(&mut owner, "Latin", &[("lang", "fa-Latn")]);
    assert_eq!(site.post("latin").attribute("h1", "dir"), "ltr");
    press(&mut owner, &editor, &[("dir", "rtl")], "published").expect(303);
    assert_eq!(site.post("latin").attribute("h1", "dir"), "rtl");
    assert_eq!(
        owner
            .get(&editor)
            .expect(200)
            .page()
            .attribute("#e-dir [selected]", "value"),
        "rtl"
    );
    write(&mut owner, "Plain", &[]);
    assert!(!site.post("plain").has("h1[dir]"));
    owner
        .submit("/admin/settings", &[("lang", "he")])
        .expect(303);
    assert_eq!(site.post("plain").attribute("html", "dir"), "rtl");
}

#[test]
fn front_matter_that_says_nothing_we_know_is_named() {
    let site = Site::start();
    let told = site.publish_with("odd", "Odd", "pinned = \"maybe\"\ndir = \"up\"", "Text.");
    let told = told.worked();
    let told = format!("{}{}", told.stdout, told.stderr);
    assert!(
        told.contains("pinned is \"maybe\"; it can be true or false"),
        "{told}"
    );
    assert!(told.contains("dir is \"up\""), "{told}");
    assert!(!site.get("/").expect(200).page().has(".pins"));
}

#[test]
fn front_matter_that_cannot_be_read_is_an_error_that_says_where() {
    let mut site = Site::with_post("hello");
    site.stop();
    site.database_for_surgery()
        .execute(
            "update posts set extra = 'no JSON' where slug = 'hello'",
            [],
        )
        .unwrap();
    site.serve();
    site.get("/posts/hello").expect(500);
    let log = site.log_text();
    assert!(log.contains("the column extra cannot be read"), "{log}");
}

#[test]
fn every_detail_is_set_in_a_browser_without_javascript() {
    let (site, mut owner) = desk();
    let desk = Desk::new();
    let window = desk.window_without_javascript();
    sign_in(&site, &window, "/admin/posts/new");
    window.fill("#e-title", "Tides");
    let cover = boat(&mut owner); // in the library, which is another tab
    window.click("[formaction='/admin/preview']");
    window.wait_for(&format!("#covers [value='{cover}']"));
    for details in ["#e-dir", "#e-canonical_url"] {
        let within = format!("details:has({details}) > summary");
        window.click(&within);
    }
    window.click("#e-pinned");
    window.fill("#e-close_after_days", "7");
    window.click("#e-dir option[value=rtl]");
    window.click(&format!("#covers label:has([value='{cover}'])"));
    window.fill("#e-cover_alt", "A small boat");
    window.fill("#e-canonical_url", "https://elsewhere.example/tides");
    window.fill("#e-body", "High water.");
    window.click(".topbar .main");
    window.wait_for_text(".badge", "Published");
    let page = site.post("tides");
    assert_eq!(page.attribute("h1", "dir"), "rtl");
    assert_eq!(page.attribute(".cover img", "alt"), "A small boat");
    assert!(
        page.has(".closing")
            && page.has("link[rel=canonical][href='https://elsewhere.example/tides']")
    );
    assert_eq!(titles(&site.get("/").expect(200).page())[0], "Tides");
    let extra = json!({ "pinned": true, "dir": "rtl", "close_after_days": 7, "cover": cover,
        "cover_alt": "A small boat", "canonical_url": "https://elsewhere.example/tides" });
    let kept = format!("select count(*) from posts where extra = '{extra}'");
    assert_eq!(site.ask(&kept), 1, "under the names of front matter");
}
