//! Killed at any step of what changes the whole file: a blog that begins, a backup, a restore, a rollback, an import. Whoever
//! comes next finds the one state or the other, whole, and can do it again.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::{Connection as Database, OpenFlags};

use crate::shim::{Shim, ends};
use crate::site::{Site, path};

/// A blog as it was before, to begin from again and again.
struct Beginning {
    site: Site,
    shim: Shim,
    files: PathBuf,
}

impl Beginning {
    /// From the files of a blog that nobody serves.
    fn of(mut site: Site) -> Beginning {
        let shim = Shim::under(&mut site);
        let files = site.path("beginning");
        copy(&site.data(), &files);
        Beginning { site, shim, files }
    }

    fn again(&self) {
        fs::remove_dir_all(self.site.data()).unwrap();
        copy(&self.files, &self.site.data());
    }

    /// Kills a command at each of its steps in turn, and looks at what is left by it.
    fn kill_each(&self, command: &[&str], look: impl Fn(&Site)) {
        let Beginning { site, shim, .. } = self;
        let steps = shim.steps_of(|| drop(site.rowlog_alike(command).worked()));
        println!("{command:?} takes {steps} steps");
        for (n, is_torn) in ends(steps) {
            self.again();
            shim.kill_at(n, is_torn);
            let outcome = site.rowlog_alike(command);
            shim.mend();
            assert!(outcome.code.is_none(), "not killed at {n}: {outcome:#?}");
            println!(
                "killed at {n} of {steps}{}",
                if is_torn { ", in the middle" } else { "" }
            );
            look(site);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.expect("there is cp").success());
}

/// A count out of a file that must be sound.
fn count(file: &Path, sql: &str) -> i64 {
    let file = Database::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sound: String = file
        .query_row("pragma integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    file.query_row(sql, [], |row| row.get(0)).unwrap()
}

const COMMENTS: &str = "select count(*) from comments";

/// The files in the folder of backups that have their names, however far the program came.
fn backups(site: &Site) -> Vec<PathBuf> {
    let files = fs::read_dir(site.data().join("backups"));
    let files = files.into_iter().flatten().map(|file| file.unwrap().path());
    files
        .filter(|file| file.extension().is_some_and(|it| it == "db"))
        .collect()
}

/// A server finds the blog in order, and goes on with it: told to a copy, so that what is there stays to be looked at.
fn goes_on(site: &Site) {
    let mut copied = Site::offline();
    copy(&site.data(), &copied.data());
    let comments = copied.ask(COMMENTS);
    copied.serve();
    copied.post("hello");
    copied.comment("hello", "Kim", "afterwards");
    copied.stop();
    assert_eq!(copied.ask(COMMENTS), comments + 1);
    copied.rowlog(&["check"]).worked();
}

/// A blog whose server was killed, so that half of it is in the log, and a backup of it with one comment of three.
fn with_a_backup(name: &str) -> (Site, PathBuf) {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "in the backup");
    let backup = site.path(name);
    fs::create_dir_all(backup.parent().unwrap()).unwrap();
    site.rowlog(&["backup", path(&backup)]).worked();
    site.comment("hello", "Bob", "after it");
    site.comment("hello", "Cy", "after it too");
    site.kill();
    (site, backup)
}

#[test]
fn a_blog_whose_beginning_is_killed_begins_at_the_next_start() {
    let mut site = Site::offline();
    let shim = Shim::under(&mut site);
    let steps = shim.steps_of(|| site.serve());
    println!("a beginning takes {steps} steps");
    for (n, is_torn) in ends(steps) {
        let mut site = Site::offline();
        let shim = Shim::under(&mut site);
        shim.kill_at(n, is_torn);
        match site.try_to_serve() {
            Ok(()) => site.kill(), // it had a step less to take this time
            Err(status) => assert_eq!(status.signal(), Some(9), "{}", site.log_text()),
        }
        shim.mend();
        println!(
            "killed at {n} of {steps}{}",
            if is_torn { ", in the middle" } else { "" }
        );
        site.serve();
        site.post("welcome");
        assert_eq!(site.ask("select count(*) from posts"), 1);
        site.comment("welcome", "Ann", "it is there");
        site.rowlog(&["check"]).worked();
    }
}

#[test]
fn a_backup_that_is_killed_leaves_the_one_before_it() {
    let (site, backup) = with_a_backup("kept/blog.db");
    let kept = fs::read(&backup).unwrap();
    let beginning = Beginning::of(site);
    beginning.kill_each(&["backup", "--replace", path(&backup)], |_| {
        assert!([1, 3].contains(&count(&backup, COMMENTS)));
        fs::write(&backup, &kept).unwrap();
    });
    beginning.again();
    goes_on(&beginning.site);
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_blog_or_the_restored_one() {
    let (site, backup) = with_a_backup("backup.db");
    let beginning = Beginning::of(site);
    let restore = ["restore", path(&backup)];
    beginning.kill_each(&restore, |site| is_one_or_the_other(site, &restore));
}

#[test]
fn a_rollback_that_is_killed_leaves_the_new_blog_or_the_old_one() {
    let name = "data/backups/before-migration-2026-01-02T03-04-05Z.db";
    let (site, _) = with_a_backup(name);
    let beginning = Beginning::of(site);
    beginning.kill_each(&["rollback"], |site| {
        is_one_or_the_other(site, &["rollback"])
    });
}

/// What was there is, or what was restored, and the copies of the first; the same command then completes.
fn is_one_or_the_other(site: &Site, restore: &[&str]) {
    goes_on(site);
    let is_restored = "select count(*) from events where kind = 'blog:restored'";
    let found = (site.ask(COMMENTS), site.ask(is_restored));
    assert!([(3, 0), (1, 1)].contains(&found), "{found:?}");
    let copies = backups(site).into_iter();
    let copies: Vec<_> = copies.map(|copy| count(&copy, COMMENTS)).collect();
    assert!(
        found.0 == 3 || copies.contains(&3),
        "what was there is gone"
    );
    site.rowlog(restore).worked();
    site.rowlog(&["check"]).worked();
    assert_eq!(site.ask(COMMENTS), 1);
}

#[test]
fn a_restore_over_what_cannot_be_read_loses_none_of_it_where_it_is_killed() {
    let (site, backup) = with_a_backup("backup.db");
    let broken = "what a bad disk made of it\n".repeat(500);
    let (file, log) = ("rowlog.db", "rowlog.db-wal");
    fs::write(site.data().join(file), &broken).unwrap();
    fs::write(site.data().join(log), "its log").unwrap();
    let beginning = Beginning::of(site);
    let restore = ["restore", path(&backup)];
    beginning.kill_each(&restore, |site| {
        let now = fs::read(site.data().join(file)).expect("there is always a file of that name");
        if now == broken.as_bytes() {
            let server = site.rowlog(&["serve", "--listen", "127.0.0.1:0"]);
            server.complaint();
        } else {
            assert_eq!(site.ask(COMMENTS), 1);
            goes_on(site);
        }
        site.rowlog(&restore).worked();
        site.rowlog(&["check"]).worked();
        assert_eq!(site.ask(COMMENTS), 1);
        let is_put_aside = backups(site).iter().any(|copy| {
            let its_log = fs::read(format!("{}-wal", path(copy)));
            fs::read(copy).unwrap() == broken.as_bytes() && its_log.is_ok_and(|it| it == b"its log")
        });
        assert!(is_put_aside, "what was there, or its log, is gone");
    });
}

#[test]
fn an_import_that_is_killed_is_completed_by_the_next_one() {
    let (site, _) = with_a_backup("backup.db");
    for name in ["one", "two", "three"] {
        let text = format!(
            "+++\ntitle = {name:?}\ndate = 2020-01-01\n+++\n{}\n",
            "Words. ".repeat(3_000)
        );
        site.write(&format!("old/{name}.md"), text);
    }
    let folder = site.path("old");
    let import = ["import", "markdown", path(&folder)];
    let beginning = Beginning::of(site);
    beginning.kill_each(&import, |site| {
        goes_on(site);
        let copies = backups(site);
        assert!(copies.iter().all(|copy| count(copy, COMMENTS) == 3));
        site.rowlog(&import).worked();
        site.rowlog(&["check"]).worked();
        let imported = "select count(*) from posts where slug in ('one', 'two', 'three')";
        assert_eq!((site.ask(imported), site.ask(COMMENTS)), (3, 3));
    });
}

#[test]
fn a_promotion_that_is_killed_leaves_a_copy_or_the_blog() {
    let (site, backup) = with_a_backup("backup.db");
    let [file, log, note] =
        ["", "-wal", "-txid"].map(|ending| site.data().join(format!("rowlog.db{ending}")));
    fs::copy(&backup, file).unwrap();
    fs::remove_file(log).unwrap();
    fs::write(&note, "1").unwrap(); // as Litestream leaves it
    let beginning = Beginning::of(site);
    beginning.kill_each(&["promote"], |site| {
        if note.exists() {
            site.rowlog(&["check"]).complaint();
            site.rowlog(&["promote"]).worked();
        }
        goes_on(site);
        assert_eq!(site.ask(COMMENTS), 1);
        assert!(
            site.head_of_file() > 1_000_000,
            "ids that clients may hold come again"
        );
    });
}
