//! The promises: what the log and the pages keep to, whatever else changes.

use std::time::Duration;

use serde_json::json;

use crate::browser::Desk;
use crate::site::Site;

#[test]
fn a_row_and_its_event_are_committed_together_or_not_at_all() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "before");
    site.stop();
    let refuse = "create trigger refuse before insert on events begin select raise(abort, 'no room in the log'); end";
    site.database_for_surgery().execute_batch(refuse).unwrap();
    site.serve();
    let answer = site.submit(
        "/posts/hello/comments",
        &[("name", "Ann"), ("body", "without an event")],
    );
    assert!(answer.status() >= 500, "{:?}", answer.head);
    assert!(
        !answer.text().contains("no room in the log"),
        "a stranger reads the cause"
    );
    assert!(
        answer.page().text("textarea").contains("without an event"),
        "the text is lost"
    );
    assert_eq!(
        site.ask("select count(*) from comments where body = 'without an event'"),
        0
    );

    site.stop();
    site.database_for_surgery()
        .execute_batch("drop trigger refuse")
        .unwrap();
    site.serve();
    site.comment("hello", "Ann", "after");
    let created = "select count(*) from events where kind = 'comment:created'";
    assert_eq!(site.ask(created), 2);
    assert_eq!(site.ask("select count(*) from comments"), 2);
    assert_eq!(
        site.ask(&format!(
            "{created} and subject not in (select id from comments)"
        )),
        0
    );
}

#[test]
fn no_gap_between_page_and_stream() {
    let site = Site::with_post("hello");
    let early = site.comment("hello", "Ann", "before the page");
    let page = site.post("hello");
    let late = site.comment("hello", "Ann", "between page and stream");
    let (events, after) = (
        page.attribute("#comments", "data-events"),
        page.attribute("#comments", "data-after"),
    );
    let at = page.attribute("#comments", "data-at");
    assert_eq!(events, "/posts/hello/events");
    let mut stream = site.stream(&format!("{events}?after={after}&at={at}"), &[]);
    assert_eq!(stream.hello.data["missed"], 1);
    assert_eq!(
        stream.next().comment(),
        late,
        "exactly what the page does not hold"
    );
    assert!(page.has(&format!("#comment-{early}")) && !page.has(&format!("#comment-{late}")));
    stream.stays_silent_for(Duration::from_millis(200));
}

#[test]
fn events_may_be_delivered_twice() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let parent = ann.comment("hello", "Ann", "one");
    bob.reply("hello", parent, "Bob", "two");
    ann.edit(parent, "one, better");
    let gone = ann.comment("hello", "Ann", "three");
    ann.react(&format!("/comments/{parent}"), "love");
    ann.delete(gone);

    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    // But for the versions that the script remembers.
    let shown = "document.querySelector('#threads').innerHTML.replace(/ data-counts=\"\\d+\"/g, '').replace(/\\s+/g, ' ')";
    let before = window.eval(shown);
    // The same page again, but its stream starts at the beginning of the log, so that every event is told once more.
    let rewind = "document.addEventListener('readystatechange', () => {
        const comments = document.querySelector('#comments');
        if (comments && document.readyState === 'interactive') { comments.dataset.after = '0'; delete comments.dataset.at; }
    })";
    window.devtools(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({ "source": rewind }),
    );
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    // A last event, after all those that were told again.
    let last = site.comment("hello", "Cy", "the end");
    window.wait_for(&format!("#comment-{last}"));
    window.eval(&format!(
        "document.querySelector('#thread-{last}').remove()"
    ));
    assert_eq!(window.eval(shown), before);
}

#[test]
fn the_log_never_holds_content() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Quetzal", "quetzal, a bird");
    ann.edit(id, "quetzal, a green bird");
    site.publish("quetzal", "Quetzal", "quetzal");
    ann.react(&format!("/comments/{id}"), "love");
    ann.delete(id);
    let said =
        "select count(*) from events where kind || audience || ifnull(data, '') like '%quetzal%'";
    assert_eq!(site.ask(said), 0);
    assert!(site.ask("select count(*) from events") >= 5);
    let lines = site.rowlog(&["events", "--after", "0"]).worked().stdout;
    assert!(!lines.contains("a green bird"), "{lines}");
}

