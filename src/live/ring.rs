//! The newest frames in memory, in the order of the log.

use std::collections::VecDeque;
use std::sync::Arc;

use super::frame::Frame;
use crate::model::event::{Event, Kind};
use crate::model::id::{CommentId, EventId};
use crate::model::time::Timestamp;
use crate::model::topic::Topic;

/// Frames and bytes the ring holds at most.
const FRAMES: usize = 4_096;
const BYTES: usize = 16 << 20;

/// The newest frames. It reaches back to `floor`: whoever has a cursor there or later needs no database.
pub struct Ring {
    frames: VecDeque<Arc<Frame>>,
    bytes: usize,
    floor: EventId,
}

impl Ring {
    /// An empty ring that continues after `floor`.
    pub fn new(floor: EventId) -> Ring {
        Ring {
            frames: VecDeque::new(),
            bytes: 0,
            floor,
        }
    }

    /// The newest event it has seen.
    pub fn last(&self) -> EventId {
        self.frames
            .back()
            .map_or(self.floor, |frame| frame.event.id)
    }

    /// Appends a frame, which must be newer than every other.
    pub fn push(&mut self, frame: Frame) {
        self.bytes += frame.len();
        self.frames.push_back(Arc::new(frame));
        while self.frames.len() > FRAMES || self.bytes > BYTES && self.frames.len() > 1 {
            if let Some(oldest) = self.frames.pop_front() {
                self.bytes -= oldest.len();
                self.floor = oldest.event.id;
            }
        }
    }

    /// Up to `limit` frames of `topic` after the cursor, and the event up to which that looked; `None` if the cursor is
    /// older than the ring.
    pub fn after(
        &self,
        topic: &Topic,
        after: EventId,
        limit: usize,
    ) -> Option<(Vec<Arc<Frame>>, EventId)> {
        if after < self.floor {
            return None;
        }
        let wanted: Vec<_> = self.wanted(topic, after).take(limit).cloned().collect();
        let scanned = match wanted.last() {
            Some(last) if wanted.len() == limit => last.event.id,
            _ => self.last().max(after),
        };
        Some((wanted, scanned))
    }

    /// Up to `limit` frames after the cursor, whoever they are for; `None` if the cursor is older than the ring.
    pub fn newer(&self, after: EventId, limit: usize) -> Option<Vec<Arc<Frame>>> {
        (after >= self.floor).then(|| self.since(after).take(limit).cloned().collect())
    }

    /// How many frames of `topic` stand after the cursor; `None` if the cursor is older than the ring.
    pub fn count_after(&self, topic: &Topic, after: EventId) -> Option<i64> {
        (after >= self.floor).then(|| self.wanted(topic, after).count() as i64)
    }

    /// The frames of `topic` after the cursor, of those that are here.
    fn wanted(&self, topic: &Topic, after: EventId) -> impl Iterator<Item = &Arc<Frame>> {
        self.since(after).filter(|frame| frame.is_for(topic))
    }

    /// The frames after the cursor, of those that are here.
    fn since(&self, after: EventId) -> impl Iterator<Item = &Arc<Frame>> {
        let start = self.frames.partition_point(|frame| frame.event.id <= after);
        self.frames.range(start..)
    }

    /// When the event of that id happened, if it is here.
    pub fn time_of(&self, id: EventId) -> Option<Timestamp> {
        let found = self
            .frames
            .binary_search_by_key(&id, |frame| frame.event.id)
            .ok()?;
        Some(self.frames[found].event.at)
    }

    /// Forgets every frame: whoever is behind is told from the log, as things are shown now.
    pub fn forget(&mut self) {
        *self = Ring::new(self.last());
    }

    /// Renders again every frame that `event` has made out of date, so that what is gone or hidden cannot be replayed.
    pub fn refresh(&mut self, event: &Event, render: impl Fn(&Event) -> Frame) {
        if !outdates(event.kind) {
            return; // most do not, and the ring is long
        }
        for frame in self
            .frames
            .iter_mut()
            .filter(|frame| is_outdated(frame, event))
        {
            let fresh = render(&frame.event);
            self.bytes = self.bytes + fresh.len() - frame.len();
            *frame = Arc::new(fresh);
        }
    }
}

