//! The owner's settings as a form.

use std::collections::HashMap;

use askama::Template;

use super::super::{Frame, Head};
use super::head;
use super::keep::{Backups, KeepView};
use crate::error::Fields;
use crate::model::calendar::{Calendar, Dates};
use crate::model::settings::fields::Field;
use crate::model::settings::{Ink, Moderation, Settings};
use crate::model::time::Timestamp;

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
    is_saved: bool,
    now: Timestamp,
}

impl<'a> SettingsPage<'a> {
    /// `typed` and `errors` are those of an attempt that was refused; without one they are empty. `is_saved` says that
    /// one has just succeeded.
    pub fn new(
        frame: Frame<'a>,
        settings: &'a Settings,
        keep: KeepView,
        typed: HashMap<&'static str, String>,
        errors: &'a Fields,
        is_saved: bool,
    ) -> SettingsPage<'a> {
        SettingsPage {
            frame,
            head: head("Settings", "/admin/settings"),
            settings,
            keep,
            typed,
            errors,
            is_saved,
            now: Timestamp::now(),
        }
    }

    /// What a field shows: what was typed, else what is set.
    fn value(&self, name: &str) -> String {
        let set = || Field::find(name).map(|field| (field.shown)(self.settings));
        let typed = self.typed.get(name).cloned();
        typed.or_else(set).unwrap_or_default()
    }

    fn is(&self, name: &str, word: &str) -> bool {
        self.value(name) == word
    }

    fn error(&self, name: &str) -> Option<&String> {
        self.errors.get(name)
    }

    /// Every order of dates, and today in it.
    fn dates(&self) -> [(&'static str, String); 3] {
        Dates::ALL.map(|dates| {
            let calendar = Calendar {
                dates,
                ..self.frame.calendar().clone()
            };
            (dates.as_str(), calendar.date(self.now))
        })
    }

    /// Both clocks, and what time they show.
    fn clocks(&self) -> [(&'static str, String); 2] {
        [false, true].map(|is_twelve| {
            let calendar = Calendar {
                is_twelve,
                ..self.frame.calendar().clone()
            };
            (calendar.hours(), calendar.clock(self.now))
        })
    }
}

/// Pixels in which the page shows an icon: the largest as on a home screen, the smallest as in a tab.
fn shown(size: u32) -> u32 {
    match size {
        192 => 64,
        _ => 16,
    }
}
