//! Whether the file and the write-ahead log beside it belong together, asked before anything is written into either.
//!
//! After a crash the log holds what the file does not have yet, and SQLite takes it in by itself. But it does so with any log
//! of that name: if somebody has copied a backup over the file meanwhile, a log of another history would be taken into it.

use std::fs;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::snapshot::beside;
use super::{FILE, check, configure};
use crate::error::{Error, Result};

/// Looks at the file of the blog in `folder`, which nobody serves, if there is a log beside it that was not taken in.
///
/// Errors: [`Error::Refused`] with one line if the two do not fit; both are left as they are.
pub fn inspect(folder: &Path) -> Result<()> {
    let path = folder.join(FILE);
    let log = beside(&path, "-wal");
    let is_left = |path: &Path| fs::metadata(path).is_ok_and(|file| file.len() > 0);
    if !(is_left(&path) && is_left(&log)) {
        return Ok(());
    }
    match fault(&path) {
        Ok(None) => {
            tracing::info!("the last server did not end in order; the file is sound");
            Ok(())
        }
        Ok(Some(why)) => Err(misfit(&path, &log, &why)),
        Err(error) => Err(misfit(&path, &log, &error.to_string())),
    }
}

/// The first thing that is wrong with the file as it would be with its log, if something is.
fn fault(path: &Path) -> Result<Option<String>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    configure(&mut conn, true)?;
    Ok(check::integrity(&conn)?.faults.into_iter().next())
}

fn misfit(path: &Path, log: &Path, why: &str) -> Error {
    let (path, log) = (path.display(), log.display());
    Error::Refused(format!(
        "{path} does not fit the log {log} beside it ({why}); if a backup was copied over the file, move the log away, \
         else keep a copy of both and run `rowlog restore`"
    ))
}
