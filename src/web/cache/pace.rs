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
    /// That of a page which has just been made for the first time.
    pub fn new(now: Instant) -> Pace {
        Pace {
            paid_up: now + BETWEEN,
        }
    }

    /// How long the next rendering must wait.
    pub fn pause(&self, now: Instant) -> Duration {
        let ahead = self.paid_up.saturating_duration_since(now);
        ahead.saturating_sub(BETWEEN * (AHEAD - 1))
    }

    /// Notes that it was rendered once more.
    pub fn note(&mut self, now: Instant) {
        self.paid_up = self.paid_up.max(now) + BETWEEN;
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
            now += pace.pause(now);
            pace.note(now);
            made.push(now);
        }
        assert_eq!(made[4], start, "the first ones need not wait");
        for (first, at) in made.iter().enumerate() {
            let within = *at + Duration::from_secs(1);
            let within = made[first..].iter().filter(|other| **other < within);
            assert!(within.count() <= 20);
        }
        let later = now + Duration::from_secs(10);
        assert_eq!(pace.pause(later), Duration::ZERO);
    }
}
