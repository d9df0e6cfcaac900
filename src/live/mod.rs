//! From the log to every open page: one tailer renders each event once, every stream is a cursor.
//!
//! The log is the queue. The ring only spares the database the newest part of it; a stream that is further behind reads
//! the same events from the log, and shares what was read with all who are as far behind, so that a slow reader costs little
//! and loses nothing. A commit rings the bell, and whoever is awake asks the same question again with their own cursor; those
//! who only wait are brought the answer that they would have got.
//! No routes here.

pub mod company;
pub mod cursor;
mod desk;
pub mod follower;
pub mod frame;
mod herald;
pub mod listener;
pub mod parcel;
pub mod poll;
pub mod presence;
mod ring;
pub mod sse;
mod stretch;
mod stretches;
mod tailer;
pub mod timing;
pub mod wire;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::error::{Error, Result};
use crate::model::backup::Standing;
use crate::model::event::Event;
use crate::model::id::EventId;
use crate::store::Store;
use crate::store::changes::Changes;
use herald::Heralds;
use presence::Presence;
use ring::Ring;
use stretches::Stretches;

/// The newest part of the log, rendered, and the signal that there is more of it.
pub struct Live {
    ring: RwLock<Ring>,
    /// What is further back, where several streams want it.
    stretches: Stretches,
    head: watch::Sender<EventId>,
    /// The newest event that is more than talk.
    matters: watch::Sender<EventId>,
    changes: Arc<Changes>,
    heralds: Heralds,
    /// How the backups stand, as the desk was told of it last.
    keeping: watch::Sender<Option<Standing>>,
    stop: watch::Receiver<bool>,
    streams: AtomicUsize,
    /// How many streams there were when the server began to stop.
    leaving: OnceLock<usize>,
    /// Who is reading which post.
    pub presence: Arc<Presence>,
}

impl Live {
    /// Starts the tailer thread, which fills the ring first and ends when `stop` becomes true.
    ///
    /// Errors: what reading the log answers.
    pub fn start(
        store: &Store,
        stop: watch::Receiver<bool>,
    ) -> Result<(Arc<Live>, JoinHandle<()>)> {
        let mut lookout = store.lookout()?;
        let ring = tailer::begin(&mut lookout)?;
        let (head, _) = watch::channel(ring.last());
        let (heralds, rung) = Heralds::new();
        let live = Arc::new(Live {
            ring: RwLock::new(ring),
            stretches: Stretches::default(),
            head,
            matters: watch::channel(EventId::ZERO).0,
            changes: store.changes().clone(),
            heralds,
            keeping: watch::Sender::default(),
            stop,
            streams: AtomicUsize::new(0),
            leaving: OnceLock::new(),
            presence: Arc::default(),
        });
        Heralds::start(&live, rung).map_err(Error::io("could not start the heralds' threads"))?;
        let (bell, tailed) = (store.doorbell(), live.clone());
        let tailer = std::thread::Builder::new()
            .name("tailer".into())
            .spawn(move || tailer::run(&mut lookout, &bell, &tailed))
            .map_err(Error::io("could not start the tailer thread"))?;
        Ok((live, tailer))
    }

    /// The newest event that streams have been told of.
    pub fn head(&self) -> EventId {
        *self.head.borrow()
    }

    /// What changes with every event that is more than talk: of posts, media, settings.
    pub fn matters(&self) -> watch::Receiver<EventId> {
        self.matters.subscribe()
    }

    /// Says how the backups stand, and the room on the disk. What is much as it was before is no news.
    pub fn tell_of_keeping(&self, standing: Standing) {
        self.keeping.send_if_modified(|told| {
            let is_news = !matches!(told, Some(told) if standing.is_much_like(told));
            if is_news {
                *told = Some(standing);
            }
            is_news
        });
    }

    /// Waits until streams have been told of `event`; whether that was so within `patience`.
    pub async fn reaches(&self, event: EventId, patience: Duration) -> bool {
        let mut head = self.head.subscribe();
        let reached = head.wait_for(|head| *head >= event);
        timeout(patience, reached).await.is_ok()
    }

    /// Tells the streams of events that are on the ring.
    fn tell(&self, events: &[Event]) {
        let Some(last) = events.last() else { return };
        self.head.send_replace(last.id);
        let matter = events.iter().rfind(|event| !event.kind.is_talk());
        if let Some(matter) = matter {
            self.matters.send_replace(matter.id);
        }
        self.heralds.ring();
    }

    /// Streams that are open now.
    pub fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// How many streams are told to come back when the server stops: as many as there are when the first of them is, however
    /// many of them have left since.
    fn leaving(&self) -> usize {
        *self.leaving.get_or_init(|| self.streams())
    }

    /// What the ring knows now.
    fn ring(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one open stream for as long as it lives.
pub struct Counted(Arc<Live>);

impl Counted {
    /// One more stream of `live`.
    pub fn new(live: &Arc<Live>) -> Counted {
        live.streams.fetch_add(1, Ordering::Relaxed);
        Counted(live.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
pub mod tests {
    //! A blog that is followed, for the tests of the rooms beside this one.

    use tempfile::TempDir;

    use super::*;
    use crate::store::tests::store;

    /// A fresh blog and its tailer, which stops when it is dropped.
    pub struct Followed {
        /// What is followed.
        pub store: Arc<Store>,
        /// What is told of it.
        pub live: Arc<Live>,
        stop: watch::Sender<bool>,
        tailer: Option<JoinHandle<()>>,
        _folder: TempDir,
    }

    impl Followed {
        /// One that nobody listens to yet.
        pub fn new() -> Followed {
            let (store, folder) = store();
            let (stop, stopped) = watch::channel(false);
            let (live, tailer) = Live::start(&store, stopped).unwrap();
            Followed {
                store: Arc::new(store),
                live,
                stop,
                tailer: Some(tailer),
                _folder: folder,
            }
        }
    }

    impl Drop for Followed {
        fn drop(&mut self) {
            self.stop.send_replace(true);
            let ended = self.tailer.take().map(JoinHandle::join);
            assert!(matches!(ended, Some(Ok(()))) || std::thread::panicking());
        }
    }
}
