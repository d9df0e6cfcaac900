//! What is new in a page since an event: marked, counted, and found where it stands.

use crate::site::Site;

#[test]
fn a_page_asked_since_an_event_marks_what_was_written_or_changed_after_it() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let old = ann.comment("hello", "Ann", "old");
    let changed = ann.comment("hello", "Ann", "will change");
    let seen = site.head();
    ann.edit(changed, "has changed");
    let new = site.comment("hello", "Bob", "new");
    let answer = site.visitor().reply("hello", old, "Cid", "also new");

    let page = site
        .get(&format!("/posts/hello?since={seen}"))
        .expect(200)
        .page();
    assert_eq!(page.count("[data-state=new]"), 3);
    for id in [changed, new, answer] {
        assert_eq!(page.text(&format!("#comment-{id} .badge")), "new");
    }
    assert!(
        page.text("#news")
            .starts_with("3 new since your last visit")
    );
    assert_eq!(
        page.attribute("#news a", "href"),
        format!("#comment-{answer}"),
        "the first on the page"
    );
    let page = site
        .get(&format!("/posts/hello?since={}", site.head()))
        .expect(200)
        .page();
    assert_eq!(page.text("#news"), "Nothing new since your last visit.");
    assert_eq!(page.count("[data-state=new]"), 0);
}

#[test]
fn where_nothing_is_said_nothing_is_marked_and_ones_own_is_no_news() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    ann.comment("hello", "Ann", "mine");
    let page = site.post("hello");
    assert_eq!(
        (page.count("#news"), page.count("[data-state=new]")),
        (0, 0)
    );
    let page = ann.get("/posts/hello?since=0").expect(200).page();
    assert_eq!(page.text("#news"), "Nothing new since your last visit.");
    let page = site.get("/posts/hello?since=0").expect(200).page();
    assert_eq!(page.count("[data-state=new]"), 1);
    assert!(page.has("link[rel=canonical][href$='/posts/hello']"));
}

#[test]
fn without_javascript_the_link_that_checks_for_comments_marks_those_that_came() {
    let site = Site::with_post("hello");
    site.comment("hello", "Ann", "seen");
    let check = site.post("hello").attribute(".nojs a", "href");
    let new = site.comment("hello", "Bob", "came meanwhile");
    let page = site
        .get(check.split('#').next().unwrap())
        .expect(200)
        .page();
    assert!(page.has(&format!("#comment-{new}[data-state=new]")));
    assert_eq!(page.count("[data-state=new]"), 1);
}

#[test]
fn a_cursor_that_tells_nothing_marks_nothing_and_says_so() {
    let mut site = Site::with_post("hello");
    for n in 0..4 {
        site.comment("hello", "Ann", &format!("{n}"));
    }
    site.kill();
    let file = site.database_for_surgery();
    file.execute_batch(
        "insert into trimmed select 'post:' || post_id, max(id) - 1 from events group by post_id;
         delete from events where id <= (select max(id) from trimmed)",
    )
    .unwrap();
    drop(file);
    site.serve();
    for since in ["1", "99999", "yesterday", "-1", "%00"] {
        let page = site
            .get(&format!("/posts/hello?since={since}"))
            .expect(200)
            .page();
        assert_eq!(page.count("[data-state=new]"), 0, "{since}");
        assert!(page.text("#news").contains("too long ago"), "{since}");
    }
    let floor = site.head() - 1;
    let page = site
        .get(&format!("/posts/hello?since={floor}"))
        .expect(200)
        .page();
    assert_eq!(page.count("[data-state=new]"), 1, "exactly there is fine");
}

#[test]
fn the_first_that_is_new_may_stand_on_another_page() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    for n in 0..101 {
        ann.comment("hello", "Ann", &format!("thread {n}"));
    }
    let seen = site.head();
    let new = site.comment("hello", "Bob", "on the second page");
    let page = site
        .get(&format!("/posts/hello?since={seen}"))
        .expect(200)
        .page();
    let there = page.attribute("#news a", "href");
    assert_eq!(
        there,
        format!("/posts/hello?comments=2&since={seen}#comment-{new}")
    );
    let page = site
        .get(there.split('#').next().unwrap())
        .expect(200)
        .page();
    assert!(page.has(&format!("#comment-{new}[data-state=new]")));
}
