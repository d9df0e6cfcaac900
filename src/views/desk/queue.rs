//! The comments as their judge sees them: the lists, one comment with all that can be done about it, and who is banned.

use askama::Template;

use super::super::{Cursor, Frame, Head, signs};
use super::head;
use super::parts::{CasePart, standing};
use crate::model::comment::{Comment, CommentStatus};
use crate::model::id::CommentId;
use crate::model::moderation::{Ban, Banned, Case, Decision, Deed, Span};
use crate::model::pile::{Choice, Pile};
use crate::model::time::Timestamp;

/// What was done a moment ago, so that the page can say it and offer the way back.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// What.
    pub deed: Deed,
    /// To how many.
    pub count: i64,
    /// How many others were left as they are.
    pub left: i64,
    /// The events by which it can be taken back.
    pub undo: Option<Span>,
}

/// The word about it, with the button that takes it back.
#[derive(Template)]
#[template(path = "desk/parts/notice.html")]
pub struct NoticePart<'a> {
    done: &'a Done,
    back: &'a str,
}

impl<'a> NoticePart<'a> {
    /// `back` is where the button leads back to, as the forms of that page name it.
    pub fn new(done: &'a Done, back: &'a str) -> NoticePart<'a> {
        NoticePart { done, back }
    }

    fn words(&self) -> String {
        let Done { count, left, .. } = *self.done;
        let comments = signs::counted(count, "comment");
        let done = match self.done.deed {
            Deed::Decided(_) if count == 0 => String::new(),
            Deed::Decided(decision) => format!("{comments} {}.", decision.done()),
            Deed::Edited => "The change is saved.".into(),
            Deed::Banned if count == 0 => "They cannot write here any more.".into(),
            Deed::Banned => format!("They cannot write here any more; {comments} marked as spam."),
            Deed::Lifted => "They can write here again.".into(),
            Deed::Undone => format!("Taken back: {}.", signs::counted(count, "decision")),
        };
        let rest = signs::counted(left, "comment");
        match (left, self.done.deed) {
            (0, _) => done,
            (_, Deed::Undone) => format!("{done} {left} left: decided otherwise since."),
            _ => format!(
                "{done} {rest} left as before: decided elsewhere, or the answer to a comment that readers cannot see."
            ),
        }
    }

    fn undo(&self) -> Option<Span> {
        self.done
            .undo
            .filter(|_| self.done.count > 0 || self.done.deed == Deed::Banned)
    }
}

/// Comments with boxes to tick, and what can be done to them.
pub struct Queue<'a> {
    /// The newest first.
    pub cases: &'a [Case],
    /// Which they are.
    pub choice: &'a Choice,
    /// What was done a moment ago.
    pub done: Option<Done>,
    /// Where the form leads back to.
    pub back: String,
}

impl Queue<'_> {
    pub(super) fn decisions(&self) -> &'static [Decision] {
        Decision::about(self.choice.pile.status())
    }

    pub(super) fn is_narrowed(&self) -> bool {
        let Choice { post, writer, .. } = self.choice;
        post.is_some() || writer.is_some() || !self.choice.is_open()
    }
}

/// A list of comments: one pile, whole or narrowed.
#[derive(Template)]
#[template(path = "desk/comments.html")]
pub struct CommentsPage<'a> {
    frame: Frame<'a>,
    head: Head,
    queue: &'a Queue<'a>,
    around: &'a Around,
}

/// What stands around a list of comments.
pub struct Around {
    /// How many comments lie on each pile.
    pub counts: Vec<(Pile, i64)>,
    /// Why comments wait, and how many for each reason.
    pub reasons: Vec<(String, i64)>,
    /// What the chosen post and the chosen writer are called.
    pub names: (Option<String>, Option<String>),
    /// Where the next page begins, if there may be one.
    pub next: Option<(Timestamp, CommentId)>,
    /// The head of the log when all this was read.
    pub cursor: Cursor,
}

