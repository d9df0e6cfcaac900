//! What somebody looks for, and what was found: words, and texts with the words marked.

use std::cmp::Reverse;
use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::comment::Comment;
use super::post::PostLine;
use super::typed::{is_direction_control, is_text};

/// The most characters of a question; nobody types more, and each word costs.
const LONGEST: usize = 200;

/// The most words of a question.
const MOST_WORDS: usize = 20;

/// A last word of fewer characters than this is taken as it is: half the words of a blog begin
/// with one or two of the letters.
const SHORTEST_BEGINNING: usize = 3;

/// Bytes of a passage, and how many of them may stand before the first marked word.
const PASSAGE: usize = 240;
const LEAD: usize = 70;

/// Marked words of one text among which the passage is chosen; a longer text has a good one among its first.
const LOOKED_AT: usize = 500;

/// What the index puts around a word that was asked for. No text holds them: they are control characters.
pub const MARKS: [char; 2] = ['\u{2}', '\u{3}'];

/// Words to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    phrases: Vec<String>,
}

/// Why nothing can be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unasked {
    /// Nothing was typed.
    Nothing,
    /// There is neither a letter nor a digit in it.
    NoWord,
    /// It is longer than anyone needs.
    TooLong,
}

impl Unasked {
    /// What to tell whoever typed it.
    pub fn sentence(self) -> &'static str {
        match self {
            Unasked::Nothing => "Type a word to look for.",
            Unasked::NoWord => "There is no letter and no digit in this. Type a word to look for.",
            Unasked::TooLong => {
                "This is too long to look for. Keep to 20 words and 200 characters."
            }
        }
    }
}

impl Question {
    /// The words of what was typed, all of which shall be found, the last one also as the beginning of a word. Every
    /// sign is taken literally: nothing that can be typed is an operator.
    ///
    /// Errors: why nothing can be looked for.
    pub fn parse(typed: &str) -> Result<Question, Unasked> {
        if typed.chars().take(LONGEST + 1).count() > LONGEST {
            return Err(Unasked::TooLong);
        }
        let typed: String = typed.nfc().collect();
        let words = typed.split(|c: char| c.is_whitespace() || c.is_control());
        let words: Vec<&str> = words
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .collect();
        let Some(last) = words.last() else {
            return Err(match typed.trim().is_empty() {
                true => Unasked::Nothing,
                false => Unasked::NoWord,
            });
        };
        if words.len() > MOST_WORDS {
            return Err(Unasked::TooLong);
        }
        let beginning = may_begin(last);
        let quoted = words.iter().map(|word| word.replace('"', "\"\""));
        let mut phrases: Vec<String> = quoted.map(|word| format!("\"{word}\"")).collect();
        if let Some(last) = phrases.last_mut().filter(|_| beginning) {
            last.push('*');
        }
        Ok(Question { phrases })
    }

    /// The question in the language of the index, each word for itself.
    ///
    /// Source: SQLite FTS5, section 3: a string in double quotes is a phrase of its tokens, and a star after it asks for
    /// the beginning of its last one.
    pub fn phrases(&self) -> &[String] {
        &self.phrases
    }

    /// The whole question in the language of the index.
    pub fn expression(&self) -> String {
        self.phrases.join(" ")
    }
}

/// Whether the end of a word says enough to look for words that begin with it. In scripts that write a word with one
/// sign, one is enough.
fn may_begin(word: &str) -> bool {
    let last = word.split(|c: char| !c.is_alphanumeric()).next_back();
    last.is_some_and(|last| last.chars().count() >= SHORTEST_BEGINNING || !last.is_ascii())
        && word.ends_with(char::is_alphanumeric)
}

/// A text in which the words that were asked for are marked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// In order; together they are the text.
    pub pieces: Vec<Piece>,
}

/// A stretch of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Plain text.
    pub text: String,
    /// Whether it was asked for.
    pub hit: bool,
}

