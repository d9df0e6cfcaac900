//! What is given to the blog is kept: backups while it is in use, by hand and by themselves, and coming back from them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection as Database, OpenFlags};

use crate::site::{Site, path};

/// A backup, opened as it lies there.
fn look_into(file: &PathBuf) -> Database {
    Database::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the backup opens")
}

fn count(file: &Database, sql: &str) -> i64 {
    file.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The files in the folder of backups whose names begin so.
fn backups(site: &Site, beginning: &str) -> Vec<PathBuf> {
    let Ok(files) = fs::read_dir(site.data().join("backups")) else {
        return Vec::new();
    };
    let files = files.map(|file| file.unwrap().path());
    let named = |file: &PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy();
        name.starts_with(beginning) && name.ends_with(".db")
    };
    let mut files: Vec<_> = files.filter(named).collect();
    files.sort_unstable();
    files
}

/// Starts the server as if what the log tells of had happened hours ago.
fn serve_hours_later(site: &mut Site, hours: i64) {
    site.database_for_surgery()
        .execute("update events set at = at - ?1", [hours * 3_600_000])
        .unwrap();
    site.serve();
}

#[test]
fn a_backup_is_made_beside_a_running_server_and_is_complete_alone() {
    let site = Site::with_post("hello");
    site.comment("hello", "Ann", "worth keeping");
    let file = site.path("kept/blog.db");
    fs::create_dir(file.parent().unwrap()).unwrap();
    let report = site.rowlog(&["backup", path(&file)]).worked();
    assert!(report.stdout.contains("1 comment"), "{}", report.stdout);
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let beside = fs::read_dir(file.parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1, "something lies beside the backup");
    let kept = look_into(&file);
    let sql = "select count(*) from comments where body = 'worth keeping'";
    assert_eq!(count(&kept, sql), 1);

    let taken = site.rowlog(&["backup", path(&file)]);
    assert!(taken.complaint().contains("--replace"), "{taken:#?}");
    site.comment("hello", "Bob", "this as well");
    site.rowlog(&["backup", "--replace", path(&file)]).worked();
    assert_eq!(count(&look_into(&file), "select count(*) from comments"), 2);

    for own in ["rowlog.db", "rowlog.db-wal"] {
        let own = site.data().join(own);
        let refused = site.rowlog(&["backup", "--replace", path(&own)]);
        assert!(refused.complaint().contains("the blog itself"));
    }
    let nowhere = site.path("no/such/folder/blog.db");
    let refused = site.rowlog(&["backup", path(&nowhere)]);
    assert!(refused.complaint().contains("no/such/folder"));
    site.comment("hello", "Cy", "nothing is harmed");
}

#[test]
fn a_backup_while_many_write_is_consistent() {
    let site = Site::with_post("hello");
    let done = AtomicBool::new(false);
    let longest = thread::scope(|scope| {
        let writers: Vec<_> = (0..20)
            .map(|n| {
                let (site, done) = (&site, &done);
                scope.spawn(move || {
                    let mut visitor = site.visitor();
                    let mut longest = Duration::ZERO;
                    for round in 0.. {
                        if done.load(Ordering::Relaxed) {
                            break;
                        }
                        let started = Instant::now();
                        visitor.comment("hello", "Ann", &format!("{n} says {round}"));
                        longest = longest.max(started.elapsed());
                    }
                    longest
                })
            })
            .collect();
        for n in 0..3 {
            let file = site.path(&format!("{n}.db"));
            site.rowlog(&["backup", path(&file)]).worked();
            let kept = look_into(&file);
            let rows = count(&kept, "select count(*) from comments");
            let events = "select count(*) from events where kind = 'comment:created'";
            assert_eq!(rows, count(&kept, events), "a row without its event");
            let counted = "select comment_count from posts where slug = 'hello'";
            assert_eq!(rows, count(&kept, counted));
        }
        done.store(true, Ordering::Relaxed);
        let longest = writers.into_iter().map(|writer| writer.join().unwrap());
        longest.max().unwrap()
    });
    println!("the longest wait of a writer was {longest:?}");
}

#[test]
fn a_restore_is_refused_while_a_server_runs_and_keeps_what_was_there() {
    let mut site = Site::with_post("hello");
    site.set_up();
    site.comment("hello", "Ann", "before");
    let file = site.path("blog.db");
    site.rowlog(&["backup", path(&file)]).worked();
    site.comment("hello", "Bob", "after");
    let refused = site.rowlog(&["restore", path(&file)]);
    assert!(refused.complaint().contains("server"), "{refused:#?}");
    assert_eq!(site.ask("select count(*) from comments"), 2);

    site.stop();
    let said = site.rowlog(&["restore", path(&file)]).worked().stdout;
    assert!(said.contains("1 comments"), "{said}");
    let kept = backups(&site, "before-restore-");
    let [kept] = &kept[..] else {
        panic!("{kept:?}");
    };
    assert!(said.contains(path(kept)), "{said}");
    assert_eq!(count(&look_into(kept), "select count(*) from comments"), 2);
    site.rowlog(&["check"]).worked();
    site.serve();
    assert_eq!(site.ask("select count(*) from comments"), 1);
    let page = site.post("hello");
    assert!(page.text("#threads").contains("before"));

    site.stop();
    site.rowlog(&["restore", path(kept)]).worked();
    assert_eq!(site.ask("select count(*) from comments"), 2, "and back");
}

