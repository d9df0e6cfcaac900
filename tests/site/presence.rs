//! Who else is reading: counted, and named only by choice.

use std::time::Duration;

use serde_json::json;

use crate::site::Site;
use crate::stream::Stream;
use crate::visitor::Visitor;

/// Waits until the stream is told of this company.
#[track_caller]
fn told(stream: &mut Stream, readers: i64, names: &[&str]) {
    // Readers come one by one, so the room may be told of fewer first.
    loop {
        let told = stream.next_of("presence").data;
        if told["readers"] == readers && told["names"] == json!(names) {
            return;
        }
    }
}

/// The stream of that post in this visitor's browser.
fn reading(site: &Site, visitor: &Visitor, slug: &str) -> Stream {
    let cookie = format!("visitor={}", visitor.cookie("visitor").unwrap());
    site.stream(&format!("/posts/{slug}/events"), &[("Cookie", &cookie)])
}

#[test]
fn readers_of_a_post_see_how_many_they_are_and_who_chose_to_be_seen() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    ann.say(
        "hello",
        &[
            ("name", "Ann"),
            ("body", "I like to be seen."),
            ("show_name", "1"),
        ],
    );
    bob.say("hello", &[("name", "Bob"), ("body", "I do not.")]);
    let mut stranger = site.follow("hello");
    told(&mut stranger, 1, &[]);
    let anns = [reading(&site, &ann, "hello"), reading(&site, &ann, "hello")];
    told(&mut stranger, 2, &["Ann"]);
    let bobs = reading(&site, &bob, "hello");
    told(&mut stranger, 3, &["Ann"]);
    drop(anns);
    told(&mut stranger, 2, &[]);
    drop(bobs);
    told(&mut stranger, 1, &[]);
    assert_eq!(
        site.ask("select count(*) from events where kind = 'presence'"),
        0,
        "it is never stored"
    );
}

#[test]
fn whoever_ticked_the_box_finds_it_ticked_and_can_take_it_back() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    ann.say(
        "hello",
        &[("name", "Ann"), ("body", "One."), ("show_name", "1")],
    );
    assert!(ann.post("hello").has("[name=show_name][checked]"));
    ann.say("hello", &[("name", "Ann"), ("body", "Two.")]);
    assert!(!ann.post("hello").has("[name=show_name][checked]"));
    let mut stream = reading(&site, &ann, "hello");
    told(&mut stream, 1, &[]);
}

#[test]
fn readers_of_one_post_are_not_readers_of_another_nor_of_the_home_page() {
    let site = Site::with_post("hello");
    site.publish("other", "Another", "Text.");
    let (_other, mut home) = (site.follow("other"), site.stream("/events", &[]));
    let mut here = site.follow("hello");
    told(&mut here, 1, &[]);
    home.stays_silent_for(Duration::from_millis(100));
}

#[test]
fn a_blog_that_does_not_want_it_does_not_count() {
    let mut site = Site::with_post("hello");
    site.stop();
    site.database_for_surgery()
        .execute(
            "insert into settings (key, value) values ('presence', 'off')",
            [],
        )
        .unwrap();
    site.serve();
    let mut stream = site.follow("hello");
    let _other = site.follow("hello");
    site.comment("hello", "Ann", "Is anyone here?");
    loop {
        let block = stream.block().unwrap();
        assert_ne!(block.event, "presence");
        if block.event == "comment:created" {
            break;
        }
    }
}
