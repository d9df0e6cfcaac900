//! What the desk shows in its pages and sends to its open windows alike: a post's row, a waiting comment, a line of what
//! happened.

use askama::Template;
use jiff::tz::TimeZone;

use super::super::signs;
use crate::model::desk::{DeskLine, Happening, Waiting};
use crate::model::post::{PostKind, Status};

/// A post in any status.
#[derive(Template)]
#[template(path = "desk/parts/row.html")]
pub struct RowPart<'a> {
    row: &'a DeskLine,
    zone: &'a TimeZone,
    reading: usize,
}

impl<'a> RowPart<'a> {
    /// `reading` people read it now; dates are shown in `zone`.
    pub fn new(row: &'a DeskLine, zone: &'a TimeZone, reading: usize) -> RowPart<'a> {
        RowPart { row, zone, reading }
    }

    /// What is said of a post beside its title.
    fn note(&self) -> String {
        let row = self.row;
        let words = signs::counted(row.words, "word");
        let mut note = match (row.status, row.published_at) {
            (Status::Scheduled, Some(time)) => {
                format!("goes out {}, {words}", time.moment_in(self.zone))
            }
            (Status::Published | Status::Unlisted, Some(time)) => {
                let comments = signs::counted(row.comment_count, "comment");
                format!("{}, {words}, {comments}", time.moment_in(self.zone))
            }
            _ => format!("changed {}, {words}", row.changed_at.moment_in(self.zone)),
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
    zone: &'a TimeZone,
}

impl<'a> QueuePart<'a> {
    /// Dates are shown in `zone`.
    pub fn new(waiting: &'a Waiting, zone: &'a TimeZone) -> QueuePart<'a> {
        QueuePart { waiting, zone }
    }
}

/// Something that happened.
#[derive(Template)]
#[template(path = "desk/parts/line.html")]
pub struct LinePart<'a> {
    happening: &'a Happening,
    zone: &'a TimeZone,
}

impl<'a> LinePart<'a> {
    /// Times are shown in `zone`.
    pub fn new(happening: &'a Happening, zone: &'a TimeZone) -> LinePart<'a> {
        LinePart { happening, zone }
    }
}
