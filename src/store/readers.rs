//! Connections for those who read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags, Transaction};

use super::identity::Identity;
use super::{configure, copy};
use crate::error::{Error, Result};

/// Reader connections; more would only wait for each other on a small machine.
const READERS: u32 = 8;

type Pool = r2d2::Pool<SqliteConnectionManager>;

/// A pool of connections to one file: our own, or a copy, which may be replaced by a newer one at any time.
pub struct Readers {
    path: PathBuf,
    pool: Mutex<Pool>,
    /// Which file a copy is.
    copy: Option<Mutex<Identity>>,
}

impl Readers {
    /// Readers of the file at `path`, which this process writes to.
    pub fn of_own(path: &Path) -> Result<Readers> {
        Ok(Readers {
            path: path.to_owned(),
            pool: Mutex::new(own(path)?),
            copy: None,
        })
    }

    /// Readers of the copy at `path`.
    ///
    /// Errors: as [`copy::prepare`].
    pub fn of_copy(path: &Path) -> Result<Readers> {
        let (file, pool) = open_copy(path)?;
        Ok(Readers {
            path: path.to_owned(),
            pool: Mutex::new(pool),
            copy: Some(Mutex::new(file)),
        })
    }

    /// Whether it is a copy that is read.
    pub fn is_of_copy(&self) -> bool {
        self.copy.is_some()
    }

    /// The pool of the file that is there now.
    pub fn pool(&self) -> Pool {
        lock(&self.pool).clone()
    }

    /// A connection outside of the pool.
    pub fn single(&self) -> Result<Connection> {
        let mut conn = Connection::open_with_flags(&self.path, flags(self.is_of_copy()))?;
        configure(&mut conn, true)?;
        Ok(conn)
    }

    /// Goes over to the copy that has taken the place of the one that is open, if one has; a connection to it outside of the
    /// pool. Until it is there and can be read, the old one goes on.
    fn renew(&self) -> Result<Option<Connection>> {
        let Some(copy) = &self.copy else {
            return Ok(None);
        };
        let mut known = lock(copy);
        if known.is_in_place() || !copy::is_there(&self.path) {
            return Ok(None);
        }
        let (file, pool) = open_copy(&self.path)?;
        let single = self.single()?;
        *lock(&self.pool) = pool;
        *known = file;
        tracing::info!("the copy was replaced by another one, which is read from now on");
        Ok(Some(single))
    }
}

/// A connection that looks at the file again and again.
pub struct Lookout {
    readers: Arc<Readers>,
    conn: Connection,
}

impl Lookout {
    /// One that looks at what these readers read.
    pub fn new(readers: Arc<Readers>) -> Result<Lookout> {
        Ok(Lookout {
            conn: readers.single()?,
            readers,
        })
    }

    /// One moment of the file, as it is now.
    ///
    /// Errors: as [`moment`].
    pub fn moment(&mut self) -> Result<Transaction<'_>> {
        if let Some(conn) = self.readers.renew()? {
            self.conn = conn;
        }
        moment(&self.conn, self.readers.is_of_copy())
    }
}

/// One moment of the file: what is read in it belongs together.
///
/// Errors: what SQLite answers, and of a copy as [`copy::moment`].
pub fn moment(conn: &Connection, is_copy: bool) -> Result<Transaction<'_>> {
    match is_copy {
        false => Ok(conn.unchecked_transaction()?),
        true => copy::moment(conn),
    }
}

fn flags(is_copy: bool) -> OpenFlags {
    let mode = match is_copy {
        false => OpenFlags::SQLITE_OPEN_READ_WRITE,
        true => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    mode | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn manager(path: &Path, is_copy: bool) -> SqliteConnectionManager {
    SqliteConnectionManager::file(path)
        .with_flags(flags(is_copy))
        .with_init(|conn| configure(conn, true))
}

fn builder() -> r2d2::Builder<SqliteConnectionManager> {
    r2d2::Pool::builder()
        .max_size(READERS)
        .connection_timeout(Duration::from_secs(2))
        .test_on_check_out(false)
}

/// None is opened behind our back, so that the writer's is the last to close.
fn own(path: &Path) -> Result<Pool> {
    Ok(builder().min_idle(Some(0)).build(manager(path, false))?)
}

/// All are opened at once and for good: while the copy is made anew its name leads nowhere.
fn open_copy(path: &Path) -> Result<(Identity, Pool)> {
    copy::prepare(path)?;
    let unseen = Error::io(format!("cannot look at {}", path.display()));
    let file = Identity::of(path).map_err(unseen)?;
    let pool = builder()
        .min_idle(Some(READERS))
        .max_lifetime(None)
        .idle_timeout(None)
        .build(manager(path, true))?;
    Ok((file, pool))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
