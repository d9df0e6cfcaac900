//! Hostile requests: the list of forms, methods, paths and raw bytes that visitors may send.
//!
//! The list lies beside the checkout; without it nothing is tried here.

use std::fs;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::ImageFormat;
use regex::Regex;
use serde_json::{Value, json};

use crate::doors::dump;
use crate::hostile::{rows, text, texts};
use crate::http;
use crate::media::{self, picture, written};
use crate::recipes::{exchange, request_of};
use crate::site::{PASSWORD, Site};

/// What the rows name that does not change from one to the next.
struct Scene {
    site: Site,
    /// The owner's session, as a cookie.
    session: String,
    names: Vec<(&'static str, String)>,
    picture: Vec<u8>,
}

impl Scene {
    /// A blog with a post, a draft, a file, a comment that waits, and an owner who is signed in here and was elsewhere.
    fn new() -> Scene {
        let site = Site::with_post("hello");
        site.publish_with("draft", "Zebra", "draft = true", "zebra");
        site.set_up();
        let (mut owner, mut elsewhere) = (site.owner(), site.owner());
        let left = elsewhere.cookie("session").unwrap().to_owned();
        elsewhere.submit("/admin/logout", &[]).expect(303);
        let picture = written(&picture(8, 8), ImageFormat::Png);
        let file = media::add(&mut owner, "boat.png", &picture, "A boat");
        let links =
            "Quagga https://a.example https://b.example https://c.example https://d.example";
        site.comment("hello", "Ann", links);
        assert_eq!(
            site.ask("select count(*) from comments where status = 'pending'"),
            1
        );
        let names = vec![
            ("{COMMENT}", "/posts/hello/comments".into()),
            ("{POST}", "/posts/hello".into()),
            ("{PENDING_COMMENT_ANCHOR}", "/posts/hello".into()),
            ("{PENDING_COMMENT_TEXT}", "Quagga".into()),
            ("{REACTION}", "/posts/hello/reactions".into()),
            ("{EVENTS}", "/posts/hello/events".into()),
            ("{ADMIN}", "/admin".into()),
            ("{ADMIN_EVENTS}", "/admin/events".into()),
            ("{ADMIN_SAVE}", "/admin/posts/new".into()),
            ("{ADMIN_DELETE}", "/admin/posts/1/trash".into()),
            ("{ADMIN_TOKEN}", "tags=".into()),
            ("{SETTINGS}", "/admin/settings".into()),
            ("{MODERATE}", "/admin/comments".into()),
            ("{IMPORT}", "/admin/import".into()), // refused before anyone looks whether there is such a page
            ("{UPLOAD}", "/admin/media".into()),
            ("{MEDIA_FILE}", file["url"].as_str().unwrap().into()),
            ("{LOGIN}", "/admin/login".into()),
            ("{LOGOUT}", "/admin/logout".into()),
            ("{PASSWORD}", http::encode(&[("", PASSWORD)])[1..].into()),
            ("{SESSION_NAME}", "session".into()),
            ("{LOGGED_OUT_SESSION}", left),
            ("{LIST}", "/".into()),
            ("{SEARCH}", "/search".into()),
            ("{DRAFT}", "/posts/draft".into()),
            ("{COMMENT_OF_DRAFT}", "/posts/draft/comments".into()),
            ("{COMMENT_WITH_NOTIFY}", "/posts/hello/comments".into()),
            ("{DRAFT_TITLE}", "Zebra".into()),
            ("{ORIGIN}", site.url("")),
            ("{HOST}", site.address().to_string()),
        ];
        let session = format!("session={}", owner.cookie("session").unwrap());
        Scene {
            site,
            session,
            names,
            picture,
        }
    }

    /// A row with the names of this blog; with the owner's cookie where it asks for that.
    fn row(&self, row: &Value) -> Value {
        let mut row = fill_in(row, &[&self.names[..], &self.fresh()].concat());
        if text(&row, "auth") == "admin" {
            row["headers"]["Cookie"] = json!(self.session);
        }
        row
    }

