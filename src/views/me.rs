//! What a visitor sees of their own: comments, answers, reactions, and the page that asks before all of it is erased.

use askama::Template;

use super::{Frame, Head, signs};
use crate::model::comment::CommentStatus;
use crate::model::visitor::{Answer, Given, Kept, Visitor, Written};

/// Everything of one visitor, on one page.
#[derive(Clone, Debug)]
pub struct Mine {
    /// Who.
    pub visitor: Visitor,
    /// The newest comments, newest first, and whether each may still be changed.
    pub written: Vec<(Written, bool)>,
    /// How many comments there are in all.
    pub written_in_all: i64,
    /// The newest answers, newest first.
    pub answers: Vec<Answer>,
    /// The newest reactions, newest first.
    pub given: Vec<Given>,
    /// What else is kept.
    pub kept: Option<Kept>,
}

/// The page of a visitor's own; without a visitor it says that nothing is stored.
#[derive(Template)]
#[template(path = "me.html")]
pub struct MePage<'a> {
    frame: Frame<'a>,
    head: Head,
    mine: Option<&'a Mine>,
}

impl<'a> MePage<'a> {
    /// `mine` is none for a stranger.
    pub fn new(frame: Frame<'a>, mine: Option<&'a Mine>) -> MePage<'a> {
        MePage {
            frame,
            head: head("Your comments", "/me"),
            mine,
        }
    }
}

/// The page that asks whether everything of a visitor shall be erased.
#[derive(Template)]
#[template(path = "me-erasure.html")]
pub struct ErasurePage<'a> {
    frame: Frame<'a>,
    head: Head,
}

impl<'a> ErasurePage<'a> {
    /// The page for any visitor.
    pub fn new(frame: Frame<'a>) -> ErasurePage<'a> {
        ErasurePage {
            frame,
            head: head("Erase your data", "/me/erasure"),
        }
    }
}

/// The head of a page that only its visitor sees.
fn head(title: &str, path: &str) -> Head {
    Head {
        listed: false,
        ..Head::new(title, path.into())
    }
}

/// What is said of a comment that is not public, to its writer.
fn waits(status: CommentStatus) -> Option<&'static str> {
    match status {
        CommentStatus::Pending => Some("awaiting approval"),
        CommentStatus::Rejected | CommentStatus::Spam => Some("not published"),
        CommentStatus::Published | CommentStatus::Deleted => None,
    }
}
