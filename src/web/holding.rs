//! What a comment's form and words say about it, before the file is asked: the field that people do not see, the time at
//! which the form was handed out, and the owner's rules.

use std::sync::{Arc, Mutex, PoisonError};

use super::form::Form;
use super::{App, issued};
use crate::model::comment::Comment;
use crate::model::rules::{Rules, Said};
use crate::model::settings::Settings;
use crate::model::time::Timestamp;
use crate::text;

/// The owner's rules, made ready once each time they are changed: patterns are dear to compile.
#[derive(Default)]
pub struct Rulebook(Mutex<Option<(Written, Arc<Rules>)>>);

/// The settings that the rules are written in.
type Written = (i64, String, String);

impl Rulebook {
    /// The rules that are set.
    pub fn rules(&self, settings: &Settings) -> Arc<Rules> {
        let words = settings.hold_words.clone();
        let written = (settings.max_links, words, settings.hold_patterns.clone());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((same, rules)) if *same == written => rules.clone(),
            _ => {
                let rules = Arc::new(Rules::of(settings));
                *kept = Some((written, rules.clone()));
                rules
            }
        }
    }
}

/// Why a comment by this form must wait, as far as the form tells.
pub fn doubt(app: &App, form: &Form) -> Option<&'static str> {
    let trapped = form
        .filled("website")
        .map(|_| "the field that people do not see was filled");
    trapped.or_else(|| match app.limits {
        true => issued::doubt(&app.form_key, form.get("issued"), Timestamp::now()),
        false => None,
    })
}

/// Why a comment must wait with another text, if it must: for what held its old text already, which somebody has let
/// through, it does not wait again.
pub fn newly_held(rules: &Rules, before: &Comment, body: &str, html: &str) -> Option<String> {
    let hold = |body, html| {
        rules.hold(&Said {
            name: &before.name,
            email: "",
            url: before.url.as_deref().unwrap_or_default(),
            body,
            links: text::comment::links(html),
        })
    };
    hold(body, html).filter(|why| hold(&before.body, &before.html).as_ref() != Some(why))
}
