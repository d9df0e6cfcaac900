//! How far a long piece of work is.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};

use super::remark;

/// A bar on a terminal, a line now and then elsewhere.
pub struct Bar {
    bar: ProgressBar,
    word: &'static str,
    /// Every how many a line is said where there is no terminal; none for never.
    every: Option<usize>,
    on_terminal: bool,
}

impl Bar {
    /// A bar with that word before it.
    pub fn new(word: &'static str) -> Bar {
        let style = ProgressStyle::with_template("{msg:10} {bar:40} {pos}/{len}");
        let bar = ProgressBar::new(0).with_message(word);
        let bar = style
            .map(|style| bar.clone().with_style(style))
            .unwrap_or(bar);
        Bar {
            bar,
            word,
            every: Some(100),
            on_terminal: stderr().is_terminal(),
        }
    }

    /// The same, but silent where there is no terminal.
    pub fn silent(word: &'static str) -> Bar {
        Bar {
            every: None,
            ..Bar::new(word)
        }
    }

    /// Shows that `done` of `total` are done.
    pub fn show(&self, done: usize, total: usize) {
        if !self.on_terminal {
            let is_told = |every| done.is_multiple_of(every) || done == total;
            if self.every.is_some_and(is_told) {
                remark(format!("{} {done}/{total}", self.word));
            }
            return;
        }
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
    }

    /// Takes the bar away.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}
