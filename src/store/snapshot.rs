//! A copy of the file as it is at one moment, made while the file is in use, and verified before it gets its name.
//!
//! SQLite's online backup rather than `vacuum into`: it copies page by page, so that the copy is the file to the byte that
//! matters (row ids, free pages that were wiped), it can tell how far it is and be called off. All steps share one read
//! transaction: in WAL mode that holds up no writer, and no write makes it start again. What was copied is flushed every
//! few MiB, so that the flush of a writer's commit never waits behind all of it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tempfile::NamedTempFile;

use super::{check, configure, migrate};
use crate::error::{Error, Result};

/// Pages copied in one step: 1 MiB.
const STEP: i32 = 256;
/// Steps between two flushes.
const FLUSH_EVERY: u32 = 4;

/// The beginning and the end of the name of a copy that is not finished.
pub const UNFINISHED: (&str, &str) = (".rowlog-", ".part");

/// Is told how many of how many pages are copied; an error calls the copy off.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> Result<()>;

/// For a copy that nobody watches.
pub fn unwatched(_done: u64, _total: u64) -> Result<()> {
    Ok(())
}

/// A verified copy without a name of its own yet; it goes away with this value.
#[derive(Debug)]
pub struct Snapshot {
    file: NamedTempFile,
    /// What is in it.
    pub report: check::Report,
    /// Bytes.
    pub length: u64,
}

impl Snapshot {
    /// Copies the blog's file at `source`, which may be in use, into an unnamed file in `folder`.
    ///
    /// Errors: [`Error::Refused`] if the file is not a blog, is newer than this program or is damaged; what the disk
    /// answers; what `progress` says.
    pub fn of(source: &Path, folder: &Path, progress: Progress) -> Result<Snapshot> {
        Snapshot::copy(live(source)?, source, folder, progress)
    }

    /// The same of a file that lies there, such as a backup; it may be on a disk that cannot be written.
    ///
    /// Errors: as [`Snapshot::of`].
    pub fn of_backup(source: &Path, folder: &Path, progress: Progress) -> Result<Snapshot> {
        Snapshot::copy(at_rest(source)?, source, folder, progress)
    }

    fn copy(
        from: Connection,
        source: &Path,
        folder: &Path,
        progress: Progress,
    ) -> Result<Snapshot> {
        let file = tempfile::Builder::new() // readable by its owner alone
            .prefix(UNFINISHED.0)
            .suffix(UNFINISHED.1)
            .tempfile_in(folder)
            .map_err(Error::io(format!("cannot write in {}", folder.display())))?;
        pages(&from, &file, progress)?;
        drop(from); // what follows is the copy's own business
        to_one_file(file.path())?;
        let report = verify(file.path(), source)?;
        let length = flush(&file)?;
        Ok(Snapshot {
            file,
            report,
            length,
        })
    }

    /// Where it is for now.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The file without a name: it is gone from the disk when it is closed.
    pub fn into_file(self) -> File {
        self.file.into_file()
    }

    /// Gives the copy its name, on the same disk; from then on it survives a power cut. What had the name before is replaced
    /// only if `replace` says so.
    ///
    /// Errors: [`Error::Refused`] if there is a file of that name, else what the disk answers.
    pub fn keep(self, path: &Path, replace: bool) -> Result<()> {
        flush(&self.file)?;
        let kept = match replace {
            true => self.file.persist(path),
            false => self.file.persist_noclobber(path),
        };
        match kept.map_err(|error| error.error) {
            Ok(_) => flush_folder(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(taken(path)),
            Err(error) => Err(Error::Io(format!("cannot write {}", path.display()), error)),
        }
    }
}

/// Copies every page within one read transaction.
fn pages(from: &Connection, file: &NamedTempFile, progress: Progress) -> Result<()> {
    from.execute_batch("begin; select count(*) from sqlite_schema")?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut to = Connection::open_with_flags(file.path(), flags)?;
    // If this ends early the copy is thrown away, so nothing needs to be taken back; the flushes are ours.
    to.execute_batch("pragma journal_mode = off; pragma synchronous = off")?;
    let backup = Backup::new(from, &mut to)?;
    for step in 1.. {
        let state = backup.step(STEP)?;
        let all = backup.progress();
        let count = |pages: i32| u64::try_from(pages).unwrap_or_default();
        progress(
            count(all.pagecount - all.remaining),
            count(all.pagecount.max(1)),
        )?;
        if state == StepResult::Done {
            break;
        }
        if step % FLUSH_EVERY == 0 {
            flush(file)?;
        }
    }
    Ok(())
}

/// Turns the copy from one that wants its write-ahead log beside it into a single file that any reader opens.
fn to_one_file(path: &Path) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags)?;
    configure(&mut conn, false)?;
    conn.pragma_update(None, "journal_mode", "delete")
        .map_err(|error| migrate::unusable(path, &error))
}

