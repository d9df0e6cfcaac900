//! Everything that happened, for the owner to look through.

use askama::Template;

use super::super::{Cursor, Frame, Head};
use super::head;
use super::parts::EventPart;
use super::queue::{Done, NoticePart};
use crate::model::happening::{Happening, Noun};
use crate::model::id::EventId;
use crate::model::inbox::Slice;

/// A part of the log, the newest first.
#[derive(Template)]
#[template(path = "desk/log.html")]
pub struct LogPage<'a> {
    frame: Frame<'a>,
    head: Head,
    view: LogView<'a>,
}

/// What the page shows.
pub struct LogView<'a> {
    /// Which part of the log.
    pub slice: &'a Slice,
    /// The newest first.
    pub happenings: &'a [Happening],
    /// Where the next page begins, if there may be one.
    pub next: Option<EventId>,
    /// Up to where the owner has looked.
    pub read_to: EventId,
    /// What the chosen post and the chosen reader are called.
    pub names: (Option<String>, Option<String>),
    /// What was done a moment ago.
    pub done: Option<Done>,
    /// The head of the log when all this was read.
    pub cursor: Cursor,
}

impl<'a> LogPage<'a> {
    /// The page that shows `view`.
    pub fn new(frame: Frame<'a>, view: LogView<'a>) -> LogPage<'a> {
        LogPage {
            frame,
            head: head("Log", "/admin/log"),
            view,
        }
    }

    fn row<'b>(&'b self, happening: &'b Happening) -> EventPart<'b> {
        EventPart::new(
            happening,
            self.frame.calendar(),
            happening.id > self.view.read_to,
        )
    }

    fn has_news(&self) -> bool {
        let mut all = self.view.happenings.iter();
        all.any(|it| !it.by_owner && it.id > self.view.read_to)
    }

    fn only(&self, noun: Option<Noun>) -> String {
        self.other(|slice| slice.noun = noun)
    }

    fn older(&self) -> Option<String> {
        let next = self.view.next?;
        Some(self.other(|slice| slice.before = Some(next)))
    }

    fn newest(&self) -> String {
        self.other(|_| ())
    }

    /// The same part from its beginning, with or without one of its limits.
    fn other(&self, change: impl Fn(&mut Slice)) -> String {
        let mut slice = Slice {
            before: None,
            ..self.view.slice.clone()
        };
        change(&mut slice);
        slice.path()
    }

    /// What narrows the list: its name, and the address without it.
    fn limits(&self) -> Vec<(String, String)> {
        let (slice, (post, writer)) = (self.view.slice, &self.view.names);
        let unknown = || "something that is gone".to_owned();
        let mut limits = Vec::new();
        if slice.post.is_some() {
            let name = post.clone().unwrap_or_else(unknown);
            limits.push((format!("under {name}"), self.other(|it| it.post = None)));
        }
        if slice.writer.is_some() {
            let name = writer.clone().unwrap_or_else(unknown);
            limits.push((format!("by {name}"), self.other(|it| it.writer = None)));
        }
        if let Some(day) = slice.day {
            limits.push((format!("on {day}"), self.other(|it| it.day = None)));
        }
        if !slice.words.is_empty() {
            let without = self.other(|it| it.words.clear());
            limits.push((format!("with “{}”", slice.words), without));
        }
        limits
    }

    fn day(&self) -> String {
        self.view
            .slice
            .day
            .map_or(String::new(), |day| day.to_string())
    }
}
