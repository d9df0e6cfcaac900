//! A change to the file while it is made: the statements themselves, and what they mean beyond their rows.
//!
//! Nobody outside of the store makes one. The writer reads off it what to tell once it is committed.

use std::cell::{Cell, RefCell};
use std::ops::Deref;

use rusqlite::Connection;

use crate::model::concern::Reach;
use crate::model::id::EventId;
use crate::model::time::Timestamp;

/// A write transaction. Holding one is the proof that rows and events are recorded together.
pub struct Tx<'conn> {
    conn: &'conn Connection,
    now: Timestamp,
    /// The first event that was recorded in it.
    pub(super) first: Cell<Option<EventId>>,
    /// Whether a text left the file with it.
    pub(super) erased: Cell<bool>,
    /// How far its events reach, and the newest of those that reach as far.
    pub(super) reaches: RefCell<Vec<(EventId, Reach)>>,
    /// Whether pages look different after it although nothing is recorded.
    pub(super) unrecorded: Cell<bool>,
}

impl<'conn> Tx<'conn> {
    /// Begins to keep in mind what is done in `conn`, which has begun a transaction already.
    pub(super) fn new(conn: &'conn Connection) -> Tx<'conn> {
        Tx {
            conn,
            now: Timestamp::now(),
            first: Cell::new(None),
            erased: Cell::new(false),
            reaches: RefCell::default(),
            unrecorded: Cell::new(false),
        }
    }

    /// Says that a text leaves the file with this transaction, and shall not stay behind in the write-ahead log.
    pub fn erases(&self) {
        self.erased.set(true);
    }

    /// Says that pages look different after this transaction for a reason that the log does not tell.
    pub fn changes_pages(&self) {
        self.unrecorded.set(true);
    }

    /// Keeps in mind how far an event of this transaction reaches.
    pub(super) fn reaches(&self, id: EventId, reach: Reach) {
        let mut reaches = self.reaches.borrow_mut();
        match reaches.last_mut() {
            Some((newest, last)) if *last == reach => *newest = id,
            _ => reaches.push((id, reach)),
        }
    }

    /// The time of this transaction: one reading of the clock for all that happens in it.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn
    }
}
