//! Where a Markdown text holds code and raw HTML.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::html;

/// The dialect in which all three generators and our own renderer read Markdown.
pub fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
}

/// Code blocks, code spans and raw `<pre>` or `<code>`, in order and apart: text that is shown as it stands.
pub fn ranges(body: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(String, usize)> = None;
    for (event, range) in Parser::new_ext(body, options()).into_offset_iter() {
        match event {
            Event::Code(_) | Event::Start(Tag::CodeBlock(_)) => found.push(range),
            Event::Html(_) | Event::InlineHtml(_) => {
                for tag in html::tags(&body[range.clone()]) {
                    match &open {
                        None if !tag.closing && matches!(tag.name.as_str(), "pre" | "code") => {
                            open = Some((tag.name, range.start + tag.range.start));
                        }
                        Some((name, start)) if tag.closing && *name == tag.name => {
                            found.push(*start..range.start + tag.range.end);
                            open = None;
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    found.sort_by_key(|range| range.start);
    merged(found)
}

fn merged(sorted: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(sorted.len());
    for range in sorted {
        match apart.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

/// Answers for rising places whether they lie in one of the ranges.
pub struct Inside<'a> {
    ranges: &'a [Range<usize>],
}

impl<'a> Inside<'a> {
    /// `ranges` in order and apart.
    pub fn new(ranges: &'a [Range<usize>]) -> Self {
        Inside { ranges }
    }

    /// The end of the range that holds `place`, which is not before the place asked for last.
    pub fn at(&mut self, place: usize) -> Option<usize> {
        while self.ranges.first().is_some_and(|range| range.end <= place) {
            self.ranges = &self.ranges[1..];
        }
        self.ranges
            .first()
            .filter(|range| range.start <= place)
            .map(|range| range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_code_are_found() {
        let body =
            "a `b` c\n\n```rust\nd\n```\n\n    e\n\nf <code>g</code>\n\n<pre>\nh\n</pre>\ni\n";
        let seen: Vec<_> = ranges(body)
            .into_iter()
            .map(|range| body[range].trim())
            .collect();
        assert_eq!(
            seen,
            [
                "`b`",
                "```rust\nd\n```",
                "e",
                "<code>g</code>",
                "<pre>\nh\n</pre>"
            ]
        );
    }
}
