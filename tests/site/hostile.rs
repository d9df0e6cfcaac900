//! Hostile input: the list of what visitors may send, on every way in and every way out.
//!
//! The list lies beside the checkout; without it only what is written here is tried.

use std::fs;
use std::path::Path;

use regex::RegexBuilder;
use serde_json::{Value, json};

use crate::browser::Desk;
use crate::http::{Answer, Connection, FORM, encode};
use crate::lists::well_formed;
use crate::site::Site;
use crate::visitor::{Visitor, comment_in};

/// The rows of one list, or nothing where it is not at hand.
pub fn rows(list: &str) -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/badinputs")
        .join(list);
    let Ok(text) = fs::read_to_string(&file) else {
        println!("skipped: {} is not here", file.display());
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
fn body(row: &Value) -> String {
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
fn form(row: &Value) -> String {
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

/// One comment a row, each under a post of its own.
#[test]
fn no_comment_of_the_list_does_harm_on_any_page_feed_or_stream() {
    let rows = rows("comments.jsonl");
    if rows.is_empty() {
        return;
    }
    let site = Site::start();
    publish_many(
        &site,
        rows.iter().map(|row| text(row, "id")).chain(["harmless"]),
    );
    let harmless = Outputs::of(
        &site,
        "harmless",
        &mut say_hello(&site, "harmless").0,
        "Hello.",
    );
    let mut faults = Vec::new();
    for row in &rows {
        let id = text(row, "id");
        let mut stream = site.follow(id);
        let mut ann = site.visitor();
        let answer = if id == "c193" {
            fill_the_trap(&mut ann, id)
        } else {
            post(&mut ann, id, &form(row))
        };
        let Some(answer) = answer else {
            faults.extend((!says(row, "4xx")).then(|| format!("{id}: the connection broke")));
            continue;
        };
        let held = site.ask(&format!("select count(*) from comments join posts on posts.id = post_id where slug = '{id}' and comments.status = 'pending'")) > 0;
        let outcome = match answer.status() {
            303 if held => "pending",
            303 => "2xx",
            413 if says(row, "413") => "413",
            status if status / 100 == 4 => "4xx",
            status => panic!("{id}: {status}"),
        };
        if !says(row, outcome) {
            faults.push(format!(
                "{id}: {outcome} is not among {}",
                text(row, "status")
            ));
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
        if row["raw_form"].is_null() {
            edit(&mut ann, id, &body(row));
        }
        faults.extend(Outputs::of(&site, id, &mut ann, &body(row)).faults(row, comment, &harmless));
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

fn publish_many<'a>(site: &Site, slugs: impl Iterator<Item = &'a str>) {
    let files = slugs.map(|slug| {
        let text =
            format!("+++\ntitle = \"Title\"\nslug = {slug:?}\ndate = 2026-01-02\n+++\nText\n");
        site.write(&format!("posts/{slug}.md"), text)
            .to_str()
            .unwrap()
            .to_owned()
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

/// A second comment whose harmless text is edited into the given one; a refusal is as good as a clean edit.
fn edit(visitor: &mut Visitor, slug: &str, body: &str) {
    let id = visitor.comment(slug, "Ann", "to be edited");
    let answer = visitor.submit(&format!("/comments/{id}"), &[("body", body)]);
    assert!(
        [303, 413, 422].contains(&answer.status()),
        "{slug}: editing answers {}",
        answer.status()
    );
}

fn say_hello(site: &Site, slug: &str) -> (Visitor, i64) {
    let mut ann = site.visitor();
    let id = ann.comment(slug, "Ann", "Hello.");
    edit(&mut ann, slug, "Hello.");
    (ann, id)
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

/// Everything that shows the comments of one post.
struct Outputs {
    page: Answer,
    feed: Answer,
    all: Vec<(&'static str, String)>,
}

impl Outputs {
    fn of(site: &Site, slug: &str, writer: &mut Visitor, body: &str) -> Outputs {
        let page = site.get(&format!("/posts/{slug}")).expect(200);
        let feed = site.get(&format!("/posts/{slug}/comments.xml")).expect(200);
        let frames = site.follow_after(slug, 0).up_to(site.head());
        let frames: String = frames
            .iter()
            .filter_map(|frame| frame.data["html"].as_str())
            .collect();
        let preview = writer.submit("/comments/preview", &[("body", body)]).text();
        let own = writer.get(&format!("/posts/{slug}")).text();
        let all = vec![
            ("page", page.text()),
            ("feed", feed.text()),
            ("stream", frames),
            ("preview", preview),
            ("own page", own),
        ];
        Outputs { page, feed, all }
    }

    /// What is wrong with these outputs, measured against those of a harmless comment.
    fn faults(&self, row: &Value, comment: i64, harmless: &Outputs) -> Vec<String> {
        let id = text(row, "id");
        let mut faults = Vec::new();
        for pattern in texts(row, "must_not_appear") {
            let regex = RegexBuilder::new(pattern)
                .case_insensitive(true)
                .build()
                .unwrap();
            for ((what, output), (_, plain)) in self.all.iter().zip(&harmless.all) {
                if regex.find_iter(output).count() > regex.find_iter(plain).count() {
                    faults.push(format!("{id}: the {what} matches {pattern}"));
                }
            }
        }
        let page = self.page.page();
        let article = format!("#comment-{comment}");
        if !page.has(&article) {
            return vec![format!("{id}: the page does not hold {article}")];
        }
        let raw = page.raw_text(&article);
        faults.extend(
            texts(row, "must_appear_text")
                .filter(|wanted| !raw.contains(wanted))
                .map(|wanted| format!("{id}: {wanted:?} is not shown")),
        );
        for select in texts(row, "must_not_select") {
            let found = match select {
                "__sse_injected__" | "__header_injected__" => false, // the raw client of the stream has looked
                "__feed_wellformed__" => well_formed(&self.feed).is_empty(),
                "__bidi_leak__" => leaks_direction(&page.markup(&article)),
                css => page.has(css),
            };
            faults.extend(found.then(|| format!("{id}: {select}")));
        }
        well_formed(&self.feed);
        faults
    }
}

/// Whether a direction control stands outside `<bdi>`.
fn leaks_direction(markup: &str) -> bool {
    let inside = RegexBuilder::new("<bdi[^>]*>.*?</bdi>")
        .dot_matches_new_line(true)
        .build()
        .unwrap();
    let outside = inside.replace_all(markup, "");
    outside.contains(|sign| matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}'))
}

#[test]
fn in_a_browser_nothing_of_the_list_runs_with_the_policy_on_or_off() {
    let rows = rows("comments.jsonl");
    let site = Site::with_post("hello");
    let desk = Desk::new();
    let windows = [desk.window(), desk.window()];
    windows[1].devtools("Page.setBypassCSP", json!({ "enabled": true }));
    let canary =
        "window.called = []; window.PWN = n => { called.push(n); }; window.alert = window.PWN;";
    for window in &windows {
        window.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": canary }),
        );
        window.open(&site.url("/posts/hello"));
        window.wait_until_live();
    }
    let mut accepted = 0;
    let worst = "<script>PWN(0)</script><img src=x onerror=PWN(0)>[x](javascript:PWN(0))";
    accepted += i32::from(
        site.submit(
            "/posts/hello/comments",
            &[("name", &worst[..23]), ("body", worst)],
        )
        .status()
            == 303,
    );
    for row in rows
        .iter()
        .filter(|row| text(row, "class") != "cost" && text(row, "id") != "c193")
    {
        let answer = post(&mut site.visitor(), "hello", &form(row));
        accepted += i32::from(answer.is_some_and(|answer| answer.status() == 303));
    }
    let last = site.comment("hello", "Ann", "the end");
    let shown = site.ask("select count(*) from comments where status = 'published'");
    assert!(shown >= 1 && accepted >= 1);
    for (window, policy) in windows.iter().zip(["on", "bypassed"]) {
        window.wait_for_text("#talk-h .count", &format!("{shown} comments"));
        window.click("#pill"); // what arrives in view waits there
        for arrival in ["live", "with the page"] {
            window.wait_for(&format!("#comment-{last}"));
            assert_eq!(
                window.count("#threads article") as i64,
                shown.min(100),
                "{arrival}: the page is broken"
            );
            let called = window.eval(&format!("({PROVOKE})()"));
            assert_eq!(called, json!([]), "ran {arrival} with the policy {policy}");
            assert_eq!(
                window.eval(&format!("({FOREIGN})()")),
                json!([]),
                "{arrival}: markup that no comment may hold"
            );
            if policy == "on" {
                window.has_a_clean_console();
            }
            window.open(&site.url(&format!("/posts/hello?{policy}")));
        }
    }
}

/// Fires whatever a forged handler could wait for, and says what ran.
const PROVOKE: &str = "() => {
    for (const element of document.querySelectorAll('#threads *'))
        for (const event of ['mouseover', 'focus', 'focusin', 'error', 'load', 'toggle', 'animationend', 'begin'])
            element.dispatchEvent(new Event(event, { bubbles: false }));
    return window.called;
}";

/// Elements, attributes and addresses inside comments that are not on the list of allowed ones.
const FOREIGN: &str = "() => {
    const allowed = 'P BR EM STRONG DEL A CODE PRE BLOCKQUOTE UL OL LI SPAN'.split(' '), found = [];
    for (const element of document.querySelectorAll('#threads .prose *')) {
        if (!allowed.includes(element.tagName)) found.push(element.outerHTML);
        for (const attribute of element.attributes)
            if (!['href', 'rel', 'class', 'start', 'tabindex', 'role', 'aria-label'].includes(attribute.name)) found.push(element.outerHTML);
    }
    for (const link of document.querySelectorAll('#threads .prose a, #threads h3 a'))
        if (!['http:', 'https:', 'mailto:'].includes(link.protocol)) found.push(link.outerHTML);
    return found;
}";

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
