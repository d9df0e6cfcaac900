//! Looks after the blog every few seconds: what nobody meets by itself is noted here, and what is over is said to be over.
//!
//! The writer and the readers note what is in their way. Here is asked for the rest: room on the disk, backups, the length
//! of the write-ahead log, the clock. While writing is refused, here it is tried, so that a disk that has room again is
//! known before the next visitor comes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use crate::backup::{Keeper, length};
use crate::error::Result;
use crate::live::Live;
use crate::model::backup::Standing;
use crate::model::fault::Fault;
use crate::model::time::Timestamp;
use crate::store::identity::Beginning;
use crate::store::snapshot::beside;
use crate::store::{Store, log, settings};
use crate::web::server::Gauge;

/// How often to look.
const EVERY: Duration = Duration::from_secs(2);

/// Bytes that the write-ahead log may have. Source: security, section 8.
const LARGE: u64 = 64 << 20;

/// How far the newest event may lie ahead of the clock, in milliseconds: small corrections are no fault.
const AHEAD: i64 = 60_000;

/// How long a server may take after its start to make the backup that was missed while none ran.
const CATCHES_UP: Duration = Duration::from_secs(10 * 60);

/// By how much the clock must have been set for that to be told, in milliseconds.
const SET_BY: i64 = 60_000;

/// Looks until `stop`.
pub async fn run(
    store: Arc<Store>,
    keeper: Arc<Keeper>,
    live: Arc<Live>,
    gauge: Gauge,
    mut stop: watch::Receiver<bool>,
) {
    let mut clock = Clock::new();
    let beginning = Beginning::of(store.path()).ok();
    let begun = Instant::now();
    while !*stop.borrow() {
        look(&store, &keeper, &live, &gauge, begun.elapsed() > CATCHES_UP).await;
        clock.check();
        if beginning.as_ref().is_some_and(Beginning::is_overwritten) {
            let cause = "it does not begin as a file that is served";
            store.faults().note(Fault::Overwritten, cause);
        }
        if timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

/// Looks once; `is_settled` if the server has had the time to make good what was missed before it was started.
async fn look(store: &Store, keeper: &Arc<Keeper>, live: &Live, gauge: &Gauge, is_settled: bool) {
    let faults = store.faults();
    if !store.is_in_place() {
        faults.note(Fault::Gone, "another file, or none, has its name");
    }
    let keeper = keeper.clone();
    // What cannot be read is noted by the reading itself.
    if let Ok((newest, standing)) = store
        .read(move |conn| Ok((log::head(conn)?.at, keeper.standing())))
        .await
    {
        let now = Timestamp::now();
        let is_behind = newest > now.plus(AHEAD);
        let cause = || format!("the newest event is of {}", newest.rfc3339());
        faults.set(Fault::ClockBehind, is_behind.then(cause));
        let word = standing.word(now);
        let because = |is: &str| (word == is).then(|| "see what is said of backups".into());
        faults.set(Fault::BackupFailed, because("failed"));
        faults.set(Fault::BackupStale, because("stale").filter(|_| is_settled));
        faults.set(Fault::SpaceLow, little_room(&standing));
        live.tell_of_keeping(standing);
    }
    faults.set(Fault::LogLarge, large_log(store));
    faults.set(Fault::Crowded, gauge.trouble());
    faults.end_quiet();
    if faults.is_refusing() && faults.stopping().is_none() {
        // Whatever comes of it is noted by the writer.
        drop(store.write(touch).await);
    }
}

/// Writes something that changes nothing.
fn touch(tx: &crate::store::Tx) -> Result<()> {
    match settings::get(tx, "form_key")? {
        Some(key) => settings::set(tx, "form_key", &key),
        None => Ok(()),
    }
}

fn little_room(standing: &Standing) -> Option<String> {
    let free = standing.free.filter(|_| standing.is_short_of_room())?;
    Some(format!("{} MiB are free", free >> 20))
}

fn large_log(store: &Store) -> Option<String> {
    let length = length(&beside(store.path(), "-wal"));
    (length > LARGE).then(|| format!("it has {} MiB", length >> 20))
}

/// The clock that people read, beside one that nobody can set.
struct Clock {
    shown: Timestamp,
    at: Instant,
}

impl Clock {
    fn new() -> Clock {
        Clock {
            shown: Timestamp::now(),
            at: Instant::now(),
        }
    }

    /// Says that the clock was set, if it was since the last time.
    fn check(&mut self) {
        let passed = i64::try_from(self.at.elapsed().as_millis()).unwrap_or(i64::MAX);
        let now = Clock::new();
        let set_by = now.shown.0 - self.shown.plus(passed).0;
        if set_by.abs() >= SET_BY {
            let (seconds, way) = (
                set_by.abs() / 1_000,
                if set_by < 0 { "back" } else { "forward" },
            );
            tracing::warn!("the clock of this machine was set {way} by {seconds} s");
        }
        *self = now;
    }
}
