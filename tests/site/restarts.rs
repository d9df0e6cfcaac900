//! A server that crashes, restarts or comes back with an older file, under pages that stay open.

use crate::browser::Desk;
use crate::relay::Relay;
use crate::same::{misses_nothing, shows_what_the_server_has};
use crate::site::{Site, path};
use crate::windows::long_text;

/// Posts one comment by somebody new.
fn one_more(site: &Site, n: usize) {
    site.comment("hello", "Ann", &format!("comment {n}"));
}

#[test]
fn a_page_outlives_one_crash_after_another() {
    let mut site = long_text();
    let desk = Desk::new();
    let (window, plain) = (desk.window(), desk.window_without_javascript());
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.eval("window.sameDocument = true");
    plain.open(&site.url("/posts/hello"));
    for n in 0..3 {
        one_more(&site, 2 * n);
        site.kill();
        site.serve();
        one_more(&site, 2 * n + 1);
    }
    misses_nothing(&window, &site, "hello");
    assert_eq!(window.eval("window.sameDocument"), true);
    plain.click(".nojs a");
    shows_what_the_server_has(&plain, &site, "hello");
}

#[test]
fn a_page_outlives_an_orderly_restart() {
    let mut site = long_text();
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.eval("window.sameDocument = true");
    one_more(&site, 1);
    site.stop();
    window.wait_for("#comments:not([data-live=live])");
    site.serve();
    one_more(&site, 2);
    misses_nothing(&window, &site, "hello");
    assert_eq!(window.eval("window.sameDocument"), true);
    window.wait_until_live();
}

/// A site with a copy of its file from before the last few comments, and a page that knows them.
#[test]
fn a_page_follows_a_restored_backup_back_in_time() {
    let mut site = long_text();
    one_more(&site, 0);
    save(&site);
    let desk = Desk::new();
    let window = desk.window();
    (1..6).for_each(|n| one_more(&site, n));
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    restore(&mut site);
    window.wait_until("document.querySelectorAll('#threads article').length === 1");
    misses_nothing(&window, &site, "hello");
}

#[test]
fn a_page_whose_cursor_is_from_another_history_starts_anew() {
    let mut site = long_text();
    one_more(&site, 0);
    save(&site);
    let relay = Relay::before(&site);
    let desk = Desk::new();
    let window = desk.window();
    (1..4).for_each(|n| one_more(&site, n));
    window.open(&relay.url("/posts/hello"));
    window.wait_until_live();
    relay.go_deaf();
    restore(&mut site);
    // The restored log passes the page's cursor before the page hears of it.
    (10..20).for_each(|n| one_more(&site, n));
    relay.forget_connections();
    window.eval("dispatchEvent(new Event('online'))");
    relay.listen_again();
    misses_nothing(&window, &site, "hello");
}

/// Copies the blog's file aside, while it is in use.
fn save(site: &Site) {
    site.rowlog(&["backup", path(&site.path("backup.db"))])
        .worked();
}

/// Puts the copy in the place of the blog's file.
fn restore(site: &mut Site) {
    site.stop();
    site.rowlog(&["restore", path(&site.path("backup.db"))])
        .worked();
    site.serve();
}
