//! Points in time: milliseconds since the Unix epoch, UTC, and how machines write them. For people a
//! [`Calendar`](super::calendar::Calendar) does.

use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, Zoned};

/// Milliseconds since the Unix epoch, UTC: the one unit of time in the file and on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The clock's reading now.
    pub fn now() -> Timestamp {
        Timestamp(Instant::now().as_millisecond())
    }

    /// This point in time moved by `ms` milliseconds.
    pub fn plus(self, ms: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(ms))
    }

    /// `2026-11-14T09:12:00Z`: for `datetime` attributes, feeds and sitemaps (RFC 3339).
    pub fn rfc3339(self) -> String {
        self.written("%Y-%m-%dT%H:%M:%SZ")
    }

    /// `2026-11-14T09:12:00.123Z`: to the millisecond, for files.
    pub fn exact(self) -> String {
        self.written("%Y-%m-%dT%H:%M:%S.%3fZ")
    }

    /// The point in time that RFC 3339 writes so.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let instant: Instant = text.parse().ok()?;
        Some(Timestamp(instant.as_millisecond()))
    }

    /// `2026-11-14T09:12` in `zone`: for the fields of forms.
    pub fn local(self, zone: &TimeZone) -> String {
        self.in_zone(zone).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    /// `2026-11-14` in `zone`: the day that statistics count it to.
    pub fn day_in(self, zone: &TimeZone) -> String {
        self.in_zone(zone).strftime("%Y-%m-%d").to_string()
    }

    fn written(self, form: &str) -> String {
        self.in_zone(&TimeZone::UTC).strftime(form).to_string()
    }

    /// What calendar and clock show in `zone`.
    pub fn in_zone(self, zone: &TimeZone) -> Zoned {
        // A time outside of jiff's range (years -9999 to 9999) can only come from a damaged file; it shows as the epoch.
        Instant::from_millisecond(self.0)
            .unwrap_or(Instant::UNIX_EPOCH)
            .to_zoned(zone.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_the_way_each_place_needs_it() {
        let time = Timestamp(1_794_647_520_000);
        assert_eq!(time.rfc3339(), "2026-11-14T09:12:00Z");
        assert_eq!(time.exact(), "2026-11-14T09:12:00.000Z");
        let odd = Timestamp(1_794_647_520_007);
        assert_eq!(Timestamp::parse(&odd.exact()), Some(odd));
        let zone = TimeZone::fixed(jiff::tz::offset(15));
        assert_eq!(time.local(&zone), "2026-11-15T00:12");
        assert_eq!(time.day_in(&zone), "2026-11-15");
    }

    #[test]
    fn a_time_beyond_the_calendar_does_not_panic() {
        assert_eq!(Timestamp(i64::MAX).in_zone(&TimeZone::UTC).year(), 1970);
        assert_eq!(Timestamp(i64::MAX).plus(1), Timestamp(i64::MAX));
    }
}
