//! The one writer: a thread that drains a bounded queue, many changes to one commit.
//!
//! Each change runs in a savepoint of its own, so that one which fails takes nothing with it. Answers go out after
//! COMMIT has returned, and the doorbell rings after that: nobody is told of what a crash could take back.
//!
//! A text that was erased may still stand in older pages of the write-ahead log. After such a change the log is emptied as
//! soon as nobody else has to be waited for.

use std::cell::Cell;
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fs, io};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot};

use super::{BUSY, Tx};
use crate::error::{Error, Result};
use crate::model::id::EventId;

/// Changes that may wait. Beyond this the site says so rather than letting everyone wait longer.
const QUEUE: usize = 1024;

/// How long the emptying of the log waits for readers; meanwhile nobody writes.
const PATIENCE: Duration = Duration::from_millis(50);

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
}

impl Pulse {
    fn bells(&self) -> MutexGuard<'_, Vec<SyncSender<()>>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rings every bell whose follower is still there. A bell that is full is one that still rings.
    fn ring(&self) {
        self.bells()
            .retain(|bell| !matches!(bell.try_send(()), Err(TrySendError::Disconnected(()))));
    }
}

impl Writer {
    /// Starts the thread, which writes to the file at `path` for as long as it is the same.
    pub fn start(conn: Connection, path: &Path) -> Result<Writer> {
        let file =
            Identity::of(path).map_err(Error::io(format!("cannot look at {}", path.display())))?;
        let (queue, jobs) = mpsc::channel(QUEUE);
        let pulse = Arc::<Pulse>::default();
        let told = pulse.clone();
        let thread = thread::Builder::new()
            .name("writer".into())
            .spawn(move || {
                drain(&conn, &file, jobs, &told);
                settle(&conn);
            })
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
            Some(Err(mpsc::error::TrySendError::Full(_))) => Err(OVERLOADED),
            _ => Err(STOPPED),
        }
    }

    /// The newest event that this process has committed; zero if none.
    pub fn head(&self) -> EventId {
        EventId(self.pulse.head.load(Ordering::Acquire))
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

/// The thread's life: wait for a change, take what else is waiting, commit all of it, answer, ring.
fn drain(
    conn: &Connection,
    file: &Identity,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
    pulse: &Pulse,
) {
    let erased = Cell::new(false);
    while let Some(first) = jobs.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(job) = jobs.try_recv()
        {
            group.push(job);
        }
        if !file.is_in_place() {
            let path = file.path.display();
            tracing::error!(
                "writing has stopped, {path} was removed or replaced; put it back and restart"
            );
            return;
        }
        match commit(conn, &mut group, &erased) {
            Ok(head) => {
                pulse.head.store(head, Ordering::Release);
                group.into_iter().for_each(|job| job.answer(None));
                pulse.ring();
                if erased.get() && jobs.is_empty() {
                    erased.set(!has_emptied_log(conn));
                }
            }
            Err(error) => {
                tracing::error!("a commit failed and was taken back: {error}");
                let fatal = is_fatal(&error);
                let why = match Error::from(error) {
                    Error::Unavailable(why) => why,
                    _ => FAILED,
                };
                group.into_iter().for_each(|job| job.answer(Some(why)));
                if fatal {
                    tracing::error!("writing has stopped, the file or its disk failed");
                    return;
                }
            }
        }
    }
}

/// Takes the write-ahead log into the file and empties it; whether nobody who still reads an older moment was in the way.
/// Readers hold one for milliseconds, a backup for longer: then the next change tries again.
fn has_emptied_log(conn: &Connection) -> bool {
    let emptied = conn.busy_timeout(PATIENCE).and_then(|()| {
        conn.query_row("pragma wal_checkpoint(truncate)", [], |row| {
            row.get::<_, bool>(0).map(|busy| !busy)
        })
    });
    if let Err(error) = conn.busy_timeout(BUSY) {
        tracing::error!("the writer cannot wait for others any more: {error}");
    }
    emptied.unwrap_or(false)
}

/// Takes the write-ahead log into the file, so that the file is complete alone. Whoever else has it open at this moment
/// keeps it from being emptied; then the last one to close it does the same.
fn settle(conn: &Connection) {
    let busy = conn.query_row("pragma wal_checkpoint(truncate)", [], |row| {
        row.get::<_, bool>(0)
    });
    if let Err(error) = busy {
        tracing::warn!("the write-ahead log could not be taken into the file: {error}");
    }
}

/// Which file is written to. A name that leads to another file, or to none, means that what is written is lost.
struct Identity {
    path: PathBuf,
    file: (u64, u64),
}

impl Identity {
    fn of(path: &Path) -> io::Result<Identity> {
        let found = fs::metadata(path)?;
        Ok(Identity {
            path: path.to_owned(),
            file: (found.dev(), found.ino()),
        })
    }

    fn is_in_place(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == self.file)
    }
}

/// Runs a group of changes in one transaction; the newest event after it.
fn commit(
    conn: &Connection,
    group: &mut [Box<dyn Job>],
    erased: &Cell<bool>,
) -> rusqlite::Result<i64> {
    conn.prepare_cached("begin immediate")?.execute([])?;
    let done = changes(conn, group, erased).and_then(|head| {
        conn.prepare_cached("commit")?.execute([])?;
        Ok(head)
    });
    if done.is_err() && !conn.is_autocommit() {
        conn.execute_batch("rollback")?;
    }
    done
}

fn changes(
    conn: &Connection,
    group: &mut [Box<dyn Job>],
    erased: &Cell<bool>,
) -> rusqlite::Result<i64> {
    for job in group {
        conn.prepare_cached("savepoint change")?.execute([])?;
        let tx = Tx::new(conn);
        let kept = job.run(&tx);
        if !kept {
            conn.prepare_cached("rollback to change")?.execute([])?;
        } else if tx.erased.get() {
            erased.set(true);
        }
        conn.prepare_cached("release change")?.execute([])?;
    }
    conn.prepare_cached("select coalesce(max(id), 0) from events")?
        .query_row([], |row| row.get(0))
}

/// Whether going on could make things worse: after a failed flush Linux marks the pages clean, so trying again would
/// succeed without the data being on disk.
fn is_fatal(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}
