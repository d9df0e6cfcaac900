//! Randomness from the system, for whatever nobody may guess.

use crate::error::{Error, Result};

/// That many random bytes.
///
/// Errors: [`Error::Unavailable`] if the system has none to give.
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes)
        .map_err(|_| Error::Unavailable("no randomness for a secret; please try again"))?;
    Ok(bytes)
}
