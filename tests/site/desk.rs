//! The desk: everything the owner is told while it happens, and the comments that wait for a decision.

use serde_json::Value;

use crate::browser::{Desk, Window};
use crate::http::{Answer, FORM};
use crate::site::{PASSWORD, Site};
use crate::stream::{Block, Stream};
use crate::visitor::Visitor;
use crate::waiting::eventually;

/// A blog with an owner who is signed in.
pub fn desk() -> (Site, Visitor) {
    set_up(Site::start())
}

/// The same with limits: a comment that comes without its form is held.
fn desk_that_holds() -> (Site, Visitor) {
    set_up(Site::guarded())
}

fn set_up(site: Site) -> (Site, Visitor) {
    site.set_up();
    let owner = site.owner();
    (site, owner)
}

/// A stream with the cookie of that name.
fn watch(site: &Site, who: &Visitor, path: &str, cookie: &str) -> Stream {
    let cookie = format!("{cookie}={}", who.cookie(cookie).expect("the cookie"));
    site.stream(path, &[("Cookie", &cookie)])
}

/// The stream of one of the owner's windows.
pub fn watch_desk(site: &Site, owner: &Visitor) -> Stream {
    watch(site, owner, "/admin/events", "session")
}

/// Writes a new post; where its editor is.
fn write(owner: &mut Visitor, title: &str, status: &str) -> String {
    let fields = [("title", title), ("body", "Words."), ("status", status)];
    let answer = owner.submit("/admin/posts/new", &fields).expect(303);
    answer.location().to_owned()
}

/// Presses the editor's button of that status.
fn press(owner: &mut Visitor, editor: &str, status: &str) {
    let form = owner.get(editor).expect(200).page().form("#editor");
    let mut fields = form.fields();
    fields.retain(|(name, _)| *name != "status");
    fields.push(("status", status));
    owner.submit(editor, &fields).expect(303);
}

fn decide(owner: &mut Visitor, decision: &str, ids: &[i64]) -> Answer {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    let mut fields = vec![("do", decision), ("back", "/admin")];
    fields.extend(ids.iter().map(|id| ("ids", id.as_str())));
    owner.submit("/admin/comments", &fields).expect(303)
}

#[track_caller]
fn expect_moved(stream: &mut Stream, from: &str, to: &str) -> Block {
    let moved = stream.next_of("post:moved");
    assert_eq!(
        (&moved.data["from"], &moved.data["to"]),
        (&Value::from(from), &Value::from(to))
    );
    let sign = format!("data-status=\"{to}\"");
    assert!(moved.html().contains(&sign), "{moved:?}");
    moved
}

#[test]
fn whatever_becomes_of_a_post_is_told_to_the_owners_other_windows_and_to_nobody_else() {
    let (site, mut owner) = desk();
    let (mut told, before) = (watch_desk(&site, &owner), site.head());
    let editor = write(&mut owner, "Debt as a table", "draft");
    let created = told.next_of("post:created");
    assert_eq!(created.data["title"], "Debt as a table");
    assert!(created.html().contains("Debt as a table"));
    assert_eq!(created.data["desk"]["row"], created.data["html"]);
    press(&mut owner, &editor, "published");
    let moved = expect_moved(&mut told, "draft", "published");
    assert_eq!(moved.data["url"], "/posts/debt-as-a-table");
    assert_eq!(editor, format!("/admin/posts/{}", moved.data["post_id"]));
    press(&mut owner, &editor, "draft");
    expect_moved(&mut told, "published", "draft");
    owner.submit(&format!("{editor}/trash"), &[]).expect(303);
    expect_moved(&mut told, "draft", "deleted");
    let back = owner.submit(&format!("{editor}/restoration"), &[]);
    back.expect(303);
    expect_moved(&mut told, "deleted", "draft");
    site.publish("from-a-file", "From a file", "Text");
    let published = told.next_of("post:published");
    let row = published.data["desk"]["row"].as_str().expect("a row");
    assert!(row.contains("From a file") && row.contains("data-status=\"published\""));
    owner.submit(&format!("{editor}/trash"), &[]).expect(303);
    owner.submit(&format!("{editor}/erasure"), &[]).expect(303);
    let erased = told.next_of("post:erased");
    assert_eq!(editor, format!("/admin/posts/{}", erased.data["post_id"]));

    for path in ["/events", "/posts/from-a-file/events"] {
        let replay = site.get_json(&format!("{path}?after=0")).to_string();
        for word in ["post:created", "post:moved", "post:saved", "desk", "Debt"] {
            assert!(!replay.contains(word), "{path} tells of {word}: {replay}");
        }
    }
    let json = [("Accept", "application/json")];
    let path = format!("/admin/events?after={before}");
    let replay = owner.send("GET", &path, &json, b"").expect(200).json();
    let kinds = replay["events"].as_array().expect("events").iter();
    let kinds: Vec<_> = kinds
        .map(|event| event["kind"].as_str().unwrap_or_default())
        .collect();
    assert!(
        kinds.contains(&"post:erased") && kinds.contains(&"post:published"),
        "{kinds:?}"
    );
    let debt = replay.to_string().contains("Debt as a table");
    assert!(!debt, "what is gone comes back by a replay");
}

