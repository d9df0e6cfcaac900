//! Commenting by plain forms: what a visitor may say, change and take back.

use std::time::Duration;

use crate::http::Connection;
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
fn the_same_attempt_sent_twice_is_one_comment() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let op = ("op", "0192b1c4-6f0e-7cc1-9b3e-3f6f0a1d2e3f");
    let first = ann.say("hello", &[("name", "Ann"), ("body", "once"), op]);
    assert_eq!(
        ann.say("hello", &[("name", "Ann"), ("body", "once"), op]),
        first,
        "the same op"
    );
    let second = ann.comment("hello", "Ann", "no op at all");
    assert_eq!(
        ann.comment("hello", "Ann", "no op at all"),
        second,
        "the same body within a minute"
    );
    assert_ne!(
        site.comment("hello", "Ann", "no op at all"),
        second,
        "another visitor"
    );
    assert_eq!(site.ask("select count(*) from comments"), 3);
    assert_eq!(
        site.ask("select count(*) from events where kind = 'comment:created'"),
        3
    );
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
fn a_tombstone_stands_where_replies_hang_on_it() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let parent = ann.comment("hello", "Ann", "the secret word is xyzzy");
    let reply = bob.reply("hello", parent, "Bob", "thank you");
    ann.delete(parent);
    let page = site.post("hello");
    assert!(
        page.text(&format!("#comment-{parent}"))
            .contains("[comment deleted]")
    );
    assert!(!page.text(&format!("#comment-{parent}")).contains("Ann"));
    assert_eq!(
        page.text(&format!("#thread-{parent} #comment-{reply} .prose")),
        "thank you"
    );
    assert_eq!(
        site.ask("select count(*) from comments where body like '%xyzzy%' or html like '%xyzzy%'"),
        0
    );
    assert_ne!(
        site.submit(
            "/posts/hello/comments",
            &[
                ("name", "Eve"),
                ("body", "me too"),
                ("parent", &parent.to_string())
            ]
        )
        .status(),
        500
    );
    bob.delete(reply);
    assert!(!site.post("hello").has(&format!("#comment-{reply}")));
}

#[test]
fn numbers_are_never_given_twice() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let (_, second) = (
        ann.comment("hello", "Ann", "one"),
        ann.comment("hello", "Ann", "two"),
    );
    ann.delete(second);
    let third = ann.comment("hello", "Ann", "three");
    assert_eq!(
        site.post("hello").text(&format!("#comment-{third} .no")),
        "3"
    );
    assert!(third > second);
}

#[test]
fn threads_are_as_deep_as_people_make_them_and_indented_three_times_at_most() {
    let site = Site::with_post("hello");
    let mut chain = vec![site.comment("hello", "Name0", "depth 0")];
    for depth in 1..6 {
        chain.push(site.visitor().reply(
            "hello",
            chain[depth - 1],
            &format!("Name{depth}"),
            &format!("depth {depth}"),
        ));
    }
    let page = site.post("hello");
    assert_eq!(page.count("#threads article[id^='comment-']"), 6);
    assert!(page.has(".replies .replies article"));
    assert!(!page.has(".replies .replies .replies"), "indented too far");
    assert!(
        page.has(&format!(
            "#comment-{} a[href$='#comment-{}']",
            chain[5], chain[4]
        )),
        "it does not say whom it answers"
    );
    assert_eq!(
        page.texts("#threads .prose"),
        (0..6)
            .map(|depth| format!("depth {depth}"))
            .collect::<Vec<_>>()
    );
    let wrong = [("name", "Eve"), ("body", "Hello")];
    for parent in ["-1", "999999", "9223372036854775808", "x"] {
        let answer = site.submit(
            "/posts/hello/comments",
            &[&wrong[..], &[("parent", parent)]].concat(),
        );
        assert_eq!(answer.status() / 100, 4, "parent {parent}");
    }
    site.publish("other", "Other", "Text");
    let parent = chain[0].to_string();
    let answer = site.submit(
        "/posts/other/comments",
        &[&wrong[..], &[("parent", &parent)]].concat(),
    );
    assert_eq!(answer.status() / 100, 4, "a parent under another post");
}

#[test]
fn without_javascript_a_reply_is_two_pages_and_one_form() {
    let site = Site::with_post("hello");
    let id = site.comment("hello", "Ann", "a question");
    let mut bob = site.visitor();
    let link = bob
        .post("hello")
        .attribute(&format!("#comment-{id} a.reply"), "href");
    assert!(link.ends_with(&format!("?reply={id}#respond")), "{link}");
    let page = bob
        .get(&format!("/posts/hello?reply={id}"))
        .expect(200)
        .page();
    let form = page
        .form("#respond form.composer, form.composer#respond")
        .with("name", "Bob")
        .with("body", "an answer");
    assert_eq!(form.value("parent"), Some(id.to_string().as_str()));
    let reply = comment_in(bob.submit_form(&form).expect(303).location());
    assert_eq!(
        site.post("hello")
            .text(&format!("#thread-{id} .replies #comment-{reply} .prose")),
        "an answer"
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

#[test]
fn ten_thousand_comments_are_read_in_pages_whose_anchors_stay() {
    let site = Site::with_post("hello");
    let first = site.comment("hello", "Ann", "the first of many");
    fill(&site, 10_000);
    let home = site.get("/posts/hello").expect(200);
    let page = home.page();
    assert_eq!(page.count("#threads > li.thread"), 100);
    assert!(page.has(&format!("#comment-{first}")));
    let answer = site
        .submit(
            "/posts/hello/comments",
            &[("name", "Ann"), ("body", "the last of many")],
        )
        .expect(303);
    let last = comment_in(answer.location());
    let (address, _) = answer.location().split_once('#').unwrap();
    let end = site.get(address).expect(200).page();
    assert!(
        end.has(&format!("#comment-{last}")),
        "{address} does not show comment {last}"
    );
    assert!(end.count("#threads > li.thread") <= 100);
    // A comment in the middle keeps its page whatever comes after it.
    let middle = site
        .get("/posts/hello?comments=50")
        .expect(200)
        .page()
        .attributes("#threads > li.thread", "id");
    fill(&site, 150);
    assert_eq!(
        site.get("/posts/hello?comments=50")
            .expect(200)
            .page()
            .attributes("#threads > li.thread", "id"),
        middle
    );
    assert_eq!(site.get("/posts/hello?comments=9999").status(), 404);
}

/// Many comments by many people, posted as fast as the server takes them.
fn fill(site: &Site, count: usize) {
    let lanes = 8;
    std::thread::scope(|scope| {
        for lane in 0..lanes {
            scope.spawn(move || {
                let mut connection = Connection::open(site.address()).unwrap();
                for n in (lane..count).step_by(lanes) {
                    let fields = [("name", "Crowd"), ("body", &*format!("voice {n}"))];
                    connection
                        .submit("/posts/hello/comments", &fields)
                        .unwrap()
                        .expect(303);
                }
            });
        }
    });
}
