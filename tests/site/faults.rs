//! What is wrong stands on every open page of the desk while it lasts, and no longer.

use crate::browser::{Desk, Window};
use crate::shim::{ENOSPC, Shim};
use crate::site::{PASSWORD, Site};
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
