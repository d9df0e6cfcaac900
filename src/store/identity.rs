//! Which file it is that a name leads to, and whether another one was written over it.

use std::fs::File;
use std::io::ErrorKind;
use std::mem::ManuallyDrop;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// A file that was opened by its name. A name that leads to another file, or to none, means that what is written to the one
/// that is open is lost, and that what is read from it is old.
#[derive(Clone, Debug)]
pub struct Identity {
    path: PathBuf,
    file: (u64, u64),
}

impl Identity {
    /// The file that `path` leads to now.
    ///
    /// Errors: what the system answers, such as that there is none.
    pub fn of(path: &Path) -> io::Result<Identity> {
        let found = fs::metadata(path)?;
        Ok(Identity {
            path: path.to_owned(),
            file: (found.dev(), found.ino()),
        })
    }

    /// Whether its name leads to it still. Where the system cannot say so for the moment, it is believed to.
    pub fn is_in_place(&self) -> bool {
        match fs::metadata(&self.path) {
            Ok(found) => (found.dev(), found.ino()) == self.file,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }
}

/// Where a file says how it is written and read, and what it says as long as a write-ahead log belongs to it. Source: SQLite,
/// "Database File Format", section 1.3.3.
const VERSIONS: u64 = 18;
const WITH_LOG: [u8; 2] = [2, 2];

/// The beginning of a file that is served. As long as it is, it says that a log belongs to it, which no backup of ours does: so
/// one that is copied over it shows, though nothing tells SQLite.
pub struct Beginning {
    /// Never closed: when a process closes a file once, the system takes back all locks that SQLite has on it.
    file: ManuallyDrop<File>,
}

impl Beginning {
    /// That of the file at `path`, which is open already and stays so. For once in a process.
    ///
    /// Errors: what the system answers.
    pub fn of(path: &Path) -> io::Result<Beginning> {
        let file = ManuallyDrop::new(File::open(path)?);
        Ok(Beginning { file })
    }

    /// Whether it is that of another file by now, or cut short. Where it cannot be read for the moment, it is believed to be
    /// as it was.
    pub fn is_overwritten(&self) -> bool {
        let mut versions = [0; 2];
        match self.file.read_exact_at(&mut versions, VERSIONS) {
            Ok(()) => versions != WITH_LOG,
            Err(error) => error.kind() == ErrorKind::UnexpectedEof,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::snapshot::{Snapshot, unwatched};
    use crate::store::tests::store;

    #[tokio::test]
    async fn a_backup_that_is_written_over_the_file_shows_and_what_the_blog_writes_does_not() {
        let (store, folder) = store();
        let beginning = Beginning::of(store.path()).unwrap();
        let large = "insert into settings values ('large', hex(zeroblob(4000000)))";
        let write = store.write(move |tx| Ok(tx.execute(large, [])?));
        write.await.unwrap();
        store.write(|_| Ok(())).await.unwrap(); // by then the log was taken in
        assert!(fs::metadata(store.path()).unwrap().len() > 8_000_000);
        assert!(!beginning.is_overwritten());
        let backup = folder.path().join("backup.db");
        let snapshot = Snapshot::of(store.path(), folder.path(), &mut unwatched).unwrap();
        snapshot.keep(&backup, false).unwrap();
        drop(store);
        fs::copy(&backup, folder.path().join("rowlog.db")).unwrap();
        assert!(beginning.is_overwritten());
        File::create(folder.path().join("rowlog.db")).unwrap();
        assert!(beginning.is_overwritten());
    }
}
