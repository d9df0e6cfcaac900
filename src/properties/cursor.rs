//! How far a client says it has come.

use crate::model::cursor::Cursor;
use crate::model::id::EventId;
use crate::model::time::Timestamp;

/// The first three lines stand for `Last-Event-ID`, `?after=` and `?at=`; one that does not begin with `=` was not sent.
pub fn holds(lines: &str) {
    let mut lines = lines.split('\n').map(|line| line.strip_prefix('='));
    let mut next = || lines.next().flatten();
    let (last, after, at) = (next(), next(), next());
    let read = Cursor::parse(last, after, at);
    let said = last.map(str::trim).filter(|last| !last.is_empty());
    match read {
        Cursor::Head => assert_eq!((said, after), (None, None)),
        Cursor::After(id, time) => {
            let word = said.or(after).expect("it comes from somewhere");
            assert_eq!(digits(word), Some(id.0));
            match time {
                Some(time) => assert_eq!(at.and_then(digits), Some(time.0)),
                None => assert!(at.is_none() || said.is_some() && said != after),
            }
            says_the_same(id, time);
        }
        Cursor::Bad => {
            let word = said.or(after).expect("nothing is not bad");
            assert!(digits(word).is_none() || at.is_some_and(|at| digits(at).is_none()));
        }
    }
}

/// What a page prints is understood when it comes back.
fn says_the_same(id: EventId, at: Option<Timestamp>) {
    let (id_word, at_word) = (id.to_string(), at.map(|at| at.0.to_string()));
    let again = Cursor::parse(None, Some(&id_word), at_word.as_deref());
    assert_eq!(again, Cursor::After(id, at));
}

/// The number that `word` is written as, counted digit by digit; nothing beyond 63 bits.
fn digits(word: &str) -> Option<i64> {
    let add = |sum: i64, c: char| {
        let digit = "0123456789".find(c)?;
        sum.checked_mul(10)?.checked_add(i64::try_from(digit).ok()?)
    };
    (!word.is_empty())
        .then(|| word.chars().try_fold(0, add))
        .flatten()
}
