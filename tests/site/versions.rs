//! Taking back what was written: every version of a text, and the trash.

use crate::writing::{desk, press, titles, write};

#[test]
fn every_text_a_post_had_can_be_seen_and_taken_up_again() {
    let (site, mut owner) = desk();
    let editor = write(
        &mut owner,
        &[
            ("title", "Tides"),
            ("body", "one\n\ntwo\n\nthree"),
            ("status", "published"),
        ],
    );
    press(
        &mut owner,
        &editor,
        &[("body", "one\n\nTWO <b>\n\nthree")],
        "published",
    )
    .expect(303);
    site.publish("tides", "Tides", "From a file.");

    let list = owner.get(&format!("{editor}/revisions")).expect(200).page();
    let versions = list.attributes("ol.posts li a", "href");
    assert_eq!(versions.len(), 3, "the file's too");
    let second = owner.get(&versions[1]).expect(200).page();
    assert_eq!(
        (second.texts("del"), second.texts("ins")),
        (vec!["two".into()], vec!["TWO <b>".into()])
    );
    owner.get(&format!("{editor}/revisions/999")).expect(404);

    owner
        .submit(&format!("{}/restoration", versions[2]), &[])
        .expect(303);
    assert!(
        site.post("tides")
            .text(".e-content")
            .contains("From a file."),
        "readers see no change yet"
    );
    press(&mut owner, &editor, &[], "published").expect(303);
    assert_eq!(
        site.post("tides").texts(".e-content p"),
        ["one", "two", "three"]
    );
}

#[test]
fn the_trash_gives_back_what_was_put_into_it() {
    let (site, mut owner) = desk();
    let editor = write(
        &mut owner,
        &[("title", "Bread"), ("body", "x"), ("status", "published")],
    );
    let comment = site.comment("bread", "Ann", "Lovely");
    let mut news = site.stream("/events", &[]);
    owner.submit(&format!("{editor}/erasure"), &[]).expect(404);
    owner.submit(&format!("{editor}/trash"), &[]).expect(303);
    assert_eq!(news.next().event, "post:deleted");
    site.get("/posts/bread").expect(404);
    assert_eq!(
        titles(&owner.get("/admin/posts?show=trash").expect(200).page()),
        ["Bread"]
    );
    assert!(!titles(&owner.get("/admin/posts").expect(200).page()).contains(&"Bread".to_owned()));

    owner
        .submit(&format!("{editor}/restoration"), &[])
        .expect(303);
    assert_eq!(news.next().event, "post:published");
    assert!(site.post("bread").has(&format!("#comment-{comment}")));

    owner.submit(&format!("{editor}/trash"), &[]).expect(303);
    owner.submit(&format!("{editor}/erasure"), &[]).expect(303);
    owner.get(&editor).expect(404);
    assert_eq!(site.ask("select count(*) from comments"), 0);
    assert!(
        site.rowlog(&["check"]).worked().stdout.contains("sound")
            || site.rowlog(&["check"]).code == Some(0)
    );
}
