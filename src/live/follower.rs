//! One client's way along the log: a cursor that waits for more.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;
use tokio::time::sleep;

use super::Live;
use super::cursor::{Start, resolve};
use super::frame::Frame;
use super::stretch::{LENGTH, Stretch};
use crate::error::{Error, Result};
use crate::model::cursor::Cursor;
use crate::model::id::{EventId, SessionId};
use crate::model::time::Timestamp;
use crate::model::topic::Topic;
use crate::store::{Store, sessions};

/// How long the tailer may take to read what was just committed.
const TAILER_WITHIN: Duration = Duration::from_secs(5);

/// How long a copy may take to catch up with a client that has seen more. Shorter than a page waits for its first block.
const COPY_WITHIN: Duration = Duration::from_secs(5);

/// How often an owner's stream without news looks whether its session lasts. With news it always looks first.
const SESSION_EVERY: Duration = Duration::from_secs(1);

/// A cursor on one topic.
pub struct Follower {
    pub(super) live: Arc<Live>,
    store: Arc<Store>,
    pub(super) topic: Topic,
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
        let bell = live.head.subscribe();
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

    /// What is there now, from the ring or, further back, from the log.
    ///
    /// Errors: what reading the log answers.
    pub async fn now(&mut self) -> Result<Batch> {
        self.bell.mark_unchanged(); // before the look, so that a commit during it is not missed
        let found = match self.topic {
            Topic::Owner(session) => self.of_owner(session).await?,
            _ => match self.in_ring() {
                Some(found) => Some(found),
                None => Some(self.in_log().await?),
            },
        };
        let Some(found) = found else {
            return Ok(Batch {
                frames: Vec::new(),
                more: false,
                signed_out: true,
            });
        };
        self.after = found.until.max(self.after);
        Ok(Batch {
            frames: found.frames,
            more: found.more,
            signed_out: false,
        })
    }

    /// What the ring has, if it reaches back to the cursor.
    fn in_ring(&self) -> Option<Stretch> {
        let ring = self.live.ring();
        let (frames, until) = ring.after(&self.topic, self.after, LENGTH)?;
        Some(Stretch {
            more: frames.len() == LENGTH,
            frames,
            until,
        })
    }

    /// What the log has: what everyone is told, read once for all of them, and what is for this visitor alone.
    async fn in_log(&self) -> Result<Stretch> {
        let (topic, after) = (self.topic, self.after);
        let alone = |topic| {
            let query = move |conn: &Connection| Stretch::after(conn, &topic, after);
            self.store.read(query)
        };
        let shared = match topic {
            Topic::Post(..) | Topic::Site(_) => self.shared().await,
            Topic::Mine(_) | Topic::Owner(_) => None,
        };
        match (shared, topic.viewer()) {
            (None, _) => alone(topic).await,
            (Some(shared), None) => Ok(shared),
            (Some(shared), Some(visitor)) => Ok(shared.and(alone(Topic::Mine(visitor)).await?)),
        }
    }

    /// What everyone who follows the same is told; `None` if it must be looked for alone.
    async fn shared(&self) -> Option<Stretch> {
        let head = self.live.ring().last();
        let stretches = &self.live.stretches;
        let found = stretches.around(&self.store, self.topic.of_all(), self.after, head);
        Some(found.await?.part(&self.topic, self.after))
    }

    /// What the log has for the owner; `None` if the session is over. The frames are made for each of the few windows of the
    /// desk, so that neither the ring nor a stretch holds anything that others must not see.
    async fn of_owner(&self, session: SessionId) -> Result<Option<Stretch>> {
        let (topic, after) = (self.topic, self.after);
        let read =
            self.store.read(
                move |conn| match sessions::lasts(conn, session, Timestamp::now())? {
                    true => Stretch::after(conn, &topic, after).map(Some),
                    false => Ok(None),
                },
            );
        read.await
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
