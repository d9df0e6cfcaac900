//! The pages in memory, no more bytes of them than there is room for, and who is making which.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::pace::Pace;
use super::page::Page;

/// Bytes that a page is counted for beside its own: its headers and its places in the tables.
const OVERHEAD: usize = 4_096;

/// What came of the making of a page.
#[derive(Clone)]
pub enum Made {
    /// Nothing yet.
    Awaited,
    /// A page that is kept.
    Kept(Arc<Page>),
    /// An answer that is not kept: everyone gets their own.
    Passed,
}

struct Slot {
    page: Arc<Page>,
    bytes: usize,
    pace: Pace,
}

/// The pages.
pub struct Shelf {
    room: usize,
    slots: HashMap<Arc<str>, Slot>,
    /// All of them, in the order in which they are looked at when room is needed.
    order: VecDeque<Arc<str>>,
    bytes: usize,
    making: HashMap<Arc<str>, watch::Receiver<Made>>,
}

/// Who makes a page.
pub enum Turn {
    /// Whoever asked: after the pause, and telling the others.
    Ours(Duration, watch::Sender<Made>),
    /// Somebody else, who tells.
    Theirs(watch::Receiver<Made>),
}

impl Shelf {
    /// An empty one with room for so many bytes.
    pub fn new(room: usize) -> Shelf {
        Shelf {
            room,
            slots: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
            making: HashMap::new(),
        }
    }

    /// The page of that key, fresh or not.
    pub fn find(&self, key: &str) -> Option<&Arc<Page>> {
        self.slots.get(key).map(|slot| &slot.page)
    }

    /// Whose turn it is to make the page of that key.
    pub fn turn(&mut self, key: &Arc<str>) -> Turn {
        if let Some(theirs) = self.making.get(key) {
            return Turn::Theirs(theirs.clone());
        }
        let (tell, told) = watch::channel(Made::Awaited);
        self.making.insert(key.clone(), told);
        let pace = self.slots.get(key).map(|slot| slot.pace);
        let pause = pace.map_or(Duration::ZERO, |pace| pace.pause(Instant::now()));
        Turn::Ours(pause, tell)
    }

    /// Nobody makes the page of that key any more.
    pub fn end_turn(&mut self, key: &str) {
        self.making.remove(key);
    }

    /// Puts a page in the place of the older one of that key. One that would take more than a part of the room is not
    /// kept.
    pub fn put(&mut self, key: &Arc<str>, page: Arc<Page>) {
        let bytes = page.len() + OVERHEAD;
        let (now, older) = (Instant::now(), self.slots.remove(key));
        self.bytes -= older.as_ref().map_or(0, |older| older.bytes);
        if bytes > self.room / 8 {
            self.order.retain(|other| other != key);
            return;
        }
        let pace = match older {
            Some(mut older) => {
                older.pace.note(now);
                older.pace
            }
            None => {
                self.order.push_back(key.clone());
                Pace::new(now)
            }
        };
        self.bytes += bytes;
        self.slots.insert(key.clone(), Slot { page, bytes, pace });
        self.make_room();
    }

    /// Counts a page again that has grown, if it is still here.
    pub fn weigh(&mut self, key: &str, page: &Arc<Page>) {
        let Some(slot) = self
            .slots
            .get_mut(key)
            .filter(|slot| Arc::ptr_eq(&slot.page, page))
        else {
            return;
        };
        let bytes = page.len() + OVERHEAD;
        self.bytes = self.bytes + bytes - slot.bytes;
        slot.bytes = bytes;
        self.make_room();
    }

    /// Pages and bytes that are here.
    pub fn extent(&self) -> (usize, usize) {
        (self.slots.len(), self.bytes)
    }

    /// Pages that are being made.
    #[cfg(test)]
    pub fn making(&self) -> usize {
        self.making.len()
    }

    /// Lets pages go that nobody has asked for lately, the oldest first: one that was asked for stays for another round.
    fn make_room(&mut self) {
        while self.bytes > self.room
            && let Some(key) = self.order.pop_front()
        {
            let Some(slot) = self.slots.get(&key) else {
                continue;
            };
            if slot.page.asked_for.swap(false, Ordering::Relaxed) {
                self.order.push_back(key);
            } else if let Some(slot) = self.slots.remove(&key) {
                self.bytes -= slot.bytes;
            }
        }
    }
}
