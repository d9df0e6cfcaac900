//! Pictures, sounds and films that posts show: found in a folder, named by the hash of their bytes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::darkroom::{kinds, strip};
use crate::model::media;

/// Larger files are left where they are, and reported.
pub const MAX_BYTES: u64 = 64 << 20;

/// A file that a post shows. Its bytes are read again by whoever stores it: [`FoundMedia::content`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundMedia {
    /// SHA-256 of the bytes, lower-case hex.
    pub hash: String,
    /// The file's name, reduced to what is safe in an address.
    pub name: String,
    /// From our own table of types.
    pub mime: &'static str,
    /// Where the bytes are, without symbolic links.
    pub path: PathBuf,
    /// Pixels, for pictures.
    pub width: Option<u32>,
    /// Pixels, for pictures.
    pub height: Option<u32>,
}

impl FoundMedia {
    /// Its address from the root of the site (contract, section 3).
    pub fn address(&self) -> String {
        media::path(&self.hash, &self.name)
    }

    /// The bytes as they are kept: without what they say of place, camera and author.
    pub fn content(&self) -> io::Result<Vec<u8>> {
        Ok(stripped(self.mime, fs::read(&self.path)?))
    }
}

/// The types that a blog serves, by the endings of names.
const TYPES: [(&str, &str); 12] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("svg", "image/svg+xml"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("mp3", "audio/mpeg"),
    ("ogg", "audio/ogg"),
    ("pdf", "application/pdf"),
];

/// The type of a file by the ending of its name; none for what a blog does not serve.
pub fn mime(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    let known = TYPES.iter().find(|(known, _)| *known == ending);
    known.map(|(_, mime)| *mime)
}

/// That type, if a blog serves it.
pub fn known(mime: &str) -> Option<&'static str> {
    let known = TYPES.iter().find(|(_, known)| *known == mime);
    known.map(|(_, mime)| *mime)
}

/// The files found so far, each once, however many posts show it.
#[derive(Debug, Default)]
pub struct Shelf {
    found: Vec<FoundMedia>,
    by_path: HashMap<PathBuf, usize>,
    by_hash: HashMap<String, usize>,
}

impl Shelf {
    /// The file at `path`, put on the shelf if it is new. `path` must be canonical and within the folder being read.
    ///
    /// Errors: a sentence saying why the file cannot be taken: its type, its size or a failed read.
    pub fn put(&mut self, path: &Path) -> Result<&FoundMedia, String> {
        let place = match self.by_path.get(path) {
            Some(place) => *place,
            None => {
                let place = self.add(inspect(path)?);
                self.by_path.insert(path.to_owned(), place);
                place
            }
        };
        Ok(&self.found[place])
    }

    /// Whether the file at that canonical path is on the shelf.
    pub fn holds(&self, path: &Path) -> bool {
        self.by_path.contains_key(path)
    }

    /// All files, in the order in which posts first showed them.
    pub fn into_found(self) -> Vec<FoundMedia> {
        self.found
    }

    /// Equal bytes under two names are one file, under the first name.
    fn add(&mut self, media: FoundMedia) -> usize {
        let next = self.found.len();
        let place = *self.by_hash.entry(media.hash.clone()).or_insert(next);
        if place == next {
            self.found.push(media);
        }
        place
    }
}

