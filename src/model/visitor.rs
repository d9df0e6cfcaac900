//! A reader who has posted something, known by a random token in a cookie.

use super::comment::Comment;
use super::id::{EventId, VisitorId};
use super::mark::Mark;
use super::reaction::ReactionKind;
use super::time::Timestamp;

/// What is remembered of a visitor, to fill the next form.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Its row.
    pub id: VisitorId,
    /// The name last used.
    pub name: String,
    /// Private.
    pub email: Option<String>,
    /// The visitor's own site.
    pub url: Option<String>,
    /// Whether other readers may see the name while the visitor reads.
    pub show_name: bool,
    /// The newest event that was marked as read.
    pub read_to: EventId,
    /// The mark beside the name.
    pub mark: Mark,
}

/// A visitor as other readers of a post see them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// The name last used.
    pub name: String,
    /// The mark beside it, which is that of the visitor's comments.
    pub mark: Mark,
}

impl Visitor {
    /// What other readers of a post may see, if the visitor chose to be seen.
    pub fn shown(&self) -> Option<Shown> {
        let shown = Shown {
            name: self.name.clone(),
            mark: self.mark,
        };
        Some(shown).filter(|shown| self.show_name && !shown.name.is_empty())
    }
}

/// What is kept of a visitor beside their comments, counted.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// When they first posted something.
    pub since: Timestamp,
    /// When they last did.
    pub seen: Timestamp,
    /// Comments of which a mark says where they came from.
    pub traced: i64,
    /// Comments that the owner deleted and may still take back.
    pub deleted: i64,
    /// Reactions.
    pub reactions: i64,
    /// Events of the log that were for them alone.
    pub told: i64,
    /// Whether they may not write here.
    pub is_banned: bool,
}

/// A post as something below it names it.
#[derive(Clone, Debug)]
pub struct PostName {
    /// Its title.
    pub title: String,
    /// Whether readers can open it.
    pub open: bool,
}

/// A visitor's own comment, away from its post.
#[derive(Clone, Debug)]
pub struct Written {
    /// The comment.
    pub comment: Comment,
    /// Where it stands.
    pub post: PostName,
}

/// An answer to one of a visitor's comments, away from its post.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The answer; its parent is the visitor's comment.
    pub comment: Comment,
    /// Where it stands.
    pub post: PostName,
    /// Whether the visitor has not marked it as read.
    pub unread: bool,
}

/// A reaction that a visitor has given.
#[derive(Clone, Debug)]
pub struct Given {
    /// Which.
    pub kind: ReactionKind,
    /// When.
    pub at: Timestamp,
    /// The post.
    pub post: PostName,
    /// The address of what was reacted to.
    pub path: String,
    /// The number of the comment that was reacted to; none for the post itself.
    pub number: Option<i64>,
}
