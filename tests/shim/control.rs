//! What a story tells the program that runs on `faults.c`, and how that is built: for the stories of `tests/site`, and for the
//! tests beside the code.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The numbers that story and program share, in their order there.
#[derive(Clone, Copy)]
pub enum Number {
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

/// The small file that story and program share.
pub struct Control {
    file: File,
    path: PathBuf,
}

impl Control {
    /// A new one at `path`: nothing fails, and nothing is killed.
    pub fn at(path: PathBuf) -> Control {
        let length = place(Number::Torn) as usize + size_of::<i64>();
        fs::write(&path, vec![0; length]).expect("the file that is shared can be made");
        let file = File::options().read(true).write(true).open(&path);
        Control {
            file: file.expect("the file that is shared opens"),
            path,
        }
    }

    /// What is in the environment of a program that runs on it and the library.
    pub fn variables(&self, library: &Path) -> [(&'static str, PathBuf); 2] {
        [
            ("LD_PRELOAD", library.to_owned()),
            ("ROWLOG_SHIM", self.path.clone()),
        ]
    }

    /// Has the process be killed at the n-th step from now that it takes on the files in the folder of the shared one: before
    /// it, or in the middle of it if that is a write and `is_torn` says so. With 0 it lives.
    pub fn kill_at(&self, n: i64, is_torn: bool) {
        self.set(Number::Torn, is_torn.into());
        self.set(Number::Steps, n);
    }

    /// How many steps something takes.
    pub fn steps_of(&self, something: impl FnOnce()) -> i64 {
        self.kill_at(MANY, false);
        something();
        let taken = MANY - self.get(Number::Steps);
        self.kill_at(0, false);
        taken
    }

    /// Reads a number.
    pub fn get(&self, number: Number) -> i64 {
        let mut bytes = [0; size_of::<i64>()];
        let read = self.file.read_exact_at(&mut bytes, place(number));
        read.expect("the file that is shared can be read");
        i64::from_ne_bytes(bytes)
    }

    /// Writes a number.
    pub fn set(&self, number: Number, value: i64) {
        let written = self.file.write_all_at(&value.to_ne_bytes(), place(number));
        written.expect("the file that is shared can be written");
    }
}

fn place(number: Number) -> u64 {
    number as u64 * size_of::<i64>() as u64
}

/// Builds the library in `folder`.
pub fn library(folder: &Path) -> PathBuf {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shim/faults.c");
    let library = folder.join("faults.so");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-o"])
        .arg(&library)
        .arg(source)
        .status();
    assert!(compiled.expect("there is a C compiler").success());
    library
}

/// Which of so many steps are the last one, and whether it is left half done: the first and the last few, where files get their
/// names, and some between, or with `ROWLOG_SOAK` all of both kinds.
pub fn ends(steps: i64) -> Vec<(i64, bool)> {
    if std::env::var_os("ROWLOG_SOAK").is_some() {
        return (1..=steps).flat_map(|n| [(n, false), (n, true)]).collect();
    }
    let between = (1..5).map(|n| n * steps / 5);
    let some = (1..=6).chain(between).chain(steps - 5..=steps);
    some.map(|n| (n, n % 2 == 0)).collect()
}
