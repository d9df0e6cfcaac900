//! Feeds, the sitemap and robots.txt.

use std::cmp::Reverse;
use std::sync::Arc;

use poem::http::{HeaderMap, StatusCode, header};
use poem::web::{Data, Path, Query};
use poem::{Response, handler};
use rusqlite::Connection;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::App;
use super::assets::is_known;
use super::cache::Lasting;
use super::error::Failure;
use super::moment::site;
use super::posts::number;
use crate::error::{Error, Result};
use crate::feeds::{self, Feed, Item, Part};
use crate::hex::hex;
use crate::model::concern::Concern;
use crate::model::post::PostKind;
use crate::store::{comments, entries, lists, log, places, posts, settings};
use crate::views::{Pager, Site};

/// Posts, entries or comments of a feed.
const ITEMS: i64 = 20;

/// Posts in one part of the sitemap: few enough that it is soon made and kept in memory. More than 50,000 are not allowed.
/// Source: sitemaps.org.
const ADDRESSES: i64 = 10_000;

const ATOM: &str = "application/atom+xml; charset=utf-8";
const JSON: &str = "application/feed+json; charset=utf-8";

impl App {
    /// Reads and renders something that is the same for everyone. Who has it already is told so.
    pub async fn published<F>(&self, headers: &HeaderMap, kind: &str, render: F) -> Result<Response>
    where
        F: FnOnce(&Connection, &Site) -> Result<String> + Send + 'static,
    {
        let alone = |conn: &Connection, site: &Site| Ok((render(conn, site)?, None));
        self.linked(headers, kind, alone).await
    }

    /// The same, with the value of a `Link` header.
    async fn linked<F>(&self, headers: &HeaderMap, kind: &str, render: F) -> Result<Response>
    where
        F: FnOnce(&Connection, &Site) -> Result<(String, Option<String>)> + Send + 'static,
    {
        let base_url = self.base_url.clone();
        let ((body, links), lasting) = self
            .store
            .read(move |conn| {
                let made = render(conn, &site(&settings::load(conn)?, base_url))?;
                let lasting = Lasting {
                    as_of: log::head(conn)?.id,
                    concern: Concern::Lists,
                    until: None,
                };
                Ok((made, lasting))
            })
            .await?;
        let tag = format!("\"{}\"", hex(&Sha256::digest(&body)[..12]));
        let mut answer = Response::builder()
            .header(header::CACHE_CONTROL, "no-cache")
            .header(header::ETAG, &tag)
            .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        if let Some(links) = links {
            answer = answer.header(header::LINK, links);
        }
        if is_known(headers, &tag) {
            return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
        }
        let mut answer = answer.content_type(kind).body(body);
        answer.set_data(lasting);
        Ok(answer)
    }

