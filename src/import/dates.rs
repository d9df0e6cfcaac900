//! Dates as people and generators write them in front matter, file names and addresses.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::Offset;

/// A point in time and the calendar day its author wrote, which is the one in the post's old address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since the Unix epoch, UTC.
    pub ms: i64,
    /// The day in the author's own zone.
    pub day: Date,
}

/// Tried in this order, after `normal` has brought the parts into one shape. A space matches any number of them.
const FORMATS: &[&str] = &[
    "%Y-%m-%d %H:%M:%S%.f %z",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M %z",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %z",
    "%Y-%m-%d",
    "%a, %d %b %Y %H:%M:%S %z",
    "%d %B %Y",
    "%d %b %Y",
    "%B %d, %Y",
    "%b %d, %Y",
];

/// The moment that `text` names; none if it is no date. A time without a zone is taken to be in `offset`.
///
/// Knows RFC 3339, dates alone (midnight), Jekyll's `YYYY-MM-DD HH:MM:SS ±TTTT` with any part missing, RFC 2822 and
/// `Jan 2, 2025`.
pub fn parse(text: &str, offset: Offset) -> Option<Moment> {
    let text = normal(text);
    FORMATS.iter().find_map(|format| {
        let parts = BrokenDownTime::parse(format, &text).ok()?;
        let time = match parts.to_datetime() {
            Ok(time) => time,
            Err(_) => parts.to_date().ok()?.at(0, 0, 0, 0),
        };
        moment(time, parts.offset().unwrap_or(offset))
    })
}

/// The day at the start of a file or folder name, `2021-03-04-slug`, and the rest of the name.
pub fn from_name(name: &str) -> Option<(Date, &str)> {
    let (day, rest) = (name.get(..10)?, name.get(10..)?);
    let day = parse_day(day, '-')?;
    Some((day, rest.trim_start_matches(['-', '_', ' '])))
}

/// The day in an address or folder path, `2025/06/20/slug` or `blog/2025/06/slug` (the first of that month).
pub fn from_path(path: &str) -> Option<Date> {
    let parts: Vec<&str> = path.split('/').collect();
    let whole = |window: &[&str]| parse_day(&window.join("/"), '/');
    let month = |window: &[&str]| parse_day(&format!("{}/{}/01", window[0], window[1]), '/');
    parts
        .windows(3)
        .find_map(whole)
        .or_else(|| parts.windows(2).find_map(month))
}

/// Midnight of `day` in `offset`.
pub fn midnight(day: Date, offset: Offset) -> Option<Moment> {
    moment(day.at(0, 0, 0, 0), offset)
}

fn moment(time: DateTime, offset: Offset) -> Option<Moment> {
    let instant = offset.to_timestamp(time).ok()?;
    Some(Moment {
        ms: instant.as_millisecond(),
        day: time.date(),
    })
}

/// `2021-03-04` with the given mark between its parts, of which only the first must have four digits.
fn parse_day(text: &str, mark: char) -> Option<Date> {
    let mut parts = text.split(mark);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let plausible = year.len() == 4 && month.len() <= 2 && day.len() <= 2 && parts.next().is_none();
    if !plausible || ![year, month, day].into_iter().all(digits) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// One shape for what differs without meaning: `T`, `Z`, a named UTC, slashes in the day.
fn normal(text: &str) -> String {
    let text = text.trim();
    let utc = ["Z", "z", " UTC", " GMT"]
        .iter()
        .find_map(|zone| text.strip_suffix(zone));
    let mut text = utc.map_or_else(|| text.to_owned(), |rest| format!("{rest} +0000"));
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        if let Some(place) = text
            .find(['T', 't'])
            .filter(|place| (8..=10).contains(place))
        {
            text.replace_range(place..=place, " ");
        }
        if text.get(4..5) == Some("/") {
            text = text.replacen('/', "-", 2);
        }
        part_zone(&mut text);
    }
    text
}

/// Writes the zone at the end as ` ±HHMM`, whether it was `±HH:MM`, `±HHMM` or `±HH`.
fn part_zone(text: &mut String) {
    let Some(sign) = text.rfind(['+', '-']).filter(|sign| *sign > 10) else {
        return;
    };
    let mut digits: String = text[sign + 1..]
        .chars()
        .filter(|letter| *letter != ':')
        .collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
        return;
    }
    if digits.len() == 2 {
        digits.push_str("00");
    }
    let time = text[..sign].trim_end();
    *text = format!("{time} {}{digits}", &text[sign..=sign]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let offset = Offset::UTC;
        parse(text, offset).map_or("none".to_owned(), |moment| {
            jiff::Timestamp::from_millisecond(moment.ms)
                .unwrap()
                .to_string()
        })
    }

    #[test]
    fn every_form_of_a_date_is_read() {
        for (text, expected) in [
            ("2021-03-04T05:06:07Z", "2021-03-04T05:06:07Z"),
            ("2021-03-04T05:06:07.250Z", "2021-03-04T05:06:07.25Z"),
            ("2021-03-04T05:06:07+02:00", "2021-03-04T03:06:07Z"),
            ("2021-03-04t05:06:07", "2021-03-04T05:06:07Z"),
            ("2021-03-04T05:06", "2021-03-04T05:06:00Z"),
            ("2021-03-04", "2021-03-04T00:00:00Z"),
            ("2021-3-4", "2021-03-04T00:00:00Z"),
            ("2021/03/04", "2021-03-04T00:00:00Z"),
            ("2021-03-04 05:06:07 -0700", "2021-03-04T12:06:07Z"),
            ("2021-03-04 05:06 +0100", "2021-03-04T04:06:00Z"),
            ("2021-03-04 05:06:07-07", "2021-03-04T12:06:07Z"),
            ("2021-03-04 05:06:07 UTC", "2021-03-04T05:06:07Z"),
            ("2021-03-04 05:06", "2021-03-04T05:06:00Z"),
            ("Thu, 04 Mar 2021 05:06:07 +0000", "2021-03-04T05:06:07Z"),
            ("Thu, 04 Mar 2021 05:06:07 GMT", "2021-03-04T05:06:07Z"),
            ("Mar 4, 2021", "2021-03-04T00:00:00Z"),
            ("4 March 2021", "2021-03-04T00:00:00Z"),
            ("yesterday", "none"),
            ("2021-13-04", "none"),
            ("", "none"),
            ("99999999999", "none"),
        ] {
            assert_eq!(written(text), expected, "{text}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_in_the_zone_asked_for() {
        let moment = parse("2021-03-04", jiff::tz::offset(2)).unwrap();
        assert_eq!(
            moment.ms,
            parse("2021-03-03T22:00:00Z", Offset::UTC).unwrap().ms
        );
        assert_eq!(moment.day, Date::constant(2021, 3, 4));
    }

    #[test]
    fn names_and_paths_hold_dates() {
        let day = Date::constant(2021, 3, 4);
        assert_eq!(from_name("2021-03-04-a-b"), Some((day, "a-b")));
        assert_eq!(from_name("2021-03-04_a"), Some((day, "a")));
        assert_eq!(from_name("2021-03-04"), Some((day, "")));
        assert_eq!(from_name("über-2021-03-04"), None);
        assert_eq!(from_path("2021/03/04/a"), Some(day));
        assert_eq!(from_path("/blog/2021/3/4/a/"), Some(day));
        assert_eq!(
            from_path("blog/2021/03/a"),
            Some(Date::constant(2021, 3, 1))
        );
        assert_eq!(from_path("releases/1.94.1"), None);
    }
}
