//! The folder of backups: what the files in it are called, and which of them stay.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::aside;
use super::snapshot::{self, Progress, Snapshot, UNFINISHED};
use crate::error::{Error, Result};
use crate::model::backup::{Kept, Reason};
use crate::model::time::Timestamp;

/// The name of the folder in the data folder.
const FOLDER: &str = "backups";

/// Days of which the last backup stays, weeks of which it does, and how many stay of those made before something.
const DAYS: usize = 7;
const WEEKS: usize = 4;
const OTHERS: usize = 5;

/// A day, in milliseconds. A copy that was begun this long ago will not be finished.
const A_DAY: i64 = 24 * 60 * 60 * 1_000;

const STAMP: &str = "%Y-%m-%dT%H-%M-%SZ";

/// The name of a backup made for that reason at that time, such as `daily-2026-11-14T03-00-00Z.db`.
fn name(reason: Reason, at: Timestamp) -> String {
    format!("{}-{}.db", reason.as_str(), stamp(at))
}

/// A point in time as it stands in the names of files.
pub fn stamp(at: Timestamp) -> String {
    utc(at).strftime(STAMP).to_string()
}

/// The point in time of a [`stamp`].
pub fn parse_stamp(stamp: &str) -> Option<Timestamp> {
    let at = DateTime::strptime(STAMP, stamp).ok()?;
    let at = at.to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp(at.timestamp().as_millisecond()))
}

fn parse(name: &str) -> Option<(Reason, Timestamp)> {
    let name = name.strip_suffix(".db")?;
    Reason::ALL.into_iter().find_map(|reason| {
        let rest = name.strip_prefix(reason.as_str())?.strip_prefix('-')?;
        Some((reason, parse_stamp(rest)?))
    })
}

/// The backups in `folder`, newest first; none if there is no such folder. Other files are not looked at. What a wrong clock
/// has dated ahead comes last: it is not the newest of anything, and need not stay for as long as it says.
///
/// Errors: [`Error::Io`] if the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Kept>> {
    let unreadable = || format!("cannot read {}", folder.display());
    let files = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        files => files.map_err(Error::io(unreadable()))?,
    };
    let mut kept = Vec::new();
    for file in files {
        let file = file.map_err(Error::io(unreadable()))?;
        let name = file.file_name().to_string_lossy().into_owned();
        let Some((reason, at)) = parse(&name) else {
            continue;
        };
        let length = file.metadata().map_err(Error::io(unreadable()))?.len();
        kept.push(Kept {
            reason,
            at,
            length,
            name,
        });
    }
    let tomorrow = Timestamp::now().plus(A_DAY);
    kept.sort_unstable_by_key(|one| (one.at > tomorrow, Reverse(one.at)));
    Ok(kept)
}

/// Makes a verified backup of the file at `source` in `folder`, then removes those that need not stay, and what a restore
/// has put aside if that need not either.
///
/// Errors: as [`Snapshot::of`]; nothing is removed then.
pub fn make(source: &Path, folder: &Path, reason: Reason, progress: Progress) -> Result<Kept> {
    make_folder(folder)?;
    sweep(folder);
    let snapshot = Snapshot::of(source, folder, progress)?;
    let mut at = Timestamp::now();
    let mut name = name(reason, at);
    while folder.join(&name).exists() {
        at = at.plus(1_000);
        name = self::name(reason, at);
    }
    let length = snapshot.length;
    snapshot.keep(&folder.join(&name), false)?;
    for old in superfluous(&list(folder)?) {
        let old = folder.join(old);
        fs::remove_file(&old).map_err(Error::io(format!("cannot remove {}", old.display())))?;
    }
    aside::prune(&folder_of(source), at);
    Ok(Kept {
        reason,
        at,
        length,
        name,
    })
}

/// The folder of backups that belongs to the blog's file at `source`.
pub fn folder_of(source: &Path) -> PathBuf {
    snapshot::folder_of(source).join(FOLDER)
}

/// Makes a backup in the folder that belongs to the blog's file at `source`, before something is done to it.
///
/// Errors: as [`make`].
pub fn set_aside(source: &Path, reason: Reason) -> Result<PathBuf> {
    let folder = folder_of(source);
    let kept = make(source, &folder, reason, &mut snapshot::unwatched)?;
    Ok(folder.join(kept.name))
}

/// Makes the folder, which only its owner may look into.
///
/// Errors: [`Error::Io`] if it cannot be made.
pub fn make_folder(folder: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(Error::io(format!(
        "cannot make the folder {}; check its permissions",
        folder.display()
    )))
}

