//! What is measured: each work as one run with one server.

pub mod blog;
pub mod crowd;
pub mod growth;
mod seed;
pub mod storm;
pub mod streams;

use std::time::Duration;

/// How much of it.
#[derive(Clone, Copy)]
pub struct Size {
    /// Readers of streams.
    pub readers: usize,
    /// Events that are published one by one.
    pub events: usize,
    /// How long what takes a while goes on.
    pub time: Duration,
    /// How long a flood of events goes on.
    pub flood: Duration,
    /// As many streams as there can be.
    pub crowd: usize,
    /// How long pages are read beside them.
    pub crowd_for: Duration,
    /// Comments that a blog has which starts.
    pub comments: usize,
}
