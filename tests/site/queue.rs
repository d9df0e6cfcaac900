//! Moderation: what the owner decides about comments, how they are listed, and taking it back.

use crate::browser::{Desk, Window};
use crate::http::Answer;
use crate::page::Page;
use crate::site::{PASSWORD, Site};
use crate::stream::Stream;
use crate::visitor::Visitor;
use crate::waiting::eventually;

/// A blog with a post and an owner who is signed in; comments are published at once.
pub fn open_blog() -> (Site, Visitor) {
    with_owner(Site::start())
}

/// The same with limits: a comment that comes without its form is held.
pub fn blog_that_holds() -> (Site, Visitor) {
    with_owner(Site::guarded())
}

/// The same of any blog.
pub fn with_owner(site: Site) -> (Site, Visitor) {
    site.set_up();
    site.publish("hello", "Hello", "Text");
    let owner = site.owner();
    (site, owner)
}

/// Decides about these comments in the queue.
pub fn decide(owner: &mut Visitor, decision: &str, ids: &[i64]) -> Answer {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    let mut fields = vec![("do", decision), ("back", "/admin/comments?show=all")];
    fields.extend(ids.iter().map(|id| ("ids", id.as_str())));
    owner.submit("/admin/comments", &fields).expect(303)
}

/// Follows the answer to a decision and presses the Undo of its page.
pub fn undo(owner: &mut Visitor, decided: &Answer) -> Page {
    let page = owner.get(decided.location()).expect(200).page();
    let form = page.form("#notice");
    let fields = [&form.fields()[..], &[("do", "undo")]].concat();
    let undone = owner.submit(&form.action, &fields).expect(303);
    owner.get(undone.location()).expect(200).page()
}

fn listed(owner: &mut Visitor, query: &str) -> Vec<String> {
    let path = format!("/admin/comments?{query}");
    let page = owner.get(&path).expect(200).page();
    page.texts("#queue-list strong")
}

fn watch(site: &Site, who: &Visitor, path: &str, cookie: &str) -> Stream {
    let cookie = format!("{cookie}={}", who.cookie(cookie).expect("the cookie"));
    site.stream(path, &[("Cookie", &cookie)])
}

#[test]
fn whatever_hides_a_published_comment_is_told_to_everyone_and_undone_by_one_press() {
    let (site, mut owner) = open_blog();
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "a word about the tide");
    let (mut public, mut told) = (
        site.follow("hello"),
        watch(&site, &owner, "/admin/events", "session"),
    );
    let before = site.post("hello").texts("#threads .comment .prose");
    for (decision, done, status) in [
        ("hold", "put into the queue", "pending"),
        ("reject", "rejected", "rejected"),
        ("spam", "marked as spam", "spam"),
        ("delete", "deleted", "deleted"),
    ] {
        let decided = decide(&mut owner, decision, &[id]);
        let gone = public.next();
        assert_eq!(
            (gone.event.as_str(), gone.comment()),
            ("comment:deleted", id)
        );
        assert_eq!(
            (gone.data["count"].as_i64(), gone.data["html"].is_null()),
            (Some(0), true)
        );
        assert!(!site.get("/posts/hello").text().contains("tide"));
        assert!(
            !site
                .get_json("/posts/hello/events?after=0")
                .to_string()
                .contains("tide")
        );
        assert!(!site.get("/search?q=tide").text().contains("about the tide"));
        let heard = told.next_of("comment:deleted");
        let row = heard.data["desk"]["queue"].to_string();
        assert!(row.contains("tide") && row.contains(status), "{row}");
        let count = heard.data["desk"]["counts"][format!("comments-{status}")].as_i64();
        assert_eq!(count, Some(1), "{decision}");
        assert_eq!(listed(&mut owner, &format!("show={status}")), ["Ann"]);

        let page = owner.get(decided.location()).expect(200).page();
        assert_eq!(page.text("#notice span"), format!("1 comment {done}."));
        let undone = undo(&mut owner, &decided);
        assert_eq!(undone.text("#notice span"), "Taken back: 1 decision.");
        let back = public.next();
        assert_eq!(
            (back.event.as_str(), back.comment()),
            ("comment:created", id)
        );
        assert_eq!(back.data["count"], 1);
        assert_eq!(site.post("hello").texts("#threads .comment .prose"), before);
        told.next_of("comment:approved");
    }
    let facts = "select count(*) from events where json_extract(data, '$.by') = 'owner'
        and json_extract(data, '$.from') is not null and json_extract(data, '$.to') is not null";
    assert_eq!(site.ask(facts), 8, "each decision and each way back");
    site.rowlog(&["check"]).worked();
}

