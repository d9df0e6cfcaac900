//! WebP: chunks in a RIFF. Source: RFC 9649, section 2.

const KEPT: [&[u8; 4]; 7] = [
    b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP",
];

/// The flags of `VP8X` that promise EXIF and XMP.
const METADATA: u8 = 0x08 | 0x04;

/// The file with the chunks that draw it.
pub fn strip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = b"RIFF....WEBP".to_vec();
    let mut drawn = false;
    for (name, chunk) in chunks(bytes)? {
        if !KEPT.contains(&name) {
            continue;
        }
        drawn |= matches!(name, b"VP8 " | b"VP8L" | b"ANMF");
        let start = out.len();
        out.extend_from_slice(chunk);
        if let (b"VP8X", Some(flags)) = (name, out.get_mut(start + 8)) {
            *flags &= !METADATA;
        }
        if chunk.len() % 2 == 1 {
            out.push(0);
        }
    }
    let length = u32::try_from(out.len() - 8).ok()?;
    out[4..8].copy_from_slice(&length.to_le_bytes());
    drawn.then_some(out)
}

/// Whether the picture moves.
pub fn is_animated(bytes: &[u8]) -> bool {
    chunks(bytes).is_some_and(|mut chunks| chunks.any(|(name, _)| name == b"ANMF"))
}

/// Each chunk's name and its bytes without padding, up to where the file ends or is damaged.
fn chunks(bytes: &[u8]) -> Option<impl Iterator<Item = (&[u8; 4], &[u8])>> {
    let length = u32::from_le_bytes(*bytes.strip_prefix(b"RIFF")?.first_chunk()?) as usize;
    let mut rest = bytes.get(12..bytes.len().min(length.checked_add(8)?))?;
    Some(std::iter::from_fn(move || {
        let name = rest.first_chunk()?;
        let length = u32::from_le_bytes(*rest.get(4..)?.first_chunk()?) as usize;
        let chunk = rest.get(..length.checked_add(8)?)?;
        rest = rest.get(chunk.len() + length % 2..).unwrap_or_default();
        Some((name, chunk))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_draws_the_picture_stays() {
        let file = |chunks: &[u8]| {
            let length = (chunks.len() as u32 + 4).to_le_bytes();
            [&b"RIFF"[..], &length, b"WEBP", chunks].concat()
        };
        let (picture, secret) = (b"VP8L\x03\0\0\0abc\0", b"EXIF\x04\0\0\0home");
        let mut whole = file(&[&b"VP8X\x02\0\0\0\x1c."[..], picture, secret].concat());
        whole.extend_from_slice(b"<script>");
        let expected = file(&[&b"VP8X\x02\0\0\0\x10."[..], picture].concat());
        assert_eq!(strip(&whole), Some(expected));
        assert_eq!(strip(&file(secret)), None, "nothing to see");
        assert!(!is_animated(&whole) && is_animated(&file(b"ANMF\x02\0\0\0ab")));
    }
}
