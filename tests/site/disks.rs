//! Disks that are full, fail or cannot be written, and files that are gone or damaged: nothing acknowledged is lost, what was
//! typed comes back, readers notice nothing, and the owner is told once.

use std::collections::HashMap;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::command::run;
use crate::crash::everything_is_there;
use crate::http::Answer;
use crate::shim::{EIO, ENOSPC, Shim};
use crate::site::{PROGRAM, Site, path};
use crate::visitor::comment_in;
use crate::waiting::eventually;
use crate::whole::sized;

/// Which write or flush fails: some, or all of the first two hundred.
fn counts() -> Vec<i64> {
    sized(
        vec![1, 2, 3, 4, 6, 9, 14, 22, 35, 57, 92, 149],
        (1..=200).collect(),
    )
}

/// Comments on `hello`, and those that were acknowledged.
#[derive(Default)]
struct Talk {
    said: usize,
    acknowledged: HashMap<i64, String>,
}

impl Talk {
    /// Says something nobody has said; whether it was accepted. If not, the words come back.
    fn say(&mut self, site: &Site) -> bool {
        self.said += 1;
        let body = format!("line {} {}", self.said, "of some length ".repeat(20));
        let fields = [("name", "Ann"), ("body", body.trim())];
        let answer = site.submit("/posts/hello/comments", &fields);
        if answer.status() == 303 {
            let id = comment_in(answer.location());
            self.acknowledged.insert(id, body.trim().to_owned());
            return true;
        }
        refused(&answer, body.trim());
        false
    }
}

