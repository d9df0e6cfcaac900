//! What holds a comment: from what it says, and from what was said around it, to the reason why it waits for the owner.
//!
//! Pure. A rule can hold a comment and never lose one; the reason is shown to the owner alone.

use regex::{Regex, RegexBuilder};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::settings::Settings;
use super::typed::is_hidden;

/// Patterns that the owner may have, and the bytes that each may take once it is compiled.
const MOST_PATTERNS: usize = 100;
const LARGEST_PATTERN: usize = 256 * 1024;

/// Comments that appear within an hour before the next ones wait. Source: security, section 5.
pub const MOST_IN_AN_HOUR: i64 = 60;

/// Characters from which on the same words are no coincidence: everyone may say "Thank you!".
pub const TELLING: usize = 40;

/// What a comment says.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Its writer's name.
    pub name: &'a str,
    /// Its writer's address, if it was given.
    pub email: &'a str,
    /// Its writer's site, if it was given.
    pub url: &'a str,
    /// Its Markdown.
    pub body: &'a str,
    /// Links in what its Markdown becomes.
    pub links: usize,
}

/// What was said around a comment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around {
    /// Whether the same words were sent a short while ago, by anyone and anywhere.
    pub said_before: bool,
    /// How many comments have appeared within the hour.
    pub in_the_hour: i64,
}

impl Around {
    /// Why the comment waits, if it does.
    pub fn hold(&self) -> Option<&'static str> {
        match self {
            Around {
                said_before: true, ..
            } => Some("the same words were sent before"),
            around if around.in_the_hour >= MOST_IN_AN_HOUR => {
                Some("too many comments within an hour")
            }
            _ => None,
        }
    }
}

/// The owner's rules.
#[derive(Debug, Default)]
pub struct Rules {
    most_links: usize,
    words: Vec<Word>,
    patterns: Vec<Regex>,
}

/// A word or a phrase, folded.
#[derive(Debug)]
struct Word {
    typed: String,
    folded: String,
    /// Whether longer words that begin with it count.
    is_beginning: bool,
}

impl Rules {
    /// The rules that are set. A pattern that cannot be read, which no form lets through, holds nothing.
    pub fn of(settings: &Settings) -> Rules {
        Rules {
            most_links: usize::try_from(settings.max_links).unwrap_or_default(),
            words: lines(&settings.hold_words).map(Word::of).collect(),
            patterns: lines(&settings.hold_patterns)
                .filter_map(|line| pattern(line).ok())
                .collect(),
        }
    }

    /// Why a comment that says this waits, if it does.
    pub fn hold(&self, said: &Said) -> Option<String> {
        if said.links > self.most_links {
            let plural = if said.links == 1 { "" } else { "s" };
            return Some(format!("it has {} link{plural}", said.links));
        }
        let texts = [said.name, said.email, said.url, said.body];
        if !self.words.is_empty() {
            let folded = texts.map(fold);
            let found = self
                .words
                .iter()
                .find(|word| folded.iter().any(|text| word.is_in(text)));
            if let Some(word) = found {
                return Some(format!("it says “{}”", word.typed));
            }
        }
        let matching = |pattern: &&Regex| texts.iter().any(|text| pattern.is_match(text));
        let found = self.patterns.iter().find(matching);
        found.map(|pattern| format!("it matches “{pattern}”"))
    }
}

/// Checks patterns with one line each.
///
/// Errors: the first line that is none, or that there are too many.
pub fn check_patterns(text: &str) -> Result<(), String> {
    if lines(text).count() > MOST_PATTERNS {
        return Err(format!("{MOST_PATTERNS} patterns are the most."));
    }
    lines(text).try_for_each(|line| pattern(line).map(drop))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Case does not count, as with words. The crate matches in linear time; a compiled pattern has a bounded size.
fn pattern(line: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(line)
        .case_insensitive(true)
        .multi_line(true)
        .size_limit(LARGEST_PATTERN)
        .dfa_size_limit(LARGEST_PATTERN)
        .build();
    match built {
        Ok(pattern) if pattern.is_match("") => Err(format!(
            "“{line}” matches every comment. Make it say what it looks for."
        )),
        Ok(pattern) => Ok(pattern),
        Err(regex::Error::CompiledTooBig(_)) => Err(format!(
            "“{line}” is too large a pattern. Repeat less in it."
        )),
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default();
            let why = why.trim_start_matches("error: ");
            Err(format!("“{line}” is no pattern: {why}."))
        }
    }
}

