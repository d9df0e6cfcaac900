//! `rowlog token`

use std::path::Path;

use clap::{Args, Subcommand};

use super::{remark, say};
use crate::error::{Error, Result};
use crate::model::app::{NewApp, Scopes};
use crate::model::id::TokenId;
use crate::store::tokens;
use crate::web::token;

/// What to do about the apps that post from outside.
#[derive(Subcommand)]
pub enum Action {
    /// Make a token for an app and print it, this once
    New(New),
    /// List the apps that have one
    List,
    /// Take a token back, by its number in the list
    Revoke {
        /// The number in the list
        id: i64,
    },
}

/// A token to make.
#[derive(Args)]
pub struct New {
    /// The name of the app
    name: String,
    /// What it may do
    #[arg(
        long,
        default_value = "create,update,media",
        value_name = "create,update,delete,undelete,media,metrics",
        value_parser = scopes
    )]
    scopes: Scopes,
}

/// Does it.
///
/// Errors: [`Error::Refused`] with one line that says what to change.
pub async fn run(folder: &Path, action: Action) -> Result<()> {
    let store = super::existing(folder)?;
    match action {
        Action::New(New { name, scopes }) => {
            let new = NewApp::parse(&name, scopes);
            let new = new.map_err(|error| Error::Refused(error.to_string()))?;
            let token = token::fresh()?;
            let hash = token::hash(&token);
            store.write(move |tx| tokens::add(tx, &hash, &new)).await?;
            remark("This token is shown once; paste it into the app.");
            say(token)
        }
        Action::List => {
            for app in store.read(tokens::all).await? {
                let used = app.used_at.map_or("never used".into(), |at| {
                    format!("last used {}", at.rfc3339())
                });
                say(format!(
                    "{} {} ({}), {used}",
                    app.id,
                    app.name,
                    app.scopes.words()
                ))?;
            }
            Ok(())
        }
        Action::Revoke { id } => {
            let revoke = store.write(move |tx| tokens::revoke(tx, TokenId(id)));
            revoke.await.map_err(|error| match error {
                Error::NotFound => Error::Refused(format!(
                    "there is no token number {id}; see `rowlog token list`"
                )),
                error => error,
            })?;
            say("The app can no longer post.")
        }
    }
}

fn scopes(words: &str) -> Result<Scopes, String> {
    Scopes::parse(words)
        .ok_or_else(|| "choose among create, update, delete, undelete, media, metrics".into())
}