#[test]
fn the_owners_stream_is_for_the_owner_and_ends_with_the_session() {
    let (site, mut owner) = desk();
    let stream = [("Accept", "text/event-stream")];
    site.send("GET", "/admin/events", &stream, b"").expect(401);
    let mut visitor = site.visitor();
    visitor
        .send("GET", "/admin/events", &stream, b"")
        .expect(401);

    let stream = watch_desk(&site, &owner);
    assert_eq!(stream.hello.event, "hello");
    let cookie = format!("session={}", owner.cookie("session").expect("a session"));
    owner.submit("/admin/logout", &[]).expect(303);
    let last = stream.rest().pop().expect("a last word");
    assert_eq!(
        (last.event.as_str(), &last.data["reason"]),
        ("reset", &Value::from("auth"))
    );
    let again = site.send("GET", "/admin/events", &[("Cookie", &cookie)], b"");
    again.expect(204);

    let stream = watch_desk(&site, &site.owner());
    let words = ["password", "--password-stdin"];
    site.rowlog_with(&words, "the moon moves the sea\n")
        .worked();
    site.publish("secret", "Written after the password changed", "Text");
    let rest = stream.rest();
    assert!(
        rest.iter()
            .all(|block| block.id.is_none() || block.event.is_empty()),
        "{rest:?}"
    );
    assert_eq!(rest.last().expect("a last word").data["reason"], "auth");
}

#[test]
fn a_waiting_comment_is_in_the_queue_at_once_and_everywhere_once_it_is_approved() {
    let (site, mut owner) = desk_that_holds();
    site.publish("hello", "Hello", "Text");
    let (mut told, mut public) = (watch_desk(&site, &owner), site.follow("hello"));
    let mut ann = site.visitor();
    let first = ann.comment("hello", "Ann", "held: *no* issue time");
    let pending = told.next_of("comment:pending");
    assert_eq!(
        (pending.comment(), &pending.data["desk"]["waiting"]),
        (first, &1.into())
    );
    let queue = pending.data["desk"]["queue"]
        .as_str()
        .expect("a place in the queue");
    assert!(
        queue.contains("Ann") && queue.contains("<em>no</em>"),
        "{queue}"
    );
    let page = owner.get("/admin").expect(200).page();
    assert!(page.text("#queue li").contains("held: no issue time"));
    assert!(!site.get("/posts/hello").text().contains("held:"));

    let mut hers = watch(&site, &ann, "/me/events", "visitor");
    let answer = decide(&mut owner, "approve", &[first]);
    let page = owner.get(answer.location()).expect(200).page();
    assert_eq!(page.text("#queue .notice span"), "1 comment approved.");
    assert!(!page.has("#queue li"));
    let shown = public.next();
    assert_eq!(
        (shown.event.as_str(), shown.comment()),
        ("comment:created", first)
    );
    assert_eq!(shown.data["count"], 1);
    assert_eq!(hers.next().event, "comment:approved");
    let approved = told.next_of("comment:approved");
    assert_eq!(
        (approved.comment(), &approved.data["desk"]["waiting"]),
        (first, &0.into())
    );
    assert_eq!(
        site.post("hello").texts("#threads .comment .prose"),
        ["held: no issue time"]
    );

    // Whoever is answered is told when the answer is approved; deciding twice changes nothing.
    let reply = site.visitor().reply("hello", first, "Ben", "held as well");
    decide(&mut owner, "approve", &[reply]);
    let again = decide(&mut owner, "approve", &[reply]);
    assert!(
        again.location().ends_with("done=approve&n=0&left=1"),
        "{}",
        again.location()
    );
    assert_eq!(hers.next_of("reply:created").comment(), reply);
    assert_eq!(public.next().data["count"], 2);
    assert_eq!(
        site.ask("select comment_count from posts where slug = 'hello'"),
        2
    );
}

