//! `rowlog promote`

use std::path::Path;

use super::{say, serve};
use crate::error::Result;
use crate::store::copy;

/// Makes a replica's copy the blog itself, once its primary is lost for good.
///
/// Errors: [`crate::error::Error::Refused`] while a server runs, or if the file is no copy or was left half written.
pub fn run(folder: &Path) -> Result<()> {
    let _lock = serve::lock(folder)?;
    let promoted = copy::promote(folder)?;
    say(format_args!(
        "This is the blog now. It has every event up to {}; its own begin with {}.",
        promoted.last, promoted.first
    ))?;
    say("Start `rowlog serve` here, and never again on the old machine's file.")
}