impl Word {
    /// A word of the list; `cas*` is every word that begins so.
    fn of(line: &str) -> Word {
        let bare = line.trim_end_matches('*');
        Word {
            typed: line.into(),
            folded: fold(bare),
            is_beginning: bare.len() < line.len(),
        }
    }

    /// Whether it stands in a folded text, as a word of its own.
    fn is_in(&self, text: &str) -> bool {
        let ends = |after: &str| self.is_beginning || !starts_with_letter(after.chars().next());
        !self.folded.is_empty()
            && text.match_indices(&self.folded).any(|(at, word)| {
                !starts_with_letter(text[..at].chars().next_back())
                    && ends(&text[at + word.len()..])
            })
    }
}

fn starts_with_letter(neighbour: Option<char>) -> bool {
    neighbour.is_some_and(char::is_alphanumeric)
}

/// What remains of a text when case, accents, forms of letters and signs that nobody sees are no difference.
fn fold(text: &str) -> String {
    let seen = |c: &char| {
        !is_combining_mark(*c)
            && (*c == '\n' || !is_hidden(*c))
            && !matches!(c, '\u{200c}' | '\u{200d}')
    };
    text.nfkd()
        .filter(seen)
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(max_links: i64, words: &str, patterns: &str) -> Rules {
        Rules::of(&Settings {
            max_links,
            hold_words: words.into(),
            hold_patterns: patterns.into(),
            ..Settings::default()
        })
    }

    fn said(body: &str) -> Said<'_> {
        Said {
            name: "Ann",
            email: "",
            url: "",
            body,
            links: 0,
        }
    }

    #[test]
    fn links_are_counted() {
        let held = |most, links| rules(most, "", "").hold(&Said { links, ..said("x") });
        assert_eq!(held(3, 3), None);
        assert_eq!(held(3, 4).as_deref(), Some("it has 4 links"));
        assert_eq!(held(0, 1).as_deref(), Some("it has 1 link"));
    }

    #[test]
    fn a_word_is_found_however_it_is_written_and_never_inside_another() {
        let rules = rules(3, "Casino\nbuy now\npharm*\n\n*", "");
        let held = |body| rules.hold(&said(body));
        for body in [
            "the CASINO!",
            "ｃａｓｉｎｏ",
            "online-casíno",
            "cas\u{200b}ino",
            "Buy Now, please",
            "pharmacies",
        ] {
            assert!(held(body).is_some(), "{body}");
        }
        for body in ["casinos", "occasino", "buy nowhere", "a charm", "buy\nnow"] {
            assert_eq!(held(body), None, "{body}");
        }
        assert_eq!(held("casino").as_deref(), Some("it says “Casino”"));
        let by_name = Said {
            name: "Casino",
            ..said("hello")
        };
        let by_site = Said {
            url: "https://casino.example/",
            ..said("hello")
        };
        assert!(rules.hold(&by_name).is_some() && rules.hold(&by_site).is_some());
    }

    #[test]
    fn patterns_are_checked_when_they_are_written_and_read_line_by_line() {
        let rules = rules(3, "", r"\bv[i1]agra\b");
        assert!(rules.hold(&said("cheap V1AGRA")).is_some());
        assert_eq!(rules.hold(&said("Niagara")), None);
        assert!(check_patterns("a+b\n\n [0-9]{4} ").is_ok());
        for (bad, word) in [
            ("ok\n(open", "(open"),
            ("a{1,1000}{1,1000}", "too large"),
            (".*", "every comment"),
            (&"x\n".repeat(101), "most"),
        ] {
            let why = check_patterns(bad).unwrap_err();
            assert!(why.contains(word) && !why.contains('\n'), "{why}");
        }
    }

    #[test]
    fn what_was_said_around_it_holds_a_comment_too() {
        let held = |said_before, in_the_hour| {
            let around = Around {
                said_before,
                in_the_hour,
            };
            around.hold().is_some()
        };
        assert!(!held(false, MOST_IN_AN_HOUR - 1));
        assert!(held(true, 0) && held(false, MOST_IN_AN_HOUR));
    }
}
