//! What a stream tells in passing, beside the log: who else reads the post, and, at the desk, who reads what and what is
//! wrong with the blog.

use std::future::pending;
use std::sync::Arc;

use askama::Template;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::presence::{Presence, Seat, next_frame};
use super::sse;
use crate::store::{Store, settings};
use crate::views::desk::parts::FaultsPart;

/// The kind of what tells of faults.
pub const FAULTS: &str = "faults";

/// What a stream is told in passing.
pub enum Company {
    /// Who else reads the same post, as one of them.
    Room(Seat),
    /// How the whole house is: for the owner, who is not one of the readers.
    House(Box<House>),
}

impl Company {
    /// Waits for the next frame. Whoever stops waiting misses nothing.
    pub async fn changed(&mut self) -> Bytes {
        match self {
            Company::Room(seat) => seat.changed().await,
            Company::House(house) => Box::pin(house.changed()).await, // large, and every stream has room for it
        }
    }
}

/// One open page of the desk.
pub struct House {
    store: Arc<Store>,
    reading: watch::Receiver<Bytes>,
    faults: watch::Receiver<u64>,
    /// Whether the page may not know what is wrong by now.
    is_behind: bool,
}

impl House {
    /// A page that is told first of all how things are.
    pub fn of(store: &Arc<Store>, presence: &Presence) -> House {
        House {
            store: store.clone(),
            reading: presence.watch(),
            faults: store.faults().news(),
            is_behind: true,
        }
    }

    async fn changed(&mut self) -> Bytes {
        while !self.is_behind {
            tokio::select! {
                frame = next_frame(&mut self.reading) => return frame,
                news = self.faults.changed() => match news {
                    Ok(()) => self.is_behind = true,
                    Err(_) => pending().await, // the register lasts as long as the store
                },
            }
        }
        self.faults.mark_unchanged(); // before the look, so that what begins during it is not missed
        let frame = sse::passing(FAULTS, &faults(&self.store).await);
        self.is_behind = false;
        frame
    }
}

/// What is wrong now, as the desk shows it. Where the settings cannot be read, times are written as in a new blog.
pub async fn faults(store: &Store) -> Value {
    let settings = store.read(settings::load).await.unwrap_or_default();
    let ongoing = store.faults().ongoing();
    let html = FaultsPart::new(&ongoing, &settings.manner().calendar).render();
    json!({ "html": html.expect("sentences and times can be written to memory") })
}
