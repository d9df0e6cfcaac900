//! Moving in: each format becomes the same plain values, and one writer puts them into the file.

pub mod markdown;
pub mod media;
pub mod rowlog;

pub mod dates;
pub mod front_matter;

use std::fmt;
use std::path::Path;

use crate::error::{Error, Result};
use crate::model::backup::Reason;
use crate::model::media::{self as library, NewMedia, Picture, Pictures};
use crate::model::post::{NewPost, PostKind, Status};
use crate::model::time::Timestamp;
use crate::store::posts::{Origin, Saved};
use crate::store::{self, Store, Tx, posts};
use crate::text;
use markdown::{Found, FoundPost, Skipped};
use media::FoundMedia;

/// Bytes of media written in one transaction, so that no visitor waits long behind an import.
const MEDIA_AT_ONCE: u64 = 8 << 20;

/// What became of what was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Posts and pages found in the source.
    pub found: usize,
    /// Posts and pages added now, or to be added.
    pub added: Vec<String>,
    /// Posts and pages that are there already, by the import that brought them or by their slug.
    pub known: Vec<String>,
    /// Media added now, or to be added.
    pub media: usize,
    /// What was left out, and why.
    pub skipped: Vec<Skipped>,
    /// What was changed or could not be kept, by post.
    pub warnings: Vec<Skipped>,
}

impl Report {
    /// What an import into a blog that does not exist yet would add: everything.
    pub fn of_new_blog(found: Found) -> Report {
        Report {
            found: found.posts.len(),
            added: found.posts.into_iter().map(|post| post.source_id).collect(),
            media: found.media.len(),
            skipped: found.skipped,
            warnings: found.warnings,
            ..Report::default()
        }
    }
}

/// Writes what was found as one batch; what is there already stays as it is. With `dry_run` nothing is written.
///
/// Errors: what reading the media or the store answers. No post is added then.
pub async fn apply(
    store: &Store,
    found: Found,
    source: &'static str,
    path: &Path,
    dry_run: bool,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Report> {
    let Found {
        posts: pages,
        media,
        skipped,
        warnings,
    } = found;
    let keys: Vec<_> = pages
        .iter()
        .map(|post| (post.source_id.clone(), post.kind, post.slug.clone()))
        .collect();
    let known = store
        .read(move |conn| posts::known(conn, source, &keys))
        .await?;
    let (known, new): (Vec<_>, Vec<_>) =
        pages.into_iter().zip(known).partition(|(_, known)| *known);
    let mut report = Report {
        found: known.len() + new.len(),
        skipped,
        warnings,
        ..Report::default()
    };
    report.known = known.into_iter().map(|(post, _)| post.source_id).collect();
    report.added = new.iter().map(|(post, _)| post.source_id.clone()).collect();
    let media = missing(store, media).await?;
    report.media = media.len();
    if dry_run || (new.is_empty() && media.is_empty()) {
        return Ok(report);
    }
    set_aside(store).await?;
    let pictures = pictures(store, &media).await?;
    let total = new.len();
    let mut rows = Vec::with_capacity(total);
    for (done, (post, _)) in new.into_iter().enumerate() {
        rows.push((post.source_id.clone(), prepared(post, &pictures)));
        progress(done + 1, total);
    }
    keep(store, &media).await?;
    let (path, pictures) = (path.display().to_string(), report.media as i64);
    let add = move |tx: &Tx| {
        let batch = store::import::open(tx, source, &path)?;
        let mut added = 0;
        for (source_id, post) in &rows {
            let origin = Origin {
                source,
                source_id,
                batch,
            };
            added += i64::from(posts::import(tx, post, &origin)?.is_some());
        }
        store::import::close(tx, batch, added, pictures)
    };
    store.write(add).await?;
    Ok(report)
}

/// Makes a backup of a blog in which something was written already.
async fn set_aside(store: &Store) -> Result<()> {
    let path = store.path().to_owned();
    store
        .read(move |conn| match posts::any(conn)? {
            true => store::backups::set_aside(&path, Reason::Import).map(drop),
            false => Ok(()),
        })
        .await
}

/// What became of a file that was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// Post or page.
    pub kind: PostKind,
    /// The last part of its address.
    pub slug: String,
    /// Whether anything changed.
    pub saved: Saved,
    /// Where it stands now.
    pub status: Status,
    /// Its date, if it has one.
    pub at: Option<Timestamp>,
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.saved {
            Saved::New => "new",
            Saved::Changed => "changed",
            Saved::Same => "unchanged",
        };
        write!(f, "{} {word}", self.kind.path(&self.slug))?;
        match (self.status, self.at) {
            (Status::Scheduled, Some(at)) => write!(f, ", scheduled for {}", at.rfc3339()),
            (Status::Draft, _) => f.write_str(", a draft"),
            _ => Ok(()),
        }
    }
}

