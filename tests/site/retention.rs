//! How long the log keeps its events, and who notices.

use crate::site::Site;
use crate::waiting::eventually;

const DAY: i64 = 24 * 60 * 60 * 1_000;

#[test]
fn a_reader_of_a_quiet_post_keeps_the_cursor_however_much_is_trimmed_elsewhere() {
    let mut site = Site::with_post("busy");
    site.publish("quiet", "Quiet", "Nothing much.");
    site.set_up();
    let mut owner = site.owner();
    let mut ann = site.visitor();
    ann.comment("quiet", "Ann", "hello?");
    let quiet = site.head();
    for n in 0..1_200 {
        let comment = if n % 400 == 0 {
            Some(site.comment("busy", "Bob", &format!("{n}")))
        } else {
            None
        };
        if comment.is_none() {
            ann.react("/posts/busy", "love");
        }
    }
    for (name, value) in [("log_days", "0"), ("log_events", "none")] {
        owner
            .submit("/admin/settings", &[(name, value)])
            .expect(422);
    }
    let kept = [("log_days", "7"), ("log_events", "10")];
    owner.submit("/admin/settings", &kept).expect(303);
    site.stop();
    let older = format!("update events set at = at - {}", 8 * DAY);
    site.database_for_surgery().execute(&older, []).unwrap();
    let head = site.head_of_file();
    site.serve();
    eventually("the log is trimmed", || {
        site.ask("select count(*) from events") == 10
    });
    assert_eq!(site.head(), head, "the newest event stays");
    // The server still has in memory what the file has no more, and would tell it.
    site.stop();
    site.serve();
    let reset = |path: &str, after: i64| {
        let answer = site.get_json(&format!("{path}?after={after}"));
        answer["reset"]["reason"].as_str().map(str::to_owned)
    };
    assert_eq!(reset("/posts/quiet/events", quiet), None);
    assert_eq!(
        reset("/posts/quiet/events", quiet - 1).as_deref(),
        Some("gap")
    );
    let busy = "select max(id) from trimmed where stream = 'post:1' or stream = 'post:2'";
    let floor = site.ask(busy);
    assert_eq!(
        reset("/posts/busy/events", floor),
        None,
        "the last one trimmed is no gap"
    );
    assert_eq!(
        reset("/posts/busy/events", floor - 1).as_deref(),
        Some("gap")
    );
    assert_eq!(reset("/events", quiet).as_deref(), Some("gap"));
    site.comment("quiet", "Cy", "I am here");
    let answer = site.get_json(&format!("/posts/quiet/events?after={quiet}"));
    assert_eq!(answer["events"].as_array().unwrap().len(), 1);
}
