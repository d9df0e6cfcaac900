//! The log as the owner's inbox: everything that happened, and taking decisions back from there.

use crate::browser::{Desk, Window};
use crate::http::Answer;
use crate::page::Page;
use crate::site::{PASSWORD, Site};
use crate::visitor::Visitor;
use crate::waiting::eventually;

/// A blog with a post and an owner who is signed in; comments are published at once.
fn blog() -> (Site, Visitor) {
    let site = Site::start();
    site.set_up();
    site.publish("hello", "Hello", "Text");
    let owner = site.owner();
    (site, owner)
}

fn decide(owner: &mut Visitor, decision: &str, ids: &[i64]) -> Answer {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    let mut fields = vec![("do", decision), ("back", "/admin/comments?show=all")];
    fields.extend(ids.iter().map(|id| ("ids", id.as_str())));
    owner.submit("/admin/comments", &fields).expect(303)
}

fn log(owner: &mut Visitor, query: &str) -> Page {
    owner.get(&format!("/admin/log?{query}")).expect(200).page()
}

/// What the lines say, without when and what can be done.
fn lines(owner: &mut Visitor, query: &str) -> Vec<String> {
    log(owner, query).texts("#log .what")
}

/// Presses the Undo of the newest line that has one; the page that follows.
fn undo(owner: &mut Visitor) -> Page {
    let form = log(owner, "").form("#log .undo");
    let fields = [&form.fields()[..], &[("do", "undo")]].concat();
    let undone = owner.submit(&form.action, &fields).expect(303);
    owner.get(undone.location()).expect(200).page()
}

fn statuses(site: &Site) -> String {
    let sql = "select group_concat(status, ' ') from (select status from comments order by id)";
    let found = site.database().query_row(sql, [], |row| row.get(0));
    found.expect("there are comments")
}

#[test]
fn every_decision_is_told_with_its_way_back_and_so_is_taking_it_back() {
    let (site, mut owner) = blog();
    let id = site.comment("hello", "Ann", "a word about the tide");
    assert_eq!(lines(&mut owner, "")[0], "commented on Hello");
    for (decision, told, status) in [
        (
            "hold",
            "You put into the queue a comment by Ann on Hello",
            "pending",
        ),
        (
            "reject",
            "You rejected a comment by Ann on Hello",
            "rejected",
        ),
        (
            "spam",
            "You marked as spam a comment by Ann on Hello",
            "spam",
        ),
        ("delete", "You deleted a comment by Ann on Hello", "deleted"),
        ("pin", "You pinned a comment by Ann on Hello", "published"),
        (
            "close",
            "You closed to answers a comment by Ann on Hello",
            "published",
        ),
    ] {
        decide(&mut owner, decision, &[id]);
        assert_eq!(statuses(&site), status);
        assert_eq!(lines(&mut owner, "")[0], told);
        let before = site.ask("select count(*) from events");
        let page = undo(&mut owner);
        assert_eq!(page.text("#notice span"), "Taken back: 1 decision.");
        assert_eq!(statuses(&site), "published");
        assert!(
            site.ask("select count(*) from events") > before,
            "nothing is rewritten"
        );
        let said = page.texts("#log .what");
        assert_eq!(
            said[0],
            "You took back a decision about a comment by Ann on Hello"
        );
        assert_eq!(said[1], told);
        let second = "#log > li:nth-child(2)";
        assert_eq!(page.text(&format!("{second} .since")), "taken back");
        assert!(!page.has(&format!("{second} .undo")), "{decision}");
    }
    let marks = "select pinned + closed from comments";
    assert_eq!(site.ask(marks), 0);

    // Taking back is a change like any other.
    decide(&mut owner, "spam", &[id]);
    undo(&mut owner);
    let page = undo(&mut owner);
    assert_eq!(statuses(&site), "spam");
    assert!(
        page.has("#log > li:nth-child(3) .undo"),
        "it can be undone again"
    );
    site.rowlog(&["check"]).worked();
}

