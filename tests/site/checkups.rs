//! A large file after a crash: served at once, checked meanwhile, and never mixed with the log of another.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::time::SystemTime;

use crate::crash::everything_is_there;
use crate::site::{Site, path};
use crate::waiting::eventually;

/// The note that a file is still to be checked.
const NOTE: &str = "rowlog.unchecked";

const SOUND: &str = "was checked after the crash and is sound";

/// A blog with so much in it that its file is not checked before it is served. Nobody serves it.
fn large() -> Site {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "in the file");
    site.stop();
    let fill = "insert into revisions (post_id, title, body, saved_at)
                select id, 'Old', replace(hex(zeroblob(10000000)), '00', 'old '), 0 from posts limit 1";
    let file = site.database_for_surgery();
    file.execute_batch(fill).unwrap();
    drop(file);
    site
}

/// Serves it, has something said, and ends it like a crash.
fn crash(site: &mut Site) -> i64 {
    site.serve();
    let said = site.comment("hello", "Bob", "in the log");
    site.kill();
    said
}

fn notes(site: &Site) -> bool {
    site.data().join(NOTE).exists()
}

#[test]
fn a_large_file_is_served_at_once_after_a_crash_and_checked_meanwhile() {
    let mut site = large();
    let said = crash(&mut site);
    site.serve();
    assert!(site.log_text().contains("is checked meanwhile"));
    eventually("it is checked", || site.log_text().contains(SOUND));
    eventually("the note is gone", || !notes(&site));
    everything_is_there(&site, &[(said, "in the log".to_owned())].into());
    assert_eq!(site.get_json("/health")["status"], "ok");
}

#[test]
fn what_the_check_finds_is_told_and_ends_all_writing_at_every_start() {
    let mut site = large();
    let page = site.ask("select rootpage from sqlite_schema where name = 'revisions_by_post'");
    let mut file = File::options()
        .write(true)
        .open(site.data().join("rowlog.db"))
        .unwrap();
    file.seek(SeekFrom::Start((page as u64 - 1) * 4_096))
        .unwrap();
    file.write_all(&[0xFF; 4_096]).unwrap();
    drop(file);
    crash(&mut site);
    for _ in 0..2 {
        site.serve();
        let is_found = || site.get("/health").json()["faults"][0]["fault"] == "damaged";
        eventually("it is found", is_found);
        let fields = [("name", "Ann"), ("body", "not written")];
        site.submit("/posts/hello/comments", &fields).expect(503);
        site.get("/posts/hello").expect(200);
        assert!(notes(&site));
        site.stop();
    }
}

#[test]
fn a_check_that_was_not_ended_is_made_by_the_next_server() {
    let mut site = large();
    fs::write(site.data().join(NOTE), "").unwrap();
    site.serve();
    eventually("it is checked", || site.log_text().contains(SOUND));
    eventually("the note is gone", || !notes(&site));
}

#[test]
fn a_backup_that_is_copied_over_a_large_file_is_not_mixed_with_the_log_beside_it() {
    let mut site = large();
    let backup = site.path("backup.db");
    site.rowlog(&["backup", path(&backup)]).worked();
    site.serve();
    for n in 0..150 {
        site.comment("hello", "Cy", &format!("after it, {n}"));
    }
    site.stop(); // takes all of it into the file, so that the log lacks it
    crash(&mut site);
    let (file, log) = (
        site.data().join("rowlog.db"),
        site.data().join("rowlog.db-wal"),
    );
    let stale = fs::read(&log).unwrap();
    fs::copy(&backup, &file).unwrap();
    for touches_log in [false, true] {
        if touches_log {
            let log = File::options().write(true).open(&log).unwrap();
            log.set_modified(SystemTime::now()).unwrap(); // as if the server had written it last
        }
        site.is_refused_for_its_log(&backup, &stale);
    }
}
