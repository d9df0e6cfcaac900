//! Row ids, one type per table, so that a comment's id cannot be handed where a post's is meant.

use std::fmt;

/// Declares a row id: a newtype over SQLite's 64-bit rowid.
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

id! {
    /// A row of `posts`.
    PostId
    /// A row of `comments`.
    CommentId
    /// A row of `entries`.
    EntryId
    /// A row of `bans`.
    BanId
    /// A row of `visitors`.
    VisitorId
    /// A row of `revisions`.
    RevisionId
    /// A row of `sessions`.
    SessionId
    /// A row of `tokens`.
    TokenId
    /// A row of `events`: the event id of every stream. Ids rise in commit order.
    EventId
}

impl EventId {
    /// Before the first event.
    pub const ZERO: EventId = EventId(0);
}