/// A page that says that it is not for now, and keeps what was typed.
#[track_caller]
fn refused(answer: &Answer, body: &str) {
    assert_eq!(answer.status(), 503, "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
    assert_eq!(answer.page().text("textarea"), body);
}

/// What `/health` says is wrong.
fn faults(site: &Site) -> Vec<String> {
    let health = site.get("/health").expect(200).json();
    let faults = health["faults"].as_array().expect("a list of faults");
    let word = |fault: &Value| fault["fault"].as_str().unwrap().to_owned();
    faults.iter().map(word).collect()
}

/// How often the log of the server says that this begins.
fn told(site: &Site, fault: &str) -> usize {
    let begins = format!("fault {fault} begins");
    site.log_text().matches(&begins).count()
}

fn on_shim() -> (Site, Shim) {
    let mut site = Site::offline();
    let shim = Shim::under(&mut site);
    site.serve();
    site.publish("hello", "A post", "Something to talk about.");
    (site, shim)
}

#[test]
fn a_write_that_fails_takes_nothing_with_it_and_the_next_one_works() {
    let (mut site, shim) = on_shim();
    let mut talk = Talk::default();
    let mut refusals = 0;
    for error in [ENOSPC, EIO] {
        for n in counts() {
            shim.fail_write(n, error);
            while shim.failed() == 0 {
                refusals += usize::from(!talk.say(&site));
            }
            site.get("/posts/hello").expect(200);
            assert!(talk.say(&site), "after write {n} failed by {error}");
        }
    }
    assert!(refusals > 0, "no write of a commit ever failed");
    assert!(told(&site, "disk-full") > 0 && told(&site, "write-failed") > 0);
    let is_over = || faults(&site).is_empty();
    eventually("what is over is said to be over", is_over);
    site.kill();
    everything_is_there(&site, &talk.acknowledged);
    site.serve();
    assert!(talk.say(&site));
    everything_is_there(&site, &talk.acknowledged);
    site.rowlog(&["check"]).worked();
}

#[test]
fn a_flush_that_fails_ends_all_writing_until_the_next_start() {
    let (mut site, shim) = on_shim();
    let mut talk = Talk::default();
    for n in sized(vec![1, 2, 3, 5, 8, 13], (1..=200).collect()) {
        let before = told(&site, "flush-failed");
        shim.fail_flush(n, EIO);
        while shim.failed() == 0 {
            talk.say(&site);
        }
        eventually("writing stops", || !talk.say(&site));
        for _ in 0..3 {
            assert!(!talk.say(&site), "written after flush {n} failed");
        }
        site.get("/posts/hello").expect(200);
        assert_eq!(faults(&site), ["flush-failed"]);
        assert_eq!(told(&site, "flush-failed"), before + 1, "once");
        let (status, _) = site.stop();
        assert_eq!(status.code(), Some(0));
        site.serve();
        assert!(talk.say(&site), "after a restart");
    }
    everything_is_there(&site, &talk.acknowledged);
    site.rowlog(&["check"]).worked();
}

#[test]
fn while_the_disk_fails_for_long_it_is_said_once_and_ends_by_itself() {
    let (site, shim) = on_shim();
    site.set_up();
    let mut owner = site.owner();
    let mut talk = Talk::default();
    for (error, fault) in [(ENOSPC, "disk-full"), (EIO, "write-failed")] {
        shim.fail_writes(error);
        for _ in 0..10 {
            assert!(!talk.say(&site));
            site.get("/posts/hello").expect(200);
        }
        assert_eq!(faults(&site), [fault]);
        assert_eq!(site.get("/health").json()["status"], "degraded");
        let desk = owner.get("/admin/posts").expect(200).page();
        assert_eq!(desk.count(".fault"), 1);
        assert!(!site.post("hello").has(".fault"), "readers are not told");
        shim.mend();
        eventually("it ends without a visitor", || faults(&site).is_empty());
        assert!(talk.say(&site));
        assert_eq!(told(&site, fault), 1);
        assert!(!owner.get("/admin/posts").page().has(".fault"));
    }
    assert_eq!(site.get("/health").json()["status"], "ok");
    let errors = site.log_text().matches("ERROR").count();
    assert_eq!(errors, 2, "one line for each:\n{}", site.log_text());
}

/// Two MiB of memory in the place of the data folder.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where the system does not allow it.
    fn at(folder: PathBuf) -> Option<SmallDisk> {
        fs::create_dir_all(&folder).unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=2m", "tmpfs", path(&folder)];
        let done = Command::new("mount").args(mount).output();
        if done.is_ok_and(|done| done.status.success()) {
            return Some(SmallDisk(folder));
        }
        println!("left out: nothing can be mounted here");
        None
    }

    /// Writes until there is no room.
    fn fill(&self) {
        let mut filler = fs::File::create(self.0.join("filler")).unwrap();
        while filler.write_all(&[1; 512]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

#[test]
fn on_a_full_disk_everything_can_be_read_and_with_room_written_again() {
    let mut site = Site::offline();
    let Some(disk) = SmallDisk::at(site.data()) else {
        return;
    };
    site.serve();
    site.publish("hello", "A post", "Something to talk about.");
    let mut talk = Talk::default();
    for round in 1..=3 {
        assert!(talk.say(&site));
        disk.fill();
        eventually("the disk is full", || !talk.say(&site));
        for _ in 0..5 {
            assert!(!talk.say(&site));
            site.get("/posts/hello").expect(200);
            site.get("/").expect(200);
        }
        assert!(faults(&site).contains(&"disk-full".to_owned()));
        assert_eq!(told(&site, "disk-full"), round, "once");
        disk.make_room();
        let is_over = || !faults(&site).contains(&"disk-full".to_owned());
        eventually("it goes on by itself", is_over);
    }
    assert!(talk.say(&site));
    everything_is_there(&site, &talk.acknowledged);
    site.rowlog(&["check"]).worked();
    site.kill();
    drop(disk);
}

#[test]
fn a_file_that_another_program_holds_is_told_of_until_it_lets_go() {
    let site = Site::with_post("hello");
    let file = rusqlite::Connection::open(site.data().join("rowlog.db")).unwrap();
    file.execute_batch("begin immediate").unwrap();
    let mut talk = Talk::default();
    assert!(!talk.say(&site));
    assert_eq!(faults(&site), ["locked"]);
    file.execute_batch("rollback").unwrap();
    eventually("it is over", || faults(&site).is_empty());
    assert!(talk.say(&site));
    assert_eq!(told(&site, "locked"), 1);
}

#[test]
fn a_file_that_is_gone_is_noticed_before_anyone_writes() {
    let site = Site::with_post("hello");
    site.set_up();
    let mut owner = site.owner();
    fs::remove_file(site.data().join("rowlog.db")).unwrap();
    eventually("it is noticed", || faults(&site) == ["gone"]);
    for _ in 0..3 {
        refused(
            &site.submit(
                "/posts/hello/comments",
                &[("name", "Ann"), ("body", "lost")],
            ),
            "lost",
        );
    }
    let desk = owner.get("/admin").expect(200).page();
    assert!(desk.text(".fault").contains("removed or replaced"));
    assert_eq!(told(&site, "gone"), 1);
}

#[test]
fn a_damaged_file_is_no_empty_site_and_is_not_written() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "here");
    site.stop();
    let file = site.data().join("rowlog.db");
    let page = site.ask("select rootpage from sqlite_schema where name = 'comments'");
    let mut bytes = fs::File::options().write(true).open(&file).unwrap();
    bytes
        .seek(SeekFrom::Start((page as u64 - 1) * 4_096))
        .unwrap();
    bytes.write_all(&[0xFF; 4_096]).unwrap();
    site.serve();
    for _ in 0..3 {
        let answer = site.get("/posts/hello").expect(500);
        assert!(answer.page().has("main h1"), "{}", answer.text());
    }
    assert!(faults(&site).contains(&"damaged".to_owned()));
    let fields = [("name", "Ann"), ("body", "into the void")];
    let answer = site.submit("/posts/hello/comments", &fields);
    assert!(answer.status() >= 500, "{}", answer.status());
    assert_eq!(answer.page().text("textarea"), "into the void");
    assert_eq!(told(&site, "damaged"), 1);
}

#[test]
fn a_backup_that_is_copied_over_a_file_is_not_mixed_with_the_log_beside_it() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "in the backup");
    let backup = site.path("backup.db");
    site.rowlog(&["backup", path(&backup)]).worked();
    for n in 0..60 {
        site.comment("hello", "Bob", &format!("{n} {}", "after it ".repeat(400)));
    }
    site.kill();
    let file = site.data().join("rowlog.db");
    let log = site.data().join("rowlog.db-wal");
    let stale = fs::read(&log).unwrap();
    assert!(!stale.is_empty());
    fs::copy(&backup, &file).unwrap();
    site.is_refused_for_its_log(&backup, &stale);
    fs::remove_file(&log).unwrap();
    site.serve();
    assert!(
        site.post("hello")
            .text("#threads")
            .contains("in the backup")
    );
    assert_eq!(site.ask("select count(*) from comments"), 1);
}

