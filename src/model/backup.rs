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
    /// Bytes of the blog's file and the log beside it.
    pub length: u64,
    /// When all this was so.
    pub at: Timestamp,
}

/// Bytes that should be free on the disk of the blog, or as many as its file has, for the next backup.
const LITTLE: u64 = 100 << 20;

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

    /// Whether there is too little room for the next backup, and soon for anything.
    pub fn is_short_of_room(&self) -> bool {
        self.free.is_some_and(|free| free < LITTLE.max(self.length))
    }

    /// Whether somebody who was told of `other` need not be told of this: sizes differ by less than a tenth.
    pub fn is_much_like(&self, other: &Standing) -> bool {
        let is_near = |one: u64, other: u64| one.abs_diff(other) <= one.max(other) / 10;
        let words = [self, other].map(|it| (it.word(it.at), it.is_short_of_room(), &it.last));
        words[0] == words[1]
            && is_near(self.length, other.length)
            && match (self.free, other.free) {
                (Some(free), Some(then)) => is_near(free, then),
                (free, then) => free == then,
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
            length: 0,
            at: Timestamp(1),
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

    #[test]
    fn what_changes_by_less_than_a_tenth_is_no_news_unless_room_becomes_scarce() {
        let standing = |free: u64, length: u64, at: i64| Standing {
            on: true,
            last: Some(Kept {
                reason: Reason::Daily,
                at: Timestamp(0),
                length: 1,
                name: String::new(),
            }),
            failed: None,
            free: Some(free),
            length,
            at: Timestamp(at),
        };
        let then = standing(1 << 30, 100 << 20, 0);
        assert!(then.is_much_like(&standing(1_000 << 20, 105 << 20, STALE)));
        assert!(!then.is_much_like(&standing(900 << 20, 100 << 20, 0)));
        assert!(!then.is_much_like(&standing(1 << 30, 150 << 20, 0)));
        assert!(!then.is_much_like(&standing(1 << 30, 100 << 20, STALE + 1)));
        let (enough, short) = (standing(LITTLE, 1, 0), standing(LITTLE - 1, 1, 0));
        assert!(short.is_short_of_room() && !enough.is_short_of_room());
        assert!(!enough.is_much_like(&short));
        assert!(standing(LITTLE, LITTLE + 1, 0).is_short_of_room());
    }
}
