//! What a running blog does by itself: welcome its owner, publish what is due, trim the log, size pictures, keep backups.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

use crate::backup::Keeper;
use crate::darkroom::develop::variants;
use crate::error::{Error, Result};
use crate::live::Live;
use crate::model::id::EventId;
use crate::model::post::{Discussion, NewPost, PostKind, Status};
use crate::model::time::Timestamp;
use crate::renewal;
use crate::store::comments::discarded;
use crate::store::{Store, Tx, bans, clients, log, media, posts, settings, views};
use crate::text::markdown;
use crate::visits::Visits;

/// How long it is believed that the log tells of everything there is to do.
const ASK_ANYWAY: Duration = Duration::from_secs(60);

/// When it is worth asking the file again what there is to do: it gives the same answer until something other than talk is
/// in the log.
struct Errand {
    matters: watch::Receiver<EventId>,
    asked: Option<Instant>,
}

impl Errand {
    fn of(live: &Live) -> Errand {
        Errand {
            matters: live.matters(),
            asked: None,
        }
    }

    /// Whether to ask now. Whoever does so and is not done says so by [`Errand::goes_on`].
    fn is_due(&mut self) -> bool {
        let is_due = is_time(self.asked, ASK_ANYWAY) || self.matters.has_changed().unwrap_or(false);
        if is_due {
            self.matters.mark_unchanged(); // before the file is asked, so that what comes then is not missed
            self.asked = Some(Instant::now());
        }
        is_due
    }

    fn goes_on(&mut self) {
        self.asked = None;
    }
}

/// The post that a new blog opens with.
const WELCOME: &str = include_str!("../templates/welcome.md");

/// How often to look for posts whose time has come, and how often to trim.
const DUE_EVERY: Duration = Duration::from_millis(500);
/// How often what was read is written down.
const COUNT_EVERY: Duration = Duration::from_secs(3);
const TRIM_EVERY: Duration = Duration::from_secs(60 * 60);

/// The rest between two pictures: sizing leaves a small machine to its readers at least half of the time.
const BREATH: Duration = Duration::from_millis(50);

/// How often to ask whether a backup is due, and how long one that is being made may hold up the end.
const BACKUP_EVERY: Duration = Duration::from_secs(60);
const LEAVE: Duration = Duration::from_secs(1);

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
        comments_open: None,
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

