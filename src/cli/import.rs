//! `rowlog import`

use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use super::{remark, say};
use crate::error::{Error, Result};
use crate::import::markdown::{Options as Reading, Skipped, read};
use crate::import::{Report, apply};
use crate::store::Store;

/// Where the posts come from.
#[derive(Subcommand)]
pub enum Source {
    /// A folder of Markdown, as Zola, Hugo or Jekyll keep it
    Markdown(Options),
}

/// What to import.
#[derive(Args)]
pub struct Options {
    /// The folder: `content` of Zola and Hugo, the root of a Jekyll site
    path: PathBuf,
    /// Say what would happen and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Imports a blog and reports on every item that needs a word.
///
/// Errors: [`Error::Refused`] if the source cannot be read at all, and what the store answers.
pub async fn run(folder: &Path, source: Source) -> Result<()> {
    let Source::Markdown(options) = source;
    let reading = Progress::new("Reading");
    let mut show = |done, total| reading.show(done, total);
    let found = read(&options.path, &Reading::default(), &mut show).map_err(Error::Refused)?;
    reading.done();
    let rendering = Progress::new("Rendering");
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

/// A bar on a terminal, a line now and then elsewhere.
struct Progress {
    bar: ProgressBar,
    word: &'static str,
    plain: bool,
}

impl Progress {
    fn new(word: &'static str) -> Progress {
        let style = ProgressStyle::with_template("{msg:10} {bar:40} {pos}/{len}");
        let bar = ProgressBar::new(0).with_message(word);
        let bar = style
            .map(|style| bar.clone().with_style(style))
            .unwrap_or(bar);
        Progress {
            bar,
            word,
            plain: !stderr().is_terminal(),
        }
    }

    fn show(&self, done: usize, total: usize) {
        if self.plain {
            if done.is_multiple_of(100) || done == total {
                remark(format!("{} {done}/{total}", self.word));
            }
            return;
        }
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
    }

    fn done(&self) {
        self.bar.finish_and_clear();
    }
}
