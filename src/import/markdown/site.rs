//! Which generator a folder belongs to, where its pages and its static files are, and which files it holds.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use walkdir::WalkDir;

use super::Skipped;
use crate::import::{front_matter, media};

/// The generator a folder was written for: it decides what braces mean and what addresses pages had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Also stands for plain Markdown, because its braces cannot be met by chance.
    Hugo,
    /// TOML heads, `{{ name(key="value") }}`.
    Zola,
    /// `_posts`, Liquid.
    Jekyll,
}

/// Where things are in the folder to be read, and what its configuration says.
#[derive(Clone, Debug)]
pub struct Site {
    /// The folder as given, canonical: names of sources are relative to it.
    pub root: PathBuf,
    /// The folder of pages, canonical.
    pub content: PathBuf,
    /// Folders whose files stood at the root of the old site, canonical.
    pub statics: Vec<PathBuf>,
    /// If the configuration or the folders tell.
    pub dialect: Option<Dialect>,
    /// The configuration; empty without one.
    pub config: Map<String, Value>,
}

/// What a walk through a folder met.
#[derive(Debug, Default)]
pub struct Walk {
    /// Markdown files in the order of their names.
    pub pages: Vec<PathBuf>,
    /// Files that posts may show.
    pub media: Vec<PathBuf>,
    /// Symbolic links and unreadable folders.
    pub skipped: Vec<Skipped>,
}

/// Names of configuration files, with the generator that alone uses the name.
const CONFIGS: &[(&str, Option<Dialect>)] = &[
    ("_config.yml", Some(Dialect::Jekyll)),
    ("_config.yaml", Some(Dialect::Jekyll)),
    ("zola.toml", Some(Dialect::Zola)),
    ("hugo.toml", Some(Dialect::Hugo)),
    ("hugo.yaml", Some(Dialect::Hugo)),
    ("hugo.yml", Some(Dialect::Hugo)),
    ("hugo.json", Some(Dialect::Hugo)),
    ("config.toml", None),
    ("config.yaml", Some(Dialect::Hugo)),
    ("config.yml", Some(Dialect::Hugo)),
    ("config.json", Some(Dialect::Hugo)),
    ("config/_default/hugo.toml", Some(Dialect::Hugo)),
    ("config/_default/config.toml", Some(Dialect::Hugo)),
];

/// Folders of themes, templates and output, which hold no posts.
const NOT_CONTENT: &[&str] = &[
    "_site",
    "_includes",
    "_layouts",
    "_sass",
    "_data",
    "_plugins",
    "node_modules",
    "vendor",
    "public",
    "themes",
    "templates",
];

/// A configuration file larger than this is not one.
const MAX_CONFIG: u64 = 1 << 20;

impl Site {
    /// Looks at the folder `root`: a whole site, its `content` or `_posts` folder, or any folder of Markdown.
    ///
    /// Errors: a sentence if the folder cannot be read.
    pub fn at(root: &Path) -> Result<Site, String> {
        let fault = |error| format!("cannot read the folder {}: {error}", root.display());
        let root = root.canonicalize().map_err(fault)?;
        fs::read_dir(&root).map_err(fault)?;
        let part = root.file_name().is_some_and(|name| {
            ["content", "_posts", "_drafts"]
                .iter()
                .any(|part| name == *part)
        });
        let home = root.parent().filter(|_| part).unwrap_or(&root);
        let (config, named) = configuration(home);
        let liquid = ["_posts", "_drafts"]
            .iter()
            .any(|name| home.join(name).is_dir());
        let dialect = named.or(liquid.then_some(Dialect::Jekyll));
        let content = Some(root.join("content"))
            .filter(|path| is_own_folder(path) && dialect != Some(Dialect::Jekyll));
        let statics = [home.join("static"), home.join("assets")]
            .into_iter()
            .filter(|path| is_own_folder(path))
            .collect();
        Ok(Site {
            content: content.unwrap_or_else(|| root.clone()),
            statics,
            dialect,
            config,
            root,
        })
    }

    /// A folder that is read only for the sake of one file in it.
    ///
    /// Errors: a sentence if there is no such file.
    pub fn around(file: &Path) -> Result<Site, String> {
        let fault = |error| format!("cannot read {}: {error}", file.display());
        let file = file.canonicalize().map_err(fault)?;
        let root = file.parent().unwrap_or(&file).to_owned();
        let liquid = root.ends_with("_posts") || root.ends_with("_drafts");
        let dialect = liquid.then_some(Dialect::Jekyll);
        // The folder's own name counts where it names the post, or says that all in it are pages.
        let is_bundle = file.file_stem().is_some_and(|stem| stem == "index");
        let is_named = is_bundle || root.ends_with("pages") || root.ends_with("page");
        let above = root.parent().filter(|_| is_named);
        Ok(Site {
            content: above.unwrap_or(&root).to_owned(),
            statics: Vec::new(),
            dialect,
            config: Map::new(),
            root,
        })
    }

