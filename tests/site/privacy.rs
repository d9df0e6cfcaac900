//! Privacy: what is stored about whom, who is told, and that erasing is erasing.

use std::collections::BTreeSet;
use std::fs;

use crate::browser::Desk;
use crate::http::{FORM, encode};
use crate::page::Page;
use crate::site::Site;
use crate::waiting::eventually;

/// Every public page that a link leads to from the home page, in the order of their addresses, and feeds and files that
/// pages only name.
fn public_pages(site: &Site) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut ahead: Vec<String> = [
        "/",
        "/search?q=hello",
        "/search?q=hello&in=comments",
        "/sitemap.xml",
        "/robots.txt",
        "/nothing-here",
    ]
    .map(String::from)
    .to_vec();
    while let Some(path) = ahead.pop() {
        let path = path.split('#').next().unwrap_or_default().to_owned();
        let own = path.starts_with('/') && !path.starts_with("//");
        if !own || seen.contains(&path) {
            continue;
        }
        let answer = site.get(&path);
        let kind = answer.header("content-type").unwrap_or_default();
        if kind.starts_with("text/html") {
            let page = answer.page();
            ahead.extend(page.attributes("a[href]", "href"));
            ahead.extend(page.attributes("link[href]", "href"));
        }
        seen.insert(path);
    }
    seen
}

/// Whether the file or its write-ahead log holds these bytes, as they are on disk.
fn holds(site: &Site, word: &str) -> bool {
    ["rowlog.db", "rowlog.db-wal"].iter().any(|name| {
        let bytes = fs::read(site.data().join(name)).unwrap_or_default();
        bytes.windows(word.len()).any(|it| it == word.as_bytes())
    })
}

fn blog() -> Site {
    let site = Site::start_with(&["--limits", "off", "--trusted-proxies", "127.0.0.0/8"]);
    site.set_up();
    site.publish_with(
        "hello",
        "A post",
        "[taxonomies]\ntags = [\"Tides\"]",
        "Something to say hello about, at https://elsewhere.example/.",
    );
    site
}

#[test]
fn reading_any_public_page_leaves_no_cookie() {
    let site = blog();
    let mut ann = site.visitor().coming_from("198.51.100.7");
    ann.comment("hello", "Ann", "hello");
    let pages = public_pages(&site);
    for wanted in [
        "/",
        "/posts/hello",
        "/tags/tides",
        "/archive",
        "/feed.xml",
        "/me",
    ] {
        assert!(pages.contains(wanted), "{wanted} was not met: {pages:?}");
    }
    for path in &pages {
        for kind in ["*/*", "application/json"] {
            if kind != "*/*" && path.ends_with("/events") {
                continue;
            }
            let answer = site.send("GET", path, &[("Accept", kind)], b"");
            assert_eq!(answer.header("set-cookie"), None, "{path}");
        }
    }
    assert_eq!(site.ask("select count(*) from visitors"), 1);
}

#[test]
fn no_page_has_a_browser_ask_anyone_else() {
    let site = blog();
    let mut ann = site.visitor().coming_from("198.51.100.7");
    let picture =
        "![a picture](https://elsewhere.example/pixel.png) and https://elsewhere.example/page";
    ann.say(
        "hello",
        &[
            ("name", "Ann"),
            ("url", "https://elsewhere.example/"),
            ("body", picture),
        ],
    );
    let desk = Desk::new();
    let window = desk.window();
    let mut looked_at = 0;
    for path in public_pages(&site) {
        let answer = site.get(&path);
        let is_page = answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"));
        if !is_page || answer.status() != 200 {
            continue;
        }
        window.open(&site.url(&path));
        let asked = window.eval(
            "performance.getEntriesByType('resource').map(entry => new URL(entry.name).host).filter(host => host !== location.host)",
        );
        assert_eq!(asked, serde_json::json!([]), "{path}");
        window.has_a_clean_console();
        looked_at += 1;
    }
    assert!(looked_at > 6, "{looked_at}");
}

