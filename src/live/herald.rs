//! Who brings news to the streams that stand by: a few threads, each with its share of them.
//!
//! A herald goes from stream to stream and writes the same bytes to each; what has been said meanwhile leaves together in its
//! next round. It is a thread and not a task, so that the system gives pages their turn while it is at it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::{io, thread};

use super::Live;
use super::frame::Frame;
use super::listener::{Listener, News};
use super::parcel::Parcel;
use super::wire::SILENT_AT_MOST;
use crate::model::event::Audience;
use crate::model::id::{EventId, VisitorId};
use crate::model::topic::Topic;

/// Events in one round at most.
const PAGE: usize = 64;

/// Streams between two looks at who has come or gone.
const AT_ONCE: usize = 64;

/// All heralds of a blog.
pub struct Heralds {
    shares: Vec<(Arc<Share>, SyncSender<()>)>,
    next: AtomicU64,
}

/// The streams of one herald.
#[derive(Default)]
struct Share(Mutex<HashMap<Topic, Hall>>);

/// All streams of one topic, whoever has opened them.
struct Hall {
    listeners: BTreeMap<u64, Arc<Listener>>,
    /// The newest event that those in it were told of, or were woken for.
    heard: EventId,
}

/// A stream among those of its herald, for as long as it is kept: one that stands by while it waits.
pub struct Membership {
    share: Arc<Share>,
    number: u64,
    /// The stream.
    pub listener: Arc<Listener>,
}

impl Heralds {
    /// As many as there are processors, without a thread yet: with the other ends of their bells.
    pub fn new() -> (Heralds, Vec<Receiver<()>>) {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let (bells, rung): (Vec<_>, Vec<_>) = (0..count).map(|_| sync_channel(1)).unzip();
        let shares = bells.into_iter().map(|bell| (Arc::default(), bell));
        let heralds = Heralds {
            shares: shares.collect(),
            next: AtomicU64::new(0),
        };
        (heralds, rung)
    }

    /// Starts the threads, which last as long as `live` does.
    ///
    /// Errors: the system gives no thread.
    pub fn start(live: &Arc<Live>, rung: Vec<Receiver<()>>) -> io::Result<()> {
        for ((share, _), rung) in live.heralds.shares.iter().zip(rung) {
            let (share, weak, after) = (share.clone(), Arc::downgrade(live), live.ring().last());
            let herald = thread::Builder::new().name("herald".into());
            herald.spawn(move || share.run(&rung, &weak, after))?;
        }
        Ok(())
    }

    /// Says that there is more on the ring.
    pub fn ring(&self) {
        for (_, bell) in &self.shares {
            let _ = bell.try_send(()); // one that is full has been rung
        }
    }

    /// One more stream of `topic`; `None` for one of the owner's. Every window of the desk has frames of its own, so that its
    /// stream asks for all of them itself, and a herald would have nothing to bring.
    pub fn listen(&self, topic: Topic) -> Option<Membership> {
        if topic.is_owners() {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (share, _) = &self.shares[number as usize % self.shares.len()];
        let listener = Arc::new(Listener::new(topic));
        share.admit(number, listener.clone());
        Some(Membership {
            share: share.clone(),
            number,
            listener,
        })
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let topic = self.listener.topic.of_all();
        let mut halls = self.share.halls();
        let is_empty = halls.get_mut(&topic).is_some_and(|hall| {
            hall.listeners.remove(&self.number);
            hall.listeners.is_empty()
        });
        if is_empty {
            halls.remove(&topic);
        }
    }
}

impl Share {
    fn admit(&self, number: u64, listener: Arc<Listener>) {
        let mut halls = self.halls();
        let hall = halls.entry(listener.topic.of_all());
        let hall = hall.or_insert_with(|| Hall {
            listeners: BTreeMap::new(),
            heard: EventId::ZERO,
        });
        hall.listeners.insert(number, listener);
    }

    /// The thread's life: bring what is new, wait for the bell, again.
    fn run(&self, rung: &Receiver<()>, live: &Weak<Live>, mut after: EventId) {
        while rung.recv().is_ok() {
            let Some(live) = live.upgrade() else { return };
            while live.ring().last() > after {
                after = self.advance(&live, after);
            }
        }
    }