#[test]
fn answers_to_a_hidden_comment_stay_under_a_stone_that_names_nobody() {
    let (site, mut owner) = open_blog();
    let first = site.visitor().comment("hello", "Quillan", "hide me");
    let answer = site.visitor().reply("hello", first, "Ben", "I answer");
    let mut public = site.follow("hello");
    for decision in ["hold", "reject", "spam", "delete"] {
        let decided = decide(&mut owner, decision, &[first]);
        let gone = public.next();
        assert!(gone.html().contains("[comment deleted]"), "{gone:?}");
        let page = site.post("hello");
        assert_eq!(page.texts("#threads .prose"), ["I answer"]);
        assert!(page.has(&format!("#comment-{first}[data-state=deleted]")));
        for path in [
            "/posts/hello",
            "/posts/hello/comments.xml",
            "/posts/hello/events?after=0",
        ] {
            let text = match path.contains("events") {
                true => site.get_json(path).to_string(),
                false => site.get(path).text(),
            };
            assert!(
                !text.contains("Quillan") && !text.contains("hide me"),
                "{decision} {path}"
            );
        }
        undo(&mut owner, &decided);
        assert_eq!(public.next().comment(), first);
    }
    let json = site.post("hello");
    assert_eq!(json.count("#threads .replies article"), 1);
    decide(&mut owner, "hold", &[first, answer]);
    assert_eq!(site.post("hello").count("#threads article"), 0);
}

#[test]
fn a_bulk_of_decisions_is_taken_back_to_where_each_comment_stood() {
    let (site, mut owner) = blog_that_holds();
    let ann = site.comment("hello", "Ann", "held one");
    let ben = site.comment("hello", "Ben", "held two");
    let mut cleo = site.visitor();
    let waiting = cleo.comment("hello", "Cleo", "held three");
    let behind = cleo.reply("hello", waiting, "Cleo", "held four");
    decide(&mut owner, "approve", &[ann]);
    decide(&mut owner, "reject", &[ben]);
    let before = "select group_concat(status, ' ') = 'published rejected pending pending'
        from (select status from comments order by id)";
    assert_eq!(site.ask(before), 1);

    let decided = decide(&mut owner, "spam", &[ann, ben, waiting, behind, 999]);
    assert!(
        decided.location().contains("done=spam&n=4&left=1"),
        "{}",
        decided.location()
    );
    assert_eq!(
        site.ask("select count(*) from comments where status = 'spam'"),
        4
    );
    let page = undo(&mut owner, &decided);
    assert_eq!(page.text("#notice span"), "Taken back: 4 decisions.");
    assert_eq!(site.ask(before), 1);
    assert_eq!(
        site.ask("select comment_count from posts where slug = 'hello'"),
        1
    );

    // What was decided otherwise since stays so.
    let decided = decide(&mut owner, "spam", &[ben]);
    decide(&mut owner, "approve", &[ben]);
    let page = undo(&mut owner, &decided);
    let said = page.text("#notice span");
    assert!(said.contains("1 left"), "{said}");
    assert_eq!(
        site.ask("select comment_count from posts where slug = 'hello'"),
        2
    );

    // One button of one comment, whatever else is chosen.
    let one = [("do", format!("spam:{ann}")), ("ids", ben.to_string())];
    let one: Vec<(&str, &str)> = one.iter().map(|(name, id)| (*name, id.as_str())).collect();
    owner.submit("/admin/comments", &one).expect(303);
    let spam = "select id from comments where status = 'spam'";
    assert_eq!(site.ask(spam), ann);
}

