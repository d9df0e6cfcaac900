//! Whether the file and the write-ahead log beside it belong together, asked before anything is written into either.
//!
//! After a crash the log holds what the file does not have yet, and SQLite takes it in by itself. But it does so with any log
//! of that name: if somebody has copied a backup over the file meanwhile, a log of another history would be taken into it.
//!
//! A check of the whole file tells, and takes as long as the file is large. A large file of which nothing speaks against the
//! log is therefore served at once and checked meanwhile ([`crate::checkup`]); a note beside it says that this is not done yet,
//! so that it is not forgotten by a server that ends before.

use std::fs::{self, Metadata, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::snapshot::beside;
use super::{FILE, backups, check, configure};
use crate::error::{Error, Result};

/// Bytes of a file that is checked in less time than anyone notices.
const SMALL: u64 = 16 << 20;

/// The name of the note that the file is still to be checked, in its folder.
const NOTE: &str = "rowlog.unchecked";

/// Rows at the end of the log of events that are read to see whether they can be.
const NEWEST: i64 = 1_000;

/// Whether there is a log beside the file of the blog in `folder` that is not empty.
pub fn has_log(folder: &Path) -> bool {
    filled(&beside(&folder.join(FILE), "-wal")).is_some()
}

/// Looks at the file of the blog in `folder`, which nobody serves, if there is a log beside it that was not taken in. What is
/// not checked then is noted.
///
/// Errors: [`Error::Refused`] with one line if the two do not fit; both are left as they are.
pub fn inspect(folder: &Path) -> Result<()> {
    let path = folder.join(FILE);
    let log = beside(&path, "-wal");
    let (Some(file), Some(newer)) = (filled(&path), filled(&log)) else {
        return Ok(());
    };
    let misfit = |why: String| misfit(&path, &log, &why);
    let refused = |error: Error| misfit(error.to_string());
    let conn = open(&path).map_err(refused)?;
    if file.len() > SMALL && is_written_before(&file, &newer) && is_whole(&conn) {
        tracing::info!("the last server did not end in order; the file is checked meanwhile");
        return note(folder);
    }
    let mut found = check::integrity(&conn).map_err(refused)?;
    if !is_whole(&conn) {
        found.faults.append(&mut found.search); // what is wrong with the search may come from a log of another file
    }
    match found.faults.into_iter().next() {
        None => {
            tracing::info!("the last server did not end in order; the file is sound");
            Ok(())
        }
        Some(why) => Err(misfit(why)),
    }
}

/// Looks whether the file at `path`, which is about to be made, is one that was lost.
///
/// Errors: [`Error::Refused`] with one line if its log or backups are there: a blog that began over them would be an empty one.
pub fn refuse_lost(path: &Path) -> Result<()> {
    let log = beside(path, "-wal");
    let folder = backups::folder_of(path);
    let (shown, kept) = (path.display(), folder.display());
    if filled(path).is_some() {
        return Ok(());
    }
    if filled(&log).is_some() {
        return Err(Error::Refused(format!(
            "{shown} is gone, and its log {} is there; put the file back beside it, or restore a backup",
            log.display()
        )));
    }
    match backups::list(&folder)?.first() {
        None => Ok(()),
        Some(newest) => Err(Error::Refused(format!(
            "{shown} is gone, and backups of it are in {kept}; run `rowlog restore {}`, or move the folder away to begin anew",
            folder.join(&newest.name).display()
        ))),
    }
}

/// Whether SQLite finds no fault in the file at `path` with the log beside it, which is not taken in.
pub fn is_sound(path: &Path) -> bool {
    let found = open(path).and_then(|conn| check::integrity(&conn));
    found.is_ok_and(|report| report.faults.is_empty())
}

/// Whether the file of the blog in `folder` is still to be checked.
pub fn is_unchecked(folder: &Path) -> bool {
    folder.join(NOTE).exists()
}

/// Says that it was.
///
/// Errors: what the system answers.
pub fn is_checked(folder: &Path) -> Result<()> {
    match fs::remove_file(folder.join(NOTE)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::Io(
            format!("cannot remove {NOTE} in {}", folder.display()),
            error,
        )),
        _ => Ok(()),
    }
}

/// Leaves the note.
fn note(folder: &Path) -> Result<()> {
    let mut new = OpenOptions::new();
    let made = new
        .create(true)
        .append(true)
        .mode(0o600)
        .open(folder.join(NOTE));
    made.map(drop).map_err(Error::io(format!(
        "cannot write into {}; check its permissions, and whether its disk is full",
        folder.display()
    )))
}

/// What the system says of a file that is there and has something in it.
fn filled(path: &Path) -> Option<Metadata> {
    fs::metadata(path).ok().filter(|file| file.len() > 0)
}

/// Whether the log was written after the file, as it is by a server that writes. Whoever copies a backup over the file sets its
/// times, at least that of its last change of any kind, which no program can choose.
fn is_written_before(file: &Metadata, log: &Metadata) -> bool {
    let written = |it: &Metadata| (it.mtime(), it.mtime_nsec());
    let changed = |it: &Metadata| (it.ctime(), it.ctime_nsec());
    written(file) <= written(log) && changed(file) <= changed(log)
}

/// Whether the newest events can be read and end where the file believes that they end: every change of a blog writes both, so
/// those of one history in the file of another do not meet.
fn is_whole(conn: &Connection) -> bool {
    let newest = "select max(id), (select seq from sqlite_sequence where name = 'events'),
                      sum(length(kind) + length(audience) + at)
                  from (select id, kind, audience, at from events order by id desc limit ?1)";
    let ends = conn.query_row(newest, [NEWEST], |row| {
        Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
    });
    ends.is_ok_and(|(newest, given)| newest.is_some() && newest == given)
}

/// The file as it would be with its log, which is not taken in.
fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    configure(&mut conn, true)?;
    Ok(conn)
}

fn misfit(path: &Path, log: &Path, why: &str) -> Error {
    let (path, log) = (path.display(), log.display());
    Error::Refused(format!(
        "{path} does not fit the log {log} beside it ({why}); if a backup was copied over the file, move the log away, \
         else keep a copy of both and run `rowlog restore`"
    ))
}
