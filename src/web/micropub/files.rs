//! Files that apps send along: told by their bytes, kept in the blog's file.

use std::path::Path;

use bytes::Bytes;

use super::super::App;
use super::refusal::Refusal;
use crate::import::media;
use crate::model::media::NewMedia;
use crate::store;

/// Bytes of one upload, all parts together.
pub const LARGEST: usize = 32 << 20;

/// Keeps a file and says its address from the root. The same bytes are kept once.
///
/// Errors: 415 for what a blog does not serve.
pub async fn keep(app: &App, name: &str, bytes: Bytes) -> Result<String, Refusal> {
    let (mime, ending) = sniff(&bytes).ok_or_else(|| {
        Refusal::of_type(
            "files are taken that are png, jpeg, gif, webp, avif, mp4, webm, mp3, ogg or pdf",
        )
    })?;
    let stem = Path::new(name).file_stem().unwrap_or_default();
    let name = format!("{}.{ending}", stem.to_string_lossy());
    let (width, height) = media::dimensions(mime, &bytes).unzip();
    let new = NewMedia {
        hash: media::hash(&bytes),
        name: media::safe_name(Path::new(&name)),
        mime,
        width,
        height,
        bytes: bytes.into(),
    };
    let address = format!("/media/{}/{}", new.hash, new.name);
    let add = app.store.write(move |tx| store::media::add(tx, &new, None));
    add.await?;
    Ok(address)
}

/// The type of a file by its first bytes, and the ending of its name. What the sender says does not count.
fn sniff(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let at = |start: usize, sign: &[u8]| {
        bytes
            .get(start..)
            .is_some_and(|rest| rest.starts_with(sign))
    };
    let brand = |brands: &[&[u8]]| at(4, b"ftyp") && brands.iter().any(|brand| at(8, brand));
    let table: [(bool, (&str, &str)); 11] = [
        (at(0, b"\x89PNG\r\n\x1a\n"), ("image/png", "png")),
        (at(0, b"\xff\xd8\xff"), ("image/jpeg", "jpg")),
        (at(0, b"GIF87a") || at(0, b"GIF89a"), ("image/gif", "gif")),
        (at(0, b"RIFF") && at(8, b"WEBP"), ("image/webp", "webp")),
        (brand(&[b"avif", b"avis"]), ("image/avif", "avif")),
        (
            brand(&[b"iso", b"mp4", b"M4V", b"avc1"]),
            ("video/mp4", "mp4"),
        ),
        (at(0, b"\x1aE\xdf\xa3"), ("video/webm", "webm")),
        (at(0, b"OggS"), ("audio/ogg", "ogg")),
        (at(0, b"%PDF-"), ("application/pdf", "pdf")),
        (at(0, b"ID3"), ("audio/mpeg", "mp3")),
        (
            at(0, b"\xff\xfb") || at(0, b"\xff\xf3") || at(0, b"\xff\xf2"),
            ("audio/mpeg", "mp3"),
        ),
    ];
    table
        .into_iter()
        .find_map(|(is_it, kind)| is_it.then_some(kind))
}

#[cfg(test)]
mod tests {
    use super::sniff;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        let table: [(&[u8], Option<&str>); 7] = [
            (b"\x89PNG\r\n\x1a\n....", Some("image/png")),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"\0\0\0\x20ftypavif", Some("image/avif")),
            (b"\0\0\0\x20ftypisom", Some("video/mp4")),
            (b"\0\0\0\x20ftypqt  ", None),
            (b"<svg onload=alert(1)>", None),
            (b"", None),
        ];
        for (bytes, mime) in table {
            assert_eq!(sniff(bytes).map(|(mime, _)| mime), mime, "{bytes:?}");
        }
    }
}
