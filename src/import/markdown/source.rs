//! A Markdown file as it was read, and what has to be known of its folder to judge it.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::place::Place;
use super::site::{Dialect, Site};
use crate::import::front_matter;

/// A larger file is no text that a person wrote.
const MAX_BYTES: u64 = 16 << 20;

/// Sections that hold posts by their very name.
pub const POSTS_SECTIONS: &[&str] = &[
    "posts", "post", "blog", "articles", "article", "news", "journal", "log", "essays", "writing",
    "weblog",
];

/// Keys that only Zola reads.
const ZOLA_KEYS: &[&str] = &[
    "taxonomies",
    "extra",
    "path",
    "in_search_index",
    "sort_by",
    "generate_feeds",
    "insert_anchor_links",
];

/// What has to be known of a whole folder to judge one file in it.
#[derive(Debug, Default)]
pub struct Survey {
    files: HashSet<PathBuf>,
    /// Whether a folder holds posts by its very name.
    pub has_posts_section: bool,
    /// Whether any file has a date of its own.
    pub has_dates: bool,
}

impl Survey {
    /// Looks at the names of all files.
    pub fn of(site: &Site, pages: &[PathBuf]) -> Survey {
        let section = |path: &PathBuf| {
            let below = path.strip_prefix(&site.content).unwrap_or(path);
            let first = below
                .components()
                .next()
                .filter(|_| below.components().count() > 1);
            first.is_some_and(|first| {
                POSTS_SECTIONS
                    .iter()
                    .any(|name| first.as_os_str().eq_ignore_ascii_case(name))
            })
        };
        let has_posts_section = pages.iter().any(section);
        Survey {
            files: pages.iter().cloned().collect(),
            has_posts_section,
            has_dates: false,
        }
    }

    /// And at their heads: whether any of them has a date of its own.
    pub fn with_dates(self, sources: &[Source]) -> Survey {
        let has_dates = sources
            .iter()
            .any(|source| source.place.day.is_some() || source.map.contains_key("date"));
        Survey { has_dates, ..self }
    }

    /// Whether `post.de.md` is a translation: its language is configured or the post itself is there.
    fn is_lang(&self, site: &Site, path: &Path, suffix: &str) -> bool {
        let configured = site.config.get("languages").and_then(Value::as_object);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let base = stem
            .strip_suffix(suffix)
            .and_then(|stem| stem.strip_suffix('.'))
            .unwrap_or_default();
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        configured.is_some_and(|languages| languages.contains_key(suffix))
            || self
                .files
                .contains(&path.with_file_name(format!("{base}.{ending}")))
    }
}

/// A file as read, its head parsed.
#[derive(Debug)]
pub struct Source {
    /// Relative to the root.
    pub name: String,
    /// What its path says.
    pub place: Place,
    /// The front matter.
    pub map: Map<String, Value>,
    /// The file, canonical.
    pub path: PathBuf,
    /// What follows the front matter, line ends as LF.
    pub body: String,
    /// Whether bytes had to be replaced to read it.
    pub is_damaged: bool,
    is_toml: bool,
}

/// Reads a file.
///
/// Errors: a sentence saying why it cannot be a post.
pub fn read(site: &Site, survey: &Survey, path: &Path) -> Result<Source, String> {
    let size = fs::metadata(path)
        .map_err(|error| format!("cannot be read: {error}"))?
        .len();
    if size > MAX_BYTES {
        return Err(format!("larger than {} MiB", MAX_BYTES >> 20));
    }
    let bytes = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let text = String::from_utf8_lossy(&bytes);
    let is_damaged = matches!(text, std::borrow::Cow::Owned(_));
    let text = if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.into_owned()
    };
    let (map, body) = front_matter::split(&text)?;
    let below = path.strip_prefix(&site.content).unwrap_or(path);
    let mut place = Place::of(below, |suffix| survey.is_lang(site, path, suffix));
    if site.content.ends_with("_posts") || site.content.ends_with("_drafts") {
        place.is_jekyll_post = true;
        place.is_draft |= site.content.ends_with("_drafts");
    }
    let (body, is_toml) = (body.to_owned(), front_matter::is_toml(&text));
    Ok(Source {
        name: site.name(path),
        place,
        map,
        path: path.to_owned(),
        body,
        is_toml,
        is_damaged,
    })
}

/// The generator that most of these files were written for, by their places and heads.
pub fn dialect(sources: &[Source]) -> Dialect {
    if sources.iter().any(|source| source.place.is_jekyll_post) {
        return Dialect::Jekyll;
    }
    let is_zola = |source: &&Source| {
        source.is_toml && ZOLA_KEYS.iter().any(|key| source.map.contains_key(*key))
    };
    let zola = sources.iter().filter(is_zola).count();
    let hugo = sources
        .iter()
        .filter(|source| source.body.contains("{{<") || source.body.contains("{{%"))
        .count();
    if zola > hugo {
        Dialect::Zola
    } else {
        Dialect::Hugo
    }
}
