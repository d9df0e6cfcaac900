//! The log's entries: what happened, to which row, and who may be told.

use serde_json::Value;

use super::id::{EventId, PostId, VisitorId};
use super::time::Timestamp;

/// Declares the closed list of event kinds with their names on the wire.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What happened: `noun:verb`, a closed list (contract, section 4).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $variant,)* }

        impl Kind {
            const ALL: &[Kind] = &[$(Kind::$variant,)*];

            /// The name on the wire and in the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Kind::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    /// A comment became public.
    CommentCreated = "comment:created",
    /// A public comment's text changed.
    CommentUpdated = "comment:updated",
    /// A public comment is gone.
    CommentDeleted = "comment:deleted",
    /// A comment waits for the owner.
    CommentPending = "comment:pending",
    /// The owner let a waiting comment through.
    CommentApproved = "comment:approved",
    /// The owner refused a comment, or knew it for spam.
    CommentRejected = "comment:rejected",
    /// The owner keeps somebody from writing.
    VisitorBanned = "visitor:banned",
    /// The owner lets somebody write again.
    VisitorUnbanned = "visitor:unbanned",
    /// The owner took back a change; the subject is its first event.
    ChangeUndone = "change:undone",
    /// Someone answered a visitor's comment.
    ReplyCreated = "reply:created",
    /// The reactions to a post or a comment changed.
    ReactionUpdated = "reaction:updated",
    /// The owner added an entry to a public post.
    EntryCreated = "entry:created",
    /// The text of an entry changed.
    EntryUpdated = "entry:updated",
    /// An entry is gone.
    EntryDeleted = "entry:deleted",
    /// A post was written; only its owner sees it.
    PostCreated = "post:created",
    /// What the author is writing of a post was saved or thrown away.
    PostSaved = "post:saved",
    /// A post was removed from the trash for good.
    PostErased = "post:erased",
    /// A post moved from one status to another.
    PostMoved = "post:moved",
    /// A post became public.
    PostPublished = "post:published",
    /// A public post changed.
    PostUpdated = "post:updated",
    /// A public post is gone.
    PostDeleted = "post:deleted",
    /// The owner signed in.
    OwnerLogin = "owner:login",
    /// One of the owner's sessions was ended.
    OwnerLogout = "owner:logout",
    /// The owner's password was changed; every other session ended with it.
    OwnerPassword = "owner:password",
    /// The second step of signing in was turned on or off, or its written codes were renewed or used.
    OwnerCode = "owner:code",
    /// A batch of imported rows was added.
    ImportApplied = "import:applied",
    /// A batch of imported rows was taken back.
    ImportUndone = "import:undone",
    /// The owner changed settings; the facts name the fields.
    SettingsUpdated = "settings:updated",
    /// A backup took the place of the blog's file: the log begins anew.
    BlogRestored = "blog:restored",
    /// A copy on another machine took the place of the blog: ids go on far above those that were given before.
    BlogPromoted = "blog:promoted",
}

impl Kind {
    /// What it happened to: the word before the colon.
    pub fn noun(self) -> &'static str {
        self.as_str().split(':').next().unwrap_or_default()
    }

    /// Whether it is part of what is said under posts, of which there may be very much.
    pub fn is_talk(self) -> bool {
        matches!(self.noun(), "comment" | "reply" | "reaction")
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// Who may be told of an event. The owner may be told of every one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Everyone.
    Public,
    /// The owner alone.
    Owner,
    /// One visitor, and the owner.
    Visitor(VisitorId),
}

impl Audience {
    /// The word in the database: `public`, `owner` or `visitor:12`.
    pub fn word(self) -> String {
        match self {
            Audience::Public => "public".into(),
            Audience::Owner => "owner".into(),
            Audience::Visitor(id) => format!("visitor:{id}"),
        }
    }

    /// The audience of that word.
    pub fn parse(word: &str) -> Option<Audience> {
        match word {
            "public" => Some(Audience::Public),
            "owner" => Some(Audience::Owner),
            _ => word
                .strip_prefix("visitor:")?
                .parse()
                .ok()
                .map(|id| Audience::Visitor(VisitorId(id))),
        }
    }
}

/// One row of the log.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its place in the log.
    pub id: EventId,
    /// What happened.
    pub kind: Kind,
    /// The post whose stream carries it.
    pub post: Option<PostId>,
    /// The row it speaks of, in the table that the kind's noun names.
    pub subject: i64,
    /// Who may be told.
    pub audience: Audience,
    /// When it was committed.
    pub at: Timestamp,
    /// Small facts as JSON.
    pub data: Option<String>,
}

impl Event {
    /// Its small facts; null if there are none.
    pub fn facts(&self) -> Value {
        let facts = self.data.as_deref().map(serde_json::from_str);
        facts.and_then(Result::ok).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_audiences_are_read_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
            assert!(!kind.as_str().contains(['\r', '\n']));
        }
        for audience in [
            Audience::Public,
            Audience::Owner,
            Audience::Visitor(VisitorId(12)),
        ] {
            assert_eq!(Audience::parse(&audience.word()), Some(audience));
        }
        assert_eq!(Audience::parse("visitor:"), None);
    }
}