    /// One page of the feed of all posts, by its path and number.
    async fn feed(
        &self,
        headers: &HeaderMap,
        kind: &str,
        (path, page): (&'static str, i64),
        render: fn(Feed, &[Item]) -> String,
    ) -> Result<Response> {
        let answer = self.linked(headers, kind, move |conn, site| {
            let Pager { pages, .. } =
                Pager::at(page, places::count(conn)?, ITEMS).ok_or(Error::NotFound)?;
            let items = items(conn, site, None, page)?;
            let feed = Feed {
                site,
                path,
                page: "/",
                title: &site.title,
                part: Part { page, pages },
            };
            Ok((render(feed, &items), links(feed)))
        });
        answer.await
    }
}

/// Where a feed is and who is told of its changes, as a header: a subscriber need not read it.
/// Source: WebSub, section 4.
fn links(feed: Feed) -> Option<String> {
    let hub = feed.hub()?;
    Some(format!(
        "<{}>; rel=\"hub\", <{}>; rel=\"self\"",
        hub.as_str(),
        feed.url()
    ))
}

/// `?page=N` of a feed.
#[derive(Deserialize)]
struct FeedQuery {
    page: Option<String>,
}

/// A page of the posts, of one tag if given, newest first. On the first page the newest entries of their liveblogs stand
/// among them; however busy a liveblog is, it takes the place of no post.
fn items(conn: &Connection, site: &Site, tag: Option<&str>, page: i64) -> Result<Vec<Item>> {
    let posts = lists::with_html(conn, tag, (page - 1) * ITEMS, ITEMS)?.into_iter();
    let newest = if page == 1 { ITEMS } else { 0 };
    let entries = entries::newest(conn, tag, newest)?.into_iter();
    let mut items: Vec<_> = posts
        .map(|(post, html)| Item::post(site, post, &html))
        .chain(entries.map(|entry| Item::entry(site, entry)))
        .collect();
    items.sort_by_key(|item| Reverse(item.published));
    Ok(items)
}

/// `GET /feed.xml`
#[handler]
pub async fn posts_atom(
    Data(app): Data<&Arc<App>>,
    Query(query): Query<FeedQuery>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let page = number(query.page.as_deref())?;
    Ok(app
        .feed(headers, ATOM, ("/feed.xml", page), feeds::atom)
        .await?)
}

/// `GET /feed.json`
#[handler]
pub async fn posts_json(
    Data(app): Data<&Arc<App>>,
    Query(query): Query<FeedQuery>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let page = number(query.page.as_deref())?;
    let place = ("/feed.json", page);
    Ok(app.feed(headers, JSON, place, feeds::json_feed).await?)
}

/// `GET /tags/{tag}/feed.xml`
#[handler]
pub async fn tag_atom(
    Data(app): Data<&Arc<App>>,
    Path(slug): Path<String>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let answer = app.published(headers, ATOM, move |conn, site| {
        let tag = lists::tag(conn, &slug)?.ok_or(Error::NotFound)?.tag;
        let items = items(conn, site, Some(&slug), 1)?;
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
                part: Part::WHOLE,
            },
            &items,
        ))
    });
    Ok(answer.await?)
}

/// `GET /comments.xml`
#[handler]
pub async fn comments_atom(
    Data(app): Data<&Arc<App>>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let answer = app.published(headers, ATOM, |conn, site| {
        let newest = comments::pages::newest(conn, None, ITEMS)?;
        let title = format!("Comments on {}", site.title);
        Ok(feeds::comments(
            Feed {
                site,
                path: "/comments.xml",
                page: "/",
                title: &title,
                part: Part::WHOLE,
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
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let answer = app.published(headers, ATOM, move |conn, site| {
        let post = posts::open(conn, PostKind::Post, &slug)?.ok_or(Error::NotFound)?;
        let newest = comments::pages::newest(conn, Some(post.id), ITEMS)?;
        let (page, title) = (post.path(), format!("Comments on {}", post.title));
        Ok(feeds::comments(
            Feed {
                site,
                path: &format!("{page}/comments.xml"),
                page: &page,
                title: &title,
                part: Part::WHOLE,
            },
            &newest,
        ))
    });
    Ok(answer.await?)
}

/// `GET /sitemap.xml`: every address, or where more than one part holds them, the addresses of the parts.
#[handler]
pub async fn sitemap(
    Data(app): Data<&Arc<App>>,
    Query(query): Query<FeedQuery>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let page = number(query.page.as_deref())?;
    let answer = app.published(
        headers,
        "application/xml; charset=utf-8",
        move |conn, site| {
            let pager = Pager::at(page, places::count(conn)?, ADDRESSES).ok_or(Error::NotFound)?;
            if pager.pages > 1 && query.page.is_none() {
                return Ok(feeds::sitemap_index(site, pager.pages));
            }
            let part = lists::addresses(conn, pager.skipped(ADDRESSES), ADDRESSES)?.into_iter();
            let here = part.filter(|address| address.is_here(&site.url(&address.path)));
            let addresses: Vec<_> = here.map(|it| (it.path, it.updated_at)).collect();
            Ok(feeds::sitemap(site, &addresses))
        },
    );
    Ok(answer.await?)
}

/// `GET /robots.txt`
#[handler]
pub async fn robots(Data(app): Data<&Arc<App>>, headers: &HeaderMap) -> Result<Response, Failure> {
    Ok(app
        .published(headers, "text/plain; charset=utf-8", |_, site| {
            Ok(feeds::robots(site))
        })
        .await?)
}
