//! A text that a post had.

use super::id::RevisionId;
use super::time::Timestamp;

/// One text of a post.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its row.
    pub id: RevisionId,
    /// The title then.
    pub title: String,
    /// The summary then.
    pub summary: Option<String>,
    /// Markdown source.
    pub body: String,
    /// When the post was given it.
    pub saved_at: Timestamp,
}

/// A line of a text, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Unchanged lines that are left out.
    Skipped,
    /// It is in both.
    Kept(String),
    /// It is gone.
    Gone(String),
    /// It is new.
    New(String),
}
