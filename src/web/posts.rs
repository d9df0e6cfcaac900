//! The lists of posts and the page of one post with its conversation.

use std::collections::HashSet;
use std::sync::Arc;

use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::error::Failure;
use super::moment::Moment;
use super::reader::Reader;
use super::{App, issued};
use crate::error::{Error, Fields, Result};
use crate::live::cursor as live;
use crate::model::comment::{Comment, Parent, page_of};
use crate::model::concern::Concern;
use crate::model::cursor::Cursor as Seen;
use crate::model::entry;
use crate::model::id::{CommentId, VisitorId};
use crate::model::media::Pictures;
use crate::model::post::{Discussion, Post, PostKind};
use crate::model::thread::{arrange, in_a_row};
use crate::model::time::Timestamp;
use crate::model::topic::Topic;
use crate::store::{comments, entries, lists, media, news, places, posts, standing};
use crate::text::markdown;
use crate::views::Pager;
use crate::views::comments::{ComposerView, News, TalkView, Typed};
use crate::views::entries::LogView;
use crate::views::lists::{ArchivePage, HomePage, TagPage, TagsPage};
use crate::views::posts::PostPage;

/// Posts on a page of the archive and of a tag: so many that most blogs have one page of each, and so few that a page of a
/// large blog is soon made and kept in memory.
const LISTED: i64 = 500;

/// `?page=N` of a list.
#[derive(Deserialize)]
struct ListQuery {
    page: Option<String>,
}

/// `?entries=N&comments=N&reply=ID&since=ID` of a post's page.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PostQuery {
    entries: Option<String>,
    comments: Option<String>,
    reply: Option<String>,
    since: Option<String>,
}

/// `GET /`
#[handler]
pub async fn home(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(query): Query<ListQuery>,
) -> Result<Response, Failure> {
    let page = number(query.page.as_deref())?;
    let answer = app.page(&reader, move |moment| {
        let each = moment.settings.posts_per_page.max(1);
        let pinned = lists::pinned(moment.conn)?;
        let others = places::count(moment.conn)? - pinned.len() as i64;
        let pager = Pager::at(page, others, each).ok_or(Error::NotFound)?;
        let posts = lists::unpinned(moment.conn, &pinned, pager.skipped(each), each)?;
        let (intro, pinned) = match page {
            1 => (introduction(moment)?, &pinned[..]),
            _ => (None, &[][..]),
        };
        let (frame, cursor) = (moment.frame(), moment.cursor()?);
        moment.lasts(Concern::Lists, None)?;
        Ok(HomePage::new(frame, intro.as_deref(), pinned, &posts, pager, cursor).render()?)
    });
    Ok(answer.await?)
}

/// What the owner says above the list, rendered; nothing where nothing is said.
fn introduction(moment: &Moment) -> Result<Option<String>> {
    let source = &moment.settings.intro;
    if source.is_empty() {
        return Ok(None);
    }
    let pictures = match source.contains("/media/") {
        true => media::pictures(moment.conn)?,
        false => Pictures::default(),
    };
    Ok(Some(
        markdown::post(source, &|address| pictures.at(address)).html,
    ))
}

/// `GET /archive`
#[handler]
pub async fn archive(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(query): Query<ListQuery>,
) -> Result<Response, Failure> {
    let page = number(query.page.as_deref())?;
    let answer = app.page(&reader, move |moment| {
        let all = places::all(moment.conn)?;
        let pager = Pager::at(page, all.posts, LISTED).ok_or(Error::NotFound)?;
        let years = places::years(moment.conn, &moment.settings.manner().calendar)?;
        let posts = lists::page(moment.conn, pager.skipped(LISTED), LISTED)?;
        let (frame, cursor) = (moment.frame(), moment.cursor()?);
        moment.lasts(Concern::Lists, None)?;
        Ok(ArchivePage::new(frame, all, &years, &posts, (pager, LISTED), cursor).render()?)
    });
    Ok(answer.await?)
}

/// `GET /tags`
#[handler]
pub async fn tags(Data(app): Data<&Arc<App>>, reader: Reader) -> Result<Response, Failure> {
    let answer = app.page(&reader, |moment| {
        let all = lists::tags(moment.conn)?;
        moment.lasts(Concern::Lists, None)?;
        Ok(TagsPage::new(moment.frame(), &all, moment.cursor()?).render()?)
    });
    Ok(answer.await?)
}

/// `GET /tags/{tag}`
#[handler]
pub async fn tagged(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(slug): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Failure> {
    let page = number(query.page.as_deref())?;
    let answer = app.page(&reader, move |moment| {
        let tag = lists::tag(moment.conn, &slug)?.ok_or(Error::NotFound)?;
        let pager = Pager::at(page, tag.posts, LISTED).ok_or(Error::NotFound)?;
        let posts = lists::tagged(moment.conn, &slug, pager.skipped(LISTED), LISTED)?;
        let all = lists::tags(moment.conn)?;
        let (frame, cursor) = (moment.frame(), moment.cursor()?);
        moment.lasts(Concern::Lists, None)?;
        Ok(TagPage::new(frame, &tag, &posts, &all, pager, cursor).render()?)
    });
    Ok(answer.await?)
}

/// `GET /posts/{slug}`
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(slug): Path<String>,
    Query(query): Query<PostQuery>,
) -> Result<Response, Failure> {
    let key = app.form_key.clone();
    let answer = app.page(&reader, move |moment| {
        let typed = moment.visitor.as_ref().map(Typed::from).unwrap_or_default();
        let draft = Draft {
            typed,
            ..Draft::default()
        };
        let html = moment.post(&slug, query, &draft, &key)?;
        moment.reads(PostKind::Post, &slug);
        Ok(html)
    });
    Ok(answer.await?)
}

