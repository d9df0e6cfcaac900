//! The desk: what only the owner sees, and the two doors to it.

pub mod chart;
pub mod code;
pub mod editor;
pub mod keep;
pub mod log;
pub mod overview;
pub mod parts;
pub mod posts;
pub mod queue;
pub mod rules;
pub mod settings;

use askama::Template;

use super::{Frame, Head};
use crate::error::Fields;
use crate::model::id::SessionId;
use crate::model::session::Session;
use crate::model::settings::Ink;

/// The form of the first run, as it stands: empty, or refused with what was typed.
#[derive(Clone, Debug, Default)]
pub struct SetupView {
    /// Lets this form set the blog up.
    pub token: String,
    /// The name of the blog.
    pub title: String,
    /// The owner's name.
    pub name: String,
    /// The owner's address.
    pub email: String,
    /// The chosen colours; the first ones where nothing is chosen.
    pub ink: String,
    /// Why the last attempt was refused, by field.
    pub errors: Fields,
}

/// The page of the first run.
#[derive(Template)]
#[template(path = "desk/setup.html")]
pub struct SetupPage<'a> {
    frame: Frame<'a>,
    head: Head,
    view: &'a SetupView,
}

impl<'a> SetupPage<'a> {
    /// The page with `view` in its form.
    pub fn new(frame: Frame<'a>, view: &'a SetupView) -> SetupPage<'a> {
        SetupPage {
            frame,
            head: head("Set up your blog", "/admin/setup"),
            view,
        }
    }

    /// Every ink, and whether it is the chosen one.
    fn inks(&self) -> impl Iterator<Item = (Ink, bool)> {
        let chosen = Ink::parse(&self.view.ink).unwrap_or_default();
        Ink::ALL.into_iter().map(move |ink| (ink, ink == chosen))
    }

    fn error(&self, field: &str) -> Option<&String> {
        self.view.errors.get(field)
    }
}

/// The form to sign in with, as it stands.
#[derive(Clone, Debug, Default)]
pub struct LoginView {
    /// Where to go afterwards.
    pub next: String,
    /// Why the last attempt was refused.
    pub refusal: Option<Refusal>,
    /// Whether there is anyone who could sign in.
    pub is_set_up: bool,
}

/// Why somebody is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What was typed is not right; of password and code it is not said which.
    Wrong,
    /// There were too many attempts.
    TooOften {
        /// How long to wait.
        seconds: u64,
    },
}

/// The page to sign in on.
#[derive(Template)]
#[template(path = "desk/login.html")]
pub struct LoginPage<'a> {
    frame: Frame<'a>,
    head: Head,
    view: &'a LoginView,
    wants_code: bool,
}

impl<'a> LoginPage<'a> {
    /// The page with `view` in its form; `wants_code` if signing in takes a code as well.
    pub fn new(frame: Frame<'a>, view: &'a LoginView, wants_code: bool) -> LoginPage<'a> {
        LoginPage {
            frame,
            head: head("Sign in", "/admin/login"),
            view,
            wants_code,
        }
    }

    fn why(&self) -> Option<String> {
        Some(match (self.view.refusal?, self.wants_code) {
            (Refusal::Wrong, false) => "That is not the password. Please try again.".into(),
            (Refusal::Wrong, true) => {
                "The password or the code is not right. Please try again with the next code.".into()
            }
            (Refusal::TooOften { seconds }, _) => {
                format!("Too many attempts. Please wait {seconds} seconds, then try again.")
            }
        })
    }
}

/// The pages of the desk, as its masthead names them.
pub const SECTIONS: [(&str, &str); 9] = [
    ("/admin", "Desk"),
    ("/admin/posts/new", "Write"),
    ("/admin/posts", "Posts"),
    ("/admin/comments", "Comments"),
    ("/admin/log", "Log"),
    ("/admin/media", "Media"),
    ("/admin/tokens", "Apps"),
    ("/admin/settings", "Settings"),
    ("/admin/account", "Account"),
];

/// Where the owner is signed in, and the form for another password.
#[derive(Template)]
#[template(path = "desk/account.html")]
pub struct AccountPage<'a> {
    frame: Frame<'a>,
    head: Head,
    sessions: &'a [Session],
    here: SessionId,
    has_code: bool,
    errors: &'a Fields,
}

impl<'a> AccountPage<'a> {
    /// `here` is the session that asks; `has_code` if signing in takes a code; `errors` say why the last change of the
    /// password was refused.
    pub fn new(
        frame: Frame<'a>,
        sessions: &'a [Session],
        here: SessionId,
        has_code: bool,
        errors: &'a Fields,
    ) -> AccountPage<'a> {
        AccountPage {
            frame,
            head: head("Your account", "/admin/account"),
            sessions,
            here,
            has_code,
            errors,
        }
    }
}

/// The head of a page that is nobody else's business.
pub(super) fn head(title: &str, path: &str) -> Head {
    Head {
        listed: false,
        ..Head::new(title, path.into())
    }
}
