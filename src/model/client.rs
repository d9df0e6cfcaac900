//! What is kept of the address that a comment came from: a mark that only this blog can make, and only for a few days.
//!
//! The marks are made with a secret key that is changed and then thrown away, so that neither the file nor its owner can
//! tell later where something came from. Source: security, section 5; contract, section 6.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::time::Timestamp;

/// Milliseconds that a mark is kept.
pub const KEPT: i64 = 7 * 24 * 60 * 60 * 1_000;

/// Milliseconds in which marks are made with one key. For as long again they can be recognised, and so for no longer
/// than they are kept.
pub const KEY_LIFE: i64 = KEPT / 2;

/// The mark of one client under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientMark(pub [u8; 16]);

/// The marks by which a client that asks now can be recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientMarks {
    /// The one that is written down.
    pub now: ClientMark,
    /// The one that was written down before the key was last changed.
    pub before: Option<ClientMark>,
}

/// A secret with which marks are made.
pub type Key = [u8; 32];

/// The keys of the blog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientKeys {
    /// With which marks are made now.
    pub now: Key,
    /// With which they were made before.
    pub before: Option<Key>,
    /// Since when it is so.
    pub since: Timestamp,
}

impl ClientKeys {
    /// The marks of the client with that network address.
    pub fn marks(&self, network: &[u8]) -> ClientMarks {
        ClientMarks {
            now: mark(&self.now, network),
            before: self.before.map(|key| mark(&key, network)),
        }
    }

    /// Whether the keys have to be changed.
    pub fn are_old(&self, now: Timestamp) -> bool {
        now.0 - self.since.0 >= KEY_LIFE
    }

    /// The keys after a change, with `fresh` as the new one. One that was not changed in time is not carried on.
    pub fn changed(&self, fresh: Key, now: Timestamp) -> ClientKeys {
        let in_time = now.0 - self.since.0 < 2 * KEY_LIFE;
        ClientKeys {
            now: fresh,
            before: in_time.then_some(self.now),
            since: now,
        }
    }
}

fn mark(key: &Key, network: &[u8]) -> ClientMark {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(network);
    let whole: [u8; 32] = mac.finalize().into_bytes().into();
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    ClientMark(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_recognised_over_one_change_of_the_key_and_not_over_two() {
        let start = Timestamp(1_794_647_520_000);
        let first = ClientKeys {
            now: [1; 32],
            before: None,
            since: start,
        };
        let mark = first.marks(b"192.0.2.1").now;
        assert_ne!(mark, first.marks(b"192.0.2.2").now);
        assert!(!first.are_old(start.plus(KEY_LIFE - 1)) && first.are_old(start.plus(KEY_LIFE)));
        let second = first.changed([2; 32], start.plus(KEY_LIFE));
        assert_eq!(second.marks(b"192.0.2.1").before, Some(mark));
        assert_ne!(second.marks(b"192.0.2.1").now, mark);
        let third = second.changed([3; 32], start.plus(2 * KEY_LIFE));
        let marks = third.marks(b"192.0.2.1");
        assert!(marks.now != mark && marks.before != Some(mark));
        let late = first.changed([2; 32], start.plus(2 * KEY_LIFE));
        assert_eq!(late.before, None, "nobody wrote for a week");
    }
}
