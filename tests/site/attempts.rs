//! Attempts: what is sent twice is said once, and what is said otherwise is not lost.

use crate::site::Site;

#[test]
fn the_same_attempt_sent_twice_is_one_comment() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let op = ("op", "0192b1c4-6f0e-7cc1-9b3e-3f6f0a1d2e3f");
    let first = ann.say("hello", &[("name", "Ann"), ("body", "once"), op]);
    assert_eq!(
        ann.say("hello", &[("name", "Ann"), ("body", "once"), op]),
        first,
        "the same op"
    );
    let second = ann.comment("hello", "Ann", "no op at all");
    assert_eq!(
        ann.comment("hello", "Ann", "no op at all"),
        second,
        "the same body within a minute"
    );
    assert_ne!(
        site.comment("hello", "Ann", "no op at all"),
        second,
        "another visitor"
    );
    assert_eq!(site.ask("select count(*) from comments"), 3);
    assert_eq!(
        site.ask("select count(*) from events where kind = 'comment:created'"),
        3
    );
}