    /// Brings the next events; the newest of them.
    fn advance(&self, live: &Live, after: EventId) -> EventId {
        let found = live.ring().newer(after, PAGE);
        let Some(frames) = found else {
            // The ring has lost some of them. The log has them all, and every stream its cursor.
            let last = live.ring().last();
            self.topics()
                .iter()
                .for_each(|(topic, _)| self.visit(topic, |listener| listener.nudge()));
            return last;
        };
        let Some(until) = frames.last().map(|frame| frame.event.id) else {
            return after;
        };
        let called = called(&frames);
        for (topic, heard) in self.topics() {
            let news = news(&topic, &frames, after, until);
            let is_due = news.is_some() || until.0 - heard.0 >= SILENT_AT_MOST;
            if is_due {
                self.note(&topic, until);
            }
            if is_due || !called.is_empty() {
                self.visit(&topic, |listener| match &news {
                    _ if listener
                        .topic
                        .viewer()
                        .is_some_and(|who| called.contains(&who)) =>
                    {
                        listener.nudge();
                    }
                    Some(news) => listener.hear(news),
                    None if is_due => listener.nudge(),
                    None => {}
                });
            }
        }
        until
    }

    /// All topics that anyone listens to, and what was heard of them.
    fn topics(&self) -> Vec<(Topic, EventId)> {
        let halls = self.halls();
        halls
            .iter()
            .map(|(topic, hall)| (*topic, hall.heard))
            .collect()
    }

    fn note(&self, topic: &Topic, heard: EventId) {
        if let Some(hall) = self.halls().get_mut(topic) {
            hall.heard = heard;
        }
    }

    /// Goes to every stream of a topic. Others may come and go meanwhile: one that comes has looked at the ring before it stands by.
    fn visit(&self, topic: &Topic, each: impl Fn(&Listener)) {
        let mut from = Unbounded;
        loop {
            let some: Vec<_> = match self.halls().get(topic) {
                Some(hall) => {
                    let rest = hall.listeners.range((from, Unbounded));
                    rest.take(AT_ONCE)
                        .map(|(number, listener)| (*number, listener.clone()))
                        .collect()
                }
                None => return,
            };
            let Some((last, _)) = some.last() else { return };
            from = Excluded(*last);
            some.iter().for_each(|(_, listener)| each(listener));
        }
    }

