//! Pages from memory: what is the same for all strangers is made once, and answered with the same bytes until the log says
//! that it changed.
//!
//! An answer is kept if the handler says how long it lasts ([`Lasting`]); it is taken as the whole site made it, headers
//! and all, so that a page from memory differs in nothing from a new one. A page is never served once a change that it does
//! not show has been answered for: not for a moment, and not to anyone. Whoever asks while a page is being made waits for
//! it; one that changes all the time is made a few times a second, and whoever asks in between waits for the next one.
//!
//! What a visitor or the owner reads is their own, and never comes here.

mod key;
mod pace;
mod page;
mod shelf;

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use poem::http::{HeaderMap, Method, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use tokio::sync::watch;
use tokio::time::sleep;

use super::coding::{Coding, Wanted};
use super::fields::Fields;
use super::server::{Question, Ready, Site};
use super::visit::{Counter, Read};
use crate::error::Result;
use crate::model::concern::Concern;
use crate::model::id::EventId;
use crate::store::Store;
use crate::store::changes::{Changes, Extent};
use crate::store::others::Others;
use key::Asked;
pub use page::Lasting;
use page::Page;
use shelf::{Made, Shelf, Turn};

/// Bytes of pages that are kept in memory.
const ROOM: usize = 32 << 20;

/// How long a page stays as it is before it is made smaller than it could be made at once.
const REST: Duration = Duration::from_millis(250);

/// Milliseconds that a page of a copy lasts at most.
const OF_A_COPY: i64 = 5_000;

/// The pages in memory.
pub struct Pages {
    shelf: RwLock<Shelf>,
    changes: Arc<Changes>,
    /// Notices what other processes change; without it they change nothing that is not noted.
    others: Option<Others>,
    /// How long a page lasts at most, in milliseconds: of a copy, not all that changes pages is in the log.
    longest: Option<i64>,
    hits: AtomicU64,
    misses: AtomicU64,
    waits: AtomicU64,
}

/// How the pages in memory fare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Requests answered from memory at once.
    pub hits: u64,
    /// Pages made because there was none, or none that was as good as a new one.
    pub misses: u64,
    /// Requests that waited for a page which another one made.
    pub waits: u64,
    /// Pages that are kept.
    pub pages: usize,
    /// What they take, in every coding that was asked for.
    pub bytes: usize,
}

impl Pages {
    /// None yet, of this blog.
    ///
    /// Errors: as [`Others::of`].
    pub fn of(store: &Store) -> Result<Pages> {
        let others = (!store.is_copy()).then(|| Others::of(store)).transpose()?;
        Ok(Pages {
            others,
            longest: store.is_copy().then_some(OF_A_COPY),
            ..Pages::with_room(store.changes().clone(), ROOM)
        })
    }

    fn with_room(changes: Arc<Changes>, room: usize) -> Pages {
        Pages {
            shelf: RwLock::new(Shelf::new(room)),
            changes,
            others: None,
            longest: None,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            waits: AtomicU64::new(0),
        }
    }

    /// How they fare.
    pub fn figures(&self) -> Figures {
        let (pages, bytes) = self.shelf().extent();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Figures {
            hits: count(&self.hits),
            misses: count(&self.misses),
            waits: count(&self.waits),
            pages,
            bytes,
        }
    }

    /// The page of that key, if there is one as good as new.
    fn fresh(&self, key: &str) -> Option<Arc<Page>> {
        let page = self.shelf().find(key)?.clone();
        (self.look() && page.is_fresh(&self.changes)).then_some(page)
    }

    /// The newest event that reaches pages of that concern, whoever recorded it; none while the file cannot be looked at.
    pub fn newest(&self, concern: Concern) -> Option<EventId> {
        self.look().then(|| self.changes.newest(concern))
    }

    /// Notes what other processes have written; whether that could be seen.
    fn look(&self) -> bool {
        self.others.as_ref().is_none_or(Others::look)
    }

    /// The coding in which a page goes to whoever asks with these headers: the smallest of those that they like best, once
    /// it is there. Until then it is the one that is made the quickest, and the smallest is made meanwhile.
    fn coding<F>(self: &Arc<Pages>, key: &str, page: &Arc<Page>, asked: &F) -> Coding
    where
        F: Fields + ?Sized,
    {
        let Wanted { smallest, quickest } = Wanted::of(asked);
        if smallest == quickest || page.has(smallest) {
            return smallest;
        }
        if page.is_to_be_improved() {
            tokio::spawn(improve(self.clone(), key.into(), page.clone(), smallest));
        }
        quickest
    }

    /// The answer of a page to a request with these headers; in a new coding it is made first.
    async fn answer(self: &Arc<Pages>, key: &str, page: &Arc<Page>, asked: &HeaderMap) -> Response {
        let coding = self.coding(key, page, asked);
        if !page.has(coding) {
            page.make(coding).await;
            self.shelf_mut().weigh(key, page);
        }
        page.note();
        page.answer(asked, coding).to_response()
    }

