//! Where the links of a post lead in the new blog.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::FoundPost;
use super::addresses::{canonical, joined, parent};
use super::references::{self, Edit, Reference};
use super::site::Site;
use crate::import::media::Shelf;
use crate::model::media;

/// All posts of an import by everything a link may call them.
#[derive(Debug, Default)]
pub struct Index {
    by_path: HashMap<String, usize>,
    /// By the path of the file below the folder of pages, and by its name alone if no other file bears it.
    by_file: HashMap<String, Option<usize>>,
}

impl Index {
    /// Adds the post at place `post`, whose file is `file` relative to the folder of pages.
    pub fn add(&mut self, post: usize, found: &FoundPost, file: &str) {
        for path in found
            .old_paths
            .iter()
            .cloned()
            .chain([found.kind.path(&found.slug)])
        {
            self.by_path.entry(path).or_insert(post);
        }
        for name in file_names(file) {
            self.by_file
                .entry(name)
                .and_modify(|known| *known = None)
                .or_insert(Some(post));
        }
    }

    fn by_path(&self, path: &str) -> Option<usize> {
        let plain = || {
            path.strip_suffix(".html")
                .and_then(|path| self.by_path.get(path))
        };
        self.by_path.get(path).or_else(plain).copied()
    }

    fn by_file(&self, file: &str) -> Option<usize> {
        let names = [
            file.to_owned(),
            format!("{file}.md"),
            format!("{file}/index.md"),
            name_of(file).to_owned(),
        ];
        names
            .iter()
            .find_map(|name| self.by_file.get(name).copied().flatten())
    }
}

/// The ways to name a file: whole, and by its last part, which for a bundle is its folder.
fn file_names(file: &str) -> Vec<String> {
    let mut names = vec![file.to_owned(), name_of(file).to_owned()];
    names.dedup();
    names
}

fn name_of(file: &str) -> &str {
    let file = file
        .strip_suffix("/index.md")
        .or_else(|| file.strip_suffix("/_index.md"))
        .unwrap_or(file);
    let name = file.rsplit('/').next().unwrap_or(file);
    [".md", ".markdown", ".mkd"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// Rewrites the links of posts, and gathers the media they show.
pub struct Linker<'a> {
    /// The folder.
    pub site: &'a Site,
    /// All posts.
    pub index: &'a Index,
    /// Kind and slug of every post, by place.
    pub targets: &'a [String],
    /// The media so far.
    pub shelf: &'a mut Shelf,
}

/// The post whose links are being rewritten.
pub struct Page<'a> {
    /// The folder of its file, canonical.
    pub folder: &'a Path,
    /// The name of its file without the ending: assets may stand in a folder of that name.
    pub stem: &'a str,
    /// Its old addresses: relative links were relative to one of them.
    pub old_paths: &'a [String],
}

/// What becomes of a reference.
enum Outcome {
    Rewrite(String),
    Keep,
    Report(String),
    External,
}