#[test]
fn a_file_that_is_copied_without_its_log_is_no_empty_site() {
    let site = Site::start(); // everything is in the log as yet
    let copy = site.path("copy");
    fs::create_dir(&copy).unwrap();
    fs::copy(site.data().join("rowlog.db"), copy.join("rowlog.db")).unwrap();
    let refused = site.rowlog_on(path(&copy), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.complaint().contains("-wal"), "{refused:#?}");
}

#[test]
fn what_may_not_be_written_is_named_with_what_to_do() {
    let mut site = Site::with_post("hello");
    site.stop();
    let open = |place: PathBuf, mode| {
        fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
    };
    // The superuser may write everything, so the program is run as nobody.
    let is_root = fs::metadata("/proc/self").is_ok_and(|it| {
        use std::os::unix::fs::MetadataExt;
        it.uid() == 0
    });
    let serve = || {
        let mut command = match is_root {
            false => Command::new(PROGRAM),
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=65534", "--regid=65534", "--clear-groups", PROGRAM]);
                command
            }
        };
        let data = site.data();
        run(
            command.args(["--data", path(&data), "serve", "--listen", "127.0.0.1:0"]),
            "",
        )
    };
    open(site.path(""), 0o755);
    open(site.data(), 0o555);
    let outcome = serve();
    if is_root && !outcome.stderr.starts_with("rowlog: ") {
        println!("left out: nobody may run the program here");
        return;
    }
    let complaint = outcome.complaint();
    assert!(
        complaint.contains(path(&site.data())) && complaint.contains("permissions"),
        "{complaint}"
    );
    open(site.data(), 0o777);
    let file = site.data().join("rowlog.db");
    open(file.clone(), 0o444);
    fs::remove_file(site.data().join("rowlog.lock")).unwrap();
    let outcome = serve();
    let complaint = outcome.complaint();
    assert!(
        complaint.contains(path(&file)) && complaint.contains("permissions"),
        "{complaint}"
    );
}
