//! The picture of a post that other sites show beside a link to it: 1200 × 630 pixels, drawn from a card.
//!
//! An SVG in the colours of the blog, with the margin rule of its pages, set in a serif of our own that knows Latin, Greek
//! and Cyrillic. What it does not know comes from the fonts of the machine; a title that nobody here can write is left
//! out, since boxes say less than the name of the blog.

mod lines;
mod type_case;

use askama::Template;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::Tree;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::hex::hex;
use crate::model::settings::Ink;
use lines::Fit;
use type_case::{TypeCase, Word};

/// Pixels: what Open Graph and Twitter ask for.
pub const SIZE: (u32, u32) = (1200, 630);

/// Rises when the drawing changes, so that every picture gets a new address.
const DRAWING: &str = "1";

/// The widest line of the title, and of the two names at the foot, in pixels.
const MEASURE: f32 = 864.0;
const FOOT: f32 = 500.0;
const AUTHOR: f32 = 320.0;

/// What the picture tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// The title of the post or page; empty for the blog itself.
    pub title: String,
    /// The name of the blog.
    pub site: String,
    /// Who wrote it; may be empty.
    pub author: String,
    /// Day and year, or nothing.
    pub date: Option<(String, String)>,
    /// The colours.
    pub ink: Ink,
}

impl Card {
    /// A name that changes with everything that can be seen in the picture.
    pub fn key(&self) -> String {
        let (day, year) = self.date.clone().unwrap_or_default();
        let parts = [
            DRAWING,
            &self.title,
            &self.site,
            &self.author,
            &day,
            &year,
            self.ink.as_str(),
        ];
        hex(&Sha256::digest(parts.join("\0"))[..8])
    }

    /// The picture, a PNG. Takes some tens of milliseconds.
    ///
    /// Errors: [`Error::Refused`] if the drawing cannot be made, which no card should cause.
    pub fn draw(&self) -> Result<Vec<u8>> {
        let everything = format!("{} {} {}", self.title, self.site, self.author);
        let case = match TypeCase::own().set(&everything)?.iter().any(Word::lacks) {
            true => TypeCase::whole(),
            false => TypeCase::own(),
        };
        let svg = Drawing::of(self, case)?.render()?;
        let tree = case.parse(&svg)?;
        render(&tree)
    }
}

fn render(tree: &Tree) -> Result<Vec<u8>> {
    let failed = |why: String| Error::Refused(format!("a social picture cannot be drawn: {why}"));
    let mut pixels = Pixmap::new(SIZE.0, SIZE.1).ok_or_else(|| failed("no room".into()))?;
    resvg::render(tree, Transform::identity(), &mut pixels.as_mut());
    pixels
        .encode_png()
        .map_err(|error| failed(error.to_string()))
}

/// The card as it is laid out.
#[derive(Template)]
#[template(path = "social.svg")]
struct Drawing {
    inks: Inks,
    lines: Vec<String>,
    /// Of the title, in pixels.
    size: f32,
    /// Whether the title is written from right to left.
    backwards: bool,
    foot: String,
    author: String,
    date: Option<(String, String)>,
}

/// A line of text and its baseline.
struct Line<'a> {
    text: &'a str,
    y: f32,
}

impl Drawing {
    fn of(card: &Card, case: &TypeCase) -> Result<Drawing> {
        let site = lines::readable(case.set(&card.site)?);
        let author = lines::readable(case.set(&card.author)?).unwrap_or_default();
        let title = lines::readable(case.set(&card.title)?).filter(|words| !words.is_empty());
        // Without a title the name of the blog stands in its place, and not twice.
        let (title, foot) = match title {
            Some(title) => (title, site.unwrap_or_default()),
            None => (site.unwrap_or_default(), Vec::new()),
        };
        let Fit { lines, size } = lines::fit(&title, MEASURE);
        Ok(Drawing {
            inks: Inks::of(card.ink),
            backwards: lines.first().is_some_and(|line| lines::is_backwards(line)),
            lines,
            size,
            foot: lines::within(&foot, 34.0, FOOT),
            author: lines::within(&author, 30.0, AUTHOR),
            date: card.date.clone(),
        })
    }

