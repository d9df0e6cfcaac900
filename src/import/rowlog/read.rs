//! An export as plain values. Nothing is written and nothing is rendered here.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tempfile::TempDir;

use super::super::front_matter;
use super::super::markdown::Skipped;
use crate::darkroom::icon;
use crate::export::{COMMENTS, ENTRIES, ICON, MANIFEST, MEDIA, REACTIONS, SETTINGS, VISITORS};
use crate::model::carried::{
    CarriedComment, CarriedEntry, CarriedMedia, CarriedPost, CarriedReaction, CarriedVisitor,
    FORMAT, Manifest, VERSION,
};
use crate::model::icon::Icon;
use crate::model::manuscript::is_slug;
use crate::model::media as library;
use crate::model::post::{PostKind, Status};
use crate::model::settings::fields::{FIELDS, Field};
use crate::model::time::Timestamp;

/// Everything that was found in an export.
pub struct Parcel {
    pub(super) posts: Vec<CarriedPost>,
    pub(super) visitors: Vec<CarriedVisitor>,
    pub(super) comments: Vec<CarriedComment>,
    pub(super) entries: Vec<CarriedEntry>,
    pub(super) reactions: Vec<CarriedReaction>,
    pub(super) media: Vec<(CarriedMedia, PathBuf)>,
    pub(super) settings: Vec<(&'static Field, String)>,
    pub(super) icon: Vec<Icon>,
    pub(super) skipped: Vec<Skipped>,
    /// Where an archive was unpacked; it goes away with this value.
    _unpacked: Option<TempDir>,
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
        icon: read_icon(&root, &mut skipped),
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

/// A line of the report.
pub(super) fn left_out(path: &str, why: impl Into<String>) -> Skipped {
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
    if PostKind::parse(&kind).is_none()
        || matches!(Status::parse(&status), None | Some(Status::Deleted))
    {
        return Err(format!("{kind:?} or {status:?} is nothing we know"));
    }
    if !is_slug(&slug) {
        return Err(format!("{slug:?} cannot be part of an address"));
    }
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
fn settings(root: &Path) -> std::result::Result<Vec<(&'static Field, String)>, String> {
    let text = fs::read_to_string(root.join(SETTINGS))
        .map_err(|error| format!("cannot read {SETTINGS} of the export: {error}"))?;
    let mut table = front_matter::toml_map(&text)?;
    let mut chosen = Vec::new();
    for field in &FIELDS {
        if let Some(Value::String(value)) = table.remove(field.key)
            && let Ok(value) = (field.check)(&value)
        {
            chosen.push((field, value));
        }
    }
    Ok(chosen)
}

/// The blog's icon in every size; nothing if it has none of its own, or one that is no picture.
fn read_icon(root: &Path, skipped: &mut Vec<Skipped>) -> Vec<Icon> {
    let path = root.join(ICON);
    if !path.is_file() {
        return Vec::new();
    }
    let sizes = match fs::read(path) {
        Ok(bytes) => icon::sizes(&bytes).map_err(|_| "it is no picture".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    sizes.unwrap_or_else(|why| {
        skipped.push(left_out(ICON, why));
        Vec::new()
    })
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
