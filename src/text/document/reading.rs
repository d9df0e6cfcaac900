//! What a post says, without its marks: for the search, the reading time and the lists.

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::node::Element;
use scraper::{ElementRef, Html, Node};
use unicode_segmentation::UnicodeSegmentation;

use crate::model::typed::is_text;

/// The most characters of an excerpt that was not marked by the owner.
const EXCERPT: usize = 200;

/// A post as plain text.
#[derive(Default)]
pub struct Reading {
    /// All text, with a newline between blocks.
    pub text: String,
    /// The number of words outside code.
    pub words: u32,
    /// The beginning.
    pub excerpt: String,
    /// The comment `<!-- more -->`, if there is one.
    pub mark: Option<NodeId>,
}

/// Reads the whole of `html`.
pub fn read(html: &Html) -> Reading {
    let root = html.root_element();
    let mut prose = String::new();
    let mut lead = None;
    let mut mark = None;
    let mut text = String::new();
    walk(root, |piece| match piece {
        Piece::Text {
            text: words,
            in_code,
        } => {
            text.push_str(words);
            if !in_code {
                prose.push_str(words);
            }
        }
        Piece::Break => {
            text.push('\n');
            prose.push('\n');
        }
        Piece::Mark(node) if mark.is_none() => {
            mark = Some(node);
            lead = Some(spaced(&prose));
        }
        Piece::Mark(_) => {}
    });
    let words = prose.unicode_words().count();
    let excerpt = lead
        .filter(|lead| !lead.is_empty())
        .unwrap_or_else(|| beginning(root, &prose));
    Reading {
        text: by_lines(&text),
        words: u32::try_from(words).unwrap_or(u32::MAX),
        excerpt,
        mark,
    }
}

/// The text of one element, on one line.
pub fn plain(element: ElementRef) -> String {
    let mut text = String::new();
    walk(element, |piece| match piece {
        Piece::Text { text: words, .. } => text.push_str(words),
        Piece::Break => text.push(' '),
        Piece::Mark(_) => {}
    });
    spaced(&text)
}

/// What a walk through a post finds.
enum Piece<'a> {
    Text { text: &'a str, in_code: bool },
    Break,
    Mark(NodeId),
}

/// Walks through `root` and hands over what a reader reads, in order.
fn walk(root: ElementRef, mut found: impl FnMut(Piece)) {
    let (mut silent, mut code) = (0, 0);
    for edge in root.traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Text(text) if silent == 0 => found(Piece::Text {
                    text,
                    in_code: code > 0,
                }),
                Node::Comment(comment) if comment.trim() == "more" => found(Piece::Mark(node.id())),
                Node::Element(element) => {
                    silent += usize::from(is_silent(element));
                    code += usize::from(element.name() == "pre");
                    if is_block(element.name()) {
                        found(Piece::Break);
                    }
                }
                _ => {}
            },
            Edge::Close(node) => {
                if let Node::Element(element) = node.value() {
                    silent -= usize::from(is_silent(element));
                    code -= usize::from(element.name() == "pre");
                    if is_block(element.name()) {
                        found(Piece::Break);
                    }
                }
            }
        }
    }
}

/// Whether an element holds no text to read: programs, drawings, formulas on a
/// line of their own, and the marks of footnotes.
fn is_silent(element: &Element) -> bool {
    let silent = [
        "script", "style", "template", "noscript", "svg", "head", "title",
    ];
    silent.contains(&element.name())
        || element.name() == "math" && element.attr("display") == Some("block")
        || matches!(element.attr("role"), Some("doc-noteref" | "doc-backlink"))
}

fn is_block(name: &str) -> bool {
    let inline = [
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i",
        "ins", "kbd", "mark", "math", "mi", "mn", "mo", "mrow", "msub", "msup", "mtext", "q", "s",
        "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
    ];
    !inline.contains(&name)
}

/// The first paragraphs, or the first words of a post without paragraphs.
fn beginning(root: ElementRef, prose: &str) -> String {
    let mut beginning = String::new();
    let paragraphs = root
        .descendants()
        .filter_map(ElementRef::wrap)
        .filter(|p| p.value().name() == "p");
    for paragraph in paragraphs {
        if beginning.chars().count() >= EXCERPT {
            break;
        }
        let text = plain(paragraph);
        if !text.is_empty() && !is_note(paragraph) {
            beginning.push_str(if beginning.is_empty() { "" } else { " " });
            beginning.push_str(&text);
        }
    }
    match beginning.is_empty() {
        true => cut(&spaced(prose)),
        false => cut(&beginning),
    }
}

fn is_note(paragraph: ElementRef) -> bool {
    let mut outer = paragraph.ancestors().filter_map(ElementRef::wrap);
    outer.any(|element| element.attr("class") == Some("notes"))
}

/// At most `EXCERPT` characters of `text`, cut at a word, with an ellipsis where something is missing.
fn cut(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(EXCERPT) else {
        return text.into();
    };
    // The character after the last one that fits tells whether a word ends there.
    let words = text[..end]
        .rfind(' ')
        .filter(|_| !text[end..].starts_with(' '))
        .unwrap_or(end);
    let kept = text[..words].trim_end_matches(|c: char| !c.is_alphanumeric());
    format!("{kept}…")
}

/// One line of `text`, without characters that are none.
fn spaced(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>();
    words.join(" ").chars().filter(|&c| is_text(c)).collect()
}

fn by_lines(text: &str) -> String {
    let lines = text.lines().map(spaced).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}