    fn title(&self) -> impl Iterator<Item = Line<'_>> {
        let first = 84.0 + self.size;
        let lines = self.lines.iter().enumerate();
        lines.map(move |(n, text)| Line {
            text,
            y: first + n as f32 * self.size * lines::LEADING,
        })
    }

    fn date(&self) -> impl Iterator<Item = Line<'_>> {
        let date = self.date.iter();
        date.flat_map(|(day, year)| {
            [
                Line {
                    text: day,
                    y: 520.0,
                },
                Line {
                    text: year,
                    y: 560.0,
                },
            ]
        })
    }
}

/// The light colours of an ink, as in `assets/base.css`.
struct Inks {
    paper: &'static str,
    ink: &'static str,
    accent: &'static str,
}

impl Inks {
    fn of(ink: Ink) -> Inks {
        let (paper, ink, accent) = match ink {
            Ink::Ledger => ("#f4f8f1", "#1b231e", "#a9321f"),
            Ink::Harbour => ("#f3f7fa", "#17212c", "#12568e"),
            Ink::Damson => ("#faf6f8", "#261b25", "#8a2160"),
        };
        Inks { paper, ink, accent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(title: &str) -> Card {
        Card {
            title: title.into(),
            site: "Slack Water".into(),
            author: "Maren Oster".into(),
            date: Some(("14 Nov".into(), "2026".into())),
            ink: Ink::Harbour,
        }
    }

    fn drawing(title: &str) -> Drawing {
        Drawing::of(&card(title), TypeCase::own()).unwrap()
    }

    #[test]
    fn a_picture_has_the_size_that_other_sites_ask_for() {
        for title in [
            "How tides work",
            "",
            "]]> & <text> \u{0} \u{202e}",
            &"w".repeat(900),
            "日本語の題名🎉",
        ] {
            let png = card(title).draw().unwrap();
            let size = imagesize::blob_size(&png).unwrap();
            assert_eq!((size.width, size.height), (1200, 630), "{title}");
        }
    }

    #[test]
    fn titles_of_three_alphabets_are_set_and_others_give_way_to_the_name_of_the_blog() {
        for title in [
            "Ærøskøbing – été",
            "Ο χρόνος",
            "Война и мир",
            "Ca\u{301}lculo",
        ] {
            assert_eq!(drawing(title).lines, [title]);
            assert_eq!(drawing(title).foot, "Slack Water");
        }
        for title in ["日本語", "", "\u{1}", "🎉"] {
            assert_eq!(drawing(title).lines, ["Slack Water"], "{title}");
            assert_eq!(drawing(title).foot, "");
        }
        assert_eq!(drawing("Party 🎉 time").lines, ["Party time"]);
        assert_eq!(
            drawing("Tides in 日本").lines,
            ["Slack Water"],
            "half a title"
        );
    }

    #[test]
    fn a_long_title_becomes_smaller_and_then_shorter() {
        let short = drawing("Rye");
        let long = drawing(&"the tide comes in ".repeat(7));
        assert!(short.size > long.size && long.lines.len() > 2);
        let longest = drawing(&"the tide comes in ".repeat(90));
        assert!(longest.lines.last().unwrap().ends_with('…'));
        let last = longest.title().last().unwrap();
        assert!(last.y < 490.0, "{}", last.y);
    }

    #[test]
    fn the_key_changes_with_what_is_seen() {
        let key = card("a").key();
        assert_eq!(key.len(), 16);
        assert_ne!(key, card("b").key());
        let other = Card {
            ink: Ink::Damson,
            ..card("a")
        };
        assert_ne!(key, other.key());
    }

    #[test]
    fn the_colours_are_those_of_the_pages() {
        let css = include_str!("../../assets/base.css");
        for ink in Ink::ALL {
            let Inks { paper, ink, accent } = Inks::of(ink);
            for colour in [paper, ink, accent] {
                assert!(css.contains(&format!("light-dark({colour},")), "{colour}");
            }
        }
    }
}
