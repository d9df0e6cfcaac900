//! The owner's doors: who gets through them, what looking changes, and what a crowd before them costs.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::types::ValueRef;

use crate::http::{Answer, Connection, FORM, encode};
use crate::site::{PASSWORD, Site};
use crate::visitor::Visitor;
use crate::waiting::eventually;

/// How long a password may wait for its turn where the machine does much else.
const AGES: Duration = Duration::from_secs(180);

/// The two addresses of the desk that answer to whoever is no owner yet.
const OPEN: [&str; 2] = ["/admin/setup", "/admin/login"];

/// What is in the file, row for row, but for the tables named.
pub fn dump(site: &Site, but: &[&str]) -> BTreeSet<String> {
    let database = site.database();
    let names = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'";
    let mut names = database.prepare(names).unwrap();
    let names = names.query_map([], |row| row.get(0)).unwrap();
    let names: Vec<String> = names.map(Result::unwrap).collect();
    assert!(names.len() > 20, "{names:?}");
    let mut found = BTreeSet::new();
    for name in names.iter().filter(|name| !but.contains(&name.as_str())) {
        let mut rows = database.prepare(&format!("select * from {name}")).unwrap();
        let count = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values = (0..count).map(|at| match row.get_ref(at).unwrap() {
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                other => format!("{other:?}"),
            });
            found.insert(format!(
                "{name}: {}",
                values.collect::<Vec<_>>().join(" | ")
            ));
        }
    }
    found
}

/// Asserts that nothing but what is named differs from `before`.
#[track_caller]
pub fn unchanged(site: &Site, before: &BTreeSet<String>, but: &[&str], who: &str) {
    let after = dump(site, but);
    let changes: Vec<_> = before.symmetric_difference(&after).collect();
    assert!(changes.is_empty(), "{who}: {changes:#?}");
}

/// Every route of the program, with what it takes: as the program itself tells them.
pub fn routes(site: &Site) -> Vec<(Vec<String>, String)> {
    let listed = site.rowlog(&["routes"]).worked().stdout;
    let lines = listed.lines().map(|line| {
        let (methods, path) = line.rsplit_once(' ').expect("methods and a path");
        let methods = methods.split(',').map(|method| method.trim().to_owned());
        (methods.collect(), path.to_owned())
    });
    lines.collect()
}

/// The path with something for each of its blanks.
pub fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.strip_prefix(':') {
        Some("hash") => "0".repeat(64),
        Some(_) => "1".to_owned(),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A blog with something of everything, whose owner is signed in.
pub fn full_blog() -> (Site, Visitor) {
    let site = Site::with_post("hello");
    site.set_up();
    let mut maren = site.owner();
    let mut ann = site.visitor();
    let first = ann.comment("hello", "Ann", "Hello");
    ann.reply("hello", first, "Ann", "Hello again");
    ann.react("/posts/hello", "love");
    let settings = [("moderation", "all")];
    maren.submit("/admin/settings", &settings).expect(303);
    site.comment("hello", "Bob", "May I?");
    let draft = [
        ("title", "A draft"),
        ("body", "Not yet."),
        ("status", "draft"),
    ];
    maren.submit("/admin/posts/new", &draft).expect(303);
    let token = [("name", "A telephone"), ("create", "on"), ("update", "on")];
    maren.submit("/admin/tokens", &token).expect(201);
    (site, maren)
}

#[test]
fn no_address_of_the_desk_opens_to_anyone_but_the_owner() {
    let (site, mut maren) = full_blog();
    let token = site.rowlog(&["token", "new", "Another"]).worked().stdout;
    let bearer = format!("Bearer {}", token.trim());
    let mut gone = site.owner();
    let old = format!("session={}", gone.cookie("session").unwrap());
    let forged = format!("session={}", "0".repeat(64));
    gone.submit("/admin/logout", &[]).expect(303);
    let mut ann = site.visitor();
    ann.react("/posts/hello", "keep");
    let visitor = ann.cookie("visitor").unwrap();
    let as_session = format!("visitor={visitor}; session={visitor}");
    let visitor = format!("visitor={visitor}");
    let strangers: [(&str, Option<(&str, &str)>); 6] = [
        ("a stranger", None),
        ("an ended session", Some(("Cookie", &old))),
        ("a forged session", Some(("Cookie", &forged))),
        ("a visitor", Some(("Cookie", &visitor))),
        ("a visitor as a session", Some(("Cookie", &as_session))),
        ("an app", Some(("Authorization", &bearer))),
    ];
    let routes = routes(&site);
    let desk: Vec<_> = routes
        .iter()
        .filter(|(_, path)| path.starts_with("/admin"))
        .collect();
    assert!(
        desk.len() > 25 && routes.len() > desk.len() + 30,
        "{routes:?}"
    );
    assert!(
        OPEN.iter()
            .all(|open| desk.iter().any(|(_, path)| path == open))
    );
    let body = encode(&[
        ("title", "Taken over"),
        ("body", "Taken over"),
        ("name", "Mallory"),
        ("create", "on"),
        ("status", "published"),
        ("decision", "approve"),
        ("id", "3"),
        ("password", "not the password"),
        ("current", "not the password"),
    ]);
    let before = dump(&site, &[]);
    for (who, header) in strangers {
        for (_, path) in &desk {
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                let headers: Vec<_> = header.into_iter().chain([FORM]).collect();
                let answer = site.send(method, &filled(path), &headers, body.as_bytes());
                let said = format!("{who}: {method} {path}: {}", answer.status());
                assert!(is_refusal(&answer, method, path), "{said}");
            }
        }
        unchanged(&site, &before, &[], who);
    }
    // It is the owner's session that opens: without it the same requests have been about something.
    for (methods, path) in desk.iter().filter(|(_, path)| !path.contains(':')) {
        if methods.iter().any(|method| method == "GET") && path != "/admin/events" {
            let answer = maren.get(path);
            assert!(
                [200, 303].contains(&answer.status()),
                "{path}: {}",
                answer.status()
            );
        }
    }
}

