//! Token buckets: how often somebody may do something. In memory; a restart forgives.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Buckets that are kept at most; full ones are forgotten first, because a full bucket says nothing.
const MOST: usize = 10_000;

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
    /// When each bucket will be full again.
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> Throttle<K> {
    /// Buckets that are full to begin with.
    pub fn new(rate: Rate) -> Throttle<K> {
        Throttle {
            rate,
            full_at: Mutex::default(),
        }
    }

    /// Takes one from the bucket of `key`.
    ///
    /// Errors: the bucket is empty for this long yet; nothing was taken.
    pub fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST {
            buckets.retain(|_, full_at| *full_at > now);
        }
        let full_at = buckets.get(&key).map_or(now, |full_at| (*full_at).max(now));
        let after = full_at + self.rate.every;
        let room = now + self.rate.every * self.rate.burst;
        match after.checked_duration_since(room) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                buckets.insert(key, after);
                Ok(())
            }
        }
    }

    /// Fills the bucket of `key`.
    pub fn forgive(&self, key: &K) {
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again_and_is_one_keys_alone() {
        let throttle = Throttle::new(Rate {
            burst: 3,
            every: Duration::from_secs(10),
        });
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
        throttle.forgive(&"ann");
        assert_eq!(throttle.take("ann", later), Ok(()));
    }
}
