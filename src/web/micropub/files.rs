//! Files that apps send along: they come in as the owner's uploads do.

use bytes::Bytes;

use super::super::App;
use super::super::uploads::{self, Refused};
use super::refusal::Refusal;

/// Bytes of one upload, all parts together.
pub const LARGEST: usize = 32 << 20;

/// Keeps a file and says its address from the root. The same bytes are kept once.
///
/// Errors: as the owner's uploads have them, in the words that apps understand.
pub async fn keep(app: &App, name: &str, bytes: Bytes) -> Result<String, Refusal> {
    let kept = uploads::keep(app, name, bytes.into(), "").await;
    let item = kept.map_err(|refused| match refused {
        Refused::Said { status, why, .. } => Refusal::of_file(status, why),
        Refused::Failed(error) => error.into(),
    })?;
    Ok(item.path())
}
