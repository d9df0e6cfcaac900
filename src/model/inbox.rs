//! The log as the owner's inbox: which part of it to list.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use url::form_urlencoded;

use super::happening::Noun;
use super::id::{EventId, PostId, VisitorId};
use super::time::Timestamp;

/// Which part of the log to list, and from where on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Only what happened to this.
    pub noun: Option<Noun>,
    /// Only what happened to this post, and under it.
    pub post: Option<PostId>,
    /// Only what happened to this reader's comments.
    pub writer: Option<VisitorId>,
    /// Only what happened on this day of the owner's.
    pub day: Option<Date>,
    /// Only where each of these words stands in the comment, its writer's name or the post's title.
    pub words: String,
    /// Only what happened before this.
    pub before: Option<EventId>,
}

impl Slice {
    /// The part that the query of an address chooses. What it does not understand is left out.
    pub fn parse(query: &str) -> Slice {
        let mut slice = Slice::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "show" => slice.noun = Noun::parse(&value),
                "post" => slice.post = value.parse().ok().map(PostId),
                "writer" => slice.writer = value.parse().ok().map(VisitorId),
                "day" => slice.day = value.parse().ok(),
                "q" => slice.words = value.trim().into(),
                "before" => slice.before = value.parse().ok().map(EventId),
                _ => {}
            }
        }
        slice
    }

    /// The address of the list.
    pub fn path(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let mut pair = |name, value: Option<String>| {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        };
        pair("show", self.noun.map(|noun| noun.word.to_owned()));
        pair("post", self.post.map(|post| post.to_string()));
        pair("writer", self.writer.map(|writer| writer.to_string()));
        pair("day", self.day.map(|day| day.to_string()));
        let words = Some(self.words.clone());
        pair("q", words.filter(|words| !words.is_empty()));
        pair("before", self.before.map(|id| id.to_string()));
        match query.finish().as_str() {
            "" => "/admin/log".into(),
            query => format!("/admin/log?{query}"),
        }
    }

    /// Whether what happens next stands at the head of the list, if it is shown at all.
    pub fn is_open(&self) -> bool {
        self.before.is_none() && self.words.is_empty()
    }

    /// From when on, and before when, its day lies in `zone`. A day that no calendar has, which only an address could name,
    /// has no time in it.
    pub fn hours(&self, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        let day = self.day?;
        let midnight = |day: Date| {
            let begins = day.to_zoned(zone.clone()).ok()?;
            Some(Timestamp(begins.timestamp().as_millisecond()))
        };
        let hours = midnight(day).zip(day.tomorrow().ok().and_then(midnight));
        Some(hours.unwrap_or((Timestamp(0), Timestamp(0))))
    }

    /// Which rows it shows, as a CSS selector of their attributes: what happens while the list is open must come by the
    /// same rule as on the server.
    pub fn selector(&self) -> String {
        let mut selector = String::from("li");
        let mut only = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                selector.push_str(&format!("[data-{name}=\"{value}\"]"));
            }
        };
        only("noun", self.noun.map(|noun| noun.word.to_owned()));
        only("post", self.post.map(|post| post.to_string()));
        only("writer", self.writer.map(|writer| writer.to_string()));
        only("day", self.day.map(|day| day.to_string()));
        selector
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_log_is_read_back_from_its_address() {
        let slice = Slice {
            noun: Noun::parse("comment"),
            post: Some(PostId(3)),
            writer: Some(VisitorId(5)),
            day: Some(Date::constant(2026, 11, 21)),
            words: "Töpfe & pans".into(),
            before: Some(EventId(99)),
        };
        let path = slice.path();
        let (_, query) = path.split_once('?').unwrap();
        assert_eq!(Slice::parse(query), slice);
        assert_eq!(
            slice.selector(),
            "li[data-noun=\"comment\"][data-post=\"3\"][data-writer=\"5\"][data-day=\"2026-11-21\"]"
        );
        let odd = Slice::parse("show=none&post=x&day=2026-02-30&before=&unknown=1&q=+");
        assert_eq!(odd, Slice::default());
        assert_eq!(odd.path(), "/admin/log");
    }

    #[test]
    fn a_day_is_as_long_as_the_clocks_of_its_zone_make_it() {
        let hours = |day| {
            let zone = TimeZone::get("Europe/Berlin").unwrap();
            let slice = Slice::parse(day);
            let (from, to) = slice.hours(&zone).unwrap();
            (to.0 - from.0) / 3_600_000
        };
        assert_eq!(hours("day=2026-11-21"), 24);
        assert_eq!(hours("day=2026-03-29"), 23);
        assert_eq!(hours("day=2026-10-25"), 25);
        assert_eq!(hours("day=9999-12-31"), 0);
    }
}
