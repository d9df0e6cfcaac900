//! Where a Markdown text names other files and pages, in Markdown and in the raw HTML within it, and what of that HTML
//! cannot stay.

use std::collections::HashSet;
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, OffsetIter, Parser, Tag, TagEnd};

use super::code;
use super::html;

/// An address in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where it stands.
    pub range: Range<usize>,
    /// What it says, without escapes.
    pub address: String,
    /// Whether the page is to load it, and not only to link to it.
    pub shown: bool,
}

/// A piece of a text to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
    pub range: Range<usize>,
    /// By what; a line of which nothing is left goes too.
    pub text: String,
}

/// What was found in a text.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// In no particular order.
    pub references: Vec<Reference>,
    /// Scripts, frames and `<noscript>` tags, in no particular order.
    pub edits: Vec<Edit>,
    /// A sentence for each kind of thing taken out.
    pub notes: Vec<String>,
}

/// Reads `body` as CommonMark and finds what it refers to. Code is passed over.
pub fn find(body: &str) -> Findings {
    let mut search = Search {
        body,
        found: Findings::default(),
        shown: HashSet::new(),
        open: Vec::new(),
        after: 0,
    };
    let mut events = Parser::new_ext(body, code::options()).into_offset_iter();
    let definitions = definitions(body, &events);
    for (event, range) in events.by_ref() {
        search.event(event, range);
    }
    for (label, mut reference) in definitions {
        reference.shown = search.shown.contains(&label);
        search.found.references.push(reference);
    }
    search.found
}

/// `body` with the edits made. Edits that overlap an earlier one are left out.
pub fn apply(body: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.range.start, std::cmp::Reverse(edit.range.end)));
    let mut out = String::with_capacity(body.len());
    let mut at = 0;
    for edit in edits {
        if edit.range.start < at {
            continue;
        }
        out.push_str(&body[at..edit.range.start]);
        out.push_str(&edit.text);
        at = edit.range.end;
        // A blank line in the place of a tag would end the HTML block around it.
        let line = out.rfind('\n').map_or(0, |place| place + 1);
        let rest = body[at..]
            .find('\n')
            .map_or(body.len(), |place| at + place + 1);
        if edit.text.is_empty() && out[line..].trim().is_empty() && body[at..rest].trim().is_empty()
        {
            out.truncate(line);
            at = rest;
        }
    }
    out.push_str(&body[at..]);
    out
}

/// One walk over the events of a body.
struct Search<'a> {
    body: &'a str,
    found: Findings,
    /// Labels of definitions that an image uses.
    shown: HashSet<String>,
    /// Links and images not yet closed: type, address, place, end of the last thing inside.
    open: Vec<(LinkType, String, Range<usize>, usize)>,
    /// HTML before this place is gone with a script.
    after: usize,
}