impl Linker<'_> {
    /// `body` with its links rewritten, and a sentence for each thing that could not be kept.
    pub fn rewrite(&mut self, page: &Page<'_>, body: &str) -> (String, Vec<String>) {
        let found = references::find(body);
        let (mut edits, mut notes) = (found.edits, found.notes);
        let mut external = 0;
        for reference in found.references {
            match self.resolve(page, &reference) {
                Outcome::Rewrite(text) => edits.push(Edit {
                    range: reference.range,
                    text,
                }),
                Outcome::Keep => {}
                Outcome::Report(note) if notes.contains(&note) => {}
                Outcome::Report(note) => notes.push(note),
                Outcome::External => external += 1,
            }
        }
        if external > 0 {
            notes.push(format!(
                "not shown: other sites' images are not loaded ({external})"
            ));
        }
        (references::apply(body, edits), notes)
    }

    /// Takes in the cover that front matter names as a picture of the text is; a sentence if it could not be kept.
    pub fn cover(&mut self, page: &Page<'_>, extra: &mut Map<String, Value>) -> Option<String> {
        let reference = Reference {
            range: 0..0,
            address: extra.get("cover")?.as_str()?.to_owned(),
            shown: true,
        };
        match self.resolve(page, &reference) {
            Outcome::Rewrite(path) => {
                extra.insert("cover".into(), path.into());
                None
            }
            Outcome::Report(note) => Some(note),
            Outcome::External => Some("not shown: its cover is another site's image".to_owned()),
            Outcome::Keep => None,
        }
    }

    fn resolve(&mut self, page: &Page<'_>, reference: &Reference) -> Outcome {
        let Some(address) = self.local(&reference.address) else {
            let remote =
                reference.address.starts_with("http") || reference.address.starts_with("//");
            return if reference.shown && remote {
                Outcome::External
            } else {
                Outcome::Keep
            };
        };
        let (path, rest) = address.split_at(address.find(['?', '#']).unwrap_or(address.len()));
        let is_ours = media::hash_in(path).is_some_and(media::is_hash); // copied from the library
        if path.is_empty() || path == "/" || is_ours {
            return Outcome::Keep;
        }
        let decoded = percent_decode_str(path).decode_utf8_lossy().into_owned();
        let fragment = rest.find('#').map_or("", |place| &rest[place..]);
        if let Some(file) = self
            .files(page, &decoded)
            .into_iter()
            .find_map(|file| self.site.contained(&file))
        {
            let is_page = self.site.is_page(&file);
            if reference.shown || !is_page {
                return match self.shelf.put(&file) {
                    Ok(media) => Outcome::Rewrite(media.address()),
                    Err(why) => {
                        Outcome::Report(format!("{} was not taken in: {why}", reference.address))
                    }
                };
            }
        }
        if reference.shown {
            return Outcome::Report(format!("the file {} is missing", reference.address));
        }
        match self.post(page, &decoded) {
            Some(post) => Outcome::Rewrite(format!("{}{fragment}", self.targets[post])),
            None if decoded.starts_with("@/") => {
                Outcome::Report(format!("no post for the link {}", &decoded[1..]))
            }
            None => Outcome::Report(format!(
                "no post and no file for the link {}",
                reference.address
            )),
        }
    }

    /// The part of an address below the root of the old site; none if it leads elsewhere.
    fn local<'r>(&self, address: &'r str) -> Option<&'r str> {
        for key in ["base_url", "baseURL", "url"] {
            let base = self
                .site
                .setting(key)
                .map(|base| base.trim_end_matches('/'))
                .filter(|base| base.contains("://"));
            let rest = base.and_then(|base| address.strip_prefix(base));
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#'])) {
                return rest;
            }
        }
        let scheme = address
            .split(['/', '?', '#'])
            .next()
            .is_some_and(|first| first.contains(':'));
        (!scheme && !address.starts_with("//")).then_some(address)
    }

    /// The places where a file of that address may be.
    fn files(&self, page: &Page<'_>, path: &str) -> Vec<PathBuf> {
        let roots = || {
            self.site
                .statics
                .iter()
                .chain([&self.site.content, &self.site.root])
        };
        if path.starts_with("@/") {
            return Vec::new();
        }
        if let Some(path) = path.strip_prefix('/') {
            let base = self
                .site
                .setting("baseurl")
                .unwrap_or_default()
                .trim_matches('/');
            let below = path
                .strip_prefix(base)
                .and_then(|path| path.strip_prefix('/'))
                .filter(|_| !base.is_empty());
            return [Some(path), below]
                .into_iter()
                .flatten()
                .flat_map(|path| roots().map(move |root| root.join(path)))
                .collect();
        }
        let beside = [
            page.folder.join(path),
            page.folder.join(page.stem).join(path),
        ];
        let served = page
            .old_paths
            .iter()
            .flat_map(|own| [joined(own, path), joined(parent(own), path)])
            .flatten();
        let served = served.flat_map(|path| {
            roots()
                .map(move |root| root.join(path.trim_start_matches('/')))
                .collect::<Vec<_>>()
        });
        beside.into_iter().chain(served).collect()
    }

    fn post(&self, page: &Page<'_>, path: &str) -> Option<usize> {
        if let Some(file) = path.strip_prefix("@/") {
            return self.index.by_file(file.trim_end_matches('/'));
        }
        if path.starts_with('/') {
            return canonical(path).and_then(|path| self.index.by_path(&path));
        }
        let beside = page.folder.join(path).canonicalize().ok();
        let file = beside
            .as_deref()
            .and_then(|file| file.strip_prefix(&self.site.content).ok());
        let file = file.and_then(|file| self.index.by_file(&file.to_string_lossy()));
        file.or_else(|| {
            let mut served = page
                .old_paths
                .iter()
                .flat_map(|own| [joined(own, path), joined(parent(own), path)])
                .flatten();
            served.find_map(|path| canonical(&path).and_then(|path| self.index.by_path(&path)))
        })
    }
}
