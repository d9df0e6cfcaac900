//! Which file it is that a name leads to.

use std::os::unix::fs::MetadataExt;
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
