//! The pages in memory before a site of one counter: it answers every path with the newest event and how often it was asked.

use std::sync::atomic::{AtomicBool, AtomicI64};
use std::time::Duration;

use futures_util::future::join_all;
use poem::http::{StatusCode, Version};
use poem::{Body, endpoint};
use tokio::sync::Semaphore;

use super::*;
use crate::model::concern::{Concern, Reach};
use crate::model::id::{EventId, PostId};
use crate::model::time::Timestamp;
use crate::visits::Visits;

/// A log, and a site that shows its head; it answers as often as it has leave to.
struct World {
    changes: Arc<Changes>,
    head: AtomicI64,
    made: AtomicU64,
    leave: Semaphore,
    panics: AtomicBool,
}

impl World {
    fn new() -> Arc<World> {
        Arc::new(World {
            changes: Arc::default(),
            head: AtomicI64::new(0),
            made: AtomicU64::new(0),
            leave: Semaphore::new(Semaphore::MAX_PERMITS),
            panics: AtomicBool::new(false),
        })
    }

    /// Something happens to a post.
    fn happens(&self, post: i64) {
        let id = self.head.fetch_add(1, Ordering::SeqCst) + 1;
        self.changes.note(EventId(id), Reach::Post(PostId(post)));
    }

    /// Has the site wait with its answers.
    fn hold(&self) {
        self.leave.forget_permits(Semaphore::MAX_PERMITS);
    }

    async fn page(self: Arc<World>, req: Request) -> poem::Result<Response> {
        self.made.fetch_add(1, Ordering::SeqCst);
        let (as_of, path) = (self.head.load(Ordering::SeqCst), req.uri().path());
        let post = path.rsplit('/').next().and_then(|word| word.parse().ok());
        assert!(!req.headers().contains_key(header::ACCEPT_ENCODING));
        let mut answer = Response::builder().body(format!("{as_of} {}", "x".repeat(2_000)));
        if path == "/missing" {
            answer.set_status(StatusCode::NOT_FOUND);
        }
        answer.set_data(Lasting {
            as_of: EventId(as_of),
            concern: post.map_or(Concern::Lists, |post| Concern::Post(PostId(post))),
            until: (req.uri().query() == Some("entries=9")).then(Timestamp::now),
        });
        self.leave.acquire().await.unwrap().forget();
        assert!(!self.panics.swap(false, Ordering::SeqCst), "on purpose");
        Ok(answer)
    }

    fn front(
        self: &Arc<World>,
        room: usize,
    ) -> Arc<Front<impl Endpoint<Output = Response> + use<>>> {
        let world = self.clone();
        let site = endpoint::make(move |req| world.clone().page(req));
        let pages = Arc::new(Pages::with_room(self.changes.clone(), room));
        let counter = Counter::new(Some(Arc::<Visits>::default()), "http://blog.example");
        Arc::new(Front::new(site, pages, counter))
    }

    fn made(&self) -> u64 {
        self.made.load(Ordering::SeqCst)
    }
}

fn asked(path: &str) -> Request {
    let uri = path.parse().unwrap();
    let req = Request::builder().uri(uri).version(Version::HTTP_11);
    req.header("host", "blog.example").finish()
}

async fn text(answer: Response) -> String {
    answer.into_body().into_string().await.unwrap()
}

/// The head of the log that the page shows.
async fn head(front: &Front<impl Endpoint<Output = Response>>, path: &str) -> i64 {
    let text = text(front.call(asked(path)).await.unwrap()).await;
    text.split(' ').next().unwrap().parse().unwrap()
}

/// The coding in which a page comes to whoever accepts these.
async fn coding(front: &Front<impl Endpoint<Output = Response>>, accepted: &'static str) -> String {
    let mut req = asked("/posts/1");
    let value = header::HeaderValue::from_static(accepted);
    req.headers_mut().insert(header::ACCEPT_ENCODING, value);
    let answer = front.call(req).await.unwrap();
    answer
        .header(header::CONTENT_ENCODING)
        .unwrap_or_default()
        .into()
}

#[tokio::test]
async fn a_page_is_made_once_until_something_happens_to_what_it_shows() {
    let world = World::new();
    let front = world.front(ROOM);
    for _ in 0..5 {
        assert_eq!(head(&front, "/posts/1").await, 0);
    }
    assert_eq!((head(&front, "/posts/2").await, world.made()), (0, 2));
    world.happens(1);
    assert_eq!(head(&front, "/posts/1").await, 1);
    assert_eq!(head(&front, "/posts/2").await, 0, "nothing happened to it");
    assert_eq!(world.made(), 3);
    world.changes.note_unrecorded();
    assert_eq!(head(&front, "/posts/2").await, 1);
    let figures = front.pages.figures();
    assert_eq!((figures.hits, figures.misses, figures.pages), (5, 4, 2));
}

#[tokio::test]
async fn a_page_that_many_ask_for_at_once_is_made_once() {
    let world = World::new();
    let front = world.front(ROOM);
    world.hold();
    let all = (0..50).map(|_| head(&front, "/posts/1"));
    let release = async { world.leave.add_permits(1) };
    let (heads, ()) = tokio::join!(join_all(all), release);
    assert_eq!((heads, world.made()), (vec![0; 50], 1));
    assert_eq!(front.pages.figures().waits, 49);
}

