//! What a stream carries.

use super::event::{Audience, Event};
use super::id::{PostId, VisitorId};

/// Which events a stream carries. The same rule is a `where` clause in `store::log`, and a test holds the two together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The public events of one post, and those meant for the visitor who asks.
    Post(PostId, Option<VisitorId>),
    /// Every public event of the site.
    Site,
}

impl Topic {
    /// Whether the stream carries `event`.
    pub fn admits(&self, event: &Event) -> bool {
        match *self {
            Topic::Site => event.audience == Audience::Public,
            Topic::Post(post, viewer) => {
                event.post == Some(post)
                    && match event.audience {
                        Audience::Public => true,
                        Audience::Owner => false,
                        Audience::Visitor(visitor) => viewer == Some(visitor),
                    }
            }
        }
    }

    /// Whether the stream names only posts that lists name: the site's does, a post's own does not.
    pub fn is_listed(&self) -> bool {
        *self == Topic::Site
    }
}
