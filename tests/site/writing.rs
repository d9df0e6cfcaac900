//! Writing in the browser, without JavaScript: drafts, publishing, two windows, pages, the list of posts.

use serde_json::Value;

use crate::page::Page;
use crate::site::Site;
use crate::visitor::Visitor;

/// A blog that is set up, and its owner.
pub fn desk() -> (Site, Visitor) {
    let site = Site::start();
    site.set_up();
    let owner = site.owner();
    (site, owner)
}

/// Writes a new post; where its editor is.
pub fn write(owner: &mut Visitor, fields: &[(&str, &str)]) -> String {
    let answer = owner.submit("/admin/posts/new", fields).expect(303);
    answer.location().to_owned()
}

/// Fills the editor's form and presses the button of that status, or the one that only keeps.
pub fn press(
    owner: &mut Visitor,
    editor: &str,
    fields: &[(&str, &str)],
    status: &str,
) -> crate::http::Answer {
    let mut form = owner.get(editor).expect(200).page().form("#editor");
    for (name, value) in fields {
        form = form.with(name, value);
    }
    let mut fields = form.fields();
    fields.retain(|(name, _)| *name != "status");
    if !status.is_empty() {
        fields.push(("status", status));
    }
    owner.submit(editor, &fields)
}

/// The posts of a list.
pub fn titles(page: &Page) -> Vec<String> {
    page.texts("li.item > a")
}

#[test]
fn a_post_is_written_published_changed_and_withdrawn_by_forms() {
    let (site, mut owner) = desk();
    let mut news = site.stream("/events", &[]);
    let fields = [
        ("title", "Debt as a table"),
        ("body", "One *row* for each."),
        ("tags", "databases, Slow food"),
    ];
    let editor = write(&mut owner, &[&fields[..], &[("status", "draft")]].concat());
    site.get("/posts/debt-as-a-table").expect(404);
    assert_eq!(
        titles(&owner.get("/admin/posts?show=drafts").expect(200).page()),
        ["Debt as a table"]
    );

    press(&mut owner, &editor, &[], "published").expect(303);
    let published = news.next();
    assert_eq!(
        (published.event.as_str(), &published.data["title"]),
        ("post:published", &Value::from("Debt as a table"))
    );
    let page = site.post("debt-as-a-table");
    assert_eq!(page.text(".e-content em"), "row");
    assert_eq!(page.texts("a[rel=tag]"), ["databases", "Slow food"]);

    press(&mut owner, &editor, &[("body", "Two rows.")], "published").expect(303);
    assert_eq!(news.next().event, "post:updated");
    assert!(
        site.post("debt-as-a-table")
            .text(".e-content")
            .contains("Two rows.")
    );

    press(
        &mut owner,
        &editor,
        &[("slug", "a-table-of-debt"), ("comments", "closed")],
        "published",
    )
    .expect(303);
    assert_eq!(
        site.get("/posts/debt-as-a-table").expect(301).location(),
        "/posts/a-table-of-debt"
    );
    assert!(!site.post("a-table-of-debt").has("#respond form"));
    press(
        &mut owner,
        &editor,
        &[("slug", "debt-as-a-table")],
        "published",
    )
    .expect(303);
    assert_eq!(
        site.get("/posts/a-table-of-debt").expect(301).location(),
        "/posts/debt-as-a-table"
    );

    press(&mut owner, &editor, &[], "unlisted").expect(303);
    site.get("/posts/debt-as-a-table").expect(200);
    assert!(!site.get("/").text().contains("Debt as a table"));
    press(&mut owner, &editor, &[], "draft").expect(303);
    site.get("/posts/debt-as-a-table").expect(404);
}

