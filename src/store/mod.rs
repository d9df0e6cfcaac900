//! The one door to the file: readers that each see one moment of it, and the one writer.
//!
//! Every change goes through [`Store::write`], which alone makes a [`Tx`]; so a row and its event are committed together
//! or not at all. The statements about each noun live in its own room beside this one.

pub mod activity;
mod answer;
pub mod arrivals;
mod aside;
pub mod backups;
pub mod bans;
pub mod carried;
pub mod changes;
pub mod check;
pub mod clients;
pub mod comments;
pub mod copy;
pub mod desk;
pub mod entries;
pub mod faults;
pub mod icons;
pub mod identity;
pub mod import;
pub mod lists;
pub mod log;
pub mod manuscripts;
pub mod media;
mod migrate;
pub mod mine;
pub mod news;
pub mod others;
pub mod places;
pub mod posts;
pub mod reactions;
mod readers;
pub mod recovery;
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
mod tx;
pub mod views;
pub mod visitors;
mod wal;
pub mod watched;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::error::{Error, Result};
use crate::model::id::EventId;
use answer::{Answer, boxed, unboxed};
use changes::Changes;
use faults::Faults;
use readers::{Readers, moment};
use writer::{Figures, Pulse, Told, Writer};

pub use readers::Lookout;
pub use tx::Tx;

/// The name of the blog's file in its folder.
const FILE: &str = "rowlog.db";

/// A query on its way to a connection.
type Query = Box<dyn FnOnce(&Connection) -> Result<Answer> + Send>;

/// How long a connection waits for another process that writes.
const BUSY: Duration = Duration::from_secs(5);

/// The blog's file: `rowlog.db` in the data folder.
pub struct Store {
    path: PathBuf,
    readers: Arc<Readers>,
    reads: AtomicU64,
    pulse: Arc<Pulse>,
    changes: Arc<Changes>,
    faults: Arc<Faults>,
    /// None where the file is a copy that another program writes to.
    writer: Option<Writer>,
}

impl Store {
    /// Opens the blog in `folder`, bringing an older file up to date; with `create`, makes one where there is none.
    ///
    /// Errors: [`Error::Refused`] with one clear line if the folder cannot be used, the file is not ours, or it was
    /// written by a newer version.
    pub fn open(folder: &Path, create: bool) -> Result<Store> {
        let path = folder.join(FILE);
        copy::refuse(&path)?;
        let conn = migrate::open(folder, &path, create)?;
        let readers = Arc::new(Readers::of_own(&path)?);
        let (pulse, changes) = (Arc::<Pulse>::default(), Arc::<Changes>::default());
        let faults = Arc::<Faults>::default();
        let told = Told {
            pulse: pulse.clone(),
            changes: changes.clone(),
            faults: faults.clone(),
        };
        let writer = Writer::start(conn, &path, told)?;
        Ok(Store {
            path,
            readers,
            reads: AtomicU64::new(0),
            pulse,
            changes,
            faults,
            writer: Some(writer),
        })
    }

    /// Opens the copy in `folder`, which another program keeps up to date. It cannot be written to.
    ///
    /// Errors: as [`copy::prepare`].
    pub fn of_copy(folder: &Path) -> Result<Store> {
        let path = folder.join(FILE);
        Ok(Store {
            readers: Arc::new(Readers::of_copy(&path)?),
            path,
            reads: AtomicU64::new(0),
            pulse: Arc::default(),
            changes: Arc::default(),
            faults: Arc::default(),
            writer: None,
        })
    }

    /// Whether the file is a copy that another program keeps up to date.
    pub fn is_copy(&self) -> bool {
        self.writer.is_none()
    }

    /// Whether there is a blog in `folder` that opening brings up to date.
    pub fn is_older(folder: &Path) -> bool {
        migrate::is_older(&Store::file(folder))
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
        self.writer()?.write(change).await
    }

    /// The same with a change that many make at once. It may be run more than once before anything is kept of it, and must
    /// do the same each time; so no savepoint is needed for it.
    ///
    /// Errors: as [`Store::write`].
    pub async fn write_repeatable<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Tx) -> Result<T> + Send + 'static,
    {
        self.writer()?.write_repeatable(change).await
    }

    fn writer(&self) -> Result<&Writer> {
        let copy = Error::Unavailable("this is a copy of the blog, which is only read");
        self.writer.as_ref().ok_or(copy)
    }

    /// Runs `query` on one moment of the file: all that it reads belongs together.
    ///
    /// Errors: whatever `query` returns, and [`Error::Pool`] when no connection comes free.
    pub async fn read<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let answer = self.look_up(Box::new(move |conn| boxed(query(conn))));
        Ok(unboxed(answer.await?))
    }

    async fn look_up(&self, query: Query) -> Result<Answer> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let (pool, is_copy) = (self.readers.pool(), self.is_copy());
        let faults = self.faults.clone();
        let task = tokio::task::spawn_blocking(move || {
            let read = || {
                let conn = pool.get()?;
                let snapshot = moment(&conn, is_copy)?;
                query(&snapshot)
            };
            read().inspect_err(|error| faults.note_read(error))
        });
        task.await.map_err(|_| {
            Error::Unavailable("reading the database failed unexpectedly; please try again")
        })?
    }

    /// How often [`Store::read`] was asked.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// What is wrong with the file, its disk, or whatever else somebody noted.
    pub fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }

    /// What the writer has done and has to do.
    pub fn figures(&self) -> Figures {
        let writer = self.writer.as_ref();
        writer.map(Writer::figures).unwrap_or_default()
    }

    /// Whether the name of the file that is written to still leads to it.
    pub fn is_in_place(&self) -> bool {
        self.writer.as_ref().is_none_or(Writer::is_in_place)
    }

    /// The newest event that this process has committed; zero if it has committed none.
    pub fn committed(&self) -> EventId {
        self.pulse.head()
    }

    /// What has changed since this process began.
    pub fn changes(&self) -> &Arc<Changes> {
        &self.changes
    }

    /// A doorbell of its own for one follower: it rings after each commit of this process.
    pub fn doorbell(&self) -> Receiver<()> {
        self.pulse.doorbell()
    }

    /// A read-only connection outside of the pool.
    pub fn connection(&self) -> Result<Connection> {
        self.readers.single()
    }

    /// The same for one long-lived follower, who goes over to a copy that is made anew.
    pub fn lookout(&self) -> Result<Lookout> {
        Lookout::new(self.readers.clone())
    }
}

/// Sets what every connection needs, whoever opens it.
///
/// `synchronous = full`: with less, a power cut can take back an event id that browsers have already seen.
fn configure(conn: &mut Connection, query_only: bool) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY)?;
    // Without it, a statement with a bound `limit` is prepared anew each time that it is used.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
    conn.pragma_update(None, "secure_delete", true)?; // a deleted text leaves the pages it was on
    conn.pragma_update(None, "query_only", query_only)?;
    if !query_only {
        // What a change that fails would put back is kept in memory: in a file, it would make and remove one for every group.
        conn.pragma_update(None, "temp_store", "memory")?;
    }
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
