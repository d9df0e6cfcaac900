//! The streams: what a raw client sees on the wire.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::site::Site;
use crate::waiting::within;

#[test]
fn a_stream_greets_at_once_and_tells_where_the_log_stands() {
    let site = Site::with_post("hello");
    for path in ["/posts/hello/events", "/events"] {
        let stream = site.stream(path, &[]);
        let hello = &stream.hello;
        assert_eq!((hello.event.as_str(), hello.id), ("hello", None));
        assert!(
            hello
                .retry
                .is_some_and(|wait| (1000..=5000).contains(&wait)),
            "{hello:?}"
        );
        assert_eq!(hello.data["v"], 1);
        assert_eq!(hello.data["head"], site.head());
        assert!(
            hello.data["resumed"].is_boolean()
                && hello.data["missed"].is_number()
                && hello.data["ping"].is_number()
        );
        assert_eq!(
            stream.head.header("content-type"),
            Some("text/event-stream")
        );
        assert_eq!(
            stream.head.header("cache-control"),
            Some("no-cache, no-store, no-transform")
        );
        assert_eq!(stream.head.header("x-accel-buffering"), Some("no"));
        assert_eq!(stream.head.header("content-encoding"), None);
        assert!(
            stream
                .head
                .header("access-control-allow-credentials")
                .is_none()
        );
    }
    let waits: Vec<_> = (0..8).map(|_| site.follow("hello").hello.retry).collect();
    assert!(
        waits.iter().any(|wait| *wait != waits[0]),
        "everybody is told to return at the same time"
    );
}

#[test]
fn the_first_block_comes_before_anything_happens() {
    let site = Site::with_post("hello");
    site.follow("hello").close(); // the first connection pays for what is opened once
    let mut took: Vec<_> = (0..9).map(|_| site.follow("hello").hello_took).collect();
    took.sort_unstable();
    println!("first block, median of nine: {:?}", took[4]);
}

#[test]
fn a_comment_is_told_to_everyone_who_follows_its_post_or_the_site() {
    let site = Site::with_post("hello");
    site.publish("other", "Other", "Text");
    let (mut post, mut all, mut other) = (
        site.follow("hello"),
        site.stream("/events", &[]),
        site.follow("other"),
    );
    let mut ann = site.visitor();
    let id = ann.say(
        "hello",
        &[
            ("name", "Ann"),
            ("body", "Hello"),
            ("op", "0192b1c4-6f0e-7cc1-9b3e-3f6f0a1d2e3f"),
        ],
    );
    // A frame is drawn from the row as it is now, so the reply waits until both have the comment.
    let first = [post.next(), all.next()];
    let reply = site.visitor().reply("hello", id, "Bob", "Hello yourself");
    for (stream, event) in [&mut post, &mut all].into_iter().zip(first) {
        assert_eq!(event.event, "comment:created");
        let data = &event.data;
        assert_eq!(
            (&data["id"], &data["post"], &data["count"]),
            (&event.id.into(), &"hello".into(), &1.into())
        );
        assert_eq!(data["op"], "0192b1c4-6f0e-7cc1-9b3e-3f6f0a1d2e3f");
        assert!(data["at"].as_i64() > Some(1_700_000_000_000));
        let comment = &data["comment"];
        assert_eq!(
            (&comment["id"], &comment["number"], &comment["name"]),
            (&id.into(), &1.into(), &"Ann".into())
        );
        assert_eq!(
            (&comment["parent"], &comment["owner"], &comment["deleted"]),
            (&Value::Null, &false.into(), &false.into())
        );
        assert!(
            event
                .html()
                .starts_with(&format!("<article id=\"comment-{id}\"")),
            "{}",
            event.html()
        );
        assert_eq!(stream.next().data["comment"]["parent"], id);
    }
    other.stays_silent_for(Duration::from_millis(300));
    assert!(post.cursor > 0 && reply > id);
}

#[test]
fn a_page_and_the_stream_draw_a_comment_alike() {
    let site = Site::with_post("hello");
    let mut stream = site.follow("hello");
    let id = site.comment(
        "hello",
        "Ann <b>",
        "Some *text* with `code` & [a link](https://example.org/).",
    );
    let live = crate::page::Page::new(stream.next().html());
    let article = format!("article#comment-{id}");
    assert_eq!(live.markup(&article), site.post("hello").markup(&article));
}

