//! Something that happened, in words, and whether it can be taken back.

use super::id::{CommentId, EventId, PostId, VisitorId};
use super::moderation::Span;
use super::time::Timestamp;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Happening {
    /// The event that tells of it; of a change with several, the first that the owner made.
    pub id: EventId,
    /// What it happened to, in the log's word.
    pub noun: &'static str,
    /// Its own name in a page.
    pub mark: String,
    /// The same for what is one line however often it happens: every save of one draft.
    pub key: String,
    /// How often it happened in a row.
    pub times: i64,
    /// Who did it, if it was a reader.
    pub who: Option<String>,
    /// What was done.
    pub what: String,
    /// Whose it was that it was done to.
    pub whose: Option<String>,
    /// What it was done to, and where that is.
    pub to: Option<(String, String)>,
    /// When.
    pub at: Timestamp,
    /// The post it belongs to.
    pub post: Option<PostId>,
    /// The comment it is about, if it is about one.
    pub comment: Option<CommentId>,
    /// The reader it is about, as far as that is known.
    pub writer: Option<VisitorId>,
    /// Whether the owner did it, and need not be told.
    pub by_owner: bool,
    /// Whether it can be taken back.
    pub way_back: WayBack,
}

/// Whether a change can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayBack {
    /// It is no decision.
    None,
    /// Its events can be undone.
    Open(Span),
    /// It was taken back.
    Undone,
    /// What it decided was decided otherwise since, or is gone.
    ChangedSince,
}

/// What things happen to: the part of an event's kind before the colon, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noun {
    /// The word in the log and in addresses.
    pub word: &'static str,
    /// What people call what happens to it.
    pub label: &'static str,
}

impl Noun {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Noun; 9] = [
        noun("comment", "Comments"),
        noun("reaction", "Reactions"),
        noun("post", "Posts"),
        noun("entry", "Entries"),
        noun("owner", "Signing in"),
        noun("visitor", "Bans"),
        noun("settings", "Settings"),
        noun("import", "Imports"),
        noun("blog", "Backups"),
    ];

    /// The noun of that word.
    pub fn parse(word: &str) -> Option<Noun> {
        Noun::ALL.into_iter().find(|noun| noun.word == word)
    }
}

const fn noun(word: &'static str, label: &'static str) -> Noun {
    Noun { word, label }
}
