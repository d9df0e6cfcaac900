//! A stretch of the log, as it is shown at one moment of the file.

use std::sync::Arc;

use rusqlite::Connection;

use super::desk;
use super::frame::{Frame, Studio};
use crate::error::Result;
use crate::model::event::Event;
use crate::model::id::EventId;
use crate::model::topic::Topic;
use crate::store::log;

/// Events in one stretch at most: a client that is far behind gets on in stretches, from the ring and from the log alike.
pub const LENGTH: usize = 128;

/// Some frames in the order of the log.
pub struct Stretch {
    /// What was found.
    pub frames: Vec<Arc<Frame>>,
    /// It has looked at everything up to here.
    pub until: EventId,
    /// Whether there may be more at once.
    pub more: bool,
}

impl Stretch {
    /// What stands in the log after the cursor, for one stream of `topic`.
    ///
    /// Errors: what reading the log answers.
    pub fn after(conn: &Connection, topic: &Topic, after: EventId) -> Result<Stretch> {
        let (events, until, more) = look(conn, topic, after)?;
        let mut frames = rendered(conn, topic, &events)?;
        frames.retain(|frame| frame.is_for(topic));
        Ok(Stretch {
            frames,
            until,
            more,
        })
    }

    /// The same for many. It ends at a round number, where the next one begins for whoever comes from elsewhere as well, and
    /// holds what says nothing too, because a change may have it say something.
    ///
    /// Errors: what reading the log answers.
    pub fn for_many(conn: &Connection, topic: &Topic, start: EventId) -> Result<Stretch> {
        let (events, last, more) = look(conn, topic, start)?;
        let until = if more { roundest(start, last) } else { last };
        let within = events.partition_point(|event| event.id <= until);
        Ok(Stretch {
            frames: rendered(conn, topic, &events[..within])?,
            until,
            more,
        })
    }

    /// What of it is sent to a stream of `topic` that has come as far as `after`.
    pub fn part(&self, topic: &Topic, after: EventId) -> Stretch {
        let wanted = |frame: &&Arc<Frame>| frame.event.id > after && frame.is_for(topic);
        Stretch {
            frames: self.frames.iter().filter(wanted).cloned().collect(),
            until: self.until,
            more: self.more,
        }
    }

    /// Both together, as far as both have looked.
    pub fn and(mut self, other: Stretch) -> Stretch {
        let until = self.until.min(other.until);
        self.frames.extend(other.frames);
        self.frames.retain(|frame| frame.event.id <= until);
        self.frames.sort_by_key(|frame| frame.event.id);
        Stretch {
            frames: self.frames,
            until,
            more: self.more || other.more,
        }
    }

    /// Whether it leads whoever knows of `head` as far as the log itself would.
    pub fn reaches(&self, head: EventId) -> bool {
        self.more || self.until >= head
    }

    /// Bytes it holds.
    pub fn len(&self) -> usize {
        self.frames.iter().map(|frame| frame.len()).sum()
    }
}

/// Up to [`LENGTH`] events after the cursor, the event up to which that looked, and whether there may be more.
fn look(conn: &Connection, topic: &Topic, after: EventId) -> Result<(Vec<Event>, EventId, bool)> {
    let events = log::after(conn, topic, after, LENGTH as i64)?;
    let more = events.len() == LENGTH;
    let until = match events.last() {
        Some(last) if more => last.id,
        _ => log::head(conn)?.id,
    };
    Ok((events, until, more))
}

fn rendered(conn: &Connection, topic: &Topic, events: &[Event]) -> Result<Vec<Arc<Frame>>> {
    let studio = Studio::of(conn)?;
    let render = |event| match topic {
        Topic::Owner(_) => desk::render(conn, event),
        _ => studio.render(event),
    };
    let frames = events.iter().map(|event| Arc::new(render(event)));
    Ok(frames.collect())
}

/// The number after `start` and up to `last` that can be halved most often. From wherever one starts, one soon comes to the same.
fn roundest(start: EventId, last: EventId) -> EventId {
    let halvings = (start.0 ^ last.0).checked_ilog2().unwrap_or(0);
    EventId(last.0 >> halvings << halvings)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::event::{Audience, Kind};
    use crate::model::id::{PostId, VisitorId};
    use crate::store::Tx;
    use crate::store::tests::store;

    fn say(tx: &Tx, post: i64, audience: Audience) -> Result<()> {
        let (kind, post) = (Kind::CommentCreated, Some(PostId(post)));
        log::append(tx, kind, post, 1, audience, None)
    }

    #[test]
    fn the_roundest_number_is_beyond_the_start_and_no_further_than_the_last() {
        let round = |start, last| roundest(EventId(start), EventId(last)).0;
        assert_eq!(round(0, 128), 128);
        assert_eq!(round(128, 256), 256);
        assert_eq!(round(128, 639), 512);
        assert_eq!(round(640, 1023), 768);
        assert_eq!(round(7, 8), 8);
        assert_eq!(round(8, 8), 8);
    }

    #[tokio::test]
    async fn wherever_one_comes_from_one_soon_wants_what_the_others_want_and_misses_nothing() {
        let (store, _folder) = store();
        let fill = |tx: &Tx| (0..4_000).try_for_each(|n| say(tx, n % 5, Audience::Public));
        store.write(fill).await.unwrap();
        let walk = |conn: &Connection| {
            let topic = Topic::Post(PostId(1), None);
            let mut wanted = BTreeSet::new();
            for first in (0..2_560).step_by(LENGTH) {
                let (mut start, mut seen) = (EventId(first), Vec::new());
                loop {
                    wanted.insert(start);
                    let stretch = Stretch::for_many(conn, &topic, start)?;
                    assert!(stretch.frames.len() <= LENGTH);
                    assert!(stretch.until.0 >= start.0 + LENGTH as i64 || !stretch.more);
                    seen.extend(stretch.frames.iter().map(|frame| frame.event.id));
                    start = stretch.until;
                    if !stretch.more {
                        break;
                    }
                    assert_eq!(start.0 % LENGTH as i64, 0);
                }
                let all = log::after(conn, &topic, EventId(first), 4_000)?;
                assert_eq!(seen, all.iter().map(|event| event.id).collect::<Vec<_>>());
            }
            Ok(wanted.len())
        };
        // Where they begin, and the few places where their ways meet.
        assert!(store.read(walk).await.unwrap() <= 20 + 4);
    }

    #[tokio::test]
    async fn what_is_for_one_visitor_stands_where_it_belongs_among_what_is_for_all() {
        let (store, _folder) = store();
        let ann = VisitorId(7);
        let fill = move |tx: &Tx| {
            (0..400).try_for_each(|n| match n % 100 {
                50 => say(tx, 2, Audience::Visitor(ann)),
                _ => say(tx, 1, Audience::Public),
            })
        };
        store.write(fill).await.unwrap();
        let both = store.read(move |conn| {
            let theirs = Stretch::for_many(conn, &Topic::Post(PostId(1), None), EventId(0))?;
            let (events, until, more) = look(conn, &Topic::Mine(ann), EventId(0))?;
            let frames = rendered(conn, &Topic::Mine(ann), &events)?;
            let own = Stretch {
                frames,
                until,
                more,
            };
            Ok(theirs.and(own))
        });
        let both = both.await.unwrap();
        let ids = both.frames.iter().map(|frame| frame.event.id.0);
        assert!(ids.eq(1..=128), "with 51, without 151");
        assert_eq!((both.until, both.more), (EventId(128), true));
    }
}
