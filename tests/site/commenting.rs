//! Commenting by plain forms: what a visitor may say, change and take back.

use std::time::Duration;

use crate::page::Page;
use crate::site::Site;
use crate::visitor::comment_in;

const QUARTER: Duration = Duration::from_secs(15 * 60);

#[test]
fn a_comment_is_on_the_page_and_its_address_leads_to_it() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let answer = ann.submit(
        "/posts/hello/comments",
        &[
            ("name", "Ann"),
            ("body", "It *works*."),
            ("url", "https://ann.example/"),
        ],
    );
    let location = answer.expect(303).location().to_owned();
    let id = comment_in(&location);
    let page = site
        .get(location.split('#').next().unwrap())
        .expect(200)
        .page();
    let article = format!("li.thread#thread-{id} > article#comment-{id}");
    assert_eq!(page.text(&format!("{article} h3")), "Ann");
    assert_eq!(
        page.attribute(&format!("{article} h3 a"), "href"),
        "https://ann.example/"
    );
    assert!(
        page.attribute(&format!("{article} h3 a"), "rel")
            .contains("nofollow")
    );
    assert_eq!(page.text(&format!("{article} .prose em")), "works");
    assert_eq!(page.text(&format!("{article} .no")), "1");
}

#[test]
fn a_visitor_edits_and_deletes_her_own_comment_and_nobody_elses() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let id = ann.comment("hello", "Ann", "frist");
    bob.comment("hello", "Bob", "mine");
    assert!(
        ann.post("hello").has(&format!(
            "article#comment-{id} + .own a[href='/comments/{id}/edit']"
        )),
        "she finds no edit link"
    );
    assert!(
        !bob.post("hello")
            .has(&format!("article#comment-{id} + .own"))
    );

    let edit = format!("/comments/{id}");
    for stranger in [&mut bob, &mut site.visitor()] {
        assert!([403, 404].contains(&stranger.get(&format!("{edit}/edit")).status()));
        assert!([403, 404].contains(&stranger.submit(&edit, &[("body", "taken over")]).status()));
        assert!([403, 404].contains(&stranger.submit(&format!("{edit}/deletion"), &[]).status()));
    }
    ann.edit(id, "first");
    let page = site.post("hello");
    assert_eq!(page.text(&format!("#comment-{id} .prose")), "first");
    assert!(
        page.text(&format!("#comment-{id}")).contains("edited"),
        "nothing says that it was edited"
    );
    ann.submit(&edit, &[("body", " ")]).expect(422);
    ann.delete(id);
    assert!(!site.post("hello").has(&format!("#comment-{id}")));
    assert!([403, 404, 410].contains(&ann.submit(&edit, &[("body", "back again")]).status()));
    assert_eq!(
        site.post("hello")
            .count("article.comment, article[id^='comment-']"),
        1
    );
}

#[test]
fn after_a_quarter_of_an_hour_a_comment_stands() {
    let mut site = Site::with_post("hello");
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "said is said");
    site.stop();
    let past = QUARTER.as_millis() as i64 + 1000;
    site.database_for_surgery()
        .execute("update comments set created_at = created_at - ?1", [past])
        .unwrap();
    site.serve();
    assert_eq!(ann.get(&format!("/comments/{id}/edit")).status(), 403);
    assert_eq!(
        ann.submit(&format!("/comments/{id}"), &[("body", "changed")])
            .status(),
        403
    );
    assert_eq!(
        ann.submit(&format!("/comments/{id}/deletion"), &[])
            .status(),
        403
    );
    let page = ann.post("hello");
    assert_eq!(page.text(&format!("#comment-{id} .prose")), "said is said");
    assert!(
        !page.has("#threads .own a"),
        "she is offered what is refused"
    );
}

#[test]
fn a_preview_shows_what_would_be_said_and_says_nothing() {
    let site = Site::with_post("hello");
    let fragment = site
        .submit("/comments/preview", &[("body", "*so* <b>bold</b>")])
        .expect(200);
    assert_eq!(fragment.header("cache-control"), Some("no-store"));
    assert!(
        fragment.text().contains("<em>so</em>"),
        "{}",
        fragment.text()
    );
    assert!(
        !fragment.text().contains("<b>") && !fragment.text().contains("<html"),
        "{}",
        fragment.text()
    );

    let mut ann = site.visitor();
    let form = ann
        .post("hello")
        .form("form.composer")
        .with("name", "Ann")
        .with("body", "*so*");
    let whole = ann
        .submit("/comments/preview", &form.fields())
        .expect(200)
        .page();
    assert_eq!(whole.text(".preview em"), "so");
    let filled = whole.form("form.composer");
    assert_eq!(
        (filled.value("name"), filled.value("body")),
        (Some("Ann"), Some("*so*"))
    );
    assert_eq!(site.ask("select count(*) from comments"), 0);
    ann.submit_form(&filled).expect(303);
}

#[test]
fn a_name_is_shown_as_it_was_given_and_can_impersonate_nobody() {
    let site = Site::start();
    site.rowlog_with(
        &[
            "setup",
            "--title",
            "Slack Water",
            "--name",
            "Maren Oster",
            "--password-stdin",
        ],
        "a long enough secret\n",
    )
    .worked();
    site.publish("hello", "Hello", "Text");
    for name in [
        "Maren Oster",
        "maren oster",
        "MAREN  OSTER",
        "Mar\u{435}n Oster",
        "Maren\u{200b} Oster",
    ] {
        let answer = site.submit(
            "/posts/hello/comments",
            &[("name", name), ("body", "I am the owner")],
        );
        assert_eq!(answer.status(), 422, "{name:?}");
    }
    let shown = |page: &Page, id: i64| page.markup(&format!("#comment-{id} h3"));
    let id = site.comment("hello", "\u{202e}nnA <b>", "Hello");
    let name = shown(&site.post("hello"), id);
    assert!(
        name.contains("<bdi>") && !name.contains('\u{202e}') && name.contains("&lt;b&gt;"),
        "{name}"
    );
    let composed = site.comment("hello", "Rene\u{301}", "Hello");
    assert!(
        shown(&site.post("hello"), composed).contains("Ren\u{e9}"),
        "names are kept in NFC"
    );
}
