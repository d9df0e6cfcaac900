//! Moving out and in again: an export that anyone can read, and a blog that comes back from it as it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::http::Answer;
use crate::icons::{give, green};
use crate::page::Page;
use crate::site::{Site, path};

/// One pixel.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// A blog with something of everything.
fn full() -> Site {
    let site = Site::start();
    site.set_up();
    let picture = STANDARD.decode(PICTURE).unwrap();
    site.write("old/content/posts/boat.png", picture);
    site.write(
        "old/content/posts/boats.md",
        "+++\ntitle = \"Boats: a \\\"list\\\"\"\ndate = 2020-01-02T03:04:05Z\naliases = [\"/old/boats\"]\nmood = \"calm\"\n\
         [taxonomies]\ntags = [\"sea\", \"two words\"]\n[extra]\ndepth = 3\n+++\n\n## Why\n\n![A boat](boat.png)\n",
    );
    let old = site.path("old/content");
    site.rowlog(&["import", "markdown", path(&old)]).worked();
    let with = |slug, more| {
        site.publish_with(slug, slug, more, "Some *words*.\n\n+++\n\nand more");
    };
    with("hello", "tags = [\"sea\"]\nsummary = \"In short\"");
    with("room", "discussion = \"chat\"");
    with("idea", "draft = true");
    with("later", "publishDate = 2126-01-01T00:00:00Z");
    with("about", "kind = \"page\"");
    site.write("entry.md", "It has **begun**.");
    let entry = site.path("entry.md");
    for title in ["Noon", "One"] {
        site.rowlog(&["entry", "add", "hello", path(&entry), "--title", title])
            .worked();
    }
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let fields = [
        ("name", "Ann"),
        ("body", "first, with *stress*"),
        ("email", "ann@example.org"),
        ("url", "https://ann.example"),
    ];
    let first = ann.say("hello", &fields);
    let reply = bob.reply("hello", first, "Bob", "an answer");
    let gone = ann.reply("hello", reply, "Ann", "taken back");
    bob.reply("hello", gone, "Bob", "under what is gone");
    ann.delete(gone);
    bob.comment("room", "Bob", "in the room");
    ann.react("/posts/hello", "love");
    bob.react("/posts/hello", "love");
    bob.react(&format!("/comments/{first}"), "keep");
    furnish(&site);
    site
}

/// What only its owner can give a blog. One of the reactions that were given is not offered any more.
fn furnish(site: &Site) {
    let mut owner = site.owner();
    let fields = [
        ("intro", "Come *in*."),
        ("dates", "month-first"),
        ("clock", "12"),
        ("reactions", "love heart Loved it\r\nclap 👏 Well done"),
        ("close_after_days", "3650"),
        ("max_links", "7"),
        ("hold_words", "pans\r\npots"),
        ("navigation", "About me /about"),
    ];
    owner.submit("/admin/settings", &fields).expect(303);
    give(&mut owner, &green()).expect(303);
    let first = site.ask("select id from comments where number = 1 and body like 'first%'");
    for deed in ["pin", "close"] {
        let decision = format!("{deed}:{first}");
        owner
            .submit("/admin/comments", &[("do", &decision)])
            .expect(303);
    }
    let change = [("body", "first, with *stress* and a cedilla")];
    owner
        .submit(&format!("/admin/comments/{first}"), &change)
        .expect(303);
}

/// Every file of a folder, by its path in it.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(root).unwrap().to_string_lossy();
                    found.insert(name.into_owned(), fs::read(&path).unwrap());
                }
            }
        }
    }
    found
}

fn export(site: &Site, name: &str, more: &[&str]) -> PathBuf {
    let folder = site.path(name);
    site.rowlog(&[&["export", path(&folder)], more].concat())
        .worked();
    folder
}

/// What a reader sees of a page, and where its parts are.
fn shown(page: &Page) -> Vec<Vec<String>> {
    vec![
        page.texts("main h1, main h2, main h3, main .prose, main .figs"),
        page.attributes("main time", "datetime"),
        page.texts("main time"),
        page.attributes("link[rel=icon]", "href"),
        page.attributes("main article", "id"),
        page.attributes("main article", "data-parent"),
        page.attributes("main .prose img", "src"),
        page.attributes("main a[rel=tag]", "href"),
        page.texts("main .react button"),
    ]
}

