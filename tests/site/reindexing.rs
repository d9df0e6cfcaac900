//! A damaged index of the search: found out, in nobody's way, and made anew.

use crate::searching::search;
use crate::site::{Site, path};

#[test]
fn an_index_that_was_damaged_is_found_out_and_made_anew() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "an oystercatcher");
    assert!(site.stop().0.success());
    let file = site.database_for_surgery();
    let forget = "insert into comment_index (comment_index) values ('delete-all')";
    file.execute(forget, []).unwrap();
    drop(file);
    let report = site.rowlog(&["check"]);
    assert!(
        report.stdout.contains("run `rowlog reindex`"),
        "{}",
        report.stdout
    );
    site.rowlog(&["reindex"]).worked();
    site.rowlog(&["check"]).worked();
    site.serve();
    assert_eq!(search(&site, "oystercatcher").count("main .row bdi"), 1);
}

#[test]
fn a_damaged_index_keeps_nobody_from_a_backup_nor_from_a_start_after_a_crash() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "an oystercatcher");
    assert!(site.stop().0.success());
    let damage = "update post_index_data set block = zeroblob(length(block)) where id > 100"; // where its words are
    assert!(site.database_for_surgery().execute(damage, []).unwrap() > 0);
    site.serve();
    site.comment("hello", "Bo", "a sandpiper");
    let backup = site.path("backup.db");
    let said = site.rowlog(&["backup", path(&backup)]).worked().stdout;
    assert!(
        said.contains("2 comments") && said.contains("rowlog reindex"),
        "{said}"
    );
    site.kill();
    site.serve();
    assert!(site.stop().0.success());
    let told = site.rowlog(&["check"]);
    assert!(
        told.complaint().contains("everything else is sound"),
        "{told:#?}"
    );
    site.rowlog(&["restore", path(&backup)]).worked();
    site.rowlog(&["reindex"]).worked();
    site.rowlog(&["check"]).worked();
}

#[test]
fn a_damaged_index_keeps_nobody_from_writing_and_misses_nothing_once_it_is_made_anew() {
    let mut site = Site::with_post("hello");
    site.comment("hello", "Ann", "an oystercatcher");
    assert!(site.stop().0.success());
    let file = site.database_for_surgery();
    let damage = "update comment_index_data set block = x'ff' where id = 10"; // where it says what it consists of
    file.execute(damage, []).unwrap();
    drop(file);
    site.serve();
    site.comment("hello", "Bo", "a sandpiper");
    let page = site.get("/posts/hello").expect(200).page();
    assert_eq!(page.count("#comments article"), 2);
    let health = site.get("/health").expect(200).json();
    assert_eq!(health["faults"][0]["fault"], "index-damaged", "{health}");
    assert!(site.stop().0.success());
    site.rowlog(&["reindex"]).worked();
    site.rowlog(&["check"]).worked();
    site.serve();
    site.comment("hello", "Cy", "a turnstone");
    for bird in ["oystercatcher", "sandpiper", "turnstone"] {
        assert_eq!(search(&site, bird).count("main .row bdi"), 1, "{bird}");
    }
}
