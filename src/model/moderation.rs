//! What the owner decides about comments and those who write them.

use super::comment::{Comment, CommentStatus};
use super::id::{BanId, EventId};
use super::time::Timestamp;

/// A comment as its judge sees it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The comment. Of a deleted one, as it was.
    pub comment: Comment,
    /// Private.
    pub email: Option<String>,
    /// Why it waits or waited.
    pub held_for: Option<String>,
    /// What the post is called that it stands under.
    pub post_title: String,
    /// Whether it is still known where it came from.
    pub has_client: bool,
}

/// What becomes of a comment by a press of a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Everyone sees it.
    Approve,
    /// Nobody sees it: no, thanks.
    Reject,
    /// Nobody sees it: a robot wrote it.
    Spam,
    /// It waits, also if everyone saw it.
    Hold,
    /// It is gone, for a while so that it can come back.
    Delete,
    /// It comes back as it was before it was deleted.
    Restore,
    /// Its words leave the file.
    Erase,
    /// It stands before the other threads of its post.
    Pin,
    /// It stands where it was written.
    Unpin,
    /// Its thread takes no more answers.
    Close,
    /// Its thread takes answers again.
    Reopen,
}

impl Decision {
    const ALL: [Decision; 11] = [
        Decision::Approve,
        Decision::Reject,
        Decision::Spam,
        Decision::Hold,
        Decision::Delete,
        Decision::Restore,
        Decision::Erase,
        Decision::Pin,
        Decision::Unpin,
        Decision::Close,
        Decision::Reopen,
    ];

    /// The word in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Decision::Approve => "approve",
            Decision::Reject => "reject",
            Decision::Spam => "spam",
            Decision::Hold => "hold",
            Decision::Delete => "delete",
            Decision::Restore => "restore",
            Decision::Erase => "erase",
            Decision::Pin => "pin",
            Decision::Unpin => "unpin",
            Decision::Close => "close",
            Decision::Reopen => "reopen",
        }
    }

    /// The decision of that word.
    pub fn parse(word: &str) -> Option<Decision> {
        let mut all = Decision::ALL.into_iter();
        all.find(|decision| decision.as_str() == word)
    }

    /// What was done, for people, behind "3 comments".
    pub fn done(self) -> &'static str {
        match self {
            Decision::Approve => "approved",
            Decision::Reject => "rejected",
            Decision::Spam => "marked as spam",
            Decision::Hold => "put into the queue",
            Decision::Delete => "deleted",
            Decision::Restore => "restored",
            Decision::Erase => "erased for good",
            Decision::Pin => "pinned",
            Decision::Unpin => "unpinned",
            Decision::Close => "closed to answers",
            Decision::Reopen => "opened to answers",
        }
    }

    /// What can be decided about comments that stand so, in the order of the buttons.
    pub fn about(status: Option<CommentStatus>) -> &'static [Decision] {
        use Decision::*;
        match status {
            Some(CommentStatus::Pending) => &[Approve, Reject, Spam, Delete],
            Some(CommentStatus::Published) => &[Hold, Reject, Spam, Delete],
            Some(CommentStatus::Rejected) => &[Approve, Hold, Spam, Delete],
            Some(CommentStatus::Spam) => &[Approve, Hold, Reject, Delete],
            Some(CommentStatus::Deleted) => &[Restore, Erase],
            None => &[Approve, Reject, Spam, Hold, Delete],
        }
    }

    /// The word on its button, and what it says to those who hear it alone.
    pub fn label(self) -> &'static str {
        match self {
            Decision::Approve => "Approve",
            Decision::Reject => "Reject",
            Decision::Spam => "Spam",
            Decision::Hold => "Hold",
            Decision::Delete => "Delete",
            Decision::Restore => "Restore",
            Decision::Erase => "Erase for good",
            Decision::Pin => "Pin",
            Decision::Unpin => "Unpin",
            Decision::Close => "Close the thread",
            Decision::Reopen => "Reopen the thread",
        }
    }

    /// The status that it gives, if it is one that gives one.
    pub fn target(self) -> Option<CommentStatus> {
        match self {
            Decision::Approve => Some(CommentStatus::Published),
            Decision::Reject => Some(CommentStatus::Rejected),
            Decision::Spam => Some(CommentStatus::Spam),
            Decision::Hold => Some(CommentStatus::Pending),
            Decision::Delete => Some(CommentStatus::Deleted),
            _ => None,
        }
    }
}

/// What the owner has just done, for the page that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Comments were decided about.
    Decided(Decision),
    /// The text of a comment was changed.
    Edited,
    /// Somebody was banned.
    Banned,
    /// A ban was lifted.
    Lifted,
    /// Everything of a visitor was erased.
    Erased,
    /// Something of this was taken back.
    Undone,
}

impl Deed {
    /// The word in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Deed::Decided(decision) => decision.as_str(),
            Deed::Edited => "edit",
            Deed::Banned => "ban",
            Deed::Lifted => "lift",
            Deed::Erased => "erase-visitor",
            Deed::Undone => "undo",
        }
    }

    /// The deed of that word.
    pub fn parse(word: &str) -> Option<Deed> {
        let others = [
            Deed::Edited,
            Deed::Banned,
            Deed::Lifted,
            Deed::Erased,
            Deed::Undone,
        ];
        let other = others.into_iter().find(|deed| deed.as_str() == word);
        other.or_else(|| Decision::parse(word).map(Deed::Decided))
    }
}

/// The events of one change, from the first to the last: what an undo takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub first: EventId,
    /// The last.
    pub last: EventId,
}

impl Span {
    /// `FIRST-LAST`, in forms and addresses.
    pub fn parse(word: &str) -> Option<Span> {
        let (first, last) = word.split_once('-')?;
        let (first, last) = (EventId(first.parse().ok()?), EventId(last.parse().ok()?));
        (first <= last).then_some(Span { first, last })
    }

    /// What [`Span::parse`] reads.
    pub fn word(self) -> String {
        format!("{}-{}", self.first, self.last)
    }
}

/// Whom a ban keeps out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Banned {
    /// Whoever has the visitor's cookie.
    Visitor,
    /// Whoever comes from where a comment came from.
    Client,
}

impl Banned {
    /// The word in forms and in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Banned::Visitor => "visitor",
            Banned::Client => "client",
        }
    }

    /// The one of that word.
    pub fn parse(word: &str) -> Option<Banned> {
        [Banned::Visitor, Banned::Client]
            .into_iter()
            .find(|banned| banned.as_str() == word)
    }
}

/// Somebody who may not write here.
#[derive(Clone, Debug)]
pub struct Ban {
    /// Its row.
    pub id: BanId,
    /// Whom it keeps out.
    pub kind: Banned,
    /// What a banned visitor was called last; empty for a client, and for a visitor who has erased themselves.
    pub name: String,
    /// When it ends by itself, if it does.
    pub until: Option<Timestamp>,
    /// The owner's own note.
    pub why: String,
    /// Since when.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_forms_are_read_back() {
        for decision in Decision::ALL {
            assert_eq!(Decision::parse(decision.as_str()), Some(decision));
        }
        let span = Span {
            first: EventId(4),
            last: EventId(9),
        };
        assert_eq!(Span::parse(&span.word()), Some(span));
        assert_eq!(Span::parse("9-4"), None);
    }
}
