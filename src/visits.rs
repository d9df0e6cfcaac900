//! How often posts are read: counted in memory, written down every few seconds in one write.
//!
//! No cookie, no address and nothing else of a reader is kept: a post, a day, and the host that led to it. What was
//! counted since the last write is lost with a crash; that is the price of a count that costs a reader nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::post::PostKind;

/// Counts of one kind that are kept in memory until they are written. More different ones are left out.
const MOST: usize = 5_000;

/// What has been counted since it was last written down.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// Views by day, kind and slug.
    pub views: HashMap<(String, PostKind, String), i64>,
    /// Views by day and the host that led to them.
    pub referrers: HashMap<(String, String), i64>,
}

/// Counts views.
#[derive(Default)]
pub struct Visits(Mutex<Counted>);

impl Visits {
    /// Counts one view on `day`, led to by `host`, if by any.
    pub fn note(&self, day: &str, kind: PostKind, slug: &str, host: Option<&str>) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut counted.views, (day.into(), kind, slug.into()));
        if let Some(host) = host {
            add(&mut counted.referrers, (day.into(), host.into()));
        }
    }

    /// What has been counted since this was last asked.
    pub fn take(&self) -> Counted {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn add<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, i64>, key: K) {
    if counts.len() < MOST || counts.contains_key(&key) {
        *counts.entry(key).or_default() += 1;
    }
}
