//! The owner's settings, by a form.

use crate::site::Site;
use crate::visitor::Visitor;

fn desk() -> (Site, Visitor) {
    let site = Site::start();
    site.set_up();
    let owner = site.owner();
    (site, owner)
}

#[test]
fn a_form_changes_what_it_has_and_leaves_the_rest() {
    let (site, mut owner) = desk();
    let fields = [
        ("title", "Ebb & <flow>"),
        ("description", "Small databases, slow bread."),
        ("ink", "damson"),
        (
            "navigation",
            "Home /\r\nAbout me /about\r\nElsewhere https://example.org",
        ),
        ("footer", "Kept with *care*."),
        ("css", "h1 { letter-spacing: .3em }"),
        ("ai_robots", "off"),
    ];
    owner.submit("/admin/settings", &fields).expect(303);
    let home = site.get("/").expect(200).page();
    assert_eq!(home.text("h1.site"), "Ebb & <flow>");
    assert_eq!(home.attributes("html", "data-ink"), ["damson"]);
    assert_eq!(
        home.texts("nav[aria-label=Main] a"),
        ["Home", "About me", "Elsewhere"]
    );
    assert_eq!(home.text(".colophon em"), "care");
    let css = home
        .attributes("link[rel=stylesheet][href^='/custom.css']", "href")
        .remove(0);
    let style = site.get(&css).expect(200);
    assert_eq!(
        style.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    assert_eq!(style.text(), "h1 { letter-spacing: .3em }");
    let robots = site.get("/robots.txt").expect(200).text();
    assert!(
        robots.contains("User-agent: GPTBot") && robots.contains("Disallow: /\n"),
        "{robots}"
    );

    owner
        .submit("/admin/settings", &[("title", "Another name")])
        .expect(303);
    let home = site.get("/").expect(200).page();
    assert_eq!(home.text("h1.site"), "Another name");
    assert_eq!(
        home.attributes("html", "data-ink"),
        ["damson"],
        "it was not in the form"
    );
    site.submit("/admin/settings", &[("title", "Mine")])
        .expect(401);
}

#[test]
fn the_form_comes_back_with_what_was_typed_and_what_is_wrong() {
    let (site, mut owner) = desk();
    let form = owner
        .get("/admin/settings")
        .expect(200)
        .page()
        .form("form[action='/admin/settings']");
    owner.submit("/admin/settings", &form.fields()).expect(303);

    let wrong = [
        ("title", " "),
        ("time_zone", "Atlantis/Capital"),
        ("posts_per_page", "0"),
        ("edit_minutes", "soon"),
        ("navigation", "About"),
        ("description", "A fine description"),
    ];
    let page = owner.submit("/admin/settings", &wrong).expect(422).page();
    let mut fields = page.attributes("[aria-invalid]", "name");
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "edit_minutes",
            "navigation",
            "posts_per_page",
            "time_zone",
            "title"
        ]
    );
    assert_eq!(page.text("#x-description"), "A fine description");
    assert!(
        !site.get("/").text().contains("A fine description"),
        "nothing is saved by halves"
    );
}

#[test]
fn dates_are_written_in_the_owners_time_zone() {
    let (site, mut owner) = desk();
    owner
        .submit("/admin/settings", &[("time_zone", "America/New_York")])
        .expect(303);
    let fields = [
        ("title", "Noon"),
        ("publish_at", "2020-07-01T12:00"),
        ("status", "published"),
        ("body", "x"),
    ];
    let editor = owner.submit("/admin/posts/new", &fields).expect(303);
    assert!(
        site.post("noon")
            .has("time[datetime='2020-07-01T16:00:00Z']")
    );
    let page = owner.get(editor.location()).expect(200).page();
    assert_eq!(
        page.attributes("#e-publish_at", "value"),
        ["2020-07-01T12:00"]
    );
    assert!(page.text("#e-publish_at-h").contains("America/New_York"));
}

#[test]
fn comments_wait_as_the_owner_has_set() {
    let (site, mut owner) = desk();
    site.publish("hello", "A post", "Text");
    let published =
        |site: &Site| site.ask("select count(*) from comments where status = 'published'");
    let mut ann = site.visitor();
    ann.comment("hello", "Ann", "Before any rule");
    for (mode, ann_is_let_through) in [("first", true), ("all", false), ("open", true)] {
        owner
            .submit("/admin/settings", &[("moderation", mode)])
            .expect(303);
        let before = published(&site);
        ann.comment("hello", "Ann", &format!("Under {mode}"));
        assert_eq!(published(&site) > before, ann_is_let_through, "{mode}");
        let before = published(&site);
        site.comment("hello", "A newcomer", &format!("New under {mode}"));
        assert_eq!(published(&site) > before, mode == "open", "{mode}");
        let before = published(&site);
        owner.say("hello", &[("body", mode)]);
        assert_eq!(published(&site), before + 1, "the owner's own never wait");
    }
    owner
        .submit("/admin/settings", &[("moderation", "sometimes")])
        .expect(422);
}
