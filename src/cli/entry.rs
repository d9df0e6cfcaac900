//! `rowlog entry`

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{remark, say};
use crate::error::{Error, Result};
use crate::liveblog;

/// What to do with the entries of a post.
#[derive(Subcommand)]
pub enum Command {
    /// Add an entry: it stands below the post, at once on every open page, and in the feeds
    Add {
        /// The last part of the post's address
        slug: String,
        #[command(flatten)]
        text: Text,
    },
    /// Change the text of an entry
    Edit {
        /// The last part of the post's address
        slug: String,
        /// The entry, as `entry list` numbers it
        number: i64,
        #[command(flatten)]
        text: Text,
    },
    /// Delete an entry; its words leave the file
    Delete {
        /// The last part of the post's address
        slug: String,
        /// The entry, as `entry list` numbers it
        number: i64,
    },
    /// List the entries of a post, oldest first
    List {
        /// The last part of the post's address
        slug: String,
    },
}

/// What an entry says.
#[derive(Args)]
pub struct Text {
    /// Markdown; standard input if there is none
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// A title above it; an empty one takes it away
    #[arg(long)]
    title: Option<String>,
}

/// Adds, changes, deletes or lists entries.
///
/// Errors: [`Error::Refused`] if there is no such post or entry or nothing to say, [`Error::Io`] if the text cannot be
/// read.
pub async fn run(folder: &Path, command: Command) -> Result<()> {
    let store = super::existing(folder)?;
    match command {
        Command::Add { slug, text } => {
            let body = text.read()?;
            let entry = liveblog::add(&store, &slug, text.title.as_deref(), &body).await?;
            say(format!("{} new", entry.path()))
        }
        Command::Edit { slug, number, text } => {
            let (body, title) = (text.read()?, text.title.as_deref());
            let changed = liveblog::edit(&store, &slug, number, title, &body).await?;
            let word = if changed { "changed" } else { "unchanged" };
            say(format!("entry {number} {word}"))
        }
        Command::Delete { slug, number } => {
            liveblog::delete(&store, &slug, number).await?;
            say(format!("entry {number} deleted"))
        }
        Command::List { slug } => {
            let entries = liveblog::list(&store, &slug).await?;
            entries.iter().try_for_each(|entry| {
                let (number, at) = (entry.number, entry.created_at.rfc3339());
                say(format!("{number:>4}  {at}  {}", entry.name()))
            })
        }
    }
}

impl Text {
    /// The text of the file, or what comes on standard input.
    fn read(&self) -> Result<String> {
        let Some(file) = &self.file else {
            if io::stdin().is_terminal() {
                remark("Write the entry; Ctrl-D on a line of its own ends it.");
            }
            let mut text = String::new();
            let read = io::stdin().read_to_string(&mut text);
            read.map_err(Error::io("cannot read the entry from standard input"))?;
            return Ok(text);
        };
        fs::read_to_string(file).map_err(Error::io(format!("cannot read {}", file.display())))
    }
}
