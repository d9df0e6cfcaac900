//! AVIF and MP4: boxes of the ISO base media file format. Source: ISO 14496-12.
//!
//! Places inside these files are named by their distance from the start, so nothing may move: what shall go is
//! overwritten where it stands.

use std::ops::Range;

/// An EXIF block without a single entry, so that a strict reader still finds one. Source: ISO 23008-12, annex A.2.
const EMPTY_EXIF: &[u8] = b"\0\0\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0";

/// A film without what it says of where, when and by whom it was made.
pub fn strip_film(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.to_vec();
    let mut open = Vec::from([(0, bytes.len())]);
    let mut played = false;
    while let Some((start, end)) = open.pop() {
        for item in boxes(bytes, start..end)? {
            match &item.name {
                b"moov" | b"trak" | b"moof" | b"traf" => {
                    open.push((item.body.start, item.body.end))
                }
                b"udta" | b"meta" | b"uuid" => blank(&mut out, &item),
                _ => {}
            }
            played |= &item.name == b"moov";
        }
    }
    played.then_some(out)
}

/// A picture without its EXIF and XMP items.
pub fn strip_picture(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.to_vec();
    let top = boxes(bytes, 0..bytes.len())?;
    for item in top.iter().filter(|item| &item.name == b"uuid") {
        blank(&mut out, item);
    }
    let meta = top.into_iter().find(|item| &item.name == b"meta")?;
    let parts = boxes(bytes, meta.body.start + 4..meta.body.end)?;
    let part = |name: &[u8; 4]| parts.iter().find(|part| &part.name == name);
    let said = items(bytes, &part(b"iinf")?.body)?;
    let data = part(b"idat").map_or(0, |part| part.body.start);
    for (id, places) in locations(bytes, &part(b"iloc")?.body, data)? {
        let Some((_, is_exif)) = said.iter().find(|(other, _)| *other == id) else {
            continue;
        };
        for place in places {
            let place = out.get_mut(place)?;
            place.fill(0);
            if *is_exif && place.len() >= EMPTY_EXIF.len() {
                place[..EMPTY_EXIF.len()].copy_from_slice(EMPTY_EXIF);
            }
        }
    }
    Some(out)
}

/// A box: its name, where it stands, and where what is in it does.
struct Item {
    name: [u8; 4],
    start: usize,
    body: Range<usize>,
}

/// The boxes in a range; none if one reaches beyond it.
fn boxes(bytes: &[u8], range: Range<usize>) -> Option<Vec<Item>> {
    let (mut found, mut start) = (Vec::new(), range.start);
    while start + 8 <= range.end {
        let mut read = Reading { bytes, at: start };
        let (size, name) = (read.number(4)?, *bytes.get(start + 4..)?.first_chunk()?);
        read.at += 4;
        let end = match size {
            0 => range.end,
            1 => start.checked_add(read.number(8)?)?,
            size => start.checked_add(size)?,
        };
        if end > range.end || end < read.at {
            return None;
        }
        found.push(Item {
            name,
            start,
            body: read.at..end,
        });
        start = end;
    }
    Some(found)
}

/// Makes a box one that says nothing.
fn blank(out: &mut [u8], item: &Item) {
    out[item.start + 4..item.start + 8].copy_from_slice(b"free");
    out[item.body.clone()].fill(0);
}

/// The items that are metadata, and whether each is EXIF. Source: section 8.11.6.
fn items(bytes: &[u8], body: &Range<usize>) -> Option<Vec<(usize, bool)>> {
    let mut read = Reading {
        bytes,
        at: body.start,
    };
    let version = read.number(4)? >> 24;
    read.number(if version == 0 { 2 } else { 4 })?;
    let mut found = Vec::new();
    for entry in boxes(bytes, read.at..body.end)? {
        let mut read = Reading {
            bytes,
            at: entry.body.start,
        };
        let version = read.number(4)? >> 24;
        let id = read.number(if version < 3 { 2 } else { 4 })?;
        read.number(2)?;
        match bytes.get(read.at..read.at + 4)? {
            b"Exif" => found.push((id, true)),
            b"mime" | b"uri " => found.push((id, false)),
            _ => {}
        }
    }
    Some(found)
}

