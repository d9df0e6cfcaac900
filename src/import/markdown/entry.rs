//! One Markdown file on its way to becoming a post.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::Offset;
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};
use serde_json::{Map, Value};

use super::addresses::{self, Origin, canonical};
use super::head::Head;
use super::place::Place;
use super::shortcodes;
use super::site::{Dialect, Site};
use super::source::{POSTS_SECTIONS, Source, Survey};
use super::{FoundPost, code};
use crate::import::dates::{self, Moment};
use crate::model::front::Front;
use crate::model::post::{Discussion, PostKind};
use crate::text::slug;

/// Pages that stand beside the posts on many blogs.
const PAGES: &[&str] = &[
    "about",
    "about-me",
    "colophon",
    "contact",
    "cv",
    "imprint",
    "impressum",
    "license",
    "links",
    "now",
    "privacy",
    "projects",
    "resume",
    "uses",
];

/// A post that lacks only its final slug and its links.
#[derive(Debug)]
pub struct Entry {
    /// What is known so far; slug not yet unique, old paths still empty.
    pub post: FoundPost,
    /// Addresses its author gave it, the main one first.
    pub own_paths: Vec<String>,
    /// Addresses the generator made for it.
    pub made_paths: Vec<String>,
    /// Relative to the folder of pages.
    pub file: String,
    /// The folder of its file.
    pub folder: PathBuf,
    /// The name of its file without the ending.
    pub stem: String,
    /// Sentences for the report.
    pub warnings: Vec<String>,
}

impl Entry {
    /// Makes an entry of a source.
    ///
    /// Errors: a sentence saying why this file is no post.
    pub fn of(
        source: Source,
        site: &Site,
        survey: &Survey,
        dialect: Dialect,
        offset: Offset,
    ) -> Result<Entry, String> {
        let Source {
            name,
            place,
            map,
            path,
            body,
            is_damaged,
            ..
        } = source;
        refuse(&place, &map, &body, dialect)?;
        let (body, notes) = shortcodes::convert(&body, dialect, &map);
        let mut head = Head::of(map, dialect, offset);
        let mut warnings = std::mem::take(&mut head.warnings);
        warnings.extend(notes);
        warnings.extend(Front::doubts(&head.extra));
        if is_damaged {
            warnings.push("bytes that are no UTF-8 were replaced".to_owned());
        }
        let (title, body) = titled(head.title.clone(), body, &place)?;
        let own_day = head
            .created
            .or_else(|| day_in_path(&head, &place, offset))
            .or(head.updated);
        let created = own_day
            .or_else(|| changed(&path))
            .ok_or("it has no date and none can be found")?;
        let kind = kind(&head, &place, survey, dialect, own_day.is_some());
        if kind == PostKind::Page && body.trim().is_empty() {
            return Err(
                "a page without text of its own, such as a list, is made by the blog itself"
                    .to_owned(),
            );
        }
        let (own_paths, made_paths) = paths(&head, &place, created.day, &title, dialect, site);
        let tags = tags(&mut head, &place, dialect);
        let slug = slug_of(&head, &place, &title);
        let discussion = discussion(&head)?;
        let post = FoundPost {
            source_id: name,
            kind,
            slug,
            title,
            summary: head.summary,
            body,
            tags,
            created_at: created.ms,
            is_dated: own_day.is_some(),
            updated_at: head.updated.map(|moment| moment.ms),
            draft: head.draft || place.is_draft,
            old_paths: Vec::new(),
            discussion,
            lang: head.lang.or(place.lang),
            extra: head.extra,
        };
        Ok(Entry {
            post,
            own_paths,
            made_paths,
            file: relative(&path, &site.content),
            folder: path.parent().unwrap_or(&path).to_owned(),
            stem: path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            warnings,
        })
    }
}

/// How the comments are shown; as threads where the head does not say.
fn discussion(head: &Head) -> Result<Discussion, String> {
    let Some(word) = &head.discussion else {
        return Ok(Discussion::default());
    };
    Discussion::parse(word)
        .ok_or_else(|| format!("`discussion` can be \"thread\" or \"chat\", not {word:?}"))
}