/// Whether a request to the desk has been turned away.
fn is_refusal(answer: &Answer, method: &str, path: &str) -> bool {
    let reads = matches!(method, "GET" | "HEAD");
    match answer.status() {
        200 => reads && path == "/admin/login",
        303 => reads && answer.location().starts_with("/admin/login"),
        204 => reads && path == "/admin/events", // there will be no stream; no window needs to come back
        401 | 403 => true,
        405 => OPEN.contains(&path) || path == "/admin/events",
        _ => false,
    }
}

#[test]
fn looking_at_everything_changes_nothing() {
    let (site, mut maren) = full_blog();
    let counted = ["views", "referrers"]; // the blog's own statistics
    let before = dump(&site, &counted);
    let gettable = routes(&site).into_iter().filter(|(methods, path)| {
        methods.iter().any(|method| method == "GET") && !path.ends_with("/events")
    });
    let mut known: BTreeSet<String> = gettable.map(|(_, path)| filled(&path)).collect();
    let mut waiting: Vec<String> = known.iter().cloned().collect();
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        seen += 1;
        assert!(seen < 1_000, "no end of addresses: {path}");
        let answer = maren.get(&path);
        assert!(answer.status() < 500, "{path}: {}", answer.status());
        let kind = answer.header("content-type").unwrap_or_default();
        if !kind.starts_with("text/html") {
            continue;
        }
        let page = answer.page();
        let links = [
            page.attributes("[href]", "href"),
            page.attributes("[src]", "src"),
        ]
        .concat();
        let links = links.iter().filter_map(|link| link.split('#').next());
        let ours = links.filter(|link| link.starts_with('/') && !link.starts_with("//"));
        for link in ours.map(str::to_owned) {
            if known.insert(link.clone()) {
                waiting.push(link);
            }
        }
    }
    assert!(seen > 60, "{known:#?}");
    assert!(
        known.iter().any(|path| path.starts_with("/preview/")),
        "{known:#?}"
    );
    unchanged(&site, &before, &counted, "the owner");
}

