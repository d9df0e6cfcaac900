//! Replicas: other machines that serve pages and streams from a copy of the file, and send what writes to the primary.

use std::fs;
use std::io::Cursor;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use image::{ImageFormat, Rgb, RgbImage};

use crate::browser::Desk;
use crate::courier::{Courier, primary};
use crate::http::{Answer, FORM, encode};
use crate::media;
use crate::same::misses_nothing;
use crate::site::{PASSWORD, Site};
use crate::stream::{Block, Stream};
use crate::visitor::comment_in;

/// Tells a story while the courier carries over whatever happens.
fn while_shipping<T>(courier: &Courier, story: impl FnOnce() -> T) -> T {
    /// Ends the journeys even if the story fails.
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _ends = Over(&over);
        scope.spawn(|| courier.ship_until(&over));
        story()
    })
}

#[test]
fn a_replica_serves_the_same_pages_and_the_same_events() {
    let site = primary("off");
    let first = site.comment("hello", "Ann", "before the copy");
    let (replica, courier) = Courier::with_replica(&site);
    assert_eq!(replica.get_json("/health")["role"], "replica");
    assert_eq!(site.get_json("/health")["role"], "primary");
    let threads = |site: &Site| site.post("hello").markup("#threads");
    assert_eq!(threads(&replica), threads(&site));
    assert!(threads(&replica).contains(&format!("comment-{first}")));

    let mut stream = replica.follow("hello");
    for n in 0..20 {
        let id = site.comment("hello", "Ann", &format!("comment {n}"));
        courier.ship();
        let event = stream.next();
        assert_eq!((event.comment(), event.id), (id, Some(site.head())));
    }
    assert_eq!(threads(&replica), threads(&site));
    let told = |by: &Site| {
        let events = by.follow_after("hello", 0).up_to(site.head());
        let named = |it: Block| {
            (
                it.id,
                it.event,
                it.data["at"].clone(),
                it.data["comment"].clone(),
            )
        };
        events.into_iter().map(named).collect::<Vec<_>>()
    };
    assert_eq!(told(&replica), told(&site));
}

#[test]
fn a_comment_sent_to_a_replica_is_on_its_page_when_the_answer_comes() {
    let site = primary("off");
    let (replica, courier) = Courier::with_replica(&site);
    while_shipping(&courier, || {
        let mut ann = replica.visitor();
        for n in 0..5 {
            let id = ann.comment("hello", "Ann", &format!("comment {n}"));
            let page = ann.post("hello");
            assert!(page.has(&format!("#comment-{id}")), "not there yet: {id}");
            assert!(
                page.has(&format!(".own form[action='/comments/{id}/deletion']")),
                "it is hers"
            );
        }
        let mut stream = replica.follow("hello");
        let json = [FORM, ("Accept", "application/json")];
        let fields = encode(&[("name", "Ann"), ("body", "by script")]);
        let answer = ann.send("POST", "/posts/hello/comments", &json, fields.as_bytes());
        let event: i64 = answer.header("event-cursor").unwrap().parse().unwrap();
        assert!(replica.head() >= event);
        assert_eq!(stream.next().id, Some(event));
        ann.react("/posts/hello", "love");
        assert_eq!(stream.next().event, "reaction:updated");
    });
}

#[test]
fn a_page_of_a_replica_is_as_alive_as_one_of_the_primary() {
    let site = primary("off");
    let (replica, courier) = Courier::with_replica(&site);
    while_shipping(&courier, || {
        let desk = Desk::new();
        let (here, there) = (desk.window(), desk.window());
        here.open(&replica.url("/posts/hello"));
        there.open(&site.url("/posts/hello"));
        here.wait_until_live();
        there.wait_until_live();
        here.fill(".composer [name=name]", "Ann");
        here.fill(".composer [name=body]", "from afar");
        here.click(".composer button.main");
        here.wait_for_text("#threads article[id] .prose", "from afar");
        here.wait_until_gone(".sent");
        misses_nothing(&here, &replica, "hello");
        misses_nothing(&there, &site, "hello");
    });
}

#[test]
fn an_answer_is_not_held_for_a_copy_that_stands_still() {
    let site = primary("off");
    let (replica, courier) = Courier::with_replica(&site);
    let id = replica.comment("hello", "Ann", "nobody carries this over");
    assert!(site.post("hello").has(&format!("#comment-{id}")));
    assert!(!replica.post("hello").has(&format!("#comment-{id}")));
    courier.ship();
    assert_eq!(
        replica
            .follow_after("hello", 0)
            .up_to(site.head())
            .last()
            .unwrap()
            .comment(),
        id
    );
}

