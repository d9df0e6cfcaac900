//! A live room: a post with `discussion = "chat"`.

use crate::browser::{Desk, Window};
use crate::site::{Site, path};
use crate::visitor::{Visitor, comment_in};

/// A blog with an open room, in which this many messages were said.
fn room(messages: usize) -> Site {
    let site = Site::start();
    site.publish_with("hello", "Ask me", "discussion = \"chat\"", "Come in.");
    let mut cy = site.visitor();
    for n in 1..=messages {
        cy.comment("hello", "Cy", &format!("message {n}"));
    }
    site
}

/// Opens the room and goes to its end.
fn enter(site: &Site, window: &Window) {
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.eval("scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' })");
    window.wait_for("#comments[data-follow]");
}

/// Opens the room in a window of somebody who has told her name and shows it.
fn enter_as(site: &Site, window: &Window, visitor: &Visitor) {
    window.open(&site.url("/posts/hello"));
    window.take_cookie(site, visitor, "visitor");
    enter(site, window);
}

/// How far the newest message ends above the form, in pixels.
const ROOM_BELOW: &str = "document.getElementById('respond').getBoundingClientRect().top
    - document.querySelector('#threads > li:last-child').getBoundingClientRect().bottom";

#[test]
fn a_room_without_javascript_is_a_row_of_messages_in_the_order_in_which_they_were_said() {
    let site = room(2);
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let first = ann.comment("hello", "Ann", "who is here?");
    let answer = bob.reply("hello", first, "Bob", "me");
    let deeper = ann.reply("hello", answer, "Ann", "hello Bob");
    let page = site.post("hello");
    assert_eq!(
        page.texts("#threads > li > article .prose"),
        ["message 1", "message 2", "who is here?", "me", "hello Bob"]
    );
    assert!(!page.has("#threads ol"), "nothing is indented");
    let note = format!("#comment-{answer} .note a");
    assert_eq!(page.text(&note), "Ann");
    assert_eq!(page.attribute(&note, "href"), format!("#comment-{first}"));
    assert!(page.has(&format!(
        "#comment-{deeper} .note a[href='#comment-{answer}']"
    )));
    assert!(page.has("#comments.chat #respond form textarea"));
    let form = bob
        .post("hello")
        .form("#respond form")
        .with("name", "Bob")
        .with("body", "by form");
    let answer = bob.submit_form(&form).expect(303);
    let id = comment_in(answer.location());
    let landed = bob.get(answer.location()).expect(200).page();
    assert_eq!(landed.text(&format!("#comment-{id} .prose")), "by form");
}

#[test]
fn a_discussion_of_another_kind_is_refused_by_its_name() {
    let site = Site::with_post("hello");
    let file = site.write(
        "bad.md",
        "+++\ntitle = \"T\"\ndiscussion = \"chatty\"\n+++\nText.\n",
    );
    let outcome = site.rowlog(&["publish", path(&file)]);
    let words = outcome.complaint();
    assert!(
        words.contains("bad.md") && words.contains("discussion") && words.contains("chatty"),
        "{words}"
    );
}

#[test]
fn a_post_becomes_a_room_and_a_thread_again() {
    let site = Site::with_post("hello");
    let first = site.comment("hello", "Ann", "one");
    let reply = site.visitor().reply("hello", first, "Bob", "two");
    let nested = format!("#thread-{first} .replies #comment-{reply}");
    assert!(site.post("hello").has(&nested));
    let mut stream = site.follow("hello");
    site.publish_with(
        "hello",
        "A post",
        "discussion = \"chat\"",
        "Something to talk about.",
    );
    stream.next_of("post:updated");
    assert!(!site.post("hello").has(&nested));
    site.publish("hello", "A post", "Something to talk about.");
    assert!(site.post("hello").has(&nested));
}

#[test]
fn the_newest_page_of_a_room_is_shown_and_a_permalink_leads_to_its_page() {
    let site = room(205);
    let ids = "select id from comments where number = ";
    let page = site.post("hello");
    let numbers = page.texts("#threads .no");
    assert_eq!((numbers.len(), numbers[0].as_str()), (105, "101"));
    assert!(page.has("#comments[data-latest][data-page='2']"));
    assert_eq!(
        page.attribute(".jump a[rel=prev]", "href"),
        "/posts/hello?comments=1#latest"
    );
    let earlier = site.get("/posts/hello?comments=1").expect(200).page();
    assert_eq!(earlier.count("#threads > li"), 100);
    assert!(!earlier.has("#comments[data-latest]"));
    assert_eq!(
        earlier.attribute(".pages [rel=next]", "href"),
        "/posts/hello#comments"
    );
    for number in [1, 100, 101, 205] {
        let id = site.ask(&format!("{ids}{number}"));
        let answer = site.get(&format!("/comments/{id}")).expect(303);
        let landed = site
            .get(answer.location().split('#').next().unwrap())
            .expect(200);
        assert!(landed.page().has(&format!("#comment-{id}")), "{number}");
    }
    site.get("/posts/hello?comments=4").expect(404);
    let old = site.ask(&format!("{ids}3"));
    let reply = site.visitor().reply("hello", old, "Bob", "to the third");
    assert_eq!(
        site.post("hello")
            .attribute(&format!("#comment-{reply} .note a"), "href"),
        format!("/posts/hello?comments=1#comment-{old}")
    );
}