#[test]
fn edits_deletions_and_posts_are_told_as_well() {
    let site = Site::with_post("hello");
    let (mut ann, mut stream, mut all) = (
        site.visitor(),
        site.follow("hello"),
        site.stream("/events", &[]),
    );
    let parent = ann.comment("hello", "Ann", "one");
    let reply = site.visitor().reply("hello", parent, "Bob", "two");
    let leaf = ann.comment("hello", "Ann", "three");
    ann.edit(parent, "one, better");
    let updated = stream.next_of("comment:updated");
    assert_eq!(updated.comment(), parent);
    assert!(updated.html().contains("one, better"));
    assert!(updated.data["comment"]["version"].as_i64() > Some(1));
    ann.delete(leaf);
    let deleted = stream.next_of("comment:deleted");
    assert_eq!(
        (
            &deleted.data["comment"],
            &deleted.data["html"],
            &deleted.data["count"]
        ),
        (&leaf.into(), &Value::Null, &2.into())
    );
    ann.delete(parent);
    let deleted = stream.next_of("comment:deleted");
    assert_eq!(deleted.comment(), parent);
    assert!(deleted.html().contains("[comment deleted]"));
    assert!(reply > parent);

    site.publish("fresh", "Fresh", "News");
    let published = all.next_of("post:published");
    assert_eq!(
        (&published.data["post"], &published.data["title"]),
        (&"fresh".into(), &"Fresh".into())
    );
    assert!(
        published.data["url"]
            .as_str()
            .unwrap()
            .ends_with("/posts/fresh")
    );
    site.publish("hello", "A better title", "Something else.");
    assert_eq!(
        stream.next_of("post:updated").data["title"],
        "A better title"
    );
}

#[test]
fn a_comment_cannot_forge_what_the_stream_says() {
    let site = Site::with_post("hello");
    let mut stream = site.stream("/events", &[]);
    let forgeries = [
        ("Ann", "a\revent: comment:deleted\rdata: {}\r\r"),
        ("Ann", "x\n\nevent: hacked\ndata: {\"id\":1}\n\n"),
        ("Ann", "x\r\n\r\nretry: 1\r\nid: 0\r\n\r\n"),
        ("Ann", "\u{feff}data: x"),
        (
            "Ann",
            "a\u{2028}event: hacked\u{2028}\u{85}data: {}\u{85}\u{85}",
        ),
        ("Ann\revent: hacked\rdata: 1\r\r", "through the name"),
    ];
    for (name, body) in forgeries {
        let answer = site.submit("/posts/hello/comments", &[("name", name), ("body", body)]);
        if answer.status() == 422 {
            continue;
        }
        let id = crate::visitor::comment_in(answer.expect(303).location());
        let event = stream.next();
        assert_eq!(
            (event.event.as_str(), event.comment(), event.retry),
            ("comment:created", id, None)
        );
        assert_eq!(event.id, Some(site.head()));
    }
    stream.stays_silent_for(Duration::from_millis(200));
}

#[test]
fn what_another_process_writes_is_told_within_a_moment() {
    let site = Site::with_post("hello");
    let mut stream = site.stream("/events", &[]);
    let mut slowest = Duration::ZERO;
    for n in 0..5 {
        site.publish(&format!("fresh-{n}"), "Fresh", "News");
        let committed = Instant::now(); // the command has ended, so its commit is behind us
        stream.next_of("post:published");
        slowest = slowest.max(committed.elapsed());
    }
    println!("a commit of another process, slowest of five after its exit: {slowest:?}");
}

#[test]
fn a_reader_who_leaves_is_gone_from_the_server_within_a_second() {
    let site = Site::with_post("hello");
    let streams: Vec<_> = (0..5).map(|_| site.follow("hello")).collect();
    assert_eq!(site.health("streams"), 5);
    drop(streams);
    within(
        Duration::from_secs(1),
        "idle streams are noticed to have left",
        || site.health("streams") == 0,
    );
}

#[test]
fn a_thousand_streams_opened_and_dropped_leave_nothing_behind() {
    let site = Site::with_post("hello");
    for _ in 0..4 {
        let streams: Vec<_> = (0..250).map(|_| site.follow("hello")).collect();
        assert_eq!(site.health("streams"), 250);
        drop(streams);
        within(Duration::from_secs(5), "all have left", || {
            site.health("streams") == 0
        });
    }
    let handles = format!("/proc/{}/fd", site.pid());
    within(Duration::from_secs(5), "their sockets are closed", || {
        std::fs::read_dir(&handles).unwrap().count() < 60
    });
}

#[test]
fn strangers_do_not_hear_of_pending_comments_and_owner_events() {
    let site = Site::start_with(&[]);
    site.publish("hello", "Hello", "Text");
    let (mut post, mut all) = (site.follow("hello"), site.stream("/events", &[]));
    let mut ann = site.visitor();
    ann.comment("hello", "Ann", "held because nothing vouches for it");
    post.stays_silent_for(Duration::from_millis(300));
    all.stays_silent_for(Duration::from_millis(100));
    let cookie = format!("visitor={}", ann.cookie("visitor").unwrap());
    let own = site
        .stream("/posts/hello/events?after=0", &[("Cookie", &cookie)])
        .up_to(site.head());
    assert!(
        own.iter().any(|event| event.event == "comment:pending"),
        "she is not told of her own: {own:?}"
    );
    assert_eq!(site.ask("select count(*) from events where audience like 'visitor:%' and kind = 'comment:pending'"), 1);
}
