//! Comments that wait: who sees them, and what may be answered to them.

use std::time::Duration;

use crate::page::Page;
use crate::site::Site;
use crate::stream::Stream;
use crate::visitor::{Visitor, comment_in};

#[test]
fn a_robot_is_held_and_a_person_is_not() {
    let site = Site::guarded();
    site.publish("hello", "Hello", "Text");
    let (mut script, mut robot, mut hasty, mut person) = (
        site.visitor(),
        site.visitor(),
        site.visitor(),
        site.visitor(),
    );
    let patient = person
        .post("hello")
        .form("form.composer")
        .with("name", "Ann")
        .with("body", "a person's text");
    let mut stream = site.follow("hello");

    // Nothing but what curl sends; a form filled in everywhere; a form sent back at once.
    script.comment("hello", "Script", "held: no issue time");
    let page = robot.post("hello");
    let mut stuffed = page
        .form("form.composer")
        .with("name", "Robot")
        .with("body", "held: every field");
    for field in page.attributes("form.composer input:not([type=hidden]):not([name=email]):not([name=name]):not([type=checkbox])", "name") {
        stuffed = stuffed.with(&field, "https://spam.example/");
    }
    let quick = hasty
        .post("hello")
        .form("form.composer")
        .with("name", "Hasty")
        .with("body", "held: at once");
    hasty.submit_form(&quick).expect(303);
    assert_eq!(
        site.ask("select count(*) from comments where status = 'pending'"),
        2
    );
    assert!(
        script
            .post("hello")
            .text("#threads")
            .contains("held: no issue time"),
        "its writer does not see it"
    );
    assert!(
        !site.get("/posts/hello").text().contains("held:"),
        "strangers see it"
    );

    // Three seconds is the age from which a form is believed; nothing may be published meanwhile.
    stream.stays_silent_for(Duration::from_millis(3200));
    robot.submit_form(&stuffed).expect(303);
    person.submit_form(&patient).expect(303);
    let shown = stream.next_of("comment:created");
    assert!(shown.html().contains("a person"), "{shown:?}");
    assert!(site.get("/posts/hello").text().contains("a person"));
    assert!(!site.get("/posts/hello").text().contains("held:"));
    assert!(
        !site
            .get_json("/posts/hello/events?after=0")
            .to_string()
            .contains("held:")
    );
    assert_eq!(
        site.ask("select count(*) from comments where status = 'pending'"),
        3
    );
}

#[test]
fn a_reply_form_names_whoever_waits_to_nobody_else() {
    let site = Site::guarded();
    site.publish("hello", "Hello", "Text");
    let mut writer = site.visitor();
    let id = writer.comment("hello", "Quillan", "held: no issue time");
    let address = format!("/posts/hello?reply={id}");
    for stranger in [&mut site.visitor(), &mut somebody_known(&site)] {
        let answer = stranger.get(&address).expect(200);
        assert!(!answer.text().contains("Quillan"), "a stranger is told");
        assert!(!answer.text().contains("held:"));
    }
    let page = writer.get(&address).expect(200).page();
    assert!(page.text(".replying").contains("Quillan"));
    let form = page.form("form.composer");
    assert_eq!(form.value("parent"), Some(&*id.to_string()));
}

/// A visitor with a cookie of her own.
fn somebody_known(site: &Site) -> Visitor {
    let mut visitor = site.visitor();
    visitor.react("/posts/hello", "love");
    visitor
}

#[test]
fn what_answers_a_waiting_comment_waits_with_it() {
    let site = Site::guarded();
    site.publish("hello", "Hello", "Text");
    let mut ann = site.visitor();
    let waiting = ann.comment("hello", "Ann", "held: no issue time");
    let page = ann
        .get(&format!("/posts/hello?reply={waiting}"))
        .expect(200)
        .page();
    let form = page.form("form.composer").with("name", "Ann");
    let answer = form.clone().with("body", "held: it answers what waits");
    let other = form.with("parent", "").with("body", "for everybody");
    // Three seconds is the age from which a form is believed.
    let mut stream = site.follow("hello");
    stream.stays_silent_for(Duration::from_millis(3200));
    let head = site.head();
    let reply = comment_in(ann.submit_form(&answer).expect(303).location());
    ann.submit_form(&other).expect(303);
    assert!(
        stream
            .next_of("comment:created")
            .html()
            .contains("for everybody")
    );

    let pending = "select count(*) from comments where status = 'pending'";
    assert_eq!(site.ask(pending), 2);
    let seen = |page: &Page, id: i64| page.has(&format!("#comment-{id}"));
    let (hers, public) = (ann.post("hello"), site.post("hello"));
    assert!(seen(&hers, waiting) && seen(&hers, reply));
    assert!(!seen(&public, waiting) && !seen(&public, reply));
    assert_eq!(public.count("#threads article"), 1);
    for path in ["/events", "/posts/hello/events"] {
        let replay = site.get_json(&format!("{path}?after=0")).to_string();
        assert!(!replay.contains("held:"), "{path}: {replay}");
        let told = site.stream(&format!("{path}?after={head}"), &[]);
        let told: Vec<_> = told_up_to(told, site.head());
        assert_eq!(told, ["comment:created"], "{path}");
    }
    let refused = site.visitor().submit(
        "/posts/hello/comments",
        &[
            ("name", "Eve"),
            ("body", "I cannot see it"),
            ("parent", &waiting.to_string()),
        ],
    );
    assert_eq!(refused.status(), 422, "a stranger answers what waits");
}

/// The kinds of the events up to an id.
fn told_up_to(mut stream: Stream, id: i64) -> Vec<String> {
    let events = stream.up_to(id).into_iter();
    events.map(|event| event.event).collect()
}