#[test]
fn an_address_and_an_email_are_in_no_output() {
    const ADDRESS: &str = "203.0.113.77";
    const EMAIL: &str = "thorvald.private@";
    let site = blog();
    let mut thorvald = site.visitor().coming_from(ADDRESS);
    let said = [
        ("name", "Thorvald"),
        ("email", "thorvald.private@example.org"),
        ("body", "hello there"),
    ];
    let his = thorvald.say("hello", &said);
    let mut bob = site.visitor().coming_from("198.51.100.9");
    bob.reply("hello", his, "Bob", "hello, Thorvald");
    thorvald.react("/posts/hello", "love");
    let mut outputs: Vec<(String, String)> = public_pages(&site)
        .into_iter()
        .map(|path| {
            let text = site.get(&path).text();
            (path, text)
        })
        .collect();
    for path in ["/events?after=0", "/posts/hello/events?after=0"] {
        outputs.push((path.into(), site.get_json(path).to_string()));
        let replay = site
            .stream(path, &[])
            .up_to(site.ask("select max(id) from events where audience = 'public'"));
        outputs.push((path.into(), format!("{replay:?}")));
    }
    for path in [
        "/search?q=Thorvald&in=comments",
        "/search?q=thorvald.private",
    ] {
        outputs.push((path.into(), site.get_json(path).to_string()));
    }
    for path in ["/me", "/me/export", "/posts/hello"] {
        outputs.push((path.into(), bob.get(path).text()));
    }
    let body = encode(&said);
    let json = [FORM, ("Accept", "application/json")];
    let again = thorvald.send("POST", "/posts/hello/comments", &json, body.as_bytes());
    outputs.push(("the answer to the form".into(), again.text()));
    outputs.push(("the log".into(), site.log_text()));
    let events = site.rowlog(&["events", "--after", "0"]).worked();
    outputs.push(("rowlog events".into(), events.stdout));
    let told = outputs.iter().any(|(_, text)| text.contains("Thorvald"));
    assert!(told, "this story looks at the wrong outputs");
    for (place, text) in &outputs {
        assert!(!text.contains(ADDRESS), "{place} tells his address");
        assert!(!text.contains(EMAIL), "{place} tells his e-mail address");
    }
    assert!(!holds(&site, ADDRESS), "the file holds his address");
    let marks = "select count(*) from comments where length(client) = 16";
    assert_eq!(site.ask(marks), 2, "a keyed hash of it, for a week");
}

#[test]
fn a_page_says_what_is_stored_about_its_reader_and_the_way_to_it_is_everywhere() {
    let site = blog();
    let stranger = site.get("/me").page();
    assert!(
        stranger
            .text("#data")
            .contains("Nothing is stored about you")
    );
    let post = site.post("hello");
    let links = post.attributes("a[href='/me#data']", "href");
    assert_eq!(links.len(), 2, "by the form and at the end of the page");
    assert!(
        site.get("/archive")
            .page()
            .has(".colophon a[href='/me#data']")
    );

    let mut ann = site.visitor().coming_from("198.51.100.7");
    let said = [
        ("name", "Ann"),
        ("email", "ann@example.org"),
        ("body", "hello"),
    ];
    let hers = ann.say("hello", &said);
    ann.say("hello", &[said[0], said[1], ("body", "and again")]);
    ann.react("/posts/hello", "love");
    let mut owner = site.owner();
    let delete = [("do", "delete"), ("ids", &*hers.to_string())];
    owner.submit("/admin/comments", &delete).expect(303);
    let ban = [("kind", "visitor"), ("comment", &*(hers + 1).to_string())];
    owner.submit("/admin/bans", &ban).expect(303);
    let kept = ann.get("/me").page().text("#kept");
    for part in [
        "the name Ann",
        "the e-mail address ann@example.org",
        "no website",
        "1 comment, each",
        "Where 1 of them came from",
        "1 comment that the owner deleted",
        "1 reaction",
        "asked you not to write here",
    ] {
        assert!(kept.contains(part), "{part}: {kept}");
    }
    let all = ann.get("/me/export").expect(200).json();
    assert_eq!(all["bans"][0]["kind"], "visitor");
    assert_eq!(all["deleted"][0]["body"], "hello");
    assert_eq!(all["deleted"][0]["client"].as_str().unwrap().len(), 32);
    assert_eq!(all["comments"][0]["likeness"], "ann");
    assert_eq!(all["visitor"]["read_to"], 0);
}

