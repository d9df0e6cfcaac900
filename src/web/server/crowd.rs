//! Where streams run: on threads of their own.
//!
//! Events are written by threads of their own (`live::herald`), but there are moments at which all who follow a post have
//! something to do: when somebody comes or goes, or the server ends. Beside them a page would have its turn after the last of ten
//! thousand, because a scheduler of tasks takes them as they come; between threads the system's own sees to it that nobody waits
//! for long.

use std::io;

use tokio::runtime::{Builder, Runtime};

use super::Place;
use super::lasting::Remains;

/// A runtime for streams. Dropping it ends those that are left, wherever that happens.
pub(super) struct Crowd(Option<Runtime>);

impl Crowd {
    /// As many threads as there are processors.
    ///
    /// Errors: the system gives no threads.
    pub(super) fn new() -> io::Result<Crowd> {
        let mut threads = Builder::new_multi_thread();
        let threads = threads.thread_name("streams").enable_all();
        threads.build().map(Some).map(Crowd)
    }

    /// Has a stream run here until it is over, and gives its `place` to somebody else then.
    pub(super) fn take(&self, remains: Remains, place: Place) {
        let Some(threads) = &self.0 else { return };
        threads.spawn(async move {
            let _place = place;
            if let Ok(lasting) = remains.settle() {
                lasting.await;
            }
        });
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}
