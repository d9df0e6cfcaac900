//! Writing outside of the browser: `rowlog new`, `publish`, and a folder that is watched.

use std::fs;

use crate::site::{Site, path};
use crate::waiting::eventually;

const PICTURE: &[u8] = b"GIF89a\x03\x00\x02\x00\x00\x00\x00;";

/// A blog that watches its folder `notes`.
fn watching() -> Site {
    let mut site = Site::offline();
    fs::create_dir(site.path("notes")).unwrap();
    site.watch("notes");
    site
}

fn text(title: &str, more: &str, body: &str) -> String {
    format!("+++\ntitle = {title:?}\ndate = 2026-01-02T03:04:05Z\n{more}\n+++\n\n{body}\n")
}

/// Saves a file as careful editors do: beside it, then in its place.
fn save_by_rename(site: &Site, name: &str, text: &str) {
    let swap = site.write(&format!("notes/.{name}.swp"), text);
    fs::rename(swap, site.path(&format!("notes/{name}"))).unwrap();
}

fn shows(site: &Site, slug: &str, words: &str) -> bool {
    let answer = site.get(&format!("/posts/{slug}"));
    answer.status() == 200 && answer.page().text(".prose").contains(words)
}

/// Waits until the folder was looked at once more: a file that is written now is taken after all before it.
fn look(site: &Site, n: u32) {
    let name = format!("zz-look-{n}");
    site.write(&format!("notes/{name}.md"), text("Look", "", "Here."));
    eventually("the folder is looked at", || shows(site, &name, "Here."));
}