#[test]
fn the_lists_are_narrowed_by_post_writer_reason_and_words_and_paged_to_the_oldest() {
    let (site, mut owner) = blog_that_holds();
    site.publish("other", "Another", "Text");
    let mut ann = site.visitor();
    let first = ann.comment("hello", "Ann", "held: the Cheap pans");
    ann.comment("other", "Ann", "held: something else");
    site.visitor().comment("other", "Ben", "held: cheap talk");
    let page = site.post("hello").form("form.composer");
    let page = page
        .with("name", "Eve")
        .with("body", "a robot")
        .with("website", "x");
    site.visitor().submit_form(&page).expect(303);
    assert_eq!(listed(&mut owner, ""), ["Eve", "Ben", "Ann", "Ann"]);
    assert_eq!(listed(&mut owner, "q=CHEAP"), ["Ben", "Ann"]);
    assert_eq!(listed(&mut owner, "q=cheap+ann"), ["Ann"]);
    assert_eq!(listed(&mut owner, "q=%25"), [""; 0]);
    let post = site.ask("select id from posts where slug = 'other'");
    assert_eq!(listed(&mut owner, &format!("post={post}")), ["Ben", "Ann"]);
    let writer = site.ask(&format!(
        "select visitor_id from comments where id = {first}"
    ));
    let hers = format!("writer={writer}");
    assert_eq!(listed(&mut owner, &hers), ["Ann", "Ann"]);
    decide(&mut owner, "delete", &[first]);
    assert_eq!(
        listed(&mut owner, &format!("show=all&{hers}")),
        ["Ann", "Ann"]
    );
    assert_eq!(listed(&mut owner, &format!("show=deleted&{hers}")), ["Ann"]);
    assert_eq!(listed(&mut owner, "show=published"), [""; 0]);

    let page = owner.get("/admin/comments").expect(200).page();
    let reasons = page.attributes(".limits a", "href");
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    let trapped = reasons.iter().find(|path| path.contains("people")).unwrap();
    let trapped = owner.get(trapped).expect(200).page();
    assert_eq!(trapped.texts("#queue-list strong"), ["Eve"]);

    for n in 0..60 {
        site.visitor().comment("hello", &format!("N{n}"), "held");
    }
    let page = owner.get("/admin/comments?q=held").expect(200).page();
    let mut seen = page.texts("#queue-list strong");
    assert_eq!(seen.len(), 50);
    let older = page.attribute("#pages [rel=next]", "href");
    let rest = owner.get(&older).expect(200).page();
    assert!(!rest.has("#pages [rel=next]"));
    seen.extend(rest.texts("#queue-list strong"));
    let mut all: Vec<String> = (0..60).rev().map(|n| format!("N{n}")).collect();
    all.extend(["Ben".into(), "Ann".into()]);
    assert_eq!(seen, all);
}

