//! What stands between a primary and its replicas: a courier in the place of Litestream, who carries changes over when the
//! story says so, and Litestream itself where it is installed.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rusqlite::Connection as Database;
use rusqlite::backup::Backup;

use crate::site::{Site, path};
use crate::waiting::eventually;

/// Bytes of a page of the file.
const PAGE: usize = 4096;

/// A site that may be a primary: it believes replicas on this machine when they say whom they ask for.
pub fn primary(limits: &str) -> Site {
    let site = Site::start_with(&["--limits", limits, "--trusted-proxies", "127.0.0.0/8"]);
    site.publish("hello", "A post", "Something to talk about.");
    site
}

/// Serves a folder as a replica of `primary`.
pub fn serve_replica(replica: &mut Site, primary: &Site) {
    let url = primary.url("");
    let options = ["--replica", "--primary", &url, "--trusted-proxies"];
    replica.serve_at(&[&options[..], &["127.0.0.0/8"]].concat());
}

/// Carries a primary's file over to a replica, as Litestream does: what has changed, page by page, in place, under SQLite's
/// locks. The first page goes along only if it has changed.
pub struct Courier {
    from: PathBuf,
    to: PathBuf,
}

impl Courier {
    /// Between two sites. The first journey is made at once.
    pub fn between(primary: &Site, replica: &Site) -> Courier {
        let [from, to] = [primary, replica].map(|site| site.data().join("rowlog.db"));
        fs::create_dir_all(replica.data()).expect("the folder can be made");
        let part = replica.path("part.db");
        fs::write(&part, snapshot(&from)).expect("the copy can be written");
        fs::rename(&part, &to).expect("the copy can have its name");
        note(&to);
        Courier { from, to }
    }

    /// A replica that is served, and its courier.
    pub fn with_replica(primary: &Site) -> (Site, Courier) {
        let mut replica = Site::offline();
        let courier = Courier::between(primary, &replica);
        serve_replica(&mut replica, primary);
        (replica, courier)
    }

    /// Carries over what has changed.
    pub fn ship(&self) {
        let new = snapshot(&self.from);
        let mut file = File::options().read(true).write(true).open(&self.to);
        let file = file.as_mut().expect("the copy is there");
        let lock = Database::open(&self.to).expect("the copy opens");
        lock.busy_timeout(crate::http::PATIENCE).unwrap();
        lock.execute_batch("begin exclusive").expect("it is free");
        let mut old = Vec::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_end(&mut old).expect("the copy can be read");
        for (n, page) in new.chunks(PAGE).enumerate() {
            let at = n * PAGE;
            let before = old.get(at..at + PAGE);
            if n == 0 && before.is_some_and(|before| is_same_first(before, page))
                || before == Some(page)
            {
                continue;
            }
            let mut page = page.to_vec();
            if n == 0 {
                page[18..20].copy_from_slice(&[1, 1]);
                let counter = mark_of(&page).to_be_bytes();
                page[24..28].copy_from_slice(&counter);
            }
            file.write_all_at(&page, at as u64).expect("it is written");
        }
        file.set_len(new.len() as u64).expect("it is cut");
        file.flush().expect("it is written");
        // The lock goes before the file is closed: closing it would take the lock along.
        lock.execute_batch("rollback").expect("nothing was changed");
        drop(lock);
    }

    /// Carries over whatever is new until told otherwise.
    pub fn ship_until(&self, over: &std::sync::atomic::AtomicBool) {
        while !over.load(std::sync::atomic::Ordering::Relaxed) {
            if head_of(&self.from) > head_of(&self.to) {
                self.ship();
            }
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
    }
}

/// A number that differs whenever the page does.
fn mark_of(page: &[u8]) -> u32 {
    page.iter().fold(17, |sum, byte| {
        u32::wrapping_add(sum.rotate_left(5), u32::from(*byte))
    })
}

/// Whether the first page has changed, but for what is the copy's own.
fn is_same_first(old: &[u8], new: &[u8]) -> bool {
    old[..18] == new[..18]
        && old[20..24] == new[20..24]
        && old[28..92] == new[28..92]
        && old[96..] == new[96..]
}

fn head_of(file: &Path) -> i64 {
    let file = Database::open(file).expect("the file opens");
    file.busy_timeout(crate::http::PATIENCE).unwrap();
    file.query_row("select max(id) from events", [], |row| row.get(0))
        .expect("the log can be read")
}

/// The bytes of a file that is in use.
fn snapshot(file: &Path) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let copy = folder.path().join("copy.db");
    let from = Database::open(file).expect("the file opens");
    let mut to = Database::open(&copy).expect("a copy can be made");
    let backup = Backup::new(&from, &mut to).expect("it can be copied");
    backup.step(-1).expect("it is copied");
    drop(backup);
    drop(to);
    let mut bytes = fs::read(&copy).expect("the copy can be read");
    bytes[18..20].copy_from_slice(&[2, 2]); // as the primary's file is
    bytes
}

/// What Litestream leaves beside a copy.
fn note(copy: &Path) {
    let note = format!("{}-txid", path(copy));
    fs::write(note, "0000000000000001\n").expect("the note can be written");
}

/// Litestream at work: one process that copies a file, or follows a copy. It is ended with this value.
pub struct Litestream(Child);

impl Litestream {
    /// The program, where `tests/run` has put it.
    pub fn program() -> Option<PathBuf> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let program = target.join("litestream-0.5.17/litestream");
        program.exists().then_some(program)
    }

    /// Copies a site's file to `store` all the time; waits until there is something to begin with.
    pub fn copying(site: &Site, store: &Path) -> Option<Litestream> {
        let url = format!("file://{}", path(store));
        let file = site.data().join("rowlog.db");
        let running = Litestream::run(site, &["replicate", path(&file), &url])?;
        eventually("there is a first copy", || store.join("ltx/0").exists());
        Some(running)
    }

    /// Keeps the copy of a replica up to date from `store`; waits until there is one. It is made anew: this release does not
    /// go on with one that it has left.
    pub fn following(replica: &Site, store: &Path) -> Option<Litestream> {
        let url = format!("file://{}", path(store));
        fs::create_dir_all(replica.data()).expect("the folder can be made");
        let file = replica.data().join("rowlog.db");
        for old in [file.clone(), replica.data().join("rowlog.db-txid")] {
            _ = fs::remove_file(old);
        }
        let running = Litestream::run(replica, &["restore", "-f", "-o", path(&file), &url])?;
        eventually("the replica has a copy", || {
            replica.data().join("rowlog.db-txid").exists()
        });
        Some(running)
    }

    fn run(site: &Site, arguments: &[&str]) -> Option<Litestream> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(site.path("litestream.log"));
        let log = log.expect("the log can be written");
        let child = Command::new(Litestream::program()?)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("it can be shared"))
            .stderr(log)
            .spawn();
        Some(Litestream(child.expect("Litestream starts")))
    }
}

impl Drop for Litestream {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}
