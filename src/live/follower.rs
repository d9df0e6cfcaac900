//! One client's way along the log: a cursor that waits for more, and the stream of bytes that it becomes.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use rusqlite::Connection;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::company::Company;
use super::cursor::{Reset, Start, resolve};
use super::frame::{Frame, Studio};
use super::timing::{next_ping, random_between};
use super::{Counted, Live, desk, sse};
use crate::error::{Error, Result};
use crate::model::cursor::Cursor;
use crate::model::id::EventId;
use crate::model::time::Timestamp;
use crate::model::topic::Topic;
use crate::store::{Store, faults, log, sessions};

/// Events handed out at once: a client that is far behind gets on in pages, from the ring and from the log alike.
const PAGE: usize = 128;

/// How long the tailer may take to read what was just committed.
const TAILER_WITHIN: Duration = Duration::from_secs(5);

/// How long a copy may take to catch up with a client that has seen more. Shorter than a page waits for its first block.
const COPY_WITHIN: Duration = Duration::from_secs(5);

/// How often an owner's stream without news looks whether its session lasts. With news it always looks first.
const SESSION_EVERY: Duration = Duration::from_secs(1);

/// Milliseconds within which the client of a stream that has lasted its time comes back.
const SOON: u64 = 250;

/// A filtered stream tells its client the cursor after this many events that were not for it.
const SILENT_AT_MOST: i64 = 512;

/// A cursor on one topic.
pub struct Follower {
    live: Arc<Live>,
    store: Arc<Store>,
    topic: Topic,
    bell: watch::Receiver<EventId>,
    /// Everything up to here has been handed out.
    pub after: EventId,
}

/// What a follower found.
pub struct Batch {
    /// In the order of the log.
    pub frames: Vec<Arc<Frame>>,
    /// Whether there may be more at once.
    pub more: bool,
    /// Whether the owner's session is over, and with it the stream.
    pub signed_out: bool,
}

impl Follower {
    /// A follower at the place where `cursor` continues, and that place.
    pub async fn start(
        live: Arc<Live>,
        store: Arc<Store>,
        topic: Topic,
        cursor: Cursor,
    ) -> Result<(Follower, Start)> {
        // Subscribed before the log is asked, so that a commit between the two is not missed.
        let bell = live.bell(&topic);
        // What this process has already answered for must be in the ring: a text whose deletion was confirmed must
        // not be replayed by it. The tailer is that far within a moment; the log itself is always right.
        if !live.reaches(store.committed(), TAILER_WITHIN).await {
            return Err(Error::Unavailable(
                "the log is not read fast enough; please try again",
            ));
        }
        // A client that comes from another machine may be ahead of a copy. If it stays so, it is told below.
        if let Cursor::After(after, _) = cursor
            && store.is_copy()
        {
            live.reaches(after, COPY_WITHIN).await;
        }
        let start = match live.resume(&topic, cursor) {
            Some(start) => start,
            None => {
                store
                    .read(move |conn| resolve(conn, &topic, cursor))
                    .await?
            }
        };
        Ok((
            Follower {
                live,
                store,
                topic,
                bell,
                after: start.after,
            },
            start,
        ))
    }

    /// What is there now, from the ring or, further back, from the log. The owner's frames are made for each of the few
    /// windows of the desk from the log itself, so that the ring holds nothing that others must not see.
    ///
    /// Errors: what reading the log answers.
    pub async fn now(&mut self) -> Result<Batch> {
        self.bell.mark_unchanged(); // before the look, so that a commit during it is not missed
        let topic = self.topic;
        let found = match topic {
            Topic::Owner(_) => None,
            _ => self.live.ring().after(&topic, self.after, PAGE),
        };
        if let Some((frames, scanned)) = found {
            self.after = scanned;
            let more = frames.len() == PAGE;
            return Ok(Batch {
                frames,
                more,
                signed_out: false,
            });
        }
        let after = self.after;
        let read = self.store.read(move |conn| from_log(conn, &topic, after));
        let Some((frames, scanned, more)) = read.await? else {
            return Ok(Batch {
                frames: Vec::new(),
                more: false,
                signed_out: true,
            });
        };
        self.after = scanned.max(after);
        Ok(Batch {
            frames,
            more,
            signed_out: false,
        })
    }

