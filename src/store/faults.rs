//! The register of what is wrong: each fault is said once when it begins and once when it is over, however many requests
//! meet it meanwhile.
//!
//! Whoever meets one notes it: the writer, the readers, whoever looks after the blog. The log of the server, `/health`,
//! `/metrics` and the desk all tell what stands here.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{ErrorCode, ffi};
use tokio::sync::watch;

use crate::error::{DISK_FULL, Error, LOCKED, READ_ONLY};
use crate::model::fault::{Fault, Ongoing};
use crate::model::time::Timestamp;

/// A fault of which nobody says when it is over is, when it was not met for this long.
const QUIET: Duration = Duration::from_secs(60);

/// What is wrong now.
#[derive(Debug, Default)]
pub struct Faults {
    entries: Mutex<BTreeMap<Fault, Entry>>,
    /// How often one began or was over.
    turns: watch::Sender<u64>,
}

/// A fault that was ever met.
#[derive(Debug)]
struct Entry {
    /// How often it began.
    begun: u64,
    /// When it began last, how often it was met since and when last, if it is not over.
    now: Option<(Timestamp, u64, Instant)>,
}

impl Faults {
    /// Counts a fault, and says so if it has just begun.
    pub fn note(&self, fault: Fault, cause: impl Display) {
        let mut entries = self.entries();
        let entry = entries.entry(fault).or_insert(Entry {
            begun: 0,
            now: None,
        });
        match &mut entry.now {
            Some((_, count, last)) => (*count, *last) = (*count + 1, Instant::now()),
            None => {
                entry.begun += 1;
                entry.now = Some((Timestamp::now(), 1, Instant::now()));
                let (word, said, advice) = (fault.as_str(), fault.said(), fault.advice());
                tracing::error!("fault {word} begins ({cause}). {said} {advice}");
                self.turns.send_modify(|turns| *turns += 1);
            }
        }
    }

    /// Says that a fault is over, if it was there.
    pub fn end(&self, fault: Fault) {
        let ended = self.entries().get_mut(&fault).and_then(|it| it.now.take());
        if let Some((since, count, _)) = ended {
            self.turns.send_modify(|turns| *turns += 1);
            let (word, since) = (fault.as_str(), since.rfc3339());
            tracing::info!("fault {word} is over; it was met since {since}, {count} in all");
        }
    }

    /// Notes a fault for which somebody has just looked, or that it is over.
    pub fn set(&self, fault: Fault, cause: Option<String>) {
        match cause {
            Some(cause) => self.note(fault, cause),
            None => self.end(fault),
        }
    }

    /// What was written shows that nothing is in the way any more.
    pub fn end_with_a_write(&self) {
        if self.is_refusing() {
            let over = Fault::ALL.into_iter();
            over.filter(|fault| fault.ends_with_a_write())
                .for_each(|fault| self.end(fault));
        }
    }

    /// Ends what nobody has met for a while, of those whose end nothing shows.
    pub fn end_quiet(&self) {
        for fault in [Fault::ReadFailed, Fault::IndexDamaged] {
            let last = self.entries().get(&fault).and_then(|it| it.now);
            if last.is_some_and(|(.., last)| last.elapsed() > QUIET) {
                self.end(fault);
            }
        }
    }

    /// Notes what an error of a query says about the file, if it says something.
    pub fn note_read(&self, error: &Error) {
        match kind(error) {
            Some(Fault::WriteFailed) => self.note(Fault::ReadFailed, error),
            Some(fault @ (Fault::Damaged | Fault::IndexDamaged)) => self.note(fault, error),
            _ => {}
        }
    }