/// Where each item stands in the file. Source: section 8.11.3.
fn locations(
    bytes: &[u8],
    body: &Range<usize>,
    data: usize,
) -> Option<Vec<(usize, Vec<Range<usize>>)>> {
    let mut read = Reading {
        bytes: bytes.get(..body.end)?,
        at: body.start,
    };
    let version = read.number(4)? >> 24;
    let sizes = read.number(2)?;
    let size = |shift: usize| sizes >> shift & 0xf;
    let wide = if version < 2 { 2 } else { 4 };
    let count = read.number(wide)?;
    let mut found = Vec::new();
    for _ in 0..count {
        let id = read.number(wide)?;
        let method = if version == 0 {
            0
        } else {
            read.number(2)? & 0xf
        };
        read.number(2)?;
        let base = read.number(size(4))?;
        let mut places = Vec::new();
        for _ in 0..read.number(2)? {
            if version > 0 {
                read.number(size(0))?;
            }
            let start = base.checked_add(read.number(size(12))?)?;
            let start = if method == 1 {
                start.checked_add(data)?
            } else {
                start
            };
            places.push(start..start.checked_add(read.number(size(8))?)?);
        }
        found.push((id, places));
    }
    Some(found)
}

/// Reads numbers one after the other, the high byte first.
struct Reading<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reading<'_> {
    fn number(&mut self, width: usize) -> Option<usize> {
        let part = self.bytes.get(self.at..self.at + width)?;
        self.at += width;
        let number = part
            .iter()
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        usize::try_from(number).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(name: &[u8], body: &[&[u8]]) -> Vec<u8> {
        let body = body.concat();
        let size = (body.len() as u32 + 8).to_be_bytes();
        [&size[..], name, &body].concat()
    }

    #[test]
    fn a_film_forgets_where_it_was_made_and_nothing_moves() {
        let film = |words: &[u8]| {
            let said = boxed(b"udta", &[words]);
            let track = boxed(b"trak", &[&boxed(b"mdia", &[b"track"]), &said]);
            [
                boxed(b"ftyp", &[b"isom"]),
                boxed(b"moov", &[&track, &said]),
                boxed(b"mdat", &[b"film"]),
            ]
            .concat()
        };
        let stripped = strip_film(&film(b"+52.5+13.4/")).unwrap();
        let expected = film(&[0; 11]);
        let expected: Vec<u8> = String::from_utf8(expected)
            .unwrap()
            .replace("udta", "free")
            .into();
        assert_eq!(stripped, expected);
        assert_eq!(strip_film(&boxed(b"ftyp", &[b"isom"])), None);
        assert_eq!(strip_film(b"\0\0\0\xffmoov"), None);
    }

    #[test]
    fn a_picture_loses_its_exif_and_xmp_wherever_they_stand() {
        let entry =
            |id: u8, kind: &[u8]| boxed(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind, b"\0"]);
        let entries = [entry(1, b"av01"), entry(2, b"Exif"), entry(3, b"mime")].concat();
        let picture = |pixels: &[u8], exif: &[u8], xmp: &[u8]| {
            let build = |at: u8| {
                let place = |id: u8, method: u8, start: u8, length: usize| {
                    vec![
                        0,
                        id,
                        0,
                        method,
                        0,
                        0,
                        0,
                        1,
                        0,
                        0,
                        0,
                        start,
                        0,
                        0,
                        0,
                        length as u8,
                    ]
                };
                let located = [
                    vec![1, 0, 0, 0, 0x44, 0, 0, 3],
                    place(1, 0, at, pixels.len()),
                    place(2, 0, at + pixels.len() as u8, exif.len()),
                    place(3, 1, 0, xmp.len()),
                ];
                let told = boxed(b"iinf", &[&[0, 0, 0, 0, 0, 3], &entries]);
                let located = boxed(b"iloc", &[&located.concat()]);
                let meta = boxed(
                    b"meta",
                    &[&[0; 4], &told, &located, &boxed(b"idat", &[xmp])],
                );
                let head = boxed(b"ftyp", &[b"avif\0\0\0\0"]);
                [head, meta, boxed(b"mdat", &[pixels, exif])].concat()
            };
            let whole = build(0);
            let at = whole.len() - pixels.len() - exif.len();
            build(at.try_into().unwrap())
        };
        let secret = [b'x'; 30];
        let mut empty = [0; 30];
        empty[..EMPTY_EXIF.len()].copy_from_slice(EMPTY_EXIF);
        let stripped = strip_picture(&picture(b"pixels", &secret, b"author"));
        assert_eq!(stripped, Some(picture(b"pixels", &empty, &[0; 6])));
        assert_eq!(strip_picture(&boxed(b"ftyp", &[b"avif"])), None);
    }
}
