//! What the owner's desk lists.

use super::id::PostId;
use super::post::{PostKind, Status};
use super::time::Timestamp;

/// Which posts to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// All but the trash.
    #[default]
    All,
    /// Only their author sees them.
    Drafts,
    /// They wait for their time.
    Scheduled,
    /// Everyone sees them.
    Published,
    /// Whoever has the address sees them.
    Unlisted,
    /// Static pages in any status.
    Pages,
    /// Posts and pages that can come back.
    Trash,
}

impl Show {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Show; 7] = [
        Show::All,
        Show::Drafts,
        Show::Scheduled,
        Show::Published,
        Show::Unlisted,
        Show::Pages,
        Show::Trash,
    ];

    /// The word in addresses; none for all.
    pub fn as_str(self) -> &'static str {
        match self {
            Show::All => "all",
            Show::Drafts => "drafts",
            Show::Scheduled => "scheduled",
            Show::Published => "published",
            Show::Unlisted => "unlisted",
            Show::Pages => "pages",
            Show::Trash => "trash",
        }
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Show::All => "All",
            Show::Drafts => "Drafts",
            Show::Scheduled => "Scheduled",
            Show::Published => "Published",
            Show::Unlisted => "Unlisted",
            Show::Pages => "Pages",
            Show::Trash => "Trash",
        }
    }

    /// The choice of that word.
    pub fn parse(word: &str) -> Option<Show> {
        Show::ALL.into_iter().find(|show| show.as_str() == word)
    }
}

/// A post as a line of the desk.
#[derive(Clone, Debug)]
pub struct DeskLine {
    /// Its row.
    pub id: PostId,
    /// Post or page.
    pub kind: PostKind,
    /// The last part of its address.
    pub slug: String,
    /// Plain text; what is being written counts.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// When it was or will be published.
    pub published_at: Option<Timestamp>,
    /// When it, or what is being written of it, last changed.
    pub changed_at: Timestamp,
    /// Words in the text that readers see.
    pub words: i64,
    /// Published comments.
    pub comment_count: i64,
    /// Whether it stands first on the home page.
    pub is_pinned: bool,
    /// Whether something is being written that readers do not see yet.
    pub is_being_written: bool,
}

impl Show {
    /// Which rows of a list it shows, as a CSS selector of their attributes: what changes while the page is open must
    /// come and go by the same rule as on the server.
    pub fn selector(self) -> &'static str {
        match self {
            Show::All => ":not([data-status=deleted])",
            Show::Drafts => "[data-status=draft]",
            Show::Scheduled => "[data-status=scheduled]",
            Show::Published => "[data-status=published]",
            Show::Unlisted => "[data-status=unlisted]",
            Show::Pages => "[data-kind=page]:not([data-status=deleted])",
            Show::Trash => "[data-status=deleted]",
        }
    }
}

impl DeskLine {
    /// Where it stands in lists, the lowest first: what is due, what is being written, what is out.
    pub fn rank(&self) -> i64 {
        match self.status {
            Status::Scheduled => 0,
            Status::Draft => 1,
            Status::Published | Status::Unlisted | Status::Deleted => 2,
        }
    }

    /// By what lists of one rank are ordered, the latest first.
    pub fn placed_at(&self) -> Timestamp {
        match self.status {
            Status::Published | Status::Unlisted => self.published_at.unwrap_or(self.changed_at),
            _ => self.changed_at,
        }
    }
}
