//! Feeds, the sitemap and robots.txt.

use std::sync::Arc;

use poem::http::header;
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::error::Failure;
use super::{App, site};
use crate::error::{Error, Result};
use crate::feeds::{self, Feed};
use crate::model::post::PostKind;
use crate::store::{comments, lists, posts, settings};
use crate::views::Site;

/// Entries of a feed.
const ENTRIES: i64 = 20;

/// Addresses of one sitemap. Source: sitemaps.org.
const ADDRESSES: usize = 50_000;

const ATOM: &str = "application/atom+xml; charset=utf-8";

impl App {
    /// Reads and renders something that is the same for everyone.
    pub async fn published<F>(&self, kind: &str, render: F) -> Result<Response>
    where
        F: FnOnce(&rusqlite::Connection, &Site) -> Result<String> + Send + 'static,
    {
        let base_url = self.base_url.clone();
        let body = self
            .store
            .read(move |conn| render(conn, &site(&settings::load(conn)?, base_url)))
            .await?;
        let answer = Response::builder()
            .content_type(kind)
            .header(header::CACHE_CONTROL, "no-cache");
        Ok(answer
            .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
            .body(body))
    }
}

/// `GET /feed.xml`
#[handler]
pub async fn posts_atom(Data(app): Data<&Arc<App>>) -> Result<Response, Failure> {
    let answer = app.published(ATOM, |conn, site| {
        let posts = lists::with_html(conn, None, ENTRIES)?;
        Ok(feeds::atom(
            Feed {
                site,
                path: "/feed.xml",
                page: "/",
                title: &site.title,
            },
            &posts,
        ))
    });
    Ok(answer.await?)
}

/// `GET /feed.json`
#[handler]
pub async fn posts_json(Data(app): Data<&Arc<App>>) -> Result<Response, Failure> {
    let answer = app.published("application/feed+json; charset=utf-8", |conn, site| {
        let posts = lists::with_html(conn, None, ENTRIES)?;
        Ok(feeds::json_feed(
            Feed {
                site,
                path: "/feed.json",
                page: "/",
                title: &site.title,
            },
            &posts,
        ))
    });
    Ok(answer.await?)
}

/// `GET /tags/{tag}/feed.xml`
#[handler]
pub async fn tag_atom(
    Data(app): Data<&Arc<App>>,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let answer = app.published(ATOM, move |conn, site| {
        let tag = lists::tag(conn, &slug)?.ok_or(Error::NotFound)?;
        let posts = lists::with_html(conn, Some(&slug), ENTRIES)?;
        if posts.is_empty() {
            return Err(Error::NotFound);
        }
        let (page, title) = (
            format!("/tags/{slug}"),
            format!("{}: {}", site.title, tag.name),
        );
        Ok(feeds::atom(
            Feed {
                site,
                path: &format!("{page}/feed.xml"),
                page: &page,
                title: &title,
            },
            &posts,
        ))
    });
    Ok(answer.await?)
}

/// `GET /comments.xml`
#[handler]
pub async fn comments_atom(Data(app): Data<&Arc<App>>) -> Result<Response, Failure> {
    let answer = app.published(ATOM, |conn, site| {
        let newest = comments::newest(conn, None, ENTRIES)?;
        let title = format!("Comments on {}", site.title);
        Ok(feeds::comments(
            Feed {
                site,
                path: "/comments.xml",
                page: "/",
                title: &title,
            },
            &newest,
        ))
    });
    Ok(answer.await?)
}

/// `GET /posts/{slug}/comments.xml`
#[handler]
pub async fn post_comments_atom(
    Data(app): Data<&Arc<App>>,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let answer = app.published(ATOM, move |conn, site| {
        let post = posts::open(conn, PostKind::Post, &slug)?.ok_or(Error::NotFound)?;
        let newest = comments::newest(conn, Some(post.id), ENTRIES)?;
        let (page, title) = (post.path(), format!("Comments on {}", post.title));
        Ok(feeds::comments(
            Feed {
                site,
                path: &format!("{page}/comments.xml"),
                page: &page,
                title: &title,
            },
            &newest,
        ))
    });
    Ok(answer.await?)
}

/// `GET /sitemap.xml`
#[handler]
pub async fn sitemap(Data(app): Data<&Arc<App>>) -> Result<Response, Failure> {
    let answer = app.published("application/xml; charset=utf-8", |conn, site| {
        let mut addresses = lists::addresses(conn)?;
        addresses.truncate(ADDRESSES);
        Ok(feeds::sitemap(site, &addresses))
    });
    Ok(answer.await?)
}

/// `GET /robots.txt`
#[handler]
pub async fn robots(Data(app): Data<&Arc<App>>) -> Result<Response, Failure> {
    Ok(app
        .published("text/plain; charset=utf-8", |_, site| {
            Ok(feeds::robots(site))
        })
        .await?)
}