    /// The names that change with time.
    fn fresh(&self) -> [(&'static str, String); 2] {
        let form = self.site.post("hello").form("form.composer");
        let mut tokens: Vec<_> = form.fields();
        tokens.retain(|(name, _)| {
            !["name", "body", "email", "url", "parent", "notify"].contains(name)
        });
        let future = self.site.head() + 1000;
        [
            ("{TOKENS}", http::encode(&tokens)),
            ("{MAX_ID_PLUS_1000}", future.to_string()),
        ]
    }
}

/// Rows that this program answers otherwise, or that another story tells at length.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "f047",
        "forms carry no token: where a form comes from decides, and cookies stay on this site",
    ),
    ("f049", "the same, for a token that is too old"),
    (
        "f057",
        "a form's issue time can hold a comment and never refuses it; it is bound to no post",
    ),
    (
        "f149",
        "told in `live`: a thousand streams opened and dropped; and in `flooding`: how many one client may hold",
    ),
    ("f161", "told in `server`: slow clients are closed"),
    (
        "f163",
        "told in `server`: more connections than descriptors",
    ),
];

/// What changes when a request does what its row allows: somebody reads, signs in, comments or reacts.
const MAY_CHANGE: &[(&str, &[&str])] = &[
    ("authn", &["sessions", "devices", "events"]),
    ("redirect", &["sessions", "devices", "events"]),
];

/// Tables that count readers.
const COUNTED: [&str; 2] = ["views", "referrers"];

#[test]
fn every_request_of_the_list_is_answered_as_it_should() {
    let rows = rows("forms.jsonl");
    if rows.is_empty() {
        return;
    }
    let scene = Scene::new();
    let site = &scene.site;
    let files = site.files();
    let (mut faults, mut later) = (Vec::new(), Vec::new());
    for row in &rows {
        let id = text(row, "id");
        let row = scene.row(row);
        if let Some((id, why)) = ELSEWHERE.iter().find(|(other, _)| *other == id) {
            later.push(format!("{id}: {why}"));
            continue;
        }
        assert!(
            !has_unknown_names(&row),
            "{id} names what this blog has no word for: {row}"
        );
        let but = may_change(&row);
        let before = (dump(site, &but), site.ask("select count(*) from comments"));
        let outcomes = send_row(&scene, &row);
        faults.extend(answers_wrongly(&row, &outcomes));
        let worked = outcomes.iter().any(|(status, _)| status.starts_with('3'));
        let added = site.ask("select count(*) from comments") - before.1;
        if added > i64::from(worked) {
            faults.push(format!("{id}: {added} comments were added"));
        }
        let may_write = worked && text(&row, "method") == "POST" && !but.contains(&"sessions");
        let after = dump(site, &but);
        if !may_write && after != before.0 {
            let changes: Vec<_> = before.0.symmetric_difference(&after).collect();
            faults.push(format!("{id}: it changed {changes:?}"));
        }
        site.get("/posts/hello").expect(200);
    }
    faults.extend(leftovers(site, &files));
    println!(
        "{} of {} rows are told elsewhere:\n{}",
        later.len(),
        rows.len(),
        later.join("\n")
    );
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(
        memory(site) < 200 << 20,
        "{} bytes are in use",
        memory(site)
    );
}

/// The tables whose change says nothing about a row.
fn may_change(row: &Value) -> Vec<&'static str> {
    let path = text(row, "path");
    let class = if path.starts_with("/admin/login") {
        "authn"
    } else {
        text(row, "class")
    };
    let own = MAY_CHANGE.iter().filter(|(name, _)| *name == class);
    own.flat_map(|(_, tables)| tables.iter().copied())
        .chain(COUNTED)
        .collect()
}

fn answers_wrongly(row: &Value, outcomes: &[(String, String)]) -> Vec<String> {
    let (id, mut faults) = (text(row, "id"), Vec::new());
    let wanted: Vec<_> = texts(&row["expect"], "status").collect();
    for (status, answer) in outcomes {
        let class = format!("{}xx", &status[..1]);
        let is_wanted = |it: &&str| *it == "any" || *it == status.as_str() || *it == class;
        if !wanted.iter().any(is_wanted) {
            faults.push(format!("{id}: {status} is not among {wanted:?}"));
        }
        let leaks = texts(&row["expect"], "must_not_appear").find(|word| answer.contains(word));
        faults.extend(leaks.map(|word| format!("{id}: the answer holds {word}")));
    }
    faults
}

