//! The list of posts on the desk, and the texts that one of them had.

use askama::Template;

use super::super::{Cursor, Frame, Head, Pager, signs};
use super::head;
use super::parts::RowPart;
use crate::live::presence::Reading;
use crate::model::desk::{DeskLine, Show};
use crate::model::post::Post;
use crate::model::revision::{Line, Revision};

/// Posts in any status, by what to show and by words.
#[derive(Template)]
#[template(path = "desk/posts.html")]
pub struct PostsPage<'a> {
    frame: Frame<'a>,
    head: Head,
    rows: &'a [DeskLine],
    counts: &'a [(Show, i64)],
    show: Show,
    words: &'a str,
    pager: Pager,
    reading: &'a Reading,
    cursor: Cursor,
}

impl<'a> PostsPage<'a> {
    /// `rows` are those of `pager.page`; `words` is what was searched for; the pair is who reads what and the head of the
    /// log.
    pub fn new(
        frame: Frame<'a>,
        rows: &'a [DeskLine],
        counts: &'a [(Show, i64)],
        show: Show,
        words: &'a str,
        pager: Pager,
        (reading, cursor): (&'a Reading, Cursor),
    ) -> PostsPage<'a> {
        PostsPage {
            frame,
            head: head("Posts", "/admin/posts"),
            rows,
            counts,
            show,
            words,
            pager,
            reading,
            cursor,
        }
    }

    /// The address of another page of the same list.
    fn page_path(&self, page: i64) -> String {
        let words =
            percent_encoding::utf8_percent_encode(self.words, percent_encoding::NON_ALPHANUMERIC);
        format!(
            "/admin/posts?show={}&q={words}&page={page}",
            self.show.as_str()
        )
    }

    fn row<'b>(&'b self, row: &'b DeskLine) -> RowPart<'b> {
        let reading = self.reading.posts.get(&row.id).copied();
        RowPart::new(row, self.frame.calendar(), reading.unwrap_or(0))
    }

    /// Whether a row that is new belongs on this page: not on a later one, nor among the results of a search.
    fn is_open(&self) -> bool {
        self.pager.is_first() && self.words.is_empty()
    }
}

/// The texts that a post had.
#[derive(Template)]
#[template(path = "desk/revisions.html")]
pub struct RevisionsPage<'a> {
    frame: Frame<'a>,
    head: Head,
    post: &'a Post,
    revisions: &'a [Revision],
}

impl<'a> RevisionsPage<'a> {
    /// `revisions` newest first.
    pub fn new(frame: Frame<'a>, post: &'a Post, revisions: &'a [Revision]) -> RevisionsPage<'a> {
        let title = format!("Versions of {}", post.title);
        let path = format!("/admin/posts/{}/revisions", post.id);
        RevisionsPage {
            frame,
            head: head(&title, &path),
            post,
            revisions,
        }
    }

    fn words(&self, revision: &Revision) -> String {
        signs::counted(revision.body.split_whitespace().count() as i64, "word")
    }
}

/// What one version of a post changed.
#[derive(Template)]
#[template(path = "desk/revision.html")]
pub struct RevisionPage<'a> {
    frame: Frame<'a>,
    head: Head,
    post: &'a Post,
    revision: &'a Revision,
    lines: &'a [Line],
}

impl<'a> RevisionPage<'a> {
    /// `lines` are those that changed, and their neighbours.
    pub fn new(
        frame: Frame<'a>,
        post: &'a Post,
        revision: &'a Revision,
        lines: &'a [Line],
    ) -> RevisionPage<'a> {
        let title = format!("A version of {}", post.title);
        let path = format!("/admin/posts/{}/revisions/{}", post.id, revision.id);
        RevisionPage {
            frame,
            head: head(&title, &path),
            post,
            revision,
            lines,
        }
    }
}