#[test]
fn what_is_kept_for_later_is_seen_by_its_author_alone() {
    let (site, mut owner) = desk();
    let editor = write(
        &mut owner,
        &[
            ("title", "Public"),
            ("body", "Old words."),
            ("status", "published"),
        ],
    );
    press(
        &mut owner,
        &editor,
        &[("title", "Zebra"), ("body", "Zebra words.")],
        "",
    )
    .expect(303);
    for public in [
        "/posts/public",
        "/",
        "/feed.xml",
        "/feed.json",
        "/archive",
        "/sitemap.xml",
    ] {
        assert!(!site.get(public).text().contains("Zebra"), "{public}");
    }
    assert!(
        !site
            .get_json("/events?after=0")
            .to_string()
            .contains("Zebra")
    );
    let form = owner.get(&editor).expect(200).page();
    assert_eq!(form.text("#e-body"), "Zebra words.");
    assert!(form.text("#saved").contains("readers do not see"));

    let secret = form.attributes("a[rel=nofollow]", "href").remove(0);
    let preview = site.get(&secret).expect(200);
    assert!(preview.text().contains("Zebra words."));
    assert_eq!(preview.header("cache-control"), Some("no-store"));
    assert!(preview.page().has("meta[name=robots][content=noindex]"));
    let forged = secret.replace("key=", "key=0");
    site.get(&forged).expect(404);
    site.get(secret.split('?').next().unwrap()).expect(404);

    press(&mut owner, &editor, &[], "published").expect(303);
    assert_eq!(site.post("public").text("h1"), "Zebra");
    press(&mut owner, &editor, &[("body", "Thrown away.")], "").expect(303);
    owner
        .submit(&format!("{editor}/manuscript/deletion"), &[])
        .expect(303);
    assert_eq!(
        owner.get(&editor).expect(200).page().text("#e-body"),
        "Zebra words."
    );
}

#[test]
fn two_windows_never_overwrite_each_other_silently() {
    let (site, mut owner) = desk();
    let editor = write(
        &mut owner,
        &[
            ("title", "Shared"),
            ("body", "First."),
            ("status", "published"),
        ],
    );
    let mut other = site.owner();
    let stale = other.get(&editor).expect(200).page().form("#editor");
    press(&mut owner, &editor, &[("body", "From one window.")], "").expect(303);

    let stale = stale.with("body", "From the other window.");
    for status in [&[][..], &[("status", "published")]] {
        let fields = [&stale.fields()[..], status].concat();
        let refused = other.submit(&editor, &fields).expect(409).page();
        assert_eq!(
            refused.text("#e-body"),
            "From the other window.",
            "nothing is lost"
        );
        assert!(refused.text("#oops").contains("changed elsewhere"));
    }
    assert_eq!(
        owner.get(&editor).expect(200).page().text("#e-body"),
        "From one window."
    );

    // The form that came back has seen the other window's words: saving it again is a decision.
    let fields = [&stale.fields()[..], &[("status", "published")]].concat();
    let again = other
        .submit(&editor, &fields)
        .expect(409)
        .page()
        .form("#editor");
    let fields = [&again.fields()[..], &[("status", "published")]].concat();
    other.submit(&editor, &fields).expect(303);
    assert!(
        site.post("shared")
            .text(".e-content")
            .contains("From the other window.")
    );

    let open = other.get(&editor).expect(200).page().form("#editor");
    site.publish("shared", "Shared", "From a file.");
    let fields = [&open.fields()[..], &[("status", "published")]].concat();
    other.submit(&editor, &fields).expect(409);
}

