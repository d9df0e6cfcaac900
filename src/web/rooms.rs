//! Which post's stream is behind an address: kept in memory, so that ten thousand strangers who come back after a restart
//! do not each ask the file for the same.
//!
//! What is kept is made stale by the log, never by a timer: by every event that may give an address another meaning.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::App;
use crate::model::id::{EventId, PostId};

/// A post whose stream anyone may open.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Which post it is.
    pub post: PostId,
    /// Whether its readers are counted.
    pub is_counted: bool,
}

/// The rooms that were asked for, by the post's part of the address.
pub struct Rooms(Mutex<Known>);

impl Default for Rooms {
    fn default() -> Rooms {
        Rooms(Mutex::new(Known {
            since: EventId::ZERO,
            rooms: HashMap::new(),
        }))
    }
}

struct Known {
    /// The newest event that gave addresses another meaning, when they were looked up.
    since: EventId,
    rooms: HashMap<String, Room>,
}

impl App {
    /// The moment at which rooms are looked up; `None` while it is not known yet what this process has just written.
    pub fn moment(&self) -> Option<EventId> {
        let is_known = self.live.head() >= self.store.committed();
        is_known.then(|| self.live.turned())
    }

    /// The room of that slug, if it is known at that moment.
    pub fn room(&self, moment: EventId, slug: &str) -> Option<Room> {
        self.rooms.at(moment).rooms.get(slug).copied()
    }

    /// Keeps what was found out since that moment.
    pub fn keep_room(&self, moment: EventId, slug: String, room: Room) {
        if self.live.turned() == moment {
            self.rooms.at(moment).rooms.insert(slug, room);
        }
    }
}

impl Rooms {
    /// What is known at that moment; of another one nothing is.
    fn at(&self, moment: EventId) -> MutexGuard<'_, Known> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.since != moment {
            *known = Known {
                since: moment,
                rooms: HashMap::new(),
            };
        }
        known
    }
}
