//! `rowlog export`

use std::path::{Path, PathBuf};

use clap::Args;

use super::say;
use crate::error::Result;
use crate::export;
use crate::model::carried::Manifest;

/// Where to, and how much of it.
#[derive(Args)]
pub struct Options {
    /// The folder to make
    folder: PathBuf,
    /// With the e-mail addresses of visitors and of the owner
    #[arg(long, env = "ROWLOG_PRIVATE")]
    private: bool,
}

/// Writes the blog as files that anyone can read.
///
/// Errors: [`Error::Refused`](crate::error::Error::Refused) if the folder is not empty, and what the store and the disk answer.
pub async fn run(data: &Path, options: Options) -> Result<()> {
    let store = super::existing(data)?;
    let shown = options.folder.display().to_string();
    let write = move |conn: &_| export::folder::write(conn, options.private, &options.folder);
    let Manifest {
        posts,
        comments,
        entries,
        reactions,
        media,
        ..
    } = store.read(write).await?;
    say(format_args!(
        "{shown}: {posts} posts and pages, {comments} comments, {entries} entries, {reactions} reactions, \
         {media} media files."
    ))
}
