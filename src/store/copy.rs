//! A copy of the blog's file that another program keeps in step with the file of another machine: Litestream's `restore -f`,
//! which writes whole pages into it under SQLite's own locks.
//!
//! Here it is only read, and in two ways with more care than a file of our own:
//! - It must not be in WAL mode. A connection to such a file holds a lock for as long as it is open, and Litestream would
//!   wait for it for ever. Outside of that mode a reader holds one for as long as it reads.
//! - What a connection has read before may be out of date without its noticing: SQLite looks for that at a counter on the
//!   first page, and a change need not bring that page along. So each look at the file begins with an empty cache.
//!
//! Beside the copy lies a file that names the last change carried over. As long as it is there, nobody writes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Transaction};
use serde_json::json;

use super::restore::LEAP;
use super::snapshot::{beside, flush_folder};
use super::{FILE, Tx, configure, log, migrate};
use crate::error::{Error, Result};
use crate::model::event::{Audience, Kind};
use crate::model::id::EventId;

/// Where Litestream notes, beside the file, how far it is.
fn note_of(path: &Path) -> PathBuf {
    beside(path, "-txid")
}

/// Whether there is a copy at `path` that another program writes to.
pub fn is_there(path: &Path) -> bool {
    path.exists() && note_of(path).exists()
}

/// Refuses a file that another program writes to.
///
/// Errors: [`Error::Refused`] with what to do instead.
pub fn refuse(path: &Path) -> Result<()> {
    match is_there(path) {
        false => Ok(()),
        true => Err(Error::Refused(format!(
            "{} is a copy that Litestream keeps up to date; serve it with --replica, or make it the blog itself with \
             `rowlog promote`",
            path.display()
        ))),
    }
}

/// Makes the copy at `path` ready to be read beside the program that writes to it.
///
/// Errors: [`Error::Refused`] if there is none, or if it is of another version than this program's.
pub fn prepare(path: &Path) -> Result<()> {
    let (_, version) = take_over(path)?;
    match version {
        migrate::VERSION => Ok(()),
        older => Err(Error::Refused(format!(
            "{} is of an older Rowlog (file version {older}, this program's is {}); upgrade the primary first",
            path.display(),
            migrate::VERSION
        ))),
    }
}

/// Opens the copy at `path` out of WAL mode, and tells its version, which may be an older one.
fn take_over(path: &Path) -> Result<(Connection, i64)> {
    let shown = path.display();
    if !is_there(path) {
        return Err(Error::Refused(format!(
            "there is no copy at {shown} yet; `litestream restore -f -o {shown} REPLICA_URL` makes it and keeps it up to date"
        )));
    }
    // Litestream leaves none of these beside a copy: they are of the file that was there before, when this machine wrote.
    for ending in ["-wal", "-shm"] {
        let stale = beside(path, ending);
        if stale.exists() {
            let gone = fs::remove_file(&stale);
            gone.map_err(Error::io(format!("cannot remove {}", stale.display())))?;
        }
    }
    let private = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
    private.map_err(Error::io(format!("cannot keep {shown} from others")))?; // Litestream makes it for all to read
    let (conn, version) = open(path)?;
    let taken_out = conn.query_row("pragma journal_mode = delete", [], |row| {
        row.get::<_, String>(0)
    });
    match taken_out.map_err(|error| migrate::unusable(path, &error))? {
        mode if mode == "delete" => Ok((conn, version)),
        _ => Err(Error::Refused(format!(
            "{shown} is in use by a program that is not Litestream; end it first"
        ))),
    }
}

/// Opens the copy at `path`, and tells its version.
fn open(path: &Path) -> Result<(Connection, i64)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let unusable = |error| migrate::unusable(path, &error);
    let mut conn = Connection::open_with_flags(path, flags).map_err(unusable)?;
    let version = migrate::inspect(&mut conn, path)?;
    configure(&mut conn, false)?;
    Ok((conn, version))
}

/// One moment of the copy, as it is now.
///
/// Errors: [`Error::Unavailable`] once the primary has been upgraded and this program not.
pub fn moment(conn: &Connection) -> Result<Transaction<'_>> {
    conn.execute_batch("pragma shrink_memory")?;
    let moment = conn.unchecked_transaction()?;
    let version: i64 = moment.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        migrate::VERSION => Ok(moment),
        _ => Err(Error::Unavailable(
            "this copy of the blog is of another version than the program that serves it; its owner must upgrade it",
        )),
    }
}

/// What was promoted.
pub struct Promoted {
    /// The newest event that had been carried over.
    pub last: EventId,
    /// The first one of this machine's own.
    pub first: EventId,
}

/// Makes the copy in `folder` the blog itself. Its ids go on far above those that the lost primary may have given since, so
/// that whoever holds one of these is told, and nobody else notices. One of an older version may be promoted too, as its primary
/// may be lost: the next start brings it up to date.
///
/// Whoever calls this holds the lock of the folder: no server runs on it.
///
/// Errors: [`Error::Refused`] if it is no copy, or was left half written.
pub fn promote(folder: &Path) -> Result<Promoted> {
    let path = folder.join(FILE);
    let note = note_of(&path);
    if !note.exists() {
        return Err(Error::Refused(format!(
            "{} is no copy that Litestream keeps; nothing needs to be done with it",
            path.display()
        )));
    }
    let (conn, _) = take_over(&path)?;
    refuse_half_written(&conn, &path)?;
    conn.execute_batch("begin immediate")?;
    let tx = Tx::new(&conn);
    let last = log::head(&tx)?.id;
    tx.execute("update sqlite_sequence set seq = seq + ?1", [LEAP])?;
    let facts = json!({ "head": last });
    let kind = Kind::BlogPromoted;
    log::append(&tx, kind, None, 0, Audience::Owner, Some(facts))?;
    let first = log::head(&tx)?.id;
    conn.execute_batch("commit; pragma journal_mode = wal")?;
    drop(conn);
    fs::remove_file(&note).map_err(Error::io(format!("cannot remove {}", note.display())))?;
    flush_folder(&path)?;
    Ok(Promoted { last, first })
}

