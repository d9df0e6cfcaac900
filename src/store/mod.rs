//! The one door to the file: readers that each see one moment of it, and the one writer.
//!
//! Every change goes through [`Store::write`], which alone makes a [`Tx`]; so a row and its event are committed together
//! or not at all. The statements about each noun live in its own room beside this one.

pub mod activity;
pub mod arrivals;
pub mod backups;
pub mod bans;
pub mod carried;
pub mod check;
pub mod clients;
pub mod comments;
pub mod desk;
pub mod entries;
pub mod icons;
pub mod import;
pub mod lists;
pub mod log;
pub mod manuscripts;
pub mod media;
mod migrate;
pub mod mine;
pub mod news;
pub mod posts;
pub mod reactions;
pub mod redirects;
pub mod related;
pub mod restore;
pub mod revisions;
pub mod search;
pub mod second_step;
pub mod series;
pub mod sessions;
pub mod settings;
pub mod snapshot;
pub mod sources;
mod sql;
pub mod standing;
pub mod tokens;
pub mod trash;
mod turns;
pub mod views;
pub mod visitors;
pub mod watched;
mod writer;

use std::cell::Cell;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};

use crate::error::{Error, Result};
use crate::model::id::EventId;
use crate::model::time::Timestamp;
use turns::Turns;
use writer::Writer;

/// The name of the blog's file in its folder.
const FILE: &str = "rowlog.db";

/// How long a connection waits for another process that writes.
const BUSY: Duration = Duration::from_secs(5);

/// Reader connections; more would only wait for each other on a small machine.
const READERS: u32 = 8;

/// A write transaction. Holding one is the proof that rows and events are recorded together.
pub struct Tx<'conn> {
    conn: &'conn Connection,
    now: Timestamp,
    /// The first event that was recorded in it.
    first: Cell<Option<EventId>>,
    /// Whether a text left the file with it.
    erased: Cell<bool>,
}

impl<'conn> Tx<'conn> {
    fn new(conn: &'conn Connection) -> Tx<'conn> {
        Tx {
            conn,
            now: Timestamp::now(),
            first: Cell::new(None),
            erased: Cell::new(false),
        }
    }

    /// Says that a text leaves the file with this transaction, and shall not stay behind in the write-ahead log.
    pub fn erases(&self) {
        self.erased.set(true);
    }

    /// The time of this transaction: one reading of the clock for all that happens in it.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn
    }
}

/// The blog's file: `rowlog.db` in the data folder.
pub struct Store {
    path: PathBuf,
    readers: r2d2::Pool<SqliteConnectionManager>,
    turns: Turns,
    writer: Writer,
    reads: AtomicU64,
}

impl Store {
    /// Opens the blog in `folder`, bringing an older file up to date; with `create`, makes one where there is none.
    ///
    /// Errors: [`Error::Refused`] with one clear line if the folder cannot be used, the file is not ours, or it was
    /// written by a newer version.
    pub fn open(folder: &Path, create: bool) -> Result<Store> {
        let path = folder.join(FILE);
        let conn = migrate::open(folder, &path, create)?;
        let manager = SqliteConnectionManager::file(&path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(|conn| configure(conn, true));
        let readers = r2d2::Pool::builder()
            .max_size(READERS)
            .min_idle(Some(0)) // none is opened behind our back, so the writer's is the last to close
            .connection_timeout(Duration::from_secs(2))
            .test_on_check_out(false)
            .build(manager)?;
        let writer = Writer::start(conn, &path)?;
        Ok(Store {
            path,
            readers,
            turns: Turns::default(),
            writer,
            reads: AtomicU64::new(0),
        })
    }

    /// Whether there is a blog in `folder`.
    pub fn exists(folder: &Path) -> bool {
        Store::file(folder).exists()
    }

    /// The file of the blog in `folder`, there or not.
    pub fn file(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// The blog's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `change` in one transaction, then wakes every follower of the log. What was committed is on disk.
    ///
    /// Errors: whatever `change` returns, and [`Error::Unavailable`] when the writer cannot take it; nothing is recorded
    /// then.
    pub async fn write<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx) -> Result<T> + Send + 'static,
    {
        self.writer.write(change).await
    }

    /// Runs `query` on one moment of the file: all that it reads belongs together.
    ///
    /// Errors: whatever `query` returns, and [`Error::Pool`] when no connection comes free.
    pub async fn read<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let pool = self.readers.clone();
        let task = tokio::task::spawn_blocking(move || {
            let mut conn = pool.get()?;
            let snapshot = conn.transaction()?;
            query(&snapshot)
        });
        task.await.map_err(|_| {
            Error::Unavailable("reading the database failed unexpectedly; please try again")
        })?
    }

    /// How often [`Store::read`] was asked.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// The newest event that this process has committed; zero if it has committed none.
    pub fn committed(&self) -> EventId {
        self.writer.head()
    }

    /// A doorbell of its own for one follower: it rings after each commit of this process.
    pub fn doorbell(&self) -> Receiver<()> {
        self.writer.doorbell()
    }

    /// A read-only connection outside of the pool, for one long-lived follower.
    pub fn follower(&self) -> Result<Connection> {
        let mut conn = Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        configure(&mut conn, true)?;
        Ok(conn)
    }
}

/// Sets what every connection needs, whoever opens it.
///
/// `synchronous = full`: with less, a power cut can take back an event id that browsers have already seen.
fn configure(conn: &mut Connection, query_only: bool) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY)?;
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
    conn.pragma_update(None, "secure_delete", true)?; // a deleted text leaves the pages it was on
    conn.pragma_update(None, "query_only", query_only)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

#[cfg(test)]
pub mod tests {
    //! A blog in a temporary folder, for the tests of the rooms beside this one.

    use super::*;

    /// A fresh blog; its folder is removed with the guard.
    pub fn store() -> (Store, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Store::open(folder.path(), true).unwrap(), folder)
    }

    #[tokio::test]
    async fn a_change_that_fails_leaves_its_neighbours_in_the_same_commit_alone() {
        let (store, _folder) = store();
        let good = store.write(|tx| {
            tx.execute("insert into settings values ('good', '1')", [])?;
            Ok(())
        });
        let bad = store.write(|tx| -> Result<()> {
            tx.execute("insert into settings values ('bad', '1')", [])?;
            Err(Error::NotFound)
        });
        let (good, bad) = tokio::join!(good, bad);
        assert!(good.is_ok() && matches!(bad, Err(Error::NotFound)));
        let keys: Vec<String> = store
            .read(|conn| {
                let mut query =
                    conn.prepare("select key from settings where key in ('good', 'bad')")?;
                let keys = query
                    .query_map([], |row| row.get(0))?
                    .collect::<rusqlite::Result<_>>()?;
                Ok(keys)
            })
            .await
            .unwrap();
        assert_eq!(keys, ["good"]);
    }

    #[tokio::test]
    async fn a_change_that_panics_harms_nobody_else() {
        let (store, _folder) = store();
        let broken = store
            .write(|_| -> Result<()> { panic!("on purpose") })
            .await;
        assert!(matches!(broken, Err(Error::Unavailable(_))));
        store
            .write(|tx| Ok(tx.execute("insert into settings values ('later', '1')", [])?))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let (store, _folder) = store();
        let attempt = store
            .read(|conn| Ok(conn.execute("insert into settings values ('x', '1')", [])?))
            .await;
        assert!(attempt.is_err());
    }
}
