//! Moving in: each format becomes the same plain values, and one writer puts them into the file.

pub mod markdown;
pub mod media;

mod dates;
mod front_matter;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::model::media::NewMedia;
use crate::model::post::{NewPost, Status};
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
    let sizes = sizes(store, &media).await?;
    let total = new.len();
    let mut rows = Vec::with_capacity(total);
    for (done, (post, _)) in new.into_iter().enumerate() {
        rows.push((post.source_id.clone(), prepared(post, &sizes)));
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

/// Creates or updates the posts of one file, telling everyone who looks.
///
/// Errors: what reading the media or the store answers.
pub async fn publish(store: &Store, found: Found) -> Result<Vec<(String, Saved)>> {
    let media = missing(store, found.media).await?;
    let sizes = sizes(store, &media).await?;
    keep(store, &media).await?;
    let mut done = Vec::new();
    for post in found.posts {
        let new = prepared(post, &sizes);
        let path = new.kind.path(&new.slug);
        let (_, saved) = store.write(move |tx| posts::save(tx, &new)).await?;
        done.push((path, saved));
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

/// The size in pixels of every picture, kept or about to be.
async fn sizes(store: &Store, media: &[FoundMedia]) -> Result<HashMap<String, (u32, u32)>> {
    let mut sizes = store.read(store::media::sizes).await?;
    let new = media
        .iter()
        .filter_map(|file| Some((file.hash.clone(), (file.width?, file.height?))));
    sizes.extend(new);
    Ok(sizes)
}

/// Writes the files' bytes, some at a time.
async fn keep(store: &Store, media: &[FoundMedia]) -> Result<()> {
    let (mut waiting, mut bytes) = (Vec::new(), 0);
    for file in media {
        let content = fs::read(&file.path)
            .map_err(Error::io(format!("cannot read {}", file.path.display())))?;
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
fn prepared(post: FoundPost, sizes: &HashMap<String, (u32, u32)>) -> NewPost {
    let size_of = |url: &str| store::media::size_at(sizes, url);
    NewPost {
        kind: post.kind,
        slug: post.slug,
        title: post.title,
        summary: post.summary,
        rendered: text::markdown::post(&post.body, &size_of),
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
        comments_open: true,
        old_paths: post.old_paths,
        extra: serde_json::Value::Object(post.extra).to_string(),
    }
}
