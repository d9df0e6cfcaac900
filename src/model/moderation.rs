//! What the owner decides about comments and those who write them.

use url::form_urlencoded;

use super::comment::{Comment, CommentStatus};
use super::id::{BanId, CommentId, EventId, PostId, VisitorId};
use super::time::Timestamp;

/// Which comments to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pile {
    /// They wait for a decision.
    #[default]
    Waiting,
    /// Everyone sees them.
    Published,
    /// No, thanks.
    Rejected,
    /// A robot's.
    Spam,
    /// The owner deleted them, and may still take that back.
    Deleted,
    /// All of these.
    All,
}

impl Pile {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Pile; 6] = [
        Pile::Waiting,
        Pile::Published,
        Pile::Rejected,
        Pile::Spam,
        Pile::Deleted,
        Pile::All,
    ];

    /// The word in addresses.
    pub fn as_str(self) -> &'static str {
        self.status().map_or("all", CommentStatus::as_str)
    }

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Pile::Waiting => "Waiting",
            Pile::Published => "Published",
            Pile::Rejected => "Rejected",
            Pile::Spam => "Spam",
            Pile::Deleted => "Deleted",
            Pile::All => "All",
        }
    }

    /// What it means that a comment lies here, and what lies here if nothing does.
    pub fn described(self) -> (&'static str, &'static str) {
        match self {
            Pile::Waiting => (
                "Only you and their writers see these.",
                "No comment is waiting.",
            ),
            Pile::Published => ("Everyone sees these.", "Nothing is published yet."),
            Pile::Rejected => (
                "No, thanks: a person wrote these, and readers do not see them.",
                "Nothing here was rejected.",
            ),
            Pile::Spam => (
                "A robot wrote these. They are what the rules are measured by.",
                "No spam here.",
            ),
            Pile::Deleted => (
                "What you deleted comes back from here for 30 days. Then its words leave the file.",
                "Nothing was deleted.",
            ),
            Pile::All => (
                "Whatever became of them.",
                "Nobody has written anything yet.",
            ),
        }
    }

    /// The status of what lies here; none for all.
    pub fn status(self) -> Option<CommentStatus> {
        match self {
            Pile::Waiting => Some(CommentStatus::Pending),
            Pile::Published => Some(CommentStatus::Published),
            Pile::Rejected => Some(CommentStatus::Rejected),
            Pile::Spam => Some(CommentStatus::Spam),
            Pile::Deleted => Some(CommentStatus::Deleted),
            Pile::All => None,
        }
    }

    /// The pile of that word.
    pub fn parse(word: &str) -> Option<Pile> {
        Pile::ALL.into_iter().find(|pile| pile.as_str() == word)
    }
}

/// Which comments of a pile to list, and from where on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The pile.
    pub pile: Pile,
    /// Only those under this post.
    pub post: Option<PostId>,
    /// Only those of this visitor.
    pub writer: Option<VisitorId>,
    /// Only those that were held for this reason.
    pub reason: Option<String>,
    /// Only those in which each of these words stands, or whose writer, address or site has it.
    pub words: String,
    /// Only those older than this one.
    pub before: Option<(Timestamp, CommentId)>,
}

impl Choice {
    /// The choice that the query of an address makes. What it does not understand is left out.
    pub fn parse(query: &str) -> Choice {
        let mut choice = Choice::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "show" => choice.pile = Pile::parse(&value).unwrap_or_default(),
                "post" => choice.post = value.parse().ok().map(PostId),
                "writer" => choice.writer = value.parse().ok().map(VisitorId),
                "reason" => choice.reason = Some(value.into()).filter(|it: &String| !it.is_empty()),
                "q" => choice.words = value.trim().into(),
                "before" => choice.before = before(&value),
                _ => {}
            }
        }
        choice
    }

    /// The query that makes this choice.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("show", self.pile.as_str());
        if let Some(post) = self.post {
            query.append_pair("post", &post.to_string());
        }
        if let Some(writer) = self.writer {
            query.append_pair("writer", &writer.to_string());
        }
        if let Some(reason) = &self.reason {
            query.append_pair("reason", reason);
        }
        if !self.words.is_empty() {
            query.append_pair("q", &self.words);
        }
        if let Some((at, id)) = self.before {
            query.append_pair("before", &format!("{}-{id}", at.0));
        }
        query.finish()
    }

    /// The address of the list it chooses.
    pub fn path(&self) -> String {
        format!("/admin/comments?{}", self.query())
    }

    /// Whether a comment that is new by any means stands at the head of the list.
    pub fn is_open(&self) -> bool {
        self.before.is_none() && self.words.is_empty() && self.reason.is_none()
    }

    /// Which rows it shows, as a CSS selector of their attributes: what changes while the list is open must come and go
    /// by the same rule as on the server.
    pub fn selector(&self) -> String {
        let mut selector = String::from("li");
        if let Some(status) = self.pile.status() {
            selector.push_str(&format!("[data-status={}]", status.as_str()));
        }
        if let Some(post) = self.post {
            selector.push_str(&format!("[data-post=\"{post}\"]"));
        }
        if let Some(writer) = self.writer {
            selector.push_str(&format!("[data-writer=\"{writer}\"]"));
        }
        selector
    }
}

/// `MILLISECONDS-ID`, as [`Choice::query`] writes it.
fn before(word: &str) -> Option<(Timestamp, CommentId)> {
    let (at, id) = word.rsplit_once('-')?;
    Some((Timestamp(at.parse().ok()?), CommentId(id.parse().ok()?)))
}

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
            Deed::Undone => "undo",
        }
    }

    /// The deed of that word.
    pub fn parse(word: &str) -> Option<Deed> {
        let others = [Deed::Edited, Deed::Banned, Deed::Lifted, Deed::Undone];
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
    fn a_choice_is_read_back_from_its_address() {
        let choice = Choice {
            pile: Pile::Spam,
            post: Some(PostId(3)),
            writer: Some(VisitorId(5)),
            reason: Some("3 links & more".into()),
            words: "cheap Töpfe".into(),
            before: Some((Timestamp(-12), CommentId(7))),
        };
        assert_eq!(Choice::parse(&choice.query()), choice);
        assert!(choice.query().is_ascii());
        let odd = Choice::parse("show=none&post=x&writer=&before=1&reason=&unknown=1");
        assert_eq!(odd, Choice::default());
        assert_eq!(Choice::default().path(), "/admin/comments?show=pending");
    }

    #[test]
    fn words_of_forms_are_read_back() {
        for decision in Decision::ALL {
            assert_eq!(Decision::parse(decision.as_str()), Some(decision));
        }
        for pile in Pile::ALL {
            assert_eq!(Pile::parse(pile.as_str()), Some(pile));
        }
        let span = Span {
            first: EventId(4),
            last: EventId(9),
        };
        assert_eq!(Span::parse(&span.word()), Some(span));
        assert_eq!(Span::parse("9-4"), None);
    }
}