#[test]
fn a_bulk_of_decisions_is_one_line_and_one_press_takes_all_of_it_back() {
    let (site, mut owner) = blog();
    site.publish("other", "Other", "Text");
    let ids: Vec<i64> = (0..70)
        .map(|n| site.comment(["hello", "other"][n % 2], &format!("N{n}"), "pans"))
        .collect();
    decide(&mut owner, "reject", &ids[..1]);
    decide(&mut owner, "spam", &ids);
    let said = lines(&mut owner, "");
    assert_eq!(said[0], "You marked as spam 70 comments on 2 posts");
    assert_eq!(said[1], "You rejected a comment by N0 on Hello");
    let alone = log(&mut owner, "");
    let second = "#log > li:nth-child(2)";
    assert_eq!(
        alone.text(&format!("{second} .since")),
        "changed since: nothing to undo"
    );
    assert!(!alone.has(&format!("{second} .undo")));
    let page = undo(&mut owner);
    assert_eq!(page.text("#notice span"), "Taken back: 70 decisions.");
    assert_eq!(statuses(&site).matches("published").count(), 69);
    let said = page.texts("#log .what");
    assert_eq!(
        said[0],
        "You took back a decision about 70 comments on 2 posts"
    );
    assert!(page.has("#log > li.undone:nth-child(2)"));
    assert!(
        page.has("#log > li:nth-child(3) .undo"),
        "it stands as it was rejected"
    );

    // Part of it was decided otherwise since: the rest goes back.
    decide(&mut owner, "spam", &ids[1..4]);
    decide(&mut owner, "approve", &ids[1..2]);
    let form = log(&mut owner, "").form("#log > li:nth-child(2) .undo");
    let fields = [&form.fields()[..], &[("do", "undo")]].concat();
    let undone = owner.submit(&form.action, &fields).expect(303);
    assert!(
        undone.location().contains("n=2&left=1"),
        "{}",
        undone.location()
    );
}

#[test]
fn a_ban_and_what_went_with_it_are_one_line() {
    let site = Site::start_with(&[]);
    site.set_up();
    site.publish("hello", "Hello", "Text");
    let mut owner = site.owner();
    let mut eve = site.visitor();
    let id = eve.comment("hello", "Eve", "held: one").to_string();
    eve.comment("hello", "Eve", "held: two");
    let ban = [("comment", &*id), ("kind", "visitor"), ("sweep", "1")];
    owner.submit("/admin/bans", &ban).expect(303);
    let said = lines(&mut owner, "");
    assert_eq!(
        said[0],
        "You asked somebody not to write here, and marked 2 comments as spam: all bans"
    );
    assert_eq!(said[1], "wrote a comment that had to wait, on Hello");
    assert_eq!(lines(&mut owner, "show=visitor"), said[..1]);
    let page = undo(&mut owner);
    assert_eq!(
        page.texts("#log .what")[0],
        "You took back a ban and decisions about 2 comments: all bans"
    );
    assert_eq!(
        page.texts("#log .what")[2],
        "waits for you with a comment on Hello"
    );
    assert_eq!(statuses(&site), "pending pending");
    eve.react("/posts/hello", "love");
}