/// The paths that the head names itself, and those that the generator makes where it names none.
fn paths(
    head: &Head,
    place: &Place,
    day: Date,
    title: &str,
    dialect: Dialect,
    site: &Site,
) -> (Vec<String>, Vec<String>) {
    let categories = place.categories().iter().chain(&head.categories);
    let categories: Vec<String> = categories.map(|name| slug::or_else(name, "")).collect();
    let origin = Origin {
        place,
        dialect,
        day,
        slug: head.slug.as_deref(),
        title,
        categories: &categories,
        is_post: place.is_jekyll_post,
    };
    let own = own_paths(head, &origin);
    let made = match own.is_empty() || head.address.is_none() {
        true => made_paths(&origin, site),
        false => Vec::new(),
    };
    (own, made)
}

/// The tags of the head, and the folders that are categories to Jekyll.
fn tags(head: &mut Head, place: &Place, dialect: Dialect) -> Vec<String> {
    let mut tags = std::mem::take(&mut head.tags);
    let categories = place
        .categories()
        .iter()
        .filter(|_| dialect == Dialect::Jekyll);
    for category in categories {
        if !tags.iter().any(|tag| tag.eq_ignore_ascii_case(category)) {
            tags.push(category.clone());
        }
    }
    tags
}

/// A path below `root`, written with slashes.
fn relative(path: &Path, root: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

/// Files that their own generator would not show as a page, or that only list others.
fn refuse(
    place: &Place,
    map: &Map<String, Value>,
    body: &str,
    dialect: Dialect,
) -> Result<(), String> {
    let blank = body.trim().is_empty();
    if place.is_list && blank {
        return Err(
            "a list page without text of its own: the blog makes its lists itself".to_owned(),
        );
    }
    if map.get("render") == Some(&Value::Bool(false))
        || map.get("headless") == Some(&Value::Bool(true))
    {
        return Err("its head says that it is not rendered as a page".to_owned());
    }
    if dialect == Dialect::Jekyll && map.is_empty() && !place.is_jekyll_post {
        return Err("Jekyll does not publish files without front matter".to_owned());
    }
    let has_title = map.keys().any(|key| key.eq_ignore_ascii_case("title"));
    if blank && !has_title {
        Err("no title and no text".to_owned())
    } else {
        Ok(())
    }
}

/// The title, and the body without it if it was its first heading.
fn titled(title: Option<String>, body: String, place: &Place) -> Result<(String, String), String> {
    if let Some(title) = title {
        return Ok((title, body));
    }
    if let Some((title, range)) = first_heading(&body) {
        let rest = body[range.end..].trim_start_matches('\n');
        return Ok((title, format!("{}{rest}", &body[..range.start])));
    }
    let mut words = place.stem.replace(['-', '_'], " ").trim().to_owned();
    if let Some(first) = words.get(..1) {
        let first = first.to_uppercase();
        words.replace_range(..1, &first);
    }
    if words.is_empty() {
        Err("no title, and its name gives none".to_owned())
    } else {
        Ok((words, body))
    }
}

/// The text and the place of the first heading of level 1.
fn first_heading(body: &str) -> Option<(String, std::ops::Range<usize>)> {
    let mut title: Option<(String, std::ops::Range<usize>)> = None;
    for (event, range) in Parser::new_ext(body, code::options()).into_offset_iter() {
        match (event, &mut title) {
            (
                Event::Start(Tag::Heading {
                    level: HeadingLevel::H1,
                    ..
                }),
                None,
            ) => title = Some((String::new(), range)),
            (Event::Text(text) | Event::Code(text), Some((words, _))) => words.push_str(&text),
            (Event::SoftBreak | Event::HardBreak, Some((words, _))) => words.push(' '),
            (Event::End(TagEnd::Heading(HeadingLevel::H1)), Some(_)) => break,
            _ => {}
        }
    }
    title
        .map(|(words, range)| (words.trim().to_owned(), range))
        .filter(|(words, _)| !words.is_empty())
}

/// The day in the file's name, in the address its author gave it, or in its folders.
fn day_in_path(head: &Head, place: &Place, offset: Offset) -> Option<Moment> {
    let address = head.address.as_deref().and_then(dates::from_path);
    let day = place
        .day
        .or(address)
        .or_else(|| dates::from_path(&format!("{}/x", place.folders.join("/"))))?;
    dates::midnight(day, offset)
}

/// When the file last changed: the last resort.
fn changed(path: &Path) -> Option<Moment> {
    let time = fs::metadata(path).and_then(|entry| entry.modified()).ok()?;
    let time = jiff::Timestamp::try_from(time).ok()?;
    Some(Moment {
        ms: time.as_millisecond(),
        day: Offset::UTC.to_datetime(time).date(),
    })
}

/// Post or page, by what the head says, then by the folder.
fn kind(head: &Head, place: &Place, survey: &Survey, dialect: Dialect, dated: bool) -> PostKind {
    let of = |is_post: bool| {
        if is_post {
            PostKind::Post
        } else {
            PostKind::Page
        }
    };
    let section = place.folders.first().map(|name| name.to_ascii_lowercase());
    match (head.kind.as_deref(), section.as_deref()) {
        _ if place.is_list => PostKind::Page,
        _ if place.is_jekyll_post => PostKind::Post,
        (Some(kind), _) => of(kind == "post"),
        _ if dialect == Dialect::Jekyll => PostKind::Page,
        (_, Some("pages" | "page")) => PostKind::Page,
        (_, Some(section)) if POSTS_SECTIONS.contains(&section) => PostKind::Post,
        (_, Some(_)) => of(dated || !(survey.has_posts_section || survey.has_dates)),
        (_, None) if survey.has_posts_section => PostKind::Page,
        (_, None) => of(dated || !PAGES.contains(&place.stem.to_ascii_lowercase().as_str())),
    }
}

/// What the author set: the whole address, and older ones.
fn own_paths(head: &Head, origin: &Origin<'_>) -> Vec<String> {
    let main = head
        .address
        .as_deref()
        .and_then(|address| addresses::filled(address, origin));
    let mut paths: Vec<String> = main.into_iter().collect();
    for alias in &head.aliases {
        paths.extend(canonical(alias));
        // Hugo reads an alias without a leading slash below the page's own section.
        if origin.dialect == Dialect::Hugo && !alias.starts_with('/') && !alias.contains("://") {
            paths.extend(canonical(&format!(
                "{}/{alias}",
                origin.place.folders.join("/")
            )));
        }
    }
    paths
}

fn made_paths(origin: &Origin<'_>, site: &Site) -> Vec<String> {
    addresses::defaults(origin, site)
        .iter()
        .filter_map(|path| canonical(path))
        .collect()
}

/// The slug: as set, else the last part of the address, else the file's name, else the title.
fn slug_of(head: &Head, place: &Place, title: &str) -> String {
    let last = |path: &str| {
        let path = path.trim_end_matches("index.html").trim_end_matches('/');
        let path = path.rsplit('/').next().unwrap_or(path);
        path.trim_end_matches(".html").to_owned()
    };
    let address = head
        .address
        .as_deref()
        .filter(|address| !address.contains(':'))
        .map(last);
    let named = [
        head.slug.as_deref().map(last),
        address,
        Some(place.stem.clone()),
        Some(title.to_owned()),
    ];
    let mut slugs = named
        .into_iter()
        .flatten()
        .map(|name| slug::or_else(&name, ""));
    let slug = slugs
        .find(|slug| !slug.is_empty())
        .unwrap_or_else(|| "post".to_owned());
    match &place.lang {
        Some(lang) if head.slug.is_none() => slug::or_else(&format!("{slug}-{lang}"), "post"),
        _ => slug,
    }
}