#[test]
fn nothing_that_is_no_sound_backup_takes_the_place_of_the_blog() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", &"words ".repeat(1000));
    let good = site.path("good.db");
    site.rowlog(&["backup", path(&good)]).worked();
    site.stop();
    let before = fs::read(site.data().join("rowlog.db")).unwrap();
    let list = site.write("list.db", "a shopping list, not a database\n".repeat(100));
    let newer = site.write("newer.db", fs::read(&good).unwrap());
    let opened = Database::open(&newer).unwrap();
    opened.pragma_update(None, "user_version", 9999).unwrap();
    drop(opened);
    let mut bytes = fs::read(&good).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xA5);
    let damaged = site.write("damaged.db", bytes);
    let missing = site.path("missing.db");
    let own = site.data().join("rowlog.db");
    for (file, why) in [
        (&list, "not a Rowlog blog"),
        (&newer, "newer"),
        (&damaged, "damaged"),
        (&missing, "no backup"),
        (&own, "own file"),
    ] {
        let refused = site.rowlog(&["restore", path(file)]);
        assert!(refused.complaint().contains(why), "{file:?}: {refused:#?}");
        let after = fs::read(site.data().join("rowlog.db")).unwrap();
        assert!(before == after, "{file:?} changed the blog");
    }
}

#[test]
fn a_damaged_blog_and_a_lost_one_come_back() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "still here");
    let good = site.path("good.db");
    site.rowlog(&["backup", path(&good)]).worked();
    site.stop();
    let file = site.data().join("rowlog.db");
    fs::write(&file, "what a bad disk made of it\n".repeat(500)).unwrap();
    fs::write(site.data().join("rowlog.db-wal"), "stale").unwrap();
    let said = site.rowlog(&["restore", path(&good)]).worked().stdout;
    assert!(said.contains("put aside"), "{said}");
    assert_eq!(backups(&site, "unreadable-").len(), 1);
    let lost = site.head_of_file();
    assert!(
        lost > 1_000_000,
        "ids that clients may hold come again: {lost}"
    );
    fs::remove_file(&file).unwrap();
    fs::write(site.data().join("rowlog.db-wal"), "stale").unwrap();
    site.rowlog(&["restore", path(&good)]).worked();
    site.rowlog(&["check"]).worked();
    site.serve();
    assert!(site.post("hello").text("#threads").contains("still here"));
}

#[test]
fn an_upgrade_is_taken_back_by_one_command() {
    let mut site = Site::with_post("hello");
    let none = site.rowlog(&["rollback"]);
    assert!(none.complaint().contains("before an upgrade"), "{none:#?}");
    let folder = site.data().join("backups");
    fs::create_dir(&folder).unwrap();
    let kept = folder.join("before-migration-2026-01-02T03-04-05Z.db");
    site.rowlog(&["backup", path(&kept)]).worked();
    site.comment("hello", "Ann", "after the upgrade");
    let running = site.rowlog(&["rollback"]);
    assert!(
        running.complaint().contains("stop it first"),
        "{running:#?}"
    );
    site.stop();
    site.rowlog(&["rollback"]).worked();
    assert_eq!(site.ask("select count(*) from comments"), 0);
    assert_eq!(backups(&site, "before-restore-").len(), 1);
    site.serve();
    site.get("/posts/hello").expect(200);
}

#[test]
fn no_client_skips_anything_after_a_restore() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "in the backup");
    let file = site.path("blog.db");
    site.rowlog(&["backup", path(&file)]).worked();
    let middle = site.head();
    site.comment("hello", "Bob", "lost");
    let last = site.comment("hello", "Cy", "lost too");
    let head = site.head();
    site.stop();
    site.rowlog(&["restore", path(&file)]).worked();
    site.serve();
    let first = site.head();
    assert!(first > head, "{first} is not above {head}");
    let next = site.comment("hello", "Di", "new");
    assert!(next > last, "a comment has the id of one that is gone");
    // Without `at`, as a browser that comes back by itself: all it has is the number.
    for held in [1, middle, head - 1, head] {
        let answer = site.get_json(&format!("/posts/hello/events?after={held}"));
        assert!(!answer["reset"].is_null(), "{held}: {answer}");
    }
    let answer = site.get_json(&format!("/posts/hello/events?after={first}"));
    assert!(answer["reset"].is_null(), "{answer}");
    assert_eq!(answer["events"][0]["comment"]["id"], next);
    let page = site.post("hello");
    let after = page.attribute("#comments", "data-after");
    let answer = site.get_json(&format!("/posts/hello/events?after={after}"));
    assert!(
        answer["reset"].is_null(),
        "a page that is read now: {answer}"
    );
}

