//! Making a new file, and bringing an older one up to date.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::backups;
use super::recovery;
use super::snapshot::beside;
use super::{configure, settings};
use crate::error::{Error, Result};
use crate::model::backup::Reason;

const SCHEMA: &str = include_str!("../../schema.sql");

/// `STEPS[n - 1]` turns a version `n` file into version `n + 1`. A step is never edited once released.
const STEPS: &[&str] = &[];
/// The version of a file that this program makes.
pub const VERSION: i64 = STEPS.len() as i64 + 1;

/// `pragma application_id` of our files: "RowL".
const APPLICATION_ID: i64 = 0x526F_774C;

/// The first SQLite without the WAL-reset bug, as `sqlite3_libversion_number` counts.
const SQLITE_AT_LEAST: i32 = 3_051_003;

/// Opens the file for writing, made or brought up to date as needed.
///
/// Errors: [`Error::Refused`] with one line that names the path and what to do.
pub fn open(folder: &Path, path: &Path, create: bool) -> Result<Connection> {
    if rusqlite::version_number() < SQLITE_AT_LEAST {
        let version = rusqlite::version();
        return Err(Error::Refused(format!(
            "SQLite {version} can damage a file; build with 3.51.3 or later"
        )));
    }
    let is_torn = is_torn(path);
    if create {
        recovery::refuse_lost(path)?;
        make_room(folder, path)?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let unusable = |error| unusable(path, &error);
    let mut conn = Connection::open_with_flags(path, flags).map_err(unusable)?;
    let found = recognise(&mut conn).map_err(unusable)?;
    let version = refuse_others(found, path, create && !is_torn)?;
    conn.pragma_update(None, "journal_mode", "wal")
        .map_err(unusable)?;
    if version < VERSION {
        if version > 0 {
            backups::set_aside(path, Reason::Migration)?;
        }
        migrate(&mut conn, STEPS)?;
    }
    Ok(conn)
}

/// Whether the file was begun and the log that should hold the rest of it is not there: it was copied without it.
fn is_torn(path: &Path) -> bool {
    let is_begun = fs::metadata(path).is_ok_and(|file| file.len() > 0);
    is_begun && !beside(path, "-wal").exists()
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

/// The version of a blog that `conn` has opened at `path`, if this program can use it.
///
/// Errors: [`Error::Refused`] with one line that says why not.
pub fn inspect(conn: &mut Connection, path: &Path) -> Result<i64> {
    let found = recognise(conn).map_err(|error| unusable(path, &error))?;
    refuse_others(found, path, false)
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

/// The version of a blog that this program can use; 0 for a file that may become one.
fn refuse_others(found: Recognised, path: &Path, create: bool) -> Result<i64> {
    let path = path.display();
    Err(Error::Refused(match found {
        Recognised::Empty if create => return Ok(0),
        Recognised::Blog(version) if version <= VERSION => return Ok(version),
        Recognised::Empty => format!(
            "{path} is empty; if a file ending in -wal was beside it, put that back, or restore a backup"
        ),
        Recognised::Blog(version) => format!(
            "{path} was written by a newer Rowlog (file version {version}, this program knows {VERSION}); \
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
    tx.pragma_update(None, "user_version", steps.len() as i64 + 1)?;
    Ok(tx.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_sqlite_is_free_of_the_wal_reset_bug() {
        assert!(rusqlite::version_number() >= SQLITE_AT_LEAST);
    }

    #[test]
    fn a_new_file_is_ours_current_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rowlog.db");
        let conn = open(folder.path(), &path, true).unwrap();
        let version: i64 = conn
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        let mode: String = conn
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        assert_eq!((version, mode.as_str()), (VERSION, "wal"));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        drop(conn);
        open(folder.path(), &path, false).unwrap();
    }

    #[test]
    fn a_migration_that_is_killed_half_way_leaves_the_old_file_and_completes_when_run_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rowlog.db");
        let mut conn = open(folder.path(), &path, true).unwrap();
        let look = |conn: &Connection| -> (i64, i64) {
            let version = conn.pragma_query_value(None, "user_version", |row| row.get(0));
            let table = "select count(*) from sqlite_schema where name in ('one', 'two')";
            let tables = conn.query_row(table, [], |row| row.get(0));
            (version.unwrap(), tables.unwrap())
        };
        let steps = ["create table one (n)", "create table two (n)"];
        for broken in [
            &["create table one (n); nonsense"][..],
            &[steps[0], "nonsense"],
        ] {
            migrate(&mut conn, broken).unwrap_err();
            assert_eq!(look(&conn), (VERSION, 0));
        }
        // Killed: the connection is gone before the transaction is committed.
        let half = Connection::open(&path).unwrap();
        half.execute_batch(&format!("begin immediate; {}", steps[0]))
            .unwrap();
        drop(half);
        let mut conn = Connection::open(&path).unwrap();
        assert_eq!(look(&conn), (VERSION, 0));
        for _ in 0..2 {
            migrate(&mut conn, &steps).unwrap();
            assert_eq!(look(&conn), (3, 2));
        }
    }

    #[test]
    fn a_file_without_the_log_that_holds_the_rest_of_it_is_not_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rowlog.db");
        let running = open(folder.path(), &path, true).unwrap();
        let copy = tempfile::tempdir().unwrap();
        let copied = copy.path().join("rowlog.db");
        fs::copy(&path, &copied).unwrap();
        let refused = open(copy.path(), &copied, true);
        assert!(matches!(refused, Err(Error::Refused(why)) if why.contains("-wal")));
        for left in ["-wal", "-shm"] {
            drop(fs::remove_file(beside(&copied, left)));
        }
        fs::copy(beside(&path, "-wal"), beside(&copied, "-wal")).unwrap();
        open(copy.path(), &copied, true).unwrap();
        drop(running);
    }

    #[test]
    fn files_that_are_not_ours_or_newer_are_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rowlog.db");
        let refusal = |create| match open(folder.path(), &path, create) {
            Err(Error::Refused(why)) => why,
            other => panic!("not refused: {other:?}"),
        };
        assert!(refusal(false).contains("there is no blog"));
        Connection::open(&path)
            .unwrap()
            .execute_batch("create table notes (text)")
            .unwrap();
        assert!(refusal(true).contains("is not a Rowlog blog"));
        fs::write(
            &path,
            "a text file, long enough to be looked at as a database header page",
        )
        .unwrap();
        assert!(refusal(true).contains("is not a Rowlog blog"));
        fs::remove_file(&path).unwrap();
        drop(open(folder.path(), &path, true).unwrap());
        Connection::open(&path)
            .unwrap()
            .pragma_update(None, "user_version", VERSION + 1)
            .unwrap();
        assert!(refusal(true).contains("newer Rowlog"));
    }
}
