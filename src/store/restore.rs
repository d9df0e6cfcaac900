//! Putting a backup in the place of the blog's file, so that no client skips anything afterwards.
//!
//! Whoever calls this holds the lock of the folder: no server runs on it. Clients may hold ids that the backup has never
//! given. So the ids of the restored file go on above every one that was ever given, and its log begins anew with an event
//! that says so: a cursor from before it is answered with a `reset`.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use super::snapshot::{self, Progress, Snapshot, beside};
use super::{FILE, Tx, aside, backups, check, configure, log, migrate, recovery};
use crate::error::{Error, Result};
use crate::model::backup::Reason;
use crate::model::event::{Audience, Kind};

/// How far ids jump where nobody knows which ones were given since the backup.
pub(super) const LEAP: i64 = 1_000_000;

/// What a restore did.
#[derive(Debug)]
pub struct Restored {
    /// Posts, comments and events of the backup.
    pub report: check::Report,
    /// Where the file went that was there before.
    pub before: Before,
}

/// What was there before.
#[derive(Debug)]
pub enum Before {
    /// There was none.
    Nothing,
    /// A verified copy of it.
    Kept(PathBuf),
    /// It could not be read as a blog of this version, or was a log without its file, and was put aside as it was.
    PutAside(PathBuf),
}

/// Puts the backup `file` in the place of the blog in `folder`. It is copied and verified first, and what is there is
/// copied aside; if either fails, nothing is changed. Whenever this is killed, one of the two has the name of the blog's file.
///
/// Errors: as [`Snapshot::of`]; [`Error::Refused`] if somebody is using the file.
pub fn restore(folder: &Path, file: &Path, progress: Progress) -> Result<Restored> {
    let path = folder.join(FILE);
    if snapshot::is_same(file, &path) {
        return Err(Error::Refused(format!(
            "{} is the blog's own file; pass a backup",
            file.display()
        )));
    }
    backups::sweep(folder);
    let snapshot = Snapshot::of_backup(file, folder, progress)?;
    let before = set_aside(&path)?;
    begin_anew(snapshot.path(), &before)?;
    make_way(&path, &before)?;
    let report = snapshot.report.clone();
    snapshot.keep(&path, true)?;
    Ok(Restored { report, before })
}

/// Copies what is there aside. What cannot be read, damaged or of another version, gets a second name there.
fn set_aside(path: &Path) -> Result<Before> {
    let log = beside(path, "-wal");
    if !path.exists() && !recovery::has_log(&snapshot::folder_of(path)) {
        return Ok(Before::Nothing);
    }
    if path.exists() {
        match backups::set_aside(path, Reason::Restore) {
            Ok(copy) => return Ok(Before::Kept(copy)),
            Err(Error::Refused(_) | Error::Storage(_)) => {}
            Err(error) => return Err(error), // such as a full disk
        }
    }
    let folder = backups::folder_of(path);
    backups::make_folder(&folder)?;
    let place = aside::free_place(&folder);
    let mut named = Vec::new();
    for (from, to) in [(path, &place), (&log, &beside(&place, "-wal"))] {
        if from.exists() {
            name_too(from, to)?;
            named.push(to.clone());
        }
    }
    snapshot::flush_folder(&place)?;
    Ok(Before::PutAside(named.swap_remove(0)))
}

/// Gives a file a second name, or a copy on a disk where no file can have two.
fn name_too(from: &Path, to: &Path) -> Result<()> {
    let named = fs::hard_link(from, to).or_else(|_| {
        fs::copy(from, to)?;
        File::open(to)?.sync_all()
    });
    named.map_err(Error::io(format!("cannot put {} aside", from.display())))
}

/// Has the file at `path` give no id twice, forget the sessions and apps that were ended since, and begin its log anew.
fn begin_anew(path: &Path, before: &Before) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let mut conn = Connection::open_with_flags(path, flags)?;
    configure(&mut conn, false)?;
    if let Before::Kept(copy) = before {
        conn.execute("attach ?1 as before", [snapshot::unchanging(copy)?])?;
    }
    conn.execute_batch("begin immediate")?;
    match before {
        Before::Kept(_) => conn.execute_batch(GO_ON_ABOVE)?,
        Before::Nothing | Before::PutAside(_) => {
            let leap = "update sqlite_sequence set seq = seq + ?1";
            conn.execute(leap, [LEAP])?;
            conn.execute_batch("delete from sessions; delete from devices")?;
        }
    }
    let tx = Tx::new(&conn);
    let from = json!({ "head": log::head(&tx)?.id });
    log::append(
        &tx,
        Kind::BlogRestored,
        None,
        0,
        Audience::Owner,
        Some(from),
    )?;
    log::begin_here(&tx)?;
    conn.execute_batch("commit")?;
    Ok(())
}

/// Ids go on above those of the file that is replaced. What was ended since the backup stays ended.
const GO_ON_ABOVE: &str = "
    insert into sqlite_sequence (name, seq)
        select name, 0 from before.sqlite_sequence
        where name not in (select name from main.sqlite_sequence);
    update main.sqlite_sequence set seq = max(seq,
        coalesce((select max(b.seq) from before.sqlite_sequence b where b.name = main.sqlite_sequence.name), 0));
    delete from main.sessions where token_hash not in (select token_hash from before.sessions);
    delete from main.devices where token_hash not in (select token_hash from before.devices);
    delete from main.tokens where token_hash not in (select token_hash from before.tokens);
";

/// Sees to it that no log of the file that was there is taken for one of the file that comes. What a sound file has in its
/// log is taken in first, so that it is whole until it is replaced.
fn make_way(path: &Path, before: &Before) -> Result<()> {
    match before {
        Before::Nothing => {}
        Before::Kept(_) => take_log_in(path)?,
        Before::PutAside(_) if recovery::is_sound(path) => take_log_in(path)?, // a newer program's
        Before::PutAside(_) => {}
    }
    for ending in ["-wal", "-shm"] {
        let stale = beside(path, ending);
        match fs::remove_file(&stale) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::Io(
                    format!("cannot remove {}", stale.display()),
                    error,
                ));
            }
            _ => {}
        }
    }
    snapshot::flush_folder(path)
}

/// Takes the write-ahead log into the file that is about to be replaced, so that a power cut before the end loses nothing.
fn take_log_in(path: &Path) -> Result<()> {
    let mut conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(|error| migrate::unusable(path, &error))?;
    configure(&mut conn, false)?;
    let busy = conn.query_row("pragma wal_checkpoint(truncate)", [], |row| {
        row.get::<_, bool>(0)
    })?;
    match busy {
        false => Ok(()),
        true => Err(Error::Refused(format!(
            "another program is using {}; try again in a moment",
            path.display()
        ))),
    }
}
