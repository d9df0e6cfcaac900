//! What the editor's form holds: a post as its author is writing it, exactly as typed.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::front::{Front, MOST_DAYS};
use super::language::{Direction, is_language};
use super::media::ALT_MAX;
use super::post::{Discussion, Post, PostKind};
use super::shared::{self, Cover};
use super::time::Timestamp;
use crate::error::Fields;

/// The longest title and summary, in characters.
const LONGEST_TITLE: usize = 200;
const LONGEST_SUMMARY: usize = 1_000;

/// The longest last part of an address, all of it ASCII.
const LONGEST_SLUG: usize = 80;

/// Addresses at the root of the site that a page cannot have.
const TAKEN: [&str; 14] = [
    "admin", "archive", "assets", "comments", "events", "health", "me", "media", "metrics",
    "micropub", "posts", "search", "tags", "theme",
];

/// The fields of the editor's form. Nothing in it need be right yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manuscript {
    /// `post` or `page`.
    pub kind: String,
    /// Plain text.
    pub title: String,
    /// The last part of the address; empty for one made from the title.
    pub slug: String,
    /// The author's own summary.
    pub summary: String,
    /// Separated by commas.
    pub tags: String,
    /// When it shall be published, `2026-11-28T08:00` in the blog's time zone; empty for the moment of publishing.
    pub publish_at: String,
    /// Language tag where it differs from the blog's.
    pub lang: String,
    /// `closed` where no comments are taken.
    pub comments: String,
    /// `thread` or `chat`.
    pub discussion: String,
    /// `yes` where it stands first on the home page.
    pub pinned: String,
    /// `ltr` or `rtl`; empty for that of the language.
    pub dir: String,
    /// Days after which it takes no more comments, 0 for never; empty for as the blog has it.
    pub close_after_days: String,
    /// The path of the picture that stands for it; empty for none.
    pub cover: String,
    /// What that picture shows; empty for what the library says.
    pub cover_alt: String,
    /// Where it appeared first, if that was elsewhere.
    pub canonical_url: String,
    /// Markdown source.
    pub body: String,
}

/// A manuscript as it was saved.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The fields.
    pub manuscript: Manuscript,
    /// When it was saved.
    pub saved_at: Timestamp,
}

/// The version of a post and of its manuscript that an editor has seen. What differs now was changed elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Of the post.
    pub post: i64,
    /// Of the manuscript; 0 where there is none.
    pub manuscript: i64,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.post, self.manuscript)
    }
}

/// A manuscript that can become a post.
#[derive(Clone, Debug)]
pub struct Fair {
    /// Post or page.
    pub kind: PostKind,
    /// The last part of the address, if its author chose one.
    pub slug: Option<String>,
    /// Plain text.
    pub title: String,
    /// The author's own summary.
    pub summary: Option<String>,
    /// In the author's order.
    pub tags: Vec<String>,
    /// When it shall be published.
    pub published_at: Option<Timestamp>,
    /// Language tag where it differs from the blog's.
    pub lang: Option<String>,
    /// Whether comments are taken.
    pub comments_open: bool,
    /// How they stand.
    pub discussion: Discussion,
    /// What its front matter shall say beyond its words.
    pub front: Front,
    /// Markdown source.
    pub body: String,
}

impl Manuscript {
    /// What the editor shows of a post that nobody is working on.
    pub fn of(post: &Post, body: String, zone: &TimeZone) -> Manuscript {
        let tags: Vec<&str> = post.tags.iter().map(|tag| tag.name.as_str()).collect();
        Manuscript {
            kind: post.kind.as_str().into(),
            title: post.title.clone(),
            slug: post.slug.clone(),
            summary: post.summary.clone().unwrap_or_default(),
            tags: tags.join(", "),
            publish_at: post
                .published_at
                .map(|at| at.local(zone))
                .unwrap_or_default(),
            lang: post.lang.clone().unwrap_or_default(),
            discussion: post.discussion.as_str().into(),
            comments: if post.comments_open { "open" } else { "closed" }.into(),
            body,
            ..Manuscript::default()
        }
        .with(&post.front)
    }

