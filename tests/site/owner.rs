//! The owner: setting the blog up, signing in and out, and being the owner on the blog's own pages.

use crate::http::{Answer, FORM, encode};
use crate::site::{PASSWORD, Site};
use crate::visitor::Visitor;

/// Fields of the first run.
fn setup<'a>(token: &'a str, password: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("token", token),
        ("title", "Slack Water"),
        ("name", "Maren"),
        ("ink", "harbour"),
        ("password", password),
    ]
}

fn token(path: &str) -> &str {
    path.split_once("token=")
        .expect("the address has a token")
        .1
}

#[test]
fn whoever_holds_the_printed_address_sets_the_blog_up_once() {
    let mut site = Site::start();
    let path = site.invitation();
    assert!(
        site.get("/").expect(200).page().has("main h3"),
        "readable before"
    );
    let mut maren = site.visitor();
    for stranger in ["/admin/setup", "/admin/setup?token=0000"] {
        let refused = maren.get(stranger).expect(403);
        assert!(refused.text().contains("terminal"), "{}", refused.text());
    }
    let page = maren.get(&path).expect(200);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.page().text("h1"), "Open the log");

    let short = maren.submit("/admin/setup", &setup(token(&path), "short"));
    let short = short.expect(422).page();
    assert_eq!(
        short.attributes("input[aria-invalid]", "name"),
        ["password"]
    );
    assert_eq!(short.attributes("#s-title", "value"), ["Slack Water"]);
    assert!(
        short.has("input[value=harbour][checked]"),
        "the ink is kept"
    );
    assert_eq!(
        site.ask("select count(*) from settings where key = 'owner'"),
        0
    );

    let stranger = site.submit("/admin/setup", &setup("0000", PASSWORD));
    stranger.expect(403);
    let done = maren.submit("/admin/setup", &setup(token(&path), PASSWORD));
    assert_eq!(done.expect(303).location(), "/admin");
    maren.get("/admin").expect(200);
    let home = site.get("/").expect(200).page();
    assert_eq!(home.text("h1.site"), "Slack Water");
    assert_eq!(home.attributes("html", "data-ink"), ["harbour"]);

    let again = maren.submit("/admin/setup", &setup(token(&path), "another long secret"));
    assert_ne!(again.status(), 303, "a second owner");
    assert_eq!(site.get(&path).expect(303).location(), "/admin/login");
    site.visitor()
        .submit("/admin/login", &[("password", "another long secret")])
        .expect(401);
}

#[test]
fn a_blog_with_an_owner_offers_its_setup_to_nobody() {
    let mut site = Site::offline();
    site.set_up();
    site.serve();
    assert_eq!(
        site.get("/admin/setup?token=").expect(303).location(),
        "/admin/login"
    );
    let (status, _) = site.stop();
    assert!(status.success());
}

#[test]
fn the_desk_is_behind_a_door() {
    let site = Site::start();
    site.set_up();
    let door = site.get("/admin").expect(303);
    assert_eq!(door.location(), "/admin/login?next=%2Fadmin");
    assert_eq!(
        site.get("/admin/anything?x=1").expect(303).location(),
        "/admin/login?next=%2Fadmin%2Fanything%3Fx%3D1"
    );
    site.submit("/admin/logout", &[]).expect(401);
    let json = [("Accept", "application/json")];
    site.send("GET", "/admin", &json, b"").expect(401);

    let mut maren = site.visitor();
    let wrong = maren.submit("/admin/login", &[("password", "a tide table of 1912")]);
    let wrong = wrong.expect(401);
    assert!(wrong.text().contains("not the password") && !wrong.text().contains("1912"));
    assert_eq!(maren.cookie("session"), None);
    let right = maren.submit(
        "/admin/login",
        &[("password", PASSWORD), ("next", "/admin?show=drafts")],
    );
    assert_eq!(right.expect(303).location(), "/admin?show=drafts");
    let desk = maren.get("/admin").expect(200);
    assert_eq!(desk.header("cache-control"), Some("no-store"));
    maren.submit("/admin/logout", &[]).expect(303);
    maren.get("/admin").expect(303);

    let away = maren.submit(
        "/admin/login",
        &[("password", PASSWORD), ("next", "//evil.example")],
    );
    assert_eq!(away.expect(303).location(), "/admin");
}

