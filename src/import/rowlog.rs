//! Our own export, read back: a folder or an archive as `rowlog export` and the desk write them.
//!
//! Reading is pure: everything is parsed and rendered here, by the same rules as what visitors send, and what does not pass
//! is left out with the reason. [`apply`] writes it: posts in one transaction, what hangs on them in small ones.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tempfile::TempDir;

use super::markdown::Skipped;
use super::{MEDIA_AT_ONCE, Report, front_matter, set_aside, write_media};
use crate::error::{Error, Result};
use crate::export::{COMMENTS, ENTRIES, MANIFEST, MEDIA, REACTIONS, SETTINGS, VISITORS};
use crate::model::carried::{
    CarriedComment, CarriedEntry, CarriedMedia, CarriedPost, CarriedReaction, CarriedVisitor,
    FORMAT, Manifest, VERSION,
};
use crate::model::media::{self as library, NewMedia, Pictures};
use crate::model::post::{Discussion, NewPost, PostKind, Status};
use crate::model::settings::FIELDS;
use crate::model::time::Timestamp;
use crate::store::posts::Origin;
use crate::store::{self, Store, Tx, arrivals, posts};
use crate::text;

/// The word of this importer in the file.
const SOURCE: &str = "rowlog";

/// Rows written in one transaction, so that no visitor waits long behind an import.
const AT_ONCE: usize = 500;

/// Everything that was found in an export.
pub struct Parcel {
    posts: Vec<CarriedPost>,
    visitors: Vec<CarriedVisitor>,
    comments: Vec<CarriedComment>,
    entries: Vec<CarriedEntry>,
    reactions: Vec<CarriedReaction>,
    media: Vec<(CarriedMedia, PathBuf)>,
    settings: Vec<(&'static str, String)>,
    skipped: Vec<Skipped>,
    /// Where an archive was unpacked; it goes away with this value.
    _unpacked: Option<TempDir>,
}

/// What became of an export.
pub struct Arrived {
    /// What became of its posts and media.
    pub posts: Report,
    /// Comments, entries and reactions added now, or to be added.
    pub talk: usize,
}

/// Reads an export.
///
/// Errors: a sentence if it is none, is not whole, or is newer than this program.
pub fn read(path: &Path) -> std::result::Result<Parcel, String> {
    let (root, unpacked) = unpacked(path)?;
    let whole = fs::read_to_string(root.join(MANIFEST)).map_err(|_| {
        format!(
            "{} is no export of Rowlog, or one that was not finished: it has no {MANIFEST}",
            path.display()
        )
    })?;
    let manifest: Manifest =
        serde_json::from_str(&whole).map_err(|error| format!("{MANIFEST}: {error}"))?;
    if manifest.format != FORMAT || manifest.version > VERSION {
        return Err(format!(
            "{} was written by a newer Rowlog; use the newer program",
            path.display()
        ));
    }
    let mut skipped = Vec::new();
    let mut parcel = Parcel {
        posts: read_posts(&root, &mut skipped),
        visitors: lines(&root, VISITORS, &mut skipped)?,
        comments: lines(&root, COMMENTS, &mut skipped)?,
        entries: lines(&root, ENTRIES, &mut skipped)?,
        reactions: lines(&root, REACTIONS, &mut skipped)?,
        media: Vec::new(),
        settings: settings(&root)?,
        skipped: Vec::new(),
        _unpacked: unpacked,
    };
    for row in lines::<CarriedMedia>(&root, MEDIA, &mut skipped)? {
        let path = root.join(library::path(&row.hash, &row.name).trim_start_matches('/'));
        match library::is_hash(&row.hash) && path.is_file() && !row.name.contains('/') {
            true => parcel.media.push((row, path)),
            false => skipped.push(left_out(&row.name, "its file is not there")),
        }
    }
    parcel.skipped = skipped;
    Ok(parcel)
}

/// The folder of an export, unpacked if it is an archive.
fn unpacked(path: &Path) -> std::result::Result<(PathBuf, Option<TempDir>), String> {
    if path.is_dir() {
        return Ok((path.to_owned(), None));
    }
    let unreadable =
        |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| unreadable(&error))?;
    let folder = tempfile::tempdir().map_err(|error| unreadable(&error))?;
    archive
        .extract(folder.path())
        .map_err(|error| unreadable(&error))?;
    let inside = folder.path().join(crate::export::zip::ROOT);
    Ok((inside, Some(folder)))
}