#[test]
fn what_was_ended_since_a_backup_stays_ended() {
    let mut site = Site::with_post("hello");
    site.set_up();
    let (mut here, mut there) = (site.owner(), site.owner());
    let token = site.rowlog(&["token", "new", "Phone"]).worked().stdout;
    let file = site.path("blog.db");
    site.rowlog(&["backup", path(&file)]).worked();
    there.submit("/admin/logout", &[]).expect(303);
    let signed_out = there.clone();
    let token = token.split_whitespace().last().unwrap().to_owned();
    assert!(!token.is_empty());
    site.stop();
    let conn = site.database_for_surgery();
    conn.execute("delete from tokens", []).unwrap();
    drop(conn);
    site.rowlog(&["restore", path(&file)]).worked();
    site.serve();
    here.get("/admin").expect(200);
    let mut signed_out = signed_out;
    signed_out.get("/admin").expect(303);
    assert_eq!(site.ask("select count(*) from sessions"), 1);
    assert_eq!(site.ask("select count(*) from tokens"), 0);
}

#[test]
fn the_server_makes_a_backup_once_a_day_by_itself() {
    let mut site = Site::with_post("hello");
    assert_eq!(site.get("/health").json()["backup"]["state"], "none");
    site.stop();
    assert!(
        backups(&site, "daily-").is_empty(),
        "of a blog that just began"
    );
    let begun = ["old", "new"].map(|age| site.write(&format!("data/.rowlog-{age}.part"), age));
    let copying = fs::File::open(&begun[0]).unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
    copying.set_modified(long_ago).unwrap();
    serve_hours_later(&mut site, 2);
    let made = || site.get("/health").json()["backup"]["state"] == "good";
    crate::waiting::eventually("a backup is made", made);
    let kept = backups(&site, "daily-");
    assert_eq!(kept.len(), 1);
    let is_there = begun.map(|file| file.exists());
    assert_eq!(is_there, [false, true], "what a kill has left is swept up");
    let folder = fs::metadata(site.data().join("backups")).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    assert_eq!(
        count(
            &look_into(&kept[0]),
            "select count(*) from posts where slug = 'hello'"
        ),
        1
    );
    assert!(site.health("free") > 0);
    site.stop();
    serve_hours_later(&mut site, 2);
    assert_eq!(site.get("/health").json()["backup"]["state"], "good");
    site.stop();
    assert_eq!(backups(&site, "daily-").len(), 1, "one a day is enough");

    let day_before = site.data().join("backups/daily-2020-01-02T03-04-05Z.db");
    fs::rename(&kept[0], &day_before).unwrap();
    site.serve();
    crate::waiting::eventually("the next one is made", || {
        site.get("/health").json()["backup"]["state"] == "good"
    });
    assert_eq!(backups(&site, "daily-").len(), 2);
}

#[test]
fn backups_go_where_they_are_told_and_say_when_they_cannot() {
    let mut site = Site::with_post("hello");
    let elsewhere = site.path("elsewhere");
    site.stop();
    site.database_for_surgery()
        .execute("update events set at = at - 7200000", [])
        .unwrap();
    site.serve_at(&["--limits", "off", "--backups", "off"]);
    assert_eq!(site.get("/health").json()["backup"]["state"], "off");
    site.stop();
    site.serve_at(&["--limits", "off", "--backups", path(&elsewhere)]);
    crate::waiting::eventually("a backup is made", || {
        site.get("/health").json()["backup"]["state"] == "good"
    });
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1);
    assert!(backups(&site, "").is_empty());
    site.stop();
    let file = site.write("a-file", "no folder");
    site.serve_at(&["--limits", "off", "--backups", path(&file)]);
    crate::waiting::eventually("it is said that none can be made", || {
        site.log_text().contains("a-file")
    });
    assert_eq!(site.get("/health").json()["backup"]["state"], "failed");
    site.get("/posts/hello").expect(200);
}

#[test]
fn an_import_into_a_blog_with_posts_is_preceded_by_a_backup() {
    let site = Site::with_post("hello");
    site.write(
        "blog/one.md",
        "+++\ntitle = \"One\"\ndate = 2020-01-01\n+++\nText\n",
    );
    let folder = site.path("blog");
    let import = ["import", "markdown", path(&folder)];
    site.rowlog(&[&import[..], &["--dry-run"]].concat())
        .worked();
    assert!(backups(&site, "before-import-").is_empty());
    site.rowlog(&import).worked();
    let kept = backups(&site, "before-import-");
    assert_eq!(kept.len(), 1);
    let imported = "select count(*) from posts where slug = 'one'";
    assert_eq!(count(&look_into(&kept[0]), imported), 0);
    assert_eq!(site.ask(imported), 1);
    site.rowlog(&import).worked();
    assert_eq!(
        backups(&site, "before-import-").len(),
        1,
        "nothing was imported"
    );
}