#[test]
fn a_session_is_known_by_a_hash_and_ends_at_logout_and_with_the_password() {
    let site = Site::start();
    site.set_up();
    let (mut here, mut there) = (site.owner(), site.owner());
    let session = here.cookie("session").expect("a session").to_owned();
    let device = here.cookie("device").expect("a device").to_owned();
    assert_ne!(session, there.cookie("session").expect("a session"));
    let file = std::fs::read(site.data().join("rowlog.db")).expect("the file can be read");
    let wal = std::fs::read(site.data().join("rowlog.db-wal")).unwrap_or_default();
    for secret in [&session, &device, PASSWORD] {
        for bytes in [&file, &wal] {
            assert!(
                !String::from_utf8_lossy(bytes).contains(secret),
                "a secret is in the file"
            );
        }
        assert!(!site.log_text().contains(secret), "a secret is in the log");
    }

    let mut copy = here.clone();
    here.submit("/admin/logout", &[]).expect(303);
    copy.get("/admin").expect(303);
    there.get("/admin").expect(200);

    site.rowlog_with(&["password", "--password-stdin"], "short\n")
        .complaint();
    there.get("/admin").expect(200);
    site.rowlog_with(
        &["password", "--password-stdin"],
        "the moon moves the sea\n",
    )
    .worked();
    there.get("/admin").expect(303);
    there
        .submit("/admin/login", &[("password", PASSWORD)])
        .expect(401);
    there
        .submit("/admin/login", &[("password", "the moon moves the sea")])
        .expect(303);
}

#[test]
fn an_old_session_is_none() {
    let mut site = Site::start();
    site.set_up();
    let day = 24 * 60 * 60 * 1_000_i64;
    for (column, days) in [("seen_at", 15), ("created_at", 91)] {
        let mut maren = site.owner();
        maren.get("/admin").expect(200);
        let older = format!("update sessions set {column} = {column} - {}", days * day);
        site.stop();
        site.database_for_surgery()
            .execute(&older, [])
            .expect("the file can be changed");
        site.serve();
        maren.get("/admin").expect(303);
    }
}

#[test]
fn guessing_is_slowed_down_and_cannot_lock_the_owner_out() {
    let site = Site::start_with(&["--limits", "on"]);
    site.set_up();
    let mut maren = site.owner();
    maren.submit("/admin/logout", &[]).expect(303);
    let mut guess = |n: usize| -> Answer {
        let password = format!("a guess of number {n}");
        site.submit("/admin/login", &[("password", &password)])
    };
    let answers: Vec<_> = (0..12).map(&mut guess).collect();
    let refused = answers.iter().find(|answer| answer.status() == 429);
    let refused = refused.expect("twelve guesses at once are too many");
    let wait: u64 = refused
        .header("retry-after")
        .expect("says when")
        .parse()
        .expect("a number");
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(refused.text().contains("Too many attempts"));
    let right = site.submit("/admin/login", &[("password", PASSWORD)]);
    assert_eq!(
        right.status(),
        429,
        "even the right one, from where the guesses come"
    );
    maren
        .submit("/admin/login", &[("password", PASSWORD)])
        .expect(303);
}

#[test]
fn only_a_trusted_proxy_says_whose_guesses_they_are() {
    let guesses = |site: &Site, from: &dyn Fn(usize) -> String| {
        site.set_up();
        let statuses = (0..12).map(|n| {
            let address = from(n);
            let headers = [FORM, ("X-Forwarded-For", address.as_str())];
            let body = encode(&[("password", "a guess of mine")]);
            site.send("POST", "/admin/login", &headers, body.as_bytes())
                .status()
        });
        statuses.filter(|status| *status == 429).count()
    };
    let each = |n: usize| format!("203.0.113.{n}");
    assert!(
        guesses(&Site::start_with(&["--limits", "on"]), &each) > 0,
        "anyone can write a header"
    );
    let trusting = ["--limits", "on", "--trusted-proxies", "127.0.0.0/8"];
    assert_eq!(
        guesses(&Site::start_with(&trusting), &each),
        0,
        "twelve clients"
    );
    let one = |n: usize| format!("203.0.113.{n}, 198.51.100.7");
    assert!(
        guesses(&Site::start_with(&trusting), &one) > 0,
        "one client that lies"
    );
}

