//! Cursors: coming back, falling behind, and being told that one cannot.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::Connection;
use crate::site::Site;
use crate::stream::Stream;
use crate::waiting::within;

#[test]
fn a_reader_who_was_offline_receives_what_she_missed_and_then_what_comes() {
    let site = Site::with_post("hello");
    let mut before = site.follow("hello");
    site.comment("hello", "Ann", "seen");
    let seen = before.next().id.unwrap();
    before.close();
    let missed: Vec<_> = (0..3)
        .map(|n| site.comment("hello", "Bob", &format!("missed {n}")))
        .collect();
    let mut after = site.stream(
        "/posts/hello/events",
        &[("Last-Event-ID", &seen.to_string())],
    );
    assert_eq!(
        (&after.hello.data["resumed"], &after.hello.data["missed"]),
        (&true.into(), &3.into())
    );
    for id in missed {
        assert_eq!(after.next().comment(), id);
    }
    let live = site.comment("hello", "Cy", "live");
    assert_eq!(after.next().comment(), live);
}

#[test]
fn the_header_of_a_reconnect_counts_more_than_the_cursor_of_the_page() {
    let site = Site::with_post("hello");
    let ids: Vec<_> = (0..3)
        .map(|n| site.comment("hello", "Ann", &format!("line {n}")))
        .collect();
    let events = site.follow_after("hello", 0).up_to(site.head());
    let created: Vec<_> = events
        .iter()
        .filter(|event| event.event == "comment:created")
        .collect();
    assert_eq!(
        created
            .iter()
            .map(|event| event.comment())
            .collect::<Vec<_>>(),
        ids
    );
    let newest_but_one = created[1].id.unwrap().to_string();
    let mut stream = site.stream(
        "/posts/hello/events?after=0",
        &[("Last-Event-ID", &newest_but_one)],
    );
    assert_eq!(stream.next().comment(), ids[2]);
}

#[test]
fn thousands_of_missed_events_come_in_order_and_once() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "a popular comment");
    let target = format!("/comments/{id}/reactions");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut connection = Connection::open(site.address()).unwrap();
                for _ in 0..200 {
                    connection
                        .submit(&target, &[("kind", "love")])
                        .unwrap()
                        .expect(303);
                }
            });
        }
    });
    let events = site.follow_after("hello", 0).up_to(site.head());
    let ids: Vec<_> = events.iter().filter_map(|event| event.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "ids rise");
    assert_eq!(
        events
            .iter()
            .filter(|event| event.event == "reaction:updated")
            .count(),
        1600
    );
    assert_eq!(
        site.follow_after("hello", 0).hello.data["missed"],
        1000,
        "counting stops at a thousand"
    );
}

#[test]
fn a_cursor_that_is_no_good_is_answered_with_a_reset_and_the_stream_goes_on() {
    let site = Site::with_post("hello");
    site.comment("hello", "Ann", "one");
    let head = site.head();
    let future = (head + 1000).to_string();
    let reset = |mut stream: Stream, reason: &str| {
        let first = stream.hello.clone();
        let reset = if first.event == "reset" {
            first
        } else {
            stream.next_of("reset")
        };
        assert_eq!((reset.id, &reset.data["reason"]), (None, &reason.into()));
        assert_eq!(reset.data["head"], site.head());
        let id = site.comment(
            "hello",
            "Ann",
            &format!("after {reason} at {}", site.head()),
        );
        assert_eq!(
            stream.next().comment(),
            id,
            "{reason}: live again, and nothing of before"
        );
    };
    reset(
        site.stream("/posts/hello/events", &[("Last-Event-ID", &future)]),
        "future",
    );
    reset(
        site.stream(
            &format!("/posts/hello/events?after={}", site.head() + 1),
            &[],
        ),
        "future",
    );
    for nonsense in ["-1", "99999999999999999999", "1 OR 1=1", "1.5", "abc"] {
        reset(
            site.stream("/posts/hello/events", &[("Last-Event-ID", nonsense)]),
            "bad-cursor",
        );
    }
    reset(
        site.stream("/posts/hello/events?after=x", &[]),
        "bad-cursor",
    );
    reset(
        site.stream(&format!("/posts/hello/events?after={head}&at=12345"), &[]),
        "fork",
    );
}

