//! Who reads a post now, as its page shows it.

use askama::Template;

use super::signs;

/// The line that counts the readers, and the list of those who chose to be seen, for a chat.
#[derive(Template)]
#[template(path = "parts/presence.html")]
pub struct PresencePart<'a> {
    readers: i64,
    names: &'a [&'a str],
}

impl<'a> PresencePart<'a> {
    /// A post that so many read, these of them by name.
    pub fn new(readers: i64, names: &'a [&'a str]) -> Self {
        PresencePart { readers, names }
    }

    fn tally(&self) -> signs::TallyOrNothing {
        signs::tally(self.readers)
    }

    /// How many read without a name.
    fn others(&self) -> i64 {
        (self.readers - self.names.len() as i64).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(readers: i64, names: &[&str]) -> String {
        let html = PresencePart::new(readers, names).render().unwrap();
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
            "4 people reading: Ann, Bob AnnBoband 2 others"
        );
        let html = PresencePart::new(1, &["<b>"]).render().unwrap();
        assert!(!html.contains("<b>"), "{html}");
    }
}
