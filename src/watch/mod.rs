//! A folder of Markdown that is watched: what is saved in it is published, by the reader and the writer of
//! `rowlog publish`.
//!
//! The system's word that something has changed is only a doorbell: it may come twice, late, or from a network folder
//! never. So nobody believes it. Whenever it rings, and now and then when it does not, the folder is looked at, and the
//! files that are not as they were when they were last taken are read. What was last taken is kept in the blog's file,
//! so a start catches up, and a post that was changed at the desk stays so until its file changes. Nothing is ever
//! written into the folder, and a file that goes away takes no post with it.

mod folder;
mod taker;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use crate::error::{Error, Result};
use crate::store::Store;
use taker::Taker;

/// An editor writes a file in several steps; it is read when nothing has happened for the first time, or when the second
/// is over.
const SETTLED: Duration = Duration::from_millis(60);
const AT_LAST: Duration = Duration::from_millis(600);

/// How often to look without being told, and how often where nobody can tell.
const LOOK_EVERY: Duration = Duration::from_secs(15);
const LOOK_OFTEN: Duration = Duration::from_secs(2);

enum Ring {
    Changed,
    Stop,
}

/// A watched folder.
pub struct Watch {
    bell: Sender<Ring>,
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Watches `root` from now on, after taking what has changed since the last time. What is below `data` is not part of
    /// it. Must be called within the runtime.
    ///
    /// Errors: [`Error::Refused`] or [`Error::Io`] with one line if there is no such folder.
    pub fn start(root: &Path, data: &Path, store: Arc<Store>) -> Result<Watch> {
        let shown = root.display();
        let unreadable = format!("cannot watch {shown}; check --watch");
        let root = root.canonicalize().map_err(Error::io(&*unreadable))?;
        if !root.is_dir() {
            return Err(Error::Refused(format!(
                "cannot watch {shown}: it is no folder; check --watch"
            )));
        }
        fs::read_dir(&root).map_err(Error::io(unreadable))?;
        let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
        let (bell, heard) = channel();
        let stopping = Arc::new(AtomicBool::new(false));
        let mut watcher = FolderWatcher {
            taker: Taker::new(root.clone(), data.clone(), store, stopping.clone()),
            ear: Ear::new(root, data, bell.clone()),
            heard,
        };
        let thread = thread::Builder::new().name("watch".into());
        let runtime = tokio::runtime::Handle::current();
        let thread = thread
            .spawn(move || watcher.run(&runtime))
            .map_err(Error::io("cannot start the thread that watches the folder"))?;
        Ok(Watch {
            bell,
            stopping,
            thread,
        })
    }

    /// Stops watching, after the file that is being taken.
    ///
    /// Errors: [`Error::Refused`] if the thread has failed.
    pub fn stop(self) -> Result<()> {
        self.stopping.store(true, Ordering::Relaxed);
        // Nobody hears it if the thread has failed already, which `join` says.
        drop(self.bell.send(Ring::Stop));
        let failed = |_| Error::Refused("watching the folder failed; see above".into());
        self.thread.join().map_err(failed)
    }
}

/// The thread's own things.
struct FolderWatcher {
    taker: Taker,
    ear: Ear,
    heard: Receiver<Ring>,
}

impl FolderWatcher {
    /// Listens before it looks, so that no change falls between the two.
    fn run(&mut self, runtime: &tokio::runtime::Handle) {
        loop {
            self.ear.listen();
            runtime.block_on(self.taker.take());
            if !self.wait() {
                return;
            }
        }
    }

    /// Waits until it is time to look again; false if that will not be.
    fn wait(&self) -> bool {
        let patience = match self.ear.hears() {
            true => LOOK_EVERY,
            false => LOOK_OFTEN,
        };
        match self.heard.recv_timeout(patience) {
            Ok(Ring::Changed) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Ok(Ring::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
        }
        let at_last = Instant::now() + AT_LAST;
        loop {
            match self.heard.recv_timeout(SETTLED) {
                Ok(Ring::Changed) if Instant::now() < at_last => {}
                Ok(Ring::Changed) | Err(RecvTimeoutError::Timeout) => return true,
                Ok(Ring::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }
}

/// What hears the system speak of the folder.
struct Ear {
    root: PathBuf,
    data: PathBuf,
    bell: Sender<Ring>,
    /// Held for its life, and which folder it hears: another one may take its place and its name.
    hearing: Option<(RecommendedWatcher, (u64, u64))>,
    has_complained: bool,
}

impl Ear {
    fn new(root: PathBuf, data: PathBuf, bell: Sender<Ring>) -> Ear {
        Ear {
            root,
            data,
            bell,
            hearing: None,
            has_complained: false,
        }
    }

    fn hears(&self) -> bool {
        self.hearing.is_some()
    }

    /// Listens to the folder that is there now. Where that fails the folder is looked at more often, and the log says so
    /// once.
    fn listen(&mut self) {
        let stat = fs::metadata(&self.root).ok();
        let identity = stat.map(|stat| (stat.dev(), stat.ino()));
        let heard = self.hearing.as_ref().map(|(_, identity)| *identity);
        if identity.is_some() && identity == heard {
            return;
        }
        self.hearing = None;
        let Some(identity) = identity else { return };
        match self.watcher() {
            Ok(watcher) => self.hearing = Some((watcher, identity)),
            Err(error) if !self.has_complained => {
                self.has_complained = true;
                let (shown, every) = (self.root.display(), LOOK_OFTEN.as_secs());
                tracing::warn!(
                    "the system cannot tell of changes in {shown}: {error}; looking every {every} s instead"
                );
            }
            Err(_) => {}
        }
    }

    fn watcher(&self) -> notify::Result<RecommendedWatcher> {
        let bell = self.bell.clone();
        let (root, data) = (self.root.clone(), self.data.clone());
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.map_or(true, |event| is_news(&event, &root, &data)) {
                // Nobody listens any more when the server stops.
                drop(bell.send(Ring::Changed));
            }
        })?;
        watcher.watch(&self.root, RecursiveMode::Recursive)?;
        Ok(watcher)
    }
}

/// Whether an event is worth a look. To read a file is an event too, so a look must not be answered by another.
fn is_news(event: &Event, root: &Path, data: &Path) -> bool {
    let is_change = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    };
    let is_ours = |path: &PathBuf| {
        let below = path.strip_prefix(root).unwrap_or(path);
        let is_passing = |part| folder::is_passing(Path::new(part));
        !path.starts_with(data) && !below.iter().any(is_passing)
    };
    is_change && (event.paths.is_empty() || event.paths.iter().any(is_ours))
}