#[test]
fn what_is_deleted_leaves_a_tombstone_while_an_answer_on_any_page_names_it() {
    let site = room(1);
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let (asked, alone) = (
        ann.comment("hello", "Ann", "asked"),
        ann.comment("hello", "Ann", "alone"),
    );
    let reply = bob.reply("hello", asked, "Bob", "answered");
    for id in [asked, alone] {
        ann.delete(id);
    }
    let page = site.post("hello");
    assert!(page.has(&format!("#comment-{asked}[data-state=deleted]")));
    assert!(!page.has(&format!("#comment-{alone}")));
    assert_eq!(page.text(&format!("#comment-{reply} .note a")), "row 2");
    bob.delete(reply);
    assert_eq!(site.post("hello").count("#threads > li"), 1);
}

#[test]
fn since_marks_what_was_said_after_it() {
    let site = room(1);
    let seen = site.head();
    let id = site.comment("hello", "Ann", "news");
    let page = site
        .get(&format!("/posts/hello?since={seen}"))
        .expect(200)
        .page();
    assert!(page.has(&format!("#comment-{id}[data-state=new]")));
    assert_eq!(page.count("[data-state=new]"), 1);
    assert_eq!(page.attribute("#news a", "href"), format!("#comment-{id}"));
}

#[test]
fn two_windows_talk_and_stay_with_the_newest_words() {
    let site = room(30);
    let desk = Desk::new();
    let (here, there) = (desk.window(), desk.window());
    enter(&site, &here);
    enter(&site, &there);
    here.fill("#respond [name=name]", "Ann");
    here.eval("document.querySelector('#respond [name=body]').focus()");
    for (n, word) in ["one", "two"].iter().enumerate() {
        here.eval(&format!(
            "document.execCommand('insertText', false, '{word}')"
        ));
        here.press("\u{e007}");
        let last = format!("#threads > li:nth-child({}) article .prose", 31 + n);
        there.wait_for_text(&last, word);
        here.wait_for_text(&last, word);
        here.wait_until(
            "document.activeElement.name === 'body' && document.activeElement.value === ''",
        );
        for window in [&here, &there] {
            window.wait_until(&format!("{ROOM_BELOW} >= 0"));
        }
    }
    let count = here.count("#threads > li");
    assert_eq!((count, there.count("#threads > li")), (32, 32));
    // She goes on typing while he answers: his words come in, and hers stay.
    here.eval("document.execCommand('insertText', false, 'half a thou')");
    site.comment("hello", "Bob", "interrupting");
    here.wait_for_text("#threads > li:last-child .prose", "interrupting");
    here.wait_until(&format!("{ROOM_BELOW} >= 0"));
    assert_eq!(here.eval("document.activeElement.value"), "half a thou");
    here.has_a_clean_console();
    there.has_a_clean_console();
}

#[test]
fn who_reads_older_messages_is_not_moved_and_the_pill_leads_to_the_newest() {
    let site = room(40);
    let desk = Desk::new();
    let window = desk.window();
    enter(&site, &window);
    window.scroll_to("#threads > li:nth-child(5)");
    window.wait_until_gone("#comments[data-follow]");
    let top = "document.querySelector('#threads > li:nth-child(5)').getBoundingClientRect().top";
    let before = window.eval(top);
    window.eval("(() => { window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(it => { shift += it.value; })).observe({ type: 'layout-shift' }); })()");
    site.comment("hello", "Ann", "first");
    let last = site.comment("hello", "Bob", "second");
    window.wait_for_text("#pill:not([hidden]) .count", "2 new comments");
    assert_eq!(
        (window.eval(top), window.eval("window.shift")),
        (before, 0.into())
    );
    window.eval("document.getElementById('pill').click()");
    window.wait_for("#comments[data-follow]");
    window.wait_for(&format!("#threads > li:last-child #comment-{last}"));
    window.wait_until(&format!("{ROOM_BELOW} >= 0"));
    window.has_a_clean_console();
}

#[test]
fn shift_and_enter_starts_a_new_line() {
    let site = room(1);
    let desk = Desk::new();
    let window = desk.window();
    enter(&site, &window);
    assert!(window.text("label[for=f-body]").contains("Enter sends"));
    window.fill("#respond [name=name]", "Ann");
    window.fill("#respond [name=body]", "one\u{e008}\u{e007}\u{e000}two");
    assert_eq!(
        window.eval("document.querySelector('[name=body]').value"),
        "one\ntwo"
    );
    window.fill(
        "#respond [name=body]",
        "one\u{e008}\u{e007}\u{e000}two\u{e007}",
    );
    window.wait_for_text("#threads > li:nth-child(2) article .prose", "two");
}

#[test]
fn those_who_come_and_go_are_named_as_text() {
    let site = room(3);
    let hostile = "<img src=x onerror=alert(1)>\u{202e}";
    let (mut ann, mut eve) = (site.visitor(), site.visitor());
    for (visitor, name) in [(&mut ann, "Ann"), (&mut eve, hostile)] {
        visitor.say(
            "hello",
            &[("name", name), ("body", "hi"), ("show_name", "1")],
        );
    }
    let desk = Desk::new();
    let window = desk.window();
    enter_as(&site, &window, &ann);
    window.wait_for_text("#here:not([hidden]) li", "Ann");
    let cookie = format!("visitor={}", eve.cookie("visitor").unwrap());
    let follow = || site.stream("/posts/hello/events", &[("Cookie", &cookie)]);
    let eves = follow();
    window.wait_for_text(".came", "<img src=x onerror=alert(1)>");
    window.wait_for_text(".came", "joined");
    window.wait_for_text("#here li", "<img src=x");
    assert_eq!(window.count(".came"), 1, "her own coming is no news to her");
    assert_eq!(window.count("#threads img, #here img"), 0);
    drop(eves);
    window.wait_for_text(".came", "left");
    let stranger = site.follow("hello");
    window.wait_for_text("#here .others", "and 1 other");
    drop(stranger);
    window.has_a_clean_console();
}