fn left_out(path: &str, why: impl Into<String>) -> Skipped {
    Skipped {
        path: path.to_owned(),
        why: why.into(),
    }
}

fn read_posts(root: &Path, skipped: &mut Vec<Skipped>) -> Vec<CarriedPost> {
    let mut posts = Vec::new();
    for folder in ["posts", "pages"] {
        let walk = walkdir::WalkDir::new(root.join(folder)).sort_by_file_name();
        for file in walk.into_iter().flatten() {
            let is_markdown = file.path().extension().is_some_and(|ending| ending == "md");
            if !(file.file_type().is_file() && is_markdown) {
                continue;
            }
            let text = fs::read_to_string(file.path()).map_err(|error| error.to_string());
            match text.and_then(|text| read_post(&text)) {
                Ok(post) => posts.push(post),
                Err(why) => skipped.push(left_out(&file.path().to_string_lossy(), why)),
            }
        }
    }
    posts.sort_by_key(|post| post.created_at);
    posts
}

/// One post as `export::front_matter` writes it; its body to the byte.
fn read_post(text: &str) -> std::result::Result<CarriedPost, String> {
    let (mut head, body) = front_matter::split(text)?;
    let body = body.strip_prefix('\n').unwrap_or(body);
    let body = body.strip_suffix('\n').unwrap_or(body);
    let mut word = |key: &str| match head.remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let time = |text: Option<String>| text.and_then(|text| Timestamp::parse(&text));
    let needed = |name: &str, word: Option<String>| word.ok_or(format!("it has no {name}"));
    let kind = needed("kind", word("kind"))?;
    let (slug, title) = (
        needed("slug", word("slug"))?,
        needed("title", word("title"))?,
    );
    let status = needed("status", word("status"))?;
    let (published_at, created, updated) = (
        time(word("date")),
        time(word("created")),
        time(word("updated")),
    );
    let created_at = created.or(published_at).ok_or("it has no date")?;
    let (summary, lang, discussion) = (word("summary"), word("lang"), word("discussion"));
    let (tags, aliases) = (words(&mut head, "tags"), words(&mut head, "aliases"));
    let comments_open = head.remove("comments_open") != Some(Value::Bool(false));
    head.remove("draft"); // for other programs; the status says it
    Ok(CarriedPost {
        kind,
        slug,
        title,
        summary,
        body: body.to_owned(),
        status,
        lang,
        published_at,
        created_at,
        updated_at: updated.unwrap_or(created_at),
        comments_open,
        discussion: discussion.unwrap_or_default(),
        extra: Value::Object(head).to_string(),
        tags,
        aliases,
    })
}

fn words(head: &mut Map<String, Value>, key: &str) -> Vec<String> {
    let Some(Value::Array(list)) = head.remove(key) else {
        return Vec::new();
    };
    let words = list.into_iter().filter_map(|value| match value {
        Value::String(word) => Some(word),
        _ => None,
    });
    words.collect()
}

/// The rows of a file with one JSON object a line; a line that is none is left out.
fn lines<T: DeserializeOwned>(
    root: &Path,
    name: &str,
    skipped: &mut Vec<Skipped>,
) -> std::result::Result<Vec<T>, String> {
    let text = fs::read_to_string(root.join(name))
        .map_err(|error| format!("cannot read {name} of the export: {error}"))?;
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate() {
        match serde_json::from_str(line) {
            Ok(row) => rows.push(row),
            Err(error) => {
                skipped.push(left_out(
                    &format!("{name}, line {}", number + 1),
                    error.to_string(),
                ));
            }
        }
    }
    Ok(rows)
}