#[test]
fn what_cannot_be_saved_comes_back_with_the_reason() {
    let (site, mut owner) = desk();
    site.publish("taken", "Taken", "Text");
    let wrong = [
        ("title", ""),
        ("slug", "Not A Slug"),
        ("publish_at", "tomorrow"),
        ("lang", "!"),
        ("body", "Every word of it"),
        ("status", "published"),
    ];
    let page = owner.submit("/admin/posts/new", &wrong).expect(422).page();
    assert_eq!(page.text("#e-body"), "Every word of it");
    let mut fields = page.attributes("[aria-invalid]", "name");
    fields.sort_unstable();
    assert_eq!(fields, ["lang", "publish_at", "slug", "title"]);
    assert!(page.has("details[open]"));

    let taken = [
        ("title", "Mine"),
        ("slug", "taken"),
        ("status", "published"),
        ("body", "x"),
    ];
    let page = owner.submit("/admin/posts/new", &taken).expect(422).page();
    assert!(page.text("#e-slug-e").contains("Taken"));
    let page = [
        ("title", "Admin"),
        ("slug", "admin"),
        ("kind", "page"),
        ("status", "published"),
    ];
    owner.submit("/admin/posts/new", &page).expect(422);
    let odd = [("title", "x"), ("status", "deleted")];
    owner.submit("/admin/posts/new", &odd).expect(422);

    let again = [
        ("title", "Taken"),
        ("body", "A second one"),
        ("status", "published"),
    ];
    write(&mut owner, &again);
    assert!(
        site.post("taken-2")
            .text(".e-content")
            .contains("A second one")
    );
    site.submit("/admin/posts/new", &again).expect(401);
    let long = "x".repeat(3 << 20);
    owner
        .submit("/admin/posts/new", &[("title", "Long"), ("body", &long)])
        .expect(413);
}

#[test]
fn a_page_stands_at_the_root_and_takes_no_comments() {
    let (site, mut owner) = desk();
    let fields = [
        ("kind", "page"),
        ("title", "About me"),
        ("body", "Hello."),
        ("status", "published"),
    ];
    write(&mut owner, &fields);
    assert_eq!(
        site.get("/about-me").expect(200).page().text("h1"),
        "About me"
    );
    site.get("/posts/about-me").expect(404);
}

#[test]
fn a_future_date_schedules() {
    let (site, mut owner) = desk();
    let fields = [
        ("title", "Later"),
        ("publish_at", "2126-01-01T08:00"),
        ("body", "x"),
        ("status", "published"),
    ];
    let editor = write(&mut owner, &fields);
    site.get("/posts/later").expect(404);
    let page = owner.get("/admin/posts?show=scheduled").expect(200).page();
    assert_eq!(titles(&page), ["Later"]);
    assert!(page.text("li.item small").contains("1 Jan 2126, 08:00"));
    assert_eq!(
        owner
            .get(&editor)
            .expect(200)
            .page()
            .attributes("#e-publish_at", "value"),
        ["2126-01-01T08:00"]
    );
}

#[test]
fn the_preview_is_what_readers_will_see() {
    let (site, mut owner) = desk();
    let body = "A *word*, a | b and\n\n```rust\nfn main() {}\n```\n";
    let page = owner
        .submit("/admin/preview", &[("title", "T"), ("body", body)])
        .expect(200)
        .page();
    assert_eq!(page.raw_text("#e-body").trim(), body.trim());
    write(
        &mut owner,
        &[
            ("title", "T"),
            ("slug", "t"),
            ("body", body),
            ("status", "published"),
        ],
    );
    assert_eq!(
        page.markup("#seen-body p"),
        site.post("t").markup(".e-content p")
    );
    assert_eq!(
        page.markup("#seen-body pre"),
        site.post("t").markup(".e-content pre")
    );
    site.submit("/admin/preview", &[("body", body)]).expect(401);
}

#[test]
fn posts_are_found_by_title_and_address() {
    let (_site, mut owner) = desk();
    for title in ["Rye bread", "Wheat bread", "Tides"] {
        write(
            &mut owner,
            &[("title", title), ("body", "x"), ("status", "draft")],
        );
    }
    let mut found = |query: &str| titles(&owner.get(query).expect(200).page());
    assert_eq!(found("/admin/posts?q=BREAD").len(), 2);
    assert_eq!(found("/admin/posts?q=tid&show=drafts"), ["Tides"]);
    assert!(found("/admin/posts?q=%25").is_empty());
    assert!(found("/admin/posts?show=trash").is_empty());
}