impl Search<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                ..
            }) => self.enter(link_type, &dest_url, range),
            Event::Start(Tag::Image {
                link_type,
                dest_url,
                id,
                ..
            }) => {
                self.shown.insert(folded(&id));
                self.enter(link_type, &dest_url, range);
            }
            Event::End(TagEnd::Link) => self.leave(false),
            Event::End(TagEnd::Image) => self.leave(true),
            Event::Html(_) | Event::InlineHtml(_) => {
                self.reach(range.end);
                self.html(range);
            }
            _ => self.reach(range.end),
        }
    }

    fn enter(&mut self, kind: LinkType, address: &str, range: Range<usize>) {
        let start = range.start + 1;
        self.open.push((kind, address.to_owned(), range, start));
    }

    /// Everything up to `end` belongs to the text of the innermost open link.
    fn reach(&mut self, end: usize) {
        if let Some((_, _, range, inner)) = self.open.last_mut() {
            *inner = end.clamp(*inner, range.end);
        }
    }

    fn leave(&mut self, shown: bool) {
        let Some((kind, address, range, inner)) = self.open.pop() else {
            return;
        };
        self.reach(range.end);
        if kind == LinkType::Inline {
            let destination = self.body[inner..range.end]
                .find("](")
                .map(|place| inner + place + 2);
            let place = destination.and_then(|start| destination_at(self.body, start..range.end));
            self.found.references.extend(place.map(|range| Reference {
                range,
                address,
                shown,
            }));
        }
    }

    fn html(&mut self, range: Range<usize>) {
        let text = &self.body[range.clone()];
        for tag in html::tags(text) {
            let place = range.start + tag.range.start..range.start + tag.range.end;
            if place.start < self.after {
                continue;
            }
            match tag.name.as_str() {
                "script" if !tag.closing => self.script(place),
                "iframe" if !tag.closing => self.frame(&tag, text, place),
                "script" | "noscript" | "iframe" => self.cut(place, String::new()),
                _ if !tag.closing => self.attributes(&tag, text, range.start),
                _ => {}
            }
        }
    }

    /// The page's policy blocks scripts, so their text would only be dead weight.
    fn script(&mut self, opening: Range<usize>) {
        let rest = &self.body[opening.end..];
        let end = html::tags(rest)
            .find(|tag| tag.closing && tag.name == "script")
            .map_or(0, |tag| tag.range.end);
        self.after = opening.end + end;
        self.cut(opening.start..self.after, String::new());
        self.note("a script was taken out: pages run no scripts of their authors");
    }

    fn frame(&mut self, tag: &html::Tag, text: &str, place: Range<usize>) {
        let source = tag
            .attribute("src")
            .map(|range| text[range].to_owned())
            .unwrap_or_default();
        let source = if source.starts_with("//") {
            format!("https:{source}")
        } else {
            source
        };
        let link = source
            .starts_with("http")
            .then(|| format!("<a href=\"{source}\">{source}</a>"));
        self.cut(place, link.unwrap_or_default());
        self.note("an embedded frame became a link: pages load nothing from other sites");
    }

    fn attributes(&mut self, tag: &html::Tag, text: &str, start: usize) {
        for (name, range) in &tag.attributes {
            let value = &text[range.clone()];
            let place = start + range.start..start + range.end;
            match name.as_str() {
                "src" | "poster" => self.address(value, place, true),
                "data" if tag.name == "object" => self.address(value, place, true),
                "href" => self.address(value, place, tag.name == "image"),
                "srcset" => self.set(value, place.start),
                _ => {}
            }
        }
    }

    /// `a.png 1x, b.png 2x`.
    fn set(&mut self, value: &str, start: usize) {
        let (mut at, mut expected) = (start, true);
        for piece in value.split_inclusive(char::is_whitespace) {
            let word = piece.trim_end();
            if expected && !word.is_empty() {
                let address = word.trim_end_matches(',');
                self.address(address, at..at + address.len(), true);
            }
            expected = if word.is_empty() {
                expected
            } else {
                word.ends_with(',')
            };
            at += piece.len();
        }
    }

    fn address(&mut self, value: &str, range: Range<usize>, shown: bool) {
        let address = value.trim().replace("&amp;", "&");
        if !address.is_empty() && range.end <= self.body.len() {
            self.found.references.push(Reference {
                range,
                address,
                shown,
            });
        }
    }

    fn cut(&mut self, range: Range<usize>, text: String) {
        self.found.edits.push(Edit { range, text });
    }

    fn note(&mut self, note: &str) {
        if !self.found.notes.iter().any(|known| known == note) {
            self.found.notes.push(note.to_owned());
        }
    }
}

/// `[label]: address`, wherever it stands.
fn definitions(body: &str, events: &OffsetIter<'_>) -> Vec<(String, Reference)> {
    let found = events
        .reference_definitions()
        .iter()
        .filter_map(|(label, definition)| {
            let start = definition.span.start + body[definition.span.clone()].find("]:")? + 2;
            let range = destination_at(body, start..definition.span.end)?;
            Some((
                folded(label),
                Reference {
                    range,
                    address: definition.dest.to_string(),
                    shown: false,
                },
            ))
        });
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|(_, reference)| reference.range.start);
    found
}

