//! Floods: who sends too much is slowed down and loses nothing, and no robot's comment appears.

use std::time::Duration;

use serde_json::Value;

use crate::browser::Desk;
use crate::http::{Answer, FORM, encode};
use crate::site::Site;

/// Counts comments that everyone sees, and those that wait.
pub const PUBLISHED: &str = "select count(*) from comments where status = 'published'";
pub const PENDING: &str = "select count(*) from comments where status = 'pending'";

/// A blog with one post that is guarded as one on the web is.
pub fn guarded() -> Site {
    let site = Site::guarded();
    site.publish("hello", "Hello", "Something to talk about.");
    site
}

fn waits(answer: &Answer) -> u64 {
    let wait = answer.header("retry-after").expect("says when");
    wait.parse().expect("a number of seconds")
}

#[test]
fn who_writes_too_much_is_told_when_to_go_on_and_finds_the_words_in_the_form() {
    let site = guarded();
    let mut ann = site.visitor();
    for n in 0..3 {
        ann.comment("hello", "Ann", &format!("comment {n}"));
    }
    let fields = [
        ("name", "Ann"),
        ("email", "ann@example.org"),
        ("body", "the fourth, *kept*"),
    ];
    let refused = ann.submit("/posts/hello/comments", &fields).expect(429);
    assert!((1..=201).contains(&waits(&refused)), "{}", waits(&refused));
    let page = refused.page();
    assert_eq!(page.text("#f-body"), "the fourth, *kept*");
    assert_eq!(page.attributes("#f-email", "value"), ["ann@example.org"]);
    let told = page.text("#oops");
    assert!(
        told.contains("3 comments in 10 minutes") && told.contains("in 4 minutes."),
        "{told}"
    );
    assert!(page.has("#threads article"), "the page is whole");

    // The same as JSON, for programs and the page's script.
    let headers = [FORM, ("Accept", "application/json")];
    let body = encode(&fields);
    let refused = ann.send("POST", "/posts/hello/comments", &headers, body.as_bytes());
    let refused = refused.expect(429);
    assert!(waits(&refused) > 1);
    let told = refused.json();
    assert!(
        told["error"]
            .as_str()
            .unwrap()
            .contains("Your words are kept")
    );
    assert_eq!(told["fields"], Value::Object(Default::default()));

    // An attempt that was answered before is no further comment, and somebody else's are her own.
    let again = ann.submit(
        "/posts/hello/comments",
        &[("name", "Ann"), ("body", "comment 2")],
    );
    again.expect(303);
    site.visitor().comment("hello", "Bob", "from elsewhere");
    assert_eq!(site.ask("select count(*) from comments"), 4);
}

#[test]
fn what_comes_to_nothing_is_not_counted_and_the_owner_never_is() {
    let site = guarded();
    site.set_up();
    let mut ann = site.visitor();
    for _ in 0..5 {
        let blank = ann.submit("/posts/hello/comments", &[("name", "Ann"), ("body", " ")]);
        blank.expect(422);
        let taken = ann.submit(
            "/posts/hello/comments",
            &[("name", "Maren"), ("body", "me")],
        );
        taken.expect(422);
    }
    let first = ann.comment("hello", "Ann", "one");
    for _ in 0..5 {
        assert_eq!(ann.comment("hello", "Ann", "one"), first, "once more");
    }
    ann.comment("hello", "Ann", "two");
    ann.comment("hello", "Ann", "three");
    ann.submit(
        "/posts/hello/comments",
        &[("name", "Ann"), ("body", "four")],
    )
    .expect(429);
    let mut maren = site.owner();
    for n in 0..10 {
        maren.say("hello", &[("body", &format!("the owner's {n}"))]);
    }
    assert_eq!(site.ask(PUBLISHED), 10);
}

