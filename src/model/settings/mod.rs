//! What the owner can set, with the values a new blog starts with.

pub mod fields;

use jiff::tz::TimeZone;

use super::calendar::{Calendar, Dates};
use super::hub::Hub;
use super::manner::Manner;
use super::reaction::ReactionKind;
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
    /// Days after which a post takes no more comments, where it does not say itself; 0 for never.
    pub close_after_days: i64,
    /// Days that the log keeps its events.
    pub log_days: i64,
    /// The newest events, which the log keeps however old they are.
    pub log_events: i64,
    /// Whether readers of a post see how many they are.
    pub presence: bool,
    /// BCP 47 language tag of the pages.
    pub lang: String,
    /// The colours of its pages.
    pub ink: Ink,
    /// The WebSub hub that is told of new posts; without one nobody is.
    pub hub: Option<Hub>,
    /// The IANA name of the time zone in which the owner writes dates.
    pub time_zone: String,
    /// The owner's address; never shown.
    pub email: String,
    /// Whose comments wait for the owner.
    pub moderation: Moderation,
    /// Links that a comment may have without waiting.
    pub max_links: i64,
    /// Words whose comments wait, one on each line.
    pub hold_words: String,
    /// Regular expressions whose comments wait, one on each line.
    pub hold_patterns: String,
    /// The links of the masthead; the blog's own lists where there are none.
    pub navigation: Vec<Link>,
    /// Markdown below every page.
    pub footer: String,
    /// The owner's own style, after the blog's.
    pub css: String,
    /// Whether robots that gather texts for language models may read the blog.
    pub ai_robots: bool,
    /// Markdown above the list of the first page.
    pub intro: String,
    /// The reactions that readers can give.
    pub reactions: Vec<ReactionKind>,
    /// The order in which dates are written.
    pub dates: Dates,
    /// Whether the clock counts to twelve twice a day.
    pub is_twelve: bool,
    /// The name of the owner's own icon, which changes with it; empty where there is none.
    pub icon: String,
}

/// A link of the masthead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it says.
    pub label: String,
    /// A path from the root of the site, or an address elsewhere.
    pub path: String,
}

impl Link {
    /// The links of a text with one line each, such as `About /about`.
    ///
    /// Errors: the first line that is no link, and what one looks like.
    pub fn list(text: &str) -> Result<Vec<Link>, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(Link::parse).collect()
    }

    /// The line that [`Link::list`] reads it from.
    pub fn line(&self) -> String {
        format!("{} {}", self.label, self.path)
    }

    fn parse(line: &str) -> Result<Link, String> {
        let bad = || {
            format!("“{line}” is no link. Write a name and a path on each line, like: About /about")
        };
        let (label, path) = line.rsplit_once(char::is_whitespace).ok_or_else(bad)?;
        // Browsers take a backslash for a slash.
        let inside = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
        match inside || path.starts_with("https://") || path.starts_with("http://") {
            true => Ok(Link {
                label: label.trim().into(),
                path: path.into(),
            }),
            false => Err(bad()),
        }
    }
}

/// Whose comments wait for the owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moderation {
    /// Nobody's but those that look like a robot's.
    #[default]
    Open,
    /// Those of a visitor of whom none has been let through yet.
    First,
    /// Everyone's.
    All,
}

impl Moderation {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Moderation; 3] = [Moderation::Open, Moderation::First, Moderation::All];

    /// The word in forms and in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Moderation::Open => "open",
            Moderation::First => "first",
            Moderation::All => "all",
        }
    }

    /// What it means, for people.
    pub fn described(self) -> &'static str {
        match self {
            Moderation::Open => "Comments appear at once; what looks like a robot's waits",
            Moderation::First => "A newcomer's comments wait until you have let one through",
            Moderation::All => "Every comment waits for you",
        }
    }

    /// The one of that word.
    pub fn parse(word: &str) -> Option<Moderation> {
        Moderation::ALL
            .into_iter()
            .find(|mode| mode.as_str() == word)
    }
}

impl Settings {
    /// What shows in every part of a page.
    pub fn manner(&self) -> Manner {
        Manner {
            calendar: Calendar {
                zone: self.zone(),
                dates: self.dates,
                is_twelve: self.is_twelve,
            },
            reactions: self.reactions.clone(),
        }
    }

    /// The time zone in which the owner writes dates; UTC if the system does not know the one that is set.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            title: "A new blog".into(),
            description: String::new(),
            owner: String::new(),
            posts_per_page: 10,
            edit_minutes: 15,
            close_after_days: 0,
            log_days: 30,
            log_events: 1_000,
            presence: true,
            lang: "en".into(),
            ink: Ink::Ledger,
            hub: None,
            time_zone: "UTC".into(),
            email: String::new(),
            moderation: Moderation::Open,
            max_links: 3,
            hold_words: String::new(),
            hold_patterns: String::new(),
            navigation: Vec::new(),
            footer: String::new(),
            css: String::new(),
            ai_robots: true,
            intro: String::new(),
            reactions: ReactionKind::usual(),
            dates: Dates::default(),
            is_twelve: false,
            icon: String::new(),
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

impl Setup {
    /// Takes what was typed; no ink is the first one.
    ///
    /// Errors: by field, what is wrong and what to do.
    pub fn parse(title: &str, name: &str, email: &str, ink: &str) -> Result<Setup, Fields> {
        let mut errors = Fields::new();
        let mut wrong = |field, why: String| {
            errors.insert(field, why);
        };
        let title = fields::title(title).map_err(|why| wrong("title", why)).ok();
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
        match (title, name, email, ink) {
            (Some(title), Some(name), Some(email), Some(ink)) => Ok(Setup {
                title,
                name,
                email,
                ink,
            }),
            _ => Err(errors),
        }
    }
}
