//! What a stream carries.

use super::event::{Audience, Event};
use super::id::{PostId, SessionId, VisitorId};

/// Which events a stream carries. The same rule is a `where` clause in `store::log`, and a test holds the two together.
///
/// What is meant for one visitor alone rides on whatever stream that visitor's page has, so that no page needs two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The public events of one post, and those meant for the visitor who asks.
    Post(PostId, Option<VisitorId>),
    /// Every public event of the site, and those meant for the visitor who asks.
    Site(Option<VisitorId>),
    /// The events meant for one visitor, and nothing else.
    Mine(VisitorId),
    /// Everything, for as long as this session of the owner lasts.
    Owner(SessionId),
}

impl Topic {
    /// Whether the stream carries `event`.
    pub fn admits(&self, event: &Event) -> bool {
        match event.audience {
            _ if self.is_owners() => true,
            Audience::Owner => false,
            Audience::Visitor(visitor) => self.viewer() == Some(visitor),
            Audience::Public => match *self {
                Topic::Post(post, _) => event.post == Some(post),
                Topic::Site(_) => true,
                Topic::Mine(_) | Topic::Owner(_) => false,
            },
        }
    }

    /// What it shares with everyone who follows the same: of a post or the site, all that is not for one visitor alone.
    pub fn of_all(&self) -> Topic {
        match *self {
            Topic::Post(post, _) => Topic::Post(post, None),
            Topic::Site(_) => Topic::Site(None),
            alone @ (Topic::Mine(_) | Topic::Owner(_)) => alone,
        }
    }

    /// The visitor who asks, if there is one.
    pub fn viewer(&self) -> Option<VisitorId> {
        match *self {
            Topic::Post(_, viewer) | Topic::Site(viewer) => viewer,
            Topic::Mine(visitor) => Some(visitor),
            Topic::Owner(_) => None,
        }
    }

    /// Whether it is the owner's, who is told of everything.
    pub fn is_owners(&self) -> bool {
        matches!(self, Topic::Owner(_))
    }

    /// Whether the stream's public events name only posts that lists name: the site's do, a post's own do not.
    pub fn is_listed(&self) -> bool {
        matches!(self, Topic::Site(_))
    }
}
