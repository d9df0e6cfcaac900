//! The owner's settings as a form.

use std::collections::HashMap;

use askama::Template;

use super::super::{Frame, Head};
use super::head;
use super::keep::{Backups, KeepView};
use crate::error::Fields;
use crate::model::settings::{Ink, Moderation, Settings};

/// The settings of the blog.
#[derive(Template)]
#[template(path = "desk/settings.html")]
pub struct SettingsPage<'a> {
    frame: Frame<'a>,
    head: Head,
    settings: &'a Settings,
    keep: KeepView,
    typed: HashMap<&'static str, String>,
    errors: &'a Fields,
}

impl<'a> SettingsPage<'a> {
    /// `typed` and `errors` are those of an attempt that was refused; without one they are empty.
    pub fn new(
        frame: Frame<'a>,
        settings: &'a Settings,
        keep: KeepView,
        typed: HashMap<&'static str, String>,
        errors: &'a Fields,
    ) -> SettingsPage<'a> {
        SettingsPage {
            frame,
            head: head("Settings", "/admin/settings"),
            settings,
            keep,
            typed,
            errors,
        }
    }

    /// What a field shows: what was typed, else what is set.
    fn value(&self, field: &str) -> String {
        if let Some(typed) = self.typed.get(field) {
            return typed.clone();
        }
        let settings = self.settings;
        let switch = |on: bool| if on { "on".into() } else { "off".into() };
        match field {
            "title" => settings.title.clone(),
            "websub_hub" => {
                let hub = settings.hub.as_ref();
                hub.map_or(String::new(), |hub| hub.as_str().into())
            }
            "description" => settings.description.clone(),
            "name" => settings.owner.clone(),
            "email" => settings.email.clone(),
            "lang" => settings.lang.clone(),
            "time_zone" => settings.time_zone.clone(),
            "posts_per_page" => settings.posts_per_page.to_string(),
            "edit_minutes" => settings.edit_minutes.to_string(),
            "close_after_days" => settings.close_after_days.to_string(),
            "moderation" => settings.moderation.as_str().into(),
            "max_links" => settings.max_links.to_string(),
            "hold_words" => settings.hold_words.clone(),
            "hold_patterns" => settings.hold_patterns.clone(),
            "presence" => switch(settings.presence),
            "ai_robots" => switch(settings.ai_robots),
            "ink" => settings.ink.as_str().into(),
            "navigation" => {
                let lines = settings.navigation.iter();
                let lines = lines.map(|link| format!("{} {}", link.label, link.path));
                lines.collect::<Vec<_>>().join("\n")
            }
            "footer" => settings.footer.clone(),
            "css" => settings.css.clone(),
            _ => String::new(),
        }
    }

    fn is(&self, field: &str, word: &str) -> bool {
        self.value(field) == word
    }

    fn error(&self, field: &str) -> Option<&String> {
        self.errors.get(field)
    }
}