#[test]
fn the_owner_erases_all_of_a_visitor_and_no_byte_of_it_stays() {
    let site = blog();
    let mut owner = site.owner();
    let mut bob = site.visitor().coming_from("198.51.100.9");
    bob.comment("hello", "Bob", "frobnicate, which stays");
    let mut quillan = site.visitor().coming_from("198.51.100.7");
    let long = "xyzzy ".repeat(1500);
    let said = [
        ("name", "Quillan"),
        ("email", "thorvald@example.org"),
        ("url", "https://wumpus.example/"),
        ("body", &*long),
        ("op", "grue-0001"),
    ];
    let first = quillan.say("hello", &said);
    let deleted = quillan.comment("hello", "Quillan", "plugh");
    let held = [("name", "Quillan"), ("body", "zork"), ("website", "x")];
    quillan.say("hello", &held);
    quillan.react("/posts/hello", "love");
    let decide = [("do", "delete"), ("ids", &*deleted.to_string())];
    owner.submit("/admin/comments", &decide).expect(303);
    let ban = [
        ("kind", "visitor"),
        ("comment", &*first.to_string()),
        ("why", "a snark"),
    ];
    owner.submit("/admin/bans", &ban).expect(303);
    let words = [
        "xyzzy",
        "plugh",
        "zork",
        "Quillan",
        "quillan",
        "thorvald",
        "wumpus",
        "grue-0001",
        "snark",
    ];
    for word in words {
        assert!(
            holds(&site, word) || word == "quillan",
            "{word} was never there"
        );
    }

    let page = owner.get(&format!("/admin/comments/{first}")).page();
    let form = page.form("form[action$='/erasure']");
    owner.submit(&form.action, &[]).expect(422);
    site.send("POST", &form.action, &[FORM], b"sure=yes")
        .expect(401);
    assert!(holds(&site, "xyzzy"), "a stranger has erased somebody");
    let mut open = site.follow("hello");
    let sure = form.with("sure", "yes");
    let done = owner.submit_form(&sure).expect(303).location().to_owned();
    assert!(
        owner
            .get(&done)
            .page()
            .text("#notice")
            .contains("Erased: 3 comments")
    );
    open.next_of("comment:deleted");
    // The server empties the write-ahead log by itself, a moment after the answer.
    eventually("the words have left the disk", || {
        words.iter().all(|word| !holds(&site, word))
    });
    assert!(
        holds(&site, "frobnicate"),
        "this story looks at the wrong bytes"
    );
    assert_eq!(
        site.ask("select count(*) from comments where client is not null"),
        1
    );
    assert!(quillan.get("/me").page().text("#data").contains("Nothing"));
    quillan
        .submit(
            "/posts/hello/comments",
            &[("name", "Q"), ("body", "I am back")],
        )
        .expect(403);
    owner.submit_form(&sure).expect(404);
    site.rowlog(&["check"]).worked();
}

#[test]
fn a_post_that_is_erased_takes_its_earlier_texts_along() {
    let site = blog();
    let mut owner = site.owner();
    site.publish("gone", "Gone", &"xyzzy ".repeat(900));
    site.publish("gone", "Gone", "plugh alone");
    let mut ann = site.visitor().coming_from("198.51.100.7");
    ann.comment("gone", "Ann", "grue in the dark");
    let id = site.ask("select id from posts where slug = 'gone'");
    let words = ["xyzzy", "plugh", "grue"];
    for word in words {
        assert!(holds(&site, word), "{word} was never there");
    }
    owner
        .submit(&format!("/admin/posts/{id}/trash"), &[])
        .expect(303);
    owner
        .submit(&format!("/admin/posts/{id}/erasure"), &[])
        .expect(303);
    eventually("the words have left the disk", || {
        words.iter().all(|word| !holds(&site, word))
    });
}

#[test]
fn names_and_addresses_stand_apart_from_the_text_around_them() {
    let site = blog();
    let mut ann = site.visitor().coming_from("198.51.100.7");
    let name = "\u{5d0}\u{5d1}\u{5d2} 1"; // Hebrew, and a digit that would wander
    let his = ann.comment("hello", name, "hello");
    let mut owner = site.owner();
    let reply = format!("/posts/hello?reply={his}");
    let pages: [(&str, Page); 5] = [
        ("post", site.post("hello")),
        ("reply", site.get(&reply).page()),
        ("search", site.get("/search?q=hello&in=comments").page()),
        ("queue", owner.get("/admin/comments?show=published").page()),
        (
            "comment",
            owner.get(&format!("/admin/comments/{his}")).page(),
        ),
    ];
    for (place, page) in pages {
        assert!(page.texts("bdi").iter().any(|it| it == name), "{place}");
        let markup = page.markup("body");
        for (at, _) in markup.match_indices(name) {
            let (text, tag) = (markup[..at].rfind('>'), markup[..at].rfind('<'));
            let around = &markup[tag.unwrap_or_default()..at];
            assert!(
                tag > text || around.starts_with("<bdi"),
                "{place}: {around}"
            );
        }
    }
}