/// Litestream writes in place: if it was killed meanwhile, pages of two moments lie beside each other.
fn refuse_half_written(conn: &Connection, path: &Path) -> Result<()> {
    let word: String = conn.query_row("pragma integrity_check(1)", [], |row| row.get(0))?;
    match word.as_str() {
        "ok" => Ok(()),
        fault => Err(Error::Refused(format!(
            "{} was left half written ({fault}); restore it anew, into an empty folder",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::tests::store;

    /// A file that was written to by its own primary, with the note of a copy beside it.
    async fn copied() -> tempfile::TempDir {
        let (store, folder) = store();
        let something = |tx: &Tx| {
            (0..3).try_for_each(|n| {
                log::append(tx, Kind::ImportApplied, None, n, Audience::Owner, None)
            })
        };
        store.write(something).await.unwrap();
        drop(store);
        fs::write(note_of(&folder.path().join(FILE)), "0000000000000001\n").unwrap();
        folder
    }

    #[tokio::test]
    async fn a_copy_is_read_and_nobody_writes_to_it() {
        let folder = copied().await;
        let refusal = Store::open(folder.path(), false).err().unwrap();
        assert!(refusal.to_string().contains("rowlog promote"), "{refusal}");
        let copy = Store::of_copy(folder.path()).unwrap();
        assert_eq!(copy.read(log::head).await.unwrap().id, EventId(3));
        let written = copy.write(|tx| Ok(tx.execute("delete from events", [])?));
        assert!(matches!(written.await, Err(Error::Unavailable(_))));
    }

    #[tokio::test]
    async fn a_log_of_the_file_that_was_there_before_is_not_taken_for_the_copys() {
        let folder = copied().await;
        let path = folder.path().join(FILE);
        let copy = fs::read(&path).unwrap();
        let before = Connection::open(&path).unwrap();
        before.execute("delete from events", []).unwrap();
        let stale = fs::read(beside(&path, "-wal")).unwrap();
        drop(before);
        fs::write(&path, copy).unwrap();
        fs::write(beside(&path, "-wal"), stale).unwrap();
        let copy = Store::of_copy(folder.path()).unwrap();
        assert_eq!(copy.read(log::head).await.unwrap().id, EventId(3));
    }

    #[tokio::test]
    async fn a_file_of_our_own_is_not_served_as_a_copy() {
        let (store, folder) = store();
        drop(store);
        assert!(matches!(
            Store::of_copy(folder.path()),
            Err(Error::Refused(_))
        ));
    }

    #[tokio::test]
    async fn what_is_carried_over_without_the_first_page_is_seen() {
        let folder = copied().await;
        let copy = Store::of_copy(folder.path()).unwrap();
        let mut lookout = copy.lookout().unwrap();
        let mut head = || log::head(&lookout.moment().unwrap()).unwrap().id;
        assert_eq!((head(), head()), (EventId(3), EventId(3)));
        let path = folder.path().join(FILE);
        let counter = || fs::read(&path).unwrap()[24..28].to_vec();
        let before = counter();
        let file = Connection::open(&path).unwrap();
        file.execute("insert into events (kind, subject, audience, at) select kind, 9, audience, at from events limit 1", [])
            .unwrap();
        drop(file);
        // As Litestream leaves the page when the change did not bring it along.
        let mut bytes = fs::read(&path).unwrap();
        bytes[24..28].copy_from_slice(&before);
        fs::write(&path, bytes).unwrap();
        assert_eq!(head(), EventId(4));
        assert_eq!(copy.read(log::head).await.unwrap().id, EventId(4));
    }

    #[tokio::test]
    async fn a_promoted_copy_goes_on_far_above_what_may_have_been_given() {
        let folder = copied().await;
        let promoted = promote(folder.path()).unwrap();
        assert_eq!(
            (promoted.last, promoted.first),
            (EventId(3), EventId(LEAP + 4))
        );
        assert!(promote(folder.path()).is_err(), "it is no copy any more");
        let store = Store::open(folder.path(), false).unwrap();
        assert_eq!(store.read(log::head).await.unwrap().id, promoted.first);
    }

    #[tokio::test]
    async fn a_copy_of_an_older_version_is_not_served_and_can_be_promoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        drop(migrate::older::first(&path, ""));
        fs::write(note_of(&path), "0000000000000001\n").unwrap();
        let refused = Store::of_copy(folder.path()).err().unwrap();
        assert!(refused.to_string().contains("upgrade the primary first"));
        let promoted = promote(folder.path()).unwrap();
        assert!(migrate::is_older(&path));
        let store = Store::open(folder.path(), false).unwrap();
        assert_eq!(store.read(log::head).await.unwrap().id, promoted.first);
    }
}
