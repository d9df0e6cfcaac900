//! The signed time at which a form was handed out: what comes back too soon, too late or without it has to wait.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::hex::hex;
use crate::model::time::Timestamp;

/// Milliseconds that a person needs at least, and those that a form stays good for.
const SOONEST: i64 = 3_000;
const LATEST: i64 = 24 * 60 * 60 * 1_000;

/// Milliseconds for which many readers are handed the same form: a page in memory is made anew then. What posts by program
/// at once can be taken for slow only where another reader came in this time.
pub const RENEWED: i64 = 60 * 1_000;

/// The hidden field of a form handed out at `now`: the time and its signature.
pub fn sign(key: &str, now: Timestamp) -> String {
    let seal = mac(key, &now.0.to_be_bytes()).finalize().into_bytes();
    format!("{}.{}", now.0, hex(&seal))
}

/// The same for a form of a page that is open and alive, so that it does not grow old: whoever has it on screen may send it
/// at once.
pub fn sign_for_open_page(key: &str, now: Timestamp) -> String {
    sign(key, now.plus(-SOONEST))
}

/// Why a form that comes back with `field` at `now` must wait for the owner; `None` if all is well.
pub fn doubt(key: &str, field: &str, now: Timestamp) -> Option<&'static str> {
    match signed_time(key, field) {
        None => Some("the form was not ours"),
        Some(at) if now.0 - at < SOONEST => Some("it was written too quickly"),
        Some(at) if now.0 - at > LATEST => Some("the form was too old"),
        Some(_) => None,
    }
}

/// A mark that only we can make of `text`: for secret addresses.
pub fn mark(key: &str, text: &str) -> String {
    hex(&mac(key, text.as_bytes()).finalize().into_bytes()[..16])
}

fn signed_time(key: &str, field: &str) -> Option<i64> {
    let (time, seal) = field.split_once('.')?;
    let time: i64 = time.parse().ok()?;
    let seal: Vec<u8> = (0..seal.len() / 2)
        .map(|at| {
            seal.get(at * 2..at * 2 + 2)
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .collect::<Option<_>>()?;
    mac(key, &time.to_be_bytes())
        .verify_slice(&seal)
        .ok()
        .map(|()| time)
}

fn mac(key: &str, message: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(message);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_times_within_bounds_are_believed() {
        let start = Timestamp(1_794_647_520_000);
        let field = sign("key", start);
        let after = |ms: i64| doubt("key", &field, start.plus(ms));
        assert_eq!(after(SOONEST), None);
        assert_eq!(after(LATEST), None);
        assert_eq!(after(SOONEST - 1), Some("it was written too quickly"));
        let renewed = sign_for_open_page("key", start);
        assert_eq!(doubt("key", &renewed, start), None);
        assert_eq!(after(-60_000), Some("it was written too quickly"));
        assert_eq!(after(LATEST + 1), Some("the form was too old"));
        for forged in [
            "",
            "1",
            "1.",
            "1.zz",
            "1.é",
            &field.replace('1', "2"),
            &field[..field.len() - 2],
        ] {
            assert_eq!(
                doubt("key", forged, start.plus(10_000)),
                Some("the form was not ours"),
                "{forged}"
            );
        }
        assert!(doubt("other", &field, start.plus(10_000)).is_some());
    }
}
