//! The one writer: a thread that drains a bounded queue, many changes to one commit.
//!
//! Each change runs in a savepoint of its own, so that one which fails takes nothing with it. Answers go out after
//! COMMIT has returned, and the doorbell rings after that: nobody is told of what a crash could take back.
//!
//! A text that was erased may still stand in older pages of the write-ahead log. After such a change the log is emptied as
//! soon as nobody else has to be waited for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::{mpsc, oneshot};

use super::Tx;
use super::faults::{self, Faults};
use super::identity::Identity;
use super::wal::Log;
use crate::error::{DISK_FULL, Error, LOCKED, READ_ONLY, Result};
use crate::model::fault::Fault;
use crate::model::id::EventId;

/// Changes that may wait. Beyond this the site says so rather than letting everyone wait longer.
const QUEUE: usize = 1024;

/// Changes in one commit: more share one flush to the disk, fewer keep the first one's wait short.
const GROUP: usize = 64;

const OVERLOADED: Error =
    Error::Unavailable("too many people are writing at this moment; please try again");
const STOPPED: Error = Error::Unavailable(
    "this site has stopped writing, because its disk or its file failed; its owner must look",
);

/// The way to the writer thread. Dropping it waits until the thread has closed its connection.
pub struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    pulse: Arc<Pulse>,
}

/// What is said of a commit that failed for a reason that is nobody's to know.
const FAILED: &str = "it could not be written to disk just now; please try again";

/// What the thread tells the rest of the process.
#[derive(Default)]
struct Pulse {
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
#[derive(Clone, Copy, Debug)]
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
    /// A group of `changes` was committed, and `head` is the newest event.
    fn beat(&self, head: i64, changes: usize, took: Duration) {
        self.head.store(head, Ordering::Release);
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
    /// Starts the thread, which writes to the file at `path` for as long as it is the same. What is in its way it notes
    /// in `faults`.
    pub fn start(conn: Connection, path: &Path, faults: Arc<Faults>) -> Result<Writer> {
        let file =
            Identity::of(path).map_err(Error::io(format!("cannot look at {}", path.display())))?;
        let (queue, jobs) = mpsc::channel(QUEUE);
        let pulse = Arc::<Pulse>::default();
        let desk = Desk {
            log: Log::of(&conn)?,
            conn,
            file,
            faults,
            pulse: pulse.clone(),
            has_erased: false,
        };
        let thread = thread::Builder::new()
            .name("writer".into())
            .spawn(move || desk.work(jobs))
            .map_err(Error::io("could not start the writer thread"))?;
        Ok(Writer {
            queue: Some(queue),
            thread: Some(thread),
            pulse,
        })
    }

    /// Hands `change` to the thread and waits until it is committed.
    pub async fn write<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Change {
            change: Some(change),
            outcome: None,
            reply,
        });
        match self.queue.as_ref().map(|queue| queue.try_send(job)) {
            Some(Ok(())) => answer.await.unwrap_or(Err(STOPPED)),
            Some(Err(mpsc::error::TrySendError::Full(_))) => {
                add(&self.pulse.refused, 1);
                Err(OVERLOADED)
            }
            _ => Err(STOPPED),
        }
    }

    /// The newest event that this process has committed; zero if none.
    pub fn head(&self) -> EventId {
        EventId(self.pulse.head.load(Ordering::Acquire))
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

    /// A bell that rings after each commit. One ring may stand for many commits.
    pub fn doorbell(&self) -> Receiver<()> {
        let (rope, bell) = sync_channel(1);
        self.pulse.bells().push(rope);
        bell
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        // A thread that panicked has closed its connection as well.
        self.thread.take().map(JoinHandle::join);
    }
}

/// A change whose result type the queue need not know.
trait Job: Send {
    /// Runs the change; whether what it wrote shall be kept.
    fn run(&mut self, tx: &Tx) -> bool;
    /// What its failure says about the file or its disk, if it says something.
    fn fault(&self) -> Option<Failed>;
    /// Tells whoever waits, once the commit has succeeded or failed.
    fn answer(self: Box<Self>, failed: Option<&'static str>);
}

struct Change<T, F> {
    change: Option<F>,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for Change<T, F>
where
    T: Send,
    F: FnOnce(&Tx) -> Result<T> + Send,
{
    fn run(&mut self, tx: &Tx) -> bool {
        let outcome = self.change.take().map(|change| {
            catch_unwind(AssertUnwindSafe(|| change(tx))).unwrap_or(Err(Error::Unavailable(
                "this change failed unexpectedly; nothing was recorded",
            )))
        });
        let keep = matches!(outcome, Some(Ok(_)));
        self.outcome = outcome;
        keep
    }

    fn fault(&self) -> Option<Failed> {
        match &self.outcome {
            Some(Err(error)) => faults::kind(error).map(|fault| Failed {
                fault: Some(fault),
                cause: error.to_string(),
            }),
            _ => None,
        }
    }

    fn answer(self: Box<Self>, failed: Option<&'static str>) {
        let result = match (self.outcome, failed) {
            (Some(Ok(value)), None) => Ok(value),
            (Some(Err(error)), _) => Err(error),
            (_, why) => Err(Error::Unavailable(why.unwrap_or(FAILED))),
        };
        // Whoever asked may have gone; the change stands all the same.
        drop(self.reply.send(result));
    }
}

/// Why a group of changes was not committed.
struct Failed {
    fault: Option<Fault>,
    cause: String,
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Failed {
        Failed {
            fault: faults::kind_of(&error),
            cause: error.to_string(),
        }
    }
}

impl Failed {
    /// What those are told who asked for the changes.
    fn told(&self) -> &'static str {
        match self.fault {
            Some(Fault::DiskFull) => DISK_FULL,
            Some(Fault::ReadOnly) => READ_ONLY,
            Some(Fault::Locked) => LOCKED,
            _ => FAILED,
        }
    }
}

/// What the thread works with.
struct Desk {
    conn: Connection,
    file: Identity,
    log: Log,
    faults: Arc<Faults>,
    pulse: Arc<Pulse>,
    /// Whether a text that was erased may still stand in the log.
    has_erased: bool,
}

impl Desk {
    /// The thread's life, and its end: the file is complete alone, unless to touch it could make it worse.
    fn work(mut self, jobs: mpsc::Receiver<Box<dyn Job>>) {
        self.drain(jobs);
        if self.faults.stopping().is_none() {
            self.log.settle(&self.conn);
            return;
        }
        let as_it_is = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        if let Err(error) = self.conn.set_db_config(as_it_is, true) {
            tracing::warn!("the file may be written once more when it is closed: {error}");
        }
    }