    /// What changes whenever one begins or is over.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.turns.subscribe()
    }

    /// What is wrong now, the worst first.
    pub fn ongoing(&self) -> Vec<Ongoing> {
        let entries = self.entries();
        let ongoing = entries.iter().filter_map(|(fault, entry)| {
            let (since, count, _) = entry.now?;
            Some(Ongoing {
                fault: *fault,
                since,
                count,
            })
        });
        ongoing.collect()
    }

    /// How often a fault began since the start.
    pub fn begun(&self, fault: Fault) -> u64 {
        self.entries().get(&fault).map_or(0, |entry| entry.begun)
    }

    /// What keeps anyone from writing until the server is started again, if something does.
    pub fn stopping(&self) -> Option<Fault> {
        self.standing(Fault::stops_writing)
    }

    /// Whether what is written now is likely to be refused, though it may be accepted at any time again.
    pub fn is_refusing(&self) -> bool {
        self.standing(Fault::ends_with_a_write).is_some()
    }

    fn standing(&self, is_meant: impl Fn(Fault) -> bool) -> Option<Fault> {
        let entries = self.entries();
        let mut standing = entries.iter().filter(|(_, entry)| entry.now.is_some());
        standing.find_map(|(fault, _)| is_meant(*fault).then_some(*fault))
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<Fault, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an error says about the file or its disk, if it says something.
pub fn kind(error: &Error) -> Option<Fault> {
    match error {
        Error::Storage(error) => kind_of(error),
        Error::Unavailable(why) => [
            (DISK_FULL, Fault::DiskFull),
            (READ_ONLY, Fault::ReadOnly),
            (LOCKED, Fault::Locked),
        ]
        .into_iter()
        .find_map(|(said, fault)| (said == *why).then_some(fault)),
        _ => None,
    }
}

/// The same of SQLite's own word. A failed write is known not to be on the disk, so only a failed flush is fatal.
pub fn kind_of(error: &rusqlite::Error) -> Option<Fault> {
    let error = error.sqlite_error()?;
    match error.extended_code {
        ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC => return Some(Fault::FlushFailed),
        // The wal-index lies in a file as well, and finds the disk as full as the others do.
        ffi::SQLITE_IOERR_SHMSIZE => return Some(Fault::DiskFull),
        ffi::SQLITE_READONLY_DBMOVED => return Some(Fault::Gone),
        ffi::SQLITE_CORRUPT_VTAB => return Some(Fault::IndexDamaged),
        _ => {}
    }
    Some(match error.code {
        ErrorCode::DiskFull => Fault::DiskFull,
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => Fault::WriteFailed,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Fault::Damaged,
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Fault::ReadOnly,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Fault::Locked,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn a_fault_is_one_however_often_it_is_met() {
        let faults = Faults::default();
        assert!(faults.ongoing().is_empty() && !faults.is_refusing());
        for _ in 0..3 {
            faults.note(Fault::DiskFull, "no room");
        }
        let ongoing = faults.ongoing();
        assert_eq!((ongoing.len(), ongoing[0].count), (1, 3));
        assert!(faults.is_refusing() && faults.stopping().is_none());
        faults.end_with_a_write();
        assert!(faults.ongoing().is_empty());
        faults.note(Fault::DiskFull, "again");
        faults.note(Fault::Gone, "gone");
        assert_eq!(faults.begun(Fault::DiskFull), 2);
        faults.end_with_a_write();
        assert_eq!(
            faults.stopping(),
            Some(Fault::Gone),
            "a write does not bring it back"
        );
    }

    #[test]
    fn only_what_could_get_worse_stops_the_writer() {
        let kinds = [
            (ffi::SQLITE_FULL, Fault::DiskFull),
            (ffi::SQLITE_IOERR_SHMSIZE, Fault::DiskFull),
            (ffi::SQLITE_IOERR_WRITE, Fault::WriteFailed),
            (ffi::SQLITE_IOERR_FSYNC, Fault::FlushFailed),
            (ffi::SQLITE_CORRUPT, Fault::Damaged),
            (ffi::SQLITE_CORRUPT_VTAB, Fault::IndexDamaged),
            (ffi::SQLITE_NOTADB, Fault::Damaged),
            (ffi::SQLITE_READONLY_DBMOVED, Fault::Gone),
            (ffi::SQLITE_READONLY, Fault::ReadOnly),
            (ffi::SQLITE_BUSY, Fault::Locked),
        ];
        for (code, fault) in kinds {
            assert_eq!(kind_of(&answered(code)), Some(fault), "{code}");
        }
        assert_eq!(kind_of(&answered(ffi::SQLITE_CONSTRAINT)), None);
        for (code, fault) in [
            (ffi::SQLITE_FULL, Fault::DiskFull),
            (ffi::SQLITE_IOERR_SHMSIZE, Fault::DiskFull),
            (ffi::SQLITE_READONLY, Fault::ReadOnly),
            (ffi::SQLITE_BUSY, Fault::Locked),
            (ffi::SQLITE_IOERR_READ, Fault::WriteFailed),
        ] {
            assert_eq!(kind(&answered(code).into()), Some(fault), "{code}");
        }
    }

    #[test]
    fn what_a_reader_meets_is_noted_by_what_it_means() {
        let faults = Faults::default();
        for code in [
            ffi::SQLITE_IOERR_READ,
            ffi::SQLITE_BUSY,
            ffi::SQLITE_CONSTRAINT,
        ] {
            faults.note_read(&answered(code).into());
        }
        let ongoing: Vec<_> = faults.ongoing().iter().map(|it| it.fault).collect();
        assert_eq!(ongoing, [Fault::ReadFailed]);
    }
}
