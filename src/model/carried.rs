//! What leaves the blog in an export and comes back with an import: rows as anyone can read them.
//!
//! Rows name each other by what a reader sees, addresses and numbers, and visitors by a number that means something within
//! one export only. Nothing here is secret: no password, no token, no hash of one; e-mail addresses only where asked for.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::time::Timestamp;

/// The name of the format in the manifest, and its version.
pub const FORMAT: &str = "rowlog-export";
/// Raised when an older program could not read what a newer one writes.
pub const VERSION: u32 = 1;

/// A point in time, written as people read it, to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written(pub Timestamp);

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.exact())
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Written, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at = Timestamp::parse(&text);
        at.map(Written)
            .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no time")))
    }
}

/// What an export holds, written last: without it the export is not whole.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// When it was made.
    pub made_at: Written,
    /// Whether e-mail addresses are in it.
    pub private: bool,
    /// Posts and pages.
    pub posts: usize,
    /// Comments in any status.
    pub comments: usize,
    /// Entries of liveblogs.
    pub entries: usize,
    /// Reactions.
    pub reactions: usize,
    /// Media files.
    pub media: usize,
}

/// The head of a post's file.
#[derive(Clone, Debug)]
pub struct CarriedPost {
    /// `post` or `page`.
    pub kind: String,
    /// The last part of its address.
    pub slug: String,
    /// Plain text.
    pub title: String,
    /// The author's own.
    pub summary: Option<String>,
    /// Markdown source.
    pub body: String,
    /// `draft`, `scheduled`, `published` or `unlisted`.
    pub status: String,
    /// Language tag where it differs from the blog's.
    pub lang: Option<String>,
    /// Its date.
    pub published_at: Option<Timestamp>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Whether comments are taken.
    pub comments_open: bool,
    /// `thread` or `chat`.
    pub discussion: String,
    /// Front matter without a column, a JSON object.
    pub extra: String,
    /// In the author's order.
    pub tags: Vec<String>,
    /// Every other path that leads to it.
    pub aliases: Vec<String>,
}

/// A comment, a line of `comments.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CarriedComment {
    /// The id in its address; kept where it is free.
    pub id: i64,
    /// The address of its post.
    pub post: String,
    /// Its row in the post.
    pub number: i64,
    /// The number of its thread.
    pub thread: i64,
    /// The number of the comment it answers.
    pub parent: Option<i64>,
    /// Its writer.
    pub name: String,
    /// The writer's site.
    pub url: Option<String>,
    /// The writer's address, in a private export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Written by the blog's owner.
    pub owner: bool,
    /// The visitor who wrote it.
    pub visitor: Option<i64>,
    /// Markdown source.
    pub body: String,
    /// As it was shown; not read back.
    #[serde(default)]
    pub html: String,
    /// `published`, `pending`, `rejected`, `spam` or `deleted`.
    pub status: String,
    /// Why it waits.
    pub held_for: Option<String>,
    /// When it was written.
    pub created_at: Written,
    /// When its text last changed.
    pub edited_at: Option<Written>,
    /// Whether it was the blog's owner who changed it last.
    #[serde(default)]
    pub edited_by_owner: bool,
    /// Whether its thread stands before the others.
    #[serde(default)]
    pub pinned: bool,
    /// Whether its thread takes no more answers.
    #[serde(default)]
    pub closed: bool,
}

/// An entry of a liveblog, a line of `entries.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CarriedEntry {
    /// The address of its post.
    pub post: String,
    /// Its row in the post.
    pub number: i64,
    /// Plain text.
    pub title: Option<String>,
    /// Markdown source.
    pub body: String,
    /// `published` or `deleted`.
    pub status: String,
    /// When it was added.
    pub created_at: Written,
    /// When it last changed.
    pub edited_at: Option<Written>,
}

/// A reaction, a line of `reactions.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CarriedReaction {
    /// The address of its post.
    pub post: String,
    /// The number of the comment reacted to; none for the post itself.
    pub comment: Option<i64>,
    /// Who reacted.
    pub visitor: i64,
    /// Such as `love`.
    pub kind: String,
    /// When.
    pub created_at: Written,
}

/// A visitor, a line of `visitors.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CarriedVisitor {
    /// Names it in this export.
    pub visitor: i64,
    /// As last typed.
    pub name: String,
    /// The visitor's site.
    pub url: Option<String>,
    /// In a private export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether other readers may see the name.
    pub show_name: bool,
    /// When it first wrote.
    pub created_at: Written,
}

/// A media file, a line of `media.jsonl`; its bytes are in `media/{hash}/{name}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CarriedMedia {
    /// SHA-256 of the bytes, lower-case hex.
    pub hash: String,
    /// Its name in addresses.
    pub name: String,
    /// Its type.
    pub mime: String,
    /// Pixels, for pictures.
    pub width: Option<u32>,
    /// Pixels, for pictures.
    pub height: Option<u32>,
    /// What it shows.
    pub alt: String,
    /// When it came.
    pub created_at: Written,
}
