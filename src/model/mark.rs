//! What the mark of a person is drawn from: the strokes beside a name by which readers tell people of one name apart.
//!
//! A visitor's comes from the hash of the cookie, which never leaves the file and is no number that could be tried: whoever
//! sees the mark learns that the same browser wrote, and nothing else. It stays the same for as long as the cookie does.

use sha2::{Digest, Sha256};

/// Kept apart from every other use of a cookie's hash.
const PURPOSE: &[u8] = b"rowlog mark";

/// The mark of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Where the four strokes begin and end, and in which hue.
    pub shape: [u8; 5],
    /// Whether it is a browser's own. If not, anyone who writes under the same name has the same.
    pub is_own: bool,
}

impl Mark {
    /// Of the visitor whose cookie has that hash.
    pub fn of_visitor(token_hash: &[u8; 32]) -> Mark {
        Mark {
            shape: shape(&[PURPOSE, token_hash]),
            is_own: true,
        }
    }

    /// Of whoever bears that name, where no visitor is known.
    pub fn of_name(name: &str) -> Mark {
        Mark {
            shape: shape(&[name.trim().to_lowercase().as_bytes()]),
            is_own: false,
        }
    }
}

fn shape(parts: &[&[u8]]) -> [u8; 5] {
    let hash = Sha256::digest(parts.concat());
    std::array::from_fn(|at| hash[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_that_of_a_browser_or_of_a_name() {
        assert_eq!(Mark::of_name("Ann"), Mark::of_name(" ann "));
        assert_ne!(Mark::of_name("Ann"), Mark::of_name("Bob"));
        let (one, other) = (Mark::of_visitor(&[1; 32]), Mark::of_visitor(&[2; 32]));
        assert!(one != other && one.is_own && !Mark::of_name("Ann").is_own);
        let hash: [u8; 32] = Sha256::digest([1; 32]).into();
        assert!(!hash.starts_with(&one.shape) && !one.shape.starts_with(&[1, 1]));
    }
}
