//! What of the blog a page shows, and how far an event reaches: which pages it makes out of date.

use super::event::Kind;
use super::id::PostId;

/// What a page shows, beside the words that every page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Posts and settings, and nothing that readers say.
    Site,
    /// All posts, with what is said about any of them.
    Lists,
    /// All posts, with what is said about this one.
    Post(PostId),
}

/// How far an event reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It changes nothing that a stranger sees.
    Nobody,
    /// It changes what is said about one post.
    Post(PostId),
    /// It may change any page.
    Everybody,
}

impl Reach {
    /// The reach of an event. Of one that nobody has thought about it is too wide rather than too narrow: a page that is
    /// rendered once too often is right.
    pub fn of(kind: Kind, post: Option<PostId>) -> Reach {
        use Kind::*;
        match (kind, post) {
            (
                CommentCreated | CommentUpdated | CommentDeleted | CommentPending | CommentApproved
                | CommentRejected | ReactionUpdated | EntryCreated | EntryUpdated | EntryDeleted,
                Some(post),
            ) => Reach::Post(post),
            (
                ReplyCreated | VisitorBanned | VisitorUnbanned | PostSaved | PostCreated
                | OwnerLogin | OwnerLogout | OwnerPassword | OwnerCode,
                _,
            ) => Reach::Nobody,
            _ => Reach::Everybody,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_about_a_post_reaches_its_pages_and_what_changes_a_post_reaches_all() {
        let post = Some(PostId(7));
        assert_eq!(
            Reach::of(Kind::CommentCreated, post),
            Reach::Post(PostId(7))
        );
        assert_eq!(Reach::of(Kind::CommentCreated, None), Reach::Everybody);
        assert_eq!(Reach::of(Kind::PostUpdated, post), Reach::Everybody);
        assert_eq!(Reach::of(Kind::SettingsUpdated, None), Reach::Everybody);
        assert_eq!(Reach::of(Kind::OwnerLogin, None), Reach::Nobody);
    }
}
