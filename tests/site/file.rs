//! The file: what is in it and beside it, and what happens when somebody else has a hand in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::http::FORM;
use crate::site::{Site, path};
use crate::waiting::eventually;

#[test]
fn the_blog_is_one_file_that_only_its_owner_reads() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "Hello");
    for file in fs::read_dir(site.data()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(
            mode & 0o077,
            0,
            "{:?} is open to others: {mode:o}",
            file.file_name()
        );
    }
    let file = site.database();
    let asked = |pragma: &str| {
        file.query_row(pragma, [], |row| row.get::<_, String>(0))
            .unwrap()
    };
    assert_eq!(asked("pragma journal_mode"), "wal");
    drop(file);
    assert!(site.stop().0.success());
    assert!(
        !site.data().join("rowlog.db-wal").exists(),
        "the file is not complete alone"
    );
}

#[test]
fn after_a_clean_stop_the_file_is_complete_alone() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "worth a backup");
    let _reader = site.follow("hello"); // somebody who is there until the end
    assert!(site.stop().0.success());
    assert!(site.is_complete_alone());
    let copy = site.write(
        "copy/rowlog.db",
        fs::read(site.data().join("rowlog.db")).unwrap(),
    );
    let report = site.rowlog_on(path(copy.parent().unwrap()), &["check"]);
    let report = report.worked().stdout;
    assert!(report.contains("1 comment"), "{report}");
}

#[test]
fn a_command_without_a_server_leaves_the_file_complete_alone_too() {
    let site = Site::offline();
    let post = "+++\ntitle = \"X\"\nslug = \"x\"\ndate = 2026-01-02\n+++\nText\n";
    let file = site.write("content/posts/x.md", post);
    let content = site.path("content");
    let update = post.replace("Text", "Another text");
    for command in [
        &["import", "markdown", path(&content)][..],
        &["publish", path(&file)],
        &["events"],
        &["check"],
    ] {
        site.rowlog(command).worked();
        assert!(site.is_complete_alone(), "{command:?}");
        site.write("content/posts/x.md", &update);
    }
}

#[test]
fn a_deleted_text_is_not_even_in_the_bytes_of_the_file() {
    let mut site = Site::with_post("hello");
    let mut ann = site.visitor();
    site.comment("hello", "Bob", "frobnicate, which stays");
    let gone = ann.comment("hello", "Ann", &"xyzzy ".repeat(1500));
    ann.edit(gone, &"plugh ".repeat(1500));
    site.comment("hello", "Bob", "which stays as well");
    ann.delete(gone);
    assert!(site.stop().0.success());
    let bytes = fs::read(site.data().join("rowlog.db")).unwrap();
    let holds = |word: &str| {
        let mut windows = bytes.windows(word.len());
        windows.any(|window| window == word.as_bytes())
    };
    assert!(holds("frobnicate"), "this story looks at the wrong bytes");
    for word in ["xyzzy", "plugh"] {
        assert!(!holds(word), "the file holds {word}");
    }
}

#[test]
fn a_setting_that_cannot_be_read_is_a_page_that_says_so_until_it_is_repaired() {
    let site = Site::with_post("hello");
    let file = rusqlite::Connection::open(site.data().join("rowlog.db")).unwrap();
    let broken = "insert into settings values ('edit_minutes', 'x')
        on conflict (key) do update set value = excluded.value";
    file.execute(broken, []).unwrap();
    for address in ["/", "/posts/hello", "/archive"] {
        let answer = site.get(address).expect(500);
        let page = answer.page();
        assert!(
            page.has("link[rel=stylesheet]") && page.has("main h1"),
            "{address} is not in our layout: {}",
            answer.text()
        );
        let text = answer.text().to_lowercase();
        for word in ["sqlite", "select ", "edit_minutes", "src/", "rowlog.db"] {
            assert!(!text.contains(word), "{address} says {word}");
        }
    }
    file.execute("delete from settings where key = 'edit_minutes'", [])
        .unwrap();
    site.get("/posts/hello").expect(200);
    site.comment("hello", "Ann", "as before");
}

#[test]
fn where_the_file_is_gone_or_another_nothing_is_acknowledged() {
    for another in [false, true] {
        let site = Site::with_post("hello");
        site.comment("hello", "Ann", "in the file");
        let file = site.data().join("rowlog.db");
        if another {
            let copy = site.write("copy.db", fs::read(&file).unwrap());
            fs::rename(copy, &file).unwrap();
        } else {
            fs::remove_file(&file).unwrap();
        }
        let body = b"name=Ann&body=into+the+void";
        let answer = site.send("POST", "/posts/hello/comments", &[FORM], body);
        let answer = answer.expect(503);
        assert!(answer.header("retry-after").is_some());
        assert_eq!(answer.page().text("textarea"), "into the void");
    }
}

#[test]
fn a_backup_that_is_copied_over_the_file_of_a_running_server_is_told_of_and_can_be_restored() {
    let mut site = Site::with_post("hello");
    site.set_up();
    site.comment("hello", "Ann", "in the backup");
    let backup = site.path("backup.db");
    site.rowlog(&["backup", path(&backup)]).worked();
    site.comment("hello", "Bob", "after it");
    fs::copy(&backup, site.data().join("rowlog.db")).unwrap();
    eventually("it is noticed", || {
        site.log_text().contains("fault overwritten begins")
    });
    let body = b"name=Ann&body=into+the+void";
    let answer = site.send("POST", "/posts/hello/comments", &[FORM], body);
    assert_eq!(answer.status(), 503, "{}", answer.text());
    site.stop();
    site.rowlog(&["restore", path(&backup)]).worked();
    site.serve();
    let talk = site.post("hello").text("#threads");
    assert!(talk.contains("in the backup") && !talk.contains("after it"));
}

#[test]
fn no_empty_site_begins_where_the_log_or_the_backups_of_one_are_left() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "worth keeping");
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let backups = site.data().join("backups");
    let backup = backups.join("daily-2026-01-02T03-04-05Z.db");
    site.kill();
    let [file, log] = ["rowlog.db", "rowlog.db-wal"].map(|name| site.data().join(name));
    let (whole, its_log) = (fs::read(&file).unwrap(), fs::read(&log).unwrap());
    fs::remove_file(&file).unwrap();
    for is_empty in [false, true] {
        if is_empty {
            fs::write(&file, "").unwrap();
        }
        let refused = site.rowlog(&serve);
        assert!(refused.complaint().contains("is gone"), "{refused:#?}");
        assert_eq!(fs::read(&log).unwrap(), its_log);
    }
    fs::write(&file, whole).unwrap();
    site.serve();
    assert!(
        site.post("hello")
            .text("#threads")
            .contains("worth keeping")
    );

    site.stop();
    fs::create_dir(&backups).unwrap();
    site.rowlog(&["backup", path(&backup)]).worked();
    fs::remove_file(&file).unwrap();
    let refused = site.rowlog(&serve);
    let advice = refused.complaint().split('`').nth(1).expect("what to do");
    assert!(!file.exists());
    let words: Vec<_> = advice.split(' ').skip(1).collect();
    site.rowlog(&words).worked();
    site.serve();
    assert!(
        site.post("hello")
            .text("#threads")
            .contains("worth keeping")
    );
}
