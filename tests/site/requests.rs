//! Hostile requests: the list of forms, methods, paths and raw bytes that visitors may send.
//!
//! The list lies beside the checkout; without it nothing is tried here.

use std::fs;
use std::io::{BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::{Value, json};

use crate::hostile::{rows, text, texts};
use crate::http::{self, Answer};
use crate::site::{PASSWORD, Site};

/// The names of this blog for the braces in `forms.jsonl`; a row with a name that is not here is for a later part.
fn names(site: &Site) -> Vec<(&'static str, String)> {
    let form = site.post("hello").form("form.composer");
    let mut tokens: Vec<_> = form.fields();
    tokens.retain(|(name, _)| !["name", "body", "email", "url", "parent", "notify"].contains(name));
    vec![
        ("{COMMENT}", "/posts/hello/comments".into()),
        ("{POST}", "/posts/hello".into()),
        ("{REACTION}", "/posts/hello/reactions".into()),
        ("{EVENTS}", "/posts/hello/events".into()),
        ("{ADMIN_EVENTS}", "/admin/events".into()),
        ("{ADMIN_SAVE}", "/admin/posts/new".into()),
        ("{ADMIN_TOKEN}", "tags=".into()),
        ("{LOGIN}", "/admin/login".into()),
        ("{LOGOUT}", "/admin/logout".into()),
        ("{PASSWORD}", http::encode(&[("", PASSWORD)])[1..].into()),
        ("{SESSION_NAME}", "session".into()),
        ("{LIST}", "/".into()),
        ("{DRAFT}", "/posts/draft".into()),
        ("{COMMENT_OF_DRAFT}", "/posts/draft/comments".into()),
        ("{COMMENT_WITH_NOTIFY}", "/posts/hello/comments".into()),
        ("{DRAFT_TITLE}", "Zebra".into()),
        ("{TOKENS}", http::encode(&tokens)),
        ("{ORIGIN}", site.url("")),
        ("{HOST}", site.address().to_string()),
        ("{MAX_ID_PLUS_1000}", (site.head() + 1000).to_string()),
    ]
}

/// Rows that this part of the program answers otherwise, or that another story tells at length.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "f045",
        "a foreign Referer alone is no browser's: one that hides Origin and Sec-Fetch-Site is not known",
    ),
    (
        "f047",
        "forms carry no token: where a form comes from decides, and cookies stay on this site",
    ),
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

#[test]
fn every_request_of_the_list_is_answered_as_it_should() {
    let rows = rows("forms.jsonl");
    let site = Site::with_post("hello");
    site.publish_with("draft", "Zebra", "draft = true", "zebra");
    site.set_up();
    let owner = site.owner();
    let session = format!("session={}", owner.cookie("session").unwrap());
    let (mut faults, mut later) = (Vec::new(), Vec::new());
    for row in &rows {
        let id = text(row, "id");
        let mut row = fill_in(row, &names(&site));
        if text(&row, "auth") == "admin" {
            row["headers"]["Cookie"] = json!(session);
        }
        if is_for_later(&row) || ELSEWHERE.iter().any(|(other, _)| *other == id) {
            later.push(id.to_owned());
            continue;
        }
        let before = site.ask("select count(*) from comments");
        let outcomes = send_row(&site, &row);
        let wanted: Vec<_> = texts(&row["expect"], "status").collect();
        for (status, answer) in &outcomes {
            let class = format!("{}xx", &status[..1]);
            if !wanted
                .iter()
                .any(|it| *it == "any" || *it == status.as_str() || *it == class)
            {
                faults.push(format!("{id}: {status} is not among {wanted:?}"));
            }
            let leaks = texts(&row["expect"], "must_not_appear").find(|word| answer.contains(word));
            faults.extend(leaks.map(|word| format!("{id}: the answer holds {word}")));
        }
        let added = site.ask("select count(*) from comments") - before;
        if added > i64::from(outcomes.iter().any(|(status, _)| status.starts_with('3'))) {
            faults.push(format!("{id}: {added} comments were added"));
        }
        site.get("/posts/hello").expect(200);
    }
    println!(
        "{} of {} rows are for later or told elsewhere: {}",
        later.len(),
        rows.len(),
        later.join(" ")
    );
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(
        memory(&site) < 200 << 20,
        "{} bytes are in use",
        memory(&site)
    );
}

