//! The owner as a host: changing what somebody wrote, pinning and closing a thread, keeping somebody out.

use crate::http::FORM;
use crate::queue::{blog_that_holds, decide, open_blog, undo, with_owner};
use crate::site::Site;

#[test]
fn the_owners_change_of_a_comment_is_marked_until_its_writer_changes_it() {
    let (site, mut owner) = open_blog();
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "rude");
    let mut public = site.follow("hello");
    let desk = format!("/admin/comments/{id}");
    let empty = owner.submit(&desk, &[("body", " ")]).expect(422).page();
    assert!(empty.has("#f-body[aria-invalid]"));
    let form = owner.get(&desk).expect(200).page().form("#edit");
    assert_eq!(form.value("body"), Some("rude"));
    let saved = owner.submit_form(&form.with("body", "*kind* <script>1</script>"));
    let page = owner.get(saved.expect(303).location()).expect(200).page();
    assert_eq!(page.text("#notice span"), "The change is saved.");
    let event = public.next_of("comment:updated");
    assert!(event.html().contains("edited by the author"), "{event:?}");
    assert!(event.html().contains("<em>kind</em>") && !event.html().contains("<script"));
    assert_eq!(site.post("hello").text(".edited"), "edited by the author");
    ann.edit(id, "kind, in my words");
    assert_eq!(
        public
            .next_of("comment:updated")
            .html()
            .matches("by the author")
            .count(),
        0
    );

    // What readers do not see is changed for nobody but the desk.
    decide(&mut owner, "spam", &[id]);
    let form = owner.get(&desk).expect(200).page().form("#edit");
    owner
        .submit_form(&form.with("body", "unseen words"))
        .expect(303);
    assert!(
        !site
            .get_json("/posts/hello/events?after=0")
            .to_string()
            .contains("unseen")
    );
    ann.get(&format!("/comments/{id}/edit")).expect(404);
}

#[test]
fn a_pinned_thread_stands_first_and_a_closed_one_takes_no_more_answers() {
    let (site, mut owner) = open_blog();
    let first = site.visitor().comment("hello", "Ann", "one");
    let second = site.visitor().comment("hello", "Ben", "two");
    let answer = site.visitor().reply("hello", second, "Cleo", "three");
    let mut public = site.follow("hello");
    let order = |site: &Site| site.post("hello").texts("#threads .prose");
    let pinned = decide(&mut owner, "pin", &[second]);
    assert!(
        public
            .next_of("comment:updated")
            .html()
            .contains(">pinned<")
    );
    assert_eq!(order(&site), ["two", "three", "one"]);
    let refused = decide(&mut owner, "pin", &[answer]);
    assert!(
        refused.location().contains("n=0&left=1"),
        "an answer stands with its thread"
    );
    undo(&mut owner, &pinned);
    public.next_of("comment:updated");
    assert_eq!(order(&site), ["one", "two", "three"]);

    let closed = decide(&mut owner, "close", &[second]);
    assert!(
        public
            .next_of("comment:updated")
            .html()
            .contains("data-closed")
    );
    let links = |site: &Site| site.post("hello").attributes("#threads .reply", "href");
    assert_eq!(
        links(&site),
        [format!("/posts/hello?reply={first}#respond")]
    );
    let asked = site
        .get(&format!("/posts/hello?reply={answer}"))
        .expect(200);
    assert_eq!(asked.page().form("form.composer").value("parent"), Some(""));
    let late = [
        ("name", "Dan"),
        ("body", "my late words"),
        ("parent", &*answer.to_string()),
    ];
    let late = site
        .visitor()
        .submit("/posts/hello/comments", &late)
        .expect(403);
    assert!(late.page().text("main").contains("takes no more answers"));
    assert_eq!(late.page().text("#typed"), "my late words");
    undo(&mut owner, &closed);
    site.visitor().reply("hello", answer, "Dan", "in time");
    assert_eq!(site.post("hello").count("#threads article"), 4);
}

#[test]
fn a_banned_visitor_is_told_so_and_keeps_the_words() {
    let (site, mut owner) = blog_that_holds();
    let mut eve = site.visitor();
    let id = eve.comment("hello", "Eve", "held: spam one");
    eve.comment("hello", "Eve", "held: spam two");
    let ban = [
        ("comment", &*id.to_string()),
        ("kind", "visitor"),
        ("why", "pans"),
        ("sweep", "1"),
    ];
    let banned = owner.submit("/admin/bans", &ban).expect(303);
    let page = owner.get(banned.location()).expect(200).page();
    assert!(
        page.text("#notice span")
            .contains("2 comments marked as spam")
    );
    let list = owner.get("/admin/bans").expect(200).page();
    assert!(list.text("main li").contains("Eve") && list.text("main li").contains("pans"));

    let words = [("name", "Eve"), ("body", "more pans")];
    let refused = eve.submit("/posts/hello/comments", &words).expect(403);
    let told = "The owner of this blog has asked you not to write here.";
    assert!(refused.page().text("main").contains(told));
    assert_eq!(refused.page().text("#typed"), "more pans");
    let json = [("Accept", "application/json"), FORM];
    let refused = eve.send("POST", "/posts/hello/comments", &json, b"name=Eve&body=x");
    assert_eq!(refused.expect(403).json()["error"], told);
    eve.submit("/posts/hello/reactions", &[("kind", "love")])
        .expect(403);
    assert_eq!(site.ask("select count(*) from comments"), 2);
    assert_eq!(site.ask("select count(*) from reactions"), 0);
    eve.get("/posts/hello").expect(200);
    site.visitor().react("/posts/hello", "love");

    undo(&mut owner, &banned);
    assert_eq!(
        site.ask("select count(*) from comments where status = 'pending'"),
        2
    );
    eve.react("/posts/hello", "love");
    owner.submit("/admin/bans", &ban).expect(303);
    let lift = owner.get("/admin/bans").expect(200).page();
    let lifted = owner.submit_form(&lift.form("main li form")).expect(303);
    eve.react("/posts/hello", "love");
    let again = undo(&mut owner, &lifted);
    assert!(again.text("main li").contains("Eve"));
    eve.submit("/posts/hello/reactions", &[("kind", "love")])
        .expect(403);
}

#[test]
fn a_banned_client_is_kept_out_under_any_name_for_as_long_as_it_is_known() {
    let (mut site, mut owner) = with_owner(Site::guarded());
    let from_there = |site: &Site| site.visitor().coming_from("203.0.113.9");
    let id = from_there(&site).comment("hello", "Eve", "Cheap pans!");
    let client = [("comment", &*id.to_string()), ("kind", "client")];
    owner.submit("/admin/bans", &client).expect(303);
    let mut mallory = from_there(&site);
    let words = [("name", "Mallory"), ("body", "more pans")];
    let refused = mallory.submit("/posts/hello/comments", &words).expect(403);
    assert_eq!(refused.page().text("#typed"), "more pans");
    mallory
        .submit("/posts/hello/reactions", &[("kind", "love")])
        .expect(403);
    site.visitor().react("/posts/hello", "love");
    site.stop();
    site.database_for_surgery()
        .execute("update comments set client = null", [])
        .unwrap();
    site.serve();
    let unknown = owner.submit("/admin/bans", &client).expect(409);
    assert!(unknown.text().contains("not known any more"));
}