    fn shelf(&self) -> RwLockReadGuard<'_, Shelf> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn shelf_mut(&self) -> RwLockWriteGuard<'_, Shelf> {
        self.shelf.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a page in a coding that takes longer, once it has rested for a moment and is still the one that is kept: of a page
/// that changes all the time nobody would see it.
async fn improve(pages: Arc<Pages>, key: Arc<str>, page: Arc<Page>, coding: Coding) {
    sleep(REST).await;
    if pages
        .fresh(&key)
        .is_some_and(|kept| Arc::ptr_eq(&kept, &page))
    {
        page.make(coding).await;
        pages.shelf_mut().weigh(&key, &page);
    }
}

/// The making of one page, by one request. Dropped without a word, it is somebody else's turn.
struct Making<'a> {
    pages: &'a Pages,
    key: Arc<str>,
    tell: watch::Sender<Made>,
}

impl Making<'_> {
    fn end(self, made: Made) {
        self.pages.shelf_mut().end_turn(&self.key);
        self.tell.send_replace(made);
    }
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        // Once it has ended it may be another's turn already.
        if matches!(*self.tell.borrow(), Made::Awaited) {
            self.pages.shelf_mut().end_turn(&self.key);
        }
    }
}

/// The site behind the pages in memory. Every request comes here first.
pub struct Front<E> {
    site: E,
    pages: Arc<Pages>,
    counter: Counter,
}

impl<E: Endpoint> Front<E> {
    /// Puts `pages` before the whole site; whoever reads one is counted as the site's own readers are.
    pub fn new(site: E, pages: Arc<Pages>, counter: Counter) -> Front<E> {
        Front {
            site,
            pages,
            counter,
        }
    }

    /// Asks the site, and counts the view.
    async fn ask(&self, req: Request) -> poem::Result<Response> {
        let asked = (*req.method() == Method::GET).then(|| req.headers().clone());
        let answer = self.site.call(req).await?.into_response();
        if let (Some(asked), Some(read)) = (asked, answer.data::<Read>()) {
            self.counter.count(&asked, read);
        }
        Ok(answer)
    }

    /// Makes the page, or waits for whoever does.
    async fn make(&self, key: Arc<str>, req: Request) -> poem::Result<Response> {
        let pages = &self.pages;
        pages.look();
        let arrived = pages.changes.extent();
        loop {
            let turn = pages.shelf_mut().turn(&key);
            let mut told = match turn {
                Turn::Theirs(told) => told,
                Turn::Ours(pause, tell) => {
                    let making = Making {
                        pages,
                        key: key.clone(),
                        tell,
                    };
                    if !pause.is_zero() {
                        sleep(pause).await;
                    }
                    return self.make_now(making, req).await;
                }
            };
            let made = told.wait_for(|made| !matches!(made, Made::Awaited)).await;
            let made = made.map(|made| made.clone());
            match made {
                Ok(Made::Kept(page)) if page.shows(arrived) || page.is_fresh(&pages.changes) => {
                    pages.waits.fetch_add(1, Ordering::Relaxed);
                    return Ok(self.give(&key, &page, req.method(), req.headers()).await);
                }
                Ok(Made::Passed) => return self.ask(req).await,
                // It was begun before what has happened since, or whoever made it went away.
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Has the site make the page as for a reader who has nothing and takes plain bytes.
    async fn make_now(&self, making: Making<'_>, mut req: Request) -> poem::Result<Response> {
        let pages = &self.pages;
        pages.misses.fetch_add(1, Ordering::Relaxed);
        let (method, asked) = (req.method().clone(), req.headers().clone());
        req.set_method(Method::GET);
        req.headers_mut().remove(header::ACCEPT_ENCODING);
        req.headers_mut().remove(header::IF_NONE_MATCH);
        let before: Extent = pages.changes.extent();
        let answer = self.site.call(req).await?.into_response();
        let page = match Page::of(answer, before, pages.longest).await? {
            Ok(page) => Arc::new(page),
            Err(answer) => {
                making.end(Made::Passed);
                return Ok(answer);
            }
        };
        let key = making.key.clone();
        pages.shelf_mut().put(&key, page.clone());
        making.end(Made::Kept(page.clone()));
        Ok(self.give(&key, &page, &method, &asked).await)
    }

    /// Answers with a page, and counts the view.
    async fn give(
        &self,
        key: &str,
        page: &Arc<Page>,
        method: &Method,
        asked: &HeaderMap,
    ) -> Response {
        self.count(page, *method == Method::HEAD, asked);
        self.pages.answer(key, page, asked).await
    }

    fn count(&self, page: &Page, is_head_only: bool, asked: &(impl Fields + ?Sized)) {
        if let Some(read) = page.read().filter(|_| !is_head_only) {
            self.counter.count(asked, read);
        }
    }
}

impl<E: Endpoint> Endpoint for Front<E> {
    type Output = Response;

    async fn call(&self, req: Request) -> poem::Result<Response> {
        let pages = &self.pages;
        let asked = Asked::of(&req);
        let Some(key) = asked.as_ref().and_then(Asked::key) else {
            return self.ask(req).await;
        };
        if let Some(page) = pages.fresh(&key) {
            pages.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(self.give(&key, &page, req.method(), req.headers()).await);
        }
        let key = Arc::<str>::from(Cow::as_ref(&key));
        self.make(key, req).await
    }
}

impl<E: Endpoint + 'static> Site for Front<E> {
    /// A page from memory, before hyper and poem know of the request: all that a page then costs is the sending.
    fn at_once(&self, question: &Question<'_>) -> Option<Arc<Ready>> {
        let asked = Asked {
            path: question.path,
            query: question.query,
            fields: question.fields,
        };
        let key = asked.key()?;
        let page = self.pages.fresh(&key)?;
        let coding = self.pages.coding(&key, &page, asked.fields);
        if !page.has(coding) {
            return None;
        }
        self.pages.hits.fetch_add(1, Ordering::Relaxed);
        self.count(&page, question.is_head_only, asked.fields);
        page.note();
        Some(page.answer(asked.fields, coding).clone())
    }
}

#[cfg(test)]
mod tests;
