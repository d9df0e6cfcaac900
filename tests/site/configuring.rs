//! The owner's settings, by a form.

use crate::browser::Desk;
use crate::site::{PASSWORD, Site};
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

#[test]
fn an_introduction_stands_above_the_list_of_the_first_page() {
    let (site, mut owner) = desk();
    for slug in ["one", "two", "three"] {
        site.publish(slug, slug, "Text");
    }
    let fields = [
        ("description", "Small databases, slow bread."),
        ("posts_per_page", "2"),
    ];
    owner.submit("/admin/settings", &fields).expect(303);
    let home = site.get("/").expect(200).page();
    assert_eq!(home.text(".lede"), "Small databases, slow bread.");
    let intro = "I am *Maren*. [New here?](/posts/one)\n\n```rust\nlet tide = 1;\n```";
    owner
        .submit("/admin/settings", &[("intro", intro)])
        .expect(303);
    let home = site.get("/").expect(200).page();
    assert_eq!(home.text(".intro em"), "Maren");
    assert_eq!(home.attributes(".intro a", "href"), ["/posts/one"]);
    assert!(home.has(".intro pre") && !home.has(".lede"));
    assert!(!site.get("/?page=2").expect(200).page().has(".intro"));
}

#[test]
fn the_owner_chooses_the_reactions_and_what_was_given_is_kept() {
    let (site, mut owner) = desk();
    site.publish("hello", "A post", "Text");
    let comment = site.comment("hello", "Ann", "Well?");
    let mut ann = site.visitor();
    ann.react("/posts/hello", "love");
    ann.react("/posts/hello", "keep");
    let (post, under) = (
        "form.react[action='/posts/hello/reactions'] button".to_owned(),
        format!("form.react[action='/comments/{comment}/reactions'] button"),
    );
    let mut stream = site.follow_after("hello", site.head());

    let set = "keep bookmark For later\r\nclap 👏 Well done";
    owner
        .submit("/admin/settings", &[("reactions", set)])
        .expect(303);
    let page = site.post("hello");
    assert_eq!(page.attributes(&post, "value"), ["keep", "clap"]);
    assert_eq!(page.attributes(&under, "data-sign"), ["bookmark", "👏"]);
    assert_eq!(page.texts(&post), ["For later 1", "Well done 0"]);
    assert!(
        site.get("/").text().contains("1 reaction<"),
        "a list counts those of the blog"
    );
    let gone = ann.submit("/posts/hello/reactions", &[("kind", "love")]);
    gone.expect(422);
    ann.react(&format!("/comments/{comment}"), "clap");
    let told = stream.next_of("reaction:updated");
    assert_eq!(told.data["counts"], serde_json::json!({ "clap": 1 }));
    let mine = ann.get("/me").expect(200).page();
    assert_eq!(mine.texts(".given .figs"), ["Well done", "For later"]);

    owner
        .submit("/admin/settings", &[("reactions", "  ")])
        .expect(303);
    assert!(!site.post("hello").has("form.react"), "reactions are off");
    assert_eq!(site.ask("select count(*) from reactions"), 3);

    owner
        .submit("/admin/settings", &[("reactions", "love ♥ Loved it")])
        .expect(303);
    assert_eq!(site.post("hello").texts(&post), ["Loved it 1"]);

    let wrong = [("reactions", "love heart One\nlove star Two")];
    let page = owner.submit("/admin/settings", &wrong).expect(422).page();
    assert!(page.text("#x-reactions-e").contains("twice"));
    assert!(page.text("#x-reactions").contains("love star Two"));
}

#[test]
fn what_is_told_again_is_told_as_things_are_shown_now() {
    let (site, mut owner) = desk();
    site.publish("hello", "A post", "Text");
    let before = site.head();
    site.comment("hello", "Ann", "Well?");
    let told = |before| {
        let block = site
            .follow_after("hello", before)
            .next_of("comment:created");
        block.html().to_owned()
    };
    assert!(told(before).contains("value=\"love\""));
    let fields = [("reactions", "clap 👏 Well done"), ("dates", "year-first")];
    owner.submit("/admin/settings", &fields).expect(303);
    site.follow_after("hello", site.head()); // both are in the log
    let html = told(before);
    assert!(html.contains("value=\"clap\"") && !html.contains("value=\"love\""));
}

