//! Our own export, read back: a folder or an archive as `rowlog export` and the desk write them.
//!
//! What is in it is parsed and rendered by the same rules as what visitors send, and what does not pass is left out with the
//! reason. Posts are written in one transaction, what hangs on them in small ones.

mod read;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::markdown::Skipped;
use super::{MEDIA_AT_ONCE, Report, set_aside, write_media};
use crate::error::{Error, Result};
use crate::model::carried::{
    CarriedComment, CarriedEntry, CarriedMedia, CarriedPost, CarriedReaction, CarriedVisitor,
};
use crate::model::icon::Icon;
use crate::model::media::{self as library, NewMedia, Pictures};
use crate::model::post::{Discussion, NewPost, PostKind, Status};
use crate::model::settings::fields::Field;
use crate::model::time::Timestamp;
use crate::store::posts::Origin;
use crate::store::{self, Store, Tx, arrivals, posts};
use crate::text;
use read::left_out;

pub use read::{Parcel, read};

/// The word of this importer in the file.
const SOURCE: &str = "rowlog";

/// Rows written in one transaction, so that no visitor waits long behind an import.
const AT_ONCE: usize = 500;

/// What became of an export.
pub struct Arrived {
    /// What became of its posts and media.
    pub posts: Report,
    /// Comments, entries and reactions added now, or to be added.
    pub talk: usize,
}

