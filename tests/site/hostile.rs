//! Hostile input: the list of what visitors may send, on every way in and every way out, as bytes.
//!
//! What a browser makes of it is told in `running`. The list lies beside the checkout; where it is not, the stories say
//! that they were left out.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::http::{Answer, Connection, FORM, encode};
use crate::lists::well_formed;
use crate::outputs::{Told, moved};
use crate::site::{Site, path};
use crate::visitor::{Visitor, comment_in};

/// The rows of one list, or nothing where it is not at hand, which one line says.
pub fn rows(list: &str) -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/badinputs")
        .join(list);
    let Ok(text) = fs::read_to_string(&file) else {
        println!("left out: the list of hostile inputs, {list}, is not beside this checkout");
        return Vec::new();
    };
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

pub fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

pub fn texts<'a>(row: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    row[key]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// What a row wants said: written out, or grown from its recipe.
pub fn body(row: &Value) -> String {
    if let Some(body) = row["body"].as_str() {
        return body.to_owned();
    }
    let (recipe, unit) = (&row["gen"], text(&row["gen"], "unit"));
    let count = recipe["count"].as_u64().unwrap_or_default() as usize;
    let grown: String = match recipe["grow"].as_bool() {
        Some(true) => (1..=count).map(|n| unit.repeat(n)).collect(),
        _ => unit.repeat(count),
    };
    grown + text(recipe, "tail")
}

/// A row as the body of a form.
pub fn form(row: &Value) -> String {
    match row["raw_form"].as_str() {
        Some(raw) => raw.to_owned(),
        None => encode(&[
            ("name", text(row, "name")),
            ("url", text(row, "url")),
            ("email", text(row, "email")),
            ("body", &body(row)),
        ]),
    }
}

fn says(row: &Value, outcome: &str) -> bool {
    text(row, "status")
        .split('|')
        .any(|status| status == outcome)
}

/// One comment a row on each way in, each row under a post of its own.
#[test]
fn no_comment_of_the_list_does_harm_on_any_way_in_or_out() {
    let rows = rows("comments.jsonl");
    if rows.is_empty() {
        return;
    }
    let site = Site::start();
    site.set_up();
    let mut owner = site.owner();
    publish_many(
        &site,
        rows.iter().map(|row| text(row, "id")).chain(["harmless"]),
    );
    let hello = serde_json::json!({ "name": "Ann", "body": "Hello." });
    let harmless = Told::by(&site, &mut owner, "harmless", &hello).outputs(&site, &mut owner);
    let mut faults = Vec::new();
    for row in &rows {
        let id = text(row, "id");
        let mut stream = site.follow(id);
        let mut ann = site.visitor();
        let answer = match id {
            "c193" => fill_the_trap(&mut ann, id),
            _ => post(&mut ann, id, &form(row)),
        };
        let Some(answer) = answer else {
            faults.extend((!says(row, "4xx")).then(|| format!("{id}: the connection broke")));
            continue;
        };
        let outcome = outcome(&site, row, &answer);
        if !says(row, outcome) {
            let wanted = text(row, "status");
            faults.push(format!("{id}: {outcome} is not among {wanted}"));
        }
        if outcome != "2xx" {
            continue;
        }
        let comment = comment_in(answer.location());
        let told = stream.next();
        if (told.event.as_str(), told.comment(), told.id, told.retry)
            != ("comment:created", comment, Some(site.head()), None)
        {
            faults.push(format!("{id}: the stream says {told:?}"));
        }
        let mut told = Told::after(&site, ann, comment);
        told.again(&site, &mut owner, id, row);
        faults.extend(
            told.outputs(&site, &mut owner)
                .faults(row, comment, &harmless),
        );
    }
    well_formed(&site.get("/comments.xml").expect(200));
    faults.extend(moved(&site, &rows));
    let log = site.log_text();
    let odd = log.chars().find(|&sign| sign.is_control() && sign != '\n');
    faults.extend(odd.map(|sign| format!("the log holds {sign:?}")));
    faults.extend(log.contains("panicked").then(|| log.clone()));
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// What became of a comment, in the words of the list.
fn outcome(site: &Site, row: &Value, answer: &Answer) -> &'static str {
    let id = text(row, "id");
    let held = format!(
        "select count(*) from comments join posts on posts.id = post_id
         where slug = '{id}' and comments.status = 'pending'"
    );
    match answer.status() {
        303 if site.ask(&held) > 0 => "pending",
        303 => "2xx",
        413 if says(row, "413") => "413",
        status if status / 100 == 4 => "4xx",
        status => panic!("{id}: {status}"),
    }
}

fn publish_many<'a>(site: &Site, slugs: impl Iterator<Item = &'a str>) {
    let files = slugs.map(|slug| {
        let text =
            format!("+++\ntitle = \"Title\"\nslug = {slug:?}\ndate = 2026-01-02\n+++\nText\n");
        path(&site.write(&format!("posts/{slug}.md"), text)).to_owned()
    });
    let files: Vec<_> = files.collect();
    let arguments: Vec<_> = std::iter::once("publish")
        .chain(files.iter().map(String::as_str))
        .collect();
    site.rowlog(&arguments).worked();
}

fn post(visitor: &mut Visitor, slug: &str, form: &str) -> Option<Answer> {
    let path = format!("/posts/{slug}/comments");
    visitor
        .try_send("POST", &path, &[FORM], form.as_bytes())
        .ok()
}

fn fill_the_trap(visitor: &mut Visitor, slug: &str) -> Option<Answer> {
    let page = visitor.post(slug);
    let mut form = page
        .form("form.composer")
        .with("name", "Ann")
        .with("body", "Hello.");
    let known = "form.composer input:not([type=hidden]):not([type=checkbox]):not([name=name]):not([name=email]):not([name=url])";
    for trap in page.attributes(known, "name") {
        form = form.with(&trap, "https://spam.example/");
    }
    Some(visitor.submit_form(&form))
}

#[test]
fn any_sixty_four_kilobytes_of_markdown_are_answered_soon() {
    let site = Site::with_post("hello");
    let units = [
        "> ", "[", "*a _b ", "<div>", "| a ", "<", "www.", "\n", "- ", "1. ", "`", "~~", "![",
        "\\", "&#", "[^1]", "    ", "\t>", "a\n---\n", "``` \n", "(<", "[a](", "**a ",
    ];
    let mut connection = Connection::open(site.address()).unwrap();
    for unit in units {
        let body = unit.repeat(9_900 / unit.len());
        let asked = std::time::Instant::now();
        let answer = connection
            .submit("/posts/hello/comments", &[("name", "Ann"), ("body", &body)])
            .unwrap();
        assert!(
            [303, 422].contains(&answer.status()),
            "{unit:?}: {}",
            answer.status()
        );
        assert!(
            asked.elapsed().as_secs() < 5,
            "{unit:?} took {:?}",
            asked.elapsed()
        );
    }
    site.get("/posts/hello").expect(200);
}
