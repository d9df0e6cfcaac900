//! A text that a post had.

use serde_json::{Map, Value};

use super::front::Front;
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
    /// What its front matter said beyond its words.
    pub front: Front,
    /// When the post was given it.
    pub saved_at: Timestamp,
}

impl Revision {
    /// The text with its front matter above it, a line each.
    pub fn whole(&self) -> String {
        let mut extra = Map::new();
        self.front.put_into(&mut extra);
        let lines = extra.iter().map(|(name, value)| match value {
            Value::String(words) => format!("{name}: {words}\n"),
            value => format!("{name}: {value}\n"),
        });
        lines.chain([self.body.clone()]).collect()
    }
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
