//! A picture, sound or film kept inside the blog's file.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::id::PostId;
use super::post::Status;
use super::time::Timestamp;
use crate::hex::hex;

/// The widths in pixels that a picture is also kept in, where it is wider.
pub const WIDTHS: [u32; 4] = [480, 960, 1440, 1920];

/// How wide a picture stands in a post, as HTML has it: as its text, or nearly as the screen where that is narrower.
pub const SIZES: &str = "(min-width: 44rem) 39rem, 92vw";

/// The one of them to look at on the desk.
const PREVIEW: u32 = WIDTHS[1];

/// The most characters that describe a picture to those who do not see it.
pub const ALT_MAX: usize = 1_000;

/// A file of the blog, or one of its smaller sizes, as it is served. Its bytes are read where they are needed.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Where its bytes are.
    pub place: Place,
    /// From our own table of types, never from the sender.
    pub mime: String,
    /// How many bytes it has.
    pub length: usize,
}

/// The row that holds a file's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its table.
    pub table: &'static str,
    /// Its row.
    pub row: i64,
}

/// What a page needs to know of a picture to show it well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The narrower widths that it is also kept in, narrowest first.
    pub widths: Vec<u32>,
}

impl Picture {
    /// The value of `srcset` for the picture at `path`: each smaller size and the whole picture; empty where there is
    /// none to choose from.
    pub fn candidates(&self, path: &str) -> String {
        let is_plain = !path.contains([' ', ',']); // what separates one candidate from the next
        let smaller = self
            .widths
            .iter()
            .filter(|_| is_plain)
            .filter_map(|width| Some((sized(path, *width)?, *width)));
        let mut all: Vec<_> = smaller.collect();
        if !all.is_empty() {
            all.push((path.to_owned(), self.width));
        }
        let all = all.iter().map(|(path, width)| format!("{path} {width}w"));
        all.collect::<Vec<_>>().join(", ")
    }
}

/// Every picture that is kept, by hash.
#[derive(Clone, Debug, Default)]
pub struct Pictures(pub HashMap<String, Picture>);

impl Pictures {
    /// The picture at an address, if it is one of ours.
    pub fn at(&self, url: &str) -> Option<Picture> {
        self.0.get(hash_in(url)?).cloned()
    }
}

/// A file in the library.
#[derive(Clone, Debug)]
pub struct Item {
    /// SHA-256 of the bytes, lower-case hex.
    pub hash: String,
    /// The file's name.
    pub name: String,
    /// From our own table of types.
    pub mime: String,
    /// Pixels, for pictures.
    pub size: Option<(u32, u32)>,
    /// The narrowest size it is also kept in.
    pub narrowest: Option<u32>,
    /// What a picture shows, for those who do not see it.
    pub alt: String,
    /// Bytes.
    pub length: i64,
    /// When it came.
    pub created_at: Timestamp,
}

impl Item {
    /// Its address from the root of the site (contract, section 3).
    pub fn path(&self) -> String {
        path(&self.hash, &self.name)
    }

    /// The address of its smallest size.
    pub fn thumbnail(&self) -> String {
        match self.narrowest {
            Some(width) => sized(&self.path(), width).unwrap_or_else(|| self.path()),
            None => self.path(),
        }
    }

    /// The address of a size to look at on a page of its own.
    pub fn preview(&self) -> String {
        let is_wide = self.size.is_some_and(|(width, _)| width > PREVIEW);
        match self.narrowest {
            Some(_) if is_wide => sized(&self.path(), PREVIEW).unwrap_or_else(|| self.path()),
            _ => self.path(),
        }
    }

    /// Whether a browser shows it in a page by itself.
    pub fn is_picture(&self) -> bool {
        self.mime.starts_with("image/")
    }

    /// The ending of its name, which tells its type.
    pub fn ending(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }

    /// What to write into a post to show it there.
    pub fn markdown(&self) -> String {
        let path = self.path();
        match self.mime.split('/').next() {
            Some("image") => format!("![{}]({path})", escaped(&self.alt)),
            Some("video") => {
                format!("<video src=\"{path}\" controls preload=\"metadata\"></video>")
            }
            Some("audio") => {
                format!("<audio src=\"{path}\" controls preload=\"metadata\"></audio>")
            }
            _ => format!("[{}]({path})", escaped(&self.name)),
        }
    }
}

/// A post or page that shows a file.
#[derive(Clone, Debug)]
pub struct Use {
    /// Its row.
    pub post: PostId,
    /// Its title.
    pub title: String,
    /// Whether readers see it.
    pub status: Status,
}

/// The name by which a file is known: SHA-256 of its bytes, lower-case hex.
pub fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Whether a word could be the name that [`hash`] gives.
pub fn is_hash(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

/// What a file is called in its address: lower-case letters, digits and hyphens, and the ending that tells the type.
pub fn safe_name(stem: &str, ending: &str) -> String {
    let mut stem = slug::slugify(stem);
    stem.truncate(80); // a slug is ASCII
    if stem.is_empty() {
        stem.push_str("file");
    }
    format!("{stem}.{ending}")
}

/// The address of a file.
pub fn path(hash: &str, name: &str) -> String {
    format!("/media/{hash}/{name}")
}

/// The address of a smaller size of the file at `path`; none if that is no address of ours.
pub fn sized(path: &str, width: u32) -> Option<String> {
    let (hash, name) = path.strip_prefix("/media/")?.split_once('/')?;
    Some(format!("/media/{hash}/{width}/{name}"))
}

/// The hash in the address of a file, whole or smaller.
pub fn hash_in(path: &str) -> Option<&str> {
    path.strip_prefix("/media/")?.split('/').next()
}

/// Words inside the brackets of a link, where they mean nothing but themselves.
fn escaped(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for letter in words.chars() {
        if "\\[]*_`<&!".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// A file on its way in.
#[derive(Clone, Debug)]
pub struct NewMedia {
    /// SHA-256 of the bytes, lower-case hex.
    pub hash: String,
    /// The file's name, for people.
    pub name: String,
    /// From our own table of types.
    pub mime: &'static str,
    /// Pixels, for pictures.
    pub width: Option<u32>,
    /// Pixels, for pictures.
    pub height: Option<u32>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A smaller size of a picture on its way in.
#[derive(Clone, Debug)]
pub struct NewVariant {
    /// Pixels.
    pub width: u32,
    /// From our own table of types; not always that of the picture.
    pub mime: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_cannot_break_out_of_its_brackets() {
        let item = Item {
            hash: "0a".into(),
            name: "a.png".into(),
            mime: "image/png".into(),
            size: Some((1000, 10)),
            narrowest: Some(480),
            alt: "a] (b) ![c](d) <e>".into(),
            length: 1,
            created_at: Timestamp(0),
        };
        assert_eq!(
            item.markdown(),
            "![a\\] (b) \\!\\[c\\](d) \\<e>](/media/0a/a.png)"
        );
        assert_eq!(item.thumbnail(), "/media/0a/480/a.png");
        assert_eq!(item.preview(), "/media/0a/960/a.png");
        assert_eq!(hash_in("/media/0a/480/a.png"), Some("0a"));
        assert_eq!(sized("https://elsewhere/a.png", 480), None);
    }
}
