//! How often one page may be made anew.

use std::time::{Duration, Instant};

/// The time between two renderings of one page, when it changes all the time; with [`AHEAD`] in a row at first there are no
/// more than twenty in any second.
const BETWEEN: Duration = Duration::from_micros(66_667);

/// Renderings that need not wait, where there were none for a while.
const AHEAD: u32 = 5;

/// The renderings of one page.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// When all renderings so far would be over, had each been given its time.
    paid_up: Instant,
}

impl Pace {
    /// That of a page which is made for the first time.
    pub fn new(now: Instant) -> Pace {
        Pace {
            paid_up: now + BETWEEN,
        }
    }

    /// One more rendering: how long it must wait.
    pub fn next(&mut self, now: Instant) -> Duration {
        let due = self.paid_up.max(now);
        self.paid_up = due + BETWEEN;
        (due - now).saturating_sub(BETWEEN * (AHEAD - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_changes_all_the_time_is_made_at_most_twenty_times_a_second() {
        let start = Instant::now();
        let (mut pace, mut now) = (Pace::new(start), start);
        let mut made = vec![start];
        for _ in 0..100 {
            now += pace.next(now);
            made.push(now);
        }
        assert_eq!(made[4], start, "the first ones need not wait");
        for (first, at) in made.iter().enumerate() {
            let within = made[first..]
                .iter()
                .filter(|other| **other < *at + Duration::from_secs(1));
            assert!(within.count() <= 20);
        }
        let later = now + Duration::from_secs(10);
        assert_eq!(pace.next(later), Duration::ZERO);
    }
}
