//! The types of file that a blog keeps, told by their first bytes and never by a name.

/// Brands of the ISO container that browsers play as `video/mp4`.
const FILMS: [&[u8]; 12] = [
    b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"M4A ",
    b"dash", b"MSNV",
];

/// The type that the bytes show; none for what a blog does not keep.
///
/// Source: WHATWG MIME Sniffing, section 6, and for AVIF its specification, section 6.
pub fn sniff(bytes: &[u8]) -> Option<&'static str> {
    let at = |place: usize, mark: &[u8]| bytes.get(place..).is_some_and(|b| b.starts_with(mark));
    Some(match bytes {
        _ if at(0, b"\x89PNG\r\n\x1a\n") => "image/png",
        _ if at(0, b"\xff\xd8\xff") => "image/jpeg",
        _ if at(0, b"GIF87a") || at(0, b"GIF89a") => "image/gif",
        _ if at(0, b"RIFF") && at(8, b"WEBPVP8") => "image/webp",
        _ if at(4, b"ftyp") => return boxed(bytes),
        _ if at(0, b"\x1a\x45\xdf\xa3") && has(&bytes[..bytes.len().min(64)], b"webm") => {
            "video/webm"
        }
        _ if at(0, b"ID3") || is_mpeg_audio(bytes) => "audio/mpeg",
        _ if at(0, b"OggS\0") => "audio/ogg",
        _ if at(0, b"%PDF-") => "application/pdf",
        _ => return None,
    })
}

/// The ending that a name of this type has.
pub fn ending(mime: &str) -> &'static str {
    match mime {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/avif" => "avif",
        "video/mp4" => "mp4",
        "video/webm" => "webm",
        "audio/mpeg" => "mp3",
        "audio/ogg" => "ogg",
        _ => "pdf",
    }
}

/// Whether pictures of this type are kept in several sizes. GIFs are small or move, and AVIF we cannot read.
pub fn is_sized(mime: &str) -> bool {
    matches!(mime, "image/png" | "image/jpeg" | "image/webp")
}

/// What is in an ISO container, by its major brand and the ones that it is compatible with.
fn boxed(bytes: &[u8]) -> Option<&'static str> {
    let size = u32::from_be_bytes(bytes.first_chunk::<4>().copied()?) as usize;
    let head = bytes.get(8..size.min(256))?;
    let mut brands = head.chunks_exact(4);
    let is_picture = |brand: &[u8]| matches!(brand, b"avif" | b"avis");
    if brands.clone().any(is_picture) {
        return Some("image/avif");
    }
    brands.any(|b| FILMS.contains(&b)).then_some("video/mp4")
}

/// A frame of MPEG audio, layer III, that says possible things about itself. Source: ISO 11172-3, section 2.4.1.3.
fn is_mpeg_audio(bytes: &[u8]) -> bool {
    let Some([0xff, second, third, _]) = bytes.first_chunk::<4>() else {
        return false;
    };
    second & 0xe6 == 0xe2
        && second & 0x18 != 0x08
        && !matches!(third >> 4, 0 | 15)
        && third & 0x0c != 0x0c
}

fn has(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::sniff;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        let table: [(&[u8], Option<&str>); 16] = [
            (b"\x89PNG\r\n\x1a\n....", Some("image/png")),
            (b"\xff\xd8\xff\xe0..", Some("image/jpeg")),
            (b"GIF89a<script>", Some("image/gif")),
            (b"RIFF\x10\0\0\0WEBPVP8L", Some("image/webp")),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"\0\0\0\x18ftypmif1\0\0\0\0avif....", Some("image/avif")),
            (b"\0\0\0\x14ftypisom\0\0\0\0mp42", Some("video/mp4")),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", None),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", None),
            (b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm", Some("video/webm")),
            (b"ID3\x04", Some("audio/mpeg")),
            (b"\xff\xfb\x90\x64", Some("audio/mpeg")),
            (b"OggS\0\x02", Some("audio/ogg")),
            (b"%PDF-1.7", Some("application/pdf")),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
            (b"", None),
        ];
        for (bytes, expected) in table {
            assert_eq!(
                sniff(bytes),
                expected,
                "{:?}",
                bytes.escape_ascii().to_string()
            );
        }
    }
}