#[test]
fn the_time_of_an_event_proves_that_a_cursor_is_of_this_blog() {
    let site = Site::with_post("hello");
    site.comment("hello", "Ann", "one");
    let event = site
        .follow_after("hello", 0)
        .up_to(site.head())
        .pop()
        .unwrap();
    let cursor = format!(
        "/posts/hello/events?after={}&at={}",
        event.data["id"], event.data["at"]
    );
    let stream = site.stream(&cursor, &[]);
    assert_eq!(
        (stream.hello.event.as_str(), &stream.hello.data["resumed"]),
        ("hello", &true.into())
    );
}

#[test]
fn a_cursor_from_before_the_trimmed_log_is_a_gap_only_where_something_is_missing() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "an old comment");
    site.stop();
    let month = 31 * 24 * 3600 * 1000_i64;
    let grow = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 1500)
        insert into events (kind, post_id, subject, audience, at, data)
        select kind, post_id, subject, audience, at, data
        from (select * from events where kind = 'comment:created' limit 1), n";
    let file = site.database_for_surgery();
    file.execute_batch(grow).unwrap();
    file.execute("update events set at = at - ?1", [month])
        .unwrap();
    drop(file);
    site.serve();
    within(Duration::from_secs(20), "the log is trimmed", || {
        site.ask("select count(*) from events") == 1000
    });
    site.publish("quiet", "Quiet", "Nothing of this post was ever trimmed.");
    assert_eq!(
        site.ask("select count(*) from events where at < (select max(at) from events) - 1000000"),
        1000,
        "the newest thousand stay"
    );

    let oldest = site.ask("select min(id) from events");
    for path in ["/posts/hello/events", "/events"] {
        let mut stream = site.stream(&format!("{path}?after=1"), &[]);
        let first = stream.hello.clone();
        let reset = if first.event == "reset" {
            first
        } else {
            stream.next_of("reset")
        };
        assert_eq!(reset.data["reason"], "gap", "{path}");
    }
    let fine = site.follow_after("hello", oldest - 1);
    assert_eq!(
        (fine.hello.event.as_str(), &fine.hello.data["resumed"]),
        ("hello", &true.into()),
        "the last trimmed id is fine"
    );
    let mut quiet = site.follow_after("quiet", 1);
    assert_eq!(
        (quiet.hello.event.as_str(), &quiet.hello.data["resumed"]),
        ("hello", &true.into())
    );
    assert_eq!(quiet.next().event, "post:published");
}

#[test]
fn a_post_that_is_gone_has_no_stream() {
    let site = Site::with_post("hello");
    let mut open = site.follow("hello");
    site.publish_with("hello", "A post", "draft = true", "withdrawn");
    assert_eq!(open.next_of("post:deleted").data["post"], "hello");
    for path in ["/posts/hello/events", "/posts/never/events"] {
        let answer = Stream::open(site.address(), path, &[])
            .err()
            .unwrap_or_else(|| panic!("{path} is a stream"));
        assert!(
            [204, 404].contains(&answer.status()),
            "{path}: {:?}",
            answer.head
        );
    }
    let gone = Stream::open(site.address(), "/posts/hello/events", &[])
        .err()
        .unwrap();
    assert_eq!(
        gone.status(),
        204,
        "a browser that is told 204 does not come back"
    );
}

#[test]
fn a_stream_that_was_asked_for_before_is_gone_with_its_post_at_once() {
    let site = Site::with_post("hello");
    for _ in 0..5 {
        drop(site.follow("hello")); // what is behind the address is known now
        site.publish_with("hello", "A post", "draft = true", "withdrawn");
        let gone = Stream::open(site.address(), "/posts/hello/events", &[]);
        assert_eq!(gone.err().expect("no stream").status(), 204);
        site.publish("hello", "A post", "Here again.");
    }
}

