//! Lists of posts: the home page, the archive, the tags, and one row of such a list.

use askama::Template;

use super::{Cursor, Frame, Head, Pager, signs};
use crate::model::archive::{Whole, Year};
use crate::model::calendar::Calendar;
use crate::model::manner::Manner;
use crate::model::post::{PostLine, TagCount};

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
        let head = Head::new("", pager.path("/"))
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

/// One page of all posts, newest first, under their years, one line each.
#[derive(Template)]
#[template(path = "archive.html")]
pub struct ArchivePage<'a> {
    frame: Frame<'a>,
    head: Head,
    all: Whole,
    years: &'a [Year],
    posts: &'a [PostLine],
    pager: Pager,
    each: i64,
    cursor: Cursor,
}

/// The posts of a year that are on a page of the archive.
struct Chapter<'a> {
    year: Year,
    posts: &'a [PostLine],
    /// Whether the page before has posts of the year too.
    continues: bool,
}

impl<'a> ArchivePage<'a> {
    /// `all` published posts are of these `years`; `posts` are those of the page that `pager` names, which has room for `each`;
    /// `cursor` is the head of the log when they were read.
    pub fn new(
        frame: Frame<'a>,
        all: Whole,
        years: &'a [Year],
        posts: &'a [PostLine],
        (pager, each): (Pager, i64),
        cursor: Cursor,
    ) -> ArchivePage<'a> {
        let description = format!("Every post of {}, by year.", frame.site.title);
        let head = Head::new("Archive", pager.path("/archive"))
            .about(&description)
            .below(&[("Archive", "/archive")])
            .within("/archive");
        ArchivePage {
            frame,
            head,
            all,
            years,
            posts,
            pager,
            each,
            cursor,
        }
    }

    /// The years of this page.
    fn chapters(&self) -> impl Iterator<Item = Chapter<'a>> {
        let skipped = self.pager.skipped(self.each);
        let calendar = self.frame.calendar();
        years(self.posts, calendar).filter_map(move |posts| {
            let wanted = calendar.year(posts.first()?.published_at);
            let year = *self.years.iter().find(|year| year.year == wanted)?;
            Some(Chapter {
                year,
                posts,
                continues: year.newer < skipped,
            })
        })
    }

    /// Where a year begins.
    fn place(&self, year: &Year) -> String {
        let pager = Pager {
            page: year.newer / self.each + 1,
            ..self.pager
        };
        format!("{}#y{}", pager.path("/archive"), year.year)
    }

    /// How long all of it takes to read, in a sentence.
    fn reading(&self) -> String {
        let minutes = self.all.minutes();
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

/// One page of the posts that bear a tag, newest first.
#[derive(Template)]
#[template(path = "tag.html")]
pub struct TagPage<'a> {
    frame: Frame<'a>,
    head: Head,
    tag: &'a TagCount,
    path: String,
    posts: &'a [PostLine],
    others: Vec<&'a TagCount>,
    pager: Pager,
    cursor: Cursor,
}

impl<'a> TagPage<'a> {
    /// `posts` are those with `tag` on the page that `pager` names; `tags` are all tags of the blog; `cursor` is the head of
    /// the log when they were read.
    pub fn new(
        frame: Frame<'a>,
        tag: &'a TagCount,
        posts: &'a [PostLine],
        tags: &'a [TagCount],
        pager: Pager,
        cursor: Cursor,
    ) -> TagPage<'a> {
        let (name, slug) = (&tag.tag.name, &tag.tag.slug);
        let description = format!("Posts of {} about {name}.", frame.site.title);
        let path = format!("/tags/{slug}");
        let head = Head::new(name, pager.path(&path))
            .about(&description)
            .below(&[("Tags", "/tags"), (name, &path)])
            .within("/tags");
        let others = tags.iter().filter(|other| other.tag.slug != *slug);
        TagPage {
            frame,
            head,
            tag,
            path,
            posts,
            others: others.collect(),
            pager,
            cursor,
        }
    }
}

/// Posts of the same year together; `posts` is in the order of time.
fn years<'a>(
    posts: &'a [PostLine],
    calendar: &'a Calendar,
) -> impl Iterator<Item = &'a [PostLine]> {
    let year = |post: &PostLine| calendar.year(post.published_at);
    posts.chunk_by(move |one, next| year(one) == year(next))
}
