//! Threads: answers, tombstones, numbers, and conversations of many pages.

use std::time::Instant;

use crate::http::Connection;
use crate::site::Site;
use crate::visitor::comment_in;

#[test]
fn a_tombstone_stands_where_replies_hang_on_it() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let parent = ann.comment("hello", "Ann", "the secret word is xyzzy");
    let reply = bob.reply("hello", parent, "Bob", "thank you");
    ann.delete(parent);
    let page = site.post("hello");
    assert!(
        page.text(&format!("#comment-{parent}"))
            .contains("[comment deleted]")
    );
    assert!(!page.text(&format!("#comment-{parent}")).contains("Ann"));
    assert_eq!(
        page.text(&format!("#thread-{parent} #comment-{reply} .prose")),
        "thank you"
    );
    assert_eq!(
        site.ask("select count(*) from comments where body like '%xyzzy%' or html like '%xyzzy%'"),
        0
    );
    assert_ne!(
        site.submit(
            "/posts/hello/comments",
            &[
                ("name", "Eve"),
                ("body", "me too"),
                ("parent", &parent.to_string())
            ]
        )
        .status(),
        500
    );
    bob.delete(reply);
    assert!(!site.post("hello").has(&format!("#comment-{reply}")));
}

#[test]
fn numbers_are_never_given_twice() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let (_, second) = (
        ann.comment("hello", "Ann", "one"),
        ann.comment("hello", "Ann", "two"),
    );
    ann.delete(second);
    let third = ann.comment("hello", "Ann", "three");
    assert_eq!(
        site.post("hello").text(&format!("#comment-{third} .no")),
        "3"
    );
    assert!(third > second);
}

#[test]
fn threads_are_as_deep_as_people_make_them_and_indented_three_times_at_most() {
    let site = Site::with_post("hello");
    let mut chain = vec![site.comment("hello", "Name0", "depth 0")];
    for depth in 1..6 {
        chain.push(site.visitor().reply(
            "hello",
            chain[depth - 1],
            &format!("Name{depth}"),
            &format!("depth {depth}"),
        ));
    }
    let page = site.post("hello");
    assert_eq!(page.count("#threads article[id^='comment-']"), 6);
    assert!(page.has(".replies .replies article"));
    assert!(!page.has(".replies .replies .replies"), "indented too far");
    assert!(
        page.has(&format!(
            "#comment-{} a[href$='#comment-{}']",
            chain[5], chain[4]
        )),
        "it does not say whom it answers"
    );
    assert_eq!(
        page.texts("#threads .prose"),
        (0..6)
            .map(|depth| format!("depth {depth}"))
            .collect::<Vec<_>>()
    );
    let wrong = [("name", "Eve"), ("body", "Hello")];
    for parent in ["-1", "999999", "9223372036854775808", "x"] {
        let answer = site.submit(
            "/posts/hello/comments",
            &[&wrong[..], &[("parent", parent)]].concat(),
        );
        assert_eq!(answer.status() / 100, 4, "parent {parent}");
    }
    site.publish("other", "Other", "Text");
    let parent = chain[0].to_string();
    let answer = site.submit(
        "/posts/other/comments",
        &[&wrong[..], &[("parent", &parent)]].concat(),
    );
    assert_eq!(answer.status() / 100, 4, "a parent under another post");
}

#[test]
fn without_javascript_a_reply_is_two_pages_and_one_form() {
    let site = Site::with_post("hello");
    let id = site.comment("hello", "Ann", "a question");
    let mut bob = site.visitor();
    let link = bob
        .post("hello")
        .attribute(&format!("#comment-{id} a.reply"), "href");
    assert!(link.ends_with(&format!("?reply={id}#respond")), "{link}");
    let page = bob
        .get(&format!("/posts/hello?reply={id}"))
        .expect(200)
        .page();
    let form = page
        .form("#respond form.composer, form.composer#respond")
        .with("name", "Bob")
        .with("body", "an answer");
    assert_eq!(form.value("parent"), Some(id.to_string().as_str()));
    let reply = comment_in(bob.submit_form(&form).expect(303).location());
    assert_eq!(
        site.post("hello")
            .text(&format!("#thread-{id} .replies #comment-{reply} .prose")),
        "an answer"
    );
}

#[test]
fn ten_thousand_comments_are_read_in_pages_whose_anchors_stay() {
    let site = Site::with_post("hello");
    let first = site.comment("hello", "Ann", "the first of many");
    fill(&site, 10_000);
    let mut took = Vec::new();
    for _ in 0..9 {
        let asked = Instant::now();
        site.get("/posts/hello").expect(200);
        took.push(asked.elapsed());
    }
    took.sort_unstable();
    println!(
        "first page of 10,000 comments, median of nine: {:?}",
        took[4]
    );
    let page = site.post("hello");
    assert_eq!(page.count("#threads > li.thread"), 100);
    assert!(page.has(&format!("#comment-{first}")));
    let answer = site
        .submit(
            "/posts/hello/comments",
            &[("name", "Ann"), ("body", "the last of many")],
        )
        .expect(303);
    let last = comment_in(answer.location());
    let (address, _) = answer.location().split_once('#').unwrap();
    let end = site.get(address).expect(200).page();
    assert!(
        end.has(&format!("#comment-{last}")),
        "{address} does not show comment {last}"
    );
    assert!(end.count("#threads > li.thread") <= 100);
    // A comment in the middle keeps its page whatever comes after it.
    let middle = site
        .get("/posts/hello?comments=50")
        .expect(200)
        .page()
        .attributes("#threads > li.thread", "id");
    fill(&site, 150);
    assert_eq!(
        site.get("/posts/hello?comments=50")
            .expect(200)
            .page()
            .attributes("#threads > li.thread", "id"),
        middle
    );
    assert_eq!(site.get("/posts/hello?comments=9999").status(), 404);
}

/// Many comments by many people, posted as fast as the server takes them, and all of them different.
fn fill(site: &Site, count: usize) {
    let (lanes, told) = (8, site.ask("select count(*) from comments"));
    std::thread::scope(|scope| {
        for lane in 0..lanes {
            scope.spawn(move || {
                let mut connection = Connection::open(site.address()).unwrap();
                for n in (lane..count).step_by(lanes) {
                    let fields = [
                        ("name", "Crowd"),
                        ("body", &*format!("voice {n} after {told}")),
                    ];
                    connection
                        .submit("/posts/hello/comments", &fields)
                        .unwrap()
                        .expect(303);
                }
            });
        }
    });
}