fn inspect(path: &Path) -> Result<FoundMedia, String> {
    let mime = mime(path).ok_or("files of this type are not taken in")?;
    let size = fs::metadata(path).map_err(|error| error.to_string())?;
    if !size.is_file() {
        return Err("this is no file".to_owned());
    }
    if size.len() > MAX_BYTES {
        return Err(format!("larger than {} MiB", MAX_BYTES >> 20));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let told = kinds::sniff(&bytes).filter(|told| told.starts_with("image/"));
    let mime = told.unwrap_or(mime); // many a JPEG is called .png
    let (mut width, mut height) = dimensions(mime, &bytes).unzip();
    if strip::is_turned(mime, &bytes) {
        (width, height) = (height, width);
    }
    let bytes = stripped(mime, bytes);
    Ok(FoundMedia {
        hash: media::hash(&bytes),
        name: safe_name(path),
        mime,
        path: path.to_owned(),
        width,
        height,
    })
}

/// Without metadata; as it is where it is not built as its type is.
fn stripped(mime: &str, bytes: Vec<u8>) -> Vec<u8> {
    strip::strip(mime, &bytes).unwrap_or(bytes)
}

/// The file's name as [`media::safe_name`] writes it, with the ending it has.
fn safe_name(path: &Path) -> String {
    let word =
        |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let ending = slug::slugify(word(path.extension()));
    media::safe_name(&word(path.file_stem()), &ending)
}

/// Width and height in pixels, from the file's head only.
pub fn dimensions(mime: &str, bytes: &[u8]) -> Option<(u32, u32)> {
    if mime == "image/svg+xml" {
        return svg_dimensions(&String::from_utf8_lossy(
            &bytes[..bytes.len().min(64 << 10)],
        ));
    }
    if !mime.starts_with("image/") {
        return None;
    }
    let size = imagesize::blob_size(bytes).ok()?;
    Some((size.width.try_into().ok()?, size.height.try_into().ok()?))
}

/// `width` and `height` of the root element in pixels, else the size of its `viewBox`.
fn svg_dimensions(text: &str) -> Option<(u32, u32)> {
    let root = super::markdown::html::tags(text).find(|tag| tag.name == "svg" && !tag.closing)?;
    let value = |name: &str| root.attribute(name).map(|range| &text[range]);
    let pixels = |text: &str| text.trim().trim_end_matches("px").parse::<f64>().ok();
    let whole = |size: f64| (0.5..1e6).contains(&size).then_some(size.round() as u32);
    let sides = value("width")
        .and_then(pixels)
        .zip(value("height").and_then(pixels));
    let (width, height) = sides.or_else(|| {
        let numbers: Vec<f64> = value("viewbox")?
            .split([' ', ','])
            .filter_map(pixels)
            .collect();
        (numbers.len() == 4).then(|| (numbers[2], numbers[3]))
    })?;
    whole(width).zip(whole(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_named_by_its_bytes_and_measured() {
        let folder = tempfile::tempdir().unwrap();
        let svg = "<?xml version='1.0'?><!-- a > b --><svg viewBox='0 0 24 12.4' xmlns='x'></svg>";
        for name in ["Ä picture (1).SVG", "copy.svg"] {
            fs::write(folder.path().join(name), svg).unwrap();
        }
        let mut shelf = Shelf::default();
        let first = shelf
            .put(&folder.path().join("Ä picture (1).SVG"))
            .unwrap()
            .clone();
        assert_eq!(
            (first.name.as_str(), first.mime),
            ("a-picture-1.svg", "image/svg+xml")
        );
        assert_eq!((first.width, first.height), (Some(24), Some(12)));
        assert_eq!(
            first.address(),
            format!("/media/{}/a-picture-1.svg", first.hash)
        );
        assert_eq!(shelf.put(&folder.path().join("copy.svg")).unwrap(), &first);
        assert_eq!(shelf.into_found().len(), 1);
    }

    #[test]
    fn sizes_are_read_from_the_head() {
        let gif = b"GIF89a\x03\x00\x02\x00\x00\x00\x00;";
        assert_eq!(dimensions("image/gif", gif), Some((3, 2)));
        assert_eq!(dimensions("image/png", b"no picture"), None);
        assert_eq!(
            svg_dimensions("<svg width='10px' height=\"20\" viewBox='0 0 1 1'>"),
            Some((10, 20))
        );
        assert_eq!(
            svg_dimensions("<svg width='100%' height='100%' viewBox='0,0,7,8'>"),
            Some((7, 8))
        );
        assert_eq!(svg_dimensions("<svg>"), None);
    }

    #[test]
    fn what_a_blog_does_not_serve_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.exe");
        fs::write(&path, "x").unwrap();
        assert!(Shelf::default().put(&path).is_err());
        let large = folder.path().join("a.mp4");
        fs::File::create(&large)
            .unwrap()
            .set_len(MAX_BYTES + 1)
            .unwrap();
        assert_eq!(
            Shelf::default().put(&large).unwrap_err(),
            "larger than 64 MiB"
        );
    }
}
