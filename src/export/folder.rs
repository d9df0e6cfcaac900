//! An export as a folder.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rusqlite::Connection;

use super::Sink;
use crate::error::{Error, Result};
use crate::model::carried::Manifest;

/// Writes the blog into `folder`, which is made, or must be empty. Only its owner can read it.
///
/// Errors: [`Error::Refused`] if something is in the folder, else what the store and the disk answer. What is written by then
/// stays, without a manifest.
pub fn write(conn: &Connection, private: bool, folder: &Path) -> Result<Manifest> {
    let shown = folder.display();
    let unusable = || format!("cannot write in {shown}; choose another folder");
    make(folder).map_err(Error::io(unusable()))?;
    let mut files = fs::read_dir(folder).map_err(Error::io(unusable()))?;
    if files.next().is_some() {
        return Err(Error::Refused(format!(
            "{shown} is not empty; choose a new folder"
        )));
    }
    super::write(conn, private, &mut Folder(folder))
}

struct Folder<'a>(&'a Path);

impl Sink for Folder<'_> {
    fn file(&mut self, path: &str, content: &mut dyn Read) -> Result<()> {
        let path = self.0.join(path);
        let mut write = || -> io::Result<()> {
            path.parent().map_or(Ok(()), make)?;
            let options = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path);
            let mut file = options?;
            io::copy(content, &mut file)?;
            file.sync_all()
        };
        write().map_err(Error::io(format!("cannot write {}", path.display())))
    }
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
