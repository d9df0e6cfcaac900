//! The rules that make a comment wait, and what they would have held.

use askama::Template;

use super::super::{Frame, Head, signs};
use super::head;
use super::parts::standing;
use super::queue::{Done, NoticePart};
use crate::error::Fields;
use crate::model::comment::CommentStatus;
use crate::model::settings::Settings;
use crate::store::comments::trial::{Held, Trial};

/// The rules as they stand in the form.
#[derive(Clone, Debug)]
pub struct TypedRules {
    /// Links that a comment may have.
    pub max_links: String,
    /// Words, one on each line.
    pub hold_words: String,
    /// Patterns, one on each line.
    pub hold_patterns: String,
}

impl TypedRules {
    /// Those that are set.
    pub fn of(settings: &Settings) -> TypedRules {
        TypedRules {
            max_links: settings.max_links.to_string(),
            hold_words: settings.hold_words.clone(),
            hold_patterns: settings.hold_patterns.clone(),
        }
    }
}

/// The rules, and what a trial of them came to.
#[derive(Template)]
#[template(path = "desk/rules.html")]
pub struct RulesPage<'a> {
    frame: Frame<'a>,
    head: Head,
    typed: &'a TypedRules,
    trial: Option<&'a Trial>,
    errors: Option<&'a Fields>,
    done: Option<Done>,
}

impl<'a> RulesPage<'a> {
    /// The form with `typed` in it.
    pub fn new(frame: Frame<'a>, typed: &'a TypedRules) -> RulesPage<'a> {
        RulesPage {
            frame,
            head: head("Rules", "/admin/rules"),
            typed,
            trial: None,
            errors: None,
            done: None,
        }
    }

    /// The same with what a trial came to.
    pub fn with(self, trial: &'a Trial) -> RulesPage<'a> {
        let trial = Some(trial);
        RulesPage { trial, ..self }
    }

    /// The same with why the rules were not taken.
    pub fn refused(self, errors: &'a Fields) -> RulesPage<'a> {
        RulesPage {
            errors: Some(errors),
            head: head("Error: these are no rules", "/admin/rules"),
            ..self
        }
    }

    /// The same with what was done a moment ago.
    pub fn after(self, done: Option<Done>) -> RulesPage<'a> {
        RulesPage { done, ..self }
    }

    fn value(&self, name: &str) -> &str {
        match name {
            "max_links" => &self.typed.max_links,
            "hold_words" => &self.typed.hold_words,
            "hold_patterns" => &self.typed.hold_patterns,
            _ => "",
        }
    }

    fn error(&self, name: &str) -> Option<&String> {
        self.errors?.get(name)
    }
}

/// The badge of where a held comment stands: what readers see strikes the eye.
fn badge(held: &Held) -> (&'static str, &'static str) {
    match held.case.comment.status {
        CommentStatus::Published => ("readers see it", "wait"),
        status => standing(status).unwrap_or(("waiting", "off")),
    }
}

/// Whether a decision about it is what its owner would expect: it is not where the rules would have it, and was not let
/// through by hand.
fn is_chosen(held: &Held) -> bool {
    held.case.comment.status == CommentStatus::Published && !held.was_approved
}
