//! Who reads a post now, as its page shows it.

use askama::Template;

use super::signs;
use crate::model::visitor::Shown;

/// The line that counts the readers, and the list of those who chose to be seen, for a chat.
#[derive(Template)]
#[template(path = "parts/presence.html")]
pub struct PresencePart<'a> {
    readers: i64,
    shown: &'a [&'a Shown],
}

impl<'a> PresencePart<'a> {
    /// A post that so many read, these of them by name.
    pub fn new(readers: i64, shown: &'a [&'a Shown]) -> Self {
        PresencePart { readers, shown }
    }

    fn tally(&self) -> signs::TallyOrNothing {
        signs::tally(self.readers)
    }

    /// How many read without a name.
    fn others(&self) -> i64 {
        (self.readers - self.shown.len() as i64).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mark::Mark;

    fn part(readers: i64, names: &[&str]) -> String {
        let mark = Mark::of_visitor(&[1; 32]);
        let name = |name: &&str| Shown {
            name: (*name).into(),
            mark,
        };
        let shown: Vec<Shown> = names.iter().map(name).collect();
        let shown: Vec<&Shown> = shown.iter().collect();
        PresencePart::new(readers, &shown).render().unwrap()
    }

    fn text(readers: i64, names: &[&str]) -> String {
        let html = part(readers, names);
        let mut text = String::new();
        let mut inside = false;
        for c in html.chars() {
            inside = c == '<' || inside && c != '>';
            if !inside && c != '>' {
                text.push(c);
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn readers_are_counted_and_named_by_choice() {
        assert_eq!(text(1, &[]), "Only you reading");
        assert_eq!(text(1200, &[]), "1,200 people reading 1200 without a name");
        assert_eq!(
            text(4, &["Ann", "Bob"]),
            "4 people reading: Ann, Bob Ann Boband 2 others"
        );
        let html = part(1, &["<b>"]);
        assert!(!html.contains("<b>"), "{html}");
    }
}
