//! What a running blog does by itself: welcome its owner, publish what is due, trim the log.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::error::Result;
use crate::model::post::{Discussion, NewPost, PostKind, Status};
use crate::model::time::Timestamp;
use crate::store::{Store, Tx, log, posts, settings, views};
use crate::text::markdown;
use crate::visits::Visits;

/// The post that a new blog opens with.
const WELCOME: &str = include_str!("../templates/welcome.md");

/// How often to look for posts whose time has come, and how often to trim.
const DUE_EVERY: Duration = Duration::from_millis(500);
/// How often what was read is written down.
const COUNT_EVERY: Duration = Duration::from_secs(3);
const TRIM_EVERY: Duration = Duration::from_secs(60 * 60);

/// Gives a blog that was never written in its first post, once in its life.
///
/// Errors: what the store answers.
pub async fn welcome(store: &Store) -> Result<()> {
    if store
        .read(|conn| settings::get(conn, "welcomed"))
        .await?
        .is_some()
    {
        return Ok(());
    }
    let post = NewPost {
        kind: PostKind::Post,
        slug: "welcome".into(),
        title: "Welcome to your blog".into(),
        summary: None,
        rendered: markdown::post(WELCOME, &|_| None),
        body: WELCOME.into(),
        tags: Vec::new(),
        status: Status::Published,
        discussion: Discussion::Thread,
        lang: None,
        published_at: Some(Timestamp::now()),
        updated_at: None,
        comments_open: true,
        old_paths: Vec::new(),
        extra: "{}".into(),
    };
    let first = move |tx: &Tx| {
        settings::set(tx, "welcomed", "1")?;
        match posts::any(tx)? {
            true => Ok(()),
            false => posts::save(tx, &post).map(drop),
        }
    };
    store.write(first).await
}

/// Publishes, trims and counts until `stop`. A failure is logged and tried again at the next turn.
pub async fn run(store: Arc<Store>, visits: Arc<Visits>, mut stop: watch::Receiver<bool>) {
    let mut trimmed: Option<Instant> = None;
    let mut counted = Instant::now();
    loop {
        if let Err(error) = publish_due(&store).await {
            tracing::error!("scheduled posts cannot be published: {error}");
        }
        if trimmed.is_none_or(|last| last.elapsed() >= TRIM_EVERY) {
            trimmed = Some(Instant::now());
            if let Err(error) = trim(&store).await {
                tracing::error!("the log cannot be trimmed: {error}");
            }
        }
        let stopping = *stop.borrow();
        if stopping || counted.elapsed() >= COUNT_EVERY {
            counted = Instant::now();
            if let Err(error) = write_down(&store, &visits).await {
                tracing::error!("views cannot be counted: {error}");
            }
        }
        if stopping {
            return;
        }
        if timeout(DUE_EVERY, stop.wait_for(|stop| *stop))
            .await
            .is_ok()
        {
            continue; // once more, for what was counted last
        }
    }
}

/// Writes down what was read. What cannot be written is not counted again.
async fn write_down(store: &Store, visits: &Visits) -> Result<()> {
    let counted = visits.take();
    match counted.views.is_empty() {
        true => Ok(()),
        false => store.write(move |tx| views::add(tx, &counted)).await,
    }
}

async fn publish_due(store: &Store) -> Result<()> {
    let due = store.read(posts::next_due).await?;
    if due.is_some_and(|due| due <= Timestamp::now()) {
        store.write(posts::publish_due).await?;
    }
    Ok(())
}

/// Trims in small batches, so that no visitor waits long behind one.
async fn trim(store: &Store) -> Result<()> {
    while store.write(log::trim).await? > 0 {}
    Ok(())
}
