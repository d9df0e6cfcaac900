//! The owner's password: what one must be like, and how it is kept. Nothing here ever prints one.
//!
//! Source: security, section 4.

use std::fmt;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::error::{Error, Result};

/// Bytes of a password.
pub const SHORTEST: usize = 12;
/// The longest one in bytes: more than anyone types, little enough to hash at once.
pub const LONGEST: usize = 1_024;

/// Memory in KiB, passes and lanes of Argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Long passwords that everybody tries first, in lower case; a digit or sign at the end makes none of them better.
const COMMON: [&str; 22] = [
    "1q2w3e4r5t6y",
    "abcdefghijkl",
    "administrator",
    "asdfghjkl",
    "changeme",
    "correct horse battery staple",
    "correcthorsebatterystaple",
    "default",
    "football",
    "iloveyou",
    "letmein",
    "monkey",
    "mypassword",
    "password",
    "passw0rd",
    "princess",
    "qazwsxedcrfv",
    "qwertyuiop",
    "qwertz",
    "sunshine",
    "welcome",
    "rowlog",
];

/// A password that may be the owner's.
pub struct Password(String);

impl Password {
    /// Takes what was typed, unchanged.
    ///
    /// Errors: one sentence that says what to change.
    pub fn parse(typed: &str) -> Result<Password, String> {
        match typed.len() {
            0 => Err("Choose a password.".into()),
            count if count < SHORTEST => Err(format!(
                "That was {count} bytes. Please use at least {SHORTEST}; a sentence works well."
            )),
            count if count > LONGEST => Err(format!(
                "That was {count} bytes. Please use at most {LONGEST}."
            )),
            _ if is_common(typed) => {
                Err("This is among the first that anyone would try. Please choose another.".into())
            }
            _ => Ok(Password(typed.into())),
        }
    }
}

/// The 19 MiB in which a password is hashed. Whoever hashes often keeps one: taken from the allocator anew for each, blocks
/// of this size and alignment pile up.
#[derive(Default)]
pub struct Room(Vec<Block>);

/// What is kept of a password: Argon2id in the PHC format.
///
/// Errors: [`Error::Refused`] if the system gives no random salt.
pub fn hash(password: &Password, room: &mut Room) -> Result<String> {
    let failed = |error: &dyn fmt::Display| {
        Error::Refused(format!("the password cannot be hashed: {error}"))
    };
    let mut salt = [0u8; 16];
    getrandom::fill(&mut salt).map_err(|error| failed(&error))?;
    let hash = hashed(password.0.as_bytes(), &salt, room).map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

/// Whether `typed` is the password whose hash is `kept`. Takes its time, also where nothing is kept.
pub fn is(typed: &str, kept: Option<&str>, room: &mut Room) -> bool {
    let kept = kept.and_then(|kept| PasswordHash::new(kept).ok());
    let salt = kept.as_ref().and_then(|kept| kept.salt);
    let salt = salt.as_ref().map_or(&[0u8; 16][..], |salt| salt.as_ref());
    let typed = &typed.as_bytes()[..LONGEST.min(typed.len())];
    let found = hashed(typed, salt, room).ok().and_then(|hash| hash.hash);
    // Outputs are compared in constant time.
    found.is_some() && found == kept.and_then(|kept| kept.hash)
}

fn hashed(
    typed: &[u8],
    salt: &[u8],
    room: &mut Room,
) -> argon2::password_hash::Result<PasswordHash> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None)?;
    room.0.resize(params.block_count(), Block::default());
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut output = [0u8; Params::DEFAULT_OUTPUT_LEN];
    argon.hash_password_into_with_memory(typed, salt, &mut output, &mut room.0)?;
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon.params())?,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(&output)?),
    })
}

/// Whether it is one letter again and again, letters in a row, or a common word with signs around it, once or more.
fn is_common(typed: &str) -> bool {
    let lower = typed.to_lowercase();
    let letters: Vec<char> = lower.chars().collect();
    let steps = letters
        .windows(2)
        .map(|pair| i64::from(pair[1] as u32) - i64::from(pair[0] as u32));
    let in_a_row = steps.filter(|step| (-1..=1).contains(step)).count();
    if in_a_row * 4 >= letters.len() * 3 {
        return true;
    }
    let word = lower.trim_matches(|c: char| !c.is_alphabetic());
    let repeats = |common: &str| {
        let rest = lower.replace(common, "");
        rest.len() < lower.len() && rest.chars().all(|c| !c.is_alphabetic()) && rest.len() < 8
    };
    COMMON
        .iter()
        .any(|common| word == *common || repeats(common))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_and_not_the_first_that_anyone_tries() {
        for bad in [
            "",
            "short",
            "elevenbytes",
            "aaaaaaaaaaaaaaaa",
            "123456789012",
            "abcdefghijklmnop",
            "password1234",
            "Password!!!!!",
            "passwordpassword",
            "QWERTYUIOP12",
            "correct horse battery staple",
        ] {
            assert!(Password::parse(bad).is_err(), "{bad}");
        }
        assert!(Password::parse(&"long ".repeat(300)).is_err());
        for good in [
            "a long enough secret",
            "tide table 1911",
            "Ünïcödé wörds",
            "my password is a fish",
        ] {
            assert!(Password::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn only_the_password_itself_opens() {
        let mut room = Room::default();
        let password = Password::parse("a long enough secret").unwrap();
        let kept = hash(&password, &mut room).unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert_ne!(
            kept,
            hash(&password, &mut room).unwrap(),
            "each has a salt of its own"
        );
        let mut is = |typed: &str, kept| is(typed, kept, &mut room);
        assert!(is("a long enough secret", Some(&kept)));
        assert!(!is("a long enough secret ", Some(&kept)));
        assert!(!is("", Some(&kept)));
        assert!(!is("a long enough secret", None), "there is no owner");
        assert!(!is("a long enough secret", Some("not a hash")));
        let other = argon2::Argon2::default();
        use argon2::PasswordVerifier;
        assert!(
            other
                .verify_password(b"a long enough secret", kept.as_str())
                .is_ok(),
            "as others read it"
        );
    }
}
