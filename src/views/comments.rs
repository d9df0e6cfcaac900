//! What readers said: a comment, a thread, the section that holds them, and the forms to write and to change one.

use askama::Template;

use super::{Cursor, Frame, Head, signs};
use crate::error::Fields;
use crate::model::comment::{Comment, CommentStatus, Parent};
use crate::model::manner::Manner;
use crate::model::post::{Discussion, Post};
use crate::model::thread::Thread;
use crate::model::visitor::Visitor;

/// One comment, or its tombstone: the same bytes in the page and in a live event.
///
/// Only the pressed state of its reactions differs, and that comes with the comment's own tally.
#[derive(Template)]
#[template(path = "parts/comment.html")]
pub struct CommentPart<'a> {
    /// The comment.
    pub comment: &'a Comment,
    /// How it is drawn.
    pub manner: &'a Manner,
}

/// A comment in its place in the page: with what its writer can do to it, and its replies.
#[derive(Template)]
#[template(path = "parts/thread.html")]
pub struct ThreadPart<'a> {
    thread: &'a Thread,
    comment: &'a Comment,
    manner: &'a Manner,
}

impl<'a> ThreadPart<'a> {
    /// The part that shows `thread`.
    pub fn of(thread: &'a Thread, manner: &'a Manner) -> ThreadPart<'a> {
        ThreadPart {
            thread,
            comment: &thread.comment,
            manner,
        }
    }
}

/// One page of a post's comments.
#[derive(Clone, Copy, Debug)]
pub struct TalkView<'a> {
    /// The threads of this page, oldest first.
    pub threads: &'a [Thread],
    /// Which page it is, the first being 1.
    pub page: i64,
    /// How many there are, at least 1.
    pub pages: i64,
    /// The head of the log when they were read.
    pub cursor: Cursor,
    /// What is new since the reader was here, if that was asked.
    pub news: Option<&'a News>,
}

/// What is new since a reader's last visit.
#[derive(Clone, Debug)]
pub enum News {
    /// So many comments, and the address of the first, if there is one.
    Counted(i64, Option<String>),
    /// It cannot be said: the log does not reach back that far, or it is not the log the reader knew.
    Unknown,
}

impl TalkView<'_> {
    /// The address of this page of comments under `post`.
    pub(super) fn page_path(&self, post: &Post) -> String {
        comments_page(post, self.page)
    }

    /// Whether what is written next appears on this page.
    pub(super) fn is_newest(&self) -> bool {
        self.page == self.pages
    }

    /// The same page, with what comes from now on marked as new.
    pub(super) fn check_path(&self, post: &Post) -> String {
        let path = self.page_path(post);
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{path}{joint}since={}#comments", self.cursor.after)
    }

    pub(super) fn earlier(&self, post: &Post) -> Option<String> {
        (self.page > 1).then(|| comments_page(post, self.page - 1))
    }

    pub(super) fn later(&self, post: &Post) -> Option<String> {
        (self.page < self.pages).then(|| comments_page(post, self.page + 1))
    }
}

/// The address of a page of a post's comments. The first is the post's own, of a chat the newest.
fn comments_page(post: &Post, page: i64) -> String {
    let own = if post.is_chat() { post.pages() } else { 1 };
    match page {
        page if page == own => post.path(),
        page => format!("{}?comments={page}", post.path()),
    }
}

/// The address that opens the form as an answer to `comment`, on the page where the comment stands.
fn reply_path(comment: &Comment) -> String {
    let query = match comment.page() {
        1 if comment.discussion == Discussion::Thread => String::new(),
        page => format!("comments={page}&"),
    };
    format!(
        "/posts/{}?{query}reply={}#respond",
        comment.post_slug, comment.id
    )
}

/// The form for the next comment, as it stands: empty, filled from a cookie, previewed, or refused.
#[derive(Clone, Debug, Default)]
pub struct ComposerView<'a> {
    /// What is in its fields.
    pub values: Typed,
    /// Why the last attempt was refused, by field; empty if it was not.
    pub errors: Fields,
    /// The typed text, rendered and sanitised.
    pub preview: Option<&'a str>,
    /// The comment it will answer.
    pub parent: Option<Parent>,
    /// The signed time at which the form was handed out.
    pub issued: String,
}

/// What a reader typed, exactly as it came.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// Shown.
    pub name: String,
    /// Private.
    pub email: String,
    /// The writer's site.
    pub url: String,
    /// Markdown source.
    pub body: String,
    /// Whether other readers may see the name.
    pub show_name: bool,
}

impl From<&Visitor> for Typed {
    fn from(visitor: &Visitor) -> Typed {
        Typed {
            name: visitor.name.clone(),
            email: visitor.email.clone().unwrap_or_default(),
            url: visitor.url.clone().unwrap_or_default(),
            body: String::new(),
            show_name: visitor.show_name,
        }
    }
}

/// The fields that a reader can see, from top to bottom.
const FIELDS: [&str; 4] = ["body", "name", "email", "url"];

impl ComposerView<'_> {
    pub(super) fn error(&self, field: &str) -> Option<&str> {
        self.errors.get(field).map(String::as_str)
    }

    pub(super) fn is_wrong(&self, field: &str) -> bool {
        self.errors.contains_key(field)
    }

    /// Every message with the field it leads to, in the order of the form; what has no visible field comes last.
    pub(super) fn problems(&self) -> Vec<(Option<&str>, &str)> {
        let seen = FIELDS
            .iter()
            .filter_map(|field| Some((Some(*field), self.error(field)?)));
        let unseen = self
            .errors
            .iter()
            .filter(|(field, _)| !FIELDS.contains(field));
        seen.chain(unseen.map(|(_, message)| (None, message.as_str())))
            .collect()
    }
}

/// The page on which a reader changes or deletes a comment.
#[derive(Template)]
#[template(path = "comment-edit.html")]
pub struct CommentEditPage<'a> {
    frame: Frame<'a>,
    head: Head,
    comment: &'a Comment,
    body: &'a str,
    error: Option<&'a str>,
}

impl<'a> CommentEditPage<'a> {
    /// `body` is what the field holds: the comment's source at first, later what was typed; `error` is why that was
    /// refused.
    pub fn new(
        frame: Frame<'a>,
        comment: &'a Comment,
        body: &'a str,
        error: Option<&'a str>,
    ) -> CommentEditPage<'a> {
        let title = if error.is_some() {
            "Error: your change was not saved"
        } else {
            "Edit your comment"
        };
        CommentEditPage {
            frame,
            head: Head::passing(title),
            comment,
            body,
            error,
        }
    }
}