/// What the owner of the other blog chose.
struct Look {
    settings: Vec<(&'static Field, String)>,
    icon: Vec<Icon>,
}

/// A post ready to be written.
fn prepared(post: CarriedPost, pictures: &Pictures) -> Option<(NewPost, Timestamp)> {
    let new = NewPost {
        kind: PostKind::parse(&post.kind)?,
        rendered: text::markdown::post(&post.body, &|url| pictures.at(url)),
        slug: post.slug,
        title: post.title,
        summary: post.summary,
        body: post.body,
        tags: post.tags,
        status: Status::parse(&post.status).filter(|status| *status != Status::Deleted)?,
        discussion: Discussion::parse(&post.discussion).unwrap_or_default(),
        lang: post.lang,
        published_at: post.published_at,
        updated_at: Some(post.updated_at),
        comments_open: Some(post.comments_open),
        old_paths: post.aliases,
        extra: post.extra,
    };
    Some((new, post.created_at))
}

/// The address of a post, which is its name in the source.
fn address(post: &CarriedPost) -> String {
    kind(post).path(&post.slug)
}

fn kind(post: &CarriedPost) -> PostKind {
    PostKind::parse(&post.kind).unwrap_or(PostKind::Post)
}

/// Writes an export as one batch; what is there already stays as it is. With `dry_run` nothing is written.
///
/// Errors: what the store and the media's files answer. What was written by then stays, and the same import goes on there.
pub async fn apply(
    store: &Store,
    parcel: Parcel,
    path: &Path,
    dry_run: bool,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Arrived> {
    let talk = Talk {
        visitors: parcel.visitors,
        comments: parcel.comments,
        entries: parcel.entries,
        reactions: parcel.reactions,
    };
    let look = Look {
        settings: parcel.settings,
        icon: parcel.icon,
    };
    let (known, new) = told_apart(store, parcel.posts).await?;
    let media = missing(store, parcel.media).await?;
    let mut report = Report {
        found: known.len() + new.len(),
        added: new.iter().map(address).collect(),
        known: known.iter().map(address).collect(),
        media: media.len(),
        skipped: parcel.skipped,
        ..Report::default()
    };
    if dry_run {
        let talk = talk.under(&report.added);
        return Ok(Arrived {
            posts: report,
            talk,
        });
    }
    if !(new.is_empty() && media.is_empty()) {
        set_aside(store).await?;
    }
    keep(store, media, &mut report.skipped).await?;
    let pictures = Arc::new(store.read(store::media::pictures).await?);
    let total = new.len();
    let mut rows = Vec::with_capacity(total);
    for (done, post) in new.into_iter().enumerate() {
        let source_id = address(&post);
        rows.extend(prepared(post, &pictures).map(|(post, at)| (source_id, post, at)));
        progress(done + 1, total);
    }
    let (path, files) = (path.display().to_string(), report.media as i64);
    write_posts(store, rows, look, path, files).await?;
    let (talk, left) = talk.arrive(store, &pictures).await?;
    report.skipped.extend(left);
    Ok(Arrived {
        posts: report,
        talk,
    })
}

/// The posts that are there already, and those that are not.
async fn told_apart(
    store: &Store,
    posts: Vec<CarriedPost>,
) -> Result<(Vec<CarriedPost>, Vec<CarriedPost>)> {
    let keys: Vec<_> = posts
        .iter()
        .map(|post| (address(post), kind(post), post.slug.clone()))
        .collect();
    let known = store.read(move |conn| posts::known(conn, SOURCE, &keys));
    let mut known = known.await?.into_iter();
    Ok(posts
        .into_iter()
        .partition(|_| known.next().unwrap_or(false)))
}

/// Writes posts as one batch, and the settings that nobody has set yet.
async fn write_posts(
    store: &Store,
    rows: Vec<(String, NewPost, Timestamp)>,
    look: Look,
    path: String,
    files: i64,
) -> Result<()> {
    let add = move |tx: &Tx| {
        arrivals::settings(tx, &look.settings)?;
        if !look.icon.is_empty() {
            arrivals::icon(tx, &look.icon)?;
        }
        let batch = store::import::open(tx, SOURCE, &path)?;
        let mut added = 0;
        for (source_id, post, at) in &rows {
            let origin = Origin {
                source: SOURCE,
                source_id,
                batch,
            };
            if let Some(id) = posts::import(tx, post, &origin)? {
                arrivals::began(tx, id, *at)?;
                added += 1;
            }
        }
        store::import::close(tx, batch, added, files)
    };
    store.write(add).await
}

/// What hangs on posts.
struct Talk {
    visitors: Vec<CarriedVisitor>,
    comments: Vec<CarriedComment>,
    entries: Vec<CarriedEntry>,
    reactions: Vec<CarriedReaction>,
}

impl Talk {
    /// How much of it hangs on these posts.
    fn under(&self, posts: &[String]) -> usize {
        let posts: HashSet<&String> = posts.iter().collect();
        let comments = self.comments.iter().map(|one| &one.post);
        let entries = self.entries.iter().map(|one| &one.post);
        let reactions = self.reactions.iter().map(|one| &one.post);
        let all = comments.chain(entries).chain(reactions);
        all.filter(|post| posts.contains(post)).count()
    }

    /// Writes it, some at a time; how many rows are new, and what was left out.
    async fn arrive(
        self,
        store: &Store,
        pictures: &Arc<Pictures>,
    ) -> Result<(usize, Vec<Skipped>)> {
        let guests = self.visitors.into_iter();
        let mut guests = arrivals::Guests::new(guests.map(|guest| (guest.visitor, guest)));
        let (mut added, mut skipped) = (0, Vec::new());
        let mut comments = Vec::new();
        for comment in self.comments {
            let name = format!("{} {}", comment.post, comment.number);
            match arrivals::Arrival::of(comment) {
                Ok(arrival) => comments.push(arrival),
                Err(why) => skipped.push(left_out(&name, why)),
            }
        }
        for some in chunks(comments) {
            let write = move |tx: &Tx| {
                let mut new = 0;
                for comment in &some {
                    new += usize::from(arrivals::comment(tx, SOURCE, comment, &mut guests)?);
                }
                Ok((new, guests))
            };
            let (new, back) = store.write(write).await?;
            guests = back;
            added += new;
        }
        for some in chunks(self.entries) {
            let pictures = pictures.clone();
            let write = move |tx: &Tx| {
                let mut new = 0;
                for entry in &some {
                    let picture = |url: &str| pictures.at(url);
                    let html = text::markdown::entry(&entry.body, entry.number, &picture);
                    new += usize::from(arrivals::entry(tx, SOURCE, entry, &html)?);
                }
                Ok(new)
            };
            added += store.write(write).await?;
        }
        for some in chunks(self.reactions) {
            let write = move |tx: &Tx| {
                let mut new = 0;
                for reaction in &some {
                    new += usize::from(arrivals::reaction(tx, SOURCE, reaction, &mut guests)?);
                }
                Ok((new, guests))
            };
            let (new, back) = store.write(write).await?;
            guests = back;
            added += new;
        }
        Ok((added, skipped))
    }
}

fn chunks<T>(rows: Vec<T>) -> Vec<Vec<T>> {
    let mut rows = rows.into_iter().peekable();
    let mut chunks = Vec::new();
    while rows.peek().is_some() {
        chunks.push(rows.by_ref().take(AT_ONCE).collect());
    }
    chunks
}

/// Those of the files that are not kept yet.
async fn missing(
    store: &Store,
    media: Vec<(CarriedMedia, PathBuf)>,
) -> Result<Vec<(CarriedMedia, PathBuf)>> {
    let look = move |conn: &rusqlite::Connection| {
        let mut new = Vec::new();
        for (row, path) in media {
            if !store::media::exists(conn, &row.hash)? {
                new.push((row, path));
            }
        }
        Ok(new)
    };
    store.read(look).await
}

/// Writes the files' bytes, some at a time. One whose bytes are not those it is named by is left out.
async fn keep(
    store: &Store,
    media: Vec<(CarriedMedia, PathBuf)>,
    skipped: &mut Vec<Skipped>,
) -> Result<()> {
    let (mut waiting, mut bytes, mut said) = (Vec::new(), 0, HashMap::new());
    for (row, path) in media {
        let shown = path.display();
        let content = fs::read(&path).map_err(Error::io(format!("cannot read {shown}")))?;
        let Some(mime) = super::media::known(&row.mime) else {
            skipped.push(left_out(&row.name, "files of this type are not taken in"));
            continue;
        };
        if library::hash(&content) != row.hash {
            skipped.push(left_out(&row.name, "its bytes are not what they were"));
            continue;
        }
        bytes += content.len() as u64;
        said.insert(row.hash.clone(), (row.alt, row.created_at.0));
        waiting.push(NewMedia {
            hash: row.hash,
            name: row.name,
            mime,
            width: row.width,
            height: row.height,
            bytes: content,
        });
        if bytes >= MEDIA_AT_ONCE {
            write_media(store, std::mem::take(&mut waiting)).await?;
            bytes = 0;
        }
    }
    write_media(store, waiting).await?;
    let describe = move |tx: &Tx| {
        said.iter()
            .try_for_each(|(hash, (alt, at))| arrivals::media(tx, hash, alt, *at))
    };
    store.write(describe).await
}