fn folded(label: &str) -> String {
    label.trim().to_lowercase()
}

/// The link destination at the start of `within`, without its pointed brackets.
///
/// Source: CommonMark 0.31.2, "Link destination".
fn destination_at(body: &str, within: Range<usize>) -> Option<Range<usize>> {
    let text = &body[within.clone()];
    let start = text.len() - text.trim_start().len();
    let text = &text[start..];
    let from = within.start + start;
    if let Some(inner) = text.strip_prefix('<') {
        return inner.find('>').map(|end| from + 1..from + 1 + end);
    }
    let (mut depth, mut escaped) = (0, false);
    let end = text.find(|letter: char| {
        let stop = match letter {
            _ if escaped => false,
            '(' => {
                depth += 1;
                false
            }
            ')' => {
                depth -= 1;
                depth < 0
            }
            letter => letter.is_whitespace(),
        };
        escaped = letter == '\\' && !escaped;
        stop
    });
    Some(from..from + end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(body: &str) -> Vec<(String, bool)> {
        let mut found = find(body).references;
        found.sort_by_key(|reference| reference.range.start);
        found
            .into_iter()
            .map(|reference| (body[reference.range].to_owned(), reference.shown))
            .collect()
    }

    #[test]
    fn references_are_found_where_they_stand() {
        for (body, expected) in [
            ("![a](b.png)", vec![("b.png", true)]),
            ("![a [x] `](`](<b c.png> \"t\")", vec![("b c.png", true)]),
            (
                "[![a](b.png)](c.md#d 'e')",
                vec![("b.png", true), ("c.md#d", false)],
            ),
            ("![](a_(1).png)", vec![("a_(1).png", true)]),
            (
                "![x][p] [l]\n\n[P]: a.png 'T'\n[l]: <b c.md>\n",
                vec![("a.png", true), ("b c.md", false)],
            ),
            (
                "x <img src=a.png alt=\"\"> <a href='b'>c</a>",
                vec![("a.png", true), ("b", false)],
            ),
            (
                "<div>\n<video poster=\"p.png\"><source src=\"v.mp4\"></video>\n</div>",
                vec![("p.png", true), ("v.mp4", true)],
            ),
            (
                "<img srcset=\"a.png 1x, b.png 2x\">",
                vec![("a.png", true), ("b.png", true)],
            ),
            ("`![a](b.png)` and\n\n    <img src=\"c.png\">\n", vec![]),
            ("```html\n<img src=\"c.png\">\n```\n", vec![]),
            ("<https://a.example> \\![a](", vec![]),
        ] {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(text, shown)| (text.to_owned(), shown))
                .collect();
            assert_eq!(seen(body), expected, "{body}");
        }
    }

    #[test]
    fn scripts_go_and_what_stood_for_them_stays() {
        for (body, expected) in [
            ("a\n\n<script src=\"x.js\"></script>\n\nb\n", "a\n\n\nb\n"),
            ("a <script>if (1 < 2) { '<img src=x>' }</script> b", "a  b"),
            ("<script>\n\nlet a = 1;\n\n</script>\nb", "b"),
            (
                "<div><noscript>\n<img src=a.png>\n</noscript></div>\n",
                "<div>\n<img src=a.png>\n</div>\n",
            ),
            (
                "<div>\n    <noscript>\n    <img src=a.png>\n    </noscript>\n</div>\n",
                "<div>\n    <img src=a.png>\n</div>\n",
            ),
            ("`<script>` stays", "`<script>` stays"),
            (
                "<iframe src=\"https://v.example/1\"></iframe>",
                "<a href=\"https://v.example/1\">https://v.example/1</a>",
            ),
        ] {
            assert_eq!(apply(body, find(body).edits), expected, "{body}");
        }
    }
}
