//! `rowlog reindex`

use std::path::Path;

use super::say;
use crate::error::Result;
use crate::renewal;
use crate::store::search;

/// Makes the indexes of the search anew from what is in the file.
///
/// Errors: what the store answers.
pub async fn run(folder: &Path) -> Result<()> {
    let store = super::existing(folder)?;
    renewal::render(&store).await?;
    store.write(search::rebuild).await?;
    say("The search has been made anew.")
}
