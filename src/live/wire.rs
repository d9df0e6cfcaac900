//! A cursor on its way to a socket: the bytes of one client's event stream.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

use super::company::Company;
use super::cursor::{Reset, Start};
use super::follower::Follower;
use super::herald::Membership;
use super::listener::{Listener, Progress};
use super::timing::{next_ping, random_between};
use super::{Counted, sse};
use crate::model::id::EventId;
use crate::store::faults;

/// Milliseconds within which the client of a stream that has lasted its time comes back.
const SOON: u64 = 250;

/// A filtered stream tells its client the cursor after this many events that were not for it.
pub(super) const SILENT_AT_MOST: i64 = 512;

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
/// it has lasted its time. Once its listener is connected to the socket that they are for, news goes there straight while
/// the stream waits. The owner's has none: nobody can bring it news.
pub fn stream(
    follower: Follower,
    start: Start,
    terms: Terms,
) -> (
    impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    Option<Arc<Listener>>,
) {
    let wire = Wire::new(follower, start, terms);
    let member = wire.membership.as_ref();
    let listener = member.map(|member| member.listener.clone());
    let bytes = stream::unfold(wire, |mut wire| async move {
        wire.next().await.map(|bytes| (Ok(bytes), wire))
    });
    (bytes, listener)
}

/// A follower on its way to a socket.
struct Wire {
    follower: Follower,
    /// Where it stands by while it waits, if anyone can bring it news.
    membership: Option<Membership>,
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
            membership: follower.live.heralds.listen(follower.topic),
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

    /// Waits for something to say. Who is a member stands by meanwhile, and comes back to where it was brought.
    async fn wait(&mut self) -> Woken {
        if !self.stand_by() {
            return Woken::Grown;
        }
        let woken = tokio::select! {
            () = growth(&self.membership, &mut self.follower) => Woken::Grown,
            () = self.alarm.as_mut() => Woken::Alarm,
            frame = news_of(&mut self.company) => Woken::Passing(frame),
            _ = self.stop.wait_for(|stop| *stop) => Woken::Stop,
        };
        self.step_back();
        woken
    }

    /// Stands by, if it can; whether there is anything to wait for, because it is not behind already.
    fn stand_by(&self) -> bool {
        let Some(member) = &self.membership else {
            return true;
        };
        let progress = Progress {
            after: self.follower.after,
            told: self.told,
        };
        let is_behind = || self.follower.live.ring().last() > progress.after;
        member.listener.stand_by(progress, is_behind)
    }

    fn step_back(&mut self) {
        if let Some(member) = &self.membership {
            let brought = member.listener.step_back();
            (self.follower.after, self.told) = (brought.after, brought.told);
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

/// Resolves when there is something to look for: a member is nudged, and who is none listens for it.
async fn growth(membership: &Option<Membership>, follower: &mut Follower) {
    match membership {
        Some(member) => member.listener.nudged().await,
        None => follower.grown().await,
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
    use crate::live::tests::Followed;
    use crate::model::cursor::Cursor;
    use crate::model::topic::Topic;

    #[tokio::test]
    async fn a_stream_that_has_lasted_its_time_says_when_to_come_back_and_ends() {
        let blog = Followed::new();
        let (live, store) = (blog.live.clone(), blog.store.clone());
        let cursor = Cursor::parse(None, None, None);
        let started = Follower::start(live, store, Topic::Site(None), cursor).await;
        let (follower, start) = started.unwrap();
        let terms = Terms {
            company: None,
            issued: Some("1.ab".into()),
            life: Duration::ZERO,
        };
        let (stream, _) = stream(follower, start, terms);
        let blocks: Vec<_> = stream.collect().await;
        let text = |block: &io::Result<Bytes>| {
            String::from_utf8(block.as_ref().unwrap().to_vec()).unwrap()
        };
        assert!(text(&blocks[0]).contains("\"issued\":\"1.ab\""));
        let bye = text(blocks.last().unwrap());
        assert!(
            bye.starts_with("event: bye\n") && bye.contains("renewal"),
            "{bye}"
        );
    }
}
