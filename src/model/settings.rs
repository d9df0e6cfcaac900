//! What the owner can set, with the values a new blog starts with.

use jiff::tz::TimeZone;

use super::front::MOST_DAYS;
use super::hub::Hub;
use super::language::is_language;
use super::rules::check_patterns;
use super::typed::{Email, Name, is_text};
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

/// Bytes of the owner's style and of the footer.
const LONGEST_TEXT: usize = 32 * 1024;

/// What a setting becomes in the file, or what is wrong with it.
type Check = fn(&str) -> Result<String, String>;

/// Every setting that a form can change: its field, its key in the file, and its check.
pub const FIELDS: [(&str, &str, Check); 20] = [
    ("title", "title", title),
    ("description", "description", description),
    ("name", "owner", |typed| {
        Ok(Name::parse(typed)?.as_str().into())
    }),
    ("email", "owner_email", |typed| {
        Ok(Email::parse(typed)?.map_or(String::new(), |email| email.as_str().into()))
    }),
    ("lang", "lang", language),
    ("time_zone", "time_zone", time_zone),
    ("posts_per_page", "posts_per_page", |typed| {
        number(typed, 1, 100)
    }),
    ("edit_minutes", "edit_minutes", |typed| {
        number(typed, 0, 7 * 24 * 60)
    }),
    ("close_after_days", "close_after_days", |typed| {
        number(typed, 0, MOST_DAYS)
    }),
    ("moderation", "moderation", |typed| {
        let mode = Moderation::parse(typed).ok_or("Choose open, first or all.")?;
        Ok(mode.as_str().into())
    }),
    ("max_links", "max_links", |typed| number(typed, 0, 1_000)),
    ("hold_words", "hold_words", text),
    ("hold_patterns", "hold_patterns", |typed| {
        let patterns = text(typed)?;
        check_patterns(&patterns)?;
        Ok(patterns)
    }),
    ("presence", "presence", on_or_off),
    ("ai_robots", "ai_robots", on_or_off),
    ("ink", "ink", |typed| {
        Ok(Ink::parse(typed)
            .ok_or("Choose one of the inks.")?
            .as_str()
            .into())
    }),
    ("navigation", "navigation", |typed| {
        Link::list(typed)?;
        text(typed)
    }),
    ("footer", "footer", text),
    ("css", "css", text),
    ("websub_hub", "websub_hub", |typed| {
        Ok(Hub::parse(typed)?.map_or(String::new(), |hub| hub.as_str().into()))
    }),
];

fn title(typed: &str) -> Result<String, String> {
    match line(typed).as_str() {
        "" => Err("The blog needs a name. One word is enough.".into()),
        title if title.chars().count() > LONGEST_TITLE => Err(format!(
            "Please keep the name within {LONGEST_TITLE} characters."
        )),
        title => Ok(title.into()),
    }
}

fn description(typed: &str) -> Result<String, String> {
    match line(typed) {
        text if text.chars().count() > 500 => Err("Please keep it within 500 characters.".into()),
        text => Ok(text),
    }
}

/// What was typed as one line, without the signs that neither HTML nor XML can hold.
fn line(typed: &str) -> String {
    let text: String = typed
        .chars()
        .filter(|&c| is_text(c) || c.is_whitespace())
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn language(typed: &str) -> Result<String, String> {
    match typed.trim() {
        tag if !tag.is_empty() && is_language(tag) => Ok(tag.into()),
        _ => Err("A language is a tag such as en, de or pt-BR.".into()),
    }
}

fn time_zone(typed: &str) -> Result<String, String> {
    let zone = TimeZone::get(typed.trim());
    let zone = zone.map_err(|_| "This is not a time zone. Write one like Europe/Oslo or UTC.")?;
    Ok(zone.iana_name().unwrap_or("UTC").into())
}

fn number(typed: &str, least: i64, most: i64) -> Result<String, String> {
    match typed.trim().parse::<i64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number.to_string()),
        _ => Err(format!("Write a number from {least} to {most}.")),
    }
}

fn on_or_off(typed: &str) -> Result<String, String> {
    match typed {
        "on" | "off" => Ok(typed.into()),
        _ => Err("Choose on or off.".into()),
    }
}

fn text(typed: &str) -> Result<String, String> {
    match typed.len() {
        bytes if bytes > LONGEST_TEXT => Err(format!(
            "This has {bytes} bytes; {LONGEST_TEXT} is the most."
        )),
        _ => {
            let kept = typed.chars().filter(|&c| is_text(c) && c != '\r');
            Ok(kept.collect::<String>().trim().into())
        }
    }
}

impl Settings {
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
        let title = self::title(title).map_err(|why| wrong("title", why)).ok();
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