    fn halls(&self) -> MutexGuard<'_, HashMap<Topic, Hall>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The visitors whom one of the events is meant for alone. They look for themselves.
fn called(frames: &[Arc<Frame>]) -> BTreeSet<VisitorId> {
    let called = frames
        .iter()
        .filter_map(|frame| match frame.event.audience {
            Audience::Visitor(visitor) => Some(visitor),
            Audience::Public | Audience::Owner => None,
        });
    called.collect()
}

/// What those who hear of `topic` are sent of the events; `None` where it is nothing.
fn news(topic: &Topic, frames: &[Arc<Frame>], since: EventId, until: EventId) -> Option<News> {
    let wanted = frames.iter().filter(|frame| frame.is_for(topic));
    let (ids, blocks): (Vec<_>, Vec<_>) = wanted
        .filter_map(|frame| Some((frame.event.id, frame.block()?)))
        .unzip();
    Some(News {
        since,
        until,
        last: *ids.last()?,
        parcel: Parcel::of(&blocks),
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::FutureExt;
    use serde_json::json;

    use super::*;
    use crate::live::listener::{Line, Offered, Progress};
    use crate::live::tests::Followed;
    use crate::model::event::{Event, Kind};
    use crate::model::id::{PostId, SessionId};
    use crate::model::time::Timestamp;

    /// A socket that takes everything.
    #[derive(Default)]
    struct Socket(Mutex<Vec<Bytes>>);

    impl Line for Socket {
        fn offer(&self, parcel: &Parcel) -> Offered {
            self.0.lock().unwrap().push(parcel.bytes(false));
            Offered::Sent
        }
    }

    fn frame(id: i64, post: i64, audience: Audience) -> Frame {
        let event = Event {
            id: EventId(id),
            kind: Kind::CommentCreated,
            post: Some(PostId(post)),
            subject: id,
            audience,
            at: Timestamp(id),
            data: None,
        };
        Frame::visible(event, true, &json!({}))
    }

    /// A blog without events of its own, and its streams of these topics, which stand by.
    struct Room {
        live: Arc<Live>,
        share: Share,
        sockets: Vec<Arc<Socket>>,
        listeners: Vec<Arc<Listener>>,
    }

    impl Room {
        fn new(topics: &[Topic]) -> Room {
            let mut room = Room {
                live: Followed::new().live.clone(),
                share: Share::default(),
                sockets: Vec::new(),
                listeners: Vec::new(),
            };
            for (topic, number) in topics.iter().zip(0..) {
                let (listener, socket) = (Arc::new(Listener::new(*topic)), Arc::default());
                listener.connect(Arc::<Socket>::clone(&socket));
                room.share.admit(number, listener.clone());
                room.sockets.push(socket);
                room.listeners.push(listener);
            }
            room
        }

        /// How many blocks each stream is sent of these frames, and whether its task is woken.
        fn told(&self, frames: Vec<Frame>) -> Vec<(usize, bool)> {
            let start = self.live.ring().last();
            let progress = Progress {
                after: start,
                told: start,
            };
            for listener in &self.listeners {
                assert!(listener.stand_by(progress, || false));
            }
            let mut ring = self.live.ring.write().unwrap();
            frames.into_iter().for_each(|frame| ring.push(frame));
            drop(ring);
            let until = self.share.advance(&self.live, start);
            assert_eq!(until, self.live.ring().last());
            let sent = self.sockets.iter().map(|socket| {
                let sent = std::mem::take(&mut *socket.0.lock().unwrap()).concat();
                sent.windows(4).filter(|bytes| bytes == b"id: ").count()
            });
            let woken = self.listeners.iter();
            let woken = woken.map(|listener| listener.nudged().now_or_never().is_some());
            sent.zip(woken).collect()
        }
    }

    const STRANGER: Topic = Topic::Post(PostId(1), None);
    const VISITOR: Topic = Topic::Post(PostId(1), Some(VisitorId(7)));
    const ELSEWHERE: Topic = Topic::Post(PostId(2), None);
    const SITE: Topic = Topic::Site(None);
    const MINE: Topic = Topic::Mine(VisitorId(7));
    const OWNER: Topic = Topic::Owner(SessionId(1));

    #[test]
    fn news_of_one_post_is_brought_to_those_who_follow_it_and_wakes_nobody() {
        let room = Room::new(&[STRANGER, VISITOR, ELSEWHERE, SITE, MINE]);
        let frames = (1..=2).map(|id| frame(id, 1, Audience::Public)).collect();
        let (both, nothing) = ((2, false), (0, false));
        assert_eq!(room.told(frames), [both, both, nothing, both, nothing]);
    }

    #[test]
    fn a_visitor_who_is_meant_alone_looks_for_all_of_it_and_nobody_else_is_told() {
        let room = Room::new(&[STRANGER, VISITOR, ELSEWHERE, SITE, MINE]);
        let alone = Audience::Visitor(VisitorId(7));
        let frames = vec![frame(1, 1, Audience::Public), frame(2, 2, alone)];
        let (one, woken, nothing) = ((1, false), (0, true), (0, false));
        assert_eq!(room.told(frames), [one, woken, nothing, one, woken]);
        let alone = room.told(vec![frame(3, 1, alone)]);
        assert_eq!(alone, [nothing, woken, nothing, nothing, woken]);
    }

    #[test]
    fn what_is_not_on_the_ring_any_more_is_looked_for_by_everyone() {
        let room = Room::new(&[STRANGER, ELSEWHERE]);
        let start = room.live.ring().last();
        let mut ring = room.live.ring.write().unwrap();
        ring.push(frame(start.0 + 1, 1, Audience::Public));
        ring.forget();
        drop(ring);
        assert!(room.live.ring().newer(start, 1).is_none());
        room.share.advance(&room.live, start);
        for listener in &room.listeners {
            assert!(listener.nudged().now_or_never().is_some());
        }
    }

    #[test]
    fn who_hears_nothing_for_long_is_woken_to_be_told_the_cursor() {
        let room = Room::new(&[STRANGER, ELSEWHERE]);
        let much = |from| (from..from + 64).map(|id| frame(id, 1, Audience::Public));
        let woken = (0..16).filter(|round| room.told(much(round * 64 + 1).collect())[1].1);
        assert_eq!(woken.collect::<Vec<_>>(), [7, 15]);
    }

    #[test]
    fn who_leaves_is_forgotten() {
        let (heralds, _rung) = Heralds::new();
        let members = [STRANGER, VISITOR, SITE].map(|topic| heralds.listen(topic));
        let halls = || heralds.shares.iter().map(|(share, _)| share.halls().len());
        assert!(halls().sum::<usize>() >= 2);
        drop(members);
        assert_eq!(halls().sum::<usize>(), 0);
    }

    #[test]
    fn the_owners_windows_ask_for_themselves_and_nothing_is_made_for_them() {
        let (heralds, _rung) = Heralds::new();
        let _windows = [OWNER, OWNER].map(|topic| heralds.listen(topic));
        let topics = heralds.shares.iter().map(|(share, _)| share.topics().len());
        assert_eq!(topics.sum::<usize>(), 0);
    }
}
