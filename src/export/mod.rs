//! Moving out: all of the blog as files that people and other programs can read, and that `rowlog import rowlog` takes back.
//!
//! Posts are Markdown below TOML front matter, with the names that Zola and Hugo know where they have one; media lie where
//! the addresses in the texts say; everything else is one JSON object a line. All of it is read from one moment of the
//! file. What is not in it: the trash, earlier versions, statistics, the log, and every secret; a backup holds those.

pub mod folder;
pub mod front_matter;
pub mod zip;

use std::collections::HashMap;
use std::io::Read;

use jiff::tz::TimeZone;
use rusqlite::{Connection, MAIN_DB};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::model::carried::{CarriedPost, CarriedVisitor, FORMAT, Manifest, VERSION, Written};
use crate::model::media;
use crate::model::time::Timestamp;
use crate::store::carried;

/// The names of the files beside the posts and the media.
pub const MANIFEST: &str = "manifest.json";
/// The owner's settings.
pub const SETTINGS: &str = "settings.toml";
/// The blog's own icon, if it has one.
pub const ICON: &str = "icon.png";
/// One comment a line.
pub const COMMENTS: &str = "comments.jsonl";
/// One entry of a liveblog a line.
pub const ENTRIES: &str = "entries.jsonl";
/// One reaction a line.
pub const REACTIONS: &str = "reactions.jsonl";
/// One visitor a line.
pub const VISITORS: &str = "visitors.jsonl";
/// One media file a line.
pub const MEDIA: &str = "media.jsonl";

const README: &str = include_str!("../../templates/export.md");

/// Where the files go.
trait Sink {
    /// Writes a file of that path, relative and with slashes.
    fn file(&mut self, path: &str, content: &mut dyn Read) -> Result<()>;
}

/// Writes the whole blog, the manifest last; with `private`, e-mail addresses too.
fn write(conn: &Connection, private: bool, sink: &mut dyn Sink) -> Result<Manifest> {
    sink.file("README.md", &mut README.as_bytes())?;
    sink.file(SETTINGS, &mut settings(conn, private)?.as_bytes())?;
    if let Some(icon) = carried::icon(conn)? {
        sink.file(ICON, &mut &icon[..])?;
    }
    let mut posts = 0;
    carried::posts(conn, |post| {
        posts += 1;
        let text = front_matter::write(&post)?;
        sink.file(&place(&post), &mut text.as_bytes())
    })?;
    let mut lines = Lines::default();
    let mut guests = Guests::default();
    carried::comments(conn, private, |mut row| {
        row.visitor = row.visitor.map(|id| guests.number(id));
        lines.add(&row)
    })?;
    let comments = lines.end(COMMENTS, sink)?;
    carried::entries(conn, |row| lines.add(&row))?;
    let entries = lines.end(ENTRIES, sink)?;
    carried::reactions(conn, |mut row| {
        row.visitor = guests.number(row.visitor);
        lines.add(&row)
    })?;
    let reactions = lines.end(REACTIONS, sink)?;
    for (id, visitor) in guests.in_order() {
        if let Some(row) = carried::visitor(conn, id, private)? {
            lines.add(&CarriedVisitor { visitor, ..row })?;
        }
    }
    lines.end(VISITORS, sink)?;
    carried::media(conn, |(row, id)| {
        lines.add(&row)?;
        let mut bytes = conn.blob_open(MAIN_DB, "media", "bytes", id, true)?;
        let path = media::path(&row.hash, &row.name);
        sink.file(path.trim_start_matches('/'), &mut bytes)
    })?;
    let media = lines.end(MEDIA, sink)?;
    let manifest = Manifest {
        format: FORMAT.into(),
        version: VERSION,
        made_at: Written(Timestamp::now()),
        private,
        posts,
        comments,
        entries,
        reactions,
        media,
    };
    let text = serde_json::to_string_pretty(&manifest).map_err(unwritable)?;
    sink.file(MANIFEST, &mut text.as_bytes())?;
    Ok(manifest)
}

/// The file of a post. Slugs are safe in paths; no two of a kind are the same.
fn place(post: &CarriedPost) -> String {
    match post.kind.as_str() {
        "page" => format!("pages/{}.md", post.slug),
        _ => {
            let time = post.published_at.unwrap_or(post.created_at);
            let year = time.in_zone(&TimeZone::UTC).year();
            format!("posts/{year}/{}.md", post.slug)
        }
    }
}

fn settings(conn: &Connection, private: bool) -> Result<String> {
    let chosen = carried::settings(conn, private)?.into_iter();
    let table: toml::Table = chosen
        .map(|(field, value)| (field.key.to_owned(), toml::Value::String(value)))
        .collect();
    Ok(table.to_string())
}

/// Visitors by the order in which they appear: their rows are nobody's business, and an export of what was imported is the
/// same again.
#[derive(Default)]
struct Guests(HashMap<i64, i64>);

impl Guests {
    fn number(&mut self, id: i64) -> i64 {
        let next = self.0.len() as i64 + 1;
        *self.0.entry(id).or_insert(next)
    }

    fn in_order(self) -> Vec<(i64, i64)> {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_unstable_by_key(|(_, number)| *number);
        all
    }
}

/// JSON, one value a line.
#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    count: usize,
}

impl Lines {
    fn add(&mut self, row: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.text, row).map_err(unwritable)?;
        self.text.push(b'\n');
        self.count += 1;
        Ok(())
    }

    /// Writes what was gathered as one file; how many lines it has.
    fn end(&mut self, path: &str, sink: &mut dyn Sink) -> Result<usize> {
        let Lines { text, count } = std::mem::take(self);
        sink.file(path, &mut text.as_slice())?;
        Ok(count)
    }
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::Refused(format!("a row cannot be written as JSON: {error}"))
}
