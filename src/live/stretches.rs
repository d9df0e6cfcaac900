//! Stretches of the log further back than the ring, read and rendered once for all streams that want the same.
//!
//! Streams fall behind at many different cursors. A stretch begins and ends at round numbers, so that all who are behind on
//! the same topic want the same ones. What is in it is as it was when it was read: the tailer, who sees every change before
//! anyone is told of it, has those forgotten that the change outdates, as it has the ring render its frames again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::ring::{is_outdated, outdates};
use super::stretch::{LENGTH, Stretch};
use crate::model::event::Event;
use crate::model::id::EventId;
use crate::model::topic::Topic;
use crate::store::Store;

/// One for many begins at a multiple of this. Not more than [`LENGTH`], so that it reaches beyond every cursor it is read for.
const STEP: i64 = LENGTH as i64;

/// Stretches and bytes that are kept at most, and for how long after somebody has asked for one.
const KEPT: usize = 64;
const BYTES: usize = 16 << 20;
const IDLE: Duration = Duration::from_secs(3);

/// What is followed by everyone alike, and the cursor before the first event.
type Place = (Topic, EventId);

/// A stretch that is being read: nothing until it is there, and closed without it if that failed.
type Reading = watch::Receiver<Option<Arc<Stretch>>>;

/// The stretches that somebody wanted lately.
#[derive(Default)]
pub struct Stretches(Mutex<HashMap<Place, Kept>>);

struct Kept {
    reading: Reading,
    /// When it was last asked for.
    asked: Instant,
}

impl Kept {
    /// Whether it is of use to somebody who knows of `head`, or may become so.
    fn serves(&self, head: EventId) -> bool {
        match &*self.reading.borrow() {
            Some(stretch) => stretch.reaches(head),
            None => self.reading.has_changed().is_ok(),
        }
    }

    fn len(&self) -> usize {
        self.reading.borrow().as_deref().map_or(0, Stretch::len)
    }
}

impl Stretches {
    /// The stretch that leads on from `after`, for all who follow `topic`, which is nobody's alone: read once, however many ask
    /// for it. `None` for whoever must look for themselves, because it cannot be read or was begun before `head` was there.
    pub async fn around(
        &self,
        store: &Arc<Store>,
        topic: Topic,
        after: EventId,
        head: EventId,
    ) -> Option<Arc<Stretch>> {
        let start = EventId(after.0 / STEP * STEP);
        let mut reading = self.reading(store, (topic, start), head);
        let stretch = reading.wait_for(Option::is_some).await.ok()?.clone()?;
        stretch.reaches(head).then_some(stretch)
    }

    /// The one that is kept, or one that begins to be read now. It is read by a task of its own: a stream that asked first and
    /// whose socket takes nothing more would hold up all the others.
    fn reading(&self, store: &Arc<Store>, place: Place, head: EventId) -> Reading {
        let mut all = self.all();
        if let Some(kept) = all.get_mut(&place)
            && kept.serves(head)
        {
            kept.asked = Instant::now();
            return kept.reading.clone();
        }
        make_room(&mut all);
        let (told, reading) = watch::channel(None);
        let kept = Kept {
            reading: reading.clone(),
            asked: Instant::now(),
        };
        all.insert(place, kept);
        let store = store.clone();
        tokio::spawn(async move {
            let (topic, start) = place;
            let read = store.read(move |conn| Stretch::for_many(conn, &topic, start));
            if let Ok(stretch) = read.await {
                told.send_replace(Some(Arc::new(stretch)));
            } // else those who wait look for themselves, and meet the error
        });
        reading
    }

    /// Forgets what `event` has made out of date, and whatever is being read: that may have begun before the change.
    pub fn refresh(&self, event: &Event) {
        if !outdates(event.kind) {
            return;
        }
        self.all().retain(|_, kept| match &*kept.reading.borrow() {
            Some(stretch) => !stretch.frames.iter().any(|it| is_outdated(it, event)),
            None => false,
        });
    }

    /// Forgets every one.
    pub fn forget(&self) {
        self.all().clear();
    }

    /// Forgets what nobody has asked for lately.
    pub fn tidy(&self) {
        self.all().retain(|_, kept| kept.asked.elapsed() < IDLE);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Place, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has those go that nobody has asked for the longest, until there is room for one more.
fn make_room(all: &mut HashMap<Place, Kept>) {
    while all.len() >= KEPT || all.values().map(Kept::len).sum::<usize>() > BYTES {
        let oldest = all.iter().min_by_key(|(_, kept)| kept.asked);
        let Some(oldest) = oldest.map(|(place, _)| *place) else {
            return;
        };
        all.remove(&oldest);
    }
}
