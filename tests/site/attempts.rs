//! Attempts: what is sent twice is said once, and what is said otherwise is not lost.

use std::collections::HashSet;
use std::thread;

use crate::site::Site;
use crate::visitor::Visitor;

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
