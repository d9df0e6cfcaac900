//! Reactions: toggles that count people, not clicks.

use crate::http::{Connection, FORM, encode};
use crate::page::Page;
use crate::site::Site;
use crate::visitor::Visitor;

#[test]
fn a_reaction_is_given_and_taken_back() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let id = site.comment("hello", "Cy", "Hello");
    for target in ["/posts/hello".to_owned(), format!("/comments/{id}")] {
        ann.react(&target, "love");
        bob.react(&target, "love");
        bob.react(&target, "think");
        assert_eq!(
            count(&mut ann, &target, "love"),
            ("2".into(), "true".into())
        );
        assert_eq!(
            count(&mut ann, &target, "think"),
            ("1".into(), "false".into())
        );
        assert_eq!(
            count(&mut site.visitor(), &target, "love"),
            ("2".into(), "false".into())
        );
        bob.react(&target, "love");
        assert_eq!(
            count(&mut bob, &target, "love"),
            ("1".into(), "false".into())
        );
    }
}

fn count(reader: &mut Visitor, target: &str, kind: &str) -> (String, String) {
    let page = reader.post("hello");
    let button = format!("form.react[action='{target}/reactions'] button[name=kind][value={kind}]");
    (
        page.text(&format!("{button} .n")),
        page.attribute(&button, "aria-pressed"),
    )
}

#[test]
fn the_four_reactions_have_their_names_and_there_is_no_fifth() {
    let site = Site::with_post("hello");
    let buttons = "form.react[action='/posts/hello/reactions'] button[name=kind]";
    let page = site.post("hello");
    assert_eq!(
        page.attributes(buttons, "value"),
        ["love", "keep", "think", "surprise"]
    );
    for (label, text) in ["Loved it", "Keeping this", "Made me think", "Surprising"]
        .iter()
        .zip(page.texts(buttons))
    {
        assert!(text.contains(label), "{text}");
    }
    for kind in ["like", "", "love ", "LOVE"] {
        assert_eq!(
            site.submit("/posts/hello/reactions", &[("kind", kind)])
                .status(),
            422,
            "{kind:?}"
        );
    }
    assert_eq!(
        site.submit("/posts/none/reactions", &[("kind", "love")])
            .status(),
        404
    );
    assert_eq!(
        site.submit("/comments/999/reactions", &[("kind", "love")])
            .status(),
        404
    );
    assert_eq!(site.ask("select count(*) from reactions"), 0);
}

#[test]
fn a_reaction_event_holds_absolute_counts_and_a_rising_version() {
    let site = Site::with_post("hello");
    let id = site.comment("hello", "Cy", "Hello");
    let mut stream = site.follow("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    ann.react("/posts/hello", "keep");
    let first = stream.next_of("reaction:updated");
    assert_eq!(
        (&first.data["target"], &first.data["counts"]["keep"]),
        (&"post".into(), &1.into())
    );
    bob.react("/posts/hello", "keep");
    let second = stream.next_of("reaction:updated");
    assert_eq!(second.data["counts"]["keep"], 2);
    assert!(second.data["version"].as_i64() > first.data["version"].as_i64());
    bob.react(&format!("/comments/{id}"), "love");
    let third = stream.next_of("reaction:updated");
    assert_eq!(
        (&third.data["target"], &third.data["counts"]["love"]),
        (&id.into(), &1.into())
    );
}

#[test]
fn one_visitor_in_a_hurry_counts_once() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    ann.comment("hello", "Ann", "a cookie first");
    let cookie = format!("visitor={}", ann.cookie("visitor").unwrap());
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let mut connection = Connection::open(site.address()).unwrap();
                let headers = [FORM, ("Cookie", cookie.as_str())];
                for _ in 0..10 {
                    connection
                        .send("POST", "/posts/hello/reactions", &headers, b"kind=love")
                        .unwrap()
                        .expect(303);
                }
            });
        }
    });
    assert_eq!(
        site.ask("select count(*) from reactions"),
        0,
        "two hundred toggles cancel out"
    );
    assert_eq!(count(&mut site.visitor(), "/posts/hello", "love").0, "0");
}

#[test]
fn a_programs_answer_carries_the_reactions_that_are_there() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let op = ("op", "0192b1c4-6f0e-7cc1-9b3e-3f6f0a1d2e3f");
    let said = [("name", "Ann"), ("body", "Hello"), op];
    let id = ann.say("hello", &said);
    let target = format!("/comments/{id}");
    for _ in 0..2 {
        site.visitor().react(&target, "love");
    }
    site.visitor().react(&target, "think");
    let headers = [FORM, ("Accept", "application/json")];
    let repeated = encode(&said);
    let edited = encode(&[("body", "Hello again")]);
    let requests = [
        ("/posts/hello/comments".to_owned(), repeated),
        (target, edited),
    ];
    for (path, form) in requests {
        let answer = ann.send("POST", &path, &headers, form.as_bytes());
        assert_eq!(answer.status() / 100, 2, "{path}: {}", answer.text());
        let answer = answer.json();
        assert_eq!(answer["comment"]["id"], id, "{path}");
        let counts = &answer["comment"]["reactions"];
        assert_eq!(
            (&counts["love"], &counts["think"]),
            (&2.into(), &1.into()),
            "{path}: {answer}"
        );
        let html = Page::new(answer["html"].as_str().unwrap());
        let shown = |kind: &str| html.text(&format!("button[value={kind}] .n"));
        assert_eq!((shown("love"), shown("think")), ("2".into(), "1".into()));
        assert!(!html.has("button[value=love] .n[hidden]"), "{path}");
    }
}
