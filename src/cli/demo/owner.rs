//! The owner of the demonstration's blog, who adds entries to one post while its readers come and go.

use std::future::pending;
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use crate::error::Result;
use crate::liveblog;
use crate::store::Store;

/// The post that they belong to.
const POST: &str = "a-loaf-hour-by-hour";

/// What she writes, from the first to the last: Markdown with rules between the entries, a heading being a title.
const ENTRIES: &str = include_str!("../../../templates/demo/entries/a-loaf-hour-by-hour.md");

/// Before she begins to write, and for each word: times of pace 1.
const REST: Duration = Duration::from_secs(10);
const WORD: Duration = Duration::from_millis(600);

/// Adds the entries to the blog in `folder`, as `rowlog entry add` beside the server does, and then rests for ever.
pub async fn write(folder: &Path, pace: f64) {
    if let Err(error) = add_all(folder, pace).await {
        tracing::warn!("the owner writes no more: {error}");
    }
    pending().await
}

async fn add_all(folder: &Path, pace: f64) -> Result<()> {
    let store = Store::open(folder, false)?;
    for (title, body) in entries() {
        let words = u32::try_from(body.split_whitespace().count()).unwrap_or(u32::MAX);
        sleep((REST + WORD * words).div_f64(pace)).await;
        liveblog::add(&store, POST, title, body).await?;
    }
    Ok(())
}

/// Titles and texts.
pub fn entries() -> impl Iterator<Item = (Option<&'static str>, &'static str)> {
    ENTRIES.split("\n---\n").map(|entry| {
        let titled = entry.trim().strip_prefix("# ");
        match titled.and_then(|text| text.split_once('\n')) {
            Some((title, body)) => (Some(title), body.trim()),
            None => (None, entry.trim()),
        }
    })
}
