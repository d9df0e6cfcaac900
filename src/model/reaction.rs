//! Reactions: a small set of kinds that the owner chooses, counted per post and per comment.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::id::CommentId;
use super::typed::is_text;

/// A reaction that readers can give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionKind {
    /// The word in forms, events and the database.
    pub name: String,
    /// One of [`SIGNS`], or an emoji.
    pub sign: String,
    /// What the button says.
    pub label: String,
}

/// The signs that the stylesheet draws (`assets/post.css`).
pub const SIGNS: [&str; 4] = ["heart", "bookmark", "bulb", "star"];

/// Kinds that a blog can have.
const MOST: usize = 8;
/// Characters of a name, a label and an emoji, which may be a family of seven.
const LONGEST_NAME: usize = 20;
const LONGEST_LABEL: usize = 40;
const LONGEST_SIGN: usize = 12;

impl ReactionKind {
    /// Those of a new blog.
    pub fn usual() -> Vec<ReactionKind> {
        let usual = [
            ("love", "heart", "Loved it"),
            ("keep", "bookmark", "Keeping this"),
            ("think", "bulb", "Made me think"),
            ("surprise", "star", "Surprising"),
        ];
        let usual = usual.map(|(name, sign, label)| ReactionKind {
            name: name.into(),
            sign: sign.into(),
            label: label.into(),
        });
        usual.into()
    }

    /// The kinds of a text with one line each, such as `love heart Loved it`.
    ///
    /// Errors: the first line that is none and why, a name that comes twice, or too many.
    pub fn list(text: &str) -> Result<Vec<ReactionKind>, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let kinds: Vec<ReactionKind> = lines.map(ReactionKind::parse).collect::<Result<_, _>>()?;
        if kinds.len() > MOST {
            return Err(format!(
                "These are {} reactions; {MOST} are the most.",
                kinds.len()
            ));
        }
        let twice = kinds.iter().enumerate().find(|(at, kind)| {
            let before = &kinds[..*at];
            before.iter().any(|other| other.name == kind.name)
        });
        match twice {
            Some((_, kind)) => Err(format!(
                "“{}” is there twice. Every reaction needs a name of its own.",
                kind.name
            )),
            None => Ok(kinds),
        }
    }

    /// The line that [`ReactionKind::list`] reads it from.
    pub fn line(&self) -> String {
        format!("{} {} {}", self.name, self.sign, self.label)
    }

    fn parse(line: &str) -> Result<ReactionKind, String> {
        let mut words = line.split_whitespace();
        let (name, sign) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        let label = words.collect::<Vec<_>>().join(" ");
        if !is_name(name) {
            return Err(format!(
                "“{line}” does not begin with a name. A name has up to {LONGEST_NAME} small letters and digits, like: \
                 love heart Loved it"
            ));
        }
        if !is_sign(sign) {
            return Err(format!(
                "“{name}” needs a sign after its name: an emoji, or {}.",
                SIGNS.join(", ")
            ));
        }
        match label.chars().count() {
            0 => Err(format!(
                "“{name}” needs words for its button after the sign, like: {name} {sign} Well said"
            )),
            length if length > LONGEST_LABEL => Err(format!(
                "Please keep the words of “{name}” within {LONGEST_LABEL} characters."
            )),
            _ => Ok(ReactionKind {
                name: name.into(),
                sign: sign.into(),
                label,
            }),
        }
    }
}

/// Whether a word can be the name of a reaction, of this blog or of another.
pub fn is_name(word: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=LONGEST_NAME).contains(&word.len()) && word.chars().all(fits)
}

/// Whether a word is a sign: a word of ours, or something without letters that is not of this alphabet.
fn is_sign(word: &str) -> bool {
    let is_picture = |c: char| !c.is_ascii() && !c.is_alphanumeric() && is_text(c);
    SIGNS.contains(&word)
        || (1..=LONGEST_SIGN).contains(&word.chars().count()) && word.chars().all(is_picture)
}

/// What is reacted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The post itself.
    Post,
    /// One of its comments.
    Comment(CommentId),
}

/// How many reactions of each kind something has, and which of them are the viewer's own.
///
/// It may hold kinds that the blog has no more: whoever shows it asks for those that it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(HashMap<String, (i64, bool)>);

impl Tally {
    /// Records that `name` was given `count` times, `mine` being true if the viewer is among them.
    pub fn set(&mut self, name: String, count: i64, mine: bool) {
        self.0.insert(name, (count, mine));
    }

    /// Each of `kinds` with its count and whether the viewer gave it.
    pub fn of<'a>(
        &'a self,
        kinds: &'a [ReactionKind],
    ) -> impl Iterator<Item = (&'a ReactionKind, i64, bool)> {
        kinds.iter().map(|kind| {
            let (count, mine) = self.0.get(&kind.name).copied().unwrap_or_default();
            (kind, count, mine)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_reactions_is_read_line_by_line_and_written_back() {
        let usual = ReactionKind::usual();
        let lines: Vec<String> = usual.iter().map(ReactionKind::line).collect();
        assert_eq!(ReactionKind::list(&lines.join("\r\n")), Ok(usual));
        let clap = ReactionKind::list("\n  clap  👏🏽   Well   done \n").unwrap();
        assert_eq!(clap[0].line(), "clap 👏🏽 Well done");
        assert_eq!(ReactionKind::list(" \n"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_with_a_set_is_said() {
        let nine: String = (0..9).map(|n| format!("n{n} ♥ Nice\n")).collect();
        let table = [
            ("Love heart Loved it", "does not begin with a name"),
            ("love", "needs a sign"),
            ("love Loved it", "an emoji, or heart, bookmark"),
            ("love <b> it", "needs a sign"),
            ("love heart", "needs words"),
            ("a ♥ One\na ♥ Two", "twice"),
            (&nine, "8 are the most"),
        ];
        for (text, why) in table {
            let said = ReactionKind::list(text).unwrap_err();
            assert!(said.contains(why), "{text:?}: {said}");
        }
    }

    #[test]
    fn a_tally_shows_the_kinds_that_are_asked_for() {
        let mut tally = Tally::default();
        tally.set("keep".into(), 3, true);
        tally.set("gone".into(), 9, false);
        let usual = ReactionKind::usual();
        let shown: Vec<_> = tally.of(&usual).map(|(_, n, mine)| (n, mine)).collect();
        assert_eq!(shown, [(0, false), (3, true), (0, false), (0, false)]);
    }
}