/// Whether an event of that kind may have made the rendering of an older one out of date.
pub(super) fn outdates(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        CommentUpdated
            | CommentApproved
            | CommentDeleted
            | CommentRejected
            | EntryUpdated
            | EntryDeleted
            | PostPublished
            | PostUpdated
            | PostDeleted
    )
}

/// Whether `changed` may have made the rendering of an older frame out of date.
pub(super) fn is_outdated(older: &Frame, changed: &Event) -> bool {
    use Kind::*;
    let post_itself = matches!(older.event.kind, PostPublished | PostUpdated | PostDeleted);
    let same_row = !post_itself && older.event.subject == changed.subject;
    older.event.post == changed.post
        && match changed.kind {
            CommentUpdated | CommentApproved | EntryUpdated | EntryDeleted => same_row,
            // An answer may name whom it answers.
            CommentDeleted | CommentRejected => {
                same_row || older.parent == Some(CommentId(changed.subject))
            }
            // A notice of a reply or an approval names the post.
            PostUpdated => {
                post_itself || matches!(older.event.kind, ReplyCreated | CommentApproved)
            }
            PostPublished | PostDeleted => true,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::Audience;
    use crate::model::id::PostId;

    fn frame(id: i64, post: i64) -> Frame {
        let event = Event {
            id: EventId(id),
            kind: Kind::CommentCreated,
            post: Some(PostId(post)),
            subject: id,
            audience: Audience::Public,
            at: Timestamp(id),
            data: None,
        };
        Frame::visible(event, true, &serde_json::json!({ "id": id }))
    }

    fn ids(found: Option<(Vec<Arc<Frame>>, EventId)>) -> Option<(Vec<i64>, i64)> {
        found.map(|(frames, scanned)| {
            (
                frames.iter().map(|frame| frame.event.id.0).collect(),
                scanned.0,
            )
        })
    }

    #[test]
    fn a_cursor_gets_what_is_after_it_or_is_sent_to_the_log() {
        let mut ring = Ring::new(EventId(10));
        (11..=14).for_each(|id| ring.push(frame(id, id % 2)));
        let post = Topic::Post(PostId(1), None);
        assert_eq!(ids(ring.after(&Topic::Site(None), EventId(9), 9)), None);
        assert_eq!(
            ids(ring.after(&Topic::Site(None), EventId(10), 9)),
            Some((vec![11, 12, 13, 14], 14))
        );
        assert_eq!(ids(ring.after(&post, EventId(11), 9)), Some((vec![13], 14)));
        assert_eq!(ids(ring.after(&post, EventId(99), 9)), Some((vec![], 99)));
    }

    #[test]
    fn a_cursor_that_is_far_behind_gets_on_in_pages() {
        let mut ring = Ring::new(EventId(0));
        (1..=5).for_each(|id| ring.push(frame(id, 1)));
        assert_eq!(
            ids(ring.after(&Topic::Site(None), EventId(0), 2)),
            Some((vec![1, 2], 2))
        );
        assert_eq!(
            ids(ring.after(&Topic::Site(None), EventId(4), 2)),
            Some((vec![5], 5))
        );
        assert_eq!(ring.count_after(&Topic::Site(None), EventId(1)), Some(4));
    }

    #[test]
    fn a_deletion_outdates_the_comment_and_what_answers_it_and_no_more() {
        let mut ring = Ring::new(EventId(0));
        ring.push(frame(1, 1));
        let mut answer = frame(2, 1);
        answer.parent = Some(CommentId(1));
        ring.push(answer);
        ring.push(frame(3, 1));
        let gone = Event {
            id: EventId(4),
            kind: Kind::CommentDeleted,
            subject: 1,
            ..frame(4, 1).event
        };
        ring.refresh(&gone, |older| Frame::silent(older.clone()));
        assert_eq!(
            ids(ring.after(&Topic::Site(None), EventId(0), 9)),
            Some((vec![3], 3))
        );
    }

    #[test]
    fn the_ring_forgets_the_oldest_and_says_so() {
        let mut ring = Ring::new(EventId(0));
        (1..=FRAMES as i64 + 3).for_each(|id| ring.push(frame(id, 1)));
        assert!(ring.after(&Topic::Site(None), EventId(2), FRAMES).is_none());
        assert_eq!(
            ids(ring.after(&Topic::Site(None), EventId(3), FRAMES)).map(|found| found.0.len()),
            Some(FRAMES)
        );
    }
}
