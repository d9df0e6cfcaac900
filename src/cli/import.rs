//! `rowlog import`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::progress::Bar;
use super::say;
use crate::error::{Error, Result};
use crate::import::markdown::{Options as Reading, Skipped, read};
use crate::import::{Report, apply, rowlog};
use crate::store::Store;

/// Where the posts come from.
#[derive(Subcommand)]
pub enum Source {
    /// A folder of Markdown, as Zola, Hugo or Jekyll keep it
    Markdown(Options),
    /// What `rowlog export` has written: a folder, or the archive that the desk makes of it
    Rowlog(Options),
}

/// What to import.
#[derive(Args)]
pub struct Options {
    /// The folder: `content` of Zola and Hugo, the root of a Jekyll site, an export
    path: PathBuf,
    /// Say what would happen and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Imports a blog and reports on every item that needs a word.
///
/// Errors: [`Error::Refused`] if the source cannot be read at all, and what the store answers.
pub async fn run(folder: &Path, source: Source) -> Result<()> {
    match source {
        Source::Markdown(options) => markdown(folder, options).await,
        Source::Rowlog(options) => own(folder, options).await,
    }
}

/// Our own export. What hangs on its posts comes along.
async fn own(folder: &Path, options: Options) -> Result<()> {
    let parcel = rowlog::read(&options.path).map_err(Error::Refused)?;
    let rendering = Bar::new("Rendering");
    let mut show = |done, total| rendering.show(done, total);
    let scratch = match options.dry_run && !Store::exists(folder) {
        true => Some(tempfile::tempdir().map_err(Error::io("cannot make a temporary folder"))?),
        false => None,
    };
    let store = super::any(scratch.as_ref().map_or(folder, |scratch| scratch.path()))?;
    let arrived = rowlog::apply(&store, parcel, &options.path, options.dry_run, &mut show).await?;
    rendering.done();
    print(&arrived.posts, options.dry_run)?;
    let verb = if options.dry_run {
        "would be added"
    } else {
        "added"
    };
    say(format_args!(
        "{} comments, entries and reactions {verb}",
        arrived.talk
    ))
}

async fn markdown(folder: &Path, options: Options) -> Result<()> {
    let reading = Bar::new("Reading");
    let mut show = |done, total| reading.show(done, total);
    let found = read(&options.path, &Reading::default(), &mut show).map_err(Error::Refused)?;
    reading.done();
    let rendering = Bar::new("Rendering");
    let mut show = |done, total| rendering.show(done, total);
    let report = if options.dry_run && !Store::exists(folder) {
        Report::of_new_blog(found)
    } else {
        let store = super::any(folder)?;
        apply(
            &store,
            found,
            "markdown",
            &options.path,
            options.dry_run,
            &mut show,
        )
        .await?
    };
    rendering.done();
    print(&report, options.dry_run)
}

fn print(report: &Report, dry_run: bool) -> Result<()> {
    list("Skipped", &report.skipped)?;
    list("Note", &report.warnings)?;
    let verb = if dry_run { "would be added" } else { "added" };
    say(format!("{} posts and pages found", report.found))?;
    say(format!("{} {verb}", report.added.len()))?;
    say(format!("{} already there", report.known.len()))?;
    say(format!("{} files skipped", report.skipped.len()))?;
    say(format!("{} pictures and other files {verb}", report.media))?;
    say(format!("{} notes", report.warnings.len()))
}

fn list(word: &str, lines: &[Skipped]) -> Result<()> {
    lines
        .iter()
        .try_for_each(|line| say(format!("{word}: {}: {}", line.path, line.why)))
}