impl Marked {
    /// Reads a text with [`MARKS`] in it; marks without a partner do no harm.
    pub fn parse(text: &str) -> Marked {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut hit = false;
        for part in text.split_inclusive(MARKS) {
            let words = part.trim_end_matches(MARKS);
            if !words.is_empty() {
                pieces.push(Piece {
                    text: words.into(),
                    hit,
                });
            }
            hit = part.ends_with(MARKS[0]);
        }
        Marked { pieces }
    }

    /// The stretch of the text in which most of the words stand together, with some of what stands around it. An
    /// ellipsis stands where something is left out.
    pub fn passage(&self) -> Marked {
        let text = self.text();
        let (start, end) = stretch(&text, self.densest());
        let mut passage = Marked::default();
        let mut push = |text: String, hit| passage.pieces.push(Piece { text, hit });
        if start > 0 {
            push("… ".into(), false);
        }
        let mut at = 0;
        for piece in &self.pieces {
            let from = start.clamp(at, at + piece.text.len()) - at;
            let to = end.clamp(at, at + piece.text.len()) - at;
            if from < to {
                push(on_one_line(&piece.text[from..to]), piece.hit);
            }
            at += piece.text.len();
        }
        if end < text.len() {
            push(" …".into(), false);
        }
        passage
    }

    /// Where the marked word begins after which most different ones follow soon; the first of such places.
    fn densest(&self) -> usize {
        let mut seen: HashMap<String, u32> = HashMap::new();
        let mut hits = Vec::new();
        let mut at = 0;
        for piece in &self.pieces {
            if piece.hit && hits.len() < LOOKED_AT {
                let next = seen.len() as u32;
                let word = *seen.entry(piece.text.to_lowercase()).or_insert(next);
                hits.push((at, 1u64 << (word % u64::BITS)));
            }
            at += piece.text.len();
        }
        let different = |first: usize| {
            let end = hits[first].0 + PASSAGE - LEAD;
            let near = hits[first..].iter().take_while(|(at, _)| *at < end);
            near.fold(0, |all, (_, word)| all | word).count_ones()
        };
        let best = (0..hits.len()).max_by_key(|first| (different(*first), Reverse(*first)));
        best.map_or(0, |best| hits[best].0)
    }

    /// A text in which nothing is marked.
    pub fn plain(text: &str) -> Marked {
        Marked {
            pieces: vec![Piece {
                text: text.into(),
                hit: false,
            }],
        }
    }

    /// Whether anything is marked.
    pub fn has_hit(&self) -> bool {
        self.pieces.iter().any(|piece| piece.hit)
    }

    /// The text without its marks.
    pub fn text(&self) -> String {
        self.pieces
            .iter()
            .map(|piece| piece.text.as_str())
            .collect()
    }
}

/// Text of anyone's without what would break or turn the line around it.
fn on_one_line(text: &str) -> String {
    let shown = text
        .chars()
        .filter(|c| is_text(*c) && !is_direction_control(*c));
    shown
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect()
}

/// The beginning and the end of a passage in `text` around the byte at `hit`, both between words where that is near.
fn stretch(text: &str, hit: usize) -> (usize, usize) {
    let lead = boundary(text, hit.saturating_sub(LEAD));
    let start = match lead {
        0 => 0,
        _ => after_space(text, lead, hit).unwrap_or(lead),
    };
    let (early, late) = (start + PASSAGE - LEAD, boundary(text, start + PASSAGE));
    let end = match late == text.len() {
        true => late,
        false => last_space(text, boundary(text, early), late).unwrap_or(late),
    };
    (start, end)
}

/// The last place up to the byte `at` that is between two characters.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn after_space(text: &str, from: usize, to: usize) -> Option<usize> {
    let mut signs = text[from..to].char_indices();
    let (at, space) = signs.find(|(_, sign)| sign.is_whitespace())?;
    Some(from + at + space.len_utf8())
}

fn last_space(text: &str, from: usize, to: usize) -> Option<usize> {
    text[from..to]
        .rfind(char::is_whitespace)
        .map(|at| from + at)
}

/// A post that was found.
#[derive(Clone, Debug)]
pub struct FoundPost {
    /// The post.
    pub post: PostLine,
    /// Its title.
    pub title: Marked,
    /// Where in the post the words stand; its description if they stand in the title or the tags alone.
    pub passage: Marked,
}

