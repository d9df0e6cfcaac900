//! The owner's apps: which have a token, and the form for another.

use askama::Template;

use super::{Frame, Head};
use crate::error::Fields;
use crate::model::app::{App, Scope, Scopes};

/// The form for a token as it stands, and what came of the last one.
#[derive(Clone, Debug)]
pub struct AppsView {
    /// The name typed.
    pub name: String,
    /// What was ticked.
    pub scopes: Scopes,
    /// Why the last attempt was refused, by field.
    pub errors: Fields,
    /// The token that was made just now: its only appearance.
    pub token: Option<String>,
}

impl Default for AppsView {
    /// What most apps need.
    fn default() -> AppsView {
        AppsView {
            name: String::new(),
            scopes: Scopes::of([Scope::Create, Scope::Update, Scope::Media]),
            errors: Fields::new(),
            token: None,
        }
    }
}

/// The page of the owner's apps.
#[derive(Template)]
#[template(path = "desk/apps.html")]
pub struct AppsPage<'a> {
    frame: Frame<'a>,
    head: Head,
    apps: &'a [App],
    view: &'a AppsView,
}

impl<'a> AppsPage<'a> {
    /// The page with `view` in its form.
    pub fn new(frame: Frame<'a>, apps: &'a [App], view: &'a AppsView) -> AppsPage<'a> {
        AppsPage {
            frame,
            head: Head {
                listed: false,
                ..Head::new("Apps", "/admin/tokens".into())
            },
            apps,
            view,
        }
    }

    fn error(&self, field: &str) -> Option<&String> {
        self.view.errors.get(field)
    }
}
