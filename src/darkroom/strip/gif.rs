//! GIF: blocks. Source: GIF 89a, section 12 and after.

/// Extensions of applications that draw: how often an animation repeats.
const DRAWING: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];

/// The file with the blocks that draw it.
pub fn strip(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut drawn) = (Vec::with_capacity(bytes.len()), false);
    walk(bytes, |block, is_kept| {
        drawn |= block[0] == IMAGE;
        if is_kept {
            out.extend_from_slice(block);
        }
    })?;
    out.push(TRAILER);
    drawn.then_some(out)
}

/// How many pictures are in the file.
pub fn frames(bytes: &[u8]) -> usize {
    let mut frames = 0;
    // What comes before the damage, if there is any, is what a browser shows.
    let _ = walk(bytes, |block, _| frames += usize::from(block[0] == IMAGE));
    frames
}

const IMAGE: u8 = 0x2c;
const EXTENSION: u8 = 0x21;
const TRAILER: u8 = 0x3b;

/// Hands over the head and each block, and whether it draws. A missing trailer is forgiven, as browsers do.
fn walk(bytes: &[u8], mut found: impl FnMut(&[u8], bool)) -> Option<()> {
    let start = 13 + table(*bytes.get(10)?);
    found(
        bytes
            .get(..start)
            .filter(|head| head.starts_with(b"GIF8"))?,
        true,
    );
    let mut rest = &bytes[start..];
    while let Some(&first) = rest.first() {
        let (length, is_kept) = match first {
            TRAILER => return Some(()),
            IMAGE => (blocks(rest, 11 + table(*rest.get(9)?))?, true),
            EXTENSION => {
                let is_kept = match rest.get(1)? {
                    0xf9 => true,
                    0xff => DRAWING.contains(&rest.get(3..14)?),
                    _ => false,
                };
                (blocks(rest, 2)?, is_kept)
            }
            _ => return None,
        };
        let (block, after) = rest.split_at(length);
        found(block, is_kept);
        rest = after;
    }
    Some(())
}

/// Bytes of the colour table that these flags speak of.
fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

/// Where the chain of data blocks that begins at `place` ends.
fn blocks(bytes: &[u8], mut place: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(place)?);
        place += 1 + length;
        if length == 0 {
            return (place <= bytes.len()).then_some(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_draws_the_picture_stays() {
        let head = b"GIF89a\x01\0\x01\0\x80\0\0abcdef";
        let frame = b"\x21\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0";
        let repeat = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
        let secrets = b"\x21\xfe\x06secret\0\x21\xff\x0bXMP DataXMP\x03geo\0";
        let drawn = [&head[..], repeat, frame, frame].concat();
        let whole = [
            &head[..],
            secrets,
            repeat,
            frame,
            secrets,
            frame,
            b";<script>",
        ]
        .concat();
        let expected = [&drawn[..], b";"].concat();
        assert_eq!(strip(&whole), Some(expected.clone()));
        assert_eq!(strip(&drawn), Some(expected), "the trailer is put back");
        assert_eq!(frames(&whole), 2);
    }

    #[test]
    fn what_is_no_gif_is_refused() {
        for damaged in [
            &b"GIF89a"[..],
            b"GIF89a\x01\0\x01\0\0\0\0<script>",
            b"GIF89a\x01\0\x01\0\0\0\0;",
        ] {
            assert_eq!(strip(damaged), None);
        }
    }
}
