//! Making a new file, and bringing an older one up to date.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::backups;
use super::recovery;
use super::snapshot::{self, beside};
use super::{configure, settings};
use crate::error::{Error, Result};
use crate::model::backup::Reason;

const SCHEMA: &str = include_str!("../../../schema.sql");

/// `STEPS[n - 1]` turns a version `n` file into version `n + 1`, after which its own file is named. A step is never edited once
/// released. What it leaves is what [`SCHEMA`] makes, so a column that is new stands last in its table there too.
const STEPS: &[&str] = &[include_str!("to_2.sql")];
/// The version of a file that this program makes.
pub const VERSION: i64 = version_after(STEPS);

const fn version_after(steps: &[&str]) -> i64 {
    steps.len() as i64 + 1
}

/// `pragma application_id` of our files: "RowL".
const APPLICATION_ID: i64 = 0x526F_774C;

/// The first SQLite without the WAL-reset bug, as `sqlite3_libversion_number` counts.
const SQLITE_AT_LEAST: i32 = 3_051_003;

/// Opens the file for writing, made or brought up to date as needed.
///
/// Errors: [`Error::Refused`] with one line that names the path and what to do.
pub fn open(folder: &Path, path: &Path, create: bool) -> Result<Connection> {
    open_with(STEPS, folder, path, create)
}

/// The same for a program that knows these steps.
fn open_with(steps: &[&str], folder: &Path, path: &Path, create: bool) -> Result<Connection> {
    if rusqlite::version_number() < SQLITE_AT_LEAST {
        let version = rusqlite::version();
        return Err(Error::Refused(format!(
            "SQLite {version} can damage a file; build with 3.51.3 or later"
        )));
    }
    let is_torn = is_torn(path);
    if create {
        recovery::refuse_lost(path)?;
        note_beginning(path)?;
        make_room(folder, path)?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let unusable = |error| unusable(path, &error);
    let mut conn = Connection::open_with_flags(path, flags).map_err(unusable)?;
    let found = recognise(&mut conn).map_err(unusable)?;
    let version = refuse_others(found, path, create && !is_torn, version_after(steps))?;
    conn.pragma_update(None, "journal_mode", "wal")
        .map_err(unusable)?;
    if version < version_after(steps) {
        if version > 0 {
            backups::set_aside(path, Reason::Migration)?;
        }
        migrate(&mut conn, steps)?;
    }
    has_begun(path)?;
    Ok(conn)
}

/// Whether the file was begun and the log that should hold the rest of it is not there: it was copied without it.
fn is_torn(path: &Path) -> bool {
    let is_begun = fs::metadata(path).is_ok_and(|file| file.len() > 0);
    is_begun && !beside(path, "-wal").exists() && !beside(path, BEGINNING).exists()
}

/// The end of the name of a note beside the file, while it is begun. A kill can leave a file without its log then, which looks
/// like one that was copied without it.
const BEGINNING: &str = "-beginning";

/// Leaves the note where nothing is begun yet.
fn note_beginning(path: &Path) -> Result<()> {
    if fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    let note = beside(path, BEGINNING);
    make_room(&snapshot::folder_of(path), &note)?;
    snapshot::flush_folder(path)
}

/// Takes the note away.
fn has_begun(path: &Path) -> Result<()> {
    match fs::remove_file(beside(path, BEGINNING)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::Io(
            format!("cannot remove what is noted beside {}", path.display()),
            error,
        )),
        _ => Ok(()),
    }
}

/// Makes the folder and an empty file that only the owner may read.
fn make_room(folder: &Path, path: &Path) -> Result<()> {
    let advice = |what: &str, path: &Path| {
        format!(
            "{what} {}; check its permissions or pass --data",
            path.display()
        )
    };
    fs::create_dir_all(folder).map_err(Error::io(advice("cannot make the folder", folder)))?;
    let made = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path);
    let file = made.map_err(Error::io(advice("cannot write", path)))?;
    // Not where there is nothing to set: it would look as if the file had been changed (see `recovery`).
    let is_private = file.metadata().is_ok_and(|it| it.mode() & 0o777 == 0o600);
    if is_private {
        return Ok(());
    }
    file.set_permissions(fs::Permissions::from_mode(0o600))
        .map_err(Error::io(advice("cannot set the permissions of", path)))
}

