//! The desk itself, and the comments that wait for a decision.

use askama::Template;

use super::super::{Cursor, Frame, Head, signs};
use super::chart::Chart;
use super::head;
use super::parts::{LinePart, QueuePart, RowPart};
use crate::live::presence::Reading;
use crate::model::comment::CommentStatus;
use crate::model::desk::{Decision, DeskLine, Happening, Show, Waiting};
use crate::model::time::Timestamp;

/// What was decided a moment ago, so that the page can say it and offer the way back.
#[derive(Clone, Debug)]
pub struct Decided {
    /// What was done.
    pub decision: Decision,
    /// To which comments.
    pub ids: Vec<i64>,
    /// How many others were left as they are.
    pub left: usize,
}

impl Decided {
    fn words(&self) -> String {
        let done = match self.ids.len() {
            0 => String::new(),
            n => format!(
                "{} {}.",
                signs::counted(n as i64, "comment"),
                self.decision.done()
            ),
        };
        match self.left {
            0 => done,
            left => format!(
                "{done} {} left as before: decided elsewhere, or the answer to a comment that readers cannot see.",
                signs::counted(left as i64, "comment")
            ),
        }
    }

    fn can_be_undone(&self) -> bool {
        self.decision == Decision::Reject && !self.ids.is_empty()
    }
}

/// Comments with boxes to tick, and what can be done to them.
pub struct Queue<'a> {
    /// The newest first.
    pub comments: &'a [Waiting],
    /// How many there are in all.
    pub count: i64,
    /// Which of them: those that wait, or those that were rejected.
    pub status: CommentStatus,
    /// What was decided a moment ago.
    pub decided: Option<&'a Decided>,
    /// Where the form leads back to.
    pub back: &'static str,
}

impl Queue<'_> {
    fn is_waiting(&self) -> bool {
        self.status == CommentStatus::Pending
    }
}

/// What the desk tells at a glance.
pub struct Overview<'a> {
    /// Posts, as they stand.
    pub rows: &'a [DeskLine],
    /// How many posts each choice shows.
    pub counts: &'a [(Show, i64)],
    /// What happened, the newest first.
    pub happenings: &'a [Happening],
    /// Who reads what.
    pub reading: &'a Reading,
    /// Views and comments by day.
    pub charts: [Chart; 2],
    /// What was read most, and what led here, in thirty days.
    pub tops: [(&'static str, Vec<(String, i64)>); 2],
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

/// The comments that wait, or that were rejected.
#[derive(Template)]
#[template(path = "desk/comments.html")]
pub struct CommentsPage<'a> {
    frame: Frame<'a>,
    head: Head,
    queue: &'a Queue<'a>,
    others: i64,
    cursor: Cursor,
}

impl<'a> CommentsPage<'a> {
    /// `others` is how many there are of the other kind.
    pub fn new(
        frame: Frame<'a>,
        queue: &'a Queue<'a>,
        others: i64,
        cursor: Cursor,
    ) -> CommentsPage<'a> {
        CommentsPage {
            frame,
            head: head("Comments", "/admin/comments"),
            queue,
            others,
            cursor,
        }
    }
}
