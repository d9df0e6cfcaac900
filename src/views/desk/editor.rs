//! The editor.

use askama::Template;

use super::super::{Cursor, Frame, Head, signs};
use super::head;
use crate::error::Fields;
use crate::model::manuscript::{Manuscript, Seen};
use crate::model::media::Item;
use crate::model::post::{Post, Status};
use crate::model::time::Timestamp;

/// The editor's form, as it stands.
#[derive(Clone, Debug, Default)]
pub struct EditorView {
    /// The post that is edited; none for a new one.
    pub post: Option<Post>,
    /// What is in the form.
    pub manuscript: Manuscript,
    /// Which versions the form has seen.
    pub seen: Option<Seen>,
    /// The id of the attempt to make a post; empty for one that is there.
    pub op: String,
    /// When what readers do not see was kept, if there is something.
    pub kept_at: Option<Timestamp>,
    /// Why the last attempt was refused.
    pub trouble: Trouble,
    /// The text as readers will see it, rendered.
    pub preview: Option<String>,
    /// Where the log was when the post was read, if it was.
    pub cursor: Option<Cursor>,
}

/// Why nothing was saved.
#[derive(Clone, Debug, Default)]
pub enum Trouble {
    /// Nothing is wrong.
    #[default]
    None,
    /// By field, what is wrong and what to do.
    Fields(Fields),
    /// Another window or program was faster.
    ChangedElsewhere,
}

/// The page with the editor.
#[derive(Template)]
#[template(path = "desk/editor.html")]
pub struct EditorPage<'a> {
    frame: Frame<'a>,
    head: Head,
    view: &'a EditorView,
    manuscript: &'a Manuscript,
    around: Around<'a>,
    cursor: Cursor,
}

/// What stands around the form.
#[derive(Debug)]
pub struct Around<'a> {
    /// The secret address at which others may read the post already.
    pub link: Option<String>,
    /// The pictures among which its cover is chosen.
    pub covers: &'a [Item],
    /// The days after which the blog's posts take no more comments; 0 for never.
    pub close_after_days: i64,
}

impl<'a> EditorPage<'a> {
    /// `cursor` is the head of the log when the post was read.
    pub fn new(
        frame: Frame<'a>,
        view: &'a EditorView,
        around: Around<'a>,
        cursor: Cursor,
    ) -> EditorPage<'a> {
        let title = match &view.post {
            Some(_) => format!("Edit: {}", view.manuscript.name()),
            None => "Write a post".into(),
        };
        let path = match &view.post {
            Some(post) => format!("/admin/posts/{}", post.id),
            None => "/admin/posts/new".into(),
        };
        EditorPage {
            frame,
            head: head(&title, &path),
            view,
            manuscript: &view.manuscript,
            around,
            cursor,
        }
    }

    fn action(&self) -> &str {
        self.head.back()
    }

    fn status(&self) -> Status {
        self.view
            .post
            .as_ref()
            .map_or(Status::Draft, |post| post.status)
    }

    fn is_open(&self) -> bool {
        self.status().is_open()
    }

    fn errors(&self) -> impl Iterator<Item = (&&'static str, &String)> {
        let fields = match &self.view.trouble {
            Trouble::Fields(fields) => Some(fields),
            _ => None,
        };
        fields.into_iter().flatten()
    }

    fn error(&self, field: &str) -> Option<&String> {
        self.errors()
            .find(|(name, _)| **name == field)
            .map(|(_, why)| why)
    }

    /// Whether the form was refused because the post had changed elsewhere: its author has to decide first.
    fn clashes(&self) -> bool {
        matches!(self.view.trouble, Trouble::ChangedElsewhere)
    }

    fn words(&self) -> String {
        signs::counted(self.manuscript.words() as i64, "word")
    }

    fn is_page(&self) -> bool {
        self.manuscript.kind == "page"
    }

    /// Whether the details have something to say at once.
    fn details_open(&self) -> bool {
        self.is_wrong(&[
            "slug",
            "tags",
            "publish_at",
            "summary",
            "lang",
            "close_after_days",
        ])
    }

    /// Whether what says how the post shows itself has something to say at once.
    fn looks_open(&self) -> bool {
        self.is_wrong(&["cover", "cover_alt", "canonical_url"])
    }

    fn is_wrong(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.error(field).is_some())
    }

    /// What happens to a post that does not say itself when it closes.
    fn usual_closing(&self) -> String {
        match self.around.close_after_days {
            0 => "never".into(),
            days => format!("{days}"),
        }
    }
}

/// The word of a status for people, and the class of its badge.
pub fn badge(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Draft => ("Draft", "off"),
        Status::Scheduled => ("Scheduled", "wait"),
        Status::Published => ("Published", "ok"),
        Status::Unlisted => ("Unlisted", "off"),
        Status::Deleted => ("In the trash", ""),
    }
}
