//! `rowlog setup` and `rowlog password`

use std::io::{self, Read};
use std::path::Path;

use clap::Args;

use crate::error::{Error, Fields, Result};
use crate::model::settings::Setup;
use crate::password::{self, LONGEST, Password, Room};
use crate::store::{Tx, sessions, settings};

/// Who owns the blog.
#[derive(Args)]
pub struct Options {
    /// The title of the blog
    #[arg(long)]
    title: String,
    /// Your name, as readers see it
    #[arg(long)]
    name: String,
    /// Your address, for what the blog has to tell you; never shown
    #[arg(long, default_value = "", hide_default_value = true)]
    email: String,
    #[command(flatten)]
    password: Typed,
}

/// Where a password comes from: never from the command line, which every user of the machine can read.
#[derive(Args)]
pub struct Typed {
    /// Read the password from standard input
    #[arg(long, required = true)]
    password_stdin: bool,
}

/// Creates the owner; refuses if there is one.
///
/// Errors: [`Error::Refused`] with one line that says what to change.
pub async fn run(folder: &Path, options: Options) -> Result<()> {
    let setup = Setup::parse(&options.title, &options.name, &options.email, "");
    let setup = setup.map_err(|fields| Error::Refused(by_option(fields)))?;
    let hash = password::hash(&options.password.read()?, &mut Room::default())?;
    let store = super::any(folder)?;
    store
        .write(move |tx| settings::set_up(tx, &setup, &hash))
        .await?;
    super::say("The blog is yours. Start it with: rowlog serve")
}

/// Gives the owner another password, and ends every session.
///
/// Errors: [`Error::Refused`] with one line that says what to change.
pub async fn change_password(folder: &Path, typed: Typed) -> Result<()> {
    let hash = password::hash(&typed.read()?, &mut Room::default())?;
    let store = super::existing(folder)?;
    let change = move |tx: &Tx| {
        if settings::get(tx, "owner")?.is_none() {
            return Err(Error::Refused(
                "this blog has no owner yet; run `rowlog setup` first".into(),
            ));
        }
        settings::set(tx, "owner_password", &hash)?;
        sessions::end_all(tx, None)
    };
    store.write(change).await?;
    super::say("The password is changed, and every session has ended.")
}

/// Messages for the command line, where fields are options.
fn by_option(fields: Fields) -> String {
    let lines = fields
        .iter()
        .map(|(field, why)| format!("--{field}: {why}"));
    lines.collect::<Vec<_>>().join("; ")
}

impl Typed {
    /// The password from standard input, without the newline at its end.
    fn read(&self) -> Result<Password> {
        debug_assert!(self.password_stdin);
        let mut typed = String::new();
        let read = io::stdin()
            .take(LONGEST as u64 + 3)
            .read_to_string(&mut typed);
        read.map_err(Error::io("cannot read the password from standard input"))?;
        Password::parse(typed.trim_end_matches(['\r', '\n']))
            .map_err(|why| Error::Refused(format!("the password: {why} Nothing was changed")))
    }
}