#[test]
fn a_client_that_is_ahead_of_a_copy_waits_for_it_before_it_starts_anew() {
    let site = primary("off");
    let (replica, courier) = Courier::with_replica(&site);
    let id = site.comment("hello", "Ann", "one");
    let seen = site
        .follow_after("hello", 0)
        .up_to(site.head())
        .pop()
        .unwrap();
    let cursor = format!(
        "/posts/hello/events?after={}&at={}",
        site.head(),
        seen.data["at"]
    );
    let mut stream = thread::scope(|scope| {
        let stream = scope.spawn(|| replica.stream(&cursor, &[]));
        courier.ship();
        stream.join().unwrap()
    });
    assert_eq!(
        (&stream.hello.data["resumed"], seen.comment()),
        (&true.into(), id)
    );
    let next = site.comment("hello", "Ann", "two");
    courier.ship();
    assert_eq!(stream.next().comment(), next, "and nothing twice");

    let mut lost = replica.follow_after("hello", site.head() + 7);
    assert_eq!(lost.hello.data["resumed"], false);
    assert_eq!(lost.next_of("reset").data["reason"], "future");
}

#[test]
fn those_who_come_back_do_not_each_ask_the_file() {
    let site = primary("off");
    let (replica, _courier) = Courier::with_replica(&site);
    let cursor = format!("/posts/hello/events?after={}", replica.head());
    replica.stream(&cursor, &[]).close(); // the first one asks for all of them
    let file = replica.data().join("rowlog.db");
    let file = rusqlite::Connection::open(file).unwrap();
    file.execute_batch("begin exclusive").unwrap(); // nobody can read it now
    for _ in 0..50 {
        assert_eq!(replica.stream(&cursor, &[]).hello.data["resumed"], true);
    }
    file.execute_batch("rollback").unwrap();
}

#[test]
fn a_copy_that_is_made_anew_is_taken_up_by_a_running_replica() {
    let site = primary("off");
    let (replica, courier) = Courier::with_replica(&site);
    let mut stream = replica.follow("hello");
    let first = site.comment("hello", "Ann", "one");
    courier.ship();
    assert_eq!(stream.next().comment(), first);
    for ending in ["", "-txid"] {
        fs::remove_file(replica.data().join(format!("rowlog.db{ending}"))).unwrap();
    }
    let second = site.comment("hello", "Ann", "two");
    assert!(
        replica.post("hello").has(&format!("#comment-{first}")),
        "the old one is read"
    );
    let courier = Courier::between(&site, &replica);
    assert_eq!(stream.next().comment(), second);
    let third = site.comment("hello", "Ann", "three");
    courier.ship();
    assert_eq!(stream.next().comment(), third);
    assert!(replica.post("hello").has(&format!("#comment-{third}")));
}

#[test]
fn while_the_primary_is_away_reading_goes_on_and_no_text_is_lost() {
    let mut site = primary("off");
    let (mut replica, courier) = Courier::with_replica(&site);
    let mut ann = replica.visitor();
    let kept = |answer: Answer| {
        let answer = answer.expect(503);
        assert!(answer.header("retry-after").is_some());
        assert!(
            answer.text().contains("a long thought"),
            "{}",
            answer.text()
        );
        assert!(answer.page().text("main").contains("can be read"));
    };
    let fields = [("name", "Ann"), ("body", "a long thought")];
    site.kill();
    kept(ann.submit("/posts/hello/comments", &fields));
    ann.get("/posts/hello").expect(200);
    ann.get("/admin").expect(503);
    ann.submit("/theme", &[("theme", "dark")]).expect(303);
    ann.submit("/comments/preview", &[("body", "*a* thought")])
        .expect(200);
    let stream = replica.follow("hello");
    site.serve();
    while_shipping(&courier, || {
        let answer = ann.submit("/posts/hello/comments", &fields).expect(303);
        let mut stream = stream;
        assert_eq!(stream.next().comment(), comment_in(answer.location()));
    });
    replica.stop();
    replica.serve_at(&["--replica"]); // nobody says where the primary is
    let mut ann = replica.visitor();
    kept(ann.submit("/posts/hello/comments", &fields));
}

