//! Clocks that are wrong: order does not depend on them, and nothing that they decide lasts longer than they are wrong.

use crate::shim::Shim;
use crate::site::Site;
use crate::waiting::eventually;

const HOUR: i64 = 60 * 60;
const YEAR: i64 = 365 * 24 * HOUR;

#[test]
fn a_clock_that_jumps_changes_no_order_and_ends_no_stream() {
    let mut site = Site::offline();
    let shim = Shim::under(&mut site);
    site.serve();
    site.publish("hello", "A post", "Something to talk about.");
    site.set_up();
    let mut owner = site.owner();
    let start = site.head();
    let mut stream = site.follow("hello");
    let mut said = vec![site.comment("hello", "Ann", "now")];
    for (seconds, words) in [
        (-2 * HOUR, "two hours before"),
        (20 * YEAR, "in twenty years"),
        (0, "now again"),
        (-2 * HOUR, "and before it all"),
    ] {
        shim.set_clock(seconds);
        said.push(site.comment("hello", "Ann", words));
    }
    let told: Vec<_> = said.iter().map(|_| stream.next().comment()).collect();
    assert_eq!(told, said, "a stream that was open all the time");
    let mut later = site.follow_after("hello", start);
    let told: Vec<_> = said.iter().map(|_| later.next().comment()).collect();
    assert_eq!(told, said, "a stream that comes back");
    let page = site.post("hello").attributes("#threads article", "id");
    let ids: Vec<_> = said.iter().map(|id| format!("comment-{id}")).collect();
    assert_eq!(page, ids);
    shim.set_clock(0);
    owner.get("/admin").expect(200);
    site.rowlog(&["check"]).worked();
}

#[test]
fn what_a_wrong_clock_began_does_not_last_as_long_as_it_was_wrong() {
    let mut site = Site::offline();
    let shim = Shim::under(&mut site);
    site.serve();
    site.set_up();
    let mut owner = site.owner();
    shim.set_clock(-2 * HOUR);
    owner.get("/admin").expect(200);
    shim.set_clock(20 * YEAR);
    eventually("it is said that the clock was set", || {
        site.log_text().contains("set forward by")
    });
    owner.get("/admin").expect(303);
    let mut later = site.owner();
    later.get("/admin").expect(200);
    shim.set_clock(0);
    later.get("/admin").expect(303);
    let fault = || site.get("/health").json()["faults"][0]["fault"].clone();
    eventually("what has happened is in the future", || {
        fault() == "clock-behind"
    });
    site.owner().get("/admin").expect(200);
    eventually("and now it is not", || fault().is_null());
    assert!(
        site.log_text().contains("set back by"),
        "{}",
        site.log_text()
    );
}

#[test]
fn a_backup_of_a_time_that_has_not_come_is_not_the_newest_for_twenty_years() {
    let mut site = Site::with_post("hello");
    let shim = Shim::under(&mut site);
    site.stop();
    let hours = "update events set at = at - 7200000";
    site.database_for_surgery().execute(hours, []).unwrap();
    for (clock, wanted) in [(20 * YEAR, 1), (0, 2), (0, 2)] {
        shim.set_clock(clock);
        site.serve();
        let made = || site.log_text().matches("backup made").count();
        eventually("a backup is made", || made() >= wanted);
        let health = site.get("/health").json();
        assert_eq!(health["backup"]["state"], "good", "{health}");
        site.stop();
        assert_eq!(
            site.log_text().matches("backup made").count(),
            wanted,
            "one a day is enough"
        );
    }
}

#[test]
fn what_is_scheduled_waits_for_the_clock_and_what_appeared_stays() {
    let mut site = Site::offline();
    let shim = Shim::under(&mut site);
    site.serve();
    let soon = "+++\ntitle = \"Soon\"\nslug = \"soon\"\ndate = 2036-01-02\n+++\nText\n";
    let file = site.write("posts/soon.md", soon);
    site.rowlog(&["publish", crate::site::path(&file)]).worked();
    shim.set_clock(-2 * HOUR);
    site.get("/posts/soon").expect(404);
    shim.set_clock(20 * YEAR);
    eventually("it appears when the clock says so", || {
        site.get("/posts/soon").status() == 200
    });
    shim.set_clock(0);
    site.get("/posts/soon").expect(200);
    site.comment("soon", "Ann", "early");
}