#[test]
fn the_same_cursor_works_by_polling() {
    let site = Site::with_post("hello");
    let id = site.comment("hello", "Ann", "one");
    let streamed = site.follow_after("hello", 0).up_to(site.head());
    let first = site.get_json("/posts/hello/events?after=0");
    let events = first["events"].as_array().unwrap();
    assert_eq!(events.last().unwrap()["kind"], "comment:created");
    assert_eq!(events.last().unwrap()["comment"]["id"], id);
    assert_eq!(
        (&first["reset"], &first["more"], &first["head"]),
        (&Value::Null, &false.into(), &site.head().into())
    );
    let after = first["after"].as_i64().unwrap();
    assert_eq!(
        site.get_json(&format!("/posts/hello/events?after={after}"))["events"],
        Value::Array(Vec::new())
    );

    assert_eq!(streamed.len(), events.len());
    for (block, event) in streamed.iter().zip(events) {
        assert_eq!(
            (block.event.as_str(), &block.data["id"]),
            (event["kind"].as_str().unwrap(), &event["id"])
        );
        assert_eq!(block.data["comment"], event["comment"]);
    }

    let asked = Instant::now();
    let nothing = site.get_json(&format!("/posts/hello/events?after={after}&wait=1"));
    assert_eq!(nothing["events"], Value::Array(Vec::new()));
    assert!(
        asked.elapsed() >= Duration::from_millis(900),
        "it did not wait"
    );
    let answer = std::thread::scope(|scope| {
        let poll =
            scope.spawn(|| site.get_json(&format!("/posts/hello/events?after={after}&wait=25")));
        site.comment("hello", "Bob", "two");
        poll.join().unwrap()
    });
    assert!(
        asked.elapsed() < Duration::from_secs(12),
        "a long poll ends with the first event"
    );
    assert_eq!(answer["events"][0]["comment"]["name"], "Bob");
    let future = site.get_json(&format!("/posts/hello/events?after={}", site.head() + 50));
    assert_eq!(future["reset"]["reason"], "future", "{future}");
    assert_eq!(
        site.get_json("/events?after=nonsense")["reset"]["reason"],
        "bad-cursor"
    );
}

#[test]
fn a_polling_client_that_is_far_behind_pages_through() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    ann.comment("hello", "Ann", "one");
    (0..1200).for_each(|_| ann.react("/posts/hello", "love"));
    let (mut after, mut seen, mut pages) = (0, Vec::new(), Vec::new());
    loop {
        let page = site.get_json(&format!("/events?after={after}"));
        let events = page["events"].as_array().unwrap();
        assert!(events.len() <= 128, "{} at once", events.len());
        pages.push(events.len());
        seen.extend(events.iter().map(|event| event["id"].as_i64().unwrap()));
        assert!(
            page["after"].as_i64().unwrap() > after,
            "it does not get on: {after}"
        );
        after = page["after"].as_i64().unwrap();
        if page["more"] == false {
            break;
        }
    }
    assert!(
        pages.len() >= 10,
        "more was said where nothing was: {pages:?}"
    );
    assert!(seen.is_sorted_by(|a, b| a < b));
    assert_eq!(
        seen.len() as i64,
        site.ask("select count(*) from events where audience = 'public'")
    );
}

#[test]
fn a_client_that_takes_both_is_given_what_it_likes_better() {
    let site = Site::with_post("hello");
    for accept in [
        "text/event-stream, application/json;q=0.1",
        "application/json;q=0.1, text/event-stream",
        "text/event-stream",
        "*/*",
    ] {
        let stream = site.stream("/events", &[("Accept", accept)]);
        assert_eq!(stream.hello.event, "hello", "{accept}");
    }
    for accept in [
        "application/json",
        "application/json, text/event-stream;q=0.1",
        "text/event-stream;q=0.1, application/json",
    ] {
        let answer = site.send("GET", "/events", &[("Accept", accept)], b"");
        assert!(answer.expect(200).json()["events"].is_array(), "{accept}");
    }
}
