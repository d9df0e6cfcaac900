//! Everything that shows a comment, to readers, programs, its writer and the owner; and what is wrong with it there.

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use crate::hostile::{body, form, text, texts};
use crate::http::{Answer, FORM, encode};
use crate::lists::well_formed;
use crate::page::Page;
use crate::site::{Site, path};
use crate::stream::Stream;
use crate::visitor::Visitor;

/// A refusal is as good as a clean change.
fn taken_or_refused(answer: &Answer, what: &str) {
    let status = answer.status();
    assert!(
        [200, 201, 303, 413, 422].contains(&status),
        "{what} answers {status}"
    );
}

/// What a program asks for.
const AS_PROGRAM: (&str, &str) = ("Accept", "application/json");

/// The same text said on every way in, and what was answered at once.
pub struct Told {
    ann: Visitor,
    /// The event before the first comment.
    before: i64,
    slug: String,
    body: String,
    /// The comment that everything is read from.
    comment: i64,
    answers: Vec<(&'static str, String)>,
}

impl Told {
    /// A harmless text, on the same ways as the others.
    pub fn by(site: &Site, owner: &mut Visitor, slug: &str, row: &Value) -> Told {
        let mut ann = site.visitor();
        let comment = ann.comment(slug, text(row, "name"), text(row, "body"));
        let mut told = Told::after(site, ann, comment);
        told.again(site, owner, slug, row);
        told
    }

    /// What `ann` has just said by a form.
    pub fn after(site: &Site, ann: Visitor, comment: i64) -> Told {
        Told {
            ann,
            before: site.head() - 1,
            slug: String::new(),
            body: String::new(),
            comment,
            answers: Vec::new(),
        }
    }

    /// Says it again: by a program, by changing a comment, by the owner's changing one; and asks for a preview.
    pub fn again(&mut self, site: &Site, owner: &mut Visitor, slug: &str, row: &Value) {
        (self.slug, self.body) = (slug.to_owned(), body(row));
        let (kind, address) = ([FORM, AS_PROGRAM], format!("/posts/{slug}/comments"));
        let mut bob = site.visitor();
        let answer = bob.send("POST", &address, &kind, form(row).as_bytes());
        taken_or_refused(&answer, &format!("{slug}: a program's comment"));
        self.keep_html("program's answer", &answer);
        if !row["raw_form"].is_null() {
            return;
        }
        let fields = [("body", self.body.as_str())];
        let id = self.ann.comment(slug, "Ann", "to be changed");
        let answer = self.ann.submit(&format!("/comments/{id}"), &fields);
        taken_or_refused(&answer, &format!("{slug}: a change"));
        let id = self.ann.comment(slug, "Ann", "to be changed by the owner");
        let answer = owner.submit(&format!("/admin/comments/{id}"), &fields);
        taken_or_refused(&answer, &format!("{slug}: the owner's change"));
        let answer = self.ann.submit("/comments/preview", &fields);
        taken_or_refused(&answer, &format!("{slug}: a preview"));
        self.answers.push(("preview", answer.text()));
        let page = [fields[0], ("post", slug), ("name", text(row, "name"))];
        let answer = self.ann.submit("/comments/preview", &page);
        taken_or_refused(&answer, &format!("{slug}: a page with a preview"));
        self.answers.push(("page with a preview", answer.text()));
        let kind = [FORM, AS_PROGRAM];
        let answer = self.ann.send(
            "POST",
            "/comments/preview",
            &kind,
            encode(&fields).as_bytes(),
        );
        self.keep_html("program's preview", &answer);
    }

    fn keep_html(&mut self, what: &'static str, answer: &Answer) {
        let json = answer.json();
        let html =
            ["html", "thread"].map(|name| json[name].as_str().unwrap_or_default().to_owned());
        self.answers.push((what, html.concat()));
    }