    /// Waits for a change, takes what else is waiting, commits all of it, answers, rings; until nobody asks any more, or
    /// something has happened after which nothing may be written.
    fn drain(&mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(job) = jobs.try_recv()
            {
                group.push(job);
            }
            if !self.file.is_in_place() {
                self.faults
                    .note(Fault::Gone, "another file, or none, has its name");
            }
            if self.faults.stopping().is_some() {
                return add(&self.pulse.refused, group.len() as u64);
            }
            let before = self.conn.total_changes();
            if self.write(group) && self.tend(jobs.is_empty()) {
                let has_written = self.conn.total_changes() > before;
                if has_written {
                    self.faults.end_with_a_write();
                }
            }
            if self.faults.stopping().is_some() {
                return;
            }
        }
    }

    /// Commits a group and tells everyone of it; whether that worked.
    fn write(&mut self, mut group: Vec<Box<dyn Job>>) -> bool {
        let begun = Instant::now();
        let committed = self.commit(&mut group);
        let is_done = committed.is_ok();
        match committed {
            Ok(head) => {
                self.pulse.beat(head, group.len(), begun.elapsed());
                group.into_iter().for_each(|job| job.answer(None));
                self.pulse.ring();
            }
            Err(failed) => {
                add(&self.pulse.refused, group.len() as u64);
                let told = failed.told();
                match failed.fault {
                    Some(fault) => self.faults.note(fault, failed.cause),
                    None => tracing::error!("a commit was taken back: {}", failed.cause),
                }
                group.into_iter().for_each(|job| job.answer(Some(told)));
            }
        }
        is_done
    }

    /// Keeps the write-ahead log small, and free of what was erased if it `is_idle`, so that nobody has to wait for that;
    /// whether the file and its disk let it.
    fn tend(&mut self, is_idle: bool) -> bool {
        let tended = match self.has_erased && is_idle {
            true => self.log.empty(&self.conn).map(|emptied| {
                self.has_erased = !emptied;
            }),
            false => self.log.tend(&self.conn),
        };
        let Err(error) = tended else { return true };
        match faults::kind_of(&error) {
            Some(Fault::Locked) => return true, // somebody else does the same
            Some(fault) => self.faults.note(fault, error),
            None => tracing::error!("the write-ahead log cannot be kept small: {error}"),
        }
        false
    }

    /// Runs a group of changes in one transaction; the newest event after it.
    fn commit(&mut self, group: &mut [Box<dyn Job>]) -> Result<i64, Failed> {
        self.execute("begin immediate")?;
        let done = self.changes(group).and_then(|head| {
            self.execute("commit")?;
            Ok(head)
        });
        if done.is_err() && !self.conn.is_autocommit() {
            self.conn.execute_batch("rollback")?;
        }
        done
    }

    fn changes(&mut self, group: &mut [Box<dyn Job>]) -> Result<i64, Failed> {
        for job in group {
            self.execute("savepoint change")?;
            let tx = Tx::new(&self.conn);
            let kept = job.run(&tx);
            let erased = tx.erased.get();
            if let Some(failed) = job.fault() {
                let is_ours_alone = failed.fault == Some(Fault::IndexDamaged);
                if !is_ours_alone || self.conn.is_autocommit() {
                    return Err(failed); // the others would meet it as well, or SQLite has taken back all of them
                }
                self.faults.note(Fault::IndexDamaged, failed.cause);
            }
            if !kept {
                self.execute("rollback to change")?;
            }
            self.has_erased |= kept && erased;
            self.execute("release change")?;
        }
        let head = "select coalesce(max(id), 0) from events";
        let mut head = self.conn.prepare_cached(head)?;
        Ok(head.query_row([], |row| row.get(0))?)
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.conn.prepare_cached(sql)?.execute([]).map(drop)
    }
}