    /// The same with what front matter says.
    fn with(self, front: &Front) -> Manuscript {
        let cover = front.cover.clone().unwrap_or_default();
        let days = front.close_after_days.map(|days| days.to_string());
        Manuscript {
            pinned: if front.pinned { "yes" } else { "" }.into(),
            dir: front.dir.map_or("", Direction::as_str).into(),
            close_after_days: days.unwrap_or_default(),
            cover: cover.path,
            cover_alt: cover.alt,
            canonical_url: front.canonical.clone().unwrap_or_default(),
            ..self
        }
    }

    /// In which direction it runs as far as it is written.
    pub fn direction(&self) -> Option<Direction> {
        let lang = Some(self.lang.trim()).filter(|lang| !lang.is_empty());
        Direction::parse(&self.dir).or_else(|| lang.map(Direction::of))
    }

    /// What its front matter shall say; what is wrong with it goes into `errors`.
    fn front(&self, errors: &mut Fields) -> Front {
        let (days, first) = (self.close_after_days.trim(), self.canonical_url.trim());
        let close_after_days = days.parse().ok();
        if !days.is_empty() && !close_after_days.is_some_and(|days| (0..=MOST_DAYS).contains(&days))
        {
            let why = format!("Write a number of days from 0 to {MOST_DAYS}, or leave it empty.");
            errors.insert("close_after_days", why);
        }
        let canonical = shared::address(first);
        if !first.is_empty() && canonical.is_none() {
            let why =
                "Write a whole address, such as https://elsewhere.example/post, or leave it empty.";
            errors.insert("canonical_url", why.into());
        }
        let alt = self
            .cover_alt
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        within(errors, "cover_alt", &alt, ALT_MAX);
        let cover = Cover::at(self.cover.trim(), &alt);
        if cover.is_none() && !self.cover.trim().is_empty() {
            errors.insert(
                "cover",
                "A cover is one of the pictures of the library.".into(),
            );
        }
        Front {
            pinned: !self.pinned.is_empty(),
            dir: Direction::parse(&self.dir),
            close_after_days,
            cover,
            canonical,
        }
    }

    /// The title for lists, where there may be none yet.
    pub fn name(&self) -> &str {
        match self.title.trim() {
            "" => "Untitled",
            title => title,
        }
    }

    /// Words of the text, as its author sees them grow.
    pub fn words(&self) -> usize {
        self.body.split_whitespace().count()
    }

    /// What is wrong with the address, if anything is.
    pub fn slug_trouble(&self) -> Option<String> {
        let slug = self.slug.trim();
        let is_good = is_slug(slug) && slug.len() <= LONGEST_SLUG;
        if !slug.is_empty() && !is_good {
            let why = "An address is made of lower-case letters, digits and dashes, 80 at most.";
            return Some(why.into());
        }
        (self.kind == PostKind::Page.as_str() && TAKEN.contains(&slug))
            .then(|| format!("The blog itself answers at /{slug}. Please choose another address."))
    }