impl<'a> CommentsPage<'a> {
    /// The comments of `queue`, in what is `around` them.
    pub fn new(frame: Frame<'a>, queue: &'a Queue<'a>, around: &'a Around) -> CommentsPage<'a> {
        CommentsPage {
            frame,
            head: head("Comments", "/admin/comments"),
            queue,
            around,
        }
    }

    /// The same list from its beginning, with another pile, or without one of its limits.
    fn other(&self, change: impl Fn(&mut Choice)) -> String {
        let mut choice = Choice {
            before: None,
            ..self.queue.choice.clone()
        };
        change(&mut choice);
        choice.path()
    }

    fn pile(&self, pile: &Pile) -> String {
        self.other(|choice| {
            choice.pile = *pile;
            choice.reason = None;
        })
    }

    fn because(&self, reason: &str) -> String {
        self.other(|choice| choice.reason = Some(reason.into()))
    }

    /// What narrows the list: its name, and the address without it.
    fn limits(&self) -> Vec<(String, String)> {
        let (post, writer) = &self.around.names;
        let choice = self.queue.choice;
        let mut limits = Vec::new();
        let unknown = || "something that is gone".to_owned();
        if choice.post.is_some() {
            let name = post.clone().unwrap_or_else(unknown);
            limits.push((format!("under {name}"), self.other(|it| it.post = None)));
        }
        if choice.writer.is_some() {
            let name = writer.clone().unwrap_or_else(unknown);
            limits.push((format!("by {name}"), self.other(|it| it.writer = None)));
        }
        if let Some(reason) = &choice.reason {
            let without = self.other(|it| it.reason = None);
            limits.push((format!("held: {reason}"), without));
        }
        if !choice.words.is_empty() {
            let without = self.other(|it| it.words.clear());
            limits.push((format!("with “{}”", choice.words), without));
        }
        limits
    }

    fn older(&self) -> Option<String> {
        let next = self.around.next?;
        Some(self.other(|choice| choice.before = Some(next)))
    }
}

/// One comment, with whom it is by and all that can be done about it.
#[derive(Template)]
#[template(path = "desk/comment.html")]
pub struct CommentPage<'a> {
    frame: Frame<'a>,
    head: Head,
    case: &'a Case,
    view: CommentView<'a>,
}

/// What is shown around one comment.
pub struct CommentView<'a> {
    /// What it answers.
    pub answered: Option<&'a Comment>,
    /// How many comments its writer has, by status.
    pub others: &'a [(CommentStatus, i64)],
    /// What the field holds: the source at first, later what was typed.
    pub body: &'a str,
    /// Why that was refused.
    pub error: Option<&'a str>,
    /// What was done a moment ago.
    pub done: Option<Done>,
}

impl<'a> CommentPage<'a> {
    /// The comment of `case`, with what `view` knows of it.
    pub fn new(frame: Frame<'a>, case: &'a Case, view: CommentView<'a>) -> CommentPage<'a> {
        let title = match view.error {
            Some(_) => "Error: the change was not saved".into(),
            None => format!("A comment by {}", case.comment.name),
        };
        let path = format!("/admin/comments/{}", case.comment.id);
        CommentPage {
            frame,
            head: head(&title, &path),
            case,
            view,
        }
    }

    fn standing(&self) -> (&'static str, &'static str) {
        standing(self.case.comment.status).unwrap_or(("waiting", "wait"))
    }

    fn decisions(&self) -> Vec<Decision> {
        let comment = &self.case.comment;
        let mut decisions = Decision::about(Some(comment.status)).to_vec();
        if comment.begins_a_thread() {
            if comment.status == CommentStatus::Published {
                decisions.push(match comment.pinned {
                    true => Decision::Unpin,
                    false => Decision::Pin,
                });
            }
            match comment.closed {
                true => decisions.push(Decision::Reopen),
                false if comment.status == CommentStatus::Published => {
                    decisions.push(Decision::Close);
                }
                false => {}
            }
        }
        decisions
    }

    fn others(&self) -> String {
        let counted = self.view.others.iter();
        let words = counted.map(|(status, count)| {
            let word = standing(*status).map_or("waiting", |(word, _)| word);
            format!("{} {word}", signs::grouped(*count))
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// All that its writer wrote.
    fn by_writer(&self) -> Option<String> {
        let choice = Choice {
            pile: Pile::All,
            writer: Some(self.case.comment.visitor?),
            ..Choice::default()
        };
        Some(choice.path())
    }

    fn can_be_banned(&self) -> bool {
        !self.case.comment.owner && (self.case.comment.visitor.is_some() || self.case.has_client)
    }
}

/// Who may not write here.
#[derive(Template)]
#[template(path = "desk/bans.html")]
pub struct BansPage<'a> {
    frame: Frame<'a>,
    head: Head,
    bans: &'a [Ban],
    done: Option<Done>,
}

impl<'a> BansPage<'a> {
    /// `done` is what was changed a moment ago.
    pub fn new(frame: Frame<'a>, bans: &'a [Ban], done: Option<Done>) -> BansPage<'a> {
        BansPage {
            frame,
            head: head("Bans", "/admin/bans"),
            bans,
            done,
        }
    }
}

/// Whom a ban keeps out, in words.
fn banned(ban: &Ban) -> String {
    match (ban.kind, ban.name.as_str()) {
        (Banned::Client, _) => "Whoever writes from one place".into(),
        (Banned::Visitor, "") => "A visitor whose name is not known".into(),
        (Banned::Visitor, name) => name.to_owned(),
    }
}
