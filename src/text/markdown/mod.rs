//! The owner's Markdown to HTML.
//!
//! The owner is trusted: raw HTML passes. Markdown becomes HTML here; what is true of all HTML, such as measured
//! images and anchors of headings, is the business of `document`.

use pulldown_cmark::html::push_html;
use pulldown_cmark::{
    Alignment, BlockQuoteKind, CodeBlockKind, Event, Options, Parser, Tag, TagEnd, TextMergeStream,
};

use super::notes::Notes;
use super::{code, document, math};
use crate::model::post::Rendered;

/// Renders a post. `size_of` gives the width and height in pixels of the image at an address, if it is known.
///
/// Source: CommonMark 0.31 and GitHub Flavored Markdown, with footnotes, heading attributes, formulas and
/// typographic punctuation.
pub fn post(source: &str, size_of: &dyn Fn(&str) -> Option<(u32, u32)>) -> Rendered {
    let place = document::Place {
        prefix: "",
        above: 1,
    };
    document::finish(&html(source), &place, size_of)
}

/// Renders an entry of a liveblog: as a post, with anchors that no other entry and no post has, and with its headings
/// below its own.
pub fn entry(source: &str, number: i64, size_of: &dyn Fn(&str) -> Option<(u32, u32)>) -> Rendered {
    let place = document::Place {
        prefix: &format!("entry-{number}-"),
        above: 3,
    };
    document::finish(&html(source), &place, size_of)
}

fn html(source: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_SMART_PUNCTUATION
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM;
    let parser = TextMergeStream::new(Parser::new_ext(source, options));
    let (text, notes) = Notes::set_apart(parser);
    let mut writer = Writer {
        notes,
        alignments: Vec::new(),
        column: 0,
        in_head: false,
    };
    let mut events = writer.write(text);
    let mut notes = Vec::new();
    while let Some(note) = writer.notes.take(notes.len()) {
        notes.push(writer.write(note));
    }
    events.extend(writer.notes.section(notes));
    let mut rendered = String::with_capacity(source.len() * 2);
    push_html(&mut rendered, events.into_iter());
    rendered
}

/// Puts our own HTML in the place of events that the renderer would write differently.
struct Writer<'a> {
    notes: Notes<'a>,
    /// Of the columns of the table at hand.
    alignments: Vec<Alignment>,
    column: usize,
    in_head: bool,
}

impl<'a> Writer<'a> {
    fn write(&mut self, events: Vec<Event<'a>>) -> Vec<Event<'a>> {
        let mut written = Vec::with_capacity(events.len());
        let mut events = events.into_iter().peekable();
        while let Some(event) = events.next() {
            let own = match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let block = events
                        .by_ref()
                        .take_while(|next| !matches!(next, Event::End(_)));
                    figure(kind, block)
                }
                Event::InlineMath(tex) if is_price(events.peek()) => {
                    Event::Text(format!("${tex}$").into())
                }
                Event::InlineMath(tex) => Event::InlineHtml(math::inline(&tex).into()),
                Event::DisplayMath(tex) => Event::InlineHtml(math::block(&tex).into()),
                Event::FootnoteReference(label) => self.notes.refer(label),
                Event::TaskListMarker(done) => task(done),
                Event::Start(Tag::BlockQuote(Some(kind))) => alert(kind),
                event => self.table(event),
            };
            written.push(own);
        }
        written
    }

    /// The parts of a table, aligned by class, because the pages allow no inline styles.
    fn table(&mut self, event: Event<'a>) -> Event<'a> {
        let html = match event {
            Event::Start(Tag::Table(alignments)) => {
                self.alignments = alignments;
                "<table>\n"
            }
            Event::Start(Tag::TableHead) => {
                (self.in_head, self.column) = (true, 0);
                "<thead><tr>"
            }
            Event::End(TagEnd::TableHead) => {
                self.in_head = false;
                "</tr></thead>\n<tbody>\n"
            }
            Event::Start(Tag::TableRow) => {
                self.column = 0;
                "<tr>"
            }
            Event::End(TagEnd::TableRow) => "</tr>\n",
            Event::Start(Tag::TableCell) => return Event::Html(self.cell().into()),
            Event::End(TagEnd::TableCell) if self.in_head => "</th>",
            Event::End(TagEnd::TableCell) => "</td>",
            Event::End(TagEnd::Table) => "</tbody>\n</table>\n",
            event => return event,
        };
        Event::Html(html.into())
    }

    fn cell(&mut self) -> String {
        let class = match self.alignments.get(self.column) {
            Some(Alignment::Right) => " class=\"num\"",
            Some(Alignment::Center) => " class=\"mid\"",
            _ => "",
        };
        self.column += 1;
        if self.in_head {
            format!("<th scope=\"col\"{class}>")
        } else {
            format!("<td{class}>")
        }
    }
}

fn figure<'a>(kind: CodeBlockKind, block: impl Iterator<Item = Event<'a>>) -> Event<'a> {
    let mut source = String::new();
    for event in block {
        if let Event::Text(text) = event {
            source.push_str(&text);
        }
    }
    let info = match &kind {
        CodeBlockKind::Fenced(info) => info,
        CodeBlockKind::Indented => "",
    };
    Event::Html(code::figure(&source, info).into())
}

/// Whether what looked like a formula was the words between two sums of money, as in `$5–$10`.
fn is_price(next: Option<&Event>) -> bool {
    matches!(next, Some(Event::Text(text)) if text.starts_with(|c: char| c.is_ascii_digit()))
}

/// The box of a task, which needs a name for those who do not see it.
fn task(done: bool) -> Event<'static> {
    let html = if done {
        "<input type=\"checkbox\" disabled checked aria-label=\"Done\"> "
    } else {
        "<input type=\"checkbox\" disabled aria-label=\"To do\"> "
    };
    Event::InlineHtml(html.into())
}

/// The beginning of a quote that carries advice, with its kind as its first line.
fn alert(kind: BlockQuoteKind) -> Event<'static> {
    let title = match kind {
        BlockQuoteKind::Note => "Note",
        BlockQuoteKind::Tip => "Tip",
        BlockQuoteKind::Important => "Important",
        BlockQuoteKind::Warning => "Warning",
        BlockQuoteKind::Caution => "Caution",
    };
    Event::Html(format!("<blockquote>\n<p><strong>{title}</strong></p>\n").into())
}

#[cfg(test)]
mod tests;
