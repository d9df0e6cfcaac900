//! Which file is written to. A name that leads to another file, or to none, means that what is written is lost.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// A name, and the file that it led to.
#[derive(Clone, Debug)]
pub struct Identity {
    path: PathBuf,
    file: (u64, u64),
}

impl Identity {
    /// The file of that name as it is now.
    ///
    /// Errors: what the system answers.
    pub fn of(path: &Path) -> io::Result<Identity> {
        let found = fs::metadata(path)?;
        Ok(Identity {
            path: path.to_owned(),
            file: (found.dev(), found.ino()),
        })
    }

    /// Whether the name still leads to it. Where the system cannot say so for the moment, it is believed to.
    pub fn is_in_place(&self) -> bool {
        match fs::metadata(&self.path) {
            Ok(found) => (found.dev(), found.ino()) == self.file,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }
}