#[test]
fn the_owner_writes_under_the_owners_name_and_may_change_what_others_wrote() {
    let site = Site::with_post("hello");
    site.set_up();
    let mut maren = site.owner();
    let theirs = site.comment("hello", "Ann", "Buy my pans");
    let form = maren.post("hello");
    assert!(!form.has("#f-name") && form.text("#respond").contains("You write as Maren"));

    let own = maren.say("hello", &[("name", "Somebody else"), ("body", "Welcome")]);
    let page = site.post("hello");
    assert_eq!(page.text(&format!("#comment-{own} h3")), "Maren");
    assert_eq!(
        site.ask(&format!("select owner from comments where id = {own}")),
        1
    );
    assert!(
        !site
            .get("/")
            .text()
            .contains(maren.cookie("session").expect("a session"))
    );

    let mut stream = site.follow("hello");
    let edit = maren
        .get(&format!("/comments/{theirs}/edit"))
        .expect(200)
        .page();
    assert_eq!(edit.text("textarea"), "Buy my pans");
    maren.edit(theirs, "Buy nothing");
    assert_eq!(stream.next().event, "comment:updated");
    assert!(
        site.post("hello")
            .text(&format!("#comment-{theirs}"))
            .contains("Buy nothing")
    );
    let path = format!("/comments/{theirs}/deletion");
    maren.submit(&path, &[]).expect(303);
    assert_eq!(stream.next().event, "comment:deleted");

    let mut bob: Visitor = site.visitor();
    bob.comment("hello", "Bob", "Hello");
    bob.submit(&format!("/comments/{own}/deletion"), &[])
        .expect(403);
    bob.submit(&format!("/comments/{own}"), &[("body", "Mine now")])
        .expect(403);
    let impostor = bob.submit(
        "/posts/hello/comments",
        &[("name", "Maren"), ("body", "It is me")],
    );
    assert!(impostor.expect(422).text().contains("owner"));
}

#[test]
fn the_owners_comment_never_waits() {
    let site = Site::start_with(&["--limits", "on"]);
    site.publish("hello", "A post", "Something to talk about.");
    site.set_up();
    let mut maren = site.owner();
    maren.say("hello", &[("body", "Without a form that was handed out")]);
    assert_eq!(
        site.ask("select count(*) from comments where status = 'published'"),
        1
    );
}

#[test]
fn the_owner_sees_where_they_are_signed_in_and_ends_it() {
    let site = Site::start();
    site.set_up();
    let (mut here, mut there, mut elsewhere) = (site.owner(), site.owner(), site.owner());
    let page = here.get("/admin/account").expect(200).page();
    assert_eq!(page.texts("li.item .badge"), ["this one"]);
    let ends = page.attributes("li.item form", "action");
    assert_eq!(ends.len(), 2, "two others");

    there.get("/admin").expect(200);
    here.submit(&ends[1], &[]).expect(303);
    there.get("/admin").expect(303);
    here.submit("/admin/sessions/end", &[]).expect(303);
    elsewhere.get("/admin").expect(303);
    here.get("/admin").expect(200);
    site.submit("/admin/sessions/end", &[]).expect(401);

    let mut there = site.owner();
    let change = |current, new| [("current", current), ("password", new)];
    let path = "/admin/account/password";
    let wrong = here.submit(path, &change("not the password", "the moon moves the sea"));
    assert!(wrong.expect(422).page().has("#a-current[aria-invalid]"));
    let short = here.submit(path, &change(PASSWORD, "short"));
    assert!(short.expect(422).page().has("#a-password[aria-invalid]"));
    there.get("/admin").expect(200);
    let changed = here.submit(path, &change(PASSWORD, "the moon moves the sea"));
    changed.expect(303);
    there.get("/admin").expect(303);
    here.get("/admin").expect(200);
    let mut later = site.visitor();
    later
        .submit("/admin/login", &[("password", "the moon moves the sea")])
        .expect(303);
}
