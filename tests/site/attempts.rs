//! Attempts: what is sent twice is said once, and what is said otherwise is not lost.

use std::collections::HashSet;
use std::thread;

use serde_json::Value;

use crate::browser::Desk;
use crate::editing::sign_in;
use crate::http::{FORM, encode};
use crate::site::Site;
use crate::visitor::Visitor;
use crate::waiting::eventually;
use crate::writing::desk;

#[test]
fn the_same_attempt_sent_twice_is_one_comment() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let op = ("op", "0192b1c4-6f0e-7cc1-9b3e-3f6f0a1d2e3f");
    let first = ann.say("hello", &[("name", "Ann"), ("body", "once"), op]);
    assert_eq!(
        ann.say("hello", &[("name", "Ann"), ("body", "once"), op]),
        first,
        "the same op"
    );
    let second = ann.comment("hello", "Ann", "no op at all");
    assert_eq!(
        ann.comment("hello", "Ann", "no op at all"),
        second,
        "the same body within a minute"
    );
    let mut namesake = site.visitor();
    namesake.react("/posts/hello", "love"); // and so she has a cookie of her own
    assert_ne!(
        namesake.comment("hello", "Ann", "no op at all"),
        second,
        "another visitor"
    );
    assert_eq!(site.ask("select count(*) from comments"), 3);
    assert_eq!(
        site.ask("select count(*) from events where kind = 'comment:created'"),
        3
    );
}

#[test]
fn other_words_are_another_comment_whatever_their_attempt_is_called() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let op = ("op", "0192b1c4-6f0e-7cc1-9b3e-3f6f0a1d2e3f");
    let said = |body| [("name", "Ann"), ("body", body), op];
    let first = ann.say("hello", &said("once"));
    let second = ann.say("hello", &said("and now something else"));
    assert_ne!(first, second);
    let parent = first.to_string();
    let answer = [&said("once")[..], &[("parent", &parent)]].concat();
    let third = ann.say("hello", &answer);
    assert_ne!(first, third, "the same words as an answer");
    let page = site.post("hello");
    for (id, body) in [
        (first, "once"),
        (second, "and now something else"),
        (third, "once"),
    ] {
        assert_eq!(page.text(&format!("#comment-{id} .prose")), body);
    }
    for (fields, id) in [(&said("once")[..], first), (&answer, third)] {
        assert_eq!(ann.say("hello", fields), id, "each is itself when repeated");
    }
    assert_eq!(site.ask("select count(*) from comments"), 3);
}

#[test]
fn a_repeated_attempt_whose_first_answer_was_lost_with_its_cookie_is_one_comment() {
    let site = Site::with_post("hello");
    let op = ("op", "0192b1c4-6f0e-7cc1-9b3e-3f6f0a1d2e3f");
    let said = [("name", "Ann"), ("body", "is anybody there?"), op];
    let first = site.visitor().say("hello", &said);
    assert_eq!(site.visitor().say("hello", &said), first);
    let mut known = site.visitor();
    known.react("/posts/hello", "love");
    assert_eq!(known.say("hello", &said), first, "with another cookie");
    assert_eq!(site.ask("select count(*) from comments"), 1);
}

#[test]
fn two_clicks_of_a_first_time_visitor_are_one_comment() {
    let mut site = Site::with_post("hello");
    let address = site.address().clone();
    let click = || Visitor::new(&address).comment("hello", "Ann", "click click");
    let first = click();
    assert_eq!(click(), first, "one after the other");
    let at_once: HashSet<_> = thread::scope(|scope| {
        let clicks: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| Visitor::new(&address).comment("hello", "Bob", "all at once")))
            .collect();
        clicks.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(at_once.len(), 1, "{at_once:?}");
    let others = [
        site.comment("hello", "Eve", "click click"),
        site.comment("hello", "Ann", "click, click"),
        site.visitor().reply("hello", first, "Ann", "click click"),
    ];
    assert!(!others.contains(&first), "{others:?}");
    let created = "select count(*) from events where kind = 'comment:created'";
    assert_eq!(site.ask(created), 5);

    site.stop();
    site.database_for_surgery()
        .execute("update comments set created_at = created_at - 61000", [])
        .unwrap();
    site.serve();
    assert_ne!(click(), first, "a minute later it is meant");
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
        encode(&fields)
    };
    let headers = [FORM, ("Accept", "application/json")];
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
