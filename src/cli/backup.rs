//! `rowlog backup`, `rowlog restore` and `rowlog rollback`

use std::path::{Path, PathBuf};

use clap::Args;

use super::progress::Bar;
use super::{say, serve};
use crate::error::{Error, Result};
use crate::model::backup::Reason;
use crate::store::backups;
use crate::store::restore::{Before, restore};
use crate::store::snapshot::{Snapshot, beside, folder_of, is_same, taken};
use crate::store::{Store, check};
use crate::views::library::bytes;

/// Where the copy goes.
#[derive(Args)]
pub struct Options {
    /// The file to make
    file: PathBuf,
    /// Put it in the place of a file that is there
    #[arg(long, env = "ROWLOG_REPLACE")]
    replace: bool,
}

/// Which copy comes back.
#[derive(Args)]
pub struct Restored {
    /// A file that `rowlog backup` or a server has made
    file: PathBuf,
}

/// Copies the blog's file, beside a running server too, and verifies the copy before it gets its name.
///
/// Errors: [`Error::Refused`] if there is a file of that name or the copy would not be sound, and what the disk answers.
pub fn run(folder: &Path, options: &Options) -> Result<()> {
    let source = Store::file(folder);
    let target = &options.file;
    let own = ["", "-wal", "-shm"].map(|ending| beside(&source, ending));
    if own.iter().any(|own| is_same(own, target)) {
        return Err(Error::Refused(format!(
            "{} belongs to the blog itself; choose another name",
            target.display()
        )));
    }
    if target.exists() && !options.replace {
        return Err(taken(target)); // before anything is copied
    }
    let bar = Bar::silent("Copying");
    let mut show = |done, total| {
        bar.show(done as usize, total as usize);
        Ok(())
    };
    let snapshot = Snapshot::of(&source, &folder_of(target), &mut show)?;
    bar.done();
    let (length, report) = (snapshot.length, snapshot.report.clone());
    snapshot.keep(target, options.replace)?;
    let shown = target.display();
    say(format_args!(
        "{shown} is a sound copy, {}: {}.",
        bytes(&(length as i64)),
        counted(&report)
    ))?;
    remark_on_search(&report)
}

/// What whoever has a copy with a damaged search is told.
fn remark_on_search(report: &check::Report) -> Result<()> {
    match report.search.first() {
        None => Ok(()),
        Some(line) => say(format_args!(
            "Only its search is damaged ({line}); run `rowlog reindex` to make that anew."
        )),
    }
}

/// Puts a backup in the place of the blog's file.
///
/// Errors: [`Error::Refused`] while a server runs or if the backup is not sound; nothing is changed then.
pub fn put_back(folder: &Path, options: &Restored) -> Result<()> {
    if !options.file.is_file() {
        return Err(Error::Refused(format!(
            "there is no backup at {}",
            options.file.display()
        )));
    }
    let _lock = serve::lock(folder)?;
    let bar = Bar::silent("Copying");
    let mut show = |done, total| {
        bar.show(done as usize, total as usize);
        Ok(())
    };
    let restored = restore(folder, &options.file, &mut show)?;
    bar.done();
    match restored.before {
        Before::Nothing => {}
        Before::Kept(copy) => say(format_args!(
            "What was there is kept in {}.",
            copy.display()
        ))?,
        Before::PutAside(file) => say(format_args!(
            "What was there could not be read as a blog and was put aside as {}.",
            file.display()
        ))?,
    }
    say(format_args!("Restored: {}.", counted(&restored.report)))?;
    remark_on_search(&restored.report)?;
    say("The password is the one of that time. Pages that are open read themselves anew.")
}

/// Puts back the file as it was before the last time that a newer program brought it up to date.
///
/// Errors: [`Error::Refused`] if there is no such backup, else as [`put_back`].
pub fn roll_back(folder: &Path) -> Result<()> {
    let kept = backups::folder_of(&Store::file(folder));
    let before = backups::list(&kept)?
        .into_iter()
        .find(|one| one.reason == Reason::Migration);
    let Some(before) = before else {
        return Err(Error::Refused(format!(
            "no backup from before an upgrade is in {}; pass another one to `rowlog restore`",
            kept.display()
        )));
    };
    let file = kept.join(before.name);
    put_back(folder, &Restored { file })?;
    say("Start the program of that version now: this one would bring the file up to date again.")
}

fn counted(report: &check::Report) -> String {
    let check::Report {
        posts,
        comments,
        events,
        media,
        ..
    } = report;
    format!("{posts} posts, {comments} comments, {media} media files, {events} events")
}