#[test]
fn reactions_previews_changes_and_erasures_have_limits_of_their_own() {
    let site = guarded();
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "mine");
    let change = format!("/comments/{id}");
    let table = [
        ("/posts/hello/reactions", &[("kind", "love")][..], 30),
        ("/comments/preview", &[("body", "*x*")], 30),
        (&change, &[("body", "other words")], 20),
        ("/me/erasure", &[], 10),
    ];
    for (path, fields, most) in table {
        let statuses: Vec<_> = (0..most + 3)
            .map(|_| ann.submit(path, fields).status())
            .collect();
        let refused = statuses.iter().position(|status| *status == 429);
        let refused = refused.unwrap_or_else(|| panic!("{path} has no limit"));
        assert!(refused >= most, "{path}: the request {refused} is refused");
    }
    let refused = ann
        .submit(&change, &[("body", "still other words")])
        .expect(429);
    let page = refused.page();
    assert_eq!(page.text("textarea"), "still other words", "kept");
    assert!(page.text("main").contains("20 changes in 10 minutes"));
    assert_eq!(
        site.ask("select count(*) from comments where body = 'other words'"),
        1
    );
}

#[test]
fn streams_have_places_and_those_who_leave_make_room() {
    let site = guarded();
    let from = |address: &'static str| [("X-Forwarded-For", address)];
    let ann = from("203.0.113.5");
    let mut streams: Vec<_> = (0..12)
        .map(|_| site.stream("/posts/hello/events", &ann))
        .collect();
    let full = site.send("GET", "/events", &ann, b"").expect(503);
    assert!(waits(&full) > 0);
    let waiting = [ann[0], ("Accept", "application/json")];
    let poll = |wait| site.send("GET", &format!("/events?wait={wait}"), &waiting, b"");
    poll(20).expect(503);
    poll(0).expect(200);
    site.send("GET", "/posts/hello", &ann, b"").expect(200);
    streams.push(site.stream("/events", &from("203.0.113.6")));
    drop(streams);
    crate::waiting::eventually("places are left", || site.health("streams") == 0);
    site.stream("/events", &ann);
}

/// What a robot fills in; `{N}` is the number of the attempt.
const SPAM: [&str; 5] = [
    "Great post, number {N}!",
    "Cheap loans {N}: https://a.example https://b.example https://c.example https://d.example",
    "I won {N} at the C\u{200b}asino",
    "v1agra {N}",
    "What a wonderful and insightful article, thank you so very much for sharing it with us all.",
];

/// Every way to spoil a form: none, one that is made up, one that was handed out this moment, and one with the trap.
fn spoil<'a>(n: usize, fresh: &'a str, fields: &mut Vec<(&'a str, &'a str)>) {
    match n % 4 {
        0 => {}
        1 => fields.push(("issued", "1763690000123.00ff00ff00ff00ff")),
        2 => fields.push(("issued", fresh)),
        _ => fields.extend([("issued", fresh), ("website", "https://spam.example/")]),
    }
}

#[test]
fn of_a_thousand_robots_comments_none_appears_while_a_persons_appears_at_once() {
    let site = guarded();
    site.set_up();
    let rules = [
        ("hold_words", "casino\nloan*"),
        ("hold_patterns", r"v[i1]agra"),
        ("moderation", "open"),
    ];
    site.owner().submit("/admin/settings", &rules).expect(303);
    let desk = Desk::new();
    let person = desk.window_without_javascript();
    person.open(&site.url("/posts/hello"));
    person.fill("#f-name", "Ann");
    person.fill("#f-body", "I mend nets, and this is how I do it too.");
    let old = site
        .post("hello")
        .form("form.composer")
        .value("issued")
        .unwrap()
        .to_owned();

    let mut answers = [0; 600];
    for n in 0..900 {
        let address = match n % 3 {
            0 => "198.51.100.7".to_owned(),
            _ => format!("198.51.{}.{}", n / 250, n % 250),
        };
        let fresh = match n % 40 {
            2 | 3 => site
                .post("hello")
                .form("form.composer")
                .value("issued")
                .unwrap()
                .to_owned(),
            _ => old.replace('1', "2"),
        };
        let body = SPAM[n % SPAM.len()].replace("{N}", &n.to_string());
        let name = format!("Robot {n}");
        let mut fields = vec![("name", name.as_str()), ("body", body.as_str())];
        spoil(n, &fresh, &mut fields);
        let mut robot = site.visitor().coming_from(&address);
        answers[usize::from(robot.submit("/posts/hello/comments", &fields).status())] += 1;
    }
    assert_eq!(answers[303] + answers[429], 900);
    assert!(answers[429] > 200, "one address alone sent 300");
    assert_eq!(
        site.ask(PENDING),
        answers[303],
        "each is held, none is lost"
    );
    assert_eq!(site.ask(PUBLISHED), 0);

    // The form was handed out long before three seconds ago, and so has a patient robot's been; what it says holds it.
    let mut stream = site.follow("hello");
    stream.stays_silent_for(Duration::from_millis(3200));
    person.click("form.composer .main");
    person.wait_for(".comment");
    assert!(
        stream
            .next_of("comment:created")
            .html()
            .contains("mend nets")
    );
    for n in 900..1_000 {
        let body = SPAM[1 + n % 4].replace("{N}", &n.to_string());
        let fields = [
            ("name", "Robot"),
            ("body", body.as_str()),
            ("issued", old.as_str()),
        ];
        let mut robot = site.visitor().coming_from(&format!("192.0.2.{}", n - 900));
        robot.submit("/posts/hello/comments", &fields).expect(303);
    }
    assert_eq!(site.ask(PUBLISHED), 1);
    assert_eq!(site.post("hello").count(".comment"), 1);
    let reasons = "select count(distinct held_for) from comments where status = 'pending'";
    assert!(site.ask(reasons) >= 6, "{}", site.ask(reasons));
}

