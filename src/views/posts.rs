//! One post, whole, with what readers said about it; and a static page.

use askama::Template;

use super::comments::{ComposerView, News, TalkView, ThreadPart};
use super::entries::{EntryPart, LogView};
use super::{Frame, Head, signs};
use crate::model::entry::ENTRIES_PER_PAGE;
use crate::model::post::{Heading, Post, Standing};
use crate::model::time::Timestamp;

/// With fewer headings than this a post has no table of contents.
const FEWEST_HEADINGS: usize = 3;

/// A post with its reactions, its comments and the form for the next one.
///
/// The same page answers a preview and a comment that could not be taken: `composer` carries the difference.
#[derive(Template)]
#[template(path = "post.html")]
pub struct PostPage<'a> {
    frame: Frame<'a>,
    head: Head,
    post: &'a Post,
    standing: &'a Standing,
    log: LogView<'a>,
    talk: TalkView<'a>,
    composer: ComposerView<'a>,
    /// Whether a comment would be taken now.
    takes_comments: bool,
}

impl<'a> PostPage<'a> {
    /// All of it read in one transaction, `talk.cursor` being the head of the log then.
    pub fn new(
        frame: Frame<'a>,
        post: &'a Post,
        standing: &'a Standing,
        log: LogView<'a>,
        talk: TalkView<'a>,
        composer: ComposerView<'a>,
    ) -> PostPage<'a> {
        let title = match composer.errors.is_empty() {
            true => post.title.clone(),
            false => "Error: your comment was not posted".into(),
        };
        let path = match log.own_path(post) {
            Some(path) if talk.page == 1 => path,
            _ => talk.page_path(post),
        };
        let head = Head::new(&title, path)
            .about(post.description())
            .presenting(frame.site, post);
        PostPage {
            frame,
            head,
            post,
            standing,
            log,
            talk,
            composer,
            takes_comments: post.takes_comments(Timestamp::now()),
        }
    }

    /// The script of its page.
    fn script(&self) -> &'static str {
        match self.post.entry_count {
            _ if self.post.is_chat() => "chat.js",
            0 => "post.js",
            _ => "liveblog.js",
        }
    }

    /// The headings that the table of contents names.
    fn contents(&self) -> impl Iterator<Item = &'a Heading> + use<'a> {
        self.post
            .headings
            .iter()
            .filter(|heading| (2..=3).contains(&heading.level))
    }

    fn has_contents(&self) -> bool {
        self.contents().count() >= FEWEST_HEADINGS
    }

    fn comment_count(&self) -> String {
        match self.post.comment_count {
            0 => "No comments yet".into(),
            count => signs::counted(count, "comment"),
        }
    }
}

/// A page such as About: the owner's words and nothing else.
#[derive(Template)]
#[template(path = "page.html")]
pub struct StaticPage<'a> {
    frame: Frame<'a>,
    head: Head,
    post: &'a Post,
}

impl<'a> StaticPage<'a> {
    /// A post that is not public yet, as it would look: for no search engine and under no address of its own.
    pub fn preview(frame: Frame<'a>, post: &'a Post) -> StaticPage<'a> {
        StaticPage {
            head: Head::passing(&post.title),
            ..StaticPage::new(frame, post)
        }
    }

    /// `post` is of the kind [`PostKind::Page`](crate::model::post::PostKind::Page).
    pub fn new(frame: Frame<'a>, post: &'a Post) -> StaticPage<'a> {
        let head = Head::new(&post.title, post.path())
            .about(post.description())
            .presenting(frame.site, post);
        StaticPage { frame, head, post }
    }
}
