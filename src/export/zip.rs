//! An export as one archive.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rusqlite::Connection;
use zip::CompressionMethod;
use zip::result::ZipError;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::Sink;
use crate::error::{Error, Result};

/// What is written above everything in the archive.
pub const ROOT: &str = "rowlog-export/";

/// Writes the blog into a file without a name in `room`; the file, from its start, and its length in bytes.
///
/// Errors: what the store and the disk answer.
pub fn write(conn: &Connection, private: bool, room: &Path) -> Result<(File, u64)> {
    let failed = || format!("cannot write in {}", room.display());
    let file = tempfile::tempfile_in(room).map_err(Error::io(failed()))?;
    let mut archive = Archive(ZipWriter::new(file));
    super::write(conn, private, &mut archive)?;
    let mut file = archive.0.finish().map_err(unwritable)?;
    let length = file.seek(SeekFrom::End(0)).map_err(Error::io(failed()))?;
    file.rewind().map_err(Error::io(failed()))?;
    Ok((file, length))
}

struct Archive(ZipWriter<File>);

impl Sink for Archive {
    fn file(&mut self, path: &str, content: &mut dyn Read) -> Result<()> {
        // Pictures are compressed already.
        let method = match path.starts_with("media/") {
            true => CompressionMethod::Stored,
            false => CompressionMethod::Deflated,
        };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .unix_permissions(0o600)
            .large_file(true);
        let name = format!("{ROOT}{path}");
        self.0.start_file(name, options).map_err(unwritable)?;
        io::copy(content, &mut self.0).map_err(Error::io(format!("cannot archive {path}")))?;
        Ok(())
    }
}

fn unwritable(error: ZipError) -> Error {
    match error {
        ZipError::Io(error) => Error::Io("cannot write the archive".into(), error),
        error => Error::Refused(format!("cannot write the archive: {error}")),
    }
}
