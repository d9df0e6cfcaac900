//! The one writer: a thread that drains a bounded queue, many changes to one commit.
//!
//! A change that fails takes nothing with it: it runs in a savepoint of its own, or can be run again. Those that can be
//! come first and have no savepoint, as SQLite copies every page that it changes within one; if one of them fails and has
//! written something, the transaction is taken back and they are all run again, in savepoints then. Answers go out after
//! COMMIT has returned, and the doorbell rings after that: nobody is told of what a crash could take back.
//!
//! A text that was erased may still stand in older pages of the write-ahead log. After such a change the log is emptied as
//! soon as nobody else has to be waited for.

mod change;
mod effects;
mod scribe;

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::Tx;
use super::answer::{Answer, boxed, unboxed};
use super::changes::Changes;
use super::faults::Faults;
use super::identity::Identity;
use super::wal::Log;
use crate::error::{Error, Result};
use crate::model::id::EventId;
use change::{Change, Reply};
use effects::Effects;
use scribe::Scribe;

/// Changes that may wait. Beyond this the site says so rather than letting everyone wait longer.
const QUEUE: usize = 1024;

const OVERLOADED: Error =
    Error::Unavailable("too many people are writing at this moment; please try again");
const STOPPED: Error = Error::Unavailable(
    "this site has stopped writing, because its disk or its file failed; its owner must look",
);

/// The way to the writer thread. Dropping it waits until the thread has closed its connection.
pub struct Writer {
    queue: Option<mpsc::Sender<Change>>,
    thread: Option<JoinHandle<()>>,
    file: Identity,
    pulse: Arc<Pulse>,
}

/// Where the thread tells the rest of the process what it does.
#[derive(Clone)]
pub struct Told {
    /// How far it is.
    pub pulse: Arc<Pulse>,
    /// What pages are out of date by what was committed.
    pub changes: Arc<Changes>,
    /// What is in its way.
    pub faults: Arc<Faults>,
}

/// How far the thread is.
#[derive(Default)]
pub struct Pulse {
    /// The newest committed event of this process.
    head: AtomicI64,
    bells: Mutex<Vec<SyncSender<()>>>,
    commits: AtomicU64,
    changes: AtomicU64,
    refused: AtomicU64,
    /// Microseconds from the beginning of each transaction to the end of its commit.
    busy: AtomicU64,
}

/// What the writer has done since the start, and what it has to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Transactions that were committed.
    pub commits: u64,
    /// Changes that were committed with them.
    pub changes: u64,
    /// Changes that a fault or too long a queue kept from being recorded.
    pub refused: u64,
    /// How long the commits took, together.
    pub busy: Duration,
    /// Changes that wait now.
    pub waiting: usize,
}

impl Pulse {
    /// The newest event that this process has committed; zero if none.
    pub fn head(&self) -> EventId {
        EventId(self.head.load(Ordering::Acquire))
    }

    /// A bell that rings after each commit. One ring may stand for many commits.
    pub fn doorbell(&self) -> Receiver<()> {
        let (rope, bell) = sync_channel(1);
        self.bells().push(rope);
        bell
    }

    /// A group of `changes` was committed, and `head` is the newest event.
    fn beat(&self, head: EventId, changes: usize, took: Duration) {
        self.head.store(head.0, Ordering::Release);
        self.commits.fetch_add(1, Ordering::Relaxed);
        add(&self.changes, changes as u64);
        add(
            &self.busy,
            u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        );
    }

    fn bells(&self) -> MutexGuard<'_, Vec<SyncSender<()>>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rings every bell whose follower is still there. A bell that is full is one that still rings.
    fn ring(&self) {
        self.bells()
            .retain(|bell| !matches!(bell.try_send(()), Err(TrySendError::Disconnected(()))));
    }
}

fn add(to: &AtomicU64, more: u64) {
    to.fetch_add(more, Ordering::Relaxed);
}

impl Writer {
    /// Starts the thread, which writes to the file at `path` for as long as it is the same, and tells what it does.
    pub fn start(conn: Connection, path: &Path, told: Told) -> Result<Writer> {
        let file =
            Identity::of(path).map_err(Error::io(format!("cannot look at {}", path.display())))?;
        let (queue, jobs) = mpsc::channel(QUEUE);
        let pulse = told.pulse.clone();
        let scribe = Scribe {
            log: Log::of(&conn)?,
            conn,
            file: file.clone(),
            told,
            effects: Effects::default(),
        };
        let thread = thread::Builder::new()
            .name("writer".into())
            .spawn(move || scribe.work(jobs))
            .map_err(Error::io("could not start the writer thread"))?;
        Ok(Writer {
            queue: Some(queue),
            thread: Some(thread),
            file,
            pulse,
        })
    }

    /// Hands `change` to the thread and waits until it is committed.
    pub async fn write<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx) -> Result<T> + Send + 'static,
    {
        let answer = self.hand_over(Change::once(move |tx| boxed(change(tx))));
        Ok(unboxed(answer.await?))
    }

    /// The same with a change that can be run again, and then does the same.
    pub async fn write_repeatable<T, F>(&self, mut change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Tx) -> Result<T> + Send + 'static,
    {
        let answer = self.hand_over(Change::repeatable(move |tx| boxed(change(tx))));
        Ok(unboxed(answer.await?))
    }

    async fn hand_over(&self, (change, answer): (Change, Reply)) -> Result<Answer> {
        match self.queue.as_ref().map(|queue| queue.try_send(change)) {
            Some(Ok(())) => answer.await.unwrap_or(Err(STOPPED)),
            Some(Err(mpsc::error::TrySendError::Full(_))) => {
                add(&self.pulse.refused, 1);
                Err(OVERLOADED)
            }
            _ => Err(STOPPED),
        }
    }

    /// What it has done and has to do.
    pub fn figures(&self) -> Figures {
        let read = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        let queue = self.queue.as_ref();
        Figures {
            commits: read(&self.pulse.commits),
            changes: read(&self.pulse.changes),
            refused: read(&self.pulse.refused),
            busy: Duration::from_micros(read(&self.pulse.busy)),
            waiting: queue.map_or(0, |queue| QUEUE - queue.capacity()),
        }
    }

    /// Whether the name of the file that it writes to still leads to it.
    pub fn is_in_place(&self) -> bool {
        self.file.is_in_place()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        // A thread that panicked has closed its connection as well.
        self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests;
