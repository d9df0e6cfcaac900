//! A program of the owner's that posts from outside the browser, and what its token lets it do.

use super::id::TokenId;
use super::time::Timestamp;
use crate::error::{Error, Fields, Result};

/// Characters of an app's name.
const LONGEST_NAME: usize = 60;

/// One thing that a token may let an app do. Source: W3C Micropub, section 5.4, and the scopes in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Write new posts.
    Create,
    /// Read and change posts.
    Update,
    /// Move posts to the trash.
    Delete,
    /// Take posts out of the trash.
    Undelete,
    /// Upload files.
    Media,
    /// Read the figures of the server.
    Metrics,
}

impl Scope {
    /// All of them, in the order in which people are asked.
    pub const ALL: [Scope; 6] = [
        Scope::Create,
        Scope::Update,
        Scope::Delete,
        Scope::Undelete,
        Scope::Media,
        Scope::Metrics,
    ];

    /// The word in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Create => "create",
            Scope::Update => "update",
            Scope::Delete => "delete",
            Scope::Undelete => "undelete",
            Scope::Media => "media",
            Scope::Metrics => "metrics",
        }
    }

    /// The scope of that word.
    pub fn parse(word: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// What it allows, to the person who is asked.
    pub fn described(self) -> &'static str {
        match self {
            Scope::Create => "write new posts",
            Scope::Update => "read and change posts, drafts too",
            Scope::Delete => "move posts to the trash",
            Scope::Undelete => "take posts out of the trash",
            Scope::Media => "upload pictures and other files",
            Scope::Metrics => "read the server’s figures at /metrics",
        }
    }
}

/// What a token allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Those of these scopes, each once.
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Scopes {
        let mut all = Vec::new();
        for scope in scopes {
            if !all.contains(&scope) {
                all.push(scope);
            }
        }
        Scopes(all)
    }

    /// Words with spaces or commas between them; `None` if one of them is no scope.
    pub fn parse(words: &str) -> Option<Scopes> {
        let words = words.split([' ', ',']).filter(|word| !word.is_empty());
        let scopes: Option<Vec<_>> = words.map(Scope::parse).collect();
        scopes.map(Scopes::of)
    }

    /// As words with spaces between them.
    pub fn words(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|scope| scope.as_str()).collect();
        words.join(" ")
    }

    /// Whether it is one of them.
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
}

/// An app that is to get a token.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
}

impl NewApp {
    /// Checks what was typed.
    ///
    /// Errors: [`Error::Invalid`] for `name` and `scopes`.
    pub fn parse(name: &str, scopes: Scopes) -> Result<NewApp> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut errors = Fields::new();
        if name.is_empty() {
            errors.insert(
                "name",
                "Give the app a name, so that you know it again.".into(),
            );
        } else if name.chars().count() > LONGEST_NAME {
            let why = format!("Please shorten the name to {LONGEST_NAME} characters.");
            errors.insert("name", why);
        }
        if scopes == Scopes::default() {
            let why = "Choose at least one thing that the app may do.";
            errors.insert("scopes", why.into());
        }
        match errors.is_empty() {
            true => Ok(NewApp { name, scopes }),
            false => Err(Error::Invalid(errors)),
        }
    }
}

/// An app that has a token.
#[derive(Clone, Debug)]
pub struct App {
    /// Its row.
    pub id: TokenId,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it got its token.
    pub created_at: Timestamp,
    /// When it was last used, to within a minute.
    pub used_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_words() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        let scopes = Scopes::parse("create, update create").unwrap();
        assert_eq!(scopes.words(), "create update");
        assert!(scopes.has(Scope::Update) && !scopes.has(Scope::Media));
        assert_eq!(Scopes::parse("create everything"), None);
    }

    #[test]
    fn an_app_has_a_name_and_something_to_do() {
        assert_eq!(
            NewApp::parse(" a  b ", Scopes::of([Scope::Media]))
                .unwrap()
                .name,
            "a b"
        );
        let Err(Error::Invalid(errors)) = NewApp::parse(" ", Scopes::default()) else {
            panic!("taken");
        };
        assert_eq!(errors.into_keys().collect::<Vec<_>>(), ["name", "scopes"]);
        assert!(NewApp::parse(&"x".repeat(61), Scopes::of(Scope::ALL)).is_err());
    }
}
