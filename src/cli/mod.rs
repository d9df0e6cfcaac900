//! The command line. Doc comments here are the help text.

mod backup;
mod check;
mod demo;
mod entry;
mod events;
mod export;
mod import;
mod new;
mod progress;
mod promote;
mod publish;
mod reindex;
mod routes;
mod running;
mod serve;
mod service;
mod setup;
mod token;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;

use clap::{Parser, Subcommand};

use crate::error::{Error, Result};
use crate::store::{Store, recovery};

/// A personal blog in one binary, where every open page is alive.
#[derive(Parser)]
#[command(name = "rowlog", version)]
struct Cli {
    /// The folder of the blog; `rowlog.db` in it is all there is
    #[arg(
        long,
        env = "ROWLOG_DATA",
        default_value = "./data",
        global = true,
        value_name = "DIR"
    )]
    data: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Options,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the blog (what happens without a command)
    Serve(serve::Options),
    /// Give the blog its title and its owner
    Setup(setup::Options),
    /// Set the owner's password and end every session, or stop asking for a code
    Password(setup::Door),
    /// Begin a post: write a Markdown file with front matter, a draft, to be published later
    New(new::Options),
    /// Create or update posts from Markdown files with TOML or YAML front matter
    Publish(publish::Options),
    /// Add timed entries to a post, as something happens
    #[command(subcommand)]
    Entry(entry::Command),
    /// Bring posts over from another blog
    #[command(subcommand)]
    Import(import::Source),
    /// Let an app post from outside the browser
    #[command(subcommand)]
    Token(token::Action),
    /// Print the log as JSON lines
    Events(events::Options),
    /// Write all of the blog as files that anyone can read: Markdown, media, comments
    Export(export::Options),
    /// Copy the blog into one file, beside a running server too, and verify the copy
    Backup(backup::Options),
    /// Put a backup in the place of the blog; what is there is kept aside
    Restore(backup::Restored),
    /// Put back the file as it was before the last upgrade; what is there is kept aside
    Rollback,
    /// Make a replica's copy the blog itself, once its primary is lost
    Promote,
    /// Check the file and what must hold in it
    Check,
    /// Print every address that a server answers to, and the methods it takes
    Routes,
    /// Make the search anew from what is in the file
    Reindex,
    /// Show a blog alive: sample posts and simulated readers, in a folder that goes away with it
    Demo(demo::Options),
}

/// Runs what the command line asks for. Usage errors end the program with exit code 2.
///
/// Errors: one clear line for whoever typed the command.
pub fn run() -> Result<()> {
    let Cli {
        data,
        command,
        serve,
    } = Cli::parse();
    let runtime = tokio::runtime::Runtime::new().map_err(Error::io("could not start"))?;
    // Boxed, as the runtime has a way of its own to wait for each size of a future, and this one is all commands.
    let work: Pin<Box<dyn Future<Output = Result<()>>>> = Box::pin(async {
        match command {
            None => serve::run(&data, serve).await,
            Some(Command::Serve(options)) => serve::run(&data, options).await,
            Some(Command::Setup(options)) => setup::run(&data, options).await,
            Some(Command::Password(door)) => setup::change_door(&data, door).await,
            Some(Command::New(options)) => new::run(&data, options).await,
            Some(Command::Publish(options)) => publish::run(&data, options).await,
            Some(Command::Entry(command)) => entry::run(&data, command).await,
            Some(Command::Import(source)) => import::run(&data, source).await,
            Some(Command::Token(action)) => token::run(&data, action).await,
            Some(Command::Events(options)) => events::run(&data, options).await,
            Some(Command::Export(options)) => export::run(&data, options).await,
            Some(Command::Backup(options)) => backup::run(&data, &options),
            Some(Command::Restore(options)) => backup::put_back(&data, &options),
            Some(Command::Rollback) => backup::roll_back(&data),
            Some(Command::Promote) => promote::run(&data),
            Some(Command::Check) => check::run(&data).await,
            Some(Command::Routes) => routes::run(),
            Some(Command::Reindex) => reindex::run(&data).await,
            Some(Command::Demo(options)) => demo::run(options).await,
        }
    });
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    done
}

/// Prints a line. A reader who has closed the pipe has heard enough: that is no error, and the work goes on.
///
/// Errors: [`Error::Io`] if standard output takes nothing for another reason, such as a full disk.
fn say(line: impl Display) -> Result<()> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Io("cannot write to standard output".into(), error))
        }
        _ => Ok(()),
    }
}

/// Prints a line beside the output, if anyone listens.
fn remark(line: impl Display) {
    // There is nobody left to tell if this fails.
    drop(writeln!(io::stderr(), "{line}"));
}

/// The blog in `folder`, which must be there.
fn existing(folder: &Path) -> Result<Store> {
    open(folder, false)
}

/// The blog in `folder`, made if there is none.
fn any(folder: &Path) -> Result<Store> {
    open(folder, true)
}

/// Where nobody serves the blog, a log beside its file is one that a crash has left: it is looked at before it is taken in. An
/// older file is brought up to date then, and not under a server that knows only the older one.
fn open(folder: &Path, create: bool) -> Result<Store> {
    let is_older = Store::is_older(folder);
    let mut _lock = None;
    if is_older || recovery::has_log(folder) {
        match serve::lock(folder) {
            Ok(alone) => {
                _lock = Some(alone); // until the file is up to date
                recovery::inspect(folder)?;
            }
            Err(Error::Refused(_)) if is_older => {
                return Err(Error::Refused(format!(
                    "a server of an older Rowlog is running on {}; restart it first, which brings the file up to date",
                    folder.display()
                )));
            }
            Err(Error::Refused(_)) => {} // a server runs, and has looked
            Err(error) => return Err(error),
        }
    }
    Store::open(folder, create)
}
