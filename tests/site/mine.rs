//! A visitor's own: replies, the page that lists all of it, and taking it along.

use serde_json::{Value, json};

use crate::browser::Desk;
use crate::http::Answer;
use crate::site::Site;
use crate::stream::Stream;
use crate::visitor::Visitor;

/// Follows a stream with a visitor's cookie.
pub fn stream(site: &Site, visitor: &Visitor, path: &str) -> Stream {
    let cookie = format!("visitor={}", visitor.cookie("visitor").unwrap());
    site.stream(path, &[("Cookie", &cookie)])
}

/// Asks as a program with a visitor's cookie.
fn poll(visitor: &mut Visitor, path: &str) -> Value {
    let json = [("Accept", "application/json")];
    visitor.send("GET", path, &json, b"").expect(200).json()
}

/// An answer for one reader alone.
#[track_caller]
pub fn is_kept_by_nobody(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[test]
fn a_visitors_stream_tells_of_replies_and_a_stranger_has_none() {
    let site = Site::with_post("hello");
    assert_eq!(site.get("/me/events").status(), 204);
    let forged = [("Cookie", "visitor=00")];
    assert_eq!(site.send("GET", "/me/events", &forged, b"").status(), 204);

    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let hers = ann.comment("hello", "Ann", "a question");
    let mut own = stream(&site, &ann, "/me/events");
    assert!(
        own.head
            .header("cache-control")
            .unwrap()
            .contains("no-store")
    );
    site.comment("hello", "Cid", "not for her");
    ann.reply("hello", hers, "Ann", "her own");
    let reply = bob.reply("hello", hers, "Bob", "an answer");
    let event = own.next();
    assert_eq!(event.event, "reply:created");
    assert_eq!(event.comment(), reply);
    assert_eq!(event.data["comment"]["name"], "Bob");
    assert_eq!(event.data["title"], "A post");
    assert_eq!(event.data["parent"]["number"], 1);
    assert_eq!(event.data["url"], format!("/posts/hello#comment-{reply}"));

    let polled = poll(&mut ann, "/me/events?after=0");
    assert_eq!(polled["events"].as_array().unwrap().len(), 1);
    assert_eq!(polled["events"][0]["kind"], "reply:created");
    assert_eq!(polled["events"][0]["id"].as_i64(), event.id);
    assert!(
        poll(&mut bob, "/me/events?after=0")["events"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn what_is_for_one_visitor_rides_on_any_stream_of_hers_and_on_nobody_elses() {
    let site = Site::with_post("hello");
    site.publish("other", "Another post", "Text");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let hers = ann.comment("hello", "Ann", "a question");
    bob.react("/posts/hello", "love");
    let streams = ["/events", "/posts/hello/events", "/posts/other/events"];
    let hears = streams.map(|path| stream(&site, &ann, path));
    let reply = bob.reply("hello", hers, "Bob", "an answer");
    for (mut hears, path) in hears.into_iter().zip(streams) {
        let event = hears.next_of("reply:created");
        assert_eq!(event.comment(), reply, "{path}");
        assert_eq!(event.data["post"], "hello");
    }
    for path in streams {
        let others = poll(&mut bob, &format!("{path}?after=0")).to_string();
        assert!(!others.contains("reply:created"), "{path}");
        let strangers = site.get_json(&format!("{path}?after=0")).to_string();
        assert!(!strangers.contains("reply:created"), "{path}");
        let later = poll(&mut ann, &format!("{path}?after=0")).to_string();
        assert_eq!(later.matches("reply:created").count(), 1, "{path}");
    }
}

#[test]
fn a_reply_that_is_gone_or_whose_question_is_gone_is_not_told_again() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let first = ann.comment("hello", "Ann", "one");
    let second = ann.comment("hello", "Ann", "two");
    let reply = bob.reply("hello", first, "Bob", "to one");
    bob.reply("hello", second, "Bob", "to two");
    bob.delete(reply);
    ann.delete(second);
    let told = poll(&mut ann, "/me/events?after=0");
    assert!(told["events"].as_array().unwrap().is_empty(), "{told}");
    assert_eq!(ann.get("/me").page().count(".answer"), 0);
    assert!(!ann.post("hello").has("#me .n:not([hidden])"));
}

#[test]
fn an_approval_is_told_to_its_writer_and_to_nobody_else() {
    let mut site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    bob.comment("hello", "Bob", "in the open");
    let held = [("name", "Ann"), ("body", "held"), ("website", "filled")];
    let held = ann.say("hello", &held);
    site.kill();
    // What the owner's desk will do.
    let file = site.database_for_surgery();
    file.execute_batch(
        "update comments set status = 'published', held_for = null where status = 'pending';
         update posts set comment_count = comment_count + 1 where slug = 'hello';
         insert into events (kind, post_id, subject, audience, at)
         select 'comment:approved', post_id, subject, audience, at from events where kind = 'comment:pending'",
    )
    .unwrap();
    drop(file);
    site.serve();
    let told = poll(&mut ann, "/me/events?after=0");
    let event = &told["events"][0];
    assert_eq!(event["kind"], "comment:approved", "{told}");
    assert_eq!(event["comment"]["id"], held);
    assert_eq!(event["title"], "A post");
    assert_eq!(event["url"], format!("/posts/hello#comment-{held}"));
    let others = poll(&mut bob, "/me/events?after=0");
    assert!(others["events"].as_array().unwrap().is_empty());
}

#[test]
fn only_a_cursor_below_what_was_trimmed_of_her_own_has_a_gap() {
    let mut site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let hers = ann.comment("hello", "Ann", "a question");
    bob.reply("hello", hers, "Bob", "an answer");
    bob.comment("hello", "Bob", "the newest event, which stays");
    site.kill();
    let file = site.database_for_surgery();
    file.execute_batch(
        "insert into trimmed select audience, max(id) from events group by audience;
         delete from events where id < (select max(id) from events);
         update trimmed set id = id - 1 where stream = 'public'",
    )
    .unwrap();
    drop(file);
    site.serve();
    let reason = |told: Value| told["reset"]["reason"].as_str().map(str::to_owned);
    assert_eq!(
        reason(poll(&mut ann, "/me/events?after=1")).as_deref(),
        Some("gap")
    );
    assert_eq!(reason(poll(&mut bob, "/me/events?after=1")), None);
    let floor = site.ask("select id from trimmed where stream like 'visitor:%'");
    let at = format!("/me/events?after={floor}");
    assert_eq!(reason(poll(&mut ann, &at)), None);
}

#[test]
fn a_stranger_is_told_that_nothing_is_stored_and_gets_no_link() {
    let site = Site::with_post("hello");
    assert!(!site.post("hello").has("#me, #hail"));
    let answer = site.get("/me").expect(200);
    is_kept_by_nobody(&answer);
    assert!(answer.header("set-cookie").is_none());
    assert!(answer.page().text("main").contains("Nothing is stored"));
    assert_eq!(site.get("/me/export").expect(303).location(), "/me");
    assert!(
        site.get("/me/erasure")
            .page()
            .text("main")
            .contains("Nothing is stored")
    );
    site.submit("/me/erasure", &[("sure", "yes")]).expect(303);
}

#[test]
fn a_visitor_finds_her_comments_replies_and_reactions_on_one_page() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let first = ann.comment("hello", "Ann", "her first");
    let second = ann.say(
        "hello",
        &[("name", "Ann"), ("body", "her second"), ("website", "trap")],
    );
    ann.react("/posts/hello", "keep");
    bob.reply("hello", first, "Bob", "an <answer>");
    bob.comment("hello", "Bob", "nothing to do with her");

    let answer = ann.get("/me").expect(200);
    is_kept_by_nobody(&answer);
    let page = answer.page();
    assert_eq!(page.texts(".written .prose"), ["her second", "her first"]);
    assert_eq!(
        page.text("[data-status=pending] .badge"),
        "awaiting approval"
    );
    for id in [first, second] {
        assert!(page.has(&format!(".written a[href='/posts/hello#comment-{id}']")));
        assert!(page.has(&format!(".written a[href='/comments/{id}/edit']")));
        assert!(page.has(&format!(".written form[action='/comments/{id}/deletion']")));
    }
    assert_eq!(
        page.text(".answer h3 a"),
        "Bob replied to your row 1 on A post"
    );
    assert_eq!(page.text(".given"), page.text(".given"));
    assert!(page.text(".given").contains("Keeping this"));
    assert!(!page.text("main").contains("nothing to do with her"));
    assert_eq!(page.attributes("meta[name=robots]", "content"), ["noindex"]);
    assert!(!bob.get("/me").page().text("main").contains("her second"));
}

#[test]
fn a_reply_is_unread_until_its_reader_says_so() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let hers = ann.comment("hello", "Ann", "a question");
    bob.reply("hello", hers, "Bob", "one");
    assert_eq!(ann.post("hello").text("#me .n"), "1 new");
    let page = ann.get("/me").page();
    assert_eq!(page.count(".answer[data-unread]"), 1);
    assert_eq!(
        ann.get("/me").page().count(".answer[data-unread]"),
        1,
        "reading the page has changed it"
    );

    // What comes while the page is read was not read.
    bob.reply("hello", hers, "Bob", "two");
    let form = page.form("form[action='/me/reading']");
    assert_eq!(ann.submit_form(&form).expect(303).location(), "/me");
    let page = ann.get("/me").page();
    assert_eq!(page.texts(".answer[data-unread] .prose"), ["two"]);
    let form = page.form("form[action='/me/reading']");
    ann.submit_form(&form).expect(303);
    let page = ann.get("/me").page();
    assert_eq!((page.count(".answer"), page.count("[data-unread]")), (2, 0));
    assert!(!page.has("form[action='/me/reading']"));
    assert!(page.has("#me .n[hidden]"));

    // A mark does not go back, nor beyond the log.
    ann.submit("/me/reading", &[("to", "0")]).expect(303);
    ann.submit("/me/reading", &[("to", "9223372036854775807")])
        .expect(303);
    bob.reply("hello", hers, "Bob", "three");
    let page = ann.get("/me").page();
    assert_eq!(page.texts(".answer[data-unread] .prose"), ["three"]);
    ann.submit("/me/reading", &[("to", "soon")]).expect(422);
}

#[test]
fn the_download_holds_all_that_is_stored_about_her_and_no_hash() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let hers = ann.say(
        "hello",
        &[
            ("name", "Ann"),
            ("body", "a *question*"),
            ("email", "ann@example.org"),
            ("url", "https://ann.example/"),
        ],
    );
    ann.react(&format!("/comments/{hers}"), "think");
    bob.reply("hello", hers, "Bob", "bobs words");
    let answer = ann.get("/me/export").expect(200);
    is_kept_by_nobody(&answer);
    assert!(
        answer
            .header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    let (text, all) = (answer.text(), answer.json());
    assert_eq!(all["visitor"]["email"], "ann@example.org");
    assert_eq!(all["comments"][0]["body"], "a *question*");
    assert_eq!(all["comments"][0]["post"], "hello");
    assert_eq!(all["comments"][0]["status"], "published");
    assert_eq!(all["reactions"][0]["comment"], hers);
    assert_eq!(all["reactions"][0]["kind"], "think");
    assert_eq!(all["events"][0]["kind"], "reply:created");
    for secret in ["hash", "bobs words", ann.cookie("visitor").unwrap()] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn a_reply_is_told_on_every_page_that_its_reader_has_open() {
    let site = Site::with_post("hello");
    site.publish("other", "Another post", "Text");
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.fill(".composer [name=name]", "Ann");
    window.fill(".composer [name=body]", "a question");
    window.click(".composer button.main");
    window.wait_for_text("#threads article .prose", "a question"); // not the one on its way
    let hers = site.ask("select max(id) from comments");
    let pages = ["/archive", "/", "/posts/other", "/posts/hello"];
    for (n, path) in pages.into_iter().enumerate() {
        window.open(&site.url(path));
        window.wait_for("#me");
        let before = site.health("streams");
        assert!(before <= 2, "{path} has more than one stream");
        let said = format!("an answer to her on {path}");
        let reply = site.visitor().reply("hello", hers, "Bob", &said);
        window.wait_for_text("#hail a", "Bob replied to your comment on A post");
        window.wait_for_text("#me .n", &format!("{} new", n + 1));
        assert_eq!(
            window.eval("document.querySelector('#hail a').getAttribute('href')"),
            format!("/posts/hello#comment-{reply}")
        );
        assert_eq!(window.eval("document.querySelector('#hail').hidden"), false);
        let shown = window.count(&format!("#comment-{reply}"));
        assert_eq!(shown, usize::from(path == "/posts/hello"), "{path}");
        window.has_a_clean_console();
    }
    window.click("#hail button");
    window.wait_for("#hail[hidden]");
    window.open(&site.url("/me"));
    let phone = json!({ "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": false });
    window.devtools("Emulation.setDeviceMetricsOverride", phone);
    let over = window.eval("document.documentElement.scrollWidth - innerWidth");
    assert!(over.as_f64() <= Some(0.0), "{over} px too wide on a phone");
    window.click("form[action='/me/reading'] button");
    window.wait_for("#me .n[hidden]");
    window.has_a_clean_console();
}