/// Reads all of the copy again, from the disk's side of SQLite's cache.
fn verify(path: &Path, source: &Path) -> Result<check::Report> {
    let mut conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    configure(&mut conn, true)?;
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let report = match version == migrate::VERSION {
        true => check::all(&conn)?,
        false => check::of_any_version(&conn)?, // what else must hold in an older file is not known any more
    };
    match report.faults.first() {
        None => Ok(report),
        Some(fault) => Err(Error::Refused(format!(
            "{} is damaged ({fault}); nothing was changed",
            source.display()
        ))),
    }
}

/// A connection to a file that others may be using. Its log is not taken in when this one ends: nobody knows yet whether the
/// two belong together.
fn live(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let has_log = fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    let conn = Connection::open_with_flags(path, flags).and_then(|conn| {
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log)?;
        Ok(conn)
    });
    opened(conn, path)
}

/// A connection to a file that nobody uses. Without a write-ahead log beside it nothing is written there, not even a lock.
fn at_rest(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if beside(path, "-wal").exists() {
        return opened(Connection::open_with_flags(path, flags), path);
    }
    let address = unchanging(path)?;
    opened(
        Connection::open_with_flags(address, flags | OpenFlags::SQLITE_OPEN_URI),
        path,
    )
}

fn opened(conn: rusqlite::Result<Connection>, path: &Path) -> Result<Connection> {
    let mut conn = conn.map_err(|error| migrate::unusable(path, &error))?;
    migrate::inspect(&mut conn, path)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// The address under which SQLite opens a file that nobody changes.
pub fn unchanging(path: &Path) -> Result<String> {
    let whole = path
        .canonicalize()
        .map_err(Error::io(format!("cannot read {}", path.display())))?;
    let url = url::Url::from_file_path(&whole);
    let url = url.map_err(|()| Error::Refused(format!("{} has no address", whole.display())))?;
    Ok(format!("{url}?immutable=1"))
}

/// A file whose name is that of another with something after it.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Puts what was written on the disk; how much it is.
fn flush(file: &NamedTempFile) -> Result<u64> {
    let shown = file.path().display();
    let failed = || format!("cannot write {shown}");
    file.as_file().sync_all().map_err(Error::io(failed()))?;
    Ok(file
        .as_file()
        .metadata()
        .map_err(Error::io(failed()))?
        .len())
}

/// Puts the names in the folder of `path` on the disk.
pub fn flush_folder(path: &Path) -> Result<()> {
    let folder = folder_of(path);
    let synced = File::open(&folder).and_then(|folder| folder.sync_all());
    synced.map_err(Error::io(format!("cannot write {}", folder.display())))
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Whether two names lead to one file.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).map(|file| (file.dev(), file.ino()));
    matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
}

/// What is said of a name that is not free.
pub fn taken(path: &Path) -> Error {
    Error::Refused(format!(
        "{} is there already; choose another name or pass --replace",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;

    #[tokio::test]
    async fn a_snapshot_is_one_sound_file_that_only_its_owner_reads() {
        use std::os::unix::fs::PermissionsExt;
        let (store, folder) = store();
        let target = folder.path().join("copy.db");
        let mut told = 0;
        let mut progress = |done, total| {
            told = done;
            assert!(done <= total);
            Ok(())
        };
        let snapshot = Snapshot::of(store.path(), folder.path(), &mut progress).unwrap();
        assert!(told > 0);
        snapshot.keep(&target, false).unwrap();
        let mode = fs::metadata(&target).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!beside(&target, "-wal").exists());
        let again = Snapshot::of_backup(&target, folder.path(), &mut unwatched).unwrap();
        assert!(
            again.keep(&target, false).is_err(),
            "the first is overwritten"
        );
        let left = fs::read_dir(folder.path()).unwrap();
        let left: Vec<_> = left.map(|file| file.unwrap().file_name()).collect();
        let unfinished = |name: &&std::ffi::OsString| name.to_string_lossy().ends_with(".part");
        assert_eq!(left.iter().find(unfinished), None);
    }

    #[tokio::test]
    async fn a_damaged_file_becomes_no_snapshot() {
        let (store, folder) = store();
        let broken = "insert into posts (slug, title, excerpt, body, html, text, headings, words, renderer, status,
                          created_at, updated_at, comment_count)
                      values ('a', 'A', '', '', '', '', '[]', 0, 1, 'draft', 0, 0, 3)";
        let write = move |tx: &crate::store::Tx| Ok(tx.execute(broken, [])?);
        store.write(write).await.unwrap();
        let refused = Snapshot::of(store.path(), folder.path(), &mut unwatched);
        assert!(matches!(refused, Err(Error::Refused(why)) if why.contains("damaged")));
    }

    #[tokio::test]
    async fn a_snapshot_that_is_called_off_leaves_nothing() {
        let (store, folder) = store();
        let mut stop = |_, _| Err(Error::NotFound);
        assert!(Snapshot::of(store.path(), folder.path(), &mut stop).is_err());
        let left = fs::read_dir(folder.path()).unwrap();
        let hidden = |file: &fs::DirEntry| file.file_name().to_string_lossy().starts_with('.');
        assert_eq!(left.flatten().filter(hidden).count(), 0);
    }
}
