//! What the desk shows in its pages and sends to its open windows alike: a post's row, a waiting comment, a line of what
//! happened.

use askama::Template;

use super::super::signs;
use crate::model::calendar::Calendar;
use crate::model::desk::{DeskLine, Happening, Waiting};
use crate::model::post::{PostKind, Status};

/// A post in any status.
#[derive(Template)]
#[template(path = "desk/parts/row.html")]
pub struct RowPart<'a> {
    row: &'a DeskLine,
    calendar: &'a Calendar,
    reading: usize,
}

impl<'a> RowPart<'a> {
    /// `reading` people read it now; dates are written by `calendar`.
    pub fn new(row: &'a DeskLine, calendar: &'a Calendar, reading: usize) -> RowPart<'a> {
        RowPart {
            row,
            calendar,
            reading,
        }
    }

    /// What is said of a post beside its title.
    fn note(&self) -> String {
        let row = self.row;
        let words = signs::counted(row.words, "word");
        let mut note = match (row.status, row.published_at) {
            (Status::Scheduled, Some(time)) => {
                format!("goes out {}, {words}", self.calendar.moment(time))
            }
            (Status::Published | Status::Unlisted, Some(time)) => {
                let comments = signs::counted(row.comment_count, "comment");
                format!("{}, {words}, {comments}", self.calendar.moment(time))
            }
            _ => format!("changed {}, {words}", self.calendar.moment(row.changed_at)),
        };
        if row.is_being_written {
            note.push_str("; has changes that readers do not see");
        }
        note
    }
}

/// A comment that waits for the owner, or that the owner rejected.
#[derive(Template)]
#[template(path = "desk/parts/waiting.html")]
pub struct QueuePart<'a> {
    waiting: &'a Waiting,
    calendar: &'a Calendar,
}

impl<'a> QueuePart<'a> {
    /// Dates are written by `calendar`.
    pub fn new(waiting: &'a Waiting, calendar: &'a Calendar) -> QueuePart<'a> {
        QueuePart { waiting, calendar }
    }
}

/// Something that happened.
#[derive(Template)]
#[template(path = "desk/parts/line.html")]
pub struct LinePart<'a> {
    happening: &'a Happening,
    calendar: &'a Calendar,
}

impl<'a> LinePart<'a> {
    /// Times are written by `calendar`.
    pub fn new(happening: &'a Happening, calendar: &'a Calendar) -> LinePart<'a> {
        LinePart {
            happening,
            calendar,
        }
    }
}
