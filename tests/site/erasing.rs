//! Visitors who erase what is stored about them: gone from every page, open ones too, and from the bytes of the file.

use std::fs;

use serde_json::{Value, json};

use crate::browser::Desk;
use crate::http::FORM;
use crate::mine::{is_kept_by_nobody, stream};
use crate::site::Site;
use crate::stream::Stream;

#[test]
fn an_erased_visitor_is_gone_from_every_page_and_from_the_bytes_of_the_file() {
    let mut site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let answered = ann.say(
        "hello",
        &[
            ("name", "Quillan"),
            ("body", &"xyzzy ".repeat(1500)),
            ("email", "thorvald@example.org"),
            ("url", "https://wumpus.example/"),
        ],
    );
    let bare = ann.comment("hello", "Quillan", "plugh");
    let kept = bob.reply("hello", answered, "Bob", "frobnicate, which stays");
    let own_reply = ann.reply("hello", kept, "Quillan", "thanks");
    ann.say(
        "hello",
        &[("name", "Quillan"), ("body", "waiting"), ("website", "x")],
    );
    ann.react("/posts/hello", "love");
    bob.react("/posts/hello", "love");
    ann.react(&format!("/comments/{kept}"), "think");
    bob.react(&format!("/comments/{bare}"), "think");

    let page = ann.get("/me").page();
    let ask = page.attribute("a[href='/me/erasure']", "href");
    let question = ann.get(&ask).expect(200);
    is_kept_by_nobody(&question);
    assert_eq!(site.ask("select count(*) from visitors"), 2, "it only asks");
    ann.submit("/me/erasure", &[]).expect(200);
    assert_eq!(site.ask("select count(*) from visitors"), 2, "it only asks");

    let mut open = site.follow("hello");
    let form = question.page().form("form[action='/me/erasure']");
    let done = ann.submit_form(&form).expect(303);
    is_kept_by_nobody(&done);
    let cookie = done.header("set-cookie").unwrap();
    assert!(cookie.starts_with("visitor=;") && cookie.contains("Max-Age=0"));

    let mut told = open.up_to(site.head());
    told.retain(|event| event.event == "comment:deleted");
    let gone = |id: i64| {
        let event = told.iter().find(|event| event.comment() == id);
        &event.unwrap_or_else(|| panic!("{id} is still there")).data
    };
    assert!(
        gone(answered)["html"]
            .as_str()
            .unwrap()
            .contains("[comment deleted]")
    );
    assert!(gone(bare)["html"].is_null() && gone(own_reply)["html"].is_null());
    assert_eq!(gone(bare)["count"], 1);
    let reactions = site.get_json("/posts/hello/events?after=0");
    let reactions = reactions["events"].as_array().unwrap().iter();
    let counts: Vec<_> = reactions
        .filter(|event| event["kind"] == "reaction:updated")
        .map(|event| (event["target"].to_string(), event["counts"].to_string()))
        .collect();
    assert!(counts.contains(&("\"post\"".into(), "{\"love\":1}".into())));
    assert!(
        counts.contains(&(kept.to_string(), "{}".into())),
        "{counts:?}"
    );

    let page = ann.post("hello");
    assert_eq!(page.count("#threads .comment:not([data-state=deleted])"), 1);
    assert_eq!(
        page.count("#threads .comment"),
        2,
        "the tombstone and the answer"
    );
    assert!(!page.has("#me"));
    assert!(
        ann.get("/me")
            .page()
            .text("main")
            .contains("Nothing is stored")
    );
    assert_eq!(bob.get("/me").page().count(".answer"), 0);
    assert_eq!(site.ask("select count(*) from visitors"), 1);
    assert_eq!(site.ask("select count(*) from reactions"), 1);
    site.rowlog(&["check"]).worked();

    // With a new cookie she is somebody new.
    ann.comment("hello", "Rowan", "back again");
    assert_eq!(ann.get("/me").page().count(".written"), 1);

    assert!(site.stop().0.success());
    let bytes = fs::read(site.data().join("rowlog.db")).unwrap();
    let holds = |word: &str| bytes.windows(word.len()).any(|it| it == word.as_bytes());
    assert!(holds("frobnicate"), "this story looks at the wrong bytes");
    for word in ["xyzzy", "plugh", "wumpus", "thorvald", "Quillan"] {
        assert!(!holds(word), "the file holds {word}");
    }
}

#[test]
fn an_erased_name_is_shown_to_no_other_reader_either() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let shown = [("name", "Ann"), ("body", "hello"), ("show_name", "1")];
    ann.say("hello", &shown);
    let mut bob = site.follow("hello");
    let _ann_reads = stream(&site, &ann, "/posts/hello/events");
    let names_are = |bob: &mut Stream, names: Value| {
        while bob.next_of("presence").data["names"] != names {}
    };
    names_are(&mut bob, json!(["Ann"]));
    ann.submit("/me/erasure", &[("sure", "yes")]).expect(303);
    names_are(&mut bob, json!([]));
}

#[test]
fn another_site_cannot_have_a_visitor_erased() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    ann.comment("hello", "Ann", "stays");
    let foreign = [FORM, ("Sec-Fetch-Site", "cross-site")];
    for path in ["/me/erasure", "/me/reading"] {
        ann.send("POST", path, &foreign, b"sure=yes&to=1")
            .expect(403);
    }
    assert_eq!(ann.get("/me").page().count(".written"), 1);
}

#[test]
fn an_open_page_follows_an_erasure() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let hers = ann.comment("hello", "Ann", "soon gone");
    ann.react("/posts/hello", "love");
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.wait_for_text("[value=love] .n", "1");
    ann.submit("/me/erasure", &[("sure", "yes")]).expect(303);
    window.wait_until_gone(&format!("#comment-{hers}"));
    window.wait_for_text("[value=love] .n", "0");
    window.has_a_clean_console();
}
