//! What is measured: each work as one run with one server.

pub mod blog;
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
    /// Comments that a blog has which starts.
    pub comments: usize,
}
