//! Starting and stopping: the first start, a second server, and the end.

use std::fs;

use crate::site::{Site, path};

#[test]
fn an_empty_folder_becomes_a_readable_blog_with_one_post_that_explains_itself() {
    let site = Site::start();
    let home = site.get("/").expect(200).page();
    let posts = home.attributes("main a[href^='/posts/']", "href");
    assert!(!posts.is_empty(), "the home page leads nowhere");
    let post = site
        .get(posts[0].split('#').next().unwrap())
        .expect(200)
        .page();
    assert!(
        post.text(".prose").len() > 200,
        "the welcome post says too little"
    );
    assert_eq!(post.count("form.composer"), 1);
    assert_eq!(
        site.ask("select count(*) from posts where kind = 'post'"),
        1
    );
    assert_eq!(site.get_json("/health")["status"], "ok");
}

#[test]
fn two_servers_on_one_folder_are_one_too_many() {
    let site = Site::with_post("hello");
    let second = site.rowlog(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(
        second.complaint().contains(path(&site.data())),
        "{second:#?}"
    );
    let backup = site.path("backup.db");
    site.rowlog(&["backup", path(&backup)]).worked();
    fs::remove_file(site.data().join("rowlog.lock")).unwrap(); // by somebody who thinks it is left over
    for command in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["restore", path(&backup)],
    ] {
        let second = site.rowlog(command);
        assert!(second.complaint().contains("stop it first"), "{second:#?}");
    }
    site.comment("hello", "Ann", "as before");
    let taken = Site::offline();
    let outcome = taken.rowlog(&["serve", "--listen", &site.address().to_string()]);
    assert!(
        outcome.complaint().contains(&site.address().to_string()),
        "{outcome:#?}"
    );
}

#[test]
fn no_command_brings_a_file_up_to_date_under_a_server_that_knows_only_the_older_one() {
    let site = Site::with_post("hello");
    let file = rusqlite::Connection::open(site.data().join("rowlog.db")).unwrap();
    let version: i64 = file
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    file.pragma_update(None, "user_version", version - 1)
        .unwrap(); // as if its server were of the release before
    let refused = site.rowlog(&["check"]);
    let complaint = refused.complaint();
    assert!(
        complaint.contains("older Rowlog") && complaint.contains("restart"),
        "{complaint}"
    );
    site.comment("hello", "Ann", "the server goes on");
    file.pragma_update(None, "user_version", version).unwrap();
    site.rowlog(&["check"]).worked();
}

#[test]
fn a_blog_that_was_written_in_before_its_first_start_gets_no_welcome_post() {
    let first = [
        ("posts/welcome.md", "slug = \"welcome\"\ndraft = true"),
        ("posts/welcome.md", "slug = \"welcome\""),
        ("posts/other.md", "draft = true"),
        ("pages/about.md", ""),
    ];
    for (file, front_matter) in first {
        let mut site = Site::offline();
        let text = format!(
            "+++\ntitle = \"My own words\"\ndate = 2026-01-02\n{front_matter}\n+++\nText\n"
        );
        site.write(&format!("content/{file}"), text);
        let content = site.path("content");
        site.rowlog(&["import", "markdown", path(&content)])
            .worked();
        let before = site.ask("select id * 1000 + version from posts");
        site.serve();
        assert_eq!(site.ask("select count(*) from posts"), 1, "{file}");
        let own = "select id * 1000 + version from posts where title = 'My own words'";
        assert_eq!(site.ask(own), before, "{file} was written over");
    }
}

#[test]
fn a_blog_whose_only_post_was_withdrawn_is_not_welcomed_again() {
    let mut site = Site::offline();
    let own = "+++\ntitle = \"Own\"\nslug = \"own\"\ndate = 2026-01-02\n+++\nText\n";
    let own = site.write("content/posts/own.md", own);
    site.rowlog(&["import", "markdown", path(&site.path("content"))])
        .worked();
    site.serve();
    let withdrawn = "+++\ntitle = \"Own\"\nslug = \"own\"\ndraft = true\n+++\nText\n";
    site.write("content/posts/own.md", withdrawn);
    site.rowlog(&["publish", path(&own)]).worked();
    site.get("/posts/own").expect(404);
    site.stop();
    site.serve();
    assert_eq!(site.ask("select count(*) from posts"), 1);
}

#[test]
fn a_server_that_is_asked_to_end_the_moment_it_listens_ends_well() {
    let mut site = Site::offline();
    for round in 0..20 {
        site.serve();
        let (status, _) = site.stop();
        assert_eq!(status.code(), Some(0), "round {round}: {status}");
    }
}
