//! What is wrong stands on every open page of the desk while it lasts, and no longer.

use std::fs;

use crate::browser::{Desk, Window};
use crate::shim::{ENOSPC, Shim};
use crate::site::{PASSWORD, Site, path};
use crate::waiting::eventually;

/// Signs in, and goes on to that page.
fn open(site: &Site, window: &Window, path: &str) {
    window.open(&site.url(path));
    window.fill("#l-password", PASSWORD);
    window.click("main button.main");
    window.wait_for("#faults");
}

#[test]
fn what_is_wrong_appears_on_every_open_page_of_the_desk_and_goes_when_it_is_over() {
    let mut site = Site::offline();
    let shim = Shim::under(&mut site);
    site.serve();
    site.publish("hello", "Hello", "Text");
    site.set_up();
    let rig = Desk::new();
    let windows = ["/admin", "/admin/settings", "/admin/posts/new"].map(|path| {
        let window = rig.window();
        open(&site, &window, path);
        window
    });
    for _ in 0..2 {
        for window in &windows {
            assert_eq!(window.count(".fault"), 0);
        }
        shim.fail_writes(ENOSPC);
        let fields = [("name", "Ann"), ("body", "lost")];
        site.submit("/posts/hello/comments", &fields).expect(503);
        for window in &windows {
            window.wait_for_text("#faults .fault b", "The disk is full.");
            assert_eq!(window.count(".fault"), 1);
        }
        shim.mend();
        for window in &windows {
            window.wait_until_gone(".fault");
        }
    }
    for window in &windows {
        window.has_a_clean_console();
    }
}

#[test]
fn the_desk_says_in_a_line_how_the_file_is_kept_and_says_it_anew_when_a_backup_is_made() {
    let mut site = Site::with_post("hello");
    site.set_up();
    let mut owner = site.owner();
    let line = owner.get("/admin").page().text("#kept");
    assert!(line.contains("The first backup comes"), "{line}");
    assert!(line.contains("in one file") && line.contains("free on its disk"));
    assert!(
        !owner.get("/admin/posts").page().has("#kept"),
        "one page is enough"
    );
    site.stop();
    let backups = site.write("a-file", "no folder");
    let hours = "update events set at = at - 7200000";
    site.database_for_surgery().execute(hours, []).unwrap();
    site.serve_at(&["--limits", "off", "--backups", path(&backups)]);
    let rig = Desk::new();
    let window = rig.window();
    open(&site, &window, "/admin");
    window.wait_for_text("#kept .short", "The last backup failed");
    site.stop();
    fs::remove_file(&backups).unwrap();
    site.serve_at(&["--limits", "off", "--backups", path(&backups)]);
    let now = "#kept span:first-child";
    window.wait_for_text(now, "Backed up and verified");
    assert_eq!(window.count("#kept .short"), 0);
    let json = [("Accept", "application/json")];
    let poll = owner.send("GET", "/admin/events", &json, b"").json();
    assert_eq!(poll["events"][1]["kind"], "keeping");
    let html = poll["events"][1]["html"].as_str().expect("HTML");
    assert!(html.contains("Backed up and verified"), "{html}");
}

#[test]
fn the_owners_stream_tells_what_is_wrong_and_nobody_elses_does() {
    let mut site = Site::offline();
    let shim = Shim::under(&mut site);
    site.serve();
    site.publish("hello", "Hello", "Text");
    site.set_up();
    let mut owner = site.owner();
    let cookie = format!("session={}", owner.cookie("session").expect("the cookie"));
    let mut told = site.stream("/admin/events", &[("Cookie", &cookie)]);
    let mut public = site.stream("/events", &[]);
    assert_eq!(told.next_of("faults").html().trim(), "");
    shim.fail_writes(ENOSPC);
    let fields = [("name", "Ann"), ("body", "lost")];
    site.submit("/posts/hello/comments", &fields).expect(503);
    assert!(told.next_of("faults").html().contains("The disk is full."));
    let page = owner.get("/admin/settings").page();
    assert!(page.text("#faults").contains("The disk is full."));
    let json = [("Accept", "application/json")];
    let poll = owner.send("GET", "/admin/events", &json, b"").json();
    assert_eq!(poll["events"][0]["kind"], "faults");
    let html = poll["events"][0]["html"].as_str().expect("HTML");
    assert!(html.contains("The disk is full."));
    shim.mend();
    assert_eq!(told.next_of("faults").html().trim(), "");
    let is_written = || site.submit("/posts/hello/comments", &fields).status() == 303;
    eventually("it can be written again", is_written);
    let mut block = public.block().expect("a block");
    while block.event != "comment:created" {
        assert_ne!(block.event, "faults");
        block = public.block().expect("a block");
    }
}
