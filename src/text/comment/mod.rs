//! Visitors' Markdown to safe HTML.
//!
//! Three walls stand behind each other: raw HTML is turned into text before it is rendered, only the elements of
//! the allow list are rendered at all, and the result goes through a sanitiser that knows the same list. Headings,
//! images and rules become paragraphs, links and text. Tables and footnotes are not parsed.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use linkify::{LinkFinder, LinkKind};
use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream, html,
};
use url::Url;

use crate::model::typed::{is_direction_control, is_text, is_visible};

/// Quotes, lists and emphasis inside each other beyond this depth lose their marks and keep their text.
const DEPTH: usize = 12;

/// A comment with a line that opens more quotes and lists than this is shown as it was typed: nobody means it, and the
/// parser looks at all that are open again in every line that follows.
const MOST_MARKS: usize = 100;

/// What a comment may consist of.
const ALLOWED: [&str; 12] = [
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
];

/// Where a link in a comment may lead.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut builder = ammonia::Builder::empty();
    builder
        .tags(HashSet::from(ALLOWED))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("nofollow ugc noopener"));
    builder
});

static ADDRESSES: LazyLock<LinkFinder> = LazyLock::new(|| {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    finder
});

/// Links in the HTML of a comment.
pub fn links(html: &str) -> usize {
    html.matches("<a ").count() // what was typed has no `<` left
}

/// The HTML of a comment: only allowed elements, no carriage return, no control or direction characters.
///
/// A single newline is a line break and a bare web address is a link, because that is how people type.
/// Source: CommonMark 0.31 with strikethrough, less what the module's introduction leaves out.
pub fn html(source: &str) -> String {
    let mut comment = Comment::default();
    let parsed = if source.lines().any(is_too_deep) {
        ""
    } else {
        source
    };
    for event in TextMergeStream::new(Parser::new_ext(parsed, Options::ENABLE_STRIKETHROUGH)) {
        comment.take(event);
    }
    if !comment.is_seen {
        comment = Comment::plain(source);
    }
    let mut rendered = String::with_capacity(source.len() * 3 / 2);
    html::push_html(&mut rendered, comment.events.into_iter());
    rendered.retain(is_permitted);
    SANITISER.clean(&rendered).to_string()
}

/// Whether `line` begins with more than `MOST_MARKS` marks of quotes and lists.
fn is_too_deep(line: &str) -> bool {
    let is_mark = |c: char| " \t>-+*.)".contains(c) || c.is_ascii_digit();
    let marks = line.split(|c| !is_mark(c)).next().unwrap_or_default();
    let opens = |pair: &&[u8]| match pair {
        [b'>', _] => true,
        [b'-' | b'+' | b'*' | b'.' | b')', next] => matches!(next, b' ' | b'\t'),
        _ => false,
    };
    marks.as_bytes().windows(2).filter(opens).count() > MOST_MARKS
}

/// Whether a character may be in a comment's HTML. One that turns the direction of text could reach beyond it.
fn is_permitted(c: char) -> bool {
    is_text(c) && !is_direction_control(c)
}

/// The events of a comment that are let through, in the order they came.
#[derive(Default)]
struct Comment<'a> {
    events: Vec<Event<'a>>,
    /// For each open element of the source, whether it is an element of the result too.
    open: Vec<bool>,
    /// How many of the open elements count towards `DEPTH`.
    depth: usize,
    in_link: bool,
    in_code: bool,
    /// Whether anything of it leaves a mark on the screen.
    is_seen: bool,
}

impl<'a> Comment<'a> {
    /// The source as it was typed, for a comment that Markdown would make disappear.
    fn plain(source: &'a str) -> Self {
        let mut comment = Comment::default();
        comment.start(Tag::HtmlBlock);
        comment.lines(source.into());
        comment.end(TagEnd::HtmlBlock);
        comment
    }