#[test]
fn a_deleted_text_is_in_no_replay_no_feed_and_no_page() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let leaf = ann.comment("hello", "Ann", "plugh was said here");
    let parent = ann.comment("hello", "Ann", "plugh was said there");
    bob.reply("hello", parent, "Bob", "hush");
    bob.react(&format!("/comments/{leaf}"), "love");
    ann.edit(parent, "plugh, again");
    ann.delete(leaf);
    ann.delete(parent);
    let mut outputs = Vec::new();
    for stream in ["/posts/hello/events?after=0", "/events?after=0"] {
        let replay = site.stream(stream, &[]).up_to(site.head());
        assert!(
            replay
                .iter()
                .any(|block| block.event == "comment:deleted" && block.comment() == leaf)
        );
        assert!(
            replay
                .iter()
                .any(|block| block.event == "comment:deleted" && block.comment() == parent)
        );
        outputs.push(format!("{replay:?}"));
        outputs.push(site.get_json(stream).to_string());
    }
    for page in [
        "/",
        "/posts/hello",
        "/comments.xml",
        "/posts/hello/comments.xml",
        "/feed.xml",
        "/feed.json",
    ] {
        outputs.push(site.get(page).expect(200).text());
    }
    for output in outputs {
        assert!(!output.contains("plugh"), "{output}");
    }
}

#[test]
fn a_text_is_in_no_replay_from_the_moment_its_deletion_is_answered() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    for n in 0..40 {
        let id = ann.comment("hello", "Ann", &format!("plugh {n}"));
        ann.delete(id);
        let replay = site.get_json("/posts/hello/events?after=0").to_string();
        assert!(!replay.contains("plugh"), "round {n}: {replay}");
    }
}

#[test]
fn what_is_acknowledged_is_behind_every_stream_that_opens_after_it() {
    let site = Site::with_post("hello");
    for n in 0..40 {
        let id = site.comment("hello", "Ann", &format!("line {n}"));
        let before = site.head() - 1;
        let replay = site.get_json(&format!("/posts/hello/events?after={before}"));
        assert_eq!(
            replay["events"][0]["comment"]["id"], id,
            "round {n}: {replay}"
        );
        let stream = site.follow_after("hello", before);
        assert_eq!(stream.hello.data["head"], before + 1, "round {n}");
    }
}

#[test]
fn a_visitor_gets_a_cookie_with_her_first_post_and_the_blog_keeps_only_its_hash() {
    let mut site = Site::with_post("hello");
    let mut ann = site.visitor();
    ann.get("/posts/hello");
    assert_eq!(ann.cookie("visitor"), None, "reading leaves a cookie");
    let answer = ann.submit(
        "/posts/hello/comments",
        &[
            ("name", "Ann"),
            ("body", "Hello"),
            ("email", "a+private@example.org"),
        ],
    );
    let cookie = answer.expect(303).header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly")
            && cookie.contains("SameSite=Lax")
            && !cookie.contains("Secure"),
        "{cookie}"
    );
    let secret = ann.cookie("visitor").unwrap().to_owned();
    assert!(secret.len() >= 32, "{secret}");
    ann.comment("hello", "Ann", "Again");
    assert_eq!(ann.cookie("visitor"), Some(secret.as_str()));
    assert_eq!(site.ask("select count(*) from visitors"), 1);

    let replay = format!("{:?}", site.follow_after("hello", 0).up_to(site.head()));
    for output in [
        replay,
        site.get("/posts/hello").text(),
        site.get("/comments.xml").text(),
    ] {
        assert!(!output.contains("a+private"), "her address is public");
    }
    site.stop();
    for file in std::fs::read_dir(site.data()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(
            !bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes()),
            "the file holds the cookie"
        );
    }
    assert!(!site.log_text().contains(&secret));
}

#[test]
fn a_name_that_was_taken_back_is_in_no_answer_to_it() {
    let site = Site::with_post("hello");
    let mut fourth = site.visitor();
    let mut chain = vec![site.comment("hello", "Aldous", "the first")];
    for name in ["Benedikt", "Cosima", "Quillan", "Eleonore", "Ferdinand"] {
        let parent = *chain.last().unwrap();
        let body = format!("says no. {}", chain.len() + 1);
        let id = match name {
            "Quillan" => fourth.reply("hello", parent, name, &body),
            _ => site.visitor().reply("hello", parent, name, &body),
        };
        chain.push(id);
    }
    let outputs = || {
        let mut outputs = Vec::new();
        let last = site.ask("select max(id) from events where audience = 'public'");
        for path in ["/events?after=0", "/posts/hello/events?after=0"] {
            let replay = site.stream(path, &[]).up_to(last);
            outputs.push(format!("{replay:?}"));
            outputs.push(site.get_json(path).to_string());
        }
        for page in ["/posts/hello", "/comments.xml", "/posts/hello/comments.xml"] {
            outputs.push(site.get(page).expect(200).text());
        }
        outputs
    };
    // Told once before, so that whatever is kept for the next reader holds the name.
    for output in outputs() {
        assert!(output.contains("Quillan"), "{output}");
    }
    let fifth = format!("#comment-{} header", chain[4]);
    let note = site.post("hello").text(&fifth);
    assert!(note.contains("in reply to Quillan"), "{note}");
    let mut open = site.follow("hello");
    fourth.delete(chain[3]);
    open.next_of("comment:deleted");
    for output in outputs() {
        assert!(!output.contains("Quillan"), "{output}");
        assert!(output.contains("Eleonore"), "{output}");
    }
}