    /// Everything that shows it.
    pub fn outputs(mut self, site: &Site, owner: &mut Visitor) -> Outputs {
        let slug = self.slug.as_str();
        let page = site.get(&format!("/posts/{slug}")).expect(200);
        let feed = site.get(&format!("/posts/{slug}/comments.xml")).expect(200);
        let head = site.head();
        let frames = |mut stream: Stream| {
            let frames = stream.up_to(head);
            let html = frames
                .iter()
                .filter_map(|frame| frame.data["html"].as_str());
            html.collect::<String>()
        };
        let polled = site.get_json(&format!("/posts/{slug}/events?after=0"));
        let polled = polled["events"].as_array().into_iter().flatten();
        let polled: String = polled.filter_map(|event| event["html"].as_str()).collect();
        let session = format!(
            "session={}",
            owner.cookie("session").expect("she is signed in")
        );
        let log = site.stream(
            &format!("/admin/events?after={}", self.before),
            &[("Cookie", &session)],
        );
        let id = site.ask(&format!("select id from posts where slug = '{slug}'"));
        let sought: String = self.body.chars().take(200).collect();
        let sought = encode(&[("q", sought.as_str()), ("in", "comments")]);
        let mut all = vec![
            ("page", page.text()),
            ("feed", feed.text()),
            ("stream", frames(site.follow_after(slug, 0))),
            ("poll", polled),
            (
                "search",
                without_own_links(&site.get(&format!("/search?{sought}")).text()),
            ),
            ("own page", self.ann.get(&format!("/posts/{slug}")).text()),
        ];
        all.append(&mut self.answers);
        let mut hers = vec![
            ("owner's stream", frames(log)),
            ("page of what is kept", self.ann.get("/me").text()),
        ];
        for (what, address) in [
            ("queue", format!("/admin/comments?show=all&post={id}")),
            (
                "queue, searched",
                format!("/admin/comments?show=all&post={id}&{sought}"),
            ),
            (
                "comment at the desk",
                format!("/admin/comments/{}", self.comment),
            ),
            ("desk", "/admin".to_owned()),
        ] {
            let page = owner.get(&address).expect(200).text();
            hers.push((what, without_own_links(&page)));
        }
        Outputs {
            page,
            feed,
            all,
            hers,
        }
    }
}

/// Everything that shows the comments of one post.
pub struct Outputs {
    page: Answer,
    feed: Answer,
    /// What strangers see.
    all: Vec<(&'static str, String)>,
    /// What the owner and the writer see.
    hers: Vec<(&'static str, String)>,
}

impl Outputs {
    /// What is wrong with these outputs, measured against those of a harmless comment.
    pub fn faults(&self, row: &Value, comment: i64, harmless: &Outputs) -> Vec<String> {
        let id = text(row, "id");
        let mut faults = Vec::new();
        for pattern in texts(row, "must_not_appear") {
            let regex = RegexBuilder::new(pattern)
                .case_insensitive(true)
                .build()
                .unwrap();
            // Her address is no secret to its writer and to the owner.
            let hers = (text(row, "class") != "field-email").then_some(&self.hers);
            for (what, output) in self.all.iter().chain(hers.into_iter().flatten()) {
                let plain = harmless.all.iter().chain(&harmless.hers);
                let plain = plain
                    .filter(|(name, _)| name == what)
                    .map(|(_, plain)| plain);
                let usual = plain.map(|plain| regex.find_iter(plain).count()).max();
                if regex.find_iter(output).count() > usual.unwrap_or_default() {
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
                // The raw client of the streams has looked, and the log is read at the end.
                "__sse_injected__" | "__header_injected__" => false,
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

/// Where comments look otherwise after they have moved to another blog: what arrives there is rendered anew.
pub fn moved(site: &Site, rows: &[Value]) -> Vec<String> {
    let there = Site::start();
    let folder = site.path("moved");
    site.rowlog(&["export", path(&folder)]).worked();
    there.rowlog(&["import", "rowlog", path(&folder)]).worked();
    let shown = |site: &Site, slug: &str| {
        let page = site.post(slug);
        let count = page.count("#threads .prose");
        let names = page
            .texts("#threads h3 .p-author, #threads h3 bdi")
            .join("|");
        (
            count,
            page.texts("#threads .prose"),
            names,
            foreign_markup(&page),
        )
    };
    let differs = rows.iter().map(|row| text(row, "id")).filter(|slug| {
        let (here, there) = (shown(site, slug), shown(&there, slug));
        here != there || !here.3.is_empty()
    });
    differs
        .map(|slug| format!("{slug}: it looks otherwise after an import, or holds foreign markup"))
        .collect()
}

/// Elements inside comments that no comment may hold.
fn foreign_markup(page: &Page) -> Vec<String> {
    let allowed = [
        "p",
        "br",
        "em",
        "strong",
        "del",
        "a",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "span",
    ];
    let others: String = allowed.iter().map(|name| format!(":not({name})")).collect();
    let attributes = [
        "style",
        "id",
        "name",
        "src",
        "onerror",
        "onclick",
        "onmouseover",
        "onfocus",
    ];
    let bearing = attributes
        .map(|name| format!("#threads .prose [{name}]"))
        .join(", ");
    page.texts(&format!("#threads .prose *{others}, {bearing}"))
}

/// A page without where its links to lists lead: they say again what was asked for, escaped as addresses are.
fn without_own_links(page: &str) -> String {
    let links = Regex::new(r#"href="/(search|admin/comments)\?[^"<> ]*""#).unwrap();
    links.replace_all(page, "").into_owned()
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
