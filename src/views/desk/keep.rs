//! How the backups stand, as the owner reads it beside the settings.

use askama::Template;

use super::super::library::bytes;
use crate::model::backup::{Kept, Standing};
use crate::model::calendar::Calendar;
use crate::model::time::Timestamp;

/// The part of the settings about backups and exports.
pub struct KeepView {
    standing: Standing,
    calendar: Calendar,
    now: Timestamp,
}

/// What there is to say of the backups that the server makes.
pub enum Backups<'a> {
    /// It makes none.
    Off,
    /// None was due yet.
    None,
    /// The last one, and when it was made.
    Good(&'a Kept, String),
    /// The last one, which is too old, and when it was made.
    Missed(&'a Kept, String),
    /// None could be made; when the last good one was.
    Failed(Option<String>),
}

impl KeepView {
    /// Times are written by `calendar`.
    pub fn new(standing: Standing, calendar: Calendar) -> KeepView {
        KeepView {
            standing,
            calendar,
            now: Timestamp::now(),
        }
    }

    /// What there is to say of them.
    pub fn backups(&self) -> Backups<'_> {
        let last = self.standing.last.as_ref();
        let last = last.map(|kept| (kept, self.calendar.moment(kept.at)));
        match (self.standing.word(self.now), last) {
            ("off", _) => Backups::Off,
            ("failed", last) => Backups::Failed(last.map(|(_, at)| at)),
            (_, None) => Backups::None,
            ("stale", Some((kept, at))) => Backups::Missed(kept, at),
            (_, Some((kept, at))) => Backups::Good(kept, at),
        }
    }

    /// The size of a backup, for people.
    pub fn size(&self, kept: &Kept) -> String {
        written(kept.length)
    }

    /// What the disk has left, for people.
    pub fn free(&self) -> Option<String> {
        self.standing.free.map(written)
    }

    /// What the file of the blog takes, for people.
    pub fn length(&self) -> String {
        written(self.standing.length)
    }

    /// Whether there is too little room.
    pub fn is_short_of_room(&self) -> bool {
        self.standing.is_short_of_room()
    }

    /// Whether the server makes backups.
    pub fn is_on(&self) -> bool {
        self.standing.on
    }
}

/// The same in one line: when the last backup was made, how large the file is, and how much room there is.
#[derive(Template)]
#[template(path = "desk/parts/kept.html")]
pub struct KeptPart {
    keep: KeepView,
}

impl KeptPart {
    /// Times are written by `calendar`.
    pub fn new(standing: Standing, calendar: Calendar) -> KeptPart {
        KeptPart {
            keep: KeepView::new(standing, calendar),
        }
    }
}

fn written(length: u64) -> String {
    bytes(&i64::try_from(length).unwrap_or(i64::MAX))
}
