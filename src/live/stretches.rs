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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;
    use crate::model::event::{Audience, Kind};
    use crate::model::id::PostId;
    use crate::model::time::Timestamp;
    use crate::store::tests::store;
    use crate::store::{Tx, log};

    const TOPIC: Topic = Topic::Post(PostId(1), None);

    /// A blog whose log has so many events of one post, each of a comment with the same number.
    async fn blog(events: i64) -> (Arc<Store>, tempfile::TempDir) {
        let (store, folder) = store();
        let fill = move |tx: &Tx| (1..=events).try_for_each(|n| say(tx, n));
        store.write(fill).await.unwrap();
        (Arc::new(store), folder)
    }

    fn say(tx: &Tx, comment: i64) -> Result<()> {
        let (kind, post) = (Kind::CommentCreated, Some(PostId(1)));
        log::append(tx, kind, post, comment, Audience::Public, None)
    }

    fn deletion(comment: i64) -> Event {
        Event {
            id: EventId(10_000),
            kind: Kind::CommentDeleted,
            post: Some(PostId(1)),
            subject: comment,
            audience: Audience::Public,
            at: Timestamp(0),
            data: None,
        }
    }

    /// The stretch for a stream at the cursor that knows of nothing beyond it.
    async fn ask(all: &Stretches, store: &Arc<Store>, after: i64) -> Arc<Stretch> {
        let found = all.around(store, TOPIC, EventId(after), EventId(0)).await;
        found.unwrap()
    }

    #[tokio::test]
    async fn streams_at_many_cursors_are_handed_the_same_and_the_file_is_asked_once() {
        let (store, _folder) = blog(300).await;
        let (all, before) = (Stretches::default(), store.reads());
        let (one, two, later) = tokio::join!(
            ask(&all, &store, 0),
            ask(&all, &store, 127),
            ask(&all, &store, 128)
        );
        assert!(Arc::ptr_eq(&one, &two) && Arc::ptr_eq(&one, &ask(&all, &store, 3).await));
        assert_eq!((one.until, later.until), (EventId(128), EventId(256)));
        assert_eq!(store.reads() - before, 2);
    }

    #[tokio::test]
    async fn what_a_change_outdates_is_read_anew_and_the_rest_is_not() {
        let (store, _folder) = blog(300).await;
        let all = Stretches::default();
        let (first, second) = (ask(&all, &store, 0).await, ask(&all, &store, 128).await);
        all.refresh(&deletion(5));
        assert!(!Arc::ptr_eq(&first, &ask(&all, &store, 0).await));
        assert!(Arc::ptr_eq(&second, &ask(&all, &store, 128).await));
        all.forget();
        assert!(!Arc::ptr_eq(&second, &ask(&all, &store, 128).await));
    }

    #[tokio::test]
    async fn what_was_begun_before_a_change_is_not_kept() {
        let (store, _folder) = blog(300).await;
        let (all, place) = (Stretches::default(), (TOPIC, EventId(0)));
        let begun = all.reading(&store, place, EventId(0));
        let same = all.reading(&store, place, EventId(0));
        assert!(begun.same_channel(&same));
        all.refresh(&deletion(5));
        let anew = all.reading(&store, place, EventId(0));
        assert!(!begun.same_channel(&anew));
    }

    #[tokio::test]
    async fn an_end_that_was_the_end_is_of_no_use_to_whoever_knows_of_more() {
        let (store, _folder) = blog(10).await;
        let all = Stretches::default();
        let old = ask(&all, &store, 0).await;
        assert!(Arc::ptr_eq(&old, &ask(&all, &store, 0).await));
        store.write(|tx| say(tx, 11)).await.unwrap();
        let new = all.around(&store, TOPIC, EventId(0), EventId(11)).await;
        assert_eq!(new.unwrap().until, EventId(11));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_tried_again_by_the_next_who_asks() {
        let (store, _folder) = blog(10).await;
        let all = Stretches::default();
        let name = |kind: &'static str| {
            store.write(move |tx: &Tx| Ok(tx.execute("update events set kind = ?1", [kind])?))
        };
        name("nonsense").await.unwrap();
        let found = all.around(&store, TOPIC, EventId(0), EventId(0)).await;
        assert!(found.is_none());
        name("comment:created").await.unwrap();
        assert_eq!(ask(&all, &store, 0).await.until, EventId(10));
    }

    #[tokio::test]
    async fn no_more_is_kept_than_there_is_room_for_and_nothing_that_nobody_wants() {
        let (store, _folder) = blog(LENGTH as i64 * (KEPT as i64 + 9)).await;
        let all = Stretches::default();
        for n in 0..KEPT as i64 + 9 {
            ask(&all, &store, 0).await;
            ask(&all, &store, n * STEP).await;
        }
        assert_eq!(all.all().len(), KEPT);
        assert!(all.all().contains_key(&(TOPIC, EventId(0))), "asked lately");
        assert!(!all.all().contains_key(&(TOPIC, EventId(STEP))));
        for kept in all.all().values_mut() {
            kept.asked = kept.asked.checked_sub(IDLE).unwrap();
        }
        ask(&all, &store, 0).await;
        all.tidy();
        assert_eq!(all.all().len(), 1);
    }
}
