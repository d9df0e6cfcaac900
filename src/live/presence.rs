//! Who is reading a post now: how many, and the names of those who chose to be seen. Never stored.
//!
//! A reader is a visitor, however many windows they have open, or an open stream without a cookie. A room whose readers
//! changed is told once a second at most, and not at all if it looks the same as before.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use askama::Template;
use bytes::Bytes;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::sse;
use crate::model::id::{PostId, VisitorId};
use crate::model::visitor::Shown;
use crate::views::presence::PresencePart;

/// A room is told of changes this often at most.
const EVERY: Duration = Duration::from_secs(1);

/// Names in one frame; the others are only counted.
const NAMES_AT_MOST: usize = 50;

/// The rooms of all posts that are being read.
#[derive(Default)]
pub struct Presence {
    rooms: Mutex<HashMap<PostId, Room>>,
    next: AtomicU64,
    /// The newest frame about all rooms, for the owner; empty while nobody has asked.
    house: watch::Sender<Bytes>,
}

/// One post and who reads it.
struct Room {
    readers: HashMap<Who, Reader>,
    changed: bool,
    /// The newest frame; empty before there was one.
    frame: watch::Sender<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    Visitor(VisitorId),
    Stream(u64),
}

struct Reader {
    /// Set only if the reader chose to be seen.
    shown: Option<Shown>,
    streams: usize,
}

/// A visitor as others may see them.
#[derive(Clone, Debug)]
pub struct Visible {
    /// Who it is.
    pub id: VisitorId,
    /// The name and its mark, if the visitor chose to be seen.
    pub shown: Option<Shown>,
}

/// A place in a room, given up when it is dropped.
pub struct Seat {
    presence: Arc<Presence>,
    post: PostId,
    who: Who,
    frames: watch::Receiver<Bytes>,
}

/// Who reads what, now.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// How many read anything.
    pub readers: usize,
    /// How many read each post that is being read.
    pub posts: BTreeMap<PostId, usize>,
}

impl Presence {
    /// Who reads what, now.
    pub fn reading(&self) -> Reading {
        reading(&self.rooms())
    }

    /// For the owner, who watches and is not counted.
    pub fn watch(&self) -> watch::Receiver<Bytes> {
        self.house.send_replace(house_frame(&self.reading()));
        let mut frames = self.house.subscribe();
        frames.mark_changed();
        frames
    }

    /// Counts one more stream of `post`, by `visitor` if it has a cookie.
    pub fn sit(self: &Arc<Self>, post: PostId, visitor: Option<Visible>) -> Seat {
        let (who, shown) = match visitor {
            Some(visitor) => (Who::Visitor(visitor.id), visitor.shown),
            None => (Who::Stream(self.next.fetch_add(1, Ordering::Relaxed)), None),
        };
        let mut rooms = self.rooms();
        let room = rooms.entry(post).or_insert_with(|| Room {
            readers: HashMap::new(),
            changed: false,
            frame: watch::channel(Bytes::new()).0,
        });
        let reader = room.readers.entry(who).or_insert(Reader {
            shown: None,
            streams: 0,
        });
        reader.shown = shown;
        reader.streams += 1;
        room.changed = true;
        let mut frames = room.frame.subscribe();
        frames.mark_changed(); // whoever comes in is told what the others know
        Seat {
            presence: self.clone(),
            post,
            who,
            frames,
        }
    }

    /// Shows the name of a visitor, who reads on, to nobody any more.
    pub fn hide(&self, visitor: VisitorId) {
        for room in self.rooms().values_mut() {
            if let Some(reader) = room.readers.get_mut(&Who::Visitor(visitor)) {
                reader.shown = None;
                room.changed = true;
            }
        }
    }

    /// Tells each room that has changed, once a second, until `stop`.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut turns = interval(EVERY);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = turns.tick() => self.tell(),
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    fn tell(&self) {
        let mut rooms = self.rooms();
        rooms.retain(|_, room| !room.readers.is_empty());
        for room in rooms.values_mut().filter(|room| room.changed) {
            room.changed = false;
            let frame = room.render();
            room.frame.send_if_modified(|known| {
                let news = *known != frame;
                *known = frame;
                news
            });
        }
        if self.house.receiver_count() > 0 {
            let frame = house_frame(&reading(&rooms));
            self.house.send_if_modified(|known| {
                let news = *known != frame;
                *known = frame;
                news
            });
        }
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<PostId, Room>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, post: PostId, who: Who) {
        let mut rooms = self.rooms();
        let Some(room) = rooms.get_mut(&post) else {
            return;
        };
        if let Some(reader) = room.readers.get_mut(&who) {
            reader.streams -= 1;
            if reader.streams == 0 {
                room.readers.remove(&who);
            }
            room.changed = true;
        }
    }
}

