//! What readers see: one askama struct per page and per part.
//!
//! Every page is made by a `new` that takes the [`Frame`] it is drawn in and the values it shows, and rendered with
//! `askama::Template::render`. HTML is written in `templates/` and nowhere else.

pub mod apps;
pub mod comments;
pub mod desk;
pub mod entries;
pub mod errors;
pub mod library;
pub mod lists;
pub mod me;
pub mod posts;
pub mod presence;
#[cfg(test)]
pub(crate) mod samples;
pub mod search;
pub mod sharing;
pub mod signs;
#[cfg(test)]
mod tests;

use crate::model::calendar::Calendar;
use crate::model::fault::Ongoing;
use crate::model::hub::Hub;
use crate::model::id::{CommentId, EntryId, EventId, PostId};
use crate::model::language::Direction;
use crate::model::manner::Manner;
use crate::model::settings::{Ink, Link};
use crate::model::time::Timestamp;
use crate::text;

/// The blog as its pages and feeds name it.
#[derive(Clone, Debug)]
pub struct Site {
    /// The name of the blog.
    pub title: String,
    /// One sentence; empty if the owner wrote none.
    pub description: String,
    /// The owner's name; empty before the blog is set up.
    pub owner: String,
    /// BCP 47 language tag.
    pub lang: String,
    /// The colours of its pages.
    pub ink: Ink,
    /// The links of its masthead; its own lists where there are none.
    pub navigation: Vec<Link>,
    /// Markdown of what stands below every page.
    pub footer: String,
    /// The address of the owner's own style, if there is one.
    pub css: Option<String>,
    /// How it writes dates, and which reactions it offers.
    pub manner: Manner,
    /// The name of its icon, which changes with the picture.
    pub icon: String,
    /// Whether its owner has given it that.
    pub has_own_icon: bool,
    /// Whether robots that gather texts for language models may read it.
    pub ai_robots: bool,
    /// Scheme and host as readers reach it, without a slash at the end.
    pub base_url: String,
    /// The WebSub hub that is told of new posts, if the owner has chosen one.
    pub hub: Option<Hub>,
}

impl Site {
    /// Whether its pages run from right to left.
    fn is_right_to_left(&self) -> bool {
        Direction::of(&self.lang) == Direction::RightToLeft
    }

    /// What stands below every page, rendered; nothing where nothing does.
    fn footer_html(&self) -> Option<String> {
        Some(self.footer.as_str())
            .filter(|footer| !footer.is_empty())
            .map(text::comment::html)
    }

    /// The absolute address of a path from the root of the site.
    pub fn url(&self, path: impl AsRef<str>) -> String {
        format!("{}{}", self.base_url, path.as_ref())
    }

    /// A name for a post that stays when its address changes. Source: RFC 4151.
    pub fn post_id(&self, id: &PostId) -> String {
        format!("tag:{},2026:post/{id}", self.host())
    }

    /// A name for a comment that stays when its post's address changes. Source: RFC 4151.
    pub fn comment_id(&self, id: &CommentId) -> String {
        format!("tag:{},2026:comment/{id}", self.host())
    }

    /// A name for an entry that stays when its post's address changes. Source: RFC 4151.
    pub fn entry_id(&self, id: &EntryId) -> String {
        format!("tag:{},2026:entry/{id}", self.host())
    }

    /// The host of the base URL, without its port.
    fn host(&self) -> &str {
        let authority = self
            .base_url
            .split_once("://")
            .map_or(self.base_url.as_str(), |(_, rest)| rest);
        let host = authority.split('/').next().unwrap_or(authority);
        match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
            _ => host,
        }
    }
}

/// Light or dark, as the reader chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the reader's system has it.
    #[default]
    Auto,
    /// Ink on paper.
    Light,
    /// Paper on ink.
    Dark,
}

impl Theme {
    /// The theme of that word, in the form and in the cookie.
    pub fn parse(word: &str) -> Option<Theme> {
        match word {
            "auto" => Some(Theme::Auto),
            "light" => Some(Theme::Light),
            "dark" => Some(Theme::Dark),
            _ => None,
        }
    }

    /// The word that overrides the system's choice, if the reader asked for one.
    pub fn forced(self) -> Option<&'static str> {
        match self {
            Theme::Auto => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        }
    }
}

/// What every page is drawn in: the blog it belongs to and the reader's theme.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The blog.
    pub site: &'a Site,
    /// The reader's choice.
    pub theme: Theme,
    /// Whether the reader is the owner, signed in.
    pub owner: bool,
    /// What is said of the reader's own, if the reader is a visitor that is known.
    pub me: Option<Me>,
    /// How the blog fares, for the owner alone.
    pub health: Option<Health<'a>>,
}

