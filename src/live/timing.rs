//! When streams ping and end: never all of them together.

use std::time::Duration;

use tokio::time::Instant;

use super::sse;

/// Milliseconds that a stream lasts, more or less, before its client is asked to come back: what it holds, and what it
/// was let in by, is looked at anew then. Source: security, section 5.
const LIFE: u64 = 30 * 60_000;

/// How long a stream shall last: so spread that those that began together do not end together.
pub fn lifetime() -> Duration {
    Duration::from_millis(random_between(LIFE * 4 / 5, LIFE * 6 / 5))
}

/// Every 20 s ± 20 %, so that the pings of many streams do not fall together.
pub fn next_ping() -> Instant {
    let ms = sse::PING_SECONDS * 1_000;
    Instant::now() + Duration::from_millis(random_between(ms * 4 / 5, ms * 6 / 5))
}

/// A number from `low` to just under `high`. Without randomness from the system it is `low`: only the spread is lost.
pub fn random_between(low: u64, high: u64) -> u64 {
    low + getrandom::u64().map_or(0, |random| random % (high - low).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_that_began_together_do_not_end_together() {
        let lives: Vec<_> = (0..50).map(|_| lifetime()).collect();
        let minutes = |life: &Duration| (24..=36).contains(&(life.as_secs() / 60));
        assert!(lives.iter().all(minutes));
        assert!(lives.iter().any(|life| *life != lives[0]));
    }
}