/// What the composer of a page holds.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The values of its fields.
    pub typed: Typed,
    /// Why the last attempt was refused.
    pub errors: Fields,
    /// The text, rendered.
    pub preview: Option<String>,
    /// The comment it answers.
    pub parent: Option<CommentId>,
}

impl Moment<'_> {
    /// The page of an open post, with `draft` in its composer; `form_key` signs the form.
    pub fn post(
        &self,
        slug: &str,
        query: PostQuery,
        draft: &Draft,
        form_key: &str,
    ) -> Result<String> {
        let conn = self.conn;
        let post = posts::open(conn, PostKind::Post, slug)?.ok_or(Error::NotFound)?;
        let viewer = self.visitor.as_ref().map(|visitor| visitor.id);
        let asked = query.reply.and_then(|id| id.parse().ok()).map(CommentId);
        let parent = self.parent(&post, draft.parent.or(asked), viewer)?;
        let page = page_of_talk(&post, query.comments.as_deref(), parent.as_ref())?;
        let part = number(query.entries.as_deref())?;
        if !(1..=entry::page_of(post.last_entry)).contains(&part) {
            return Err(Error::NotFound);
        }
        let entries = entries::page(conn, post.id, part)?;
        let (changer, now) = (self.changer(), Timestamp::now());
        let own = |comment: &Comment| changer.may(comment, now).is_ok();
        let mut comments = comments::pages::page(conn, &post, page, viewer)?;
        let news = self.news(&post, query.since.as_deref(), page, viewer, &mut comments)?;
        let threads = match post.discussion {
            Discussion::Thread => arrange(comments, own),
            Discussion::Chat => in_a_row(comments, own),
        };
        let standing = standing::of(conn, &post, viewer)?;
        let renewed = now.plus(issued::RENEWED);
        let closed = post.closes_at.filter(|at| *at > now);
        let until = closed.map_or(renewed, |at| at.min(renewed));
        self.lasts(Concern::Post(post.id), Some(until))?;
        let composer = ComposerView {
            values: draft.typed.clone(),
            errors: draft.errors.clone(),
            preview: draft.preview.as_deref(),
            parent: parent.map(|comment| Parent {
                id: comment.id,
                number: comment.number,
                thread: comment.thread,
                name: comment.name,
            }),
            issued: issued::sign(form_key, now),
        };
        let log = LogView {
            entries: &entries,
            page: part,
        };
        let talk = TalkView {
            threads: &threads,
            page,
            pages: post.pages(),
            cursor: self.cursor()?,
            news: news.as_ref(),
        };
        Ok(PostPage::new(self.frame(), &post, &standing, log, talk, composer).render()?)
    }

    /// What is new under the post after the event `since`; those of it that are on this page are marked.
    fn news(
        &self,
        post: &Post,
        since: Option<&str>,
        page: i64,
        viewer: Option<VisitorId>,
        comments: &mut [Comment],
    ) -> Result<Option<News>> {
        let Some(since) = since.filter(|since| !since.is_empty()) else {
            return Ok(None);
        };
        let cursor = Seen::parse(None, Some(since), None);
        let start = live::resolve(self.conn, &Topic::Post(post.id, None), cursor)?;
        if start.reset.is_some() {
            return Ok(Some(News::Unknown));
        }
        let new = news::after(self.conn, post, start.after, viewer)?;
        let ids: HashSet<_> = new.iter().map(|new| new.id).collect();
        for comment in comments {
            comment.fresh = ids.contains(&comment.id);
        }
        let pages = post.pages();
        let first = new.first().map(|first| match first.page.min(pages) {
            here if here == page => format!("#comment-{}", first.id),
            1 if !post.is_chat() => format!("{}?since={since}#comment-{}", post.path(), first.id),
            page => format!(
                "{}?comments={page}&since={since}#comment-{}",
                post.path(),
                first.id
            ),
        });
        Ok(Some(News::Counted(new.len() as i64, first)))
    }

    /// The comment being answered, if the viewer can see it under this post and its thread takes answers.
    fn parent(
        &self,
        post: &Post,
        id: Option<CommentId>,
        viewer: Option<VisitorId>,
    ) -> Result<Option<Comment>> {
        let found = id
            .map(|id| comments::find(self.conn, id))
            .transpose()?
            .flatten();
        Ok(found.filter(|comment| {
            comment.post == post.id && comment.is_seen_by(viewer) && !comment.closed
        }))
    }
}

/// The page of comments that is asked for: by its number, else the one on which the answered comment stands, else the
/// first of threads and the newest of a chat.
fn page_of_talk(post: &Post, asked: Option<&str>, answered: Option<&Comment>) -> Result<i64> {
    let (pages, asked) = (post.pages(), asked.filter(|asked| !asked.is_empty()));
    let page = match (asked, answered) {
        (None, Some(answered)) => answered.page(),
        (None, None) if post.is_chat() => pages,
        (asked, _) => number(asked)?,
    };
    let last = match post.discussion {
        Discussion::Thread => pages,
        Discussion::Chat => page_of(post.last_number), // its last page holds the places of the next one too
    };
    match (1..=last).contains(&page) {
        true => Ok(page.min(pages)),
        false => Err(Error::NotFound),
    }
}

/// A number in an address: the first page where nothing is said.
pub fn number(word: Option<&str>) -> Result<i64> {
    let word = word.filter(|word| !word.is_empty()).unwrap_or("1");
    word.parse().map_err(|_| Error::NotFound)
}
