//! Comments that wait: too many at once, changes that a rule holds, and rules that cannot be read.

use std::time::Duration;

use crate::flooding::{PENDING, PUBLISHED, guarded};
use crate::site::Site;

#[test]
fn too_many_comments_within_an_hour_wait_and_are_not_lost() {
    let site = guarded();
    let form = site.post("hello").form("form.composer");
    // Three seconds is the age from which a form is believed.
    site.follow("hello")
        .stays_silent_for(Duration::from_millis(3200));
    for n in 0..62 {
        let mut visitor = site.visitor();
        let said = format!("number {n}");
        let form = form.clone().with("name", "Somebody").with("body", &said);
        visitor.submit_form(&form).expect(303);
    }
    assert_eq!((site.ask(PUBLISHED), site.ask(PENDING)), (60, 2));
}

#[test]
fn a_change_that_adds_what_a_rule_holds_waits_and_leaves_open_pages() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "no links at all");
    let mut stream = site.follow("hello");
    let links = "https://a.example https://b.example https://c.example https://d.example";
    ann.edit(id, links);
    let gone = stream.next_of("comment:deleted");
    assert_eq!((gone.comment(), gone.data["count"].as_i64()), (id, Some(0)));
    assert!(!site.get("/posts/hello").text().contains("a.example"));
    assert!(
        !site
            .get_json("/events?after=0")
            .to_string()
            .contains("a.example")
    );
    assert!(
        ann.post("hello")
            .text(".comment")
            .contains("awaiting approval")
    );
    let why = format!("select held_for = 'it has 4 links' from comments where id = {id}");
    assert_eq!(site.ask(&why), 1);
    site.rowlog(&["check"]).worked();

    // Once the owner has let it through, it is hers to change as long as no further rule holds it.
    site.set_up();
    let approve = [("do", "approve"), ("ids", &*id.to_string())];
    site.owner().submit("/admin/comments", &approve).expect(303);
    assert_eq!(stream.next_of("comment:created").comment(), id);
    ann.edit(id, &format!("See {links}"));
    assert!(stream.next_of("comment:updated").html().contains("See"));
}

#[test]
fn where_every_comment_waits_every_change_waits_as_well() {
    let site = Site::with_post("hello");
    site.set_up();
    let mut maren = site.owner();
    maren
        .submit("/admin/settings", &[("moderation", "all")])
        .expect(303);
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "good");
    let approve = [("do", "approve"), ("ids", &*id.to_string())];
    maren.submit("/admin/comments", &approve).expect(303);
    assert_eq!(site.ask(PUBLISHED), 1);
    ann.edit(id, "good");
    assert_eq!(site.ask(PUBLISHED), 1, "nothing has changed");
    maren.edit(id, "good, says the owner");
    assert_eq!(site.ask(PUBLISHED), 1, "the owner needs no leave");
    ann.edit(id, "bad");
    assert_eq!((site.ask(PUBLISHED), site.ask(PENDING)), (0, 1));
}

#[test]
fn a_tombstone_that_only_a_change_hung_on_leaves_with_it_while_it_waits() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let first = ann.comment("hello", "Ann", "a question");
    let answer = bob.reply("hello", first, "Bob", "an answer");
    ann.delete(first);
    let mut stream = site.follow("hello");
    bob.edit(
        answer,
        "https://a.example https://b.example https://c.example https://d.example",
    );
    assert_eq!(stream.next_of("comment:deleted").comment(), answer);
    let bare = stream.next_of("comment:deleted");
    assert_eq!((bare.comment(), bare.data["html"].as_str()), (first, None));
    assert_eq!(
        site.post("hello").texts("#threads article"),
        Vec::<String>::new()
    );
}

#[test]
fn a_change_that_would_wait_is_refused_where_others_have_answered() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "a question");
    site.visitor().reply("hello", id, "Bob", "an answer");
    let links = "https://a.example https://b.example https://c.example https://d.example";
    let refused = ann
        .submit(&format!("/comments/{id}"), &[("body", links)])
        .expect(422);
    assert_eq!(refused.page().text("textarea"), links, "kept");
    assert!(refused.page().text("main").contains("Others have answered"));
    assert_eq!(site.ask(PUBLISHED), 2);
}

#[test]
fn a_rule_that_cannot_be_read_is_refused_with_what_was_typed() {
    let site = Site::with_post("hello");
    site.set_up();
    let mut maren = site.owner();
    let typed = [("hold_patterns", "fine\n(open"), ("max_links", "-1")];
    let refused = maren.submit("/admin/settings", &typed).expect(422).page();
    assert_eq!(refused.raw_text("#x-hold_patterns"), "fine\n(open");
    assert!(
        refused
            .text("#x-hold_patterns-e")
            .contains("“(open” is no pattern")
    );
    assert!(refused.has("#x-max_links-e"));
    let told = [("hold_words", "pans"), ("max_links", "0")];
    maren.submit("/admin/settings", &told).expect(303);
    site.comment("hello", "Ann", "Buy my PANS");
    site.comment("hello", "Pans", "hello");
    site.comment("hello", "Bob", "see https://a.example");
    assert_eq!((site.ask(PUBLISHED), site.ask(PENDING)), (0, 3));
    maren.say("hello", &[("body", "Pans: https://a.example")]);
    assert_eq!(site.ask(PUBLISHED), 1, "the owner's own never waits");
}
