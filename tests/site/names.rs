//! Names and the marks beside them: who can be told from whom, and which names are the blog's own.

use serde_json::{Value, json};

use crate::page::Page;
use crate::site::Site;
use crate::stream::Stream;
use crate::visitor::Visitor;

/// The strokes of the mark beside a comment.
fn mark(page: &Page, id: i64) -> String {
    page.markup(&format!("#comment-{id} .mark"))
}

fn joined<'a>(site: &Site, visitors: impl IntoIterator<Item = &'a Visitor>) -> Vec<Stream> {
    let follow = |visitor: &Visitor| {
        let cookie = format!("visitor={}", visitor.cookie("visitor").unwrap());
        site.stream("/posts/hello/events", &[("Cookie", &cookie)])
    };
    visitors.into_iter().map(follow).collect()
}

#[test]
fn a_mark_is_that_of_the_browser_and_the_same_everywhere() {
    let mut site = Site::with_post("hello");
    site.set_up();
    let (mut ann, mut other) = (site.visitor(), site.visitor());
    let mut stream = site.follow("hello");
    let shown = [("name", "Ann"), ("body", "one"), ("show_name", "1")];
    let first = ann.say("hello", &shown);
    let second = ann.comment("hello", "Ann the second", "two");
    let third = other.comment("hello", "Ann", "three");
    let page = site.post("hello");
    assert_eq!(mark(&page, first), mark(&page, second), "one browser");
    assert_ne!(mark(&page, first), mark(&page, third), "one name");
    for id in [first, second, third] {
        let frame = stream.next();
        assert_eq!(frame.comment(), id);
        let html = Page::new(frame.data["html"].as_str().unwrap());
        assert_eq!(mark(&html, id), mark(&page, id));
    }
    let _windows = joined(&site, [&ann]);
    loop {
        // Whoever is here comes by and by.
        let told = stream.next_of("presence").data;
        // The name last used is the one that is shown.
        if told["names"] == json!(["Ann the second"]) {
            break;
        }
        if told["readers"] == 2 {
            assert_eq!(told["names"], json!([]), "she unticked the box");
            ann.say(
                "hello",
                &[
                    ("name", "Ann the second"),
                    ("body", "four"),
                    ("show_name", "1"),
                ],
            );
            drop(joined(&site, [&ann]));
        }
    }
    let desk = site.owner().get("/admin/comments?show=published").page();
    let case = format!("#case-{first} .mark");
    assert_eq!(desk.markup(&case), mark(&page, first));

    site.stop();
    site.serve();
    let again = site.post("hello");
    assert_eq!(mark(&again, third), mark(&page, third), "a restart");
    let key: String = site
        .database()
        .query_row("select hex(token_hash) from visitors limit 1", [], |row| {
            row.get(0)
        })
        .unwrap();
    let told = site.get("/posts/hello").text().to_uppercase();
    assert!(!told.contains(&key[..12]), "the key is told");
}

#[test]
fn without_a_browser_a_mark_is_the_names_and_says_so() {
    let mut site = Site::with_post("hello");
    site.set_up();
    let mut ann = site.visitor();
    let hers = ann.comment("hello", "Ann", "from a browser");
    let owners = site.owner().comment("hello", "Ann", "mine");
    let imported = site.comment("hello", "Ann", "from elsewhere");
    site.stop();
    site.database_for_surgery()
        .execute(
            "update comments set visitor_id = null where id = ?1",
            [imported],
        )
        .unwrap();
    site.serve();
    let page = site.post("hello");
    assert!(mark(&page, imported).contains("stroke-dasharray"));
    assert!(!mark(&page, hers).contains("stroke-dasharray"));
    assert!(mark(&page, owners).contains("mark own"));
    assert_eq!(page.count(".comment .mark.own"), 1);
}

