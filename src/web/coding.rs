//! The codings in which a body can be sent: which of them a client likes best, and the bytes in it.
//!
//! Not zstd: whatever browser reads it reads Brotli as well, whose bytes of a page are a tenth fewer (14.6 kB of a post with
//! a hundred comments, 16.3 by zstd at its usual level, 18.2 by gzip), and its encoder is a library in C that takes a minute
//! to build.

use brotli::enc::{BrotliEncoderParams, backward_references::BrotliEncoderMode};
use flate2::Compression;
use poem::http::{HeaderMap, HeaderValue, header};

use crate::assets::gzip;

/// Bytes below which it is not worth the while.
pub const SHORTEST: usize = 1_400;

/// The bits of Brotli's window: 256 KiB, which few pages fill.
const WINDOW: i32 = 18;

/// A coding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
}

/// How much is done for fewer bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Little: it is sent once.
    Once,
    /// More: it is kept, and sent to many.
    Kept,
}

impl Coding {
    /// What the client likes best of what we have; of two liked alike the smaller one.
    /// Source: RFC 9110, section 12.5.3.
    pub fn wanted(headers: &HeaderMap) -> Coding {
        let liked = Liked::of(headers);
        let plain = liked.identity.unwrap_or(0);
        match (liked.brotli(), liked.gzip()) {
            (0, 0) => Coding::Identity,
            (brotli, gzip) if plain > brotli.max(gzip) => Coding::Identity,
            (brotli, gzip) if brotli >= gzip => Coding::Brotli,
            _ => Coding::Gzip,
        }
    }

    /// The value of `Content-Encoding`, if there is one to say.
    pub fn name(self) -> Option<HeaderValue> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some(HeaderValue::from_static("gzip")),
            Coding::Brotli => Some(HeaderValue::from_static("br")),
        }
    }

    /// The bytes in this coding.
    pub fn encode(self, bytes: &[u8], effort: Effort) -> Vec<u8> {
        match (self, effort) {
            (Coding::Identity, _) => bytes.to_vec(),
            (Coding::Gzip, Effort::Once) => gzip(bytes, Compression::fast()),
            (Coding::Gzip, Effort::Kept) => gzip(bytes, Compression::default()),
            (Coding::Brotli, Effort::Once) => brotli(bytes, 3),
            (Coding::Brotli, Effort::Kept) => brotli(bytes, 5),
        }
    }
}

/// Whether the client reads gzip.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    Liked::of(headers).gzip() > 0
}

fn brotli(mut bytes: &[u8], quality: i32) -> Vec<u8> {
    let mut small = Vec::with_capacity(bytes.len() / 4);
    let params = BrotliEncoderParams {
        mode: BrotliEncoderMode::BROTLI_MODE_TEXT,
        quality,
        lgwin: WINDOW,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut bytes, &mut small, &params)
        .expect("bytes in memory can be read and written");
    small
}

/// How well a client likes each coding, in thousandths; nothing where it does not say.
#[derive(Default)]
struct Liked {
    identity: Option<u16>,
    gzip: Option<u16>,
    brotli: Option<u16>,
    others: Option<u16>,
}

impl Liked {
    fn of(headers: &HeaderMap) -> Liked {
        let mut liked = Liked::default();
        let lists = headers.get_all(header::ACCEPT_ENCODING).iter();
        let words = lists
            .filter_map(|list| list.to_str().ok())
            .flat_map(|list| list.split(','));
        for word in words {
            let (coding, quality) = word.split_once(';').unwrap_or((word, ""));
            let place = match coding.trim() {
                "gzip" | "x-gzip" => &mut liked.gzip,
                "br" => &mut liked.brotli,
                "identity" => &mut liked.identity,
                "*" => &mut liked.others,
                _ => continue,
            };
            *place = Some(thousandths(quality));
        }
        liked
    }

    fn gzip(&self) -> u16 {
        self.gzip.or(self.others).unwrap_or(0)
    }

    fn brotli(&self) -> u16 {
        self.brotli.or(self.others).unwrap_or(0)
    }
}

/// The weight `q=0.5` as 500; of one that cannot be read the most. Source: RFC 9110, section 12.4.2.
fn thousandths(quality: &str) -> u16 {
    let number = quality.trim().strip_prefix("q=");
    let number: Option<f32> = number.and_then(|number| number.trim().parse().ok());
    number.map_or(1_000, |q| (q.clamp(0.0, 1.0) * 1_000.0) as u16)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn each_client_is_sent_what_it_likes_best() {
        use Coding::*;
        let table = [
            (Some("gzip, deflate, br, zstd"), Brotli, true),
            (Some("gzip, deflate"), Gzip, true),
            (Some("br;q=0.5, gzip;q=1.0"), Gzip, true),
            (Some("br;q=1.0, gzip;q=0.5"), Brotli, true),
            (Some("gzip;q=0.5, identity"), Identity, true),
            (Some("*"), Brotli, true),
            (Some("*, br;q=0"), Gzip, true),
            (Some("gzip;q=0"), Identity, false),
            (Some("gzip; q=0.000, *;q=0"), Identity, false),
            (Some("br"), Brotli, false),
            (Some("identity"), Identity, false),
            (Some("zstd"), Identity, false),
            (Some(""), Identity, false),
            (None, Identity, false),
        ];
        for (accepted, expected, gzip) in table {
            let mut headers = HeaderMap::new();
            if let Some(accepted) = accepted {
                headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            }
            assert_eq!(Coding::wanted(&headers), expected, "{accepted:?}");
            assert_eq!(takes_gzip(&headers), gzip, "{accepted:?}");
        }
    }

    #[test]
    fn what_was_made_smaller_is_the_same_again() {
        let text = "The same words, over and over, and a ö. ".repeat(300);
        for effort in [Effort::Once, Effort::Kept] {
            let small = Coding::Brotli.encode(text.as_bytes(), effort);
            let mut again = String::new();
            let mut reader = brotli::Decompressor::new(&small[..], 4_096);
            reader.read_to_string(&mut again).unwrap();
            assert!(again == text && small.len() < text.len() / 10);
            let small = Coding::Gzip.encode(text.as_bytes(), effort);
            let mut again = String::new();
            let mut reader = flate2::read::GzDecoder::new(&small[..]);
            reader.read_to_string(&mut again).unwrap();
            assert!(again == text && small.len() < text.len() / 10);
        }
    }
}
