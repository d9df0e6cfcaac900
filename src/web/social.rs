//! `GET /social/…`: the pictures that other sites show beside links to the blog.
//!
//! The last part of an address changes with what the picture shows, so that each may be kept for ever; an address from
//! before leads to the one of today.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use poem::http::{HeaderMap, StatusCode, header};
use poem::web::{Data, Path};
use poem::{Response, handler};
use rusqlite::Connection;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::spawn_blocking;

use super::App;
use super::assets::{IMMUTABLE, is_known};
use super::error::Failure;
use super::moment::site;
use crate::error::{Error, Result};
use crate::model::post::PostKind;
use crate::social::Card;
use crate::store::{posts, settings};
use crate::views::Site;
use crate::views::sharing::{card, card_path, site_card, site_card_path};

/// Pictures that are kept in memory, some 40 KiB each.
const KEPT: usize = 64;

type Slot = Arc<OnceCell<Bytes>>;

/// The pictures that were asked for last. Each is drawn once, however many ask at the same time, and one after another.
pub struct Pictures {
    kept: Mutex<VecDeque<(String, Slot)>>,
    turn: Arc<Semaphore>,
}

impl Pictures {
    /// None yet.
    pub fn new() -> Pictures {
        Pictures {
            kept: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// The picture of a card.
    async fn of(&self, card: Card) -> Result<Bytes> {
        let slot = self.slot(card.key());
        let drawn = slot.get_or_try_init(|| async {
            let gone = |_| Error::Unavailable("drawing the picture failed; please try again");
            let turn = self.turn.clone().acquire_owned().await;
            let turn = turn.map_err(|_| Error::NotFound)?; // the semaphore is never closed
            let drawing = spawn_blocking(move || {
                let _turn = turn; // held until it is drawn, even if nobody waits any more
                card.draw()
            });
            Ok::<_, Error>(Bytes::from(drawing.await.map_err(gone)??))
        });
        Ok(drawn.await?.clone())
    }

    /// The place of a picture, the newest of those that are kept.
    fn slot(&self, key: String) -> Slot {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|(name, _)| *name == key);
        let entry = known.and_then(|place| kept.remove(place));
        let (key, slot) = entry.unwrap_or_else(|| (key, Slot::default()));
        kept.push_back((key, slot.clone()));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        slot
    }
}

/// `GET /social/{key}.png`: the picture of the blog.
#[handler]
pub async fn of_site(
    Data(app): Data<&Arc<App>>,
    Path(_key): Path<String>,
    uri: &poem::http::Uri,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let find = |_: &Connection, site: &Site| Ok((site_card(site), site_card_path(site)));
    Ok(answer(app, uri.path(), headers, find).await?)
}

/// `GET /social/posts/{slug}/{key}.png`
#[handler]
pub async fn of_post(
    Data(app): Data<&Arc<App>>,
    Path((slug, _key)): Path<(String, String)>,
    uri: &poem::http::Uri,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let find = open(PostKind::Post, slug);
    Ok(answer(app, uri.path(), headers, find).await?)
}

/// `GET /social/pages/{slug}/{key}.png`
#[handler]
pub async fn of_page(
    Data(app): Data<&Arc<App>>,
    Path((slug, _key)): Path<(String, String)>,
    uri: &poem::http::Uri,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let find = open(PostKind::Page, slug);
    Ok(answer(app, uri.path(), headers, find).await?)
}

/// The card of what readers may see, and where its picture is.
fn open(
    kind: PostKind,
    slug: String,
) -> impl FnOnce(&Connection, &Site) -> Result<(Card, String)> + Send + 'static {
    move |conn, site| {
        let post = posts::open(conn, kind, &slug)?.ok_or(Error::NotFound)?;
        Ok((card(site, &post), card_path(site, &post)))
    }
}

async fn answer<F>(app: &App, asked: &str, headers: &HeaderMap, find: F) -> Result<Response>
where
    F: FnOnce(&Connection, &Site) -> Result<(Card, String)> + Send + 'static,
{
    let base_url = app.base_url.clone();
    let (card, path) = app
        .store
        .read(move |conn| find(conn, &site(&settings::load(conn)?, base_url)))
        .await?;
    if asked != path {
        return Ok(Response::builder()
            .status(StatusCode::FOUND)
            .header(header::LOCATION, path)
            .header(header::CACHE_CONTROL, "no-cache")
            .finish());
    }
    let tag = format!("\"{}\"", card.key());
    let answer = Response::builder()
        .header(header::CACHE_CONTROL, IMMUTABLE)
        .header(header::ETAG, &tag)
        .header("cross-origin-resource-policy", "cross-origin"); // it is made for other sites
    if is_known(headers, &tag) {
        return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
    }
    let picture = app.pictures.of(card).await?;
    Ok(answer.content_type("image/png").body(picture))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_picture_is_drawn_once_for_all_who_ask_and_the_oldest_goes() {
        let pictures = Pictures::new();
        let card = |n: usize| Card {
            title: format!("Post {n}"),
            ..Card::default()
        };
        let (one, other) = tokio::join!(pictures.of(card(0)), pictures.of(card(0)));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.as_ptr(), other.as_ptr(), "drawn twice");
        for n in 1..=KEPT {
            pictures.slot(card(n).key());
        }
        assert_eq!(pictures.kept.lock().unwrap().len(), KEPT);
        assert!(pictures.slot(card(0).key()).get().is_none());
    }
}
