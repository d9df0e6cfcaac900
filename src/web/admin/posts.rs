//! Posts, as their author sees them: the list, the trash, and what becomes of one by a press of a button.

use std::sync::Arc;

use askama::Template;
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use super::super::error::Failure;
use super::super::reader::Reader;
use super::super::{App, see_other};
use crate::error::{Error, Result};
use crate::model::desk::Show;
use crate::model::id::{PostId, RevisionId};
use crate::store::{Tx, desk, posts, revisions, trash};
use crate::text::changes;
use crate::views::Pager;
use crate::views::desk::posts::{PostsPage, RevisionPage, RevisionsPage};

/// Posts on one page of the list.
const EACH: i64 = 50;

/// `?show=drafts&q=words&page=2`
#[derive(Deserialize)]
struct ListQuery {
    show: Option<String>,
    q: Option<String>,
    page: Option<i64>,
}

/// `GET /admin/posts`
#[handler]
pub async fn list(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(query): Query<ListQuery>,
) -> Result<Response, Failure> {
    let show = match query.show.as_deref().unwrap_or_default() {
        "" => Show::All,
        word => Show::parse(word).ok_or(Error::NotFound)?,
    };
    let (words, page) = (query.q.unwrap_or_default(), query.page.unwrap_or(1));
    let reading = app.live.presence.reading();
    let page = app.page(&reader, move |moment| {
        let conn = moment.conn;
        let pages = (desk::count(conn, show, &words)? + EACH - 1) / EACH;
        let pager = Pager {
            page,
            pages: pages.max(1),
        };
        if !(1..=pager.pages).contains(&page) {
            return Err(Error::NotFound);
        }
        let rows = desk::posts(conn, show, &words, (page - 1) * EACH, EACH)?;
        let counts = desk::counts(conn)?;
        let now = (&reading, moment.cursor()?);
        let frame = moment.frame();
        Ok(PostsPage::new(frame, &rows, &counts, show, &words, pager, now).render()?)
    });
    Ok(page.await?)
}

/// `POST /admin/posts/{id}/trash`
#[handler]
pub async fn put_into_trash(
    Data(app): Data<&Arc<App>>,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    change(app, id, trash::put, "/admin/posts?show=trash").await
}

/// `POST /admin/posts/{id}/restoration`
#[handler]
pub async fn take_out_of_trash(
    Data(app): Data<&Arc<App>>,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    change(app, id, trash::take_out, &format!("/admin/posts/{id}")).await
}

/// `POST /admin/posts/{id}/erasure`: only out of the trash.
#[handler]
pub async fn erase(Data(app): Data<&Arc<App>>, Path(id): Path<i64>) -> Result<Response, Failure> {
    change(app, id, trash::empty_of, "/admin/posts?show=trash").await
}

/// `GET /admin/posts/{id}/revisions`
#[handler]
pub async fn history(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    let page = app.page(&reader, move |moment| {
        let post = posts::by_id(moment.conn, PostId(id))?.ok_or(Error::NotFound)?;
        let revisions = revisions::of(moment.conn, post.id)?;
        Ok(RevisionsPage::new(moment.frame(), &post, &revisions).render()?)
    });
    Ok(page.await?)
}

/// `GET /admin/posts/{id}/revisions/{revision}`: what it changed.
#[handler]
pub async fn revision(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Path((id, revision)): Path<(i64, i64)>,
) -> Result<Response, Failure> {
    let page = app.page(&reader, move |moment| {
        let post = posts::by_id(moment.conn, PostId(id))?.ok_or(Error::NotFound)?;
        let (revision, before) = revisions::pair(moment.conn, post.id, RevisionId(revision))?;
        let before = before.map(|before| before.whole()).unwrap_or_default();
        let lines = changes::by_line(&before, &revision.whole());
        Ok(RevisionPage::new(moment.frame(), &post, &revision, &lines).render()?)
    });
    Ok(page.await?)
}

async fn change(
    app: &App,
    id: i64,
    change: fn(&Tx, PostId) -> Result<()>,
    next: &str,
) -> Result<Response, Failure> {
    app.store.write(move |tx| change(tx, PostId(id))).await?;
    Ok(see_other(next))
}