#[test]
fn a_rejected_comment_can_come_back_and_an_erased_one_cannot() {
    let (site, mut owner) = desk_that_holds();
    site.publish("hello", "Hello", "Text");
    let mut ann = site.visitor();
    let first = ann.comment("hello", "Ann", "held: a question");
    let mut hers = watch(&site, &ann, "/me/events", "visitor");
    let answer = ann.reply("hello", first, "Ann", "held: the answer to it");
    assert_eq!(hers.next().event, "comment:pending");

    let early = decide(&mut owner, "approve", &[answer]);
    assert!(
        early.location().ends_with("done=approve&n=0&left=1"),
        "nobody sees what it answers"
    );
    let rejected = decide(&mut owner, "reject", &[first]);
    for id in [first, answer] {
        let word = hers.next();
        assert_eq!(
            (word.event.as_str(), word.comment()),
            ("comment:rejected", id)
        );
    }
    assert_eq!(
        site.ask("select count(*) from comments where status = 'rejected'"),
        2
    );
    let list = owner
        .get("/admin/comments?show=rejected")
        .expect(200)
        .page();
    assert_eq!(list.count("#queue-list li"), 2);

    let page = owner.get(rejected.location()).expect(200).page();
    let undo = page.form("form.notice");
    let fields = [&undo.fields()[..], &[("do", "undo")]].concat();
    owner.submit(&undo.action, &fields).expect(303);
    assert_eq!(hers.next_of("comment:pending").comment(), first);
    decide(&mut owner, "approve", &[answer, first]);
    assert_eq!(hers.next_of("comment:approved").comment(), first);

    let spam = site.comment("hello", "Best Pans 4U", "held: cheap pans");
    let json = [("Accept", "application/json"), FORM];
    let body = format!("do=delete&ids={spam}&ids=99999");
    let told = owner.send("POST", "/admin/comments", &json, body.as_bytes());
    let told = told.expect(200).json();
    assert_eq!((&told["done"][0], &told["left"]), (&spam.into(), &1.into()));
    let words = "select count(*) from comments where body like '%pans%' or name like '%Pans%'";
    assert_eq!(site.ask(words), 0);
    decide(&mut owner, "erase", &[spam]);
    assert_eq!(site.ask("select count(*) from deleted_comments"), 0);
    let restored = decide(&mut owner, "restore", &[spam]);
    assert!(restored.location().contains("n=0&left=1"));
    assert_eq!(
        site.ask("select count(*) from comments where status = 'pending'"),
        0
    );
    for path in ["/events?after=0", "/posts/hello/events?after=0"] {
        assert!(!site.get_json(path).to_string().contains("pans"), "{path}");
    }
    let stranger = site
        .visitor()
        .submit("/admin/comments", &[("do", "approve"), ("ids", "1")]);
    stranger.expect(401);
}

/// Signs in, in a window.
fn sign_in(site: &Site, window: &Window) {
    window.open(&site.url("/admin"));
    window.fill("#l-password", PASSWORD);
    window.click("main button.main");
    // Asked again and again, because the page that is asked goes away.
    eventually("the desk opens", || window.count("#desk") == 1);
}

#[test]
fn what_is_done_in_one_window_of_the_desk_appears_in_the_other() {
    let (site, mut owner) = desk_that_holds();
    site.publish("hello", "Hello", "Text");
    let rig = Desk::new();
    let (board, list) = (rig.window(), rig.window());
    sign_in(&site, &board);
    sign_in(&site, &list);
    list.open(&site.url("/admin/posts?show=drafts"));
    for window in [&board, &list] {
        window.wait_for("#desk[data-live=live]");
    }
    let editor = write(&mut owner, "Debt as a table", "draft");
    let row = editor.replace("/admin/posts/", "#board #post-");
    let at = |status: &str| format!("{row}[data-status={status}]");
    for window in [&board, &list] {
        window.wait_for(&at("draft"));
    }
    press(&mut owner, &editor, "published");
    board.wait_for(&at("published"));
    list.wait_until_gone(&row);
    press(&mut owner, &editor, "draft");
    list.wait_for(&at("draft"));
    board.wait_for(&at("draft"));
    owner.submit(&format!("{editor}/trash"), &[]).expect(303);
    board.wait_until_gone(&row);
    list.wait_until_gone(&row);
    let back = owner.submit(&format!("{editor}/restoration"), &[]);
    back.expect(303);
    board.wait_for(&at("draft"));
    site.publish("from-a-file", "From a file", "Text");
    board.wait_for_text("#board", "From a file");
    board.wait_for_text("#beat li:first-child", "From a file");

    let held = site.comment("hello", "Ann", "held: no issue time");
    board.wait_for(&format!("#case-{held}"));
    board.wait_for_text("h2 .n-waiting", "1");
    board.click("#pick-all input");
    board.click("button[value=approve]");
    eventually("it is approved", || board.count("#queue .notice") == 1);
    assert!(
        site.get("/posts/hello")
            .text()
            .contains("held: no issue time")
    );
    owner.submit("/admin/sessions/end", &[]).expect(303);
    board.wait_for_text("#live-state", "Signed out");
    for window in [&board, &list] {
        window.has_a_clean_console();
    }
}