/// What no request of the list may leave behind: files, names with a path in them, troubles in the log, secrets of a post.
fn leftovers(site: &Site, files: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    let new: Vec<_> = site
        .files()
        .into_iter()
        .filter(|name| !files.contains(name))
        .collect();
    faults.extend((!new.is_empty()).then(|| format!("files were left behind: {new:?}")));
    let paths = "select count(*) from media where name glob '*/*' or name glob '*..*'";
    faults.extend((site.ask(paths) > 0).then(|| "a file is kept under a path".to_owned()));
    let log = site.log_text();
    let trouble = ["panicked", "ERROR"]
        .into_iter()
        .find(|word| log.contains(word));
    faults.extend(trouble.map(|word| format!("the log says {word}: {log}")));
    let escapes = log.contains(['\u{1b}', '\r']);
    faults.extend(escapes.then(|| "the log holds control characters".to_owned()));
    let session = "select count(*) from sessions";
    faults.extend((site.ask(session) == 0).then(|| "the owner was signed out".to_owned()));
    for path in [
        "/posts/hello/comments.xml",
        "/feed.xml",
        "/sitemap.xml",
        "/search?q=zebra&in=posts",
    ] {
        let text = site.get(path).expect(200).text();
        let secret = ["Quagga", "Zebra", "evil.example"]
            .into_iter()
            .find(|word| text.contains(word));
        faults.extend(secret.map(|word| format!("{path} tells of {word}")));
    }
    faults
}

fn has_unknown_names(row: &Value) -> bool {
    let unknown = Regex::new(r"\{[A-Z_]{2,}\}").unwrap();
    let parts = [
        text(row, "path").to_owned(),
        text(row, "body").replace("{PNG}", ""),
        row["headers"].to_string(),
        row["gen"].to_string(),
    ];
    parts.iter().any(|part| unknown.is_match(part))
}

fn fill_in(row: &Value, names: &[(&'static str, String)]) -> Value {
    let quoted = |value: &str| json!(value).to_string().trim_matches('"').to_owned();
    let filled = names.iter().fold(row.to_string(), |text, (name, value)| {
        text.replace(name, &quoted(value))
    });
    let mut row: Value = serde_json::from_str(&filled).unwrap();
    if let Some(raw) = row["raw_b64"].as_str() {
        let raw = String::from_utf8(STANDARD.decode(raw).unwrap_or_default());
        if let Ok(raw) = raw {
            let raw = names
                .iter()
                .fold(raw, |text, (name, value)| text.replace(name, value));
            row["raw_b64"] = json!(STANDARD.encode(raw));
        }
    }
    row
}

/// Sends a row as often as it asks; each answer's status, or `close`, and its text.
fn send_row(scene: &Scene, row: &Value) -> Vec<(String, String)> {
    let count = row["repeat"]["count"].as_u64().unwrap_or(1) as usize;
    let lanes = row["repeat"]["parallel"].as_u64().unwrap_or(1) as usize;
    let stream = text(row, "path").ends_with("/events");
    let once = |n: usize| {
        let address = scene.site.address();
        let bytes = request_of(address, &scene.picture, row, n);
        match exchange(address, &bytes, text(row, "method"), stream) {
            Ok(answer) => (
                answer.status().to_string(),
                format!("{}\n{}", answer.head.lines(), answer.text()),
            ),
            Err(_) => ("close".to_owned(), String::new()),
        }
    };
    let (once, each) = (&once, count.div_ceil(lanes));
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes)
            .map(|_| scope.spawn(move || (0..each).map(once).collect::<Vec<_>>()))
            .collect();
        lanes
            .into_iter()
            .flat_map(|lane| lane.join().unwrap())
            .collect()
    })
}

/// The most memory the server has ever had in use, in bytes.
fn memory(site: &Site) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", site.pid())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
