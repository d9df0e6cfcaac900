//! A comment, as it is read and as it comes in.

use super::id::{CommentId, PostId, VisitorId};
use super::reaction::Tally;
use super::time::Timestamp;
use super::typed::{Body, Email, Link, Name};
use crate::error::{Error, Result};

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentStatus {
    /// Everyone sees it.
    Published,
    /// It waits for the owner; only its writer and the owner see it.
    Pending,
    /// The owner refused it.
    Rejected,
    /// Gone; a tombstone stands in its place while replies hang on it.
    Deleted,
}

impl CommentStatus {
    const ALL: [CommentStatus; 4] = [
        CommentStatus::Published,
        CommentStatus::Pending,
        CommentStatus::Rejected,
        CommentStatus::Deleted,
    ];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            CommentStatus::Published => "published",
            CommentStatus::Pending => "pending",
            CommentStatus::Rejected => "rejected",
            CommentStatus::Deleted => "deleted",
        }
    }

    /// The status of that word.
    pub fn parse(word: &str) -> Option<CommentStatus> {
        CommentStatus::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// The comment that a comment answers.
#[derive(Clone, Debug)]
pub struct Parent {
    /// Its row.
    pub id: CommentId,
    /// Its number in the post.
    pub number: i64,
    /// Its writer; empty once it is deleted.
    pub name: String,
}

/// A comment as it is shown.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Its row.
    pub id: CommentId,
    /// The post it stands under.
    pub post: PostId,
    /// The last part of that post's address.
    pub post_slug: String,
    /// The comment it answers.
    pub parent: Option<Parent>,
    /// 0 for the first of a thread.
    pub depth: i64,
    /// The number of its thread in the post.
    pub thread: i64,
    /// Its row in the post.
    pub number: i64,
    /// Who wrote it; none for an import or once the visitor is forgotten.
    pub visitor: Option<VisitorId>,
    /// Written by the blog's owner.
    pub owner: bool,
    /// The writer's name; empty once it is deleted.
    pub name: String,
    /// The writer's site.
    pub url: Option<String>,
    /// Markdown source; empty once it is deleted.
    pub body: String,
    /// Sanitised; empty once it is deleted.
    pub html: String,
    /// Where it stands.
    pub status: CommentStatus,
    /// The client's id of the attempt.
    pub op: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When its text last changed.
    pub edited_at: Option<Timestamp>,
    /// Rises with every change.
    pub version: i64,
    /// Its reactions.
    pub reactions: Tally,
    /// Whether it is newer than what the viewer says they have seen.
    pub fresh: bool,
}

/// Threads on one page of a post's comments.
pub const THREADS_PER_PAGE: i64 = 100;

/// How deep replies are indented; deeper ones stand beside their parent and say whom they answer.
pub const INDENT_CAP: i64 = 2;

impl Comment {
    /// The page of the post's comments it stands on, the first being 1. It never changes.
    pub fn page(&self) -> i64 {
        page_of_thread(self.thread)
    }

    /// Its permanent address from the root of the site.
    pub fn path(&self) -> String {
        path(&self.post_slug, self.thread, self.id)
    }

    /// Whether only a tombstone may be shown.
    pub fn is_deleted(&self) -> bool {
        self.status == CommentStatus::Deleted
    }

    /// Whether it waits for the owner.
    pub fn is_pending(&self) -> bool {
        self.status == CommentStatus::Pending
    }

    /// Whether it may be shown to this viewer.
    pub fn is_seen_by(&self, viewer: Option<VisitorId>) -> bool {
        match self.status {
            CommentStatus::Published => true,
            CommentStatus::Pending => viewer.is_some() && self.visitor == viewer,
            CommentStatus::Rejected | CommentStatus::Deleted => false,
        }
    }

    /// Whether it must name the comment it answers, because the indent no longer shows it.
    pub fn names_parent(&self) -> bool {
        self.depth > INDENT_CAP
    }
}

/// The address of a comment from the root of the site.
pub fn path(slug: &str, thread: i64, id: CommentId) -> String {
    match page_of_thread(thread) {
        1 => format!("/posts/{slug}#comment-{id}"),
        page => format!("/posts/{slug}?comments={page}#comment-{id}"),
    }
}

/// The page on which a thread stands.
pub fn page_of_thread(thread: i64) -> i64 {
    (thread.max(1) - 1) / THREADS_PER_PAGE + 1
}

/// A comment as a visitor sent it, parsed and rendered: it exists only if it is valid.
#[derive(Clone, Debug)]
pub struct NewComment {
    /// Shown.
    pub name: Name,
    /// Private.
    pub email: Option<Email>,
    /// The writer's site.
    pub url: Option<Link>,
    /// Markdown source.
    pub body: Body,
    /// The body, rendered and sanitised.
    pub html: String,
    /// The comment it answers.
    pub parent: Option<CommentId>,
    /// The client's id of this attempt.
    pub op: Option<String>,
    /// Whether other readers may see the writer's name while they read.
    pub show_name: bool,
    /// Whether it is the blog's owner who writes.
    pub owner: bool,
    /// Why it must wait for the owner, if it must.
    pub held_for: Option<&'static str>,
}

/// Who asks to change or delete a comment.
#[derive(Clone, Copy, Debug)]
pub struct Changer {
    /// The visitor whose cookie was sent.
    pub visitor: Option<VisitorId>,
    /// Whether it is the blog's owner, who may change any, at any time.
    pub owner: bool,
    /// Milliseconds in which a visitor may.
    pub window: i64,
}

impl Changer {
    /// The one rule for who may change which comment.
    ///
    /// Errors: [`Error::NotFound`] if the comment is gone or hidden from the asker, [`Error::Forbidden`] if it is somebody
    /// else's or the time is over.
    pub fn may(&self, comment: &Comment, now: Timestamp) -> Result<()> {
        let own = self.visitor.is_some() && comment.visitor == self.visitor;
        match comment.status {
            CommentStatus::Deleted | CommentStatus::Rejected => Err(Error::NotFound),
            CommentStatus::Pending if !own && !self.owner => Err(Error::NotFound),
            _ if self.owner => Ok(()),
            _ if !own => Err(Error::Forbidden(
                "only the browser that posted this comment can change it",
            )),
            _ if comment.created_at.plus(self.window) < now => Err(Error::Forbidden(
                "the time in which this comment could be changed is over",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comments_address_names_its_page_from_the_second_on() {
        assert_eq!(path("hello", 100, CommentId(7)), "/posts/hello#comment-7");
        assert_eq!(
            path("hello", 101, CommentId(8)),
            "/posts/hello?comments=2#comment-8"
        );
    }
}
