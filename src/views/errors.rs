//! The page for everything that went wrong: what happened, and what to do now.

use askama::Template;

use super::{Frame, Head, signs};
use crate::model::post::PostLine;

/// What went wrong, as far as a stranger may know.
#[derive(Clone, Copy, Debug)]
pub struct Trouble<'a> {
    /// The status of the answer.
    pub status: u16,
    /// The path that was asked for.
    pub path: &'a str,
    /// Why, in a sentence; otherwise the status decides what is said.
    pub why: Option<&'a str>,
    /// The text that came with the request and was not saved.
    pub typed: Option<&'a str>,
}

/// An error, said plainly.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage<'a> {
    frame: Frame<'a>,
    head: Head,
    trouble: Trouble<'a>,
    sentences: Sentences,
    recent: &'a [PostLine],
}

/// What is said of a status.
struct Sentences {
    title: &'static str,
    happened: &'static str,
    advice: &'static str,
}

/// More of a path than this many characters is nobody's typing error.
const LONGEST_PATH: usize = 200;

impl<'a> ErrorPage<'a> {
    /// `recent` are posts to try instead; they are shown where something was not found.
    pub fn new(frame: Frame<'a>, trouble: Trouble<'a>, recent: &'a [PostLine]) -> ErrorPage<'a> {
        let sentences = sentences(trouble.status);
        let head = Head::passing(sentences.title.trim_end_matches('.'));
        let recent = if trouble.status == 404 { recent } else { &[] };
        ErrorPage {
            frame,
            head,
            trouble,
            sentences,
            recent,
        }
    }

    /// The path that was not found, cut where it is absurdly long.
    fn missing(&self) -> Option<String> {
        let cut = || self.trouble.path.chars().take(LONGEST_PATH).collect();
        (self.trouble.status == 404 && self.trouble.why.is_none()).then(cut)
    }

    fn happened(&self) -> &str {
        self.trouble.why.unwrap_or(self.sentences.happened)
    }
}

fn sentences(status: u16) -> Sentences {
    let (title, happened, advice) = match status {
        403 => (
            "Not from here.",
            "This was sent from another site, or it is not yours to change.",
            "Go back to the page itself and try it there.",
        ),
        404 => ("No such row.", "The log has nothing under that name.", ""),
        405 => (
            "Not like this.",
            "This address takes another kind of request.",
            "Follow a link from the home page instead.",
        ),
        408 => (
            "Too slow.",
            "The request took too long to arrive.",
            "Try again, perhaps on a steadier connection.",
        ),
        413 => (
            "Too much.",
            "What was sent is larger than this site takes.",
            "Make it shorter and send it again.",
        ),
        415 => (
            "Not readable.",
            "What was sent is in a form that this site does not read.",
            "Use the form on the page.",
        ),
        400 | 422 => (
            "Something is missing.",
            "What was sent could not be understood.",
            "Go back, check the form and send it again.",
        ),
        429 => (
            "A little slower.",
            "That was more than this site takes from one reader in a short time.",
            "Wait a few minutes, then send it again.",
        ),
        503 => (
            "Back in a moment.",
            "The site cannot take this right now.",
            "Wait a moment, then try again.",
        ),
        _ => (
            "A row went wrong.",
            "Something failed here, not on your side. It has been written to the log.",
            "Try again in a while.",
        ),
    };
    Sentences {
        title,
        happened,
        advice,
    }
}