#[test]
fn the_log_is_narrowed_by_noun_post_reader_day_and_words_and_paged_to_its_beginning() {
    let (mut site, _) = blog();
    site.publish("other", "Weir keepers", "Text");
    let mut ann = site.visitor();
    ann.comment("hello", "Ann", "about thistledown");
    let hers = ann.comment("other", "Ann", "about nothing");
    site.comment("other", "Ben", "about nothing either");
    ann.react("/posts/hello", "love");
    site.visitor().react("/posts/hello", "love");
    let mut owner = site.owner();
    let count = |owner: &mut Visitor, query: &str| lines(owner, query).len();
    assert_eq!(count(&mut owner, "show=comment"), 3);
    assert_eq!(
        lines(&mut owner, "show=reaction"),
        ["Readers reacted to Hello"]
    );
    assert!(
        log(&mut owner, "show=reaction")
            .text("#log li")
            .contains("2 times")
    );
    assert!(lines(&mut owner, "show=owner")[0].starts_with("You signed in with"));
    let settings = [("description", "A sentence")];
    owner.submit("/admin/settings", &settings).expect(303);
    assert_eq!(
        lines(&mut owner, "show=settings")[0],
        "Settings were changed: description"
    );
    let post = site.ask("select id from posts where slug = 'other'");
    assert_eq!(count(&mut owner, &format!("show=comment&post={post}")), 2);
    let writer = site.ask(&format!(
        "select visitor_id from comments where id = {hers}"
    ));
    assert_eq!(count(&mut owner, &format!("writer={writer}")), 2);
    assert_eq!(
        count(&mut owner, &format!("writer={writer}&post={post}")),
        1
    );
    assert!(
        log(&mut owner, &format!("writer={writer}"))
            .text(".limits")
            .contains("by Ann")
    );
    assert_eq!(count(&mut owner, "show=comment&q=THISTLEDOWN"), 1);
    assert_eq!(count(&mut owner, "show=comment&q=weir+ben"), 1);
    assert_eq!(count(&mut owner, "q=%25"), 0);
    assert_eq!(count(&mut owner, "day=2026-01-01"), 0);
    site.stop();
    let long_ago = "update events set at = 1767225600000 + 43200000 where kind = 'comment:created'";
    site.database_for_surgery()
        .execute(long_ago, [])
        .expect("the log can be changed");
    site.serve();
    assert_eq!(count(&mut owner, "day=2026-01-01"), 3);
    assert_eq!(count(&mut owner, "day=2026-01-02"), 0);
    let links = log(&mut owner, "day=2026-01-01&show=comment").attributes("#log .open", "href");
    assert!(links[0].contains("#comment-"), "{links:?}");

    for n in 0..120 {
        site.comment("other", &format!("N{n}"), "many");
    }
    let mut page = log(&mut owner, "q=many");
    let mut seen = page.texts("#log strong");
    while page.has("#pages [rel=next]") {
        let next = page.attribute("#pages [rel=next]", "href");
        page = owner.get(&next).expect(200).page();
        seen.extend(page.texts("#log strong"));
    }
    let all: Vec<String> = (0..120).rev().map(|n| format!("N{n}")).collect();
    assert_eq!(seen, all);
}

#[test]
fn what_came_since_the_owner_looked_is_marked_until_it_is_noted() {
    let (site, mut owner) = blog();
    site.comment("hello", "Ann", "one");
    let marked = |owner: &mut Visitor| log(owner, "").texts("#log .fresh strong");
    assert_eq!(marked(&mut owner), ["Ann"]);
    assert_eq!(marked(&mut owner), ["Ann"], "looking alone changes nothing");
    let seen = log(&mut owner, "").form("#seen");
    site.comment("hello", "Ben", "two");
    let fields = [&seen.fields()[..], &[("do", "read")]].concat();
    owner.submit(&seen.action, &fields).expect(303);
    assert_eq!(marked(&mut owner), ["Ben"], "it came after the page");
    owner
        .submit("/admin/log", &[("do", "read"), ("to", "1")])
        .expect(303);
    assert_eq!(marked(&mut owner), ["Ben"], "nothing is new again");
    owner
        .submit("/admin/log", &[("do", "read"), ("to", "999999")])
        .expect(303);
    assert!(marked(&mut owner).is_empty());
    site.comment("hello", "Cleo", "three");
    assert_eq!(marked(&mut owner), ["Cleo"]);
    owner.submit("/admin/log", &[("do", "forget")]).expect(404);
    site.submit("/admin/log", &[("do", "read"), ("to", "1")])
        .expect(401);
}

