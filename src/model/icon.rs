//! The blog's icon: in a browser's tab, and among the apps of a phone.

use sha2::{Digest, Sha256};

use crate::hex::hex;

/// Pixels of its sides: in a tab, on the home screens of iOS and of Android, and where an app starts.
pub const SIZES: [u32; 4] = [32, 180, 192, 512];

/// The size that the others can be made from.
pub const LARGEST: u32 = SIZES[SIZES.len() - 1];

/// An icon in one size.
#[derive(Clone, Debug)]
pub struct Icon {
    /// One of [`SIZES`].
    pub size: u32,
    /// A PNG.
    pub bytes: Vec<u8>,
}

/// A name that changes with the picture; empty for none.
pub fn key(icons: &[Icon]) -> String {
    match icons.last() {
        Some(largest) => hex(&Sha256::digest(&largest.bytes)[..6]),
        None => String::new(),
    }
}

/// Where the icon of that name and size is, from the root of the site.
pub fn path(key: &str, size: u32) -> String {
    format!("/icons/{key}/{size}.png")
}
