//! Waiting for what announces itself nowhere.

use std::thread;
use std::time::{Duration, Instant};

use crate::http::PATIENCE;

/// Waits until something holds, and fails the story if it does not in time.
///
/// Only for what announces itself nowhere: an exit, a gauge, a file. Everything else is waited for where it arrives.
#[track_caller]
pub fn eventually(what: &str, holds: impl FnMut() -> bool) {
    within(PATIENCE, what, holds);
}

/// The same with a deadline that is itself the promise.
#[track_caller]
pub fn within(wait: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + wait;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {wait:?}: {what}");
        thread::park_timeout(Duration::from_millis(2));
    }
}