/// A comment that was found.
#[derive(Clone, Debug)]
pub struct FoundComment {
    /// The comment.
    pub comment: Comment,
    /// The title of its post.
    pub post_title: String,
    /// Where in the comment the words stand.
    pub passage: Marked,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_typed_is_literal() {
        let table = [
            ("rust", Ok(r#""rust"*"#)),
            ("  two  words ", Ok(r#""two" "words"*"#)),
            (r#"say "hi"#, Ok(r#""say" """hi""#)),
            (r#"say "hey"#, Ok(r#""say" """hey"*"#)),
            ("NEAR(", Ok(r#""NEAR(""#)),
            ("a AND b OR NOT c", Ok(r#""a" "AND" "b" "OR" "NOT" "c""#)),
            ("title:x^2 -y*", Ok(r#""title:x^2" "-y*""#)),
            ("c++", Ok(r#""c++""#)),
            ("nul\0byte", Ok(r#""nul" "byte"*"#)),
            ("e\u{301}te\u{301}", Ok("\"été\"*")),
            ("潮", Ok(r#""潮"*"#)),
            ("boat 🦀", Ok(r#""boat"*"#)),
            ("", Err(Unasked::Nothing)),
            (" \0 ", Err(Unasked::NoWord)),
            ("\" * ( - ^", Err(Unasked::NoWord)),
            ("🦀", Err(Unasked::NoWord)),
        ];
        for (typed, expected) in table {
            let question = Question::parse(typed);
            let found = question
                .as_ref()
                .map(Question::expression)
                .map_err(|why| *why);
            assert_eq!(found, expected.map(str::to_owned), "{typed:?}");
        }
        let long = "wörter ".repeat(2000);
        assert_eq!(Question::parse(&long), Err(Unasked::TooLong));
        assert_eq!(Question::parse(&"a ".repeat(30)), Err(Unasked::TooLong));
    }

    #[test]
    fn a_passage_is_where_most_of_the_words_stand_together() {
        let filler = "word after word ".repeat(40);
        let text =
            format!("\u{2}ebb\u{3} {filler}the \u{2}ebb\u{3}\nand the \u{2}flow\u{3} {filler}");
        let passage = Marked::parse(&text).passage();
        let said = passage.text();
        assert!(said.starts_with("… ") && said.ends_with(" …"), "{said}");
        assert!(said.contains(" the ebb and the flow word"), "{said}");
        assert!((200..300).contains(&said.len()), "{said}");
        let hits = passage.pieces.iter().filter(|piece| piece.hit);
        assert_eq!(hits.count(), 2);
        for text in ["", "short", "\u{2}a\u{3}", "a \u{2}b\u{3}"] {
            let whole = Marked::parse(text);
            assert_eq!(whole.passage(), whole);
        }
        let turned = Marked::parse("a\u{202e}b\u{7} \u{2}c\u{3}\r\n\u{2066}d").passage();
        assert_eq!(turned.text(), "ab c d");
        for space in ["", "\u{3000}", "\n"] {
            let (before, after) = (
                format!("潮{space}").repeat(500),
                format!("干{space}").repeat(500),
            );
            let signs = format!("{before}\u{2}満\u{3}{space}{after}");
            assert!(Marked::parse(&signs).passage().has_hit());
        }
    }

    #[test]
    fn marks_become_pieces_and_stray_ones_harm_nobody() {
        let hits = |text: &str| -> Vec<(String, bool)> {
            let pieces = Marked::parse(text).pieces.into_iter();
            pieces.map(|piece| (piece.text, piece.hit)).collect()
        };
        let piece = |text: &str, hit| (text.to_owned(), hit);
        assert_eq!(
            hits("a \u{2}b\u{3} <c>"),
            [piece("a ", false), piece("b", true), piece(" <c>", false)]
        );
        assert_eq!(
            hits("\u{3}a\u{2}\u{2}b"),
            [piece("a", false), piece("b", true)]
        );
        assert_eq!(hits(""), []);
    }
}