#[test]
fn a_blog_that_moves_out_and_in_again_is_the_same() {
    let site = full();
    let out = export(&site, "out", &[]);
    let mut there = Site::offline();
    there.set_up();
    let report = there.rowlog(&["import", "rowlog", path(&out)]).worked();
    assert!(
        report.stdout.contains("0 files skipped"),
        "{}",
        report.stdout
    );
    there.rowlog(&["check"]).worked();
    there.serve();
    for address in [
        "/",
        "/archive",
        "/tags",
        "/tags/two-words",
        "/posts/hello",
        "/posts/boats",
        "/posts/room",
        "/about",
    ] {
        let (before, after) = (site.get(address), there.get(address));
        let (before, after) = (before.expect(200).page(), after.expect(200).page());
        assert_eq!(shown(&before), shown(&after), "{address}");
        assert!(shown(&before).iter().flatten().count() > 0, "{address}");
    }
    assert_eq!(
        there.get("/old/boats").expect(301).location(),
        "/posts/boats"
    );
    let picture = there.post("boats").attribute(".prose img", "src");
    assert_eq!(
        there.get(&picture).expect(200).body,
        STANDARD.decode(PICTURE).unwrap()
    );
    for hidden in ["/posts/idea", "/posts/later"] {
        there.get(hidden).expect(404);
    }
    let status = |slug: &str, status: &str| {
        let sql =
            format!("select count(*) from posts where slug = '{slug}' and status = '{status}'");
        there.ask(&sql)
    };
    assert_eq!(
        (status("idea", "draft"), status("later", "scheduled")),
        (1, 1)
    );
    assert!(
        !there
            .get("/search?q=words")
            .expect(200)
            .page()
            .texts("main h3")
            .is_empty()
    );

    assert_eq!(there.get("/").expect(200).page().text(".intro em"), "in");
    let kinds = there.post("hello").texts(".react:not(.compact) button");
    assert!(
        kinds.len() == 2 && kinds[1].contains("Well done"),
        "{kinds:?}"
    );

    let again = export(&there, "again", &[]);
    let (mut first, mut second) = (files(&out), files(&again));
    let manifest = |files: &mut BTreeMap<String, Vec<u8>>| files.remove("manifest.json").unwrap();
    assert_ne!(manifest(&mut first), b"");
    manifest(&mut second);
    assert_eq!(
        first.keys().collect::<Vec<_>>(),
        second.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &first {
        let (one, other) = (
            String::from_utf8_lossy(bytes),
            String::from_utf8_lossy(&second[name]),
        );
        assert_eq!(one, other, "{name}");
    }
    // And new comments go on where the old ones ended.
    let next = there.comment("hello", "Cy", "here as well");
    assert!(next > site.ask("select max(id) from comments"));
    there.rowlog(&["check"]).worked();
}

#[test]
fn an_export_can_be_read_by_people_and_holds_no_secret() {
    let site = full();
    let folder = export(&site, "out", &[]);
    let out = files(&folder);
    let text = |name: &str| String::from_utf8(out[name].clone()).unwrap();
    let post = text("posts/2020/boats.md");
    assert!(
        post.starts_with("+++\ntitle = \"Boats: a \\\"list\\\"\"\n"),
        "{post}"
    );
    assert!(
        post.contains("mood = \"calm\"") && post.contains("aliases = ["),
        "{post}"
    );
    let picture = post.split("/media/").nth(1).unwrap();
    let picture = format!("media/{}", picture.split(')').next().unwrap());
    assert_eq!(out[&picture], STANDARD.decode(PICTURE).unwrap());
    let comments = text("comments.jsonl");
    assert_eq!(comments.lines().count(), 5);
    for mark in ["pinned", "closed", "edited_by_owner"] {
        let mark = format!("\"{mark}\":true");
        assert!(comments.contains(&mark), "{mark}");
    }
    assert!(out.contains_key("pages/about.md") && out.contains_key("README.md"));
    let settings = text("settings.toml");
    assert!(settings.contains("clap 👏 Well done") && settings.contains("month-first"));
    assert!(out["icon.png"].starts_with(b"\x89PNG"));

    let file = site.database();
    let secret = |key: &str| -> String {
        let sql = "select value from settings where key = ?1";
        file.query_row(sql, [key], |row| row.get(0)).unwrap()
    };
    let secrets = [secret("form_key"), secret("owner_password")];
    let all = |files: &BTreeMap<String, Vec<u8>>| {
        let texts = files
            .values()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        texts.collect::<String>()
    };
    let mine = "ann@example.org";
    let private = files(&export(&site, "private", &["--private"]));
    for secret in secrets {
        assert!(!all(&out).contains(&secret) && !all(&private).contains(&secret));
    }
    assert!(!all(&out).contains(mine) && !all(&out).contains("taken back"));
    assert!(all(&private).contains(mine), "asked for, and not there");

    let full = site.rowlog(&["export", path(&folder)]);
    assert!(full.complaint().contains("not empty"), "{full:#?}");
}

#[test]
fn an_export_comes_in_once_and_rehearses_first() {
    let site = full();
    let out = export(&site, "out", &[]);
    let there = Site::start();
    let counts = |site: &Site| {
        [
            "posts",
            "comments",
            "reactions",
            "entries",
            "media",
            "visitors",
            "events",
        ]
        .map(|table| site.ask(&format!("select count(*) from {table}")))
    };
    let before = counts(&there);
    let import = ["import", "rowlog", path(&out)];
    let rehearsal = there
        .rowlog(&[&import[..], &["--dry-run"]].concat())
        .worked();
    assert!(
        rehearsal.stdout.contains("would be added"),
        "{}",
        rehearsal.stdout
    );
    assert_eq!(counts(&there), before);
    there.rowlog(&import).worked();
    let after = counts(&there);
    assert_eq!(after[1..4], counts(&site)[1..4]);
    assert_eq!(
        there.ask("select count(*) from posts where slug = 'welcome'"),
        1
    );
    let second = there.rowlog(&import).worked();
    assert!(second.stdout.contains("0 added"), "{}", second.stdout);
    assert_eq!(counts(&there), after);
    // Into itself: everything is there, and nothing comes twice.
    let before = counts(&site);
    site.rowlog(&import).worked();
    assert_eq!(counts(&site), before);

    fs::remove_file(out.join("manifest.json")).unwrap();
    let refused = there.rowlog(&import);
    assert!(
        refused.complaint().contains("manifest.json"),
        "{refused:#?}"
    );
}

/// What the browser would save.
fn saved(answer: Answer, ending: &str) -> Vec<u8> {
    let answer = answer.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let name = answer.header("content-disposition").unwrap_or_default();
    assert!(name.starts_with("attachment; filename=\"rowlog-"), "{name}");
    assert!(name.ends_with(&format!(".{ending}\"")), "{name}");
    let length = answer.header("content-length").unwrap_or_default();
    assert_eq!(length, answer.body.len().to_string());
    answer.body
}

#[test]
fn the_owner_takes_the_blog_along_from_the_desk() {
    let mut site = full();
    let mut owner = site.owner();
    let settings = owner.get("/admin/settings").expect(200).page();
    assert!(
        settings.text("#keep").contains("first backup"),
        "{}",
        settings.text("#keep")
    );
    for door in ["/admin/backup", "/admin/export"] {
        assert!(settings.has(&format!("#keep form[action='{door}'][method=post] button")));
        site.submit(door, &[]).expect(401);
        assert_eq!(site.visitor().get(door).status(), 303);
        assert_eq!(owner.get(door).status(), 405);
    }
    let backup = saved(owner.submit("/admin/backup", &[]), "db");
    assert!(backup.starts_with(b"SQLite format 3\0"));
    let backup = site.write("from-the-desk.db", backup);
    let zip = saved(owner.submit("/admin/export", &[]), "zip");
    let private = saved(owner.submit("/admin/export", &[("private", "yes")]), "zip");
    let zip = site.write("from-the-desk.zip", zip);
    let private = site.write("private.zip", private);
    let names = site.files();
    assert!(
        !names
            .iter()
            .any(|name| name.contains("part") || name.starts_with('.')),
        "{names:?}"
    );

    let emails = "select count(*) from comments where email = 'ann@example.org'";
    for (zip, expected) in [(zip, 0), (private, 1)] {
        let there = Site::offline();
        there.rowlog(&["import", "rowlog", path(&zip)]).worked();
        assert_eq!(there.ask("select count(*) from comments"), 5);
        assert_eq!(there.ask(emails), expected);
    }
    let comments = site.ask("select count(*) from comments");
    site.comment("hello", "Cy", "after the backup");
    site.stop();
    site.rowlog(&["restore", path(&backup)]).worked();
    assert_eq!(site.ask("select count(*) from comments"), comments);
}