/// The settings that the owner may choose, each as its form would take it.
fn settings(root: &Path) -> std::result::Result<Vec<(&'static str, String)>, String> {
    let text = fs::read_to_string(root.join(SETTINGS))
        .map_err(|error| format!("cannot read {SETTINGS} of the export: {error}"))?;
    let mut table = front_matter::toml_map(&text)?;
    let mut chosen = Vec::new();
    for (_, key, check) in FIELDS {
        if let Some(Value::String(value)) = table.remove(key)
            && let Ok(value) = check(&value)
        {
            chosen.push((key, value));
        }
    }
    Ok(chosen)
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
    let kind = PostKind::parse(&post.kind).unwrap_or(PostKind::Post);
    kind.path(&post.slug)
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
    let keys: Vec<_> = parcel
        .posts
        .iter()
        .map(|post| {
            let kind = PostKind::parse(&post.kind).unwrap_or(PostKind::Post);
            (address(post), kind, post.slug.clone())
        })
        .collect();
    let known = store.read(move |conn| posts::known(conn, SOURCE, &keys));
    let known = known.await?;
    let (known, new): (Vec<_>, Vec<_>) = parcel
        .posts
        .into_iter()
        .zip(known)
        .partition(|(_, known)| *known);
    let mut report = Report {
        found: known.len() + new.len(),
        added: new.iter().map(|(post, _)| address(post)).collect(),
        known: known.iter().map(|(post, _)| address(post)).collect(),
        skipped: parcel.skipped,
        ..Report::default()
    };
    let media = missing(store, parcel.media).await?;
    report.media = media.len();
    if dry_run {
        let talk = report.added.iter().map(|post| {
            parcel
                .comments
                .iter()
                .filter(|one| one.post == *post)
                .count()
                + parcel
                    .entries
                    .iter()
                    .filter(|one| one.post == *post)
                    .count()
                + parcel
                    .reactions
                    .iter()
                    .filter(|one| one.post == *post)
                    .count()
        });
        let talk = talk.sum();
        return Ok(Arrived {
            posts: report,
            talk,
        });
    }
    set_aside(store).await?;
    keep(store, media, &mut report.skipped).await?;
    let pictures = Arc::new(store.read(store::media::pictures).await?);
    let total = new.len();
    let mut rows = Vec::with_capacity(total);
    for (done, (post, _)) in new.into_iter().enumerate() {
        let source_id = address(&post);
        rows.extend(prepared(post, &pictures).map(|(post, at)| (source_id, post, at)));
        progress(done + 1, total);
    }
    let (path, files, chosen) = (
        path.display().to_string(),
        report.media as i64,
        parcel.settings,
    );
    let add = move |tx: &Tx| {
        for (key, value) in &chosen {
            arrivals::setting(tx, key, value)?;
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
    store.write(add).await?;
    let talk = Talk {
        visitors: parcel.visitors,
        comments: parcel.comments,
        entries: parcel.entries,
        reactions: parcel.reactions,
    };
    let (talk, left) = talk.arrive(store, &pictures).await?;
    report.skipped.extend(left);
    Ok(Arrived {
        posts: report,
        talk,
    })
}

/// What hangs on posts.
struct Talk {
    visitors: Vec<CarriedVisitor>,
    comments: Vec<CarriedComment>,
    entries: Vec<CarriedEntry>,
    reactions: Vec<CarriedReaction>,
}

impl Talk {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::front_matter::write;

    #[test]
    fn a_post_comes_back_to_the_byte() {
        for body in [
            "",
            "\n",
            "Text",
            "Text\n",
            "\n\nText\r\n\n",
            "+++\n\nnot a head\n+++\n",
        ] {
            let post = CarriedPost {
                kind: "post".into(),
                slug: "a".into(),
                title: "“A”: \"b\" = [c] \\".into(),
                summary: Some("two\nlines\n+++\n'''".into()),
                body: body.into(),
                status: "unlisted".into(),
                lang: Some("de".into()),
                published_at: Some(Timestamp(1_794_647_520_007)),
                created_at: Timestamp(1_794_647_520_000),
                updated_at: Timestamp(1_794_647_530_000),
                comments_open: false,
                discussion: "chat".into(),
                extra: r#"{"cover":"/media/x","n":[1,2.5,true],"params":{"deep":{"a":"b"}}}"#
                    .into(),
                tags: vec!["one".into(), "two words".into()],
                aliases: vec!["/old".into()],
            };
            let text = write(&post).unwrap();
            let back = read_post(&text).unwrap_or_else(|why| panic!("{why}\n{text}"));
            assert_eq!(format!("{back:?}"), format!("{post:?}"), "{text}");
        }
    }
}