#[test]
fn dates_are_written_as_the_owner_likes_them() {
    let (site, mut owner) = desk();
    let fields = [
        ("title", "Eve"),
        ("publish_at", "2019-12-31T23:30"),
        ("status", "published"),
        ("body", "x"),
    ];
    owner.submit("/admin/posts/new", &fields).expect(303);
    let looks = |zone, dates, clock, owner: &mut crate::visitor::Visitor| {
        let fields = [("time_zone", zone), ("dates", dates), ("clock", clock)];
        owner.submit("/admin/settings", &fields).expect(303);
        let page = site.post("eve");
        assert!(page.has("header time[datetime='2019-12-31T23:30:00Z']"));
        let years = site.get("/archive").expect(200).page().texts(".year");
        let title = page.attribute("header time", "title");
        (
            page.text("header time"),
            title,
            years[years.len() - 1].clone(),
        )
    };
    let table = [
        (
            "UTC",
            "day-first",
            "24",
            "31 December 2019",
            "31 Dec 2019, 23:30 UTC",
            "2019",
        ),
        (
            "Europe/Oslo",
            "month-first",
            "12",
            "January 1, 2020",
            "Jan 1, 2020, 12:30\u{a0}AM CET",
            "2020",
        ),
        (
            "Asia/Tokyo",
            "year-first",
            "24",
            "2020-01-01",
            "2020-01-01 08:30 JST",
            "2020",
        ),
    ];
    for (zone, dates, clock, date, title, year) in table {
        let shown = looks(zone, dates, clock, &mut owner);
        assert_eq!(shown, (date.into(), title.into(), year.into()));
    }
    let form = owner.get("/admin/settings").expect(200).page();
    assert!(form.has("#x-dates option[value=year-first][selected]"));
    owner
        .submit("/admin/settings", &[("clock", "13")])
        .expect(422);
}

#[test]
fn a_change_of_settings_is_told_to_the_owner_by_the_names_of_its_fields() {
    let (site, mut owner) = desk();
    let before = site.head();
    let form = owner.get("/admin/settings").expect(200).page();
    let form = form.form("form[action='/admin/settings']");
    owner.submit("/admin/settings", &form.fields()).expect(303);
    assert_eq!(site.head(), before, "nothing was changed");
    let fields = [
        ("title", "Ebb"),
        ("footer", "Secret *words*"),
        ("ink", "ledger"),
    ];
    let answer = owner.submit("/admin/settings", &fields).expect(303);
    assert_eq!(site.head(), before + 1);
    let path = format!("/admin/events?after={before}");
    let events = owner.send("GET", &path, &[("Accept", "application/json")], b"");
    let events = events.expect(200).json();
    let event = &events["events"][0];
    assert_eq!(event["kind"], "settings:updated");
    assert_eq!(event["fields"], serde_json::json!(["title", "footer"]));
    assert!(!event.to_string().contains("Secret"), "{event}");
    let public = site.get_json(&format!("/events?after={before}"));
    assert_eq!(public["events"], serde_json::json!([]));
    let desk = owner.get("/admin").expect(200).page();
    assert!(
        desk.text("#beat")
            .contains("Settings were changed: title, footer")
    );
    let saved = owner.get(answer.location()).expect(200).page();
    assert!(saved.text("#saved").contains("Saved"));
}

#[test]
fn the_editor_tells_the_time_as_the_blog_does() {
    let (site, mut owner) = desk();
    let fields = [("time_zone", "Asia/Tokyo"), ("clock", "12")];
    owner.submit("/admin/settings", &fields).expect(303);
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/admin/login?next=/admin/posts/new"));
    window.fill("#l-password", PASSWORD);
    window.click("main form button.main");
    window.wait_for("#e-title");
    window.eval("window.before = Date.now()");
    window.fill("#e-title", "Morning");
    let said = "document.getElementById('saved').textContent";
    window.wait_until(&format!("{said}.startsWith('Saved at')"));
    // The minute in which it was typed, or one of the few after it.
    let times = "[0, 1, 2, 3].map(more => new Date(before + more * 60000)
        .toLocaleTimeString('en-US', { timeZone: 'Asia/Tokyo', hour: 'numeric', minute: '2-digit' }))
        .map(time => `Saved at ${time.replace(/\\s/, '\\u00a0')}`)";
    assert_eq!(window.eval(&format!("{times}.includes({said})")), true);
    window.has_a_clean_console();
}
