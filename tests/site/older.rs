//! A blog that a program of an earlier version made (`tests/schemas`), served by this one.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection as Database;

use crate::http::Answer;
use crate::site::{Site, path};

/// The schema of version 1.
const FIRST: &str = include_str!("../schemas/1.sql");

/// Turns the file back into one of version 1: what it has moves into the tables of that time, whose triggers fill the search.
fn turn_back(site: &Site) {
    let newer = site.path("newer.db");
    let file = site.data().join("rowlog.db");
    assert!(site.is_complete_alone());
    fs::rename(&file, &newer).unwrap();
    let older = Database::open(&file).unwrap();
    older.execute_batch(FIRST).unwrap();
    let bare = "pragma foreign_keys = off; delete from sqlite_sequence";
    older.execute_batch(bare).unwrap();
    older.execute("attach ?1 as newer", [path(&newer)]).unwrap();
    let tables = "select t.name, (select group_concat(name) from pragma_table_info(t.name)) from pragma_table_list t
        where t.schema = 'main' and t.type = 'table' and t.name <> 'sqlite_schema'";
    let mut tables = older.prepare(tables).unwrap();
    let tables = tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    for (table, columns) in tables.unwrap().map(Result::<(String, String), _>::unwrap) {
        let sql = format!(
            "insert or replace into {table} ({columns}) select {columns} from newer.{table}"
        );
        older.execute(&sql, []).unwrap();
    }
    let rest =
        "insert into comment_index (comment_index) values ('rebuild'); pragma user_version = 1";
    older.execute_batch(rest).unwrap();
}

/// The verified copies from before an upgrade.
fn kept(site: &Site) -> Vec<PathBuf> {
    let files = fs::read_dir(site.data().join("backups")).expect("something is kept");
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| path(file).contains("before-migration") && path(file).ends_with(".db"));
    files
}

/// A blog with posts of every kind and comments, as the last program of version 1 left it.
fn blog() -> Site {
    let mut site = Site::with_post("hello");
    site.publish_on("2024-05-06", "ferry", "tags = [\"Sea\", \"Boats\"]");
    site.publish_on("2025-06-07", "harbour", "tags = [\"Sea\"]");
    site.publish_on("2025-06-08", "draft", "tags = [\"Sea\"]\ndraft = true");
    site.publish_on("2099-01-01", "later", "tags = [\"Boats\"]");
    site.comment("hello", "Ann", "a comment about lighthouses");
    site.stop();
    turn_back(&site);
    site
}

/// What the lists of a blog say: of every address, the words of the page.
fn lists(site: &Site) -> Vec<String> {
    let said = |at: &str| site.get(at).expect(200).page().text("main");
    [
        "/",
        "/archive",
        "/tags",
        "/tags/sea",
        "/tags/boats",
        "/posts/ferry",
        "/search?q=lighthouses",
    ]
    .map(said)
    .into()
}

#[test]
fn a_blog_of_version_1_is_served_as_it_was_and_nobody_who_followed_it_misses_anything() {
    let mut site = blog();
    let seen = site.ask("select max(id) from events") - 1; // all but the comment
    assert_eq!(
        site.ask("select count(*) from sqlite_schema where name = 'post_counts'"),
        0
    );
    site.serve();
    assert_eq!(site.ask("pragma user_version"), 2);
    let [before] = &kept(&site)[..] else {
        panic!("one copy is set aside: {:?}", kept(&site))
    };
    let before = Database::open(before).unwrap();
    let version: i64 = before
        .query_row("pragma user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 1);
    drop(before);
    site.rowlog(&["check"]).worked();

    let mut stream = site.stream(
        "/posts/hello/events",
        &[("Last-Event-ID", &seen.to_string())],
    );
    assert_eq!(
        (&stream.hello.data["resumed"], &stream.hello.data["missed"]),
        (&true.into(), &1.into())
    );
    assert!(stream.next().html().contains("lighthouses"));
    let live = site.comment("hello", "Bob", "and one of now");
    assert_eq!(stream.next().comment(), live);

    let count = |tag: &str| site.ask(&format!("select post_count from tags where slug = '{tag}'"));
    assert_eq!((count("sea"), count("boats")), (2, 1));
    assert_eq!(
        rows(&site.get("/tags/sea")),
        ["/posts/harbour", "/posts/ferry"]
    );
    assert!(lists(&site)[6].contains("lighthouses"), "it is found");
    site.publish_on("2025-06-08", "draft", "tags = [\"Sea\"]");
    assert_eq!(
        rows(&site.get("/tags/sea")),
        ["/posts/draft", "/posts/harbour", "/posts/ferry"]
    );
    assert_eq!((count("sea"), count("boats")), (3, 1));
    site.rowlog(&["check"]).worked();
}

/// The addresses of the posts on a page, from top to bottom.
fn rows(answer: &Answer) -> Vec<String> {
    answer.page().attributes("main .row h3 a", "href")
}

#[test]
fn what_an_upgrade_set_aside_can_be_put_back_and_is_brought_up_to_date_again() {
    let mut site = blog();
    site.serve();
    let as_upgraded = lists(&site);
    site.comment("hello", "Bob", "lost by what follows");
    site.stop();
    let said = site.rowlog(&["rollback"]).worked().stdout;
    assert!(said.contains("6 posts, 1 comments"), "{said}");
    assert_eq!(site.ask("pragma user_version"), 1);
    site.serve();
    assert_eq!(site.ask("pragma user_version"), 2);
    assert_eq!(lists(&site), as_upgraded);
    site.rowlog(&["check"]).worked();
}