#[test]
fn a_comment_that_is_gone_for_good_leaves_no_words_in_the_log() {
    let (site, mut owner) = blog();
    let mut ann = site.visitor();
    let own = ann.comment("hello", "Quillan", "the first of hers");
    let id = ann.comment("hello", "Quillan", "the second of hers");
    ann.delete(own);
    decide(&mut owner, "delete", &[id]);
    assert!(
        log(&mut owner, "").text("#log").contains("Quillan"),
        "it can come back"
    );
    decide(&mut owner, "erase", &[id]);
    let page = log(&mut owner, "");
    assert!(!page.text("#log").contains("Quillan"));
    assert_eq!(
        page.texts("#log .what")[0],
        "You erased for good a comment on Hello"
    );
    assert_eq!(
        page.text("#log > li:nth-child(2) .since"),
        "changed since: nothing to undo"
    );
    assert!(
        page.texts("#log .what")
            .contains(&"A comment was deleted by its writer, on Hello".into())
    );
    assert!(!page.has("#log .undo"));
}

/// Signs in, in a window, and opens the log.
fn open_log(site: &Site, window: &Window) {
    window.open(&site.url("/admin/login?next=%2Fadmin%2Flog"));
    window.fill("#l-password", PASSWORD);
    window.click("main button.main");
    eventually("the log opens", || window.count("#log") == 1);
}

#[test]
fn every_window_hears_of_what_happens_and_of_what_is_taken_back() {
    let (site, mut owner) = blog();
    let id = site.comment("hello", "Ann", "one");
    let rig = Desk::new();
    let (window, other) = (rig.window(), rig.window());
    for window in [&window, &other] {
        open_log(&site, window);
        window.wait_for("#desk[data-live=live]");
    }
    site.comment("hello", "Ben", "two");
    for window in [&window, &other] {
        window.wait_for_text("#log > li:first-child", "Ben");
    }
    decide(&mut owner, "spam", &[id]);
    for window in [&window, &other] {
        window.wait_for("#log > li:first-child .undo");
        window.wait_for_text("#log > li:first-child", "You marked as spam");
    }
    window.press("j");
    window.wait_for("#log > li:first-child:focus");
    window.press("k");
    window.press("u");
    window.wait_for_text("#notice", "Taken back: 1 decision.");
    for window in [&window, &other] {
        window.wait_for_text("#log > li:first-child", "You took back");
        window.wait_for_text("#log > li.undone", "taken back");
        window.wait_until_gone("#log > li.undone .undo");
    }
    assert_eq!(statuses(&site), "published published");
    window.press("?");
    window.wait_for("#keys[open]");
    window.click("#keys button");
    window.wait_until_gone("#keys[open]");

    // What one narrows the list to does not let in anything else.
    other.open(&site.url("/admin/log?show=reaction"));
    other.wait_for("#desk[data-live=live]");
    site.comment("hello", "Cleo", "three");
    site.visitor().react("/posts/hello", "love");
    other.wait_for_text("#log > li", "Readers reacted to Hello");
    assert_eq!(other.count("#log > li"), 1);
    window.wait_for_text("#log > li:first-child", "Readers reacted to Hello");

    // Whoever leaves the page has seen it.
    window.open(&site.url("/admin"));
    eventually("what was seen is noted", || {
        log(&mut owner, "").texts("#log .fresh").is_empty()
    });
    for window in [&window, &other] {
        window.has_a_clean_console();
    }
}

#[test]
fn a_window_without_javascript_takes_back_a_bulk() {
    let (site, mut owner) = blog();
    let ids = ["Ann", "Ben"].map(|name| site.comment("hello", name, "pans"));
    decide(&mut owner, "reject", &ids);
    let rig = Desk::new();
    let window = rig.window_without_javascript();
    open_log(&site, &window);
    window.click("#log .undo button");
    eventually("it is taken back", || {
        statuses(&site) == "published published"
    });
    window.wait_for_text("#notice", "Taken back: 2 decisions.");
    window.wait_for_text("#log > li.undone", "You rejected 2 comments on Hello");
}
