//! What can be wrong with a blog while it runs, and how its owner is told.

use super::time::Timestamp;

/// One thing that can be wrong for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A flush failed: nobody knows any more what is on the disk. Ends with the process.
    FlushFailed,
    /// A page of the file is not what it was. Ends with the process.
    Damaged,
    /// The name of the file leads to another one, or to none. Ends with the process.
    Gone,
    /// Another file was copied over it. Ends with the process.
    Overwritten,
    /// There is no room for what is to be written.
    DiskFull,
    /// The disk answers a write with an error.
    WriteFailed,
    /// The disk answers a read with an error.
    ReadFailed,
    /// The file may not be written.
    ReadOnly,
    /// Another program has held the file for longer than anyone waits.
    Locked,
    /// The search index is damaged; everything else is whole.
    IndexDamaged,
    /// The write-ahead log cannot be kept small.
    LogLarge,
    /// Soon there will be no room.
    SpaceLow,
    /// The last backup could not be made.
    BackupFailed,
    /// There was no backup for too long.
    BackupStale,
    /// The clock shows a time before what has already happened.
    ClockBehind,
    /// No connection is left for newcomers.
    Crowded,
}

impl Fault {
    /// Every one, the worst first.
    pub const ALL: [Fault; 16] = [
        Fault::FlushFailed,
        Fault::Damaged,
        Fault::Gone,
        Fault::Overwritten,
        Fault::DiskFull,
        Fault::WriteFailed,
        Fault::ReadFailed,
        Fault::ReadOnly,
        Fault::Locked,
        Fault::IndexDamaged,
        Fault::LogLarge,
        Fault::SpaceLow,
        Fault::BackupFailed,
        Fault::BackupStale,
        Fault::ClockBehind,
        Fault::Crowded,
    ];

    /// The word in `/health` and `/metrics`.
    pub fn as_str(self) -> &'static str {
        match self {
            Fault::FlushFailed => "flush-failed",
            Fault::Damaged => "damaged",
            Fault::Gone => "gone",
            Fault::Overwritten => "overwritten",
            Fault::DiskFull => "disk-full",
            Fault::WriteFailed => "write-failed",
            Fault::ReadFailed => "read-failed",
            Fault::ReadOnly => "read-only",
            Fault::Locked => "locked",
            Fault::IndexDamaged => "index-damaged",
            Fault::LogLarge => "log-large",
            Fault::SpaceLow => "space-low",
            Fault::BackupFailed => "backup-failed",
            Fault::BackupStale => "backup-stale",
            Fault::ClockBehind => "clock-behind",
            Fault::Crowded => "crowded",
        }
    }

    /// What is wrong, as a sentence.
    pub fn said(self) -> &'static str {
        match self {
            Fault::FlushFailed => "Writing has stopped: a flush to the disk failed.",
            Fault::Damaged => "Writing has stopped: the file is damaged.",
            Fault::Gone => "Writing has stopped: the file was removed or replaced.",
            Fault::Overwritten => "Writing has stopped: another file was copied over the blog's.",
            Fault::DiskFull => "The disk is full.",
            Fault::WriteFailed => "The disk refuses what is written.",
            Fault::ReadFailed => "The disk refuses to be read.",
            Fault::ReadOnly => "The file cannot be written.",
            Fault::Locked => "Another program holds the file.",
            Fault::IndexDamaged => "The search index is damaged.",
            Fault::LogLarge => "The write-ahead log has grown too large.",
            Fault::SpaceLow => "Little room is left on the disk.",
            Fault::BackupFailed => "The last backup failed.",
            Fault::BackupStale => "No backup was made for more than a day.",
            Fault::ClockBehind => "The clock of this machine is behind what has already happened.",
            Fault::Crowded => "All connections are taken.",
        }
    }

    /// What it means, and what to do.
    pub fn advice(self) -> &'static str {
        match self {
            Fault::FlushFailed => {
                "Look at the disk, then restart the server. What was acknowledged before is kept."
            }
            Fault::Damaged => "Stop the server, keep a copy of the folder and restore a backup.",
            Fault::Gone => "Put the file back and restart the server.",
            Fault::Overwritten => {
                "Stop the server, then put the backup back with rowlog restore: it takes the log of the old file out of its way."
            }
            Fault::DiskFull => {
                "Nothing can be written; everything can be read. Make room, and it goes on by itself."
            }
            Fault::WriteFailed => {
                "Nothing can be written; everything can be read. It is tried on; look at the disk."
            }
            Fault::ReadFailed => "Some pages are errors. Look at the disk, and keep a backup safe.",
            Fault::ReadOnly => {
                "Check the permissions of the file and its folder, and whether the disk is mounted read-only."
            }
            Fault::Locked => "Nothing can be written until it lets go; everything can be read.",
            Fault::IndexDamaged => "Stop the server and run rowlog reindex.",
            Fault::LogLarge => {
                "Something reads an old moment of the file for long, or the file cannot grow."
            }
            Fault::SpaceLow => "Make room before the disk is full, for the next backup as well.",
            Fault::BackupFailed => {
                "Is the disk full, or its folder not to be written? It is tried again within the hour."
            }
            Fault::BackupStale => {
                "One is made every day while the server runs; its log says why not."
            }
            Fault::ClockBehind => {
                "The order of events does not depend on it, but dates do, and what is scheduled waits. Set the clock."
            }
            Fault::Crowded => "Newcomers wait. Allow the process more open files (ulimit -n).",
        }
    }

    /// Whether going on to write could make it worse. Source: security, section 1: after a failed flush Linux marks the
    /// pages clean, so that trying again would succeed without the data being on disk.
    pub fn stops_writing(self) -> bool {
        matches!(
            self,
            Fault::FlushFailed | Fault::Damaged | Fault::Gone | Fault::Overwritten
        )
    }

    /// Whether the next change that is written shows that it is over.
    pub fn ends_with_a_write(self) -> bool {
        matches!(
            self,
            Fault::DiskFull | Fault::WriteFailed | Fault::ReadOnly | Fault::Locked
        )
    }
}

/// A fault that has begun and is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ongoing {
    /// What is wrong.
    pub fault: Fault,
    /// When it was noticed first.
    pub since: Timestamp,
    /// How often it was met since.
    pub count: u64,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_fault_has_a_word_and_a_sentence_of_its_own() {
        let words: HashSet<_> = Fault::ALL.map(Fault::as_str).into();
        let said: HashSet<_> = Fault::ALL.map(Fault::said).into();
        assert_eq!(
            (words.len(), said.len()),
            (Fault::ALL.len(), Fault::ALL.len())
        );
        for fault in Fault::ALL {
            assert!(fault.said().ends_with('.') && fault.advice().ends_with('.'));
            assert!(!(fault.stops_writing() && fault.ends_with_a_write()));
        }
    }
}
