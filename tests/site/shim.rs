//! A disk that fails, a clock that jumps and an end at any step, put under the real program: `tests/shim/faults.c` with
//! LD_PRELOAD.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::site::{Site, path};

/// `errno` of a disk without room, and of one that fails. Source: Linux, `errno-base.h`.
pub const ENOSPC: i64 = 28;
/// See [`ENOSPC`].
pub const EIO: i64 = 5;

/// The numbers that story and program share, in their order there.
#[derive(Clone, Copy)]
enum Number {
    Clock,
    Writes,
    Flushes,
    Error,
    Failed,
    Lasting,
    Steps,
    Torn,
}

/// More steps than anything takes.
const MANY: i64 = 1 << 40;

/// What the server of a site is told.
pub struct Shim {
    control: File,
}

impl Shim {
    /// Has every later server of the site run on it, and every command that [`Site::rowlog_alike`] runs. Nothing fails to begin with.
    pub fn under(site: &mut Site) -> Shim {
        let length = place(Number::Torn) as usize + size_of::<i64>();
        let file = site.write("shim", vec![0; length]);
        site.run_with("LD_PRELOAD", path(library()));
        site.run_with("ROWLOG_SHIM", path(&file));
        let control = File::options().read(true).write(true).open(file);
        Shim {
            control: control.expect("the file that is shared opens"),
        }
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

    /// Has the process be killed at the n-th step from now that it takes on the files beside the blog or of it: before it,
    /// or in the middle of it if that is a write and `is_torn` says so.
    pub fn kill_at(&self, n: i64, is_torn: bool) {
        self.set(Number::Torn, is_torn.into());
        self.set(Number::Steps, n);
    }

    /// How many steps something takes.
    pub fn steps_of(&self, something: impl FnOnce()) -> i64 {
        self.kill_at(MANY, false);
        something();
        let taken = MANY - self.get(Number::Steps);
        self.mend();
        taken
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
        let mut bytes = [0; size_of::<i64>()];
        let read = self.control.read_exact_at(&mut bytes, place(number));
        read.expect("the file that is shared can be read");
        i64::from_ne_bytes(bytes)
    }

    fn set(&self, number: Number, value: i64) {
        let written = self
            .control
            .write_all_at(&value.to_ne_bytes(), place(number));
        written.expect("the file that is shared can be written");
    }
}

fn place(number: Number) -> u64 {
    number as u64 * size_of::<i64>() as u64
}

/// The library, compiled once for all stories.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shim/faults.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults.so");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-o"])
            .arg(&library)
            .arg(source)
            .status();
        assert!(compiled.expect("there is a C compiler").success());
        library
    })
}
