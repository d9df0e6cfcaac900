//! A comment, as it is read and as it comes in.

use super::client::ClientMarks;
use super::id::{CommentId, PostId, VisitorId};
use super::mark::Mark;
use super::post::Discussion;
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
    /// The owner refused it: no, thanks.
    Rejected,
    /// The owner knows it for a robot's.
    Spam,
    /// Gone; a tombstone stands in its place while replies hang on it.
    Deleted,
}

impl CommentStatus {
    const ALL: [CommentStatus; 5] = [
        CommentStatus::Published,
        CommentStatus::Pending,
        CommentStatus::Rejected,
        CommentStatus::Spam,
        CommentStatus::Deleted,
    ];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            CommentStatus::Published => "published",
            CommentStatus::Pending => "pending",
            CommentStatus::Rejected => "rejected",
            CommentStatus::Spam => "spam",
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
    /// The number of its thread in the post.
    pub thread: i64,
    /// Its writer; empty unless everyone may see it.
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
    /// How that post's comments are shown.
    pub discussion: Discussion,
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
    /// The mark beside it.
    pub mark: Mark,
    /// Whether somebody else wrote under such a name before, or the same person in another browser.
    pub is_namesake: bool,
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
    /// Whether that change was the owner's, of somebody else's words.
    pub edited_by_owner: bool,
    /// Whether it stands before the other threads.
    pub pinned: bool,
    /// Whether its thread takes no more answers.
    pub closed: bool,
    /// Rises with every change.
    pub version: i64,
    /// Its reactions.
    pub reactions: Tally,
    /// Whether it is newer than what the viewer says they have seen.
    pub fresh: bool,
}

/// Threads, or comments of a chat, on one page of a post's comments.
pub const PER_PAGE: i64 = 100;

/// How deep replies are indented; deeper ones stand beside their parent and say whom they answer.
pub const INDENT_CAP: i64 = 2;

impl Comment {
    /// What its page is counted by: the number of its thread, in a chat its own.
    pub fn place(&self) -> i64 {
        place(self.discussion, self.thread, self.number)
    }

    /// The page of the post's comments it stands on, the first being 1. It never changes.
    pub fn page(&self) -> i64 {
        page_of(self.place())
    }

    /// Its permanent address from the root of the site.
    pub fn path(&self) -> String {
        path(self.discussion, &self.post_slug, self.place(), self.id)
    }

    /// The comment under which it is shown. In a chat everything stands in one row.
    pub fn holder(&self) -> Option<CommentId> {
        let parent = self.parent.as_ref().map(|parent| parent.id);
        parent.filter(|_| self.discussion == Discussion::Thread)
    }

    /// Where the comment that it answers stands, for a link in the same page where it is the same.
    pub fn parent_path(&self, parent: &Parent) -> String {
        let place = place(self.discussion, parent.thread, parent.number);
        if page_of(place) == self.page() {
            return format!("#comment-{}", parent.id);
        }
        path(self.discussion, &self.post_slug, place, parent.id)
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
            CommentStatus::Rejected | CommentStatus::Spam | CommentStatus::Deleted => false,
        }
    }

    /// What holds its place while something that readers see hangs on it.
    pub fn tombstone(self) -> Comment {
        Comment {
            status: CommentStatus::Deleted,
            visitor: None,
            name: String::new(),
            mark: Mark::of_name(""),
            is_namesake: false,
            url: None,
            body: String::new(),
            html: String::new(),
            op: None,
            edited_at: None,
            pinned: false,
            reactions: Tally::default(),
            ..self
        }
    }

    /// Whether it can stand before the other threads, or its thread can be closed: a chat has none, and what answers
    /// something stands with it.
    pub fn begins_a_thread(&self) -> bool {
        self.parent.is_none() && self.discussion == Discussion::Thread
    }

    /// Whether it must name the comment it answers, because the indent does not show it.
    pub fn names_parent(&self) -> bool {
        self.discussion == Discussion::Chat || self.depth > INDENT_CAP
    }
}

/// What a comment's page is counted by.
pub fn place(discussion: Discussion, thread: i64, number: i64) -> i64 {
    match discussion {
        Discussion::Thread => thread,
        Discussion::Chat => number,
    }
}

/// The address of a comment from the root of the site. A post's own address shows the first page of its threads, but
/// the newest of a chat.
pub fn path(discussion: Discussion, slug: &str, place: i64, id: CommentId) -> String {
    match (discussion, page_of(place)) {
        (Discussion::Thread, 1) => format!("/posts/{slug}#comment-{id}"),
        (_, page) => format!("/posts/{slug}?comments={page}#comment-{id}"),
    }
}

/// The page on which a place is.
pub fn page_of(place: i64) -> i64 {
    (place.max(1) - 1) / PER_PAGE + 1
}

/// How many pages the comments of a post fill, at least one. The last page of a chat goes on until the next is full, so
/// that who comes in never meets an almost empty room.
pub fn pages(discussion: Discussion, last_thread: i64, last_number: i64) -> i64 {
    match discussion {
        Discussion::Thread => page_of(last_thread),
        Discussion::Chat => (last_number / PER_PAGE).max(1),
    }
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
    pub held_for: Option<String>,
    /// Where it came from; none of the owner's and of imported ones.
    pub client: Option<ClientMarks>,
    /// Whether it also waits for what was sent around it: the same words, or too many comments.
    pub is_limited: bool,
}

/// The text that a comment shall have instead of its own.
#[derive(Clone, Debug)]
pub struct Change {
    /// Markdown source.
    pub body: Body,
    /// The body, rendered and sanitised.
    pub html: String,
    /// Why the comment must wait for the owner with it, if it must.
    pub held_for: Option<String>,
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
            CommentStatus::Deleted => Err(Error::NotFound),
            _ if self.owner => Ok(()),
            CommentStatus::Rejected | CommentStatus::Spam => Err(Error::NotFound),
            CommentStatus::Pending if !own => Err(Error::NotFound),
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
        let thread = |place, id| path(Discussion::Thread, "hello", place, CommentId(id));
        assert_eq!(thread(100, 7), "/posts/hello#comment-7");
        assert_eq!(thread(101, 8), "/posts/hello?comments=2#comment-8");
        let chat = path(Discussion::Chat, "hello", 1, CommentId(7));
        assert_eq!(chat, "/posts/hello?comments=1#comment-7");
    }

    #[test]
    fn the_last_page_of_a_chat_goes_on_until_the_next_is_full() {
        let chat = [0, 1, 199, 200, 299, 300].map(|last| pages(Discussion::Chat, 0, last));
        assert_eq!(chat, [1, 1, 1, 2, 2, 3]);
        let threads = [0, 100, 101].map(|last| pages(Discussion::Thread, last, 999));
        assert_eq!(threads, [1, 1, 2]);
    }
}