/// Removes copies in `folder` whose maker ended before they were finished. One that cannot be removed harms nobody.
pub fn sweep(folder: &Path) {
    let Ok(files) = fs::read_dir(folder) else {
        return;
    };
    for file in files.flatten() {
        let name = file.file_name();
        let name = name.to_string_lossy();
        let is_unfinished = name.starts_with(UNFINISHED.0) && name.contains(UNFINISHED.1);
        let age = file.metadata().and_then(|file| file.modified());
        let age = age.ok().and_then(|time| time.elapsed().ok());
        let is_old = age.is_some_and(|age| age.as_millis() > A_DAY as u128);
        if is_unfinished && is_old {
            drop(fs::remove_file(file.path()));
        }
    }
}

/// The names of those that need not stay. The last of each of the newest days and weeks does, by the calendar of UTC.
fn superfluous(newest_first: &[Kept]) -> Vec<&str> {
    let of = |reason| {
        newest_first
            .iter()
            .filter(move |kept| kept.reason == reason)
    };
    let mut stay: HashSet<&str> = HashSet::new();
    let (mut days, mut weeks) = (HashSet::new(), HashSet::new());
    for kept in of(Reason::Daily) {
        let date = utc(kept.at).date();
        let week = date.iso_week_date();
        let is_last_of_day = days.len() < DAYS && days.insert(date);
        let is_last_of_week = weeks.len() < WEEKS && weeks.insert((week.year(), week.week()));
        if is_last_of_day || is_last_of_week {
            stay.insert(&kept.name);
        }
    }
    for reason in [Reason::Migration, Reason::Import, Reason::Restore] {
        stay.extend(of(reason).take(OTHERS).map(|kept| kept.name.as_str()));
    }
    let names = newest_first.iter().map(|kept| kept.name.as_str());
    names.filter(|name| !stay.contains(name)).collect()
}

fn utc(at: Timestamp) -> jiff::Zoned {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.to_zoned(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 14 November 2026, a Saturday, 03:00 UTC.
    const START: i64 = 1_794_625_200_000;
    const HOUR: i64 = 60 * 60 * 1_000;

    fn kept(reason: Reason, hours_before: i64) -> Kept {
        let at = Timestamp(START - hours_before * HOUR);
        Kept {
            reason,
            at,
            length: 1,
            name: name(reason, at),
        }
    }

    #[test]
    fn a_name_says_why_and_when_and_is_read_back() {
        let one = kept(Reason::Migration, 0);
        assert_eq!(one.name, "before-migration-2026-11-14T03-00-00Z.db");
        for reason in Reason::ALL {
            let one = kept(reason, 30);
            assert_eq!(parse(&one.name), Some((reason, one.at)));
        }
        for other in [
            "daily.db",
            "daily-2026.db",
            "rowlog.db",
            "daily-2026-11-14T03-00-00Z.db-wal",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn what_a_wrong_clock_dated_ahead_comes_last() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::now();
        let names = [0, -1, -2, 400, 399].map(|days| name(Reason::Daily, now.plus(days * A_DAY)));
        for name in names.iter().rev() {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let listed = list(folder.path()).unwrap();
        let listed: Vec<_> = listed.into_iter().map(|kept| kept.name).collect();
        assert_eq!(listed, names);
    }

    #[test]
    fn seven_days_and_four_weeks_stay() {
        // Two a day for ten weeks.
        let all: Vec<Kept> = (0..140).map(|n| kept(Reason::Daily, n * 12)).collect();
        let gone: HashSet<&str> = superfluous(&all).into_iter().collect();
        let stay = all.iter().filter(|one| !gone.contains(one.name.as_str()));
        let stay: Vec<String> = stay.map(|one| one.name[6..16].to_owned()).collect();
        let expected = [
            "2026-11-14",
            "2026-11-13",
            "2026-11-12",
            "2026-11-11",
            "2026-11-10",
            "2026-11-09",
            "2026-11-08", // a Sunday: the seventh day, and the last of its week
            "2026-11-01",
            "2026-10-25",
        ];
        assert_eq!(stay, expected);
    }

    #[test]
    fn the_last_few_stay_of_those_made_before_something() {
        let all: Vec<Kept> = (0..8).map(|n| kept(Reason::Import, n)).collect();
        let last: Vec<&str> = all[5..].iter().map(|one| one.name.as_str()).collect();
        assert_eq!(superfluous(&all), last);
    }
}