#[test]
fn a_replica_says_whom_it_asks_for_and_lets_no_foreign_form_through() {
    let site = primary("on");
    let (replica, courier) = Courier::with_replica(&site);
    while_shipping(&courier, || {
        let (mut ann, mut bob) = (replica.visitor(), replica.visitor());
        let send = |it: &mut crate::visitor::Visitor, body: &str| {
            it.submit("/posts/hello/comments", &[("name", "Ann"), ("body", body)])
        };
        for n in 0..3 {
            send(&mut ann, &format!("comment {n}")).expect(303);
        }
        let slowed = send(&mut ann, "one too many").expect(429);
        assert!(slowed.text().contains("one too many"));
        send(&mut bob, "from elsewhere").expect(303);
    });
    let foreign = [
        FORM,
        ("Origin", "https://evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ];
    let fields = encode(&[("name", "Eve"), ("body", "forged")]);
    replica
        .send("POST", "/posts/hello/comments", &foreign, fields.as_bytes())
        .expect(403);
    let refused = replica.submit("/posts/hello/comments", &[("name", ""), ("body", "kept")]);
    assert!(
        refused.expect(422).text().contains("kept"),
        "the primary's own page"
    );
}

#[test]
fn the_owner_works_at_a_replica_as_at_the_primary() {
    let site = primary("off");
    site.set_up();
    let (replica, courier) = Courier::with_replica(&site);
    while_shipping(&courier, || {
        let mut maren = replica.visitor();
        assert_eq!(
            maren.get("/admin").expect(303).location(),
            "/admin/login?next=%2Fadmin"
        );
        let fields = [("password", PASSWORD)];
        maren.submit("/admin/login", &fields).expect(303);
        assert!(maren.get("/admin").expect(200).page().text("h1").len() > 1);
        let session = format!("session={}", maren.cookie("session").unwrap());
        let headers = [("Cookie", session.as_str())];
        let mut desk = Stream::open(replica.address(), "/admin/events", &headers)
            .unwrap_or_else(|answer| panic!("{:?}", answer.head));
        let id = replica.comment("hello", "Ann", "said at the replica");
        assert_eq!(desk.next_of("comment:created").comment(), id);
        let page = maren.post("hello");
        assert!(page.has("a[href^='/admin']"), "the page knows her");
        let dot = RgbImage::from_pixel(3, 3, Rgb([9, 90, 200]));
        let mut png = Cursor::new(Vec::new());
        dot.write_to(&mut png, ImageFormat::Png).unwrap();
        let kept = media::add(&mut maren, "dot.png", png.get_ref(), "A dot");
        site.get(kept["url"].as_str().unwrap()).expect(200);
    });
}

#[test]
fn nobody_writes_to_a_copy_by_mistake() {
    let site = primary("off");
    let (mut replica, _courier) = Courier::with_replica(&site);
    let busy = replica.rowlog(&["promote"]);
    assert!(busy.complaint().contains("another server is running"));
    replica.stop();
    for command in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["reindex"],
        &["check"],
    ] {
        let refused = replica.rowlog(command);
        assert!(
            refused.complaint().contains("rowlog promote"),
            "{command:?}"
        );
    }
    let refused = site.rowlog(&["promote"]);
    assert!(refused.complaint().contains("another server"));
    let empty = Site::offline();
    let refused = empty.rowlog(&["serve", "--replica", "--listen", "127.0.0.1:0"]);
    assert!(refused.complaint().contains("litestream restore -f"));
}

#[test]
fn a_promoted_replica_goes_on_and_only_who_knows_more_than_it_starts_anew() {
    let mut site = primary("off");
    let known = site.comment("hello", "Ann", "carried over");
    let (mut replica, _courier) = Courier::with_replica(&site);
    let common = site.head();
    let lost = site.comment("hello", "Ann", "lost with the machine");
    let ahead = site.head();
    site.kill();
    replica.stop();
    let promoted = replica.rowlog(&["promote"]).worked();
    assert!(
        promoted.stdout.contains(&format!("up to {common};")),
        "{}",
        promoted.stdout
    );
    replica.serve_at(&["--limits", "off"]);
    let page = replica.post("hello");
    assert!(page.has(&format!("#comment-{known}")) && !page.has(&format!("#comment-{lost}")));

    let mut reader = replica.follow_after("hello", common);
    assert_eq!(reader.hello.data["resumed"], true);
    let header = [("Last-Event-ID", &*ahead.to_string())];
    let mut ahead = replica.stream("/posts/hello/events", &header);
    assert_eq!(ahead.next_of("reset").data["reason"], "fork");
    let id = replica.comment("hello", "Bob", "on the new machine");
    assert_ne!(
        id, lost,
        "an address that was given is not given to another comment"
    );
    assert_eq!(reader.next().comment(), id);
    assert_eq!(ahead.next().comment(), id);
    replica.rowlog(&["check"]).worked();
    let (status, took) = replica.stop();
    assert!(status.success() && took < Duration::from_secs(5));
}
