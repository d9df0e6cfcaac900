//! Points in time: milliseconds since the Unix epoch, UTC, and how they are written.

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

    /// `14 November 2026`.
    pub fn date(self) -> String {
        self.written("%-d %B %Y")
    }

    /// `14 Nov`: where the year stands nearby.
    pub fn day(self) -> String {
        self.written("%-d %b")
    }

    /// `14 Nov 2026, 09:12`: beside a comment.
    pub fn moment(self) -> String {
        self.written("%-d %b %Y, %H:%M")
    }

    /// `2026-11-14T09:12` in `zone`: for the fields of forms.
    pub fn local(self, zone: &TimeZone) -> String {
        let zoned = self.zoned().with_time_zone(zone.clone());
        zoned.strftime("%Y-%m-%dT%H:%M").to_string()
    }

    /// `14 Nov 2026, 09:12` in `zone`: beside a post on the desk.
    pub fn moment_in(self, zone: &TimeZone) -> String {
        let zoned = self.zoned().with_time_zone(zone.clone());
        zoned.strftime("%-d %b %Y, %H:%M").to_string()
    }

    /// `14 Nov, 09:12` in `zone`: on the desk, of what happened lately.
    pub fn desk(self, zone: &TimeZone) -> String {
        let zoned = self.zoned().with_time_zone(zone.clone());
        zoned.strftime("%-d %b, %H:%M").to_string()
    }

    /// `2026-11-14` in `zone`: the day that statistics count it to.
    pub fn day_in(self, zone: &TimeZone) -> String {
        let zoned = self.zoned().with_time_zone(zone.clone());
        zoned.strftime("%Y-%m-%d").to_string()
    }

    /// The hour of the day in `zone`, from 0 to 23.
    pub fn hour(self, zone: &TimeZone) -> i8 {
        self.zoned().with_time_zone(zone.clone()).hour()
    }

    /// `09:12`: where the day stands nearby.
    pub fn clock(self) -> String {
        self.written("%H:%M")
    }

    /// The year, as in a heading of the archive.
    pub fn year(self) -> i16 {
        self.zoned().year()
    }

    fn written(self, format: &str) -> String {
        self.zoned().strftime(format).to_string()
    }

    fn zoned(self) -> Zoned {
        // A time outside of jiff's range (years -9999 to 9999) can only come from a damaged file; it shows as the epoch.
        Instant::from_millisecond(self.0)
            .unwrap_or(Instant::UNIX_EPOCH)
            .to_zoned(TimeZone::UTC)
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
        assert_eq!(time.date(), "14 November 2026");
        assert_eq!(time.day(), "14 Nov");
        assert_eq!(time.moment(), "14 Nov 2026, 09:12");
        assert_eq!(time.clock(), "09:12");
        assert_eq!(time.year(), 2026);
        let zone = TimeZone::fixed(jiff::tz::offset(15));
        assert_eq!(time.moment_in(&zone), "15 Nov 2026, 00:12");
        assert_eq!(time.desk(&zone), "15 Nov, 00:12");
        assert_eq!(
            (time.day_in(&zone).as_str(), time.hour(&zone)),
            ("2026-11-15", 0)
        );
    }

    #[test]
    fn a_time_beyond_the_calendar_does_not_panic() {
        assert_eq!(Timestamp(i64::MAX).year(), 1970);
        assert_eq!(Timestamp(i64::MAX).plus(1), Timestamp(i64::MAX));
    }
}
