//! `rowlog setup`

use std::io::{self, Read};
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use clap::Args;

use crate::error::{Error, Result};
use crate::model::typed::{Email, Name};
use crate::store::{Tx, settings};

/// Bytes of a password.
const SHORTEST: usize = 12;
const LONGEST: usize = 1_024;

/// Memory in KiB, passes and lanes of Argon2id (security, section 4).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

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
    #[arg(long)]
    email: Option<String>,
    /// Read the password from standard input
    #[arg(long, required = true)]
    password_stdin: bool,
}

/// Creates the owner; refuses if there is one.
///
/// Errors: [`Error::Refused`] with one line that says what to change.
pub async fn run(folder: &Path, options: Options) -> Result<()> {
    let name = Name::parse(&options.name).map_err(|why| refused("--name", &why.to_string()))?;
    let title = options.title.trim().to_owned();
    if title.is_empty() {
        return Err(refused("--title", "give the blog a title"));
    }
    let email = Email::parse(options.email.as_deref().unwrap_or_default());
    let email = email.map_err(|why| refused("--email", &why.to_string()))?;
    debug_assert!(options.password_stdin);
    let hash = hash(&password()?)?;
    let store = super::any(folder)?;
    let set_up = move |tx: &Tx| {
        if settings::get(tx, "owner")?.is_some() {
            return Err(Error::Refused(
                "this blog has an owner already; nothing was changed".into(),
            ));
        }
        settings::set(tx, "title", &title)?;
        settings::set(tx, "owner", name.as_str())?;
        settings::set(
            tx,
            "owner_email",
            email.as_ref().map_or("", |email| email.as_str()),
        )?;
        settings::set(tx, "owner_password", &hash)
    };
    store.write(set_up).await?;
    super::say("The blog is yours. Start it with: rowlog serve")
}

fn refused(option: &str, why: &str) -> Error {
    Error::Refused(format!("{option}: {why}"))
}

/// The password from standard input, without the newline at its end.
fn password() -> Result<String> {
    let mut typed = String::new();
    let read = io::stdin()
        .take(LONGEST as u64 + 3)
        .read_to_string(&mut typed);
    read.map_err(Error::io("cannot read the password from standard input"))?;
    let password = typed.trim_end_matches(['\r', '\n']).to_owned();
    match password.len() {
        SHORTEST..=LONGEST => Ok(password),
        _ => Err(Error::Refused(format!(
            "the password must have {SHORTEST} to {LONGEST} bytes; nothing was changed"
        ))),
    }
}

fn hash(password: &str) -> Result<String> {
    let (memory, passes, lanes) = COST;
    let failed = |error: String| Error::Refused(format!("the password cannot be hashed: {error}"));
    let params =
        Params::new(memory, passes, lanes, None).map_err(|error| failed(error.to_string()))?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon
        .hash_password(password.as_bytes())
        .map_err(|error| failed(error.to_string()))?;
    Ok(hash.to_string())
}
