//! What a post says of itself beyond its words: pinned, closing, its direction, its cover, its first address. Without
//! JavaScript; and making each post once.

use image::ImageFormat;
use serde_json::{Value, json};

use crate::browser::Desk;
use crate::editing::sign_in;
use crate::http::Answer;
use crate::media::{add, picture, written};
use crate::page::Page;
use crate::site::{Site, path};
use crate::visitor::Visitor;
use crate::waiting::eventually;

fn desk() -> (Site, Visitor) {
    let site = Site::start();
    site.set_up();
    let owner = site.owner();
    (site, owner)
}

/// A picture of the library; its path.
fn boat(owner: &mut Visitor) -> String {
    let bytes = written(&picture(1200, 800), ImageFormat::Png);
    let item = add(owner, "boat.png", &bytes, "A boat");
    item["url"].as_str().expect("a path").to_owned()
}

/// Writes and publishes a new post; where its editor is.
fn write(owner: &mut Visitor, title: &str, fields: &[(&str, &str)]) -> String {
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

/// Fills the editor's form and presses the button of that status, or the one that only keeps.
fn press(owner: &mut Visitor, editor: &str, fields: &[(&str, &str)], status: &str) -> Answer {
    let mut form = owner.get(editor).expect(200).page().form("#editor");
    for (name, value) in fields {
        form = form.with(name, value);
    }
    let mut fields = form.fields();
    fields.retain(|(name, _)| *name != "status");
    if !status.is_empty() {
        fields.push(("status", status));
    }
    owner.submit(editor, &fields)
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
fn a_cover_and_a_first_address_are_fields_of_the_editor() {
    let (site, mut owner) = desk();
    let cover = boat(&mut owner);
    let first = "https://elsewhere.example/tides";
    let editor = write(
        &mut owner,
        "Tides",
        &[("canonical_url", "elsewhere"), ("cover", &cover)][1..].as_ref(),
    );
    let page = site.post("tides");
    let shown = "figure.cover img";
    assert_eq!(page.attribute(shown, "src"), cover);
    assert_eq!(
        page.attribute(shown, "alt"),
        "A boat",
        "as the library says"
    );
    assert_eq!(page.attribute(shown, "width"), "1200");
    assert!(page.attribute(shown, "srcset").contains("/480/"));
    let picture = |page: &Page| page.attribute("meta[property='og:image']", "content");
    assert!(picture(&page).ends_with(&cover));
    let home = site.get("/").expect(200).page();
    site.get(&home.attribute(".row .thumb", "src")).expect(200);
    assert_eq!(
        site.get_json("/feed.json")["items"][0]["image"],
        site.url(&cover)
    );
    assert!(site.get("/sitemap.xml").text().contains("/posts/tides"));

    let wrong = [
        ("canonical_url", "elsewhere"),
        ("cover", "https://elsewhere.example/a.png"),
    ];
    let fields = owner.get(&editor).expect(200).page().form("#editor");
    let mut fields = fields.fields();
    fields.retain(|(name, _)| !["canonical_url", "cover", "status"].contains(name));
    let fields = [&fields[..], &wrong, &[("status", "published")]].concat();
    let refused = owner.submit(&editor, &fields).expect(422).page();
    assert!(refused.has("#e-canonical_url[aria-invalid]") && refused.has("#e-cover-e"));

    let kept = [
        ("canonical_url", first),
        ("cover_alt", "A pier"),
        ("cover", ""),
    ];
    press(&mut owner, &editor, &kept, "").expect(303);
    assert_eq!(
        site.post("tides").attribute(shown, "src"),
        cover,
        "kept for later"
    );
    let form = owner.get(&editor).expect(200).page();
    assert_eq!(form.attribute("#e-canonical_url", "value"), first);
    assert!(form.has("#covers .none [checked]"));
    press(&mut owner, &editor, &[("cover", &cover)], "published").expect(303);
    let page = site.post("tides");
    assert_eq!(page.attribute(shown, "alt"), "A pier");
    assert_eq!(page.attribute("link[rel=canonical]", "href"), first);
    let sitemap = site.get("/sitemap.xml").text();
    assert!(!sitemap.contains("/posts/tides"), "{sitemap}");
    let own = site.url("/posts/tides");
    press(&mut owner, &editor, &[("canonical_url", &own)], "published").expect(303);
    assert!(
        site.get("/sitemap.xml").text().contains("/posts/tides"),
        "here is not elsewhere"
    );

    press(&mut owner, &editor, &[("cover", "")], "published").expect(303);
    assert!(!site.post("tides").has(shown));
    let versions = owner.get(&format!("{editor}/revisions")).expect(200).page();
    let versions = versions.attributes(".posts a", "href");
    let newest = owner.get(&versions[0]).expect(200).page();
    assert!(
        newest.texts(".lines del").concat().contains(&cover),
        "the version says what went"
    );
    let restore = format!("{}/restoration", versions[1]);
    owner.submit(&restore, &[]).expect(303);
    let form = owner.get(&editor).expect(200).page();
    assert_eq!(form.attribute("#covers [checked]", "value"), cover);
    assert_eq!(form.attribute("#e-cover_alt", "value"), "A pier");
}

#[test]
fn the_secret_link_shows_what_is_being_written_as_it_will_be() {
    let (_site, mut owner) = desk();
    let cover = boat(&mut owner);
    let editor = write(&mut owner, "Tides", &[]);
    let body = format!("![A boat]({cover})");
    let fields = [("body", body.as_str()), ("cover", &cover), ("lang", "ar")];
    press(&mut owner, &editor, &fields, "").expect(303);
    let secret = owner.get(&editor).expect(200).page();
    let secret = secret.attribute("a[rel=nofollow]", "href");
    let page = owner.get(&secret).expect(200).page();
    assert_eq!(page.attribute(".e-content img", "width"), "1200");
    assert!(page.attribute(".e-content img", "srcset").contains("/480/"));
    assert_eq!(page.attribute(".cover img", "src"), cover);
    assert_eq!(page.attribute("h1", "dir"), "rtl");
}

#[test]
fn a_cover_stands_beside_the_file_that_names_it() {
    let site = Site::start();
    let bytes = written(&picture(60, 40), ImageFormat::Png);
    site.write("posts/boat.png", bytes);
    let head = |cover: &str| {
        format!("+++\ntitle = \"T\"\nslug = \"t\"\ncover = \"{cover}\"\n+++\nText.\n")
    };
    let file = site.write("posts/t.md", head("boat.png"));
    site.rowlog(&["publish", path(&file)]).worked();
    let shown = site.post("t").attribute(".cover img", "src");
    site.get(&shown).expect(200);
    site.write("posts/t.md", head("gone.png"));
    let told = site.rowlog(&["publish", path(&file)]).worked();
    let told = format!("{}{}", told.stdout, told.stderr);
    assert!(told.contains("the file gone.png is missing"), "{told}");
    assert!(!site.post("t").has(".cover"));
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
fn a_form_that_is_sent_twice_makes_one_post() {
    let (site, mut owner) = desk();
    let posts = |site: &Site| site.ask("select count(*) from posts where title = 'Tides'");
    for (status, count) in [("", 1), ("published", 2)] {
        let blank = owner.get("/admin/posts/new").expect(200).page();
        let form = blank
            .form("#editor")
            .with("title", "Tides")
            .with("body", status);
        let mut fields = form.fields();
        fields.retain(|(name, _)| *name != "status");
        if !status.is_empty() {
            fields.push(("status", status));
        }
        let first = owner.submit("/admin/posts/new", &fields).expect(303);
        let again = owner.submit("/admin/posts/new", &fields).expect(303);
        assert_eq!(first.location(), again.location());
        assert_eq!(posts(&site), count);
    }
    // Whoever goes back to the form and writes something else in it begins another post.
    let fields = |body: &str| {
        let fields = [("title", "Tides"), ("body", body), ("op", "mine")];
        crate::http::encode(&fields)
    };
    let headers = [crate::http::FORM, ("Accept", "application/json")];
    let mut send = |body: &str| -> Value {
        let answer = owner.send(
            "POST",
            "/admin/posts/new",
            &headers,
            fields(body).as_bytes(),
        );
        answer.expect(201).json()
    };
    let (one, again, other) = (send("One."), send("One."), send("Other."));
    assert_eq!(one, again);
    assert_ne!(one["id"], other["id"]);
    assert_eq!(posts(&site), 4);
}

#[test]
fn an_answer_that_is_lost_makes_no_second_draft() {
    let (site, _) = desk();
    let window_of = Desk::new();
    let window = window_of.window();
    // The first answer to a new post never comes, and its author goes on writing meanwhile.
    window.prepare(
        "window.lost = 0; const plainly = fetch;
         window.fetch = async (url, ...rest) => {
            const answer = await plainly(url, ...rest);
            if (url !== '/admin/posts/new' || rest[0].method !== 'POST' || lost++) return answer;
            document.getElementById('e-title').value = 'Tides and boats';
            throw new TypeError('lost');
         };",
    );
    sign_in(&site, &window, "/admin/posts/new");
    let before = site.ask("select count(*) from posts");
    window.fill("#e-title", "Tides");
    window.wait_for_text("#saved", "Saved at");
    window.wait_until("location.pathname !== '/admin/posts/new'");
    assert_eq!(window.eval("window.lost"), 2);
    eventually("what was written meanwhile is kept too", || {
        site.ask("select count(*) from manuscripts where fields ->> 'title' = 'Tides and boats'")
            == 1
    });
    assert_eq!(site.ask("select count(*) from posts"), before + 1);
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

#[test]
fn a_cover_is_uploaded_from_the_editor() {
    let (site, mut owner) = desk();
    let editor = write(&mut owner, "Tides", &[]);
    let desk = Desk::new();
    let window = desk.window();
    sign_in(&site, &window, &editor);
    window.wait_for("#new-cover:not([hidden])");
    window.eval("document.querySelectorAll('details').forEach(box => { box.open = true; })");
    let upload = "(async () => {
        const canvas = new OffscreenCanvas(900, 600);
        canvas.getContext('2d').fillRect(0, 0, 300, 300);
        const files = new DataTransfer();
        files.items.add(new File([await canvas.convertToBlob()], 'pier.png', { type: 'image/png' }));
        const field = document.getElementById('e-new-cover');
        field.files = files.files;
        field.dispatchEvent(new Event('change'));
    })()";
    window.eval(upload);
    window.wait_for("#covers :checked[value$='/pier.png']");
    window.wait_for_text("#saved", "Saved at");
    window.open(&site.url(&editor));
    window.wait_for("#covers [checked][value$='/pier.png']");
    window.click(".topbar .main");
    eventually("readers see it", || {
        site.post("tides").has(".cover img[src$='/pier.png']")
    });
    window.has_a_clean_console();
}