#[test]
fn what_the_owner_deleted_is_kept_for_the_owner_alone_until_it_is_erased() {
    let (mut site, mut owner) = open_blog();
    let (mut ann, mut ben) = (site.visitor(), site.visitor());
    let hers = ann.comment("hello", "Ann", "thalassocracy of the first");
    let his = ben.comment("hello", "Ben", "thalassocracy of the second");
    site.visitor().react(&format!("/comments/{hers}"), "love");
    owner
        .submit(&format!("/comments/{hers}/deletion"), &[])
        .expect(303);
    decide(&mut owner, "delete", &[his]);
    for reader in [&mut ann, &mut ben, &mut site.visitor()] {
        for path in ["/posts/hello", "/search?q=thalassocracy", "/comments.xml"] {
            assert!(!reader.get(path).text().contains("of the "), "{path}");
        }
    }
    let export = ben.get("/me/export").expect(200).text();
    assert!(export.contains("thalassocracy of the second"), "it is his");
    let restored = decide(&mut owner, "restore", &[hers]);
    assert!(restored.location().contains("n=1"));
    let back = site.post("hello");
    assert_eq!(
        back.texts("#threads .prose"),
        ["thalassocracy of the first"]
    );
    assert_eq!(back.text("#threads .react button[value=love] .n"), "1");

    decide(&mut owner, "delete", &[hers]);
    decide(&mut owner, "erase", &[hers]);
    ben.submit("/me/erasure", &[("sure", "yes")]);
    let left = site.ask("select count(*) from deleted_comments");
    assert_eq!(
        left,
        i64::from(ben.get("/me").text().contains("Ben")),
        "erased with him"
    );
    site.stop();
    let file = std::fs::read(site.data().join("rowlog.db")).expect("the file can be read");
    let text = String::from_utf8_lossy(&file);
    assert!(!text.contains("thalassocracy of the first"));
    assert!(!text.contains("thalassocracy of the second"));
}

/// Signs in, in a window, and opens the list of comments.
fn open_queue(site: &Site, window: &Window) {
    window.open(&site.url("/admin/login?next=%2Fadmin%2Fcomments"));
    window.fill("#l-password", PASSWORD);
    window.click("main button.main");
    eventually("the list opens", || window.count("#queue-list") == 1);
    window.wait_for("#desk[data-live=live]");
}

#[test]
fn a_queue_is_judged_by_the_keyboard_and_every_open_desk_follows() {
    let (site, mut owner) = blog_that_holds();
    let ids: Vec<i64> = ["Ann", "Ben", "Cleo", "Dan", "Eve"]
        .iter()
        .map(|name| site.visitor().comment("hello", name, "held: no issue time"))
        .collect();
    let rig = Desk::new();
    let (window, other) = (rig.window(), rig.window());
    for window in [&window, &other] {
        open_queue(&site, window);
    }
    let case = |at: usize| format!("#case-{}", ids[at]);
    let focused = |at: usize| window.wait_for(&format!("{}:focus", case(at)));

    window.press("j");
    focused(4);
    window.press("j");
    focused(3);
    window.press("k");
    focused(4);
    window.press("a");
    focused(3);
    for window in [&window, &other] {
        window.wait_until_gone(&case(4));
    }
    window.wait_for_text("#notice", "1 comment approved.");
    window.press("x");
    window.press("j");
    focused(2);
    window.press("x");
    window.press("s");
    window.wait_for_text("#notice", "2 comments marked as spam.");
    for at in [3, 2] {
        other.wait_until_gone(&case(at));
    }
    focused(1);
    other.wait_for_text("[data-count=comments-spam]", "2");
    window.press("u");
    window.wait_for_text("#notice", "Taken back: 2 decisions.");
    for window in [&window, &other] {
        window.wait_for(&case(3));
        window.wait_for(&case(2));
    }
    assert_eq!(
        window.eval("[...document.querySelectorAll('#queue-list > li strong')].map(it => it.textContent).join(' ')"),
        "Dan Cleo Ben Ann"
    );
    window.press("?");
    window.wait_for("#keys[open]");
    window.press("r");
    window.click("#keys button");
    window.wait_until_gone("#keys[open]");
    assert_eq!(
        site.ask("select count(*) from comments where status = 'rejected'"),
        0
    );
    window.press("/");
    window.wait_for("#q:focus");
    window.type_text("ad");
    assert_eq!(window.eval("document.querySelector('#q').value"), "ad");
    window.click(&format!("{} .acts button[value^=delete]", case(0)));
    window.wait_until_gone(&case(0));
    decide(&mut owner, "reject", &[ids[1]]);
    window.wait_until_gone(&case(1));
    for window in [&window, &other] {
        window.has_a_clean_console();
    }
}
