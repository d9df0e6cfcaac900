//! What a commit means beyond its rows.

use crate::model::concern::Reach;
use crate::model::id::EventId;
use crate::store::Tx;
use crate::store::changes::Changes;

/// What the changes of a group mean beyond their rows, once they are committed.
#[derive(Default)]
pub struct Effects {
    /// Whether texts may still stand in the write-ahead log that have left the file.
    pub erased: bool,
    /// How far its events reach.
    reaches: Vec<(EventId, Reach)>,
    /// Whether pages look different although nothing was recorded.
    unrecorded: bool,
}

impl Effects {
    /// Adds those of a change that is kept.
    pub fn add(&mut self, tx: Tx) {
        self.erased |= tx.erased.get();
        self.unrecorded |= tx.unrecorded.get();
        self.reaches.append(&mut tx.reaches.into_inner());
    }

    /// Notes what is out of date by them, once they are committed.
    pub fn note_in(&mut self, changes: &Changes) {
        for (id, reach) in self.reaches.drain(..) {
            changes.note(id, reach);
        }
        if std::mem::take(&mut self.unrecorded) {
            changes.note_unrecorded();
        }
    }

    /// Forgets what is not out of date, because it was not committed.
    pub fn forget(&mut self) {
        self.reaches.clear();
        self.unrecorded = false;
    }
}