    /// Waits until the log has grown since the last look, or until the owner's session must be looked at.
    pub async fn grown(&mut self) {
        tokio::select! {
            changed = self.bell.changed() => if changed.is_err() {
                std::future::pending::<()>().await; // the tailer has stopped, and so will the server
            },
            () = sleep(SESSION_EVERY), if self.topic.is_owners() => {}
        }
    }
}

/// Frames, the event up to which that looked, and whether there may be more.
type Found = (Vec<Arc<Frame>>, EventId, bool);

/// A page of the log after the cursor; `None` if it is for a session of the owner that is over.
fn from_log(conn: &Connection, topic: &Topic, after: EventId) -> Result<Option<Found>> {
    if let Topic::Owner(session) = topic
        && !sessions::lasts(conn, *session, Timestamp::now())?
    {
        return Ok(None);
    }
    let studio = Studio::of(conn)?;
    let render = |event| match topic {
        Topic::Owner(_) => desk::render(conn, event),
        _ => studio.render(event),
    };
    let events = log::after(conn, topic, after, PAGE as i64)?;
    let more = events.len() == PAGE;
    let scanned = match events.last() {
        Some(last) if more => last.id,
        _ => log::head(conn)?.id,
    };
    let frames = events.iter().map(|event| Arc::new(render(event)));
    let frames = frames.filter(|frame| frame.is_for(topic)).collect();
    Ok(Some((frames, scanned, more)))
}

/// What a stream is opened with, beside its cursor.
pub struct Terms {
    /// What it is told in passing: of the readers of the post, if they are counted; the owner, of the whole house.
    pub company: Option<Company>,
    /// A fresh time for the forms of the page that asks, if it has any.
    pub issued: Option<String>,
    /// How long it lasts.
    pub life: Duration,
}

/// The bytes of one client's event stream: `hello`, what was missed, then live until the client or the server goes, or
/// it has lasted its time.
pub fn stream(
    follower: Follower,
    start: Start,
    terms: Terms,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let wire = Wire::new(follower, start, terms);
    stream::unfold(wire, |mut wire| async move {
        wire.next().await.map(|bytes| (Ok(bytes), wire))
    })
}

/// A follower on its way to a socket.
struct Wire {
    follower: Follower,
    stop: watch::Receiver<bool>,
    waiting: VecDeque<Bytes>,
    /// The newest cursor that the client was told.
    told: EventId,
    /// Whether the log must be looked at before waiting.
    look: bool,
    /// When it pings, or when it has lasted its time. The same one again and again: a timer that is set for every event anew
    /// costs more than the event.
    alarm: Pin<Box<Sleep>>,
    /// When it has lasted its time.
    over: Instant,
    ended: bool,
    /// What it is told in passing: of the readers of the post, if they are counted; the owner, of the whole house.
    company: Option<Company>,
    _counted: Counted,
}

/// What a stream without news waits for.
enum Woken {
    Grown,
    Alarm,
    Passing(Bytes),
    Stop,
}

impl Wire {
    fn new(follower: Follower, start: Start, terms: Terms) -> Wire {
        let retry = random_between(1_000, 5_000);
        let hello = sse::hello(start.head, start.resumed, start.missed, retry, terms.issued);
        let mut waiting = VecDeque::from([hello]);
        waiting.extend(start.reset_data().map(|data| sse::passing("reset", &data)));
        // A client without a cursor, or with a useless one, learns here where it stands.
        let told = if start.resumed {
            start.after
        } else {
            EventId::ZERO
        };
        let (stop, counted) = (follower.live.stop.clone(), Counted::new(&follower.live));
        let over = Instant::now() + terms.life;
        Wire {
            told,
            stop,
            waiting,
            look: true,
            alarm: Box::pin(sleep_until(next_ping().min(over))),
            over,
            ended: false,
            company: terms.company,
            _counted: counted,
            follower,
        }
    }