impl<'a> Frame<'a> {
    /// What the parts of a page are drawn by.
    fn manner(&self) -> &'a Manner {
        &self.site.manner
    }

    /// Writes the dates of a page.
    fn calendar(&self) -> &'a Calendar {
        &self.site.manner.calendar
    }
}

/// How the blog fares, as every page of the desk tells it.
#[derive(Clone, Copy, Debug)]
pub struct Health<'a> {
    /// What is wrong, the worst first.
    pub faults: &'a [Ongoing],
    /// The head of the log then: what comes after it is told live.
    pub cursor: Cursor,
}

/// What every page tells a visitor of their own.
#[derive(Clone, Copy, Debug)]
pub struct Me {
    /// Answers that are not marked as read.
    pub unread: i64,
    /// The head of the log then: what comes after it is told live.
    pub cursor: Cursor,
}

/// The newest event that a page knows of: its stream starts behind it.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    /// The id of that event; [`EventId::ZERO`] if nothing has happened yet.
    pub after: EventId,
    /// When it was committed, so that a restored log is recognised; the epoch if nothing has happened yet.
    pub at: Timestamp,
}

/// Where a page of a list stands among the others.
#[derive(Clone, Copy, Debug)]
pub struct Pager {
    /// The first is 1.
    pub page: i64,
    /// At least 1.
    pub pages: i64,
}

impl Pager {
    /// The page of that number, where each has `each` of `all` items; none if there is no such page.
    pub fn at(page: i64, all: i64, each: i64) -> Option<Pager> {
        let pages = Pager::count(all, each);
        (1..=pages).contains(&page).then_some(Pager { page, pages })
    }

    /// How many pages there are of `all` items, `each` on one: at least 1.
    pub fn count(all: i64, each: i64) -> i64 {
        ((all + each - 1) / each).max(1)
    }

    /// Its address, where the list is at `first`.
    pub fn path(&self, first: &str) -> String {
        match self.page {
            1 => first.to_owned(),
            page => format!("{first}?page={page}"),
        }
    }

    /// How many items of `each` on a page stand before this one.
    pub fn skipped(&self, each: i64) -> i64 {
        (self.page - 1) * each
    }

    /// Whether it is the first page.
    pub fn is_first(&self) -> bool {
        self.page == 1
    }
}

/// What a page says of itself in its head, and which link of the masthead leads to it.
struct Head {
    /// Empty on the home page, which bears the name of the blog alone.
    title: String,
    /// For search engines and previews; may be empty.
    description: String,
    /// Its own address from the root; none for a page that has none, such as an error.
    path: Option<String>,
    /// Whether search engines may list it.
    listed: bool,
    /// The path of the section it belongs to, which the masthead marks.
    section: &'static str,
    /// For those who link to it.
    shared: sharing::Shared,
}

/// A link of the masthead.
struct NavLink<'a> {
    path: &'a str,
    label: &'a str,
    /// The value of `aria-current`.
    current: Option<&'static str>,
}

impl Head {
    fn new(title: &str, path: String) -> Head {
        Head {
            title: title.into(),
            description: String::new(),
            path: Some(path),
            listed: true,
            section: "",
            shared: sharing::Shared::default(),
        }
    }

    /// The head of an answer that has no address of its own.
    fn passing(title: &str) -> Head {
        Head {
            title: title.into(),
            description: String::new(),
            path: None,
            listed: false,
            section: "",
            shared: sharing::Shared::default(),
        }
    }

    fn about(self, description: &str) -> Head {
        Head {
            description: description.into(),
            ..self
        }
    }

    fn within(self, section: &'static str) -> Head {
        Head { section, ..self }
    }

    fn indexed(&self) -> bool {
        self.listed && self.path.is_some()
    }

    /// Where the theme form returns to.
    fn back(&self) -> &str {
        self.path.as_deref().unwrap_or("/")
    }

    /// The masthead: the owner's links, else those to the blog's lists.
    fn links<'a>(&self, site: &'a Site) -> Vec<NavLink<'a>> {
        let own = site
            .navigation
            .iter()
            .map(|link| (link.path.as_str(), link.label.as_str()));
        let mut links: Vec<(&str, &str)> = own.collect();
        if links.is_empty() {
            links.extend([
                ("/", "Posts"),
                ("/archive", "Archive"),
                ("/tags", "Tags"),
                ("/search", "Search"),
            ]);
        }
        let marked = links.into_iter().map(|(path, label)| NavLink {
            path,
            label,
            current: match self.path.as_deref() {
                Some(here) if here == path => Some("page"),
                _ if self.section == path => Some("true"),
                _ => None,
            },
        });
        marked.collect()
    }
}
