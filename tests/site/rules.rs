//! Rules tried on what was written already: what they would have held, and deciding by them.

use crate::browser::Desk;
use crate::http::Answer;
use crate::page::{Form, Page};
use crate::site::{PASSWORD, Site};
use crate::visitor::Visitor;
use crate::waiting::eventually;

/// A blog with comments of which three speak of pans: one published, one that the owner approved, one spam.
fn blog() -> (Site, Visitor, [i64; 4]) {
    let site = Site::start();
    site.set_up();
    site.publish("hello", "Hello", "Text");
    let mut owner = site.owner();
    let ids = ["Cheap PANS", "pans, as I said", "pans pans", "pots"]
        .map(|body| site.comment("hello", body.split(' ').next().unwrap(), body));
    let mut decide = |decision, id: i64| {
        let fields = [("do", decision), ("ids", &*id.to_string())];
        owner.submit("/admin/comments", &fields).expect(303);
    };
    decide("hold", ids[1]);
    decide("approve", ids[1]);
    decide("spam", ids[2]);
    (site, owner, ids)
}

/// The form of the rules with these words.
fn form(owner: &mut Visitor, words: &str) -> Form {
    let page = owner.get("/admin/rules").expect(200).page();
    page.form("#rules").with("hold_words", words)
}

/// Presses a button of the form, with these boxes ticked.
fn send(owner: &mut Visitor, form: &Form, button: &str, ids: &[&str]) -> Answer {
    let mut fields = form.fields();
    fields.push(("do", button));
    fields.extend(ids.iter().map(|id| ("ids", *id)));
    owner.submit(&form.action, &fields)
}

fn statuses(site: &Site) -> String {
    let sql = "select group_concat(status, ' ') from (select status from comments order by id)";
    let found = site.database().query_row(sql, [], |row| row.get(0));
    found.expect("there are comments")
}

fn held(page: &Page) -> Vec<String> {
    page.texts("#trial .queue strong")
}

#[test]
fn rules_are_tried_without_changing_anything_then_applied_and_taken_back_in_bulk() {
    let (site, mut owner, ids) = blog();
    let before = site.ask("select count(*) from events");
    let rules = form(&mut owner, "pans");
    let page = send(&mut owner, &rules, "try", &[]).expect(200).page();
    assert_eq!(page.text("#trial-h"), "They would have held 3 comments");
    assert_eq!(held(&page), ["pans", "pans,", "Cheap"]);
    assert_eq!(page.text("#hurt"), "2 held by mistake?");
    assert_eq!(page.text("#caught"), "1 of 1");
    assert_eq!(page.count("#trial .queue .badge.wait"), 2);
    assert!(
        page.text("#trial .queue > li:nth-child(2)")
            .contains("you approved it")
    );
    let ticked = page.attributes("#trial input[checked]", "value");
    assert_eq!(
        ticked,
        [ids[0].to_string()],
        "what was decided by hand is left to the hand"
    );
    assert_eq!(page.raw_text("#x-hold_words").trim(), "pans");
    assert_eq!(site.ask("select count(*) from events"), before);
    assert_eq!(statuses(&site), "published published spam published");
    site.comment("hello", "Dan", "my pans are mine");

    let mut public = site.follow("hello");
    let cookie = format!("session={}", owner.cookie("session").unwrap());
    let mut told = site.stream("/admin/events", &[("Cookie", &cookie)]);
    let [first, second] = [ids[0], ids[1]].map(|id| id.to_string());
    let applied = send(&mut owner, &rules, "hold", &[&first, &second]).expect(303);
    for _ in 0..2 {
        let gone = public.next();
        assert_eq!(
            gone.event, "comment:deleted",
            "a reader hears that it is gone, and no more"
        );
        assert!(gone.data["html"].is_null() && !gone.data.to_string().contains("pans"));
    }
    assert!(
        told.next_of("comment:pending")
            .data
            .to_string()
            .contains("Cheap")
    );
    let strangers = site.get_json("/posts/hello/events?after=0").to_string();
    assert!(!strangers.contains("comment:pending") && !strangers.contains("Cheap"));
    assert_eq!(statuses(&site), "pending pending spam published published");
    site.comment("hello", "Fay", "more pans");
    assert!(
        statuses(&site).ends_with("published pending"),
        "the rules are kept"
    );

    let page = owner.get(applied.location()).expect(200).page();
    assert_eq!(page.text("#notice span"), "2 comments put into the queue.");
    let undo = page.form("#notice");
    let fields = [&undo.fields()[..], &[("do", "undo")]].concat();
    let undone = owner.submit(&undo.action, &fields).expect(303);
    let page = owner.get(undone.location()).expect(200).page();
    assert_eq!(page.text("#notice span"), "Taken back: 2 decisions.");
    assert!(statuses(&site).starts_with("published published spam published"));

    // And from the log, as spam.
    let rules = form(&mut owner, "pans");
    send(&mut owner, &rules, "spam", &[&first, &second]).expect(303);
    let log = owner.get("/admin/log").expect(200).page();
    assert_eq!(
        log.texts("#log .what")[0],
        "You marked as spam 2 comments on Hello"
    );
    let undo = log.form("#log > li:first-child .undo");
    let fields = [&undo.fields()[..], &[("do", "undo")]].concat();
    owner.submit(&undo.action, &fields).expect(303);
    assert!(statuses(&site).starts_with("published published spam published"));
    site.rowlog(&["check"]).worked();
}

#[test]
fn rules_that_are_none_are_refused_with_what_was_typed() {
    let (site, mut owner, _) = blog();
    let rules = form(&mut owner, "pans").with("hold_patterns", "(open");
    for button in ["try", "save", "hold"] {
        let page = send(&mut owner, &rules, button, &[]).expect(422).page();
        assert!(page.has("#x-hold_patterns[aria-invalid]") && page.has("#oops"));
        assert_eq!(page.raw_text("#x-hold_patterns").trim(), "(open");
        assert_eq!(page.raw_text("#x-hold_words").trim(), "pans");
    }
    assert_eq!(
        site.ask("select count(*) from settings where value = 'pans'"),
        0
    );
    let rules = form(&mut owner, "pans").with("hold_patterns", r"\bpots?\b");
    send(&mut owner, &rules, "save", &[]).expect(303);
    let page = owner.get("/admin/rules").expect(200).page();
    assert_eq!(page.raw_text("#x-hold_patterns").trim(), r"\bpots?\b");
    send(&mut owner, &rules, "erase", &[]).expect(404);
}

#[test]
fn a_window_without_javascript_tries_applies_and_takes_back() {
    let (site, _, _) = blog();
    let rig = Desk::new();
    let window = rig.window_without_javascript();
    window.open(&site.url("/admin/login?next=%2Fadmin%2Frules"));
    window.fill("#l-password", PASSWORD);
    window.click("main button.main");
    eventually("the rules open", || window.count("#rules") == 1);
    window.fill("#x-hold_words", "pans");
    window.click("[value=try]");
    window.wait_for("#trial");
    window.click("#trial [value=spam]");
    window.wait_for_text("#notice", "1 comment marked as spam.");
    assert_eq!(statuses(&site), "spam published spam published");
    window.click("#notice button");
    window.wait_for_text("#notice", "Taken back: 1 decision.");
    assert_eq!(statuses(&site), "published published spam published");
}
