//! How the blog writes dates and times for people: in its own time zone, in the order that its owner likes.

use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::time::Timestamp;

/// What a date begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dates {
    /// `14 November 2026`.
    #[default]
    Day,
    /// `November 14, 2026`.
    Month,
    /// `2026-11-14` (ISO 8601).
    Year,
}

impl Dates {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Dates; 3] = [Dates::Day, Dates::Month, Dates::Year];

    /// The word in forms and in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Dates::Day => "day-first",
            Dates::Month => "month-first",
            Dates::Year => "year-first",
        }
    }

    /// The one of that word.
    pub fn parse(word: &str) -> Option<Dates> {
        Dates::ALL.into_iter().find(|dates| dates.as_str() == word)
    }
}

/// Writes points in time as the blog does. The scripts of the editor write them the same way (`assets/dates.js`).
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Where the blog's clock hangs.
    pub zone: TimeZone,
    /// The order of the parts of a date.
    pub dates: Dates,
    /// Whether its clock counts to twelve twice a day.
    pub is_twelve: bool,
}

impl Calendar {
    /// `14 November 2026`.
    pub fn date(&self, time: Timestamp) -> String {
        self.written(
            time,
            match self.dates {
                Dates::Day => "%-d %B %Y",
                Dates::Month => "%B %-d, %Y",
                Dates::Year => "%Y-%m-%d",
            },
        )
    }

    /// `14 Nov`: where the year stands nearby.
    pub fn day(&self, time: Timestamp) -> String {
        self.written(time, self.day_form())
    }

    /// `09:12`: where the day stands nearby.
    pub fn clock(&self, time: Timestamp) -> String {
        self.written(time, self.clock_form())
    }

    /// `14 Nov 2026, 09:12`: beside a comment.
    pub fn moment(&self, time: Timestamp) -> String {
        self.written(time, &self.moment_form())
    }

    /// `14 Nov 2026, 09:12 CET`: for whoever wants to know whose clock that is.
    pub fn exactly(&self, time: Timestamp) -> String {
        self.written(time, &format!("{} %Z", self.moment_form()))
    }

    /// `14 Nov, 09:12`: of what happened lately.
    pub fn lately(&self, time: Timestamp) -> String {
        let form = format!("{}, {}", self.day_form(), self.clock_form());
        self.written(time, &form)
    }

    /// The IANA name of the time zone.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// `24` or `12`: the hours of its clock, as the settings name them.
    pub fn hours(&self) -> &'static str {
        if self.is_twelve { "12" } else { "24" }
    }

    /// The year, as in a heading of the archive.
    pub fn year(&self, time: Timestamp) -> i16 {
        self.here(time).year()
    }

    /// When a year begins; the earliest of all times where that is not to be told.
    pub fn beginning(&self, year: i16) -> Timestamp {
        let first = Date::new(year, 1, 1).and_then(|day| day.to_zoned(self.zone.clone()));
        first.map_or(Timestamp(i64::MIN), |first| {
            Timestamp(first.timestamp().as_millisecond())
        })
    }

    /// The hour of the day, from 0 to 23.
    pub fn hour(&self, time: Timestamp) -> i8 {
        self.here(time).hour()
    }

    fn moment_form(&self) -> String {
        let date = match self.dates {
            Dates::Day => "%-d %b %Y,",
            Dates::Month => "%b %-d, %Y,",
            Dates::Year => "%Y-%m-%d",
        };
        format!("{date} {}", self.clock_form())
    }

    fn day_form(&self) -> &'static str {
        match self.dates {
            Dates::Day => "%-d %b",
            Dates::Month => "%b %-d",
            Dates::Year => "%m-%d",
        }
    }

    fn clock_form(&self) -> &'static str {
        match self.is_twelve {
            true => "%-I:%M\u{a0}%p", // the space does not break
            false => "%H:%M",
        }
    }

    fn here(&self, time: Timestamp) -> Zoned {
        time.in_zone(&self.zone)
    }

    fn written(&self, time: Timestamp, form: &str) -> String {
        self.here(time).strftime(form).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_the_owner_likes_it_and_in_the_blogs_time_zone() {
        let time = Timestamp(1_794_690_720_000); // 14 November 2026, 21:12 UTC
        let zone = TimeZone::get("Europe/Oslo").unwrap();
        let mut calendar = Calendar {
            zone,
            dates: Dates::Day,
            is_twelve: false,
        };
        let forms = |calendar: &Calendar| {
            [
                calendar.date(time),
                calendar.day(time),
                calendar.exactly(time),
                calendar.lately(time),
            ]
        };
        assert_eq!(
            forms(&calendar),
            [
                "14 November 2026",
                "14 Nov",
                "14 Nov 2026, 22:12 CET",
                "14 Nov, 22:12"
            ]
        );
        calendar.dates = Dates::Year;
        assert_eq!(
            forms(&calendar),
            [
                "2026-11-14",
                "11-14",
                "2026-11-14 22:12 CET",
                "11-14, 22:12"
            ]
        );
        calendar.dates = Dates::Month;
        calendar.is_twelve = true;
        assert_eq!(
            forms(&calendar),
            [
                "November 14, 2026",
                "Nov 14",
                "Nov 14, 2026, 10:12\u{a0}PM CET",
                "Nov 14, 10:12\u{a0}PM"
            ]
        );
        let new_year = Timestamp(1_798_759_800_000); // 31 December 2026, 23:30 UTC
        assert_eq!(
            (calendar.year(new_year), calendar.hour(new_year)),
            (2027, 0)
        );
        assert_eq!(calendar.clock(new_year), "12:30\u{a0}AM");
        assert_eq!(calendar.beginning(2027), Timestamp(1_798_758_000_000)); // an hour earlier than in UTC
        assert_eq!(calendar.beginning(i16::MAX), Timestamp(i64::MIN));
    }

    #[test]
    fn orders_of_dates_are_read_back() {
        for dates in Dates::ALL {
            assert_eq!(Dates::parse(dates.as_str()), Some(dates));
        }
        assert_eq!(Dates::parse("backwards"), None);
    }
}
