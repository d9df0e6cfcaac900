//! The command line: what it prints, what it refuses, and how it ends.

use std::fs;

use crate::site::{Site, path};

#[test]
fn the_log_is_read_as_json_lines() {
    let site = Site::with_post("hello");
    site.publish("other", "Other", "Text");
    let first = site.comment("hello", "Ann", "one");
    site.comment("other", "Bob", "two");
    let all = site.rowlog(&["events"]).worked().json_lines();
    assert_eq!(all.len() as i64, site.ask("select count(*) from events"));
    assert!(all.is_sorted_by(|a, b| a["id"].as_i64() < b["id"].as_i64()));
    let middle = all[all.len() / 2]["id"].as_i64().unwrap();
    let after = site
        .rowlog(&["events", "--after", &middle.to_string()])
        .worked()
        .json_lines();
    assert!(
        after.len() < all.len()
            && after
                .iter()
                .all(|event| event["id"].as_i64() > Some(middle))
    );
    let hello = site.rowlog(&["events", "--post", "hello"]).worked();
    let hello = hello.json_lines();
    assert!(hello.len() < all.len(), "{hello:?}");
    assert!(
        hello
            .iter()
            .all(|event| event["post_id"] == hello[0]["post_id"])
    );
    assert_eq!(hello.last().unwrap()["kind"], "comment:created");
    assert_eq!(hello.last().unwrap()["subject"], first);

    let mut follow =
        site.rowlog_lines(&["events", "--follow", "--after", &site.head().to_string()]);
    site.comment("hello", "Cy", "three");
    assert_eq!(follow.next_json()["kind"], "comment:created");
    site.visitor().react("/posts/hello", "love");
    assert_eq!(follow.next_json()["kind"], "reaction:updated");
    assert!(
        site.rowlog(&["events", "--post", "never"])
            .complaint()
            .contains("never")
    );
}

#[test]
fn an_owner_is_set_up_once() {
    let site = Site::offline();
    let setup = [
        "setup",
        "--title",
        "Slack Water",
        "--name",
        "Maren",
        "--email",
        "maren@example.org",
        "--password-stdin",
    ];
    assert!(
        site.rowlog_with(&setup, "short\n")
            .complaint()
            .contains("12"),
        "a short password"
    );
    site.rowlog_with(&setup, "a long enough secret\n").worked();
    let again = site.rowlog_with(&setup, "another long secret\n");
    assert!(!again.complaint().is_empty());
    let file = fs::read(site.data().join("rowlog.db")).unwrap();
    assert!(!String::from_utf8_lossy(&file).contains("a long enough secret"));

    let mut site = site;
    site.serve();
    assert!(
        site.get("/")
            .expect(200)
            .page()
            .text(".masthead, header")
            .contains("Slack Water")
    );
    assert!(!site.get("/").text().contains("maren@example.org"));
}

#[test]
fn a_wrong_command_line_is_told_so() {
    let site = Site::offline();
    for arguments in [
        &["nonsense"][..],
        &["serve", "--nonsense"],
        &["serve", "--listen", "nowhere"],
        &["publish"],
        &["import", "nonsense", "."],
    ] {
        let outcome = site.rowlog(arguments);
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {outcome:#?}");
        assert!(!outcome.stderr.is_empty());
    }
    let help = site.rowlog(&["--help"]).worked().stdout;
    for command in ["serve", "setup", "import", "publish", "events", "check"] {
        assert!(help.contains(command), "{help}");
    }
    assert!(!site.data().exists(), "a wrong command line makes a blog");
}

#[test]
fn a_post_that_cannot_be_published_is_named() {
    let site = Site::start();
    let broken = site.write("broken.md", "+++\ntitle = \n+++\ntext\n");
    for file in ["missing.md", path(&broken)] {
        let outcome = site.rowlog(&["publish", file]);
        assert_eq!(outcome.code, Some(1), "{outcome:#?}");
        assert!(outcome.stderr.contains(file), "{outcome:#?}");
    }
    let yaml = site.write("yaml.md", "\u{feff}---\ntitle: \"From YAML: yes\"\nslug: yaml\ndate: 2026-01-02\ntags: [a, b]\n---\n\nText\n");
    site.rowlog(&["publish", path(&yaml)]).worked();
    assert_eq!(site.post("yaml").text("h1"), "From YAML: yes");
}

#[test]
fn a_file_that_is_not_ours_or_not_yet_ours_is_refused_in_one_line() {
    let mut site = Site::with_post("hello");
    assert_eq!(site.rowlog(&["check"]).worked().code, Some(0));
    site.stop();
    assert_eq!(site.rowlog(&["check"]).worked().code, Some(0));
    let refused = |site: &Site| {
        for command in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["check"],
            &["events"],
        ] {
            let outcome = site.rowlog(command);
            assert!(
                outcome.complaint().contains("rowlog.db"),
                "{command:?}: {outcome:#?}"
            );
        }
    };
    let version = site.ask("pragma user_version");
    assert!(version >= 1);
    site.database_for_surgery()
        .pragma_update(None, "user_version", 9999)
        .unwrap();
    refused(&site);
    site.database_for_surgery()
        .pragma_update(None, "user_version", version)
        .unwrap();
    let ours = site.ask("pragma application_id");
    site.database_for_surgery()
        .pragma_update(None, "application_id", 1)
        .unwrap();
    refused(&site);
    site.database_for_surgery()
        .pragma_update(None, "application_id", ours)
        .unwrap();
    assert_eq!(site.rowlog(&["check"]).worked().code, Some(0));
    fs::write(
        site.data().join("rowlog.db"),
        "this is a shopping list, not a database\n".repeat(100),
    )
    .unwrap();
    refused(&site);
}

