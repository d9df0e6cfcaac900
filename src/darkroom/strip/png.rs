//! PNG: chunks. Source: PNG, third edition, sections 5 and 11.

/// The chunks that draw a picture, colours and movement included. Text, EXIF, times and private chunks are not.
const KEPT: [&[u8; 4]; 14] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP",
    b"bKGD", b"acTL", b"fcTL", b"fdAT",
];

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The file with the chunks that draw it.
pub fn strip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(SIGNATURE);
    let mut last = None;
    for (name, chunk) in chunks(bytes) {
        if KEPT.contains(&name) {
            out.extend_from_slice(chunk);
        }
        last = Some(name);
    }
    (last == Some(b"IEND")).then_some(out)
}

/// Whether the picture moves.
pub fn is_animated(bytes: &[u8]) -> bool {
    chunks(bytes).any(|(name, _)| name == b"acTL")
}

/// Each chunk's name and all its bytes, up to the end of the picture or to where it is damaged.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.strip_prefix(SIGNATURE).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let name = rest.get(4..8)?.first_chunk()?;
        let (chunk, after) = rest.split_at_checked(length.checked_add(12)?)?;
        rest = if name == b"IEND" { &[] } else { after };
        Some((name, chunk))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_draws_the_picture_stays() {
        let chunk = |name: &str, body: &str| {
            let length = (body.len() as u32).to_be_bytes();
            [&length[..], name.as_bytes(), body.as_bytes(), b"crc."].concat()
        };
        let file = |chunks: &[(&str, &str)]| {
            let chunks: Vec<_> = chunks
                .iter()
                .map(|(name, body)| chunk(name, body))
                .collect();
            [SIGNATURE.to_vec(), chunks.concat()].concat()
        };
        let all = [
            ("IHDR", "13"),
            ("eXIf", "home"),
            ("tEXt", "me"),
            ("IDAT", "pixels"),
            ("IEND", ""),
        ];
        let drawn = file(&[all[0], all[3], all[4]]);
        let mut whole = file(&all);
        whole.extend_from_slice(b"<script>");
        assert_eq!(strip(&whole), Some(drawn.clone()));
        assert_eq!(strip(&drawn[..drawn.len() - 3]), None, "cut short");
        assert!(!is_animated(&drawn) && is_animated(&file(&[("acTL", "")])));
    }
}
