//! The owner's password: what one must be like, and how it is kept. Nothing here ever prints one.
//!
//! Source: security, section 4.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

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

/// What is compared where there is no owner, so that the time an answer takes tells nothing.
static NOBODY: LazyLock<Option<String>> =
    LazyLock::new(|| hash(&Password("nobody has this password".into())).ok());

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

/// What is kept of a password: Argon2id in the PHC format.
///
/// Errors: [`Error::Refused`] if the system gives no random salt.
pub fn hash(password: &Password) -> Result<String> {
    let failed = |error: String| Error::Refused(format!("the password cannot be hashed: {error}"));
    let argon = argon().map_err(|error| failed(error.to_string()))?;
    let hash = argon
        .hash_password(password.0.as_bytes())
        .map_err(|error| failed(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether `typed` is the password whose hash is `kept`. Takes its time, also where nothing is kept.
pub fn is(typed: &str, kept: Option<&str>) -> bool {
    let Some(against) = kept.or(NOBODY.as_deref()) else {
        return false;
    };
    let Ok(against) = PasswordHash::new(against) else {
        return false;
    };
    let typed = typed.get(..LONGEST.min(typed.len())).unwrap_or_default();
    let same = argon().is_ok_and(|argon| argon.verify_password(typed.as_bytes(), &against).is_ok());
    same && kept.is_some()
}

fn argon() -> argon2::Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
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
        let kept = hash(&Password::parse("a long enough secret").unwrap()).unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert!(is("a long enough secret", Some(&kept)));
        assert!(!is("a long enough secret ", Some(&kept)));
        assert!(!is("", Some(&kept)));
        assert!(!is("nobody has this password", None), "there is no owner");
        assert!(!is("a long enough secret", Some("not a hash")));
    }
}
