//! A folder of Markdown files, as Zola, Hugo or Jekyll keep them, as plain values. Nothing is written and nothing is
//! rendered here.
//!
//! The order of work: `site` finds the files, `front_matter` and `head` read what stands above the text, `place` and
//! `addresses` what the path says, `shortcodes` turns the generator's own markup into Markdown, and once every post has
//! its slug, `links` rewrites what the texts refer to.
//!
//! Source: `import-formats.md`, section 3.

mod addresses;
mod calls;
mod code;
mod entry;
mod head;
pub mod html;
mod known;
mod links;
mod place;
mod references;
mod shortcodes;
mod site;
mod slugs;
mod source;

use std::path::{Path, PathBuf};

use jiff::tz::Offset;
use serde_json::{Map, Value};

use self::entry::Entry;
use self::links::{Index, Linker, Page};
use self::site::Site;
use self::source::Survey;
use super::front_matter;
use super::media::{FoundMedia, Shelf};
use crate::model::post::{Discussion, PostKind};

/// What the report of an import says of a post without a date.
const UNDATED: &str = "no date anywhere: the time of the file's last change was taken";

/// What the files do not say themselves.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The zone of times that name none.
    pub offset: Offset,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            offset: Offset::UTC,
        }
    }
}

/// Everything that was found in a folder.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In the order of their files' names.
    pub posts: Vec<FoundPost>,
    /// What the posts show or offer, each file once.
    pub media: Vec<FoundMedia>,
    /// Files that are no post, with the reason.
    pub skipped: Vec<Skipped>,
    /// What was changed or could not be kept, by post.
    pub warnings: Vec<Skipped>,
}

/// A line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file, relative to the folder.
    pub path: String,
    /// A sentence.
    pub why: String,
}

/// A post or page.
#[derive(Clone, Debug)]
pub struct FoundPost {
    /// The path of its file relative to the folder, with `/`: the key that makes a second import change nothing.
    pub source_id: String,
    /// Post or page.
    pub kind: PostKind,
    /// The last part of its address; no two posts and no two pages of one folder share it.
    pub slug: String,
    /// Plain text.
    pub title: String,
    /// The author's own.
    pub summary: Option<String>,
    /// Markdown without shortcodes; its links lead to this blog where they led to the old one.
    pub body: String,
    /// In the author's order, categories last.
    pub tags: Vec<String>,
    /// Milliseconds since the Unix epoch, UTC; may lie ahead.
    pub created_at: i64,
    /// Whether its author wrote that date; otherwise it is that of the file's last change.
    pub is_dated: bool,
    /// Milliseconds since the Unix epoch, UTC.
    pub updated_at: Option<i64>,
    /// Not to be shown.
    pub draft: bool,
    /// Other paths that shall lead here, from the root, without a trailing slash; no two posts share one.
    pub old_paths: Vec<String>,
    /// How its comments are shown.
    pub discussion: Discussion,
    /// Language tag, if the file names one.
    pub lang: Option<String>,
    /// Front matter that has no field here.
    pub extra: Map<String, Value>,
}

/// Reads a whole folder. `progress` is told how many of how many files are done.
///
/// The same folder gives the same answer, except for dates that are compared with today's. Nothing outside of the
/// folder is read, but for the configuration and the static files beside a folder named `content`.
///
/// Errors: a sentence if the folder itself cannot be read.
pub fn read(
    root: &Path,
    options: &Options,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Found, String> {
    let site = Site::at(root)?;
    let walk = site.walk();
    let survey = Survey::of(&site, &walk.pages);
    let mut found = Found {
        skipped: walk.skipped,
        ..Found::default()
    };
    let mut sources = Vec::with_capacity(walk.pages.len());
    for path in &walk.pages {
        match source::read(&site, &survey, path) {
            Ok(source) => sources.push(source),
            Err(why) => found.skipped.push(Skipped {
                path: site.name(path),
                why,
            }),
        }
    }
    let dialect = site.dialect.unwrap_or_else(|| source::dialect(&sources));
    let survey = survey.with_dates(&sources);
    let mut entries = Vec::with_capacity(sources.len());
    for source in sources {
        let name = source.name.clone();
        match Entry::of(source, &site, &survey, dialect, options.offset) {
            Ok(mut entry) => {
                if !entry.post.is_dated {
                    entry.warnings.push(UNDATED.to_owned());
                }
                entries.push(entry);
            }
            Err(why) => found.skipped.push(Skipped { path: name, why }),
        }
    }
    finish(&site, entries, &walk.media, &mut found, progress);
    Ok(found)
}

/// Reads one file, with the images beside it and below its folder.
///
/// Errors: a sentence if it cannot be read or is no post.
pub fn read_file(path: &Path, options: &Options) -> Result<Found, String> {
    let site = Site::around(path)?;
    let path = path
        .canonicalize()
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let survey = Survey::default();
    let source = source::read(&site, &survey, &path)?;
    let dialect = site
        .dialect
        .unwrap_or_else(|| source::dialect(std::slice::from_ref(&source)));
    let entry = Entry::of(source, &site, &survey, dialect, options.offset)?;
    let mut found = Found::default();
    finish(&site, vec![entry], &[], &mut found, &mut |_, _| {});
    Ok(found)
}

/// Whether a text opens with front matter, readable or not: what tells a post from a mere note.
pub fn has_head(text: &str) -> bool {
    front_matter::split(text).map_or(true, |(map, _)| !map.is_empty())
}

/// Gives every post its slug and its old paths, and rewrites the links between them.
fn finish(
    site: &Site,
    mut entries: Vec<Entry>,
    media: &[PathBuf],
    found: &mut Found,
    progress: &mut dyn FnMut(usize, usize),
) {
    slugs::settle(&mut entries);
    let mut index = Index::default();
    for (place, entry) in entries.iter().enumerate() {
        index.add(place, &entry.post, &entry.file);
    }
    let targets: Vec<String> = entries
        .iter()
        .map(|entry| entry.post.kind.path(&entry.post.slug))
        .collect();
    let mut shelf = Shelf::default();
    let total = entries.len();
    for (place, entry) in entries.into_iter().enumerate() {
        let mut linker = Linker {
            site,
            index: &index,
            targets: &targets,
            shelf: &mut shelf,
        };
        let Entry {
            mut post,
            folder,
            stem,
            warnings,
            ..
        } = entry;
        let page = Page {
            folder: &folder,
            stem: &stem,
            old_paths: &post.old_paths,
        };
        let (body, notes) = linker.rewrite(&page, &post.body);
        post.body = body;
        let notes = notes
            .into_iter()
            .chain(linker.cover(&page, &mut post.extra));
        let path = &post.source_id;
        found
            .warnings
            .extend(warnings.into_iter().chain(notes).map(|why| Skipped {
                path: path.clone(),
                why,
            }));
        found.posts.push(post);
        progress(place + 1, total);
    }
    let unused = media.iter().filter(|path| !shelf.holds(path)).count();
    if unused > 0 {
        let why =
            format!("{unused} pictures and other files that no post shows stay where they are");
        found.skipped.push(Skipped {
            path: ".".to_owned(),
            why,
        });
    }
    found.media = shelf.into_found();
}

#[cfg(test)]
mod tests;
