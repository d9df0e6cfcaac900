//! `rowlog check`

use std::path::Path;

use super::say;
use crate::error::{Error, Result};
use crate::store::{check, search};

/// Checks the file and says what it found.
///
/// Errors: [`Error::Refused`] with the number of faults if there are any.
pub async fn run(folder: &Path) -> Result<()> {
    let store = super::existing(folder)?;
    let mut report = store.read(check::all).await?;
    if report.faults.is_empty() {
        let lost = store.write(search::disagreeing).await?;
        let fault =
            |index| format!("{index} does not hold the words of its table; run `rowlog reindex`");
        report.faults.extend(lost.into_iter().map(fault));
    }
    for fault in &report.faults {
        say(fault)?;
    }
    match report.faults.len() {
        0 => {
            let check::Report {
                posts,
                comments,
                events,
                ..
            } = report;
            say(format!(
                "The file is sound: {posts} posts, {comments} comments, {events} events."
            ))
        }
        count => Err(Error::Refused(format!(
            "{count} faults in {}; keep a copy of the folder and restore a backup",
            folder.display()
        ))),
    }
}
