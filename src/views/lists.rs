//! Lists of posts: the home page, the archive, the tags, and one row of such a list.

use askama::Template;

use super::{Cursor, Frame, Head, Pager, signs};
use crate::model::calendar::Calendar;
use crate::model::manner::Manner;
use crate::model::post::{PostLine, Tag, TagCount};

/// The home page: what is pinned, and one page of the other posts, newest first, under their years.
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage<'a> {
    frame: Frame<'a>,
    head: Head,
    intro: Option<&'a str>,
    pinned: &'a [PostLine],
    posts: &'a [PostLine],
    pager: Pager,
    cursor: Cursor,
}

impl<'a> HomePage<'a> {
    /// `intro` is the owner's, rendered; `pinned` stand above `posts`, which are those of `pager.page`; `cursor` is the head
    /// of the log when they were read.
    pub fn new(
        frame: Frame<'a>,
        intro: Option<&'a str>,
        pinned: &'a [PostLine],
        posts: &'a [PostLine],
        pager: Pager,
        cursor: Cursor,
    ) -> HomePage<'a> {
        let path = if pager.is_first() {
            "/".into()
        } else {
            format!("/?page={}", pager.page)
        };
        let head = Head::new("", path)
            .about(&frame.site.description)
            .speaking_for(frame.site)
            .within("/");
        HomePage {
            frame,
            head,
            intro,
            pinned,
            posts,
            pager,
            cursor,
        }
    }

    fn years(&self) -> impl Iterator<Item = &'a [PostLine]> + use<'a> {
        years(self.posts, self.frame.calendar())
    }
}

/// One post as a row of the home page, alone: what a live event carries.
#[derive(Template)]
#[template(path = "parts/post-row.html")]
pub struct PostRowPart<'a> {
    /// The post.
    pub post: &'a PostLine,
    /// How it is drawn.
    pub manner: &'a Manner,
}

/// Every post by year, one line each.
#[derive(Template)]
#[template(path = "archive.html")]
pub struct ArchivePage<'a> {
    frame: Frame<'a>,
    head: Head,
    posts: &'a [PostLine],
    cursor: Cursor,
}

impl<'a> ArchivePage<'a> {
    /// `posts` are all published posts, newest first; `cursor` is the head of the log when they were read.
    pub fn new(frame: Frame<'a>, posts: &'a [PostLine], cursor: Cursor) -> ArchivePage<'a> {
        let description = format!("Every post of {}, by year.", frame.site.title);
        let head = Head::new("Archive", "/archive".into())
            .about(&description)
            .below(&[("Archive", "/archive")])
            .within("/archive");
        ArchivePage {
            frame,
            head,
            posts,
            cursor,
        }
    }

    fn years(&self) -> impl Iterator<Item = &'a [PostLine]> + use<'a> {
        years(self.posts, self.frame.calendar())
    }

    /// The year of the oldest post.
    fn since(&self) -> Option<i16> {
        let oldest = self.posts.last()?;
        Some(self.frame.calendar().year(oldest.published_at))
    }

    /// How long all of it takes to read, in a sentence.
    fn reading(&self) -> String {
        let minutes: i64 = self.posts.iter().map(PostLine::minutes).sum();
        match (minutes + 30) / 60 {
            0 => format!("About {} of reading.", signs::counted(minutes, "minute")),
            hours => format!("About {} of reading.", signs::counted(hours, "hour")),
        }
    }
}

/// Every tag and how many posts bear it.
#[derive(Template)]
#[template(path = "tags.html")]
pub struct TagsPage<'a> {
    frame: Frame<'a>,
    head: Head,
    tags: &'a [TagCount],
    cursor: Cursor,
}

impl<'a> TagsPage<'a> {
    /// `tags` in the order in which they shall stand; `cursor` is the head of the log when they were read.
    pub fn new(frame: Frame<'a>, tags: &'a [TagCount], cursor: Cursor) -> TagsPage<'a> {
        let description = format!("What the posts of {} are about.", frame.site.title);
        TagsPage {
            frame,
            head: Head::new("Tags", "/tags".into())
                .about(&description)
                .below(&[("Tags", "/tags")])
                .within("/tags"),
            tags,
            cursor,
        }
    }
}

/// The posts that bear one tag.
#[derive(Template)]
#[template(path = "tag.html")]
pub struct TagPage<'a> {
    frame: Frame<'a>,
    head: Head,
    tag: &'a Tag,
    posts: &'a [PostLine],
    others: Vec<&'a TagCount>,
    cursor: Cursor,
}

impl<'a> TagPage<'a> {
    /// `posts` bear `tag`, newest first; `tags` are all tags of the blog; `cursor` is the head of the log when they were read.
    pub fn new(
        frame: Frame<'a>,
        tag: &'a Tag,
        posts: &'a [PostLine],
        tags: &'a [TagCount],
        cursor: Cursor,
    ) -> TagPage<'a> {
        let description = format!("Posts of {} about {}.", frame.site.title, tag.name);
        let path = format!("/tags/{}", tag.slug);
        let head = Head::new(&tag.name, path.clone())
            .about(&description)
            .below(&[("Tags", "/tags"), (&tag.name, &path)])
            .within("/tags");
        let others = tags
            .iter()
            .filter(|other| other.tag.slug != tag.slug)
            .collect();
        TagPage {
            frame,
            head,
            tag,
            posts,
            others,
            cursor,
        }
    }
}

/// The number of items of a list, in the type in which numbers are written.
fn size(posts: &[PostLine]) -> i64 {
    posts.len() as i64
}

/// Posts of the same year together; `posts` is in the order of time.
fn years<'a>(
    posts: &'a [PostLine],
    calendar: &'a Calendar,
) -> impl Iterator<Item = &'a [PostLine]> {
    let year = |post: &PostLine| calendar.year(post.published_at);
    posts.chunk_by(move |one, next| year(one) == year(next))
}
