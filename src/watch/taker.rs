//! Takes the files of a watched folder that have changed since they were last taken.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use super::folder::{self, Page};
use crate::error::Error;
use crate::import::markdown::{Found, Options, has_head, read_file};
use crate::import::{Published, publish};
use crate::store::Store;
use crate::store::posts::Saved;
use crate::store::watched::{self, Digest as TakenAs};

/// What keeps a file from being taken: the file, which has to change first, or the moment.
enum Trouble {
    File(String),
    Moment(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Moment(error)
    }
}

/// The folder as it was when it was last looked at.
pub struct Taker {
    root: PathBuf,
    data: PathBuf,
    store: Arc<Store>,
    stopping: Arc<AtomicBool>,
    /// The marks of the files that need no other look.
    marks: HashMap<PathBuf, u64>,
    /// Those of them that another file stands in the way of.
    blocked: HashSet<PathBuf>,
    is_missing: bool,
}

impl Taker {
    /// A folder that was not looked at yet.
    pub fn new(
        root: PathBuf,
        data: PathBuf,
        store: Arc<Store>,
        stopping: Arc<AtomicBool>,
    ) -> Taker {
        Taker {
            root,
            data,
            store,
            stopping,
            marks: HashMap::new(),
            blocked: HashSet::new(),
            is_missing: false,
        }
    }

    /// Looks at the folder and publishes what has changed. What cannot be taken is said in the log, once for each state
    /// of its file.
    pub async fn take(&mut self) {
        let pages = match folder::pages(&self.root, &self.data) {
            Ok(pages) => pages,
            Err(error) => return self.missing(&error),
        };
        if std::mem::take(&mut self.is_missing) {
            tracing::info!("{} is back", self.root.display());
        }
        self.forget(&pages);
        for page in &pages {
            if self.stopping.load(Ordering::Relaxed) {
                return;
            }
            if self.marks.get(&page.path) != Some(&page.mark) {
                self.take_one(page).await;
            }
        }
    }

    fn missing(&mut self, error: &std::io::Error) {
        if !std::mem::replace(&mut self.is_missing, true) {
            let shown = self.root.display();
            tracing::warn!("the watched folder {shown} cannot be read: {error}; its posts stay");
        }
    }

    /// Forgets files that are gone. They may have stood in the way of others, which are looked at anew.
    fn forget(&mut self, pages: &[Page]) {
        let known = self.marks.len();
        let there: HashSet<&Path> = pages.iter().map(|page| page.path.as_path()).collect();
        self.marks.retain(|path, _| there.contains(path.as_path()));
        if self.marks.len() < known {
            let blocked = std::mem::take(&mut self.blocked);
            self.marks.retain(|path, _| !blocked.contains(path));
        }
    }

    async fn take_one(&mut self, page: &Page) {
        let name = self.name(&page.path);
        self.blocked.remove(&page.path);
        match self.publish(page, &name).await {
            Ok(done) => {
                for post in done.iter().filter(|post| post.saved != Saved::Same) {
                    tracing::info!("{name}: {post}");
                }
            }
            Err(Trouble::File(why)) => tracing::warn!("{name} was not taken: {why}"),
            Err(Trouble::Moment(error)) => {
                tracing::error!("{name} could not be taken and will be tried again: {error}");
                return;
            }
        }
        self.marks.insert(page.path.clone(), page.mark);
    }

    /// Publishes a file unless it is as it was when it was last taken.
    async fn publish(&mut self, page: &Page, name: &str) -> Result<Vec<Published>, Trouble> {
        // The digest is of what was there before the file is read for good: a change in between is found at the next look.
        let text = std::fs::read(&page.path)
            .map_err(|error| Trouble::File(format!("it cannot be read: {error}")))?;
        if !has_head(&String::from_utf8_lossy(&text)) {
            let why = "it has no front matter, so it is taken for a note; begin it with +++ and a title to publish it";
            return Err(Trouble::File(why.into()));
        }
        let found = read_file(&page.path, &Options::default()).map_err(Trouble::File)?;
        let digest = digest(&text, &found);
        let owned = name.to_owned();
        let known = self.store.read(move |conn| watched::find(conn, &owned));
        if known.await? == Some(digest) {
            return Ok(Vec::new());
        }
        self.is_free(page, name, &found).await?;
        for warning in &found.warnings {
            tracing::warn!("{name}: {}", warning.why);
        }
        let done = publish(&self.store, found).await?;
        let taken: Vec<_> = done
            .iter()
            .map(|post| (post.kind, post.slug.clone()))
            .collect();
        let name = name.to_owned();
        let note = self.store.write(move |tx| {
            let mut taken = taken.iter();
            taken.try_for_each(|(kind, slug)| watched::note(tx, &name, &digest, *kind, slug))
        });
        note.await?;
        Ok(done)
    }

    /// Whether no other file of the folder is the source of the same post.
    async fn is_free(&mut self, page: &Page, name: &str, found: &Found) -> Result<(), Trouble> {
        for post in &found.posts {
            let (kind, slug, name) = (post.kind, post.slug.clone(), name.to_owned());
            let other = self
                .store
                .read(move |conn| watched::other(conn, kind, &slug, &name));
            let Some(other) = other.await? else { continue };
            if self.root.join(&other).exists() {
                self.blocked.insert(page.path.clone());
                let path = post.kind.path(&post.slug);
                let why = format!("{path} is {other} already; give it another slug");
                return Err(Trouble::File(why));
            }
        }
        Ok(())
    }

    /// How the log and the blog's file name a file: from the folder, so that the folder may move.
    fn name(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        path.to_string_lossy().into_owned()
    }
}

fn digest(text: &[u8], found: &Found) -> TakenAs {
    let mut hasher = Sha256::new();
    hasher.update(text);
    for file in &found.media {
        hasher.update(&file.hash);
    }
    hasher.finalize().into()
}