    /// What can be published, times read in `zone`.
    ///
    /// Errors: by field, what is wrong and what to do.
    pub fn fair(&self, zone: &TimeZone) -> Result<Fair, Fields> {
        let mut errors = Fields::new();
        let kind = PostKind::parse(&self.kind).unwrap_or(PostKind::Post);
        let title = self.title.split_whitespace().collect::<Vec<_>>().join(" ");
        if title.is_empty() {
            errors.insert("title", "A post needs a title.".into());
        }
        within(&mut errors, "title", &title, LONGEST_TITLE);
        let summary = self.summary.trim();
        within(&mut errors, "summary", summary, LONGEST_SUMMARY);
        let slug = self.slug.trim();
        if let Some(why) = self.slug_trouble() {
            errors.insert("slug", why);
        }
        let published_at = time(&self.publish_at, zone);
        if published_at.is_none() && !self.publish_at.trim().is_empty() {
            let why =
                "This is not a date and a time. Write it like 2026-11-28T08:00, or leave it empty.";
            errors.insert("publish_at", why.into());
        }
        if !is_language(self.lang.trim()) {
            errors.insert(
                "lang",
                "A language is a tag such as en, de or pt-BR.".into(),
            );
        }
        let front = self.front(&mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let tags = self
            .tags
            .split(',')
            .map(str::trim)
            .filter(|tag| !tag.is_empty());
        Ok(Fair {
            kind,
            slug: filled(slug),
            summary: filled(summary),
            title,
            tags: tags.map(str::to_owned).collect(),
            published_at,
            lang: filled(self.lang.trim()),
            comments_open: self.comments != "closed",
            discussion: Discussion::parse(&self.discussion).unwrap_or_default(),
            front,
            body: self.body.replace("\r\n", "\n").replace('\r', "\n"),
        })
    }
}

/// A point in time as forms send it, or with an offset.
fn time(typed: &str, zone: &TimeZone) -> Option<Timestamp> {
    let typed = typed.trim();
    if let Ok(instant) = typed.parse::<jiff::Timestamp>() {
        return Some(Timestamp(instant.as_millisecond()));
    }
    let local: DateTime = typed.parse().ok()?;
    let instant = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    Some(Timestamp(instant.as_millisecond()))
}

/// Whether it can be the last part of an address as it is, of whatever length.
pub fn is_slug(text: &str) -> bool {
    let is_word = |word: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        !word.is_empty() && word.chars().all(plain)
    };
    text.split('-').all(is_word)
}

fn within(errors: &mut Fields, field: &'static str, text: &str, most: usize) {
    let count = text.chars().count();
    if count > most {
        errors.insert(
            field,
            format!("This has {count} characters; {most} is the most."),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Manuscript {
        Manuscript {
            title: "  Debt as\ta table ".into(),
            tags: "databases, , Slow food".into(),
            publish_at: "2026-11-28T08:00".into(),
            body: "a\r\nb\rc".into(),
            ..Manuscript::default()
        }
    }

    #[test]
    fn what_is_right_becomes_a_post() {
        let berlin = TimeZone::fixed(jiff::tz::offset(1));
        let fair = typed().fair(&berlin).unwrap();
        assert_eq!((fair.title.as_str(), fair.slug), ("Debt as a table", None));
        assert_eq!(fair.tags, ["databases", "Slow food"]);
        assert_eq!(fair.published_at.unwrap().rfc3339(), "2026-11-28T07:00:00Z");
        assert_eq!((fair.body.as_str(), fair.comments_open), ("a\nb\nc", true));
        let at = Manuscript {
            publish_at: "2026-11-28T08:00:00+02:00".into(),
            ..typed()
        };
        let at = at.fair(&berlin).unwrap().published_at.unwrap();
        assert_eq!(at.rfc3339(), "2026-11-28T06:00:00Z");
        assert_eq!(at.local(&berlin), "2026-11-28T07:00");
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        let wrong = Manuscript {
            title: " ".into(),
            slug: "Not A Slug".into(),
            publish_at: "tomorrow".into(),
            lang: "english please".into(),
            summary: "x".repeat(1_001),
            close_after_days: "soon".into(),
            canonical_url: "/posts/x".into(),
            cover: "https://elsewhere.example/a.png".into(),
            cover_alt: "x".repeat(1_001),
            ..typed()
        };
        let errors = wrong.fair(&TimeZone::UTC).unwrap_err();
        let fields: Vec<_> = errors.keys().copied().collect();
        let all = [
            "canonical_url",
            "close_after_days",
            "cover",
            "cover_alt",
            "lang",
            "publish_at",
            "slug",
            "summary",
            "title",
        ];
        assert_eq!(fields, all);
        let page = Manuscript {
            kind: "page".into(),
            slug: "admin".into(),
            ..typed()
        };
        assert!(page.fair(&TimeZone::UTC).unwrap_err().contains_key("slug"));
    }
}
