//! What a stream tells in passing, beside the log: who else reads the post, and, at the desk, who reads what and what is
//! wrong with the blog.

use std::future::pending;
use std::sync::Arc;

use askama::Template;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::presence::{Seat, next_frame};
use super::{Live, sse};
use crate::model::backup::Standing;
use crate::store::{Store, settings};
use crate::views::desk::keep::KeptPart;
use crate::views::desk::parts::FaultsPart;

/// The kind of what tells of faults.
pub const FAULTS: &str = "faults";

/// The kind of what tells of backups, and of the room on the disk.
pub const KEEPING: &str = "keeping";

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
    keeping: watch::Receiver<Option<Standing>>,
    /// What was heard of and is not told yet: whoever stops waiting while it is put into words hears of it again.
    untold: Option<Untold>,
}

enum Untold {
    Faults,
    Keeping(Standing),
}

impl House {
    /// A page that is told first of all how things are.
    pub fn of(store: &Arc<Store>, live: &Live) -> House {
        let mut house = House {
            store: store.clone(),
            reading: live.presence.watch(),
            faults: store.faults().news(),
            keeping: live.keeping.subscribe(),
            untold: None,
        };
        house.faults.mark_changed();
        house.keeping.mark_changed();
        house
    }

    async fn changed(&mut self) -> Bytes {
        loop {
            let told = match &self.untold {
                Some(Untold::Faults) => Some((FAULTS, faults(&self.store).await)),
                Some(Untold::Keeping(standing)) => {
                    Some((KEEPING, keeping(&self.store, standing.clone()).await))
                }
                None => None,
            };
            if let Some((kind, data)) = told {
                self.untold = None;
                return sse::passing(kind, &data);
            }
            // In this order: what is wrong goes before everything else.
            tokio::select! {
                biased;
                news = self.faults.changed() => match news {
                    Ok(()) => self.untold = Some(Untold::Faults),
                    Err(_) => pending().await, // the register lasts as long as the store
                },
                news = self.keeping.changed() => match news {
                    Ok(()) => {
                        let standing = self.keeping.borrow_and_update().clone();
                        self.untold = standing.map(Untold::Keeping);
                    }
                    Err(_) => pending().await, // as do the streams
                },
                frame = next_frame(&mut self.reading) => return frame,
            }
        }
    }
}

/// What is wrong now, as the desk shows it. Where the settings cannot be read, times are written as in a new blog.
pub async fn faults(store: &Store) -> Value {
    let settings = store.read(settings::load).await.unwrap_or_default();
    let ongoing = store.faults().ongoing();
    let html = FaultsPart::new(&ongoing, &settings.manner().calendar).render();
    json!({ "html": html.expect("sentences and times can be written to memory") })
}

/// How the backups stand, likewise.
pub async fn keeping(store: &Store, standing: Standing) -> Value {
    let settings = store.read(settings::load).await.unwrap_or_default();
    let html = KeptPart::new(standing, settings.manner().calendar).render();
    json!({ "html": html.expect("sizes and times can be written to memory") })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::time::timeout;

    use super::*;
    use crate::live::tests::Followed;

    #[tokio::test]
    async fn whoever_stops_waiting_hears_of_it_the_next_time() {
        let blog = Followed::new();
        let mut house = House::of(&blog.store, &blog.live);
        // The words are not there yet, as the settings are read for them.
        assert!(house.changed().now_or_never().is_none());
        let told = timeout(Duration::from_secs(20), house.changed());
        let told = String::from_utf8(told.await.unwrap().to_vec()).unwrap();
        assert!(told.starts_with("event: faults\n"), "{told}");
    }
}
