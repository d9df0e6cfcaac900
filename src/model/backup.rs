//! A backup that is kept, and how the backups of a blog stand.

use super::time::Timestamp;

/// Why a backup was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A day has gone by.
    Daily,
    /// The file was about to be brought up to date.
    Migration,
    /// Posts were about to be imported.
    Import,
    /// Another file was about to take its place.
    Restore,
}

impl Reason {
    /// Every one.
    pub const ALL: [Reason; 4] = [
        Reason::Daily,
        Reason::Migration,
        Reason::Import,
        Reason::Restore,
    ];

    /// What the name of the file begins with.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Daily => "daily",
            Reason::Migration => "before-migration",
            Reason::Import => "before-import",
            Reason::Restore => "before-restore",
        }
    }
}

/// A verified backup in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Why it was made.
    pub reason: Reason,
    /// When, to the second.
    pub at: Timestamp,
    /// Bytes.
    pub length: u64,
    /// Its name in the folder.
    pub name: String,
}

/// How the backups of a blog stand.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Whether the server makes them.
    pub on: bool,
    /// The newest daily one.
    pub last: Option<Kept>,
    /// When the last attempt failed, if it did.
    pub failed: Option<Timestamp>,
    /// Bytes that the disk of the blog has left.
    pub free: Option<u64>,
}

/// A day and a half, in milliseconds: a daily backup that is older was missed.
const STALE: i64 = 36 * 60 * 60 * 1_000;

impl Standing {
    /// The word of `/health`: `off`, `none` yet, `good`, `stale` or `failed`.
    pub fn word(&self, now: Timestamp) -> &'static str {
        match &self.last {
            _ if !self.on => "off",
            _ if self.failed.is_some() => "failed",
            None => "none",
            Some(last) if last.at.plus(STALE) < now => "stale",
            Some(_) => "good",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_that_was_missed_is_told_from_a_good_one() {
        let kept = Kept {
            reason: Reason::Daily,
            at: Timestamp(0),
            length: 1,
            name: String::new(),
        };
        let mut standing = Standing {
            on: true,
            last: None,
            failed: None,
            free: None,
        };
        assert_eq!(standing.word(Timestamp(1)), "none");
        standing.last = Some(kept);
        assert_eq!(standing.word(Timestamp(STALE)), "good");
        assert_eq!(standing.word(Timestamp(STALE + 1)), "stale");
        standing.failed = Some(Timestamp(1));
        assert_eq!(standing.word(Timestamp(2)), "failed");
        standing.on = false;
        assert_eq!(standing.word(Timestamp(2)), "off");
    }
}