/// Whether there is a blog at `path` that this program would bring up to date.
pub fn is_older(path: &Path) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let found = Connection::open_with_flags(path, flags).and_then(|mut conn| recognise(&mut conn));
    matches!(found, Ok(Recognised::Blog(version)) if version < VERSION)
}

/// The version of a blog that `conn` has opened at `path`, if this program can use it.
///
/// Errors: [`Error::Refused`] with one line that says why not.
pub fn inspect(conn: &mut Connection, path: &Path) -> Result<i64> {
    let found = recognise(conn).map_err(|error| unusable(path, &error))?;
    refuse_others(found, path, false, VERSION)
}

/// What is said of a file that SQLite cannot use.
pub fn unusable(path: &Path, error: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode::*;
    let missing = fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let path = path.display();
    Error::Refused(match error.sqlite_error_code() {
        Some(CannotOpen) if missing => {
            format!("there is no blog at {path}; start one with `rowlog serve`, or pass --data")
        }
        Some(CannotOpen | ReadOnly | PermissionDenied) => {
            format!("{path} cannot be written; check the permissions of the file and its folder")
        }
        Some(NotADatabase) => {
            format!("{path} is not a Rowlog blog; move it away or pass another --data")
        }
        Some(DatabaseCorrupt) => format!("{path} is damaged; keep a copy and restore a backup"),
        Some(DatabaseBusy | DatabaseLocked) => {
            format!("{path} is in use by another program; try again in a moment")
        }
        _ => format!("{path} cannot be used: {error}"),
    })
}

/// What a file turns out to be.
enum Recognised {
    /// Nothing at all.
    Empty,
    /// A blog, of that version.
    Blog(i64),
    /// Somebody else's database.
    Foreign,
}

fn recognise(conn: &mut Connection) -> rusqlite::Result<Recognised> {
    configure(conn, false)?;
    let number = |name| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables = conn.query_row("select count(*) from sqlite_schema", [], |row| {
        row.get::<_, i64>(0)
    })?;
    Ok(match (number("application_id")?, number("user_version")?) {
        (0, 0) if tables == 0 => Recognised::Empty,
        (APPLICATION_ID, version) => Recognised::Blog(version),
        _ => Recognised::Foreign,
    })
}

/// The version of a blog that a program of version `known` can use; 0 for a file that may become one.
fn refuse_others(found: Recognised, path: &Path, create: bool, known: i64) -> Result<i64> {
    let path = path.display();
    Err(Error::Refused(match found {
        Recognised::Empty if create => return Ok(0),
        Recognised::Blog(version) if version <= known => return Ok(version),
        Recognised::Empty => format!(
            "{path} is empty; if a file ending in -wal was beside it, put that back, or restore a backup"
        ),
        Recognised::Blog(version) => format!(
            "{path} was written by a newer Rowlog (file version {version}, this program knows {known}); \
             use the newer program"
        ),
        Recognised::Foreign => {
            format!("{path} is not a Rowlog blog; move it away or pass another --data")
        }
    }))
}

/// Brings the file to the version after the last of `steps`, or leaves it untouched.
fn migrate(conn: &mut Connection, steps: &[&str]) -> Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again under the lock: another process may have been quicker.
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        0 => {
            tx.execute_batch(SCHEMA)?;
            settings::fill(&tx)?;
        }
        from => steps
            .iter()
            .skip(from as usize - 1)
            .try_for_each(|step| tx.execute_batch(step))?,
    }
    tx.pragma_update(None, "user_version", version_after(steps))?;
    Ok(tx.commit()?)
}

#[cfg(test)]
mod killed;
#[cfg(test)]
pub mod older;
#[cfg(test)]
mod tests;
