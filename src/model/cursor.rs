//! How far a client has come in the log, in its own words.

use super::id::EventId;
use super::time::Timestamp;

/// What a client says about how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// Nothing: it starts at the head.
    Head,
    /// It has seen everything up to this event, which happened at that time, if it knows it.
    After(EventId, Option<Timestamp>),
    /// Something that is not a cursor.
    Bad,
}

impl Cursor {
    /// The cursor of a request: `Last-Event-ID` if the browser sent one, else `?after=ID[&at=MS]`, else the head.
    ///
    /// Errors: none. What is not a number becomes [`Cursor::Bad`], which is answered with a `reset`.
    /// Source: WHATWG HTML, "Server-sent events", section 9.2.4.
    pub fn parse(last_event_id: Option<&str>, after: Option<&str>, at: Option<&str>) -> Cursor {
        let last = last_event_id.map(str::trim).filter(|id| !id.is_empty());
        let word = match (last, after) {
            (Some(id), _) => id,
            (None, Some(after)) => after,
            (None, None) => return Cursor::Head,
        };
        // `at` describes `after`; beside another `Last-Event-ID` it says nothing.
        let at = at.filter(|_| last.is_none() || last == after);
        match (number(word), at.map(number)) {
            (None, _) | (_, Some(None)) => Cursor::Bad,
            (Some(id), at) => Cursor::After(EventId(id), at.flatten().map(Timestamp)),
        }
    }
}

/// A number of plain digits that fits.
fn number(word: &str) -> Option<i64> {
    word.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| word.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_wins_over_the_address_and_nonsense_is_told_apart_from_nothing() {
        let after = |id| Cursor::After(EventId(id), None);
        let table = [
            ((None, None, None), Cursor::Head),
            ((Some(""), None, None), Cursor::Head),
            ((Some("7"), Some("3"), Some("99")), after(7)),
            (
                (Some("3"), Some("3"), Some("99")),
                Cursor::After(EventId(3), Some(Timestamp(99))),
            ),
            (
                (None, Some("3"), Some("99")),
                Cursor::After(EventId(3), Some(Timestamp(99))),
            ),
            ((None, Some("0"), None), after(0)),
            ((None, Some(""), None), Cursor::Bad),
            ((None, Some("-1"), None), Cursor::Bad),
            ((None, Some("+1"), None), Cursor::Bad),
            ((None, Some("1e3"), None), Cursor::Bad),
            ((None, Some("9223372036854775808"), None), Cursor::Bad),
            ((Some("seven"), Some("3"), None), Cursor::Bad),
            ((None, Some("3"), Some("noon")), Cursor::Bad),
        ];
        for ((last, after, at), expected) in table {
            assert_eq!(
                Cursor::parse(last, after, at),
                expected,
                "{last:?} {after:?} {at:?}"
            );
        }
    }
}