#[test]
fn a_folder_that_cannot_be_used_is_named_with_the_way_out() {
    let site = Site::offline();
    let file = site.write("a-file", "not a folder");
    for folder in [path(&file), "/proc/nowhere"] {
        let outcome = site.rowlog_on(folder, &["serve", "--listen", "127.0.0.1:0"]);
        assert!(outcome.complaint().contains(folder), "{outcome:#?}");
    }
    let empty = site.rowlog(&["check"]);
    assert_eq!(empty.code, Some(1), "there is nothing to check: {empty:#?}");
}

#[test]
fn an_empty_file_is_no_blog_and_stays_as_it_is() {
    let site = Site::offline();
    let file = site.write("data/rowlog.db", "");
    let post = site.write("x.md", "+++\ntitle = \"X\"\n+++\nText\n");
    for command in [&["check"][..], &["events"], &["publish", path(&post)]] {
        let outcome = site.rowlog(command);
        assert!(
            outcome.complaint().contains("rowlog.db"),
            "{command:?}: {outcome:#?}"
        );
        assert_eq!(fs::read(&file).unwrap(), b"", "{command:?} wrote into it");
        assert_eq!(site.files(), ["rowlog.db"], "{command:?}");
    }
}

#[test]
fn only_a_start_or_an_import_makes_a_blog() {
    let site = Site::offline();
    let post = "+++\ntitle = \"X\"\nslug = \"x\"\ndate = 2026-01-02\n+++\nText\n";
    let file = site.write("content/posts/x.md", post);
    let published = site.rowlog(&["publish", path(&file)]);
    assert!(
        published.complaint().contains("rowlog.db"),
        "{published:#?}"
    );
    assert!(!site.data().exists(), "publish makes a blog");
    let content = site.path("content");
    let import = ["import", "markdown", path(&content)];
    let rehearsal = site.rowlog(&[&import[..], &["--dry-run"]].concat());
    let rehearsal = rehearsal.worked().stdout;
    assert!(rehearsal.contains("1 would be added"), "{rehearsal}");
    assert!(rehearsal.contains("0 already there"), "{rehearsal}");
    assert!(!site.data().exists(), "a rehearsal makes a blog");
    site.rowlog(&import).worked();
    assert_eq!(site.ask("select count(*) from posts where slug = 'x'"), 1);
}

#[test]
fn a_command_that_nobody_listens_to_does_its_work_all_the_same() {
    let site = Site::start();
    let files: Vec<_> = (0..5)
        .map(|n| {
            let text = format!("+++\ntitle = \"{n}\"\nslug = \"number-{n}\"\n+++\nText\n");
            site.write(&format!("{n}.md"), text)
        })
        .collect();
    let files: Vec<_> = files.iter().map(|file| path(file)).collect();
    let publish = [&["publish"], &files[..]].concat();
    let outcome = site.rowlog_unheard(&publish).worked();
    assert!(!outcome.stderr.contains("panicked"), "{outcome:#?}");
    let published = "select count(*) from posts where slug like 'number-%'";
    assert_eq!(site.ask(published), 5);
    for command in [&["check"][..], &["events"], &["--help"]] {
        let outcome = site.rowlog_unheard(command);
        assert!(!outcome.stderr.contains("panicked"), "{outcome:#?}");
    }
}

#[test]
fn a_command_whose_words_cannot_be_written_says_so() {
    let site = Site::with_post("hello");
    for command in ["check", "events"] {
        let outcome = site.rowlog_into("/dev/full", &[command]);
        assert!(!outcome.complaint().is_empty(), "{command}");
    }
}
