//! `rowlog routes`

use super::say;
use crate::error::Result;
use crate::web;

/// Prints every address that a server answers to, after the methods it takes.
///
/// Errors: as [`say`].
pub fn run() -> Result<()> {
    let listed = web::table().listed;
    listed
        .iter()
        .try_for_each(|route| say(format_args!("{:<16} {}", route.methods, route.path)))
}
