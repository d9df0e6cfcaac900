//! `rowlog setup` and `rowlog password`

use std::io::{self, Read};
use std::path::Path;

use clap::Args;

use crate::error::{Error, Fields, Result};
use crate::model::settings::Setup;
use crate::password::{self, LONGEST, Password, Room};
use crate::store::{Tx, second_step, sessions, settings};

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
    // Never from the command line, which every user of the machine can read.
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
    debug_assert!(options.password_stdin, "the command line requires it");
    let hash = password::hash(&typed()?, &mut Room::default())?;
    let store = super::any(folder)?;
    store
        .write(move |tx| settings::set_up(tx, &setup, &hash))
        .await?;
    super::say("The blog is yours. Start it with: rowlog serve")
}

/// What to change about how the owner signs in.
#[derive(Args)]
pub struct Door {
    /// Read the new password from standard input
    #[arg(long, required_unless_present = "no_code")]
    password_stdin: bool,
    /// Ask for no code any more, only for the password: for a lost telephone
    #[arg(long)]
    no_code: bool,
}

/// Gives the owner another password and ends every session, or has signing in take the password alone, or both.
///
/// Errors: [`Error::Refused`] with one line that says what to change.
pub async fn change_door(folder: &Path, door: Door) -> Result<()> {
    let hash = match door.password_stdin {
        true => Some(password::hash(&typed()?, &mut Room::default())?),
        false => None,
    };
    let store = super::existing(folder)?;
    let (is_changed, no_code) = (hash.is_some(), door.no_code);
    let change = move |tx: &Tx| {
        if settings::get(tx, "owner")?.is_none() {
            return Err(Error::Refused(
                "this blog has no owner yet; run `rowlog setup` first".into(),
            ));
        }
        if let Some(hash) = hash {
            sessions::change_password(tx, &hash, None)?;
        }
        Ok(no_code && second_step::turn_off(tx)?)
    };
    let was_on = store.write(change).await?;
    if is_changed {
        super::say("The password is changed, and every session has ended.")?;
    }
    match (no_code, was_on) {
        (false, _) => Ok(()),
        (_, true) => super::say("Signing in takes the password alone now."),
        (_, false) => super::say("Signing in took the password alone already."),
    }
}

/// Messages for the command line, where fields are options.
fn by_option(fields: Fields) -> String {
    let lines = fields
        .iter()
        .map(|(field, why)| format!("--{field}: {why}"));
    lines.collect::<Vec<_>>().join("; ")
}

/// The password from standard input, without the newline at its end.
fn typed() -> Result<Password> {
    let mut typed = String::new();
    let read = io::stdin()
        .take(LONGEST as u64 + 3)
        .read_to_string(&mut typed);
    read.map_err(Error::io("cannot read the password from standard input"))?;
    Password::parse(typed.trim_end_matches(['\r', '\n']))
        .map_err(|why| Error::Refused(format!("the password: {why} Nothing was changed")))
}
