//! Checks the whole file after a crash while the blog is served from it. What is wrong is told as a fault.
//!
//! It reads one moment of the file for as long as that takes, which keeps the write-ahead log from beginning anew; so it
//! gives way where the log grows large, and begins again later.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::InterruptHandle;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::backup::length;
use crate::error::Result;
use crate::model::fault::Fault;
use crate::store::snapshot::beside;
use crate::store::{Store, check, recovery};

/// Bytes of a growing write-ahead log at which the check gives way, before they are what the log may have.
const LARGE: u64 = 48 << 20;

/// How often it is asked whether the check must give way.
const EVERY: Duration = Duration::from_millis(100);

/// How long to wait until it is tried again.
const PAUSE: Duration = Duration::from_secs(60);

/// What becomes of a check.
enum Outcome {
    /// It is done, and what it found.
    Done(check::Report),
    /// It gave way to those who write.
    GaveWay,
    /// The server stops.
    Stopped,
}

/// Checks the file of the blog in `folder` if that is still to be done, until `stop`.
pub async fn run(store: Arc<Store>, folder: PathBuf, mut stop: watch::Receiver<bool>) {
    while recovery::is_unchecked(&folder) {
        match check(&store, &mut stop).await {
            Ok(Outcome::Done(found)) => return tell(&store, &folder, &found),
            Ok(Outcome::GaveWay) => {}
            Ok(Outcome::Stopped) => return,
            Err(error) => tracing::error!("the file cannot be checked: {error}"),
        }
        if timeout(PAUSE, stop.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

fn tell(store: &Store, folder: &Path, found: &check::Report) {
    if let Some(first) = found.faults.first() {
        return store.faults().note(Fault::Damaged, first); // and the next start finds it again
    }
    if let Some(first) = found.search.first() {
        store.faults().note(Fault::IndexDamaged, first);
    }
    tracing::info!("the file was checked after the crash and is sound");
    if let Err(error) = recovery::is_checked(folder) {
        tracing::warn!("the file is checked once more at the next start: {error}");
    }
}

async fn check(store: &Store, stop: &mut watch::Receiver<bool>) -> Result<Outcome> {
    let conn = store.connection()?;
    let handle = conn.get_interrupt_handle();
    let mut work = spawn_blocking(move || check::integrity(&conn));
    let log = beside(store.path(), "-wal");
    let most = length(&log).max(LARGE); // it keeps the length that it once had
    let is_stopping = loop {
        tokio::select! {
            done = &mut work => return match done {
                Ok(report) => Ok(Outcome::Done(report?)),
                Err(_) => Ok(Outcome::GaveWay), // its panic is in the log
            },
            _ = stop.wait_for(|stop| *stop) => break true,
            () = tokio::time::sleep(EVERY) => if length(&log) > most { break false },
        }
    };
    interrupt(&handle, work).await;
    Ok(match is_stopping {
        true => Outcome::Stopped,
        false => Outcome::GaveWay,
    })
}

/// Ends the check. It is told again and again, as it may be between two statements.
async fn interrupt<T>(handle: &InterruptHandle, mut work: tokio::task::JoinHandle<T>) {
    loop {
        handle.interrupt();
        if timeout(EVERY, &mut work).await.is_ok() {
            return;
        }
    }
}