#[test]
fn a_page_that_stays_open_keeps_its_form_fresh() {
    let site = Site::guarded();
    site.publish("hello", "Hello", "Something to talk about.");
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    // A phone's tab since the day before yesterday: what was handed out with its page is too old, and what a robot made up.
    window.eval("document.querySelector('[name=issued]').value = '1.00'");
    window.eval("[dispatchEvent(new Event('offline')), dispatchEvent(new Event('online'))]");
    window.wait_until("document.querySelector('[name=issued]').value.length > 20");
    window.fill("#f-name", "Ann");
    window.fill("#f-body", "written yesterday, sent today");
    window.click("form.composer .main");
    window.wait_for(".comment[id]:not([data-state=pending])");
    assert_eq!((site.ask(PUBLISHED), site.ask(PENDING)), (1, 0));

    // The same for a page that polls.
    let polled = site.get_json("/posts/hello/events?after=0");
    assert!(polled["issued"].as_str().unwrap().contains('.'));
    assert!(site.get_json("/events?after=0")["issued"].is_null());
}

#[test]
fn what_was_refused_stays_in_the_page_and_can_be_sent_again() {
    let site = Site::guarded();
    site.publish("hello", "Hello", "Something to talk about.");
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    for n in 1..=4 {
        window.fill("#f-name", "Ann");
        window.fill("#f-body", &format!("comment {n}"));
        window.click("form.composer .main");
        match n {
            4 => window.wait_for_text("[data-state=unsent] .note", "3 comments in 10 minutes are the most for one reader. Your words are kept: please send them in 4 minutes."),
            n => window.wait_until(&format!("document.querySelectorAll('.comment[id]').length === {n}")),
        }
    }
    assert_eq!(site.ask("select count(*) from comments"), 3);
    assert!(window.text("[data-state=unsent]").contains("comment 4"));
    assert_eq!(window.count("[data-state=unsent] .retry"), 1);
}

#[test]
fn where_a_comment_came_from_is_kept_as_a_hash_and_for_a_week() {
    let mut site = guarded();
    let mut ann = site.visitor().coming_from("203.0.113.5");
    let id = ann.comment("hello", "Ann", "one");
    ann.comment("hello", "Ann", "two");
    site.visitor().comment("hello", "Bob", "three");
    assert_eq!(site.ask("select count(distinct client) from comments"), 2);
    assert_eq!(site.ask("select min(length(client)) from comments"), 16);
    ann.delete(id);
    assert_eq!(
        site.ask("select count(client) from comments"),
        2,
        "not of what is deleted"
    );
    assert!(site.stop().0.success());
    let file = std::fs::read(site.data().join("rowlog.db")).unwrap();
    for address in [&b"203.0.113"[..], &[203, 0, 113, 5]] {
        assert!(!file.windows(address.len()).any(|bytes| bytes == address));
    }
    let week = 7 * 24 * 60 * 60 * 1_000 + 60_000;
    site.database_for_surgery()
        .execute(
            "update comments set created_at = created_at - ?1 where name = 'Ann'",
            [week],
        )
        .unwrap();
    site.serve();
    crate::waiting::eventually("it is forgotten", || {
        site.ask("select count(client) from comments") == 1
    });
}
