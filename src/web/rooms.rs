//! Which posts strangers may follow, remembered until anything happens: the thousands who come back at once after a restart ask
//! the file once, not each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::id::{EventId, PostId};

/// Addresses that are remembered; more than a blog has readers for at one moment.
const MOST: usize = 1_000;

/// A post with readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The post.
    pub post: PostId,
    /// Whether those who read it are shown to each other.
    pub seen: bool,
}

/// The rooms as they were when the log was at one event. With the next one they are looked up anew: it may be about them.
#[derive(Default)]
pub struct Rooms(Mutex<Option<(EventId, HashMap<String, Room>)>>);

impl Rooms {
    /// The room at that address, if it is known and nothing has happened since.
    pub fn at(&self, slug: &str, head: EventId) -> Option<Room> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, rooms) = known.as_ref().filter(|known| known.0 == head)?;
        rooms.get(slug).copied()
    }

    /// Remembers a room that was looked up when the log was at `head` or later.
    pub fn remember(&self, slug: String, head: EventId, room: Room) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, rooms) = known.get_or_insert_with(|| (head, HashMap::new()));
        if *at < head {
            (*at, *rooms) = (head, HashMap::new());
        }
        if *at == head && rooms.len() < MOST {
            rooms.insert(slug, room);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_known_until_anything_happens() {
        let (rooms, now) = (Rooms::default(), EventId(7));
        let room = |post| Room {
            post: PostId(post),
            seen: true,
        };
        assert_eq!(rooms.at("hello", now), None);
        rooms.remember("hello".into(), now, room(1));
        assert_eq!(rooms.at("hello", now), Some(room(1)));
        assert_eq!(rooms.at("hello", EventId(8)), None);
        rooms.remember("hello".into(), EventId(8), room(2));
        rooms.remember("late".into(), now, room(3)); // looked up before the event, remembered after it
        assert_eq!(rooms.at("hello", EventId(8)), Some(room(2)));
        assert_eq!(rooms.at("late", EventId(8)), None);
    }
}
