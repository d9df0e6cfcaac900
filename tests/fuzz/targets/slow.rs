//! Comments that take long: the text before the first line feed, as often as a form holds it, then the rest as often.
//!
//! What grows faster than its input takes seconds at this size, and a text of a few bytes is soon found.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use rowlog_fuzz::text::comment;

/// The longest form that is taken, in bytes.
const LONGEST: usize = 64 * 1024;
/// Milliseconds of processor time, for a build that watches every branch; the program itself takes a fraction of it.
const MOST: u64 = 500;

fuzz_target!(|pattern: &str| {
    let (open, close) = pattern.split_once('\n').unwrap_or((pattern, ""));
    let times = LONGEST / pattern.len().max(1);
    let body = format!("{}{}", open.repeat(times), close.repeat(times));
    let before = milliseconds();
    comment::html(&body);
    let took = milliseconds() - before;
    assert!(took < MOST, "{took} ms for {pattern:?}");
});

/// Processor time of this thread. Other processes do not count.
fn milliseconds() -> u64 {
    let spent = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    let nanoseconds: u64 = spent
        .split(' ')
        .next()
        .and_then(|word| word.parse().ok())
        .expect("a number comes first");
    nanoseconds / 1_000_000
}
