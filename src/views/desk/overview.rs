//! The desk itself: everything at a glance.

use askama::Template;

use super::super::{Cursor, Frame, Head, signs};
use super::chart::Chart;
use super::head;
use super::keep::KeptPart;
use super::parts::{CasePart, LinePart, RowPart};
use super::queue::{NoticePart, Queue};
use crate::live::presence::Reading;
use crate::model::desk::{DeskLine, Show};
use crate::model::happening::Happening;
use crate::model::time::Timestamp;

/// What the desk tells at a glance.
pub struct Overview<'a> {
    /// Posts, as they stand.
    pub rows: &'a [DeskLine],
    /// How many posts each choice shows.
    pub counts: &'a [(Show, i64)],
    /// What happened, the newest first.
    pub happenings: &'a [Happening],
    /// How many comments wait.
    pub waiting: i64,
    /// Who reads what.
    pub reading: &'a Reading,
    /// Views and comments by day.
    pub charts: [Chart; 2],
    /// What was read most, and what led here, in thirty days.
    pub tops: [(&'static str, Vec<(String, i64)>); 2],
    /// How the backups stand.
    pub kept: KeptPart,
    /// The head of the log when all this was read.
    pub cursor: Cursor,
}

/// The desk itself.
#[derive(Template)]
#[template(path = "desk/desk.html")]
pub struct DeskPage<'a> {
    frame: Frame<'a>,
    head: Head,
    view: Overview<'a>,
    queue: &'a Queue<'a>,
    now: Timestamp,
}

impl<'a> DeskPage<'a> {
    /// The desk of the blog.
    pub fn new(frame: Frame<'a>, view: Overview<'a>, queue: &'a Queue<'a>) -> DeskPage<'a> {
        DeskPage {
            frame,
            head: head("Desk", "/admin"),
            view,
            queue,
            now: Timestamp::now(),
        }
    }

    fn greeting(&self) -> &'static str {
        match self.frame.calendar().hour(self.now) {
            5..12 => "Good morning",
            12..18 => "Good afternoon",
            18..23 => "Good evening",
            _ => "Good night",
        }
    }

    fn row<'b>(&'b self, row: &'b DeskLine) -> RowPart<'b> {
        let reading = self.view.reading.posts.get(&row.id).copied();
        RowPart::new(row, self.frame.calendar(), reading.unwrap_or(0))
    }
}
