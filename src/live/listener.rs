//! An open stream that waits for news, as the heralds see it.
//!
//! While its task has nothing to do, a stream stands by: whoever has news for many writes it to the stream's socket and
//! moves its cursor, and the task sleeps on. A task costs as much to wake as the system takes to send. Whatever is not as simple
//! as that (a socket that takes no more, news for one visitor alone, a cursor too far back) is the task's own: it is woken,
//! and asks the ring or the log with its cursor as if nobody else were there.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;

use super::parcel::Parcel;
use crate::model::id::EventId;
use crate::model::topic::Topic;

/// Where the bytes of a stream leave.
pub trait Line: Send + Sync {
    /// Sends the parcel at once, if nothing else is on its way and the socket takes it.
    fn offer(&self, parcel: &Parcel) -> Offered;
}

/// What became of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It is sent.
    Sent,
    /// Some of it is sent, and the task of the stream must send the rest.
    Begun,
    /// Nothing of it is sent.
    Refused,
}

/// How far a stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Everything up to here has been handed out.
    pub after: EventId,
    /// The newest cursor that the client was told.
    pub told: EventId,
}

/// News for all streams of one topic.
pub struct News {
    /// The streams have been handed everything up to here.
    pub since: EventId,
    /// The news reaches up to here.
    pub until: EventId,
    /// The newest event in the parcel.
    pub last: EventId,
    /// Its blocks.
    pub parcel: Parcel,
}

/// One open stream.
pub struct Listener {
    /// What it is about.
    pub topic: Topic,
    stand: Mutex<Stand>,
    line: OnceLock<Arc<dyn Line>>,
    nudge: Notify,
}

/// Whose turn it is to write.
struct Stand {
    /// Whether whoever has news may write: everything that is older has been handed out.
    is_by: bool,
    progress: Progress,
}

impl Listener {
    /// A stream of `topic` that does not stand by yet.
    pub fn new(topic: Topic) -> Listener {
        let progress = Progress {
            after: EventId::ZERO,
            told: EventId::ZERO,
        };
        Listener {
            topic,
            stand: Mutex::new(Stand {
                is_by: false,
                progress,
            }),
            line: OnceLock::new(),
            nudge: Notify::new(),
        }
    }

    /// Says where its bytes leave. Until then its task is woken for all news.
    pub fn connect(&self, line: Arc<dyn Line>) {
        // A stream has one socket for all its life.
        let _ = self.line.set(line);
    }

    /// Stands by at `progress`, unless `is_behind`, which is asked when no news can come in between, says that there is more
    /// already; whether it does.
    pub fn stand_by(&self, progress: Progress, is_behind: impl FnOnce() -> bool) -> bool {
        let mut stand = self.stand();
        stand.progress = progress;
        stand.is_by = !is_behind();
        stand.is_by
    }

    /// Resolves when there is something for its task to look at.
    pub async fn nudged(&self) {
        self.nudge.notified().await;
    }

    /// Stands by no longer; how far it was brought meanwhile.
    pub fn step_back(&self) -> Progress {
        let mut stand = self.stand();
        stand.is_by = false;
        stand.progress
    }

    /// Sends it news, or has its task look for itself.
    pub fn hear(&self, news: &News) {
        let mut stand = self.stand();
        if !stand.is_by || stand.progress.after >= news.until {
            return; // its task is at work and looks at the ring before it stands by, or has looked already
        }
        let is_next = stand.progress.after <= news.since;
        let line = self.line.get().filter(|_| is_next);
        let offered = line.map_or(Offered::Refused, |line| line.offer(&news.parcel));
        if offered != Offered::Refused {
            stand.progress = Progress {
                after: news.until,
                told: news.last,
            };
        }
        if offered != Offered::Sent {
            stand.is_by = false;
            self.nudge.notify_one();
        }
    }

    /// Has its task look for itself.
    pub fn nudge(&self) {
        self.stand().is_by = false;
        self.nudge.notify_one();
    }

    fn stand(&self) -> MutexGuard<'_, Stand> {
        self.stand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use futures_util::FutureExt;

    use super::*;
    use crate::model::id::PostId;

    /// A socket that answers as it is told.
    struct Socket(Offered, AtomicUsize);

    impl Line for Socket {
        fn offer(&self, _: &Parcel) -> Offered {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0
        }
    }

    fn listener(answers: Offered) -> (Listener, Arc<Socket>) {
        let listener = Listener::new(Topic::Post(PostId(1), None));
        let socket = Arc::new(Socket(answers, AtomicUsize::new(0)));
        listener.connect(socket.clone());
        (listener, socket)
    }

    fn at(after: i64) -> Progress {
        Progress {
            after: EventId(after),
            told: EventId(after),
        }
    }

    fn news(since: i64, until: i64) -> News {
        News {
            since: EventId(since),
            until: EventId(until),
            last: EventId(until),
            parcel: Parcel::of(&[Bytes::from("id: 1\n\n")]),
        }
    }

    /// Whether the task of a listener at `after` would sleep on when `news` were heard, and how far it is then.
    fn hears(listener: &Listener, after: i64, all: &[News]) -> (bool, Progress) {
        assert!(listener.stand_by(at(after), || false));
        all.iter().for_each(|news| listener.hear(news));
        let sleeps = listener.nudged().now_or_never().is_none();
        (sleeps, listener.step_back())
    }

    #[test]
    fn who_stands_by_is_sent_news_and_sleeps_on() {
        let (listener, socket) = listener(Offered::Sent);
        // Events 8 and 9 were not for this topic.
        let heard = hears(&listener, 7, &[news(7, 7), news(9, 11), news(11, 12)]);
        assert_eq!(heard, (true, at(12)));
        assert_eq!(socket.1.load(Ordering::Relaxed), 2, "the first is old");
    }

    #[test]
    fn who_is_refused_looks_for_itself_before_it_is_sent_more() {
        let (listener, socket) = listener(Offered::Refused);
        assert_eq!(
            hears(&listener, 7, &[news(7, 8), news(8, 9)]),
            (false, at(7))
        );
        assert_eq!(socket.1.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_parcel_that_is_begun_counts_and_wakes_the_task_for_its_rest() {
        let (listener, socket) = listener(Offered::Begun);
        assert_eq!(
            hears(&listener, 7, &[news(7, 8), news(8, 9)]),
            (false, at(8))
        );
        assert_eq!(socket.1.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn who_has_seen_part_of_it_or_has_no_socket_yet_looks_for_itself() {
        let (here, socket) = listener(Offered::Sent);
        assert_eq!(hears(&here, 8, &[news(7, 9)]), (false, at(8)));
        assert_eq!(socket.1.load(Ordering::Relaxed), 0);
        let early = Listener::new(Topic::Site(None));
        assert_eq!(hears(&early, 7, &[news(7, 8)]), (false, at(7)));
    }

    #[test]
    fn who_is_behind_already_does_not_stand_by() {
        let (listener, socket) = listener(Offered::Sent);
        assert!(!listener.stand_by(at(7), || true));
        listener.hear(&news(7, 8));
        assert_eq!(socket.1.load(Ordering::Relaxed), 0);
    }
}