#[test]
fn a_name_that_another_browser_bore_first_is_marked_in_page_and_stream() {
    let site = Site::with_post("hello");
    let (mut ann, mut other) = (site.visitor(), site.visitor());
    let first = ann.comment("hello", "Ann", "one");
    let mut stream = site.follow("hello");
    let second = other.comment("hello", " \u{410}NN\u{200b}", "two"); // the first letter is Cyrillic
    let third = ann.comment("hello", "ann", "three");
    let fourth = other.comment("hello", "Anna", "four");
    let page = site.post("hello");
    let said = |page: &Page, id: i64| page.texts(&format!("#comment-{id} .namesake"));
    assert_eq!(said(&page, second), ["another of this name"]);
    for id in [first, third, fourth] {
        assert!(said(&page, id).is_empty(), "{id}");
    }
    for id in [second, third, fourth] {
        let frame = stream.next();
        assert_eq!(frame.comment(), id);
        let html = Page::new(frame.data["html"].as_str().unwrap());
        assert_eq!(said(&html, id), said(&page, id));
        assert_eq!(frame.data["comment"]["namesake"], id == second);
    }
    // It stays when the text is changed, and when the first of the name is gone; who comes then is the first.
    other.edit(second, "two, better");
    let html = stream.next().data["html"].clone();
    assert_eq!(said(&Page::new(html.as_str().unwrap()), second).len(), 1);
    ann.submit("/me/erasure", &[("sure", "yes")]).expect(303);
    assert_eq!(said(&site.post("hello"), second).len(), 1);
    other.delete(second);
    let mut new = site.visitor();
    let fifth = new.comment("hello", "Ann", "five");
    assert!(said(&site.post("hello"), fifth).is_empty());
    assert_eq!(
        site.ask("select count(*) from comments where likeness is not null and status = 'deleted'"),
        0
    );
}

#[test]
fn who_waits_takes_no_name_and_is_looked_at_again_when_let_through() {
    let site = Site::with_post("hello");
    site.set_up();
    let mut owner = site.owner();
    let (mut robot, mut ann) = (site.visitor(), site.visitor());
    let held = [("name", "Ann"), ("body", "buy"), ("website", "filled")];
    let held = robot.say("hello", &held);
    let hers = ann.comment("hello", "Ann", "hello");
    let marked = |id: i64| {
        let page = site.post("hello");
        page.has(&format!("#comment-{id} .namesake"))
    };
    assert!(!marked(hers), "somebody who waits has taken her name");
    let decide = |owner: &mut Visitor, what: &str, id: i64| {
        let fields = [("do", what), ("ids", &*id.to_string())];
        owner.submit("/admin/comments", &fields).expect(303);
    };
    decide(&mut owner, "approve", held);
    assert!(!marked(hers), "what was said of her stays");
    decide(&mut owner, "delete", hers);
    decide(&mut owner, "restore", hers);
    assert!(marked(hers), "the other was there first");
}

#[test]
fn the_names_of_the_blog_and_its_owner_are_nobody_elses() {
    let site = Site::with_post("hello");
    let mut early = site.visitor();
    early.say(
        "hello",
        &[("name", "Maren"), ("body", "first"), ("show_name", "1")],
    );
    let mut stream = site.follow("hello");
    site.set_up();
    let names = [
        "maren",
        "M\u{430}ren",
        "Ma\u{200b}ren",
        "Maren\u{200d}",
        "Maren (owner)",
        "Slack Water",
        "\u{410}uthor: Maren",
    ];
    for name in names {
        for headers in [&[][..], &[("Accept", "application/json")]] {
            let body = crate::http::encode(&[("name", name), ("body", "trust me")]);
            let headers = [headers, &[crate::http::FORM]].concat();
            let answer = site.send("POST", "/posts/hello/comments", &headers, body.as_bytes());
            let answer = answer.expect(422);
            assert!(answer.text().contains("name"), "{name}");
        }
    }
    assert_eq!(site.ask("select count(*) from comments"), 1);
    // Who was called so before there was an owner is counted, and not shown beside the readers.
    let _windows = joined(&site, [&early]);
    loop {
        let told = stream.next_of("presence").data;
        assert_eq!(told["names"], Value::from(Vec::<String>::new()));
        if told["readers"] == 2 {
            break;
        }
    }
    let mut owner = site.owner();
    owner.comment("hello", "Somebody else", "the owner's is the session's");
    let page = site.post("hello");
    assert_eq!(page.texts("#threads .badge"), ["author"]);
}