/// Creates or updates the posts of one file, telling everyone who looks. A post whose file has no date keeps its own, and
/// gets the present one where it has none.
///
/// Errors: what reading the media or the store answers.
pub async fn publish(store: &Store, found: Found) -> Result<Vec<Published>> {
    let media = missing(store, found.media).await?;
    let pictures = pictures(store, &media).await?;
    keep(store, &media).await?;
    let mut done = Vec::new();
    for post in found.posts {
        let is_dated = post.is_dated;
        let mut new = prepared(post, &pictures);
        new.published_at = new.published_at.filter(|_| is_dated);
        let save = move |tx: &Tx| {
            let (id, saved) = posts::save(tx, &new)?;
            let post = posts::by_id(tx, id)?.ok_or(Error::NotFound)?;
            Ok(Published {
                kind: post.kind,
                slug: post.slug,
                saved,
                status: post.status,
                at: post.published_at,
            })
        };
        done.push(store.write(save).await?);
    }
    Ok(done)
}

/// Those of the files that are not kept yet.
async fn missing(store: &Store, media: Vec<FoundMedia>) -> Result<Vec<FoundMedia>> {
    store
        .read(move |conn| {
            let new =
                |file: &FoundMedia| store::media::exists(conn, &file.hash).map(|known| !known);
            media
                .into_iter()
                .filter_map(|file| new(&file).map(|new| new.then_some(file)).transpose())
                .collect()
        })
        .await
}

/// Every picture, kept or about to be.
async fn pictures(store: &Store, media: &[FoundMedia]) -> Result<Pictures> {
    let mut pictures = store.read(store::media::pictures).await?;
    let new = media.iter().filter_map(|file| {
        let (width, height) = (file.width?, file.height?);
        let widths = store::media::expected(file.mime, width);
        let picture = Picture {
            width,
            height,
            widths,
        };
        Some((file.hash.clone(), picture))
    });
    pictures.0.extend(new);
    Ok(pictures)
}

/// Writes the files' bytes, some at a time.
async fn keep(store: &Store, media: &[FoundMedia]) -> Result<()> {
    let (mut waiting, mut bytes) = (Vec::new(), 0);
    for file in media {
        let content = file
            .content()
            .map_err(Error::io(format!("cannot read {}", file.path.display())))?;
        if library::hash(&content) != file.hash {
            let path = file.path.display();
            return Err(Error::Refused(format!(
                "{path} changed while it was read; publish once more"
            )));
        }
        bytes += content.len() as u64;
        waiting.push(NewMedia {
            hash: file.hash.clone(),
            name: file.name.clone(),
            mime: file.mime,
            width: file.width,
            height: file.height,
            bytes: content,
        });
        if bytes >= MEDIA_AT_ONCE {
            write_media(store, std::mem::take(&mut waiting)).await?;
            bytes = 0;
        }
    }
    write_media(store, waiting).await
}

async fn write_media(store: &Store, files: Vec<NewMedia>) -> Result<()> {
    store
        .write(move |tx| {
            files
                .iter()
                .try_for_each(|file| store::media::add(tx, file, None).map(drop))
        })
        .await
}

/// A found post, rendered and ready to be written.
fn prepared(post: FoundPost, pictures: &Pictures) -> NewPost {
    NewPost {
        kind: post.kind,
        slug: post.slug,
        title: post.title,
        summary: post.summary,
        rendered: text::markdown::post(&post.body, &|url| pictures.at(url)),
        body: post.body,
        tags: post.tags,
        status: if post.draft {
            Status::Draft
        } else {
            Status::Published
        },
        discussion: post.discussion,
        lang: post.lang,
        published_at: Some(Timestamp(post.created_at)),
        updated_at: post.updated_at.map(Timestamp),
        comments_open: None,
        old_paths: post.old_paths,
        extra: serde_json::Value::Object(post.extra).to_string(),
    }
}
