//! What the desk shows in its pages and sends to its open windows alike: a post's row, a comment to decide about, a
//! line of what happened.

use askama::Template;

use super::super::signs;
use crate::model::calendar::Calendar;
use crate::model::comment::CommentStatus;
use crate::model::desk::DeskLine;
use crate::model::fault::Ongoing;
use crate::model::happening::{Happening, WayBack};
use crate::model::moderation::Span;
use crate::model::moderation::{Case, Decision};
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

/// What is wrong with the blog.
#[derive(Template)]
#[template(path = "desk/parts/faults.html")]
pub struct FaultsPart<'a> {
    faults: &'a [Ongoing],
    calendar: &'a Calendar,
}

impl<'a> FaultsPart<'a> {
    /// Times are written by `calendar`.
    pub fn new(faults: &'a [Ongoing], calendar: &'a Calendar) -> FaultsPart<'a> {
        FaultsPart { faults, calendar }
    }
}

/// A comment and what can be decided about it.
#[derive(Template)]
#[template(path = "desk/parts/case.html")]
pub struct CasePart<'a> {
    case: &'a Case,
    calendar: &'a Calendar,
}

impl<'a> CasePart<'a> {
    /// Dates are written by `calendar`.
    pub fn new(case: &'a Case, calendar: &'a Calendar) -> CasePart<'a> {
        CasePart { case, calendar }
    }

    fn decisions(&self) -> &'static [Decision] {
        Decision::about(Some(self.case.comment.status))
    }

    /// Where it stands, if that is not what every list begins with.
    fn standing(&self) -> Option<(&'static str, &'static str)> {
        standing(self.case.comment.status)
    }
}

/// The badge of a status: its word and its look. What waits needs none.
pub(super) fn standing(status: CommentStatus) -> Option<(&'static str, &'static str)> {
    match status {
        CommentStatus::Pending => None,
        CommentStatus::Published => Some(("published", "ok")),
        CommentStatus::Rejected => Some(("rejected", "off")),
        CommentStatus::Spam => Some(("spam", "off")),
        CommentStatus::Deleted => Some(("deleted", "off")),
    }
}

/// Something that happened, in one line.
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

/// The same in the list of everything that happened, with what can be done about it.
#[derive(Template)]
#[template(path = "desk/parts/event.html")]
pub struct EventPart<'a> {
    happening: &'a Happening,
    calendar: &'a Calendar,
    is_new: bool,
}

impl<'a> EventPart<'a> {
    /// Times are written by `calendar`; `is_new` marks what the owner has not seen yet.
    pub fn new(happening: &'a Happening, calendar: &'a Calendar, is_new: bool) -> EventPart<'a> {
        EventPart {
            happening,
            calendar,
            is_new: is_new && !happening.by_owner,
        }
    }

    fn undo(&self) -> Option<Span> {
        match self.happening.way_back {
            WayBack::Open(span) => Some(span),
            _ => None,
        }
    }

    /// What became of it since.
    fn since(&self) -> Option<&'static str> {
        match self.happening.way_back {
            WayBack::Undone => Some("taken back"),
            WayBack::ChangedSince => Some("changed since: nothing to undo"),
            WayBack::None | WayBack::Open(_) => None,
        }
    }

    fn is_undone(&self) -> bool {
        self.happening.way_back == WayBack::Undone
    }
}
