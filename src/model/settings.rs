//! What the owner can set, with the values a new blog starts with.

use super::hub::Hub;
use super::typed::{Email, Name};
use crate::error::Fields;

/// The blog's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the blog.
    pub title: String,
    /// One sentence, for feeds and search engines.
    pub description: String,
    /// The owner's name; empty before the blog is set up.
    pub owner: String,
    /// Posts on one page of the home page.
    pub posts_per_page: i64,
    /// Minutes in which a visitor may change or delete a comment.
    pub edit_minutes: i64,
    /// Whether readers of a post see how many they are.
    pub presence: bool,
    /// BCP 47 language tag of the pages.
    pub lang: String,
    /// The colours of its pages.
    pub ink: Ink,
    /// The WebSub hub that is told of new posts; without one nobody is.
    pub hub: Option<Hub>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            title: "A new blog".into(),
            description: String::new(),
            owner: String::new(),
            posts_per_page: 10,
            edit_minutes: 15,
            presence: true,
            lang: "en".into(),
            ink: Ink::Ledger,
            hub: None,
        }
    }
}

/// The colours of the pages: paper, ink and one accent, each for light and dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// Green paper, oxide red.
    #[default]
    Ledger,
    /// Grey paper, deep blue.
    Harbour,
    /// Rose paper, plum.
    Damson,
}

impl Ink {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Ink; 3] = [Ink::Ledger, Ink::Harbour, Ink::Damson];

    /// The word in forms, in the file and in the page.
    pub fn as_str(self) -> &'static str {
        match self {
            Ink::Ledger => "ledger",
            Ink::Harbour => "harbour",
            Ink::Damson => "damson",
        }
    }

    /// Its name and what it looks like, for people.
    pub fn described(self) -> (&'static str, &'static str) {
        match self {
            Ink::Ledger => ("Ledger", "green paper, oxide red"),
            Ink::Harbour => ("Harbour", "grey paper, deep blue"),
            Ink::Damson => ("Damson", "rose paper, plum"),
        }
    }

    /// The ink of that word.
    pub fn parse(word: &str) -> Option<Ink> {
        Ink::ALL.into_iter().find(|ink| ink.as_str() == word)
    }
}

/// What a blog is given on its first run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The name of the blog.
    pub title: String,
    /// The owner's name, as readers see it.
    pub name: Name,
    /// The owner's address; never shown.
    pub email: Option<Email>,
    /// The colours of its pages.
    pub ink: Ink,
}

/// Characters of a blog's title.
const LONGEST_TITLE: usize = 120;

impl Setup {
    /// Takes what was typed; no ink is the first one.
    ///
    /// Errors: by field, what is wrong and what to do.
    pub fn parse(title: &str, name: &str, email: &str, ink: &str) -> Result<Setup, Fields> {
        let mut errors = Fields::new();
        let mut wrong = |field, why: String| {
            errors.insert(field, why);
        };
        let title = title.trim().to_owned();
        if title.is_empty() {
            wrong("title", "The blog needs a name. One word is enough.".into());
        } else if title.chars().count() > LONGEST_TITLE {
            wrong(
                "title",
                format!("Please keep the name within {LONGEST_TITLE} characters."),
            );
        }
        let name = Name::parse(name)
            .map_err(|why| wrong("name", why.to_string()))
            .ok();
        let email = Email::parse(email)
            .map_err(|why| wrong("email", why.to_string()))
            .ok();
        let ink = match ink {
            "" => Some(Ink::default()),
            word => Ink::parse(word),
        };
        if ink.is_none() {
            wrong("ink", "Choose one of the inks.".into());
        }
        match (name, email, ink) {
            (Some(name), Some(email), Some(ink)) if errors.is_empty() => Ok(Setup {
                title,
                name,
                email,
                ink,
            }),
            _ => Err(errors),
        }
    }
}
