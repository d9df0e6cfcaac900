//! `rowlog publish`

use std::path::{Path, PathBuf};

use clap::Args;

use super::{remark, say};
use crate::error::{Error, Result};
use crate::import::markdown::{Options as Reading, read_file};
use crate::import::publish;

/// Which files.
#[derive(Args)]
pub struct Options {
    /// Markdown with TOML (+++) or YAML (---) front matter; pictures beside it come along
    #[arg(required = true, value_name = "FILE.md")]
    files: Vec<PathBuf>,
}

/// Creates or updates one post per file. Every file is tried; what failed is said at the end.
///
/// Errors: [`Error::Refused`] with a line for each file that could not be published.
pub async fn run(folder: &Path, options: Options) -> Result<()> {
    let store = super::existing(folder)?;
    let mut failed = Vec::new();
    for file in &options.files {
        let found = match read_file(file, &Reading::default()) {
            Ok(found) => found,
            Err(why) => {
                failed.push(format!("{}: {why}", file.display()));
                continue;
            }
        };
        for warning in &found.warnings {
            remark(format!("{}: {}", file.display(), warning.why));
        }
        match publish(&store, found).await {
            Ok(done) => done.iter().try_for_each(say)?,
            Err(why) => failed.push(format!("{}: {why}", file.display())),
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(Error::Refused(failed.join("\n"))),
    }
}
