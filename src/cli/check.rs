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
    if report.faults.is_empty() && report.search.is_empty() {
        let lost = store.write(search::disagreeing).await?;
        let fault = |index| format!("{index} does not hold the words of its table");
        report.search.extend(lost.into_iter().map(fault));
    }
    for line in report.faults.iter().chain(&report.remarks) {
        say(line)?;
    }
    for line in &report.search {
        say(format_args!("{line}; run `rowlog reindex`"))?;
    }
    match report.faults.len() {
        0 if !report.search.is_empty() => Err(Error::Refused(format!(
            "the search in {} is damaged, and everything else is sound; run `rowlog reindex`",
            folder.display()
        ))),
        0 => {
            let check::Report {
                posts,
                comments,
                events,
                media,
                unused,
                ..
            } = report;
            say(format!(
                "The file is sound: {posts} posts, {comments} comments, {events} events."
            ))?;
            match media {
                0 => Ok(()),
                _ => say(format!(
                    "{media} media files, {unused} of them shown by no post."
                )),
            }
        }
        count => Err(Error::Refused(format!(
            "{count} faults in {}; keep a copy of the folder and restore a backup",
            folder.display()
        ))),
    }
}
