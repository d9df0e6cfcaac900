//! Feeds, the sitemap and robots.txt.

use std::cmp::Reverse;
use std::sync::Arc;

use poem::http::header;
use poem::web::{Data, Path};
use poem::{Response, handler};
use rusqlite::Connection;

use super::error::Failure;
use super::{App, site};
use crate::error::{Error, Result};
use crate::feeds::{self, Feed, Item};
use crate::model::post::PostKind;
use crate::store::{comments, entries, lists, posts, settings};
use crate::views::Site;

/// Posts, entries or comments of a feed.
const ITEMS: i64 = 20;

/// Addresses of one sitemap. Source: sitemaps.org.
const ADDRESSES: usize = 50_000;

const ATOM: &str = "application/atom+xml; charset=utf-8";

impl App {
    /// Reads and renders something that is the same for everyone.
    pub async fn published<F>(&self, kind: &str, render: F) -> Result<Response>
    where
        F: FnOnce(&Connection, &Site) -> Result<String> + Send + 'static,
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

/// The newest posts, of one tag if given, and among them the newest entries of their liveblogs, newest first. However busy
/// a liveblog is, it takes the place of no post.
fn items(conn: &Connection, site: &Site, tag: Option<&str>) -> Result<Vec<Item>> {
    let posts = lists::with_html(conn, tag, ITEMS)?.into_iter();
    let entries = entries::newest(conn, tag, ITEMS)?.into_iter();
    let mut items: Vec<_> = posts
        .map(|(post, html)| Item::post(site, post, &html))
        .chain(entries.map(|entry| Item::entry(site, entry)))
        .collect();
    items.sort_by_key(|item| Reverse(item.published));
    Ok(items)
}

/// `GET /feed.xml`
#[handler]
pub async fn posts_atom(Data(app): Data<&Arc<App>>) -> Result<Response, Failure> {
    let answer = app.published(ATOM, |conn, site| {
        let items = items(conn, site, None)?;
        Ok(feeds::atom(
            Feed {
                site,
                path: "/feed.xml",
                page: "/",
                title: &site.title,
            },
            &items,
        ))
    });
    Ok(answer.await?)
}

/// `GET /feed.json`
#[handler]
pub async fn posts_json(Data(app): Data<&Arc<App>>) -> Result<Response, Failure> {
    let answer = app.published("application/feed+json; charset=utf-8", |conn, site| {
        let items = items(conn, site, None)?;
        Ok(feeds::json_feed(
            Feed {
                site,
                path: "/feed.json",
                page: "/",
                title: &site.title,
            },
            &items,
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
        let items = items(conn, site, Some(&slug))?;
        if items.is_empty() {
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
            &items,
        ))
    });
    Ok(answer.await?)
}

/// `GET /comments.xml`
#[handler]
pub async fn comments_atom(Data(app): Data<&Arc<App>>) -> Result<Response, Failure> {
    let answer = app.published(ATOM, |conn, site| {
        let newest = comments::newest(conn, None, ITEMS)?;
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
        let newest = comments::newest(conn, Some(post.id), ITEMS)?;
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
