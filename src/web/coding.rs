//! The codings in which a body can be sent: which of them a client likes best, and the bytes in it.
//!
//! Every browser reads several alike. Brotli makes the fewest bytes of a page and zstd is made the quickest, so whoever
//! waits for a page that has just changed is sent zstd, and everyone after them Brotli.

use std::io;

use brotli::enc::{BrotliEncoderParams, backward_references::BrotliEncoderMode};
use flate2::Compression;
use poem::http::{HeaderMap, HeaderValue, header};

use super::fields::Fields;
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
    /// RFC 8878, in a window that RFC 9659 allows.
    Zstd,
}

/// How much is done for fewer bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Little: it is sent once.
    Once,
    /// More: it is kept, and sent to many.
    Kept,
}

/// The codings but the plain one, by how few bytes they make.
const BY_SIZE: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

/// The same, by how quickly they are made.
const BY_TIME: [Coding; 3] = [Coding::Zstd, Coding::Gzip, Coding::Brotli];

/// What a client likes best of what we have. Source: RFC 9110, section 12.5.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of the codings that it likes alike the one of the fewest bytes.
    pub smallest: Coding,
    /// The one of them that is made the quickest.
    pub quickest: Coding,
}

impl Wanted {
    /// What a request with these headers asks for.
    pub fn of(headers: &(impl Fields + ?Sized)) -> Wanted {
        let liked = Liked::of(headers);
        let best = BY_SIZE
            .map(|coding| liked.how_well(coding))
            .into_iter()
            .max();
        let best = best.filter(|best| *best > 0 && *best >= liked.identity.unwrap_or(0));
        let first = |order: [Coding; 3]| {
            let mut order = order.into_iter();
            let liked = order.find(|coding| best == Some(liked.how_well(*coding)));
            liked.unwrap_or(Coding::Identity)
        };
        Wanted {
            smallest: first(BY_SIZE),
            quickest: first(BY_TIME),
        }
    }
}

impl Coding {
    /// The value of `Content-Encoding`, if there is one to say.
    pub fn name(self) -> Option<HeaderValue> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some(HeaderValue::from_static("gzip")),
            Coding::Brotli => Some(HeaderValue::from_static("br")),
            Coding::Zstd => Some(HeaderValue::from_static("zstd")),
        }
    }

    /// The bytes in this coding.
    ///
    /// Errors: none that bytes in memory could cause, but for memory itself.
    pub fn encode(self, bytes: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
        match (self, effort) {
            (Coding::Identity, _) => Ok(bytes.to_vec()),
            (Coding::Gzip, Effort::Once) => Ok(gzip(bytes, Compression::fast())),
            (Coding::Gzip, Effort::Kept) => Ok(gzip(bytes, Compression::default())),
            (Coding::Brotli, Effort::Once) => brotli(bytes, 3),
            (Coding::Brotli, Effort::Kept) => brotli(bytes, 5),
            (Coding::Zstd, Effort::Once) => zstd::bulk::compress(bytes, 1),
            (Coding::Zstd, Effort::Kept) => zstd::bulk::compress(bytes, 3),
        }
    }
}

/// Whether the client reads gzip.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    Liked::of(headers).how_well(Coding::Gzip) > 0
}

fn brotli(mut bytes: &[u8], quality: i32) -> io::Result<Vec<u8>> {
    let mut small = Vec::with_capacity(bytes.len() / 4);
    let params = BrotliEncoderParams {
        mode: BrotliEncoderMode::BROTLI_MODE_TEXT,
        quality,
        lgwin: WINDOW,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut bytes, &mut small, &params)?;
    Ok(small)
}

/// How well a client likes each coding, in thousandths; nothing where it does not say.
#[derive(Default)]
struct Liked {
    identity: Option<u16>,
    gzip: Option<u16>,
    brotli: Option<u16>,
    zstd: Option<u16>,
    others: Option<u16>,
}

impl Liked {
    fn of(headers: &(impl Fields + ?Sized)) -> Liked {
        let mut liked = Liked::default();
        let lists = headers.words(header::ACCEPT_ENCODING);
        let words = lists.flat_map(|list| list.split(','));
        for word in words {
            let (coding, quality) = word.split_once(';').unwrap_or((word, ""));
            let place = match coding.trim() {
                "gzip" | "x-gzip" => &mut liked.gzip,
                "br" => &mut liked.brotli,
                "zstd" => &mut liked.zstd,
                "identity" => &mut liked.identity,
                "*" => &mut liked.others,
                _ => continue,
            };
            *place = Some(thousandths(quality));
        }
        liked
    }

    fn how_well(&self, coding: Coding) -> u16 {
        let said = match coding {
            Coding::Identity => return self.identity.unwrap_or(0),
            Coding::Gzip => self.gzip,
            Coding::Brotli => self.brotli,
            Coding::Zstd => self.zstd,
        };
        said.or(self.others).unwrap_or(0)
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
            (Some("gzip, deflate, br, zstd"), Brotli, Zstd, true),
            (Some("gzip, deflate, br"), Brotli, Gzip, true),
            (Some("gzip, deflate"), Gzip, Gzip, true),
            (Some("zstd, gzip"), Zstd, Zstd, true),
            (Some("br;q=0.5, gzip;q=1.0"), Gzip, Gzip, true),
            (
                Some("br;q=1.0, zstd;q=0.9, gzip;q=0.5"),
                Brotli,
                Brotli,
                true,
            ),
            (Some("br;q=0.9, zstd;q=1.0, gzip;q=0.5"), Zstd, Zstd, true),
            (Some("gzip;q=0.5, identity"), Identity, Identity, true),
            (Some("gzip;q=0.5, identity;q=0.5"), Gzip, Gzip, true),
            (Some("*"), Brotli, Zstd, true),
            (Some("*, br;q=0"), Zstd, Zstd, true),
            (Some("*, br;q=0, zstd;q=0"), Gzip, Gzip, true),
            (Some("gzip;q=0"), Identity, Identity, false),
            (Some("gzip; q=0.000, *;q=0"), Identity, Identity, false),
            (Some("br"), Brotli, Brotli, false),
            (Some("zstd"), Zstd, Zstd, false),
            (Some("identity"), Identity, Identity, false),
            (Some("compress"), Identity, Identity, false),
            (Some(""), Identity, Identity, false),
            (None, Identity, Identity, false),
        ];
        for (accepted, smallest, quickest, gzip) in table {
            let mut headers = HeaderMap::new();
            if let Some(accepted) = accepted {
                headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            }
            let wanted = Wanted { smallest, quickest };
            assert_eq!(Wanted::of(&headers), wanted, "{accepted:?}");
            assert_eq!(takes_gzip(&headers), gzip, "{accepted:?}");
        }
    }

    #[test]
    fn what_was_made_smaller_is_the_same_again() {
        let text = "The same words, over and over, and a ö. ".repeat(300);
        for coding in BY_SIZE {
            for effort in [Effort::Once, Effort::Kept] {
                let small = coding.encode(text.as_bytes(), effort).unwrap();
                let mut again = String::new();
                let read = match coding {
                    Coding::Brotli => {
                        brotli::Decompressor::new(&small[..], 4_096).read_to_string(&mut again)
                    }
                    Coding::Zstd => zstd::Decoder::new(&small[..])
                        .unwrap()
                        .read_to_string(&mut again),
                    _ => flate2::read::GzDecoder::new(&small[..]).read_to_string(&mut again),
                };
                assert_eq!(read.unwrap(), text.len(), "{coding:?}");
                assert!(again == text && small.len() < text.len() / 10);
            }
        }
    }
}
