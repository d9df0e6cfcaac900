//! What has changed, as far as this process knows: the newest event that reached each page, in memory.
//!
//! The writer notes what it has committed before anyone is answered; what other processes write is noted by
//! [`super::others`]. So a page that was read from the file tells by its cursor whether it is as good as a new one, and nobody asks the file.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::model::concern::{Concern, Reach};
use crate::model::id::{EventId, PostId};

/// Posts share so many places. Two that share one make each other's pages out of date, which costs a rendering.
const PLACES: usize = 1_024;

/// The newest events.
pub struct Changes {
    /// Of all that reach any page.
    any: AtomicI64,
    /// Of those that reach every page.
    everybody: AtomicI64,
    posts: Box<[AtomicI64]>,
    /// Transactions that made pages look different and recorded no event.
    unrecorded: AtomicU64,
}

impl Default for Changes {
    fn default() -> Changes {
        Changes {
            any: AtomicI64::new(0),
            everybody: AtomicI64::new(0),
            posts: (0..PLACES).map(|_| AtomicI64::new(0)).collect(),
            unrecorded: AtomicU64::new(0),
        }
    }
}

/// How much had happened at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The newest event that reached any page.
    pub newest: EventId,
    /// How often pages changed without an event.
    pub unrecorded: u64,
}

impl Changes {
    /// Notes an event that is committed.
    pub fn note(&self, id: EventId, reach: Reach) {
        let place = match reach {
            Reach::Nobody => return,
            Reach::Post(post) => self.place(post),
            Reach::Everybody => &self.everybody,
        };
        place.fetch_max(id.0, Ordering::AcqRel);
        self.any.fetch_max(id.0, Ordering::AcqRel);
    }

    /// Notes that pages look different although nothing was recorded.
    pub fn note_unrecorded(&self) {
        self.unrecorded.fetch_add(1, Ordering::AcqRel);
    }

    /// The newest event that reaches pages of that concern; zero if none has since the process began.
    pub fn newest(&self, concern: Concern) -> EventId {
        let everybody = self.everybody.load(Ordering::Acquire);
        EventId(match concern {
            Concern::Site => everybody,
            Concern::Lists => self.any.load(Ordering::Acquire),
            Concern::Post(post) => everybody.max(self.place(post).load(Ordering::Acquire)),
        })
    }

    /// How much has happened until now. A page that is read from the file after this shows all of it.
    pub fn extent(&self) -> Extent {
        Extent {
            newest: self.newest(Concern::Lists),
            unrecorded: self.unrecorded.load(Ordering::Acquire),
        }
    }

    fn place(&self, post: PostId) -> &AtomicI64 {
        &self.posts[post.0.unsigned_abs() as usize % PLACES]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_news_to_the_pages_that_it_reaches() {
        let changes = Changes::default();
        let newest = |concern| changes.newest(concern).0;
        let (one, other) = (Concern::Post(PostId(1)), Concern::Post(PostId(2)));
        changes.note(EventId(5), Reach::Post(PostId(1)));
        changes.note(EventId(6), Reach::Nobody);
        assert_eq!(
            [one, other, Concern::Lists, Concern::Site].map(newest),
            [5, 0, 5, 0]
        );
        changes.note(EventId(9), Reach::Everybody);
        changes.note(EventId(7), Reach::Post(PostId(2)));
        assert_eq!(
            [one, other, Concern::Lists, Concern::Site].map(newest),
            [9; 4]
        );
        changes.note_unrecorded();
        let extent = changes.extent();
        assert_eq!((extent.newest, extent.unrecorded), (EventId(9), 1));
    }
}