impl Room {
    fn render(&self) -> Bytes {
        let shown: BTreeSet<&Shown> = self
            .readers
            .values()
            .filter_map(|reader| reader.shown.as_ref())
            .collect();
        let shown: Vec<&Shown> = shown.into_iter().take(NAMES_AT_MOST).collect();
        let names: Vec<&str> = shown.iter().map(|shown| shown.name.as_str()).collect();
        let readers = self.readers.len();
        let html = PresencePart::new(readers as i64, &shown)
            .render()
            .expect("numbers and names can be written to memory");
        sse::passing(
            "presence",
            &json!({ "readers": readers, "names": names, "html": html }),
        )
    }
}

/// Counts who reads what; a visitor in several rooms is one reader.
fn reading(rooms: &HashMap<PostId, Room>) -> Reading {
    let all: HashSet<Who> = rooms
        .values()
        .flat_map(|room| room.readers.keys().copied())
        .collect();
    let read = rooms.iter().filter(|(_, room)| !room.readers.is_empty());
    Reading {
        readers: all.len(),
        posts: read
            .map(|(post, room)| (*post, room.readers.len()))
            .collect(),
    }
}

fn house_frame(reading: &Reading) -> Bytes {
    let posts: serde_json::Map<_, _> = reading
        .posts
        .iter()
        .map(|(post, readers)| (post.to_string(), json!(readers)))
        .collect();
    sse::passing(
        "presence",
        &json!({ "readers": reading.readers, "posts": posts }),
    )
}

/// Waits for the next frame that says something.
pub(super) async fn next_frame(frames: &mut watch::Receiver<Bytes>) -> Bytes {
    loop {
        if frames.changed().await.is_err() {
            std::future::pending::<()>().await; // a room outlives its seats, so this is never reached
        }
        let frame = frames.borrow_and_update().clone();
        if !frame.is_empty() {
            return frame;
        }
    }
}

impl Seat {
    /// Waits for the next frame of the room.
    pub async fn changed(&mut self) -> Bytes {
        next_frame(&mut self.frames).await
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.presence.leave(self.post, self.who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mark::Mark;
    use futures_util::FutureExt;

    const POST: PostId = PostId(1);

    fn ann(name: Option<&str>) -> Option<Visible> {
        Some(Visible {
            id: VisitorId(7),
            shown: name.map(|name| Shown {
                name: name.into(),
                mark: Mark::of_visitor(&[7; 32]),
            }),
        })
    }

    /// The frame that is there already, as the readers and the names it tells of.
    fn told(seat: &mut Seat) -> Option<String> {
        let frame = seat.changed().now_or_never()?;
        let text = String::from_utf8(frame.to_vec()).unwrap();
        let data = text
            .lines()
            .find_map(|line| line.strip_prefix("data: "))
            .unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        Some(format!("{} {}", data["readers"], data["names"]))
    }

    #[test]
    fn a_visitor_is_one_reader_in_any_number_of_windows_and_named_only_by_choice() {
        let presence = Arc::<Presence>::default();
        let mut first = presence.sit(POST, ann(None));
        presence.tell();
        assert_eq!(told(&mut first).as_deref(), Some("1 []"));
        let second = presence.sit(POST, ann(Some("Ann")));
        let stranger = presence.sit(POST, None);
        presence.tell();
        assert_eq!(told(&mut first).as_deref(), Some(r#"2 ["Ann"]"#));
        drop((second, stranger));
        presence.tell();
        assert_eq!(told(&mut first).as_deref(), Some(r#"1 ["Ann"]"#));
    }

    #[test]
    fn a_room_is_told_once_a_turn_and_only_of_news() {
        let presence = Arc::<Presence>::default();
        let mut reader = presence.sit(POST, None);
        drop((0..9).map(|_| presence.sit(POST, None)).collect::<Vec<_>>());
        assert_eq!(told(&mut reader), None);
        presence.tell();
        assert_eq!(told(&mut reader).as_deref(), Some("1 []"));
        drop(presence.sit(POST, None)); // came and went between two turns
        presence.tell();
        assert_eq!(told(&mut reader), None);
        let mut elsewhere = presence.sit(PostId(2), None);
        presence.tell();
        assert_eq!(
            (told(&mut reader), told(&mut elsewhere).as_deref()),
            (None, Some("1 []"))
        );
    }

    #[test]
    fn an_empty_room_is_forgotten() {
        let presence = Arc::<Presence>::default();
        drop(presence.sit(POST, None));
        presence.tell();
        assert!(presence.rooms().is_empty());
    }

    #[test]
    fn whoever_comes_in_is_told_what_the_others_know() {
        let presence = Arc::<Presence>::default();
        let _early = presence.sit(POST, ann(None));
        presence.tell();
        let mut late = presence.sit(POST, ann(None)); // the same visitor: nothing changes
        assert_eq!(told(&mut late).as_deref(), Some("1 []"));
    }
}