#[test]
fn a_new_post_is_a_draft_in_a_file_of_its_own() {
    let site = Site::start();
    let file = site.path("a-tide-table.md");
    let begun = site.rowlog(&["new", "A", "“tide”", "table"]).worked();
    assert_eq!(begun.stdout, "./a-tide-table.md\n");
    let text = fs::read_to_string(&file).unwrap();
    for line in [
        "title = \"A “tide” table\"\n",
        "slug = \"a-tide-table\"\n",
        "tags = []\n",
        "draft = true\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let published = site.rowlog(&["publish", path(&file)]).worked();
    assert_eq!(published.stdout, "/posts/a-tide-table new, a draft\n");
    site.get("/posts/a-tide-table").expect(404);
    fs::write(
        &file,
        text.replace("draft = true", "draft = false") + "Low water.\n",
    )
    .unwrap();
    site.rowlog(&["publish", path(&file)]).worked();
    assert_eq!(site.post("a-tide-table").text("h1"), "A “tide” table");

    let begun = ["new", "Begun"];
    site.rowlog(&begun).worked();
    let again = site.rowlog(&begun);
    assert!(again.complaint().contains("begun.md"), "{again:#?}");
    let elsewhere = site.path("drafts");
    fs::create_dir(&elsewhere).unwrap();
    let there = site.rowlog(&["new", "Begun", "--dir", path(&elsewhere)]);
    assert_eq!(
        there.worked().stdout.trim_end(),
        path(&elsewhere.join("begun.md"))
    );
    let twin = site.rowlog(&["new", "Welcome"]).worked();
    assert_eq!(
        twin.stdout, "./welcome-2.md\n",
        "another post is written over"
    );
    assert!(site.rowlog(&["new", "  "]).complaint().contains("title"));
    assert!(
        site.rowlog(&["new", "x", "--dir", "/nowhere"])
            .complaint()
            .contains("/nowhere")
    );
}

#[test]
fn a_new_post_opens_in_the_writers_editor() {
    let site = Site::offline();
    let editor = site.write("editor.sh", "#!/bin/sh\nprintf 'Typed.\\n' >> \"$2\"\n");
    let editor = format!("sh {} --wait", path(&editor));
    let variables = [("VISUAL", ""), ("EDITOR", editor.as_str())];
    site.rowlog_in(&variables, &["new", "Hello", "--edit"])
        .worked();
    assert!(
        fs::read_to_string(site.path("hello.md"))
            .unwrap()
            .ends_with("+++\n\nTyped.\n")
    );
    let failing = [("VISUAL", "false")];
    let failed = site.rowlog_in(&failing, &["new", "Other", "--edit"]);
    assert!(failed.stderr.contains("other.md"), "{failed:#?}");
    let none = [("VISUAL", ""), ("EDITOR", "")];
    let none = site.rowlog_in(&none, &["new", "Third", "--edit"]).worked();
    assert!(none.stderr.contains("EDITOR"), "{none:#?}");
}

#[test]
fn a_post_without_a_date_keeps_the_one_it_was_published_with() {
    let site = Site::start();
    let file = site.write("undated.md", "+++\ntitle = \"Undated\"\n+++\nOne.\n");
    let publish = ["publish", path(&file)];
    let first = site.rowlog(&publish).worked();
    assert_eq!(
        (first.stdout.as_str(), first.stderr.as_str()),
        ("/posts/undated new\n", "")
    );
    let date = "select published_at from posts where slug = 'undated'";
    let published = site.ask(date);
    assert_eq!(
        site.rowlog(&publish).worked().stdout,
        "/posts/undated unchanged\n"
    );
    fs::write(&file, "+++\ntitle = \"Undated\"\n+++\nTwo.\n").unwrap();
    assert_eq!(
        site.rowlog(&publish).worked().stdout,
        "/posts/undated changed\n"
    );
    assert_eq!(site.ask(date), published);
}

#[test]
fn the_folder_of_a_bundle_names_its_post_and_one_of_pages_makes_a_page() {
    let site = Site::start();
    site.write("slack-water/tide.gif", PICTURE);
    let bundle = site.write(
        "slack-water/index.md",
        "+++\ntitle = \"Between\"\n+++\n![Tide](tide.gif)\n",
    );
    let page = site.write("pages/harbour.md", "+++\ntitle = \"Harbour\"\n+++\nHere.\n");
    let kind = site.write(
        "gear.md",
        "+++\ntitle = \"Gear\"\ntype = \"page\"\ndate = 2026-01-02\n+++\nBoots.\n",
    );
    let later = site.write(
        "later.md",
        "+++\ntitle = \"Later\"\ndate = 2999-01-02\n+++\nNot yet.\n",
    );
    let files = [&bundle, &page, &kind, &later].map(|file| path(file));
    let done = site
        .rowlog(&[&["publish"], &files[..]].concat())
        .worked()
        .stdout;
    let expected = [
        "/posts/slack-water new",
        "/harbour new",
        "/gear new",
        "/posts/later new, scheduled for 2999-01-02T00:00:00Z",
    ];
    assert_eq!(done.lines().collect::<Vec<_>>(), expected);
    assert!(site.post("slack-water").has(".prose img[width='3']"));
    site.get("/harbour").expect(200);
    site.get("/posts/later").expect(404);
}

#[test]
fn what_is_saved_in_a_watched_folder_is_on_open_pages() {
    let site = watching();
    let mut home = site.stream("/events", &[]);
    site.write("notes/hello.md", text("Hello", "", "First."));
    assert_eq!(home.next().event, "post:published");
    assert!(shows(&site, "hello", "First."));
    let mut page = site.follow("hello");
    site.write("notes/hello.md", text("Hello", "", "Second."));
    assert_eq!(page.next().event, "post:updated");
    assert!(shows(&site, "hello", "Second."));
    save_by_rename(&site, "hello.md", &text("Hello", "", "Third."));
    assert_eq!(page.next().event, "post:updated");
    assert!(shows(&site, "hello", "Third."));
    site.write("notes/hello.md", text("Hello", "draft = true", "Third."));
    assert_eq!(page.next().event, "post:deleted");
    site.get("/posts/hello").expect(404);
}

#[test]
fn a_picture_beside_a_watched_file_comes_along_also_when_it_comes_later() {
    let site = watching();
    site.write(
        "notes/trip/shore.md",
        text("Shore", "", "![The shore](shore.gif)"),
    );
    eventually("the text is there", || {
        site.get("/posts/shore").status() == 200
    });
    site.write("notes/trip/shore.gif", PICTURE);
    let shown = || {
        let images = site.post("shore").attributes(".prose img", "src");
        images.into_iter().find(|src| src.starts_with("/media/"))
    };
    eventually("the picture is there", || shown().is_some());
    assert_eq!(site.get(&shown().unwrap()).expect(200).body, PICTURE);
}

#[test]
fn a_broken_file_is_named_once_and_taken_when_it_is_mended() {
    let site = watching();
    save_by_rename(&site, "broken.md", "+++\ntitle = \n+++\nText.\n");
    let complaints = || site.log_text().matches("broken.md was not taken").count();
    eventually("the log names it", || complaints() == 1);
    look(&site, 1);
    look(&site, 2);
    assert_eq!(complaints(), 1, "{}", site.log_text());
    save_by_rename(
        &site,
        "broken.md",
        "+++\ntitle = again\n+++\nText, still broken.\n",
    );
    eventually("the log names it again", || complaints() == 2);
    site.write("notes/broken.md", text("Mended", "", "Whole."));
    eventually("it is taken", || shows(&site, "broken", "Whole."));
}

#[test]
fn many_files_at_once_are_all_taken_and_nothing_else() {
    let site = watching();
    for n in 0..60 {
        let name = format!("notes/part-{}/many-{n}.md", n % 3);
        site.write(
            &name,
            text("Many", &format!("slug = \"many-{n}\""), "Text."),
        );
    }
    for name in [
        "many.md~",
        "#many.md#",
        ".hidden.md",
        "many.md.swp",
        ".git/x.md",
    ] {
        site.write(&format!("notes/{name}"), text("Not a post", "", "Nothing."));
    }
    site.write("notes/plain.md", "# A note\n\nNot for readers.\n");
    let many = "select count(*) from posts where slug like 'many-%'";
    eventually("all are there", || site.ask(many) == 60);
    look(&site, 1);
    assert_eq!(
        site.ask("select count(*) from posts where title <> 'Many'"),
        2,
        "the welcome and the look"
    );
    assert!(
        site.log_text().contains("plain.md was not taken"),
        "{}",
        site.log_text()
    );
    let head = site.head();
    look(&site, 2);
    assert_eq!(site.head(), head + 2, "what is unchanged makes no events");
}

#[test]
fn a_start_takes_what_has_changed_meanwhile_and_leaves_the_rest_to_the_desk() {
    let mut site = watching();
    site.write("notes/kept.md", text("Kept", "", "From the file."));
    site.write("notes/changed.md", text("Changed", "", "Before."));
    site.write("notes/gone.md", text("Gone", "", "Stays."));
    for slug in ["kept", "changed", "gone"] {
        eventually("it is there", || {
            site.get(&format!("/posts/{slug}")).status() == 200
        });
    }
    // Another hand changes one of the posts: the file, which does not change, has no say in that.
    let other = site.write("other/kept.md", text("Kept", "", "By another hand."));
    site.rowlog(&["publish", path(&other)]).worked();
    site.stop();
    site.write("notes/changed.md", text("Changed", "", "After."));
    site.write("notes/added.md", text("Added", "", "New."));
    fs::remove_file(site.path("notes/gone.md")).unwrap();
    site.serve();
    eventually("the start catches up", || {
        shows(&site, "changed", "After.") && shows(&site, "added", "New.")
    });
    look(&site, 1);
    assert!(shows(&site, "kept", "By another hand."));
    assert!(
        shows(&site, "gone", "Stays."),
        "a file that is deleted takes its post along"
    );
    assert_eq!(site.ask("select version from posts where slug = 'gone'"), 1);
}

#[test]
fn two_files_of_one_post_do_not_take_turns() {
    let site = watching();
    site.write("notes/a.md", text("One", "slug = \"same\"", "Of a."));
    eventually("the first is there", || shows(&site, "same", "Of a."));
    site.write("notes/b.md", text("Two", "slug = \"same\"", "Of b."));
    eventually("the log says so", || {
        site.log_text().contains("/posts/same is a.md already")
    });
    assert!(shows(&site, "same", "Of a."));
    fs::remove_file(site.path("notes/a.md")).unwrap();
    eventually("the second takes its place", || {
        shows(&site, "same", "Of b.")
    });
}

#[test]
fn a_folder_that_holds_the_blog_itself_does_not_feed_on_it() {
    let mut site = Site::offline();
    site.watch(".");
    site.write("hello.md", text("Hello", "", "Text."));
    eventually("it is there", || shows(&site, "hello", "Text."));
    site.write("data/inside.md", text("Inside", "", "Not a post."));
    let head = site.head();
    site.write("again.md", text("Again", "", "Text."));
    eventually("it is there", || shows(&site, "again", "Text."));
    assert_eq!(site.head(), head + 2);
    site.get("/posts/inside").expect(404);
    let (status, _) = site.stop();
    assert!(status.success());
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let site = Site::offline();
    let file = site.write("file", "no folder");
    for wrong in ["nowhere", path(&file)] {
        let outcome = site.rowlog(&["serve", "--listen", "127.0.0.1:0", "--watch", wrong]);
        assert!(outcome.complaint().contains(wrong), "{outcome:#?}");
    }
}
