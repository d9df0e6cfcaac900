//! Backups that nobody has to think of: when one is due, and what the last one came to.
//!
//! How a copy is made and verified is known to `store::snapshot`, which of them stay to `store::backups`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::model::backup::{Kept, Reason, Standing};
use crate::model::time::Timestamp;
use crate::store::backups;
use crate::store::log;
use crate::store::snapshot::{Progress, Snapshot, beside, folder_of, unwatched};

/// Milliseconds from one backup to the next, and from one that failed to the next attempt.
const EVERY: i64 = 24 * 60 * 60 * 1_000;
const AGAIN: i64 = 60 * 60 * 1_000;

/// A blog whose log is younger than this, in milliseconds, has nothing to lose yet.
const YOUNG: i64 = 60 * 60 * 1_000;

/// Where a server's daily backups go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Into `backups` in the data folder.
    #[default]
    Beside,
    /// Into a folder, such as one on another disk.
    Folder(PathBuf),
    /// Nowhere: somebody else takes care.
    Off,
}

impl Place {
    /// The place of a word: `off`, or the path of a folder.
    pub fn parse(word: &str) -> Place {
        match word {
            "off" => Place::Off,
            path => Place::Folder(path.into()),
        }
    }
}

/// Keeps the daily backups of one file.
pub struct Keeper {
    source: PathBuf,
    folder: Option<PathBuf>,
    failed: Mutex<Option<(Timestamp, String)>>,
    /// Held while somebody makes a copy on request: one at a time is enough for any disk.
    busy: tokio::sync::Mutex<()>,
}

impl Keeper {
    /// The keeper of the file at `source`.
    pub fn new(source: &Path, place: Place) -> Keeper {
        let folder = match place {
            Place::Beside => Some(backups::folder_of(source)),
            Place::Folder(folder) => Some(folder),
            Place::Off => None,
        };
        Keeper {
            source: source.to_owned(),
            folder,
            failed: Mutex::default(),
            busy: tokio::sync::Mutex::default(),
        }
    }

    /// Whether it is time for the next backup of the blog that `conn` reads.
    ///
    /// Errors: what the store answers.
    pub fn is_due(&self, conn: &Connection, now: Timestamp) -> Result<bool> {
        let Some(folder) = &self.folder else {
            return Ok(false);
        };
        let failed = self.failed().as_ref().map(|(at, _)| *at);
        if failed.is_some_and(|at| !is_past(at, AGAIN, now)) {
            return Ok(false);
        }
        match last(folder) {
            Ok(Some(kept)) if is_past(kept.at, EVERY, now) => Ok(true),
            Ok(Some(_)) => {
                *self.failed() = None; // what was in the way is not any more
                Ok(false)
            }
            Ok(None) => {
                let first = log::oldest(conn)?;
                Ok(first.is_some_and(|at| at.plus(YOUNG) < now))
            }
            Err(_) => Ok(true), // the folder cannot be read: trying says why, and is remembered
        }
    }

    /// Makes the daily backup now. Blocks until it is made.
    ///
    /// Errors: as [`backups::make`]; they are remembered for [`Keeper::standing`] as well.
    pub fn keep(&self, progress: Progress) -> Result<Kept> {
        let Some(folder) = &self.folder else {
            return Err(Error::Refused("backups are turned off".into()));
        };
        backups::sweep(&self.room());
        let kept = backups::make(&self.source, folder, Reason::Daily, progress);
        let failure = kept.as_ref().err();
        *self.failed() = failure.map(|error| (Timestamp::now(), error.to_string()));
        kept
    }

    /// How the backups stand.
    ///
    /// Errors: none. What cannot be found out is left open.
    pub fn standing(&self) -> Standing {
        let failed = self.failed().clone();
        Standing {
            on: self.folder.is_some(),
            last: self.folder.as_deref().and_then(|folder| last(folder).ok()?),
            failed: failed.map(|(at, _)| at),
            free: free(&folder_of(&self.source)),
            length: length(&self.source) + length(&beside(&self.source, "-wal")),
            at: Timestamp::now(),
        }
    }

    /// A verified copy of the file as it is now, for whoever asked. Blocks until it is made.
    ///
    /// Errors: as [`Snapshot::of`], and [`Error::Unavailable`] while another is being made.
    pub fn copy(&self) -> Result<Snapshot> {
        let _alone = self.alone()?;
        let folder = folder_of(&self.source);
        Snapshot::of(&self.source, &folder, &mut unwatched)
    }

    /// The right to make something large on request.
    ///
    /// Errors: [`Error::Unavailable`] while somebody else has it.
    pub fn alone(&self) -> Result<tokio::sync::MutexGuard<'_, ()>> {
        let busy = "another copy of the blog is being made; please try again in a moment";
        self.busy.try_lock().map_err(|_| Error::Unavailable(busy))
    }

    /// The data folder, where what is made on request lies until it is sent.
    pub fn room(&self) -> PathBuf {
        folder_of(&self.source)
    }

    fn failed(&self) -> MutexGuard<'_, Option<(Timestamp, String)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The newest daily backup in a folder.
fn last(folder: &Path) -> Result<Option<Kept>> {
    let mut kept = backups::list(folder)?.into_iter();
    Ok(kept.find(|kept| kept.reason == Reason::Daily))
}

/// Whether `after` milliseconds have gone by. A time that lies further ahead than that is the word of a wrong clock.
fn is_past(then: Timestamp, after: i64, now: Timestamp) -> bool {
    then.plus(after) <= now || now.plus(after) <= then
}

/// The bytes of a file; none if it is not there.
pub fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// The bytes that may still be written to the disk of a folder.
fn free(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;
    use crate::store::{Tx, posts};

    #[tokio::test]
    async fn a_backup_is_due_once_a_day_and_an_hour_after_a_failure() {
        let (store, folder) = store();
        let keeper = Keeper::new(store.path(), Place::Beside);
        let due = |keeper: &Keeper, later: i64| {
            let mut lookout = store.lookout().unwrap();
            let conn = lookout.moment().unwrap();
            keeper.is_due(&conn, Timestamp::now().plus(later)).unwrap()
        };
        assert!(
            !due(&keeper, 2 * YOUNG),
            "of a blog in which nothing happened"
        );
        let something = |tx: &Tx| {
            let (kind, audience) = (
                crate::model::event::Kind::ImportApplied,
                crate::model::event::Audience::Owner,
            );
            assert!(!posts::any(tx)?);
            log::append(tx, kind, None, 1, audience, None)
        };
        store.write(something).await.unwrap();
        assert!(!due(&keeper, 0) && due(&keeper, 2 * YOUNG));
        keeper.keep(&mut unwatched).unwrap();
        assert!(!due(&keeper, 2 * YOUNG) && due(&keeper, EVERY));
        assert!(due(&keeper, -2 * EVERY), "the clock was wrong");
        let standing = keeper.standing();
        assert!(standing.last.is_some() && standing.failed.is_none());
        assert!(standing.free > Some(0));

        let mut broken = |_, _| Err(Error::NotFound);
        keeper.keep(&mut broken).unwrap_err();
        assert!(keeper.standing().failed.is_some());
        assert!(!due(&keeper, AGAIN / 2));
        keeper.keep(&mut unwatched).unwrap();
        assert_eq!(keeper.standing().failed, None);
        let off = Keeper::new(store.path(), Place::parse("off"));
        assert!(!due(&off, 3 * EVERY) && !off.standing().on);
        drop(folder);
    }
}
