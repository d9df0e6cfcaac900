//! What a restore has put aside because it could not be read: its name in the folder of backups, and how long it stays.
//!
//! Perhaps somebody can still rescue something from it, so it is no file to be removed lightly: only where a newer backup of
//! the blog has just been verified, where nobody has come for it in four weeks, and never the newest two.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::backups::{parse_stamp, stamp};
use super::snapshot::beside;
use crate::model::time::Timestamp;

/// What the names begin with.
const UNREADABLE: &str = "unreadable-";

/// A file, and the write-ahead log that it may have, or that may be all there is.
const ENDINGS: [&str; 2] = [".db", ".db-wal"];

/// How many stay however old they are, and for how long the others do, in milliseconds.
const ALWAYS: usize = 2;
const FOUR_WEEKS: i64 = 28 * 24 * 60 * 60 * 1_000;

/// A free name in `folder`, such as `unreadable-2026-11-14T03-00-00Z.db`.
pub fn free_place(folder: &Path) -> PathBuf {
    let place = |at| folder.join(format!("{UNREADABLE}{}.db", stamp(at)));
    let mut at = Timestamp::now();
    while place(at).exists() || beside(&place(at), "-wal").exists() {
        at = at.plus(1_000);
    }
    place(at)
}

/// Removes what need not stay in `folder`, where a backup of `now` has been verified. What cannot be removed is met again the
/// next time.
pub fn prune(folder: &Path, now: Timestamp) {
    let Ok(files) = fs::read_dir(folder) else {
        return;
    };
    let names = files.flatten().map(|file| file.file_name());
    let put_aside: BTreeSet<_> = names.filter_map(|name| parse(name.to_str()?)).collect();
    for at in superfluous(&put_aside, now) {
        for ending in ENDINGS {
            let old = folder.join(format!("{UNREADABLE}{}{ending}", stamp(at)));
            if fs::remove_file(&old).is_ok() {
                tracing::info!(
                    "removed {}, put aside more than four weeks ago",
                    old.display()
                );
            }
        }
    }
}

fn parse(name: &str) -> Option<Timestamp> {
    let rest = name.strip_prefix(UNREADABLE)?;
    let ended = |ending: &&str| rest.strip_suffix(*ending);
    parse_stamp(ENDINGS.iter().find_map(ended)?)
}

/// Those of which nothing need stay. What a wrong clock has dated ahead counts as one of the newest.
fn superfluous(put_aside: &BTreeSet<Timestamp>, now: Timestamp) -> Vec<Timestamp> {
    let older = put_aside.iter().rev().skip(ALWAYS);
    older
        .filter(|at| at.plus(FOUR_WEEKS) <= now)
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_794_625_200_000); // to the second, as names are

    fn weeks_ago(weeks: i64) -> Timestamp {
        NOW.plus(-weeks * 7 * 24 * 60 * 60 * 1_000)
    }

    #[test]
    fn the_newest_two_stay_and_others_for_four_weeks() {
        let gone = |weeks: &[i64]| {
            let put_aside = weeks.iter().map(|weeks| weeks_ago(*weeks)).collect();
            superfluous(&put_aside, NOW)
        };
        assert_eq!(gone(&[]), []);
        assert_eq!(gone(&[50, 100]), []);
        assert_eq!(gone(&[0, 1, 2, 3]), []);
        assert_eq!(gone(&[0, 1, 3, 4, 9]), [weeks_ago(4), weeks_ago(9)]);
        assert_eq!(gone(&[-900, -100, 3]), [], "it is not four weeks old");
    }

    #[test]
    fn a_file_goes_with_its_log_and_what_is_something_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let place = |weeks| format!("{UNREADABLE}{}.db", stamp(weeks_ago(weeks)));
        let log = |weeks| format!("{}-wal", place(weeks));
        let stay = [place(5), log(6), "unreadable-notes.db".into()];
        for name in stay.iter().chain(&[place(7), log(7), log(8)]) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        prune(folder.path(), NOW);
        let left = fs::read_dir(folder.path()).unwrap();
        let left: BTreeSet<_> = left.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left, stay.map(Into::into).into());
        prune(&folder.path().join("none"), NOW);
    }
}