    /// The next bytes to send; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.waiting.pop_front() {
                return Some(bytes);
            }
            if self.ended {
                return None;
            }
            if *self.stop.borrow() {
                self.farewell();
            } else if self.look {
                self.advance().await?;
            } else {
                match self.wait().await {
                    Woken::Grown => self.look = true,
                    Woken::Alarm if Instant::now() >= self.over => {
                        self.say_bye("renewal", random_between(0, SOON));
                    }
                    Woken::Alarm => {
                        self.advance().await?; // no news may have come without waking it, and yet it is further on
                        self.still_here();
                    }
                    Woken::Passing(frame) => self.waiting.push_back(frame),
                    Woken::Stop => self.farewell(),
                }
            }
        }
    }

    async fn wait(&mut self) -> Woken {
        tokio::select! {
            () = self.follower.grown() => Woken::Grown,
            () = self.alarm.as_mut() => Woken::Alarm,
            frame = news_of(&mut self.company) => Woken::Passing(frame),
            _ = self.stop.wait_for(|stop| *stop) => Woken::Stop,
        }
    }

    async fn advance(&mut self) -> Option<()> {
        let batch = match self.follower.now().await {
            Ok(batch) => batch,
            Err(error) => {
                // The client comes back with its cursor, so there is nothing to repair.
                if faults::kind(&error).is_none() {
                    tracing::error!("a stream ended, the log cannot be read: {error}");
                }
                return None;
            }
        };
        if batch.signed_out {
            let head = self.follower.live.head();
            self.waiting
                .push_back(sse::passing("reset", &Reset::Auth.data(head)));
            self.ended = true;
            return Some(());
        }
        self.look = batch.more;
        if let Some(last) = batch.frames.last() {
            self.told = last.event.id;
        }
        self.waiting
            .extend(batch.frames.iter().filter_map(|frame| frame.block()));
        if self.follower.after.0 - self.told.0 >= SILENT_AT_MOST || self.told == EventId::ZERO {
            self.checkpoint();
        }
        Some(())
    }

    fn still_here(&mut self) {
        self.checkpoint();
        self.waiting.push_back(sse::passing(
            "ping",
            &json!({ "head": self.follower.live.head() }),
        ));
        self.alarm.as_mut().reset(next_ping().min(self.over));
    }

    /// Tells the client how far it has come, if that is news.
    fn checkpoint(&mut self) {
        if self.told < self.follower.after {
            self.told = self.follower.after;
            self.waiting.push_back(sse::checkpoint(self.told));
        }
    }

    /// Says when to come back, spread so that not everyone does at once.
    fn farewell(&mut self) {
        let spread = 500 + (self.follower.live.leaving() as u64 / 2).min(10_000);
        self.say_bye("restart", random_between(250, 250 + spread));
    }

    fn say_bye(&mut self, reason: &str, after: u64) {
        let data = json!({ "reason": reason, "after": after });
        self.waiting.push_back(sse::passing("bye", &data));
        self.ended = true;
    }
}

/// The next of what is told in passing; never, where nothing is.
async fn news_of(company: &mut Option<Company>) -> Bytes {
    match company {
        Some(company) => company.changed().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;
    use crate::store::tests::store;

    #[tokio::test]
    async fn a_stream_that_has_lasted_its_time_says_when_to_come_back_and_ends() {
        let (store, _folder) = store();
        let store = Arc::new(store);
        let (stop, stopped) = watch::channel(false);
        let (live, tailer) = Live::start(&store, stopped).unwrap();
        let topic = Topic::Site(None);
        let cursor = Cursor::parse(None, None, None);
        let (follower, start) = Follower::start(live, store.clone(), topic, cursor)
            .await
            .unwrap();
        let terms = Terms {
            company: None,
            issued: Some("1.ab".into()),
            life: Duration::ZERO,
        };
        let blocks: Vec<_> = stream(follower, start, terms).collect().await;
        let text = |block: &io::Result<Bytes>| {
            String::from_utf8(block.as_ref().unwrap().to_vec()).unwrap()
        };
        assert!(text(&blocks[0]).contains("\"issued\":\"1.ab\""));
        let bye = text(blocks.last().unwrap());
        assert!(
            bye.starts_with("event: bye\n") && bye.contains("renewal"),
            "{bye}"
        );
        stop.send_replace(true);
        drop(store);
        tailer.join().unwrap();
    }
}
