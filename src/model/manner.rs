//! The manner of a blog: what its owner has set that shows in every part of a page, sent to open pages or not.

use super::calendar::Calendar;
use super::reaction::ReactionKind;

/// How dates are written, and which reactions can be given.
#[derive(Clone, Debug)]
pub struct Manner {
    /// Writes dates and times.
    pub calendar: Calendar,
    /// The reactions, in the order of their buttons; without any nobody can react.
    pub reactions: Vec<ReactionKind>,
}
