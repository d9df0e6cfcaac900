//! Token buckets: how often somebody may do something. In memory; a restart forgives.
//!
//! However many clients come, the memory is bounded and nobody who was slowed down is forgotten: when there is no room
//! for more buckets, newcomers share some by chance. No request pays for all the others: full buckets, which say nothing,
//! are swept out once in a while.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Keys that have a bucket of their own at most.
const MOST: usize = 20_000;

/// Buckets that are shared by the keys beyond those.
const SHARED: usize = 4_096;

/// How often full buckets are swept out at most: each time all of them are looked at.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// How much one key may do.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// Then once in this time.
    pub every: Duration,
}

/// A bucket for each key, all of one rate.
pub struct Throttle<K> {
    rate: Rate,
    buckets: Mutex<Buckets<K>>,
}

/// When each bucket will be full again. One that is not there is full.
struct Buckets<K> {
    own: HashMap<K, Instant>,
    /// Empty until they are needed.
    shared: Vec<Option<Instant>>,
    chance: RandomState,
    swept: Option<Instant>,
}

impl<K: Eq + Hash> Throttle<K> {
    /// Buckets that are full to begin with.
    pub fn new(rate: Rate) -> Throttle<K> {
        let buckets = Buckets {
            own: HashMap::new(),
            shared: Vec::new(),
            chance: RandomState::new(),
            swept: None,
        };
        Throttle {
            rate,
            buckets: Mutex::new(buckets),
        }
    }

    /// Takes one from the bucket of `key`.
    ///
    /// Errors: the bucket is empty for this long yet; nothing was taken.
    pub fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let after = buckets.full_at(&key).map_or(now, |at| at.max(now)) + self.rate.every;
        let room = now + self.rate.every * self.rate.burst;
        match after.checked_duration_since(room) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                buckets.set(key, after, now);
                Ok(())
            }
        }
    }

    /// Gives back one that was taken for nothing.
    pub fn give_back(&self, key: K, now: Instant) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let before = buckets
            .full_at(&key)
            .and_then(|at| at.checked_sub(self.rate.every));
        if let Some(before) = before {
            buckets.set(key, before, now);
        }
    }

    /// Fills the bucket of `key`.
    pub fn forgive(&self, key: &K) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.own.remove(key);
    }
}

impl<K: Eq + Hash> Buckets<K> {
    fn full_at(&self, key: &K) -> Option<Instant> {
        let shared = || self.shared.get(self.share_of(key)).copied().flatten();
        self.own.get(key).copied().or_else(shared)
    }

    fn set(&mut self, key: K, full_at: Instant, now: Instant) {
        if let Some(own) = self.own.get_mut(&key) {
            *own = full_at;
            return;
        }
        if self.own.len() >= MOST {
            self.sweep(now);
        }
        if self.own.len() < MOST {
            self.own.insert(key, full_at);
            return;
        }
        self.shared.resize(SHARED, None);
        let share = self.share_of(&key);
        self.shared[share] = Some(full_at);
    }

    /// Which of the shared buckets is this key's: nobody outside can choose it.
    fn share_of(&self, key: &K) -> usize {
        (self.chance.hash_one(key) % SHARED as u64) as usize
    }

    fn sweep(&mut self, now: Instant) {
        let is_due = |swept: Instant| now.saturating_duration_since(swept) >= SWEEP_EVERY;
        if self.swept.is_none_or(is_due) {
            self.swept = Some(now);
            self.own.retain(|_, full_at| *full_at > now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle<K: Eq + Hash>(burst: u32) -> Throttle<K> {
        Throttle::new(Rate {
            burst,
            every: Duration::from_secs(10),
        })
    }

    #[test]
    fn a_bucket_empties_and_fills_again_and_is_one_keys_alone() {
        let throttle = throttle(3);
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(throttle.take("ann", start), Ok(()));
        }
        assert_eq!(throttle.take("ann", start), Err(Duration::from_secs(10)));
        assert_eq!(throttle.take("bob", start), Ok(()));
        let later = start + Duration::from_secs(4);
        assert_eq!(throttle.take("ann", later), Err(Duration::from_secs(6)));
        let later = start + Duration::from_secs(10);
        assert_eq!(throttle.take("ann", later), Ok(()));
        assert!(throttle.take("ann", later).is_err());
        throttle.give_back("ann", later);
        assert_eq!(throttle.take("ann", later), Ok(()));
        assert!(throttle.take("ann", later).is_err());
        throttle.forgive(&"ann");
        assert_eq!(throttle.take("ann", later), Ok(()));
    }

    #[test]
    fn a_hundred_thousand_keys_take_bounded_room_and_none_is_forgotten() {
        let throttle = throttle(1);
        let start = Instant::now();
        for key in 0..100_000 {
            let _ = throttle.take(key, start); // newcomers may find their share empty
        }
        let forgotten = (0..100_000).filter(|key| throttle.take(*key, start).is_ok());
        assert_eq!(forgotten.count(), 0);
        let room = |throttle: &Throttle<i32>| {
            let buckets = throttle.buckets.lock().unwrap();
            buckets.own.len() + buckets.shared.len()
        };
        assert_eq!(room(&throttle), MOST + SHARED);
        // A minute later all of them are full, and the next newcomer makes room.
        let later = start + SWEEP_EVERY;
        assert_eq!(throttle.take(100_000, later), Ok(()));
        assert_eq!(room(&throttle), 1 + SHARED);
    }
}