fn is_for_later(row: &Value) -> bool {
    let unknown = Regex::new(r"\{[A-Z_]{2,}\}").unwrap();
    let parts = [
        text(row, "path").to_owned(),
        text(row, "body").to_owned(),
        row["headers"].to_string(),
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
fn send_row(site: &Site, row: &Value) -> Vec<(String, String)> {
    let count = row["repeat"]["count"].as_u64().unwrap_or(1) as usize;
    let lanes = row["repeat"]["parallel"].as_u64().unwrap_or(1) as usize;
    let (stream, bytes) = (
        text(row, "path").ends_with("/events"),
        request_of(site, row),
    );
    let once = || match exchange(site, &bytes, text(row, "method"), stream) {
        Ok(answer) => (
            answer.status().to_string(),
            format!("{:?} {}", answer.head, answer.text()),
        ),
        Err(_) => ("close".to_owned(), String::new()),
    };
    let each = count.div_ceil(lanes);
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes)
            .map(|_| scope.spawn(|| (0..each).map(|_| once()).collect::<Vec<_>>()))
            .collect();
        lanes
            .into_iter()
            .flat_map(|lane| lane.join().unwrap())
            .collect()
    })
}

/// The bytes of a row's request.
fn request_of(site: &Site, row: &Value) -> Vec<u8> {
    let recipe = &row["gen"];
    let count = recipe["count"].as_u64().unwrap_or_default() as usize;
    let unit = text(recipe, "unit");
    let body = match text(recipe, "kind") {
        "raw_repeat" => {
            return format!(
                "{}{}{}",
                text(recipe, "head"),
                unit.repeat(count),
                text(recipe, "tail")
            )
            .into_bytes();
        }
        "params" => (0..count)
            .map(|n| format!("p{n}={n}&"))
            .collect::<String>()
            .into_bytes(),
        "chunked" => chunks(&unit.repeat(count)),
        "gzip_bomb" => gzip_bomb(recipe["inflated"].as_u64().unwrap_or_default()),
        _ => text(row, "body").as_bytes().to_vec(),
    };
    if let Some(raw) = row["raw_b64"].as_str() {
        return STANDARD.decode(raw).unwrap();
    }
    // A control character is no part of any header: the parser refuses it before anyone reads it (RFC 9110, 5.5).
    let printable = |value: &str| value.replace(char::is_control, "");
    let headers: Vec<_> = row["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), printable(value.as_str()?))))
        .collect();
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let headers = [&headers[..], &[("Connection", "close")]].concat();
    http::request(
        text(row, "method"),
        text(row, "path"),
        &site.address().to_string(),
        &headers,
        &body,
    )
}

fn chunks(body: &str) -> Vec<u8> {
    let mut coded = Vec::new();
    for chunk in body.as_bytes().chunks(1 << 16) {
        coded.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        coded.extend(chunk);
        coded.extend(b"\r\n");
    }
    [coded.as_slice(), b"0\r\n\r\n"].concat()
}

fn gzip_bomb(inflated: u64) -> Vec<u8> {
    let pipeline = format!("head -c {inflated} /dev/zero | gzip -1");
    Command::new("sh")
        .args(["-c", &pipeline])
        .stderr(Stdio::null())
        .output()
        .unwrap()
        .stdout
}

/// One raw exchange. A stream is read up to its first block, since it never ends.
fn exchange(site: &Site, bytes: &[u8], method: &str, stream: bool) -> std::io::Result<Answer> {
    let mut wire = BufReader::new(site.address().connect()?);
    // A server that has seen enough answers before it has read everything; what it says is read all the same.
    let written = wire.get_mut().write_all(bytes);
    if stream {
        let head = http::Head::read(&mut wire)?;
        let body = if head.is_chunked() {
            http::read_chunk(&mut wire)?.unwrap_or_default()
        } else {
            Vec::new()
        };
        return Ok(Answer { head, body });
    }
    http::read_answer(&mut wire, method).or_else(|error| written.and(Err(error)))
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