/// Brings up to date what an earlier version of the program made, then publishes, trims and counts until `stop`. A failure
/// is logged and tried again at the next turn.
pub async fn run(
    store: Arc<Store>,
    live: Arc<Live>,
    visits: Arc<Visits>,
    mut stop: watch::Receiver<bool>,
) {
    let (mut errand, mut due) = (Errand::of(&live), None);
    if let Err(error) = renewal::run(&store).await {
        tracing::error!("what an earlier version rendered stays as it is: {error}");
    }
    let mut trimmed: Option<Instant> = None;
    let mut forgotten: Option<Instant> = None;
    let mut counted = Instant::now();
    loop {
        if let Err(error) = publish_due(&store, &mut errand, &mut due).await {
            errand.goes_on();
            complain(&store, "scheduled posts cannot be published", &error);
        }
        if is_time(trimmed, TRIM_EVERY) {
            // A batch in each turn, so that neither a visitor nor a post that is due waits behind all of them.
            match store.write(log::trim).await {
                Ok(0) => trimmed = Some(Instant::now()),
                Ok(_) => {}
                Err(error) => {
                    trimmed = Some(Instant::now());
                    complain(&store, "the log cannot be trimmed", &error);
                }
            }
        }
        if is_time(forgotten, TRIM_EVERY) {
            forgotten = Some(Instant::now());
            if let Err(error) = forget(&store).await {
                complain(
                    &store,
                    "what was kept for a while only stays for now",
                    &error,
                );
            }
        }
        let stopping = *stop.borrow();
        if stopping || counted.elapsed() >= COUNT_EVERY {
            counted = Instant::now();
            if let Err(error) = write_down(&store, &visits).await {
                complain(&store, "views cannot be counted", &error);
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

fn is_time(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}

/// Says in the log what could not be done, unless it is known already why nothing can.
fn complain(store: &Store, what: &str, error: &Error) {
    let faults = store.faults();
    let is_known = faults.is_refusing() || faults.stopping().is_some();
    if !(is_known && matches!(error, Error::Unavailable(_))) {
        tracing::error!("{what}: {error}");
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

/// Publishes what is due; `due` is when the next post is, as the file said when it was asked last.
async fn publish_due(
    store: &Store,
    errand: &mut Errand,
    due: &mut Option<Timestamp>,
) -> Result<()> {
    if errand.is_due() {
        *due = store.read(posts::next_due).await?;
    }
    if due.is_some_and(|due| due <= Timestamp::now()) {
        store.write(posts::publish_due).await?;
        errand.goes_on();
    }
    Ok(())
}

/// Makes the smaller sizes of pictures that came without them, one after the other, until `stop`. What is done is in
/// the file, so that the next start goes on where this one ended. A picture that cannot be read is served whole.
pub async fn size_pictures(store: Arc<Store>, live: Arc<Live>, mut stop: watch::Receiver<bool>) {
    let mut errand = Errand::of(&live);
    while !*stop.borrow() {
        let pause = match errand.is_due() {
            false => DUE_EVERY,
            true => match size_one(&store).await {
                Ok(true) => {
                    errand.goes_on();
                    BREATH
                }
                Ok(false) => DUE_EVERY,
                Err(error) => {
                    complain(&store, "pictures cannot be sized", &error);
                    TRIM_EVERY
                }
            },
        };
        if timeout(pause, stop.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

/// Sizes one picture; whether there was one to size.
async fn size_one(store: &Store) -> Result<bool> {
    let Some((hash, mime, bytes)) = store.read(media::unsized_one).await? else {
        return Ok(false);
    };
    let sizes = spawn_blocking(move || variants(&mime, &bytes)).await;
    let sizes = match sizes {
        Ok(Ok(sizes)) => sizes,
        Ok(Err(refusal)) => {
            tracing::warn!("the picture {hash} is served whole: {refusal}");
            Vec::new()
        }
        Err(_) => Vec::new(), // the decoder's panic is in the log
    };
    let write = move |tx: &Tx| media::add_sizes(tx, &hash, &sizes);
    store.write(write).await?;
    Ok(true)
}

/// Lets go of what was kept for a while only: deleted comments, bans that are over, and where comments came from.
async fn forget(store: &Store) -> Result<()> {
    while store.write(discarded::forget).await? > 0 {}
    store.write(bans::forget).await?;
    store.write(clients::forget).await.map(drop)
}

/// Makes a backup whenever one is due, until `stop`. One that is being made then is called off.
pub async fn back_up(store: Arc<Store>, keeper: Arc<Keeper>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let asked = keeper.clone();
        let due = store.read(move |conn| asked.is_due(conn, Timestamp::now()));
        match due.await {
            Ok(false) => {}
            Ok(true) => make_backup(&keeper, &mut stop).await,
            Err(error) => tracing::error!("whether a backup is due cannot be said: {error}"),
        }
        let pause = timeout(BACKUP_EVERY, stop.wait_for(|stop| *stop));
        if pause.await.is_ok() {
            return;
        }
    }
}

async fn make_backup(keeper: &Arc<Keeper>, stop: &mut watch::Receiver<bool>) {
    let (keeper, stopped) = (keeper.clone(), stop.clone());
    let work = spawn_blocking(move || {
        keeper.keep(&mut |_, _| match *stopped.borrow() {
            false => Ok(()),
            true => Err(Error::Unavailable("the server is stopping")),
        })
    });
    let patience = async {
        _ = stop.wait_for(|stop| *stop).await;
        sleep(LEAVE).await;
    };
    let done = tokio::select! {
        done = work => done,
        () = patience => return, // what it has copied is swept up by a later one
    };
    match done {
        Ok(Ok(kept)) => tracing::info!("backup made: {}", kept.name),
        Ok(Err(error)) => tracing::error!("no backup could be made: {error}"),
        Err(_) => {} // its panic is in the log
    }
}