#[tokio::test]
async fn whoever_asks_after_a_change_is_never_given_a_page_that_was_begun_before_it() {
    let world = World::new();
    let front = world.front(ROOM);
    world.hold();
    let early = head(&front, "/posts/1");
    let late = async {
        world.happens(1); // while the page is being made
        let late = head(&front, "/posts/1");
        let release = async { world.leave.add_permits(2) };
        tokio::join!(late, release).0
    };
    let (early, late) = tokio::join!(early, late);
    assert_eq!((early, late, world.made()), (0, 1, 2));
}

#[tokio::test]
async fn a_maker_who_leaves_or_panics_leaves_the_turn_to_the_next() {
    let world = World::new();
    let front = world.front(ROOM);
    world.hold();
    let first = tokio::time::timeout(Duration::ZERO, head(&front, "/posts/1"));
    assert!(first.await.is_err(), "the first one left");
    world.leave.add_permits(1);
    world.panics.store(true, Ordering::SeqCst);
    let second = tokio::spawn({
        let front = front.clone();
        async move { head(&front, "/posts/1").await }
    });
    assert!(second.await.is_err(), "the second one panicked");
    world.leave.add_permits(1);
    assert_eq!((head(&front, "/posts/1").await, world.made()), (0, 3));
}

#[tokio::test]
async fn what_is_not_kept_is_answered_to_each_and_nobody_waits_for_it_in_turn() {
    let world = World::new();
    let front = world.front(ROOM);
    world.hold();
    let all = join_all((0..4).map(|_| front.call(asked("/missing"))));
    let release = async { world.leave.add_permits(4) };
    let (answers, ()) = tokio::join!(all, release);
    for answer in answers {
        assert_eq!(answer.unwrap().status(), StatusCode::NOT_FOUND);
    }
    assert_eq!((world.made(), front.pages.figures().pages), (4, 0));
}

#[tokio::test]
async fn ten_thousand_addresses_take_no_more_room_than_there_is() {
    let world = World::new();
    let front = world.front(200_000);
    for post in 0..10_000 {
        let path = format!("/posts/{post}?comments={}&utm={post}", post + 1);
        let mut req = asked(&path);
        let codings = ["gzip, br", "gzip", "identity"];
        let coding = codings[post % 3].parse().unwrap();
        req.headers_mut().insert(header::ACCEPT_ENCODING, coding);
        front.call(req).await.unwrap();
        head(&front, "/posts/1").await;
        let figures = front.pages.figures();
        assert!(
            figures.bytes <= 200_000 && figures.pages < 40,
            "{figures:?}"
        );
    }
    let figures = front.pages.figures();
    assert_eq!(
        world.made(),
        10_001,
        "what is asked for again and again stays"
    );
    assert!(figures.pages > 20, "{figures:?}");
    assert_eq!(front.pages.shelf().making(), 0);
}

#[tokio::test]
async fn each_coding_is_made_once_and_known_by_its_tag() {
    let world = World::new();
    let front = world.front(ROOM);
    let mut tags = Vec::new();
    for coding in ["", "gzip", "br", "zstd"] {
        let ask = |tag: Option<&str>| {
            let mut req = asked("/posts/1");
            req.headers_mut()
                .insert(header::ACCEPT_ENCODING, coding.parse().unwrap());
            if let Some(tag) = tag {
                req.headers_mut()
                    .insert(header::IF_NONE_MATCH, tag.parse().unwrap());
            }
            front.call(req)
        };
        let mut answer = ask(None).await.unwrap();
        let named = answer.header(header::CONTENT_ENCODING).unwrap_or_default();
        assert_eq!(named, coding);
        let tag = answer.header(header::ETAG).unwrap().to_owned();
        let body: Body = answer.take_body();
        let bytes = body.into_vec().await.unwrap();
        assert_eq!(bytes.len() < 100, !coding.is_empty(), "{}", bytes.len());
        let mut known = ask(Some(&tag)).await.unwrap();
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(known.header(header::ETAG), Some(&*tag));
        assert!(known.take_body().into_vec().await.unwrap().is_empty());
        assert_eq!(ask(Some("\"other\"")).await.unwrap().status(), 200);
        tags.push(tag);
    }
    assert_eq!(world.made(), 1);
    assert_eq!(tags[1], format!("W/{}", tags[0]));
    assert!(tags[1] == tags[2] && tags[1] == tags[3]);
}

#[tokio::test]
async fn a_page_is_sent_at_first_as_it_is_made_the_quickest_and_later_as_it_is_the_smallest() {
    const BROWSER: &str = "gzip, deflate, br, zstd";
    let world = World::new();
    let front = world.front(ROOM);
    assert_eq!(coding(&front, "gzip, deflate, br").await, "gzip");
    assert_eq!(coding(&front, BROWSER).await, "zstd");
    while coding(&front, BROWSER).await != "br" {
        sleep(REST).await;
    }
    assert_eq!(coding(&front, "gzip, deflate, br").await, "br");
    assert_eq!(coding(&front, "zstd, gzip").await, "zstd");
    assert_eq!(world.made(), 1);
}

#[tokio::test]
async fn a_page_that_has_changed_meanwhile_is_not_made_smaller() {
    let world = World::new();
    let front = world.front(ROOM);
    head(&front, "/posts/1").await;
    let page = front.pages.fresh("/posts/1").unwrap();
    world.happens(1);
    improve(
        front.pages.clone(),
        "/posts/1".into(),
        page.clone(),
        Coding::Brotli,
    )
    .await;
    assert!(!page.has(Coding::Brotli));
}

#[tokio::test]
async fn a_page_whose_time_is_over_is_made_again() {
    let world = World::new();
    let front = world.front(ROOM);
    for made in 1..4 {
        head(&front, "/posts/1?entries=9").await;
        assert_eq!(world.made(), made);
    }
}
