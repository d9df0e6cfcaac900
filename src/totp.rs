//! The second step of signing in: codes that a telephone makes of a secret and the time, and written ones for the day on
//! which it is lost. Pure; nothing here is kept or printed.
//!
//! Source: RFC 4226, section 5.3, and RFC 6238; how many bits the written codes have is ours.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::model::time::Timestamp;
use crate::random;

/// Milliseconds for which a code is shown.
const STEP: i64 = 30_000;

/// How many codes early or late a clock may be.
const DRIFT: i64 = 1;

/// Written codes that are handed out at once.
pub const WRITTEN: usize = 10;

/// Random bytes of a written code: so many that a plain hash of it cannot be turned back.
const WRITTEN_BYTES: usize = 10;

/// What the owner's telephone and the blog both know. As long as the output of the hash (RFC 4226, section 4, R6).
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 20]);

/// SHA-256 of a written code.
pub type WrittenHash = [u8; 32];

impl Secret {
    /// A new one.
    ///
    /// Errors: as [`random::bytes`].
    pub fn fresh() -> Result<Secret> {
        random::bytes().map(Secret)
    }

    /// Reads what [`Secret::text`] wrote.
    pub fn parse(text: &str) -> Option<Secret> {
        Secret::of(&BASE32_NOPAD.decode(plain(text).as_bytes()).ok()?)
    }

    /// The secret of those bytes, if there are as many as it takes.
    pub fn of(bytes: &[u8]) -> Option<Secret> {
        bytes.try_into().map(Secret).ok()
    }

    /// Its bytes, to be sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret as people type it: base32 in groups of four.
    pub fn text(&self) -> String {
        grouped(&BASE32_NOPAD.encode(&self.0), " ")
    }

    /// The address that a telephone's camera reads, for the account `name` at the blog `title`.
    /// Source: "Key Uri Format", as authenticator apps have agreed on it.
    pub fn address(&self, title: &str, name: &str) -> String {
        let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        // A colon parts the two names, so neither may hold one.
        let (title, name) = (
            escaped(&title.replace(':', " ")),
            escaped(&name.replace(':', " ")),
        );
        let secret = BASE32_NOPAD.encode(&self.0);
        format!("otpauth://totp/{title}:{name}?secret={secret}&issuer={title}")
    }

    /// The step whose code was typed: one of those around `now`, and later than the one that was `spent` last.
    pub fn step(&self, typed: &str, now: Timestamp, spent: i64) -> Option<i64> {
        let digits: String = typed.split_whitespace().collect();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let code: u32 = digits.parse().ok()?;
        let current = now.0.div_euclid(STEP);
        (current - DRIFT..=current + DRIFT)
            .filter(|step| self.code(*step) == code)
            .find(|step| *step > spent)
    }

    /// The six digits of a step. Source: RFC 4226, section 5.3.
    fn code(&self, step: i64) -> u32 {
        let mut mac =
            Hmac::<Sha1>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let at = usize::from(hash[19] & 0xf);
        let number = [hash[at] & 0x7f, hash[at + 1], hash[at + 2], hash[at + 3]];
        u32::from_be_bytes(number) % 1_000_000
    }
}

/// New codes to write down, each good for once.
///
/// Errors: as [`random::bytes`].
pub fn written() -> Result<Vec<String>> {
    let one = || {
        let bytes = random::bytes::<WRITTEN_BYTES>()?;
        Ok(grouped(&BASE32_NOPAD.encode(&bytes).to_lowercase(), "-"))
    };
    (0..WRITTEN).map(|_| one()).collect()
}

/// What is kept of a written code, however it was typed.
pub fn written_hash(typed: &str) -> WrittenHash {
    Sha256::digest(plain(typed).as_bytes()).into()
}

/// Without what people put between the letters, in upper case.
fn plain(typed: &str) -> String {
    let letters = typed.chars().filter(|c| c.is_ascii_alphanumeric());
    letters.map(|c| c.to_ascii_uppercase()).collect()
}

fn grouped(letters: &str, between: &str) -> String {
    let letters: Vec<char> = letters.chars().collect();
    let groups = letters.chunks(4).map(|group| group.iter().collect());
    groups.collect::<Vec<String>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret(*b"12345678901234567890")
    }

    #[test]
    fn codes_are_those_of_the_standards() {
        // RFC 4226, appendix D, by counter; RFC 6238, appendix B, by seconds, the last six of its eight digits.
        let counted = [755224, 287082, 359152, 969429, 338314, 254676, 287922];
        for (counter, code) in (0..).zip(counted) {
            assert_eq!(secret().code(counter), code);
        }
        let timed = [
            (59, 287082),
            (1_111_111_109, 81804),
            (1_111_111_111, 50471),
            (1_234_567_890, 5924),
            (2_000_000_000, 279037),
            (20_000_000_000, 353130),
        ];
        for (seconds, code) in timed {
            let now = Timestamp(seconds * 1_000);
            let typed = format!("{code:06}");
            assert_eq!(secret().step(&typed, now, 0), Some(seconds / 30), "{typed}");
        }
    }

    #[test]
    fn a_code_is_good_around_its_time_and_once() {
        let at = |seconds: i64| Timestamp(seconds * 1_000);
        let step = |now, spent| secret().step("005 924", now, spent);
        let its = 1_234_567_890 / 30;
        for late in [-30, 0, 30] {
            assert_eq!(step(at(1_234_567_890 + late), 0), Some(its));
        }
        for late in [-60, 60] {
            assert_eq!(step(at(1_234_567_890 + late), 0), None);
        }
        assert_eq!(step(at(1_234_567_890), its), None, "it was used");
        assert_eq!(step(at(1_234_567_890), its - 1), Some(its));
        for typed in [
            "", "5924", "005925", "0059245", "+05924", "０05924", "abcdef",
        ] {
            assert_eq!(secret().step(typed, at(1_234_567_890), 0), None, "{typed}");
        }
    }

    #[test]
    fn a_secret_is_read_back_and_told_to_a_camera() {
        let text = secret().text();
        assert_eq!(text, "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        for typed in [text.clone(), text.to_lowercase().replace(' ', "-")] {
            assert!(Secret::parse(&typed) == Some(secret()), "{typed}");
        }
        for wrong in ["", "GEZD", "not base 32 1890"] {
            assert!(Secret::parse(wrong).is_none(), "{wrong}");
        }
        assert_eq!(
            secret().address("Slack: Water", "Maren"),
            "otpauth://totp/Slack%20%20Water:Maren?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Slack%20%20Water"
        );
    }

    #[test]
    fn written_codes_are_many_and_different_and_typed_as_one_likes() {
        let codes = written().unwrap();
        let mut hashes: Vec<_> = codes.iter().map(|code| written_hash(code)).collect();
        let typed = codes[0].to_uppercase().replace('-', " ");
        assert_eq!(written_hash(&typed), hashes[0]);
        assert_eq!(codes[0].len(), 19, "four groups of four letters");
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), WRITTEN);
    }
}
