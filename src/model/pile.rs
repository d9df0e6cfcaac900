//! The lists of comments at the desk: by what became of them, and narrowed by post, writer, reason and words.

use url::form_urlencoded;

use super::comment::CommentStatus;
use super::id::{CommentId, PostId, VisitorId};
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
        for pile in Pile::ALL {
            assert_eq!(Pile::parse(pile.as_str()), Some(pile));
        }
    }
}
