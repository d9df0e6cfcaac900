//! A disk that fails, a clock that jumps and an end at any step, put under the real program: `tests/shim/faults.c` with
//! LD_PRELOAD.

#[path = "../shim/control.rs"]
mod control;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use control::ends;
use control::{Control, Number, library};

use crate::site::{Site, path};

/// `errno` of a disk without room, and of one that fails. Source: Linux, `errno-base.h`.
pub const ENOSPC: i64 = 28;
/// See [`ENOSPC`].
pub const EIO: i64 = 5;

/// What the programs of a site are told.
pub struct Shim {
    control: Control,
}

impl Shim {
    /// Has every later server of the site run on it, and every command that [`Site::rowlog_alike`] runs. Nothing fails to begin
    /// with.
    pub fn under(site: &mut Site) -> Shim {
        static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
        let control = Control::at(site.path("shim"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let library = LIBRARY.get_or_init(|| library(folder)); // once for all stories
        for (name, value) in control.variables(library) {
            site.run_with(name, path(&value));
        }
        Shim { control }
    }

    /// Sets the clock that people read forward, or back, from what it really is.
    pub fn set_clock(&self, seconds: i64) {
        self.set(Number::Clock, seconds);
    }

    /// Has the n-th write from now fail, that one alone.
    pub fn fail_write(&self, n: i64, error: i64) {
        self.set(Number::Failed, 0);
        self.set(Number::Error, error);
        self.set(Number::Writes, n);
    }

    /// Has the n-th flush from now fail, that one alone.
    pub fn fail_flush(&self, n: i64, error: i64) {
        self.set(Number::Failed, 0);
        self.set(Number::Error, error);
        self.set(Number::Flushes, n);
    }

    /// Has every write fail from now on.
    pub fn fail_writes(&self, error: i64) {
        self.set(Number::Lasting, 1);
        self.fail_write(1, error);
    }

    /// Has the process be killed: see [`Control::kill_at`].
    pub fn kill_at(&self, n: i64, is_torn: bool) {
        self.control.kill_at(n, is_torn);
    }

    /// How many steps something takes.
    pub fn steps_of(&self, something: impl FnOnce()) -> i64 {
        self.control.steps_of(something)
    }

    /// The disk is sound again, and nothing is killed.
    pub fn mend(&self) {
        for number in [
            Number::Lasting,
            Number::Writes,
            Number::Flushes,
            Number::Steps,
        ] {
            self.set(number, 0);
        }
    }

    /// How many calls have failed since the last time something was set to fail.
    pub fn failed(&self) -> i64 {
        self.get(Number::Failed)
    }

    fn get(&self, number: Number) -> i64 {
        self.control.get(number)
    }

    fn set(&self, number: Number, value: i64) {
        self.control.set(number, value);
    }
}
