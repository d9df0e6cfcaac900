//! What strangers ask for again and again, kept in memory: which post's stream is behind an address, and the settings. Ten
//! thousand readers who come back after a restart, or a flood of comments, must not each ask the file for the same.
//!
//! What is kept is made stale by the log, never by a timer: by every event that may give it another meaning, from its commit
//! on.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::App;
use crate::error::Result;
use crate::model::concern::Concern;
use crate::model::id::{EventId, PostId};
use crate::model::settings::Settings;
use crate::store::settings;

/// A post whose stream anyone may open.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Which post it is.
    pub post: PostId,
    /// Whether its readers are counted.
    pub is_counted: bool,
}

/// What was found out since the newest event that could have changed it.
#[derive(Default)]
pub struct Known {
    facts: Mutex<Facts>,
    /// Held by whoever asks the file for a room, so that those who want the same one wait for the answer. Rooms share them.
    asking: [Asking; LANES],
}

type Asking = tokio::sync::Mutex<()>;

/// The turn of one who asks.
pub type Turn<'a> = tokio::sync::MutexGuard<'a, ()>;

/// How many rooms are asked for at once.
const LANES: usize = 16;

#[derive(Default)]
struct Facts {
    since: Moment,
    /// By the post's part of the address.
    rooms: HashMap<String, Room>,
    settings: Option<Arc<Settings>>,
}

/// A time during which nothing changed its meaning: since that event. None is known while the log cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment(Option<EventId>);

impl App {
    /// The moment that it is. What is read from the file after this may be kept for it.
    pub fn moment(&self) -> Moment {
        Moment(self.pages.newest(Concern::Site))
    }

    /// The room of that slug, if it is known at that moment.
    pub fn room(&self, moment: Moment, slug: &str) -> Option<Room> {
        self.known.at(moment).rooms.get(slug).copied()
    }

    /// The turn to ask the file for the room of that slug: whoever has waited for it finds the room known.
    pub async fn turn(&self, slug: &str) -> Turn<'_> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(slug);
        self.known.asking[hash as usize % LANES].lock().await
    }

    /// Keeps a room that was found at that moment.
    pub fn keep_room(&self, moment: Moment, slug: String, room: Room) {
        if self.moment() == moment {
            self.known.at(moment).rooms.insert(slug, room);
        }
    }

    /// The settings, as they are.
    ///
    /// Errors: what reading them answers.
    pub async fn settings(&self) -> Result<Arc<Settings>> {
        let moment = self.moment();
        if let Some(settings) = &self.known.at(moment).settings {
            return Ok(settings.clone());
        }
        let settings = Arc::new(self.store.read(settings::load).await?);
        if self.moment() == moment {
            self.known.at(moment).settings = Some(settings.clone());
        }
        Ok(settings)
    }
}

impl Known {
    /// What is known at that moment; of another one nothing is.
    fn at(&self, moment: Moment) -> MutexGuard<'_, Facts> {
        let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        if facts.since != moment || moment.0.is_none() {
            *facts = Facts {
                since: moment,
                ..Facts::default()
            };
        }
        facts
    }
}
