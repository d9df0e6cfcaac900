//! JPEG: markers and segments. Source: ITU T.81, annex B.

use image::metadata::Orientation;

/// The file with the segments that draw it, and its orientation where it has one.
pub fn strip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(bytes.get(..2).filter(|start| *start == b"\xff\xd8")?);
    if let Some(way) = orientation(bytes).filter(|way| *way > 1) {
        out.extend_from_slice(&only_orientation(way));
    }
    let mut drawn = false;
    for segment in Segments(bytes.get(2..)?) {
        if is_kept(segment.marker, segment.body) {
            out.extend_from_slice(segment.whole);
            drawn |= segment.marker == SCAN;
        }
    }
    drawn.then(|| {
        out.extend_from_slice(b"\xff\xd9");
        out
    })
}

/// How the picture lies, as EXIF counts from 1 to 8.
pub fn orientation(bytes: &[u8]) -> Option<u8> {
    Segments(bytes.get(2..)?)
        .take_while(|segment| segment.marker != SCAN)
        .filter(|segment| segment.marker == 0xe1)
        .find_map(|segment| segment.body.strip_prefix(b"Exif\0\0"))
        .and_then(Orientation::from_exif_chunk)
        .map(Orientation::to_exif)
}

/// Start of scan: the pixels follow it.
const SCAN: u8 = 0xda;

/// One segment, with the pixels behind it if it starts a scan.
struct Segment<'a> {
    marker: u8,
    body: &'a [u8],
    whole: &'a [u8],
}

/// The segments up to the end of the picture, or to where it is damaged.
struct Segments<'a>(&'a [u8]);

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        while self.0.starts_with(&[0xff, 0xff]) {
            self.0 = &self.0[1..];
        }
        let [0xff, marker, high, low] = *self.0.first_chunk::<4>()? else {
            return None;
        };
        if matches!(marker, 0 | 1 | 0xd0..=0xd9) {
            return None;
        }
        let end = 2 + usize::from(u16::from_be_bytes([high, low]));
        let body = self.0.get(4..end)?;
        let end = match marker {
            SCAN => end + scan_length(&self.0[end..]),
            _ => end,
        };
        let (whole, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(Segment {
            marker,
            body,
            whole,
        })
    }
}

/// How far the pixels reach: to the next marker that is not one of theirs.
fn scan_length(bytes: &[u8]) -> usize {
    let marks = bytes
        .windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff | 0xd0..=0xd7));
    marks.unwrap_or(bytes.len())
}

/// Everything but comments and the applications' segments; of those JFIF, colour profiles and Adobe's, which says
/// how the colours are kept.
fn is_kept(marker: u8, body: &[u8]) -> bool {
    match marker {
        0xe0 => body.starts_with(b"JFIF\0"),
        0xe2 => body.starts_with(b"ICC_PROFILE\0"),
        0xee => body.starts_with(b"Adobe"),
        0xe1..=0xef | 0xfe => false,
        _ => true,
    }
}

/// An EXIF segment that says how the picture lies, and nothing else. Source: EXIF 2.3, section 4.6.
fn only_orientation(way: u8) -> [u8; 36] {
    let mut segment =
        *b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    segment[29] = way;
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_draws_the_picture_stays() {
        let mut picture = b"\xff\xd8\xff\xe0\0\x07JFIF\0".to_vec();
        picture.extend_from_slice(&only_orientation(6));
        picture.extend_from_slice(b"\xff\xe1\0\x09secret!\xff\xfe\0\x09comment\xff\xdb\0\x04ab");
        picture.extend_from_slice(b"\xff\xda\0\x03xpix\xff\0el\xff\xd0s\xff\xd9PK\x03\x04");
        assert_eq!(orientation(&picture), Some(6));
        let mut expected = b"\xff\xd8".to_vec();
        expected.extend_from_slice(&only_orientation(6));
        expected.extend_from_slice(b"\xff\xe0\0\x07JFIF\0\xff\xdb\0\x04ab");
        expected.extend_from_slice(b"\xff\xda\0\x03xpix\xff\0el\xff\xd0s\xff\xd9");
        let stripped = strip(&picture).unwrap();
        assert_eq!(stripped, expected);
        assert_eq!(
            strip(&stripped).unwrap(),
            expected,
            "a second time changes nothing"
        );
    }

    #[test]
    fn what_is_no_jpeg_is_refused() {
        for damaged in [
            &b""[..],
            b"\xff\xd8",
            b"\xff\xd8\xff\xe0\xff\xffJFIF",
            b"GIF89a\0\0",
        ] {
            assert_eq!(strip(damaged), None);
        }
    }
}