    fn take(&mut self, event: Event<'a>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(text),
            Event::Html(source) | Event::InlineHtml(source) => self.lines(source),
            Event::SoftBreak | Event::HardBreak => self.events.push(Event::HardBreak),
            Event::Rule => {
                self.start(Tag::Paragraph);
                self.text("* * *".into());
                self.end(TagEnd::Paragraph);
            }
            Event::Code(ref code) => {
                self.is_seen = self.is_seen || is_visible(code);
                self.events.push(event);
            }
            // The extensions that make these are off.
            Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        let shown = match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.put([Tag::Paragraph]),
            Tag::Heading { .. } => self.put([Tag::Paragraph, Tag::Strong]),
            Tag::CodeBlock(_) => {
                self.in_code = true;
                self.put([Tag::CodeBlock(CodeBlockKind::Indented)])
            }
            Tag::Item => self.open.last().is_some_and(|&list| list) && self.put([tag]),
            Tag::Link {
                link_type,
                dest_url,
                ..
            } => self.start_link(link_type, dest_url),
            Tag::Image {
                link_type,
                dest_url,
                ..
            } => self.start_link(link_type, dest_url),
            Tag::BlockQuote(_)
            | Tag::List(_)
            | Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough => {
                self.depth += 1;
                self.depth <= DEPTH && self.put([tag])
            }
            _ => false,
        };
        self.open.push(shown);
    }

    fn end(&mut self, tag: TagEnd) {
        let shown = self.open.pop().unwrap_or(false);
        match tag {
            TagEnd::BlockQuote(_)
            | TagEnd::List(_)
            | TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough => self.depth -= 1,
            TagEnd::CodeBlock => self.in_code = false,
            TagEnd::HtmlBlock => {
                self.events.pop_if(|last| *last == Event::HardBreak);
            }
            _ => {}
        }
        if !shown {
            return;
        }
        match tag {
            TagEnd::HtmlBlock => self.events.push(Event::End(TagEnd::Paragraph)),
            TagEnd::Heading(_) => {
                self.events.push(Event::End(TagEnd::Strong));
                self.events.push(Event::End(TagEnd::Paragraph));
            }
            TagEnd::Link | TagEnd::Image => self.end_link(),
            tag => self.events.push(Event::End(tag)),
        }
    }

    fn put<const N: usize>(&mut self, tags: [Tag<'a>; N]) -> bool {
        self.events.extend(tags.map(Event::Start));
        true
    }

    /// Opens a link, unless it leads where a comment may not or stands in another one.
    fn start_link(&mut self, kind: LinkType, target: CowStr<'a>) -> bool {
        let target = match kind {
            LinkType::Email => format!("mailto:{target}").into(),
            _ => target,
        };
        let Some(url) = (!self.in_link).then(|| destination(&target)).flatten() else {
            return false;
        };
        self.in_link = true;
        self.put([link(url)])
    }

    /// Closes a link. One without a text shows its address, so that nobody follows it unseen.
    fn end_link(&mut self) {
        if let Some(Event::Start(Tag::Link { dest_url, .. })) = self.events.last() {
            let address = dest_url.clone();
            self.is_seen = true;
            self.events.push(Event::Text(address));
        }
        self.in_link = false;
        self.events.push(Event::End(TagEnd::Link));
    }

    /// Adds text, with its bare web addresses made links.
    fn text(&mut self, text: CowStr<'a>) {
        self.is_seen = self.is_seen || is_visible(&text);
        if self.in_link || self.in_code || !text.contains("://") {
            self.events.push(Event::Text(text));
            return;
        }
        for span in ADDRESSES.spans(&text) {
            let shown = Event::Text(span.as_str().to_owned().into());
            match span.kind().and_then(|_| destination(span.as_str())) {
                Some(url) => {
                    let around = [Event::Start(link(url)), shown, Event::End(TagEnd::Link)];
                    self.events.extend(around);
                }
                None => self.events.push(shown),
            }
        }
    }

    /// Adds raw HTML as the text it is, line by line.
    fn lines(&mut self, source: CowStr<'a>) {
        for (number, line) in source.split('\n').enumerate() {
            if number > 0 {
                self.events.push(Event::HardBreak);
            }
            if !line.is_empty() {
                self.text(line.to_owned().into());
            }
        }
    }
}

/// The address a link may lead to, in the form browsers would read it, or nothing.
///
/// An address with a user name in it looks like one place and leads to another.
fn destination(target: &str) -> Option<String> {
    let url = Url::parse(target).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    (plain && SCHEMES.contains(&url.scheme())).then(|| url.into())
}

fn link<'a>(url: String) -> Tag<'a> {
    Tag::Link {
        link_type: LinkType::Inline,
        dest_url: url.into(),
        title: "".into(),
        id: "".into(),
    }
}

#[cfg(test)]
mod tests;
