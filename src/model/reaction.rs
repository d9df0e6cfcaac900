//! Reactions: a small closed set of kinds, counted per post and per comment.

use super::id::CommentId;

/// A reaction that readers can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReactionKind {
    /// The word in forms, events and the database.
    pub name: &'static str,
    /// What the button says.
    pub label: &'static str,
}

/// The kinds of a blog, in the order of their buttons.
pub const KINDS: [ReactionKind; 4] = [
    ReactionKind {
        name: "love",
        label: "Loved it",
    },
    ReactionKind {
        name: "keep",
        label: "Keeping this",
    },
    ReactionKind {
        name: "think",
        label: "Made me think",
    },
    ReactionKind {
        name: "surprise",
        label: "Surprising",
    },
];

impl ReactionKind {
    /// The kind of that name.
    pub fn parse(name: &str) -> Option<ReactionKind> {
        KINDS.into_iter().find(|kind| kind.name == name)
    }
}

/// What is reacted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The post itself.
    Post,
    /// One of its comments.
    Comment(CommentId),
}

/// How many reactions of each kind something has, and which of them are the viewer's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// In the order of [`KINDS`].
    counts: [i64; KINDS.len()],
    mine: [bool; KINDS.len()],
}

impl Tally {
    /// Records that `name` was given `count` times, `mine` being true if the viewer is among them.
    /// A kind the blog no longer has is left out.
    pub fn set(&mut self, name: &str, count: i64, mine: bool) {
        if let Some(at) = KINDS.iter().position(|kind| kind.name == name) {
            self.counts[at] = count;
            self.mine[at] = mine;
        }
    }

    /// Each kind with its count and whether the viewer gave it.
    pub fn entries(&self) -> impl Iterator<Item = (ReactionKind, i64, bool)> + '_ {
        KINDS
            .into_iter()
            .zip(self.counts)
            .zip(self.mine)
            .map(|((kind, count), mine)| (kind, count, mine))
    }
}