    /// All files of the folder of pages, and the media of the static folders.
    pub fn walk(&self) -> Walk {
        let mut walk = Walk::default();
        self.enter(&self.content, &mut walk);
        let mut outside: Vec<_> = self
            .statics
            .iter()
            .filter(|folder| !folder.starts_with(&self.content))
            .collect();
        outside.dedup();
        for folder in outside {
            let mut files = Walk::default();
            self.enter(folder, &mut files);
            walk.media.append(&mut files.media);
            walk.skipped.append(&mut files.skipped);
        }
        walk
    }

    /// The canonical path of an existing file, if it lies where this import may read.
    pub fn contained(&self, path: &Path) -> Option<PathBuf> {
        let path = path.canonicalize().ok()?;
        let may_read = path.starts_with(&self.root)
            || self.statics.iter().any(|folder| path.starts_with(folder));
        (may_read && path.is_file()).then_some(path)
    }

    /// Whether a file is Markdown.
    pub fn is_page(&self, path: &Path) -> bool {
        matches!(kind(path), Kind::Page)
    }

    /// How reports and the database name a file: relative to the root, with `/`.
    pub fn name(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        let parts: Vec<_> = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        parts.join("/")
    }

    /// A text in the configuration, whatever the case of its key.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.config
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(key))?
            .1
            .as_str()
    }

    fn enter(&self, folder: &Path, walk: &mut Walk) {
        let files = WalkDir::new(folder)
            .follow_links(false)
            .sort_by_file_name()
            .into_iter();
        for entry in files.filter_entry(|entry| entry.depth() == 0 || is_content(entry)) {
            match entry {
                Ok(entry) if entry.path_is_symlink() => walk.skipped.push(self.link(entry.path())),
                Ok(entry) if entry.file_type().is_file() => match kind(entry.path()) {
                    Kind::Page => walk.pages.push(entry.into_path()),
                    Kind::Media => walk.media.push(entry.into_path()),
                    Kind::Other => {}
                },
                Ok(_) => {}
                Err(error) => {
                    let path = error.path().map(|path| self.name(path)).unwrap_or_default();
                    walk.skipped.push(Skipped {
                        path,
                        why: format!("cannot be read: {error}"),
                    });
                }
            }
        }
    }

    fn link(&self, path: &Path) -> Skipped {
        let within = path
            .canonicalize()
            .is_ok_and(|target| target.starts_with(&self.root));
        let why = if within {
            "a symbolic link to something that is read in its own place"
        } else {
            "a symbolic link that leads out of the folder is not followed"
        };
        Skipped {
            path: self.name(path),
            why: why.to_owned(),
        }
    }
}

enum Kind {
    Page,
    Media,
    Other,
}

fn kind(path: &Path) -> Kind {
    let ending = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    match ending.as_str() {
        "md" | "markdown" | "mkd" | "mdown" => Kind::Page,
        _ if media::mime(path).is_some() => Kind::Media,
        _ => Kind::Other,
    }
}

fn is_content(entry: &walkdir::DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_foreign = entry.file_type().is_dir() && NOT_CONTENT.contains(&name.as_ref());
    !name.starts_with('.') && !is_foreign
}

/// A real folder, not a link to one elsewhere.
fn is_own_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|entry| entry.is_dir())
}

/// The first configuration found in `home` that can be read, and the generator it speaks for.
fn configuration(home: &Path) -> (Map<String, Value>, Option<Dialect>) {
    for (name, dialect) in CONFIGS {
        let path = home.join(name);
        let small = fs::symlink_metadata(&path)
            .is_ok_and(|entry| entry.is_file() && entry.len() <= MAX_CONFIG);
        let Some(text) = small.then(|| fs::read_to_string(&path).ok()).flatten() else {
            continue;
        };
        let map = match path.extension().and_then(|ending| ending.to_str()) {
            Some("toml") => front_matter::toml_map(&text).ok(),
            Some("json") => serde_json::from_str(&text).ok(),
            _ => front_matter::yaml_map(&text).ok().flatten(),
        };
        let Some(map) = map else { continue };
        let told = || {
            if map.contains_key("base_url") {
                Dialect::Zola
            } else {
                Dialect::Hugo
            }
        };
        let dialect = dialect.unwrap_or_else(told);
        return (map, Some(dialect));
    }
    (Map::new(), None)
}