#[test]
fn a_crowd_at_the_door_takes_no_memory_and_holds_no_reader_up() {
    let mut site = Site::with_post("hello");
    site.set_up();
    site.stop();
    site.serve(); // so that the most memory it ever had is that of the crowd
    let (refused, asked_to_wait) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let crowd = 200;
    thread::scope(|scope| {
        for n in 0..crowd {
            let (site, refused, asked_to_wait) = (&site, &refused, &asked_to_wait);
            scope.spawn(move || {
                let password = format!("a guess of number {n}");
                let connection = Connection::open(site.address()).unwrap();
                let mut connection = connection.give_up_after(AGES).unwrap();
                let fields = [("password", password.as_str())];
                let answer = connection.submit("/admin/login", &fields).unwrap();
                match answer.status() {
                    401 => refused.fetch_add(1, Ordering::SeqCst),
                    503 => {
                        assert!(answer.header("retry-after").is_some());
                        asked_to_wait.fetch_add(1, Ordering::SeqCst)
                    }
                    other => panic!("{other}: {}", answer.text()),
                };
            });
        }
        // One was asked to come back: sixty-four wait for their turn now.
        eventually("the queue is full", || {
            asked_to_wait.load(Ordering::SeqCst) > 0
        });
        let before = refused.load(Ordering::SeqCst);
        site.get("/posts/hello").expect(200);
        site.get("/").expect(200);
        let meanwhile = refused.load(Ordering::SeqCst) - before;
        assert!(meanwhile < 60, "the pages waited for {meanwhile} passwords");
    });
    let all = refused.into_inner() + asked_to_wait.into_inner();
    assert_eq!(all, crowd, "everyone got an answer");
    let status = fs::read_to_string(format!("/proc/{}/status", site.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
    let peak: u32 = peak.expect("a peak").trim().parse().expect("a number");
    println!("a crowd at the door: at most {} MiB", peak / 1_024);
    assert!(peak < 200 * 1_024, "{peak} kB");
    assert!(site.ask("select count(*) from sessions") == 0);
}

#[test]
fn a_browser_that_signs_in_again_has_one_session_and_a_device_that_nobody_planted() {
    let site = Site::start();
    site.set_up();
    let mut maren = site.owner();
    let mut old = maren.clone();
    let device = maren.cookie("device").unwrap().to_owned();
    maren
        .submit("/admin/login", &[("password", PASSWORD)])
        .expect(303);
    assert_eq!(maren.cookie("device"), Some(device.as_str()), "it is known");
    old.get("/admin").expect(303);
    assert_eq!(site.ask("select count(*) from sessions"), 1);

    let planted = format!("device={}; session={}", "1".repeat(64), "2".repeat(64));
    let headers = [FORM, ("Cookie", planted.as_str())];
    let body = encode(&[("password", PASSWORD)]);
    let answer = site
        .send("POST", "/admin/login", &headers, body.as_bytes())
        .expect(303);
    let given: Vec<_> = answer.head.all("set-cookie").collect();
    assert_eq!(given.len(), 2, "{given:?}");
    assert!(
        given
            .iter()
            .all(|cookie| !cookie.contains("1111") && !cookie.contains("2222"))
    );
    assert!(
        given
            .iter()
            .all(|cookie| cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"))
    );
}

#[test]
fn a_stolen_session_does_not_get_to_guess_the_password() {
    let site = Site::start_with(&["--limits", "on"]);
    site.set_up();
    let mut thief = site.owner();
    let mut guess = |path: &str| {
        let fields = [
            ("current", "a guess of mine"),
            ("password", "another long secret"),
        ];
        thief.submit(path, &fields)
    };
    let paths = ["/admin/account/password", "/admin/account/code/end"];
    let answers: Vec<_> = (0..10).map(|n| guess(paths[n % 2])).collect();
    let stopped = answers.iter().find(|answer| answer.status() == 429);
    let stopped = stopped.expect("ten guesses at once are too many");
    assert!(stopped.header("retry-after").is_some());
    assert!(stopped.text().contains("Too many attempts"));
    assert!(answers.iter().take(8).all(|answer| answer.status() == 422));
}

#[test]
fn over_tls_cookies_stay_with_the_host_and_browsers_do_not_try_without() {
    let site = Site::start_with(&["--limits", "off", "--base-url", "https://blog.example"]);
    site.set_up();
    let body = encode(&[("password", PASSWORD)]);
    let answer = site
        .send("POST", "/admin/login", &[FORM], body.as_bytes())
        .expect(303);
    let given: Vec<_> = answer.head.all("set-cookie").collect();
    assert_eq!(given.len(), 2, "{given:?}");
    for cookie in given {
        for word in ["__Host-", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"] {
            assert!(cookie.contains(word), "{cookie} lacks {word}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    for path in ["/", "/nothing-here", "/admin", "/feed.xml", "/health"] {
        let answer = site.get(path);
        let only = answer.header("strict-transport-security");
        assert_eq!(only, Some("max-age=31536000"), "{path}");
    }
    let plain = Site::start();
    assert_eq!(plain.get("/").header("strict-transport-security"), None);
}

#[test]
fn every_refusal_carries_the_headers_and_is_kept_by_nobody() {
    let site = Site::with_post("hello");
    site.set_up();
    let long = "x".repeat(70_000);
    let foreign = [FORM, ("Origin", "https://evil.example")];
    let json = [("Accept", "application/json")];
    let comment = "/posts/hello/comments";
    let too_long = encode(&[("name", "Ann"), ("body", &long)]);
    let refusals = [
        (303, site.get("/admin")),
        (401, site.send("GET", "/admin", &json, b"")),
        (
            401,
            site.submit("/admin/login", &[("password", "a guess of mine")]),
        ),
        (401, site.submit("/admin/settings", &[("title", "Mine")])),
        (
            403,
            site.send("POST", comment, &foreign, b"name=Ann&body=Hello"),
        ),
        (403, site.submit("/admin/setup", &[("token", "0000")])),
        (404, site.get("/nothing-here")),
        (404, site.get("/preview/1?key=0000")),
        (405, site.send("PUT", "/", &[], b"")),
        (
            413,
            site.send("POST", comment, &[FORM], too_long.as_bytes()),
        ),
        (422, site.submit(comment, &[("name", ""), ("body", "")])),
    ];
    for (status, answer) in refusals {
        assert_eq!(answer.status(), status, "{}", answer.text());
        for name in [
            "content-security-policy",
            "x-content-type-options",
            "referrer-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "permissions-policy",
        ] {
            assert!(answer.header(name).is_some(), "{status} lacks {name}");
        }
        assert!(answer.header("access-control-allow-origin").is_none());
        let kept = answer.header("cache-control").unwrap_or_default();
        let said = answer.text();
        assert!(
            kept == "no-store" || status == 422,
            "{status}: {kept}: {said}"
        );
        assert!(
            !kept.contains("public") && !kept.contains("max-age"),
            "{status}: {kept}"
        );
    }
}
