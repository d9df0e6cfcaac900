//! A liveblog in an open page: entries come, change and go, and nothing moves where somebody reads.

use crate::browser::{Desk, Window};
use crate::liveblog::{add, delete, edit};
use crate::site::Site;
use crate::windows::long_text;

/// Adds up the layout shifts from now on.
const WATCH: &str = "(() => { window.shift = 0; window.sameDocument = true;
    new PerformanceObserver(list => list.getEntries().forEach(it => { shift += it.value; }))
        .observe({ type: 'layout-shift' }); })()";

#[test]
fn an_open_page_shows_what_is_added_changed_and_deleted() {
    let site = long_text();
    add(&site, "The opening");
    let desk = Desk::new();
    let window = open_from_the_start(&desk, &site);
    add(&site, "The **second** entry");
    window.wait_for_text("#entry-2[data-state=new] strong", "second");
    goes_on(&site, &window);
}

#[test]
fn a_post_becomes_a_liveblog_while_it_is_open() {
    let site = long_text();
    let desk = Desk::new();
    let window = open_from_the_start(&desk, &site);
    add(&site, "The opening");
    add(&site, "The **second** entry");
    window.wait_for_text("#entry-2 strong", "second");
    goes_on(&site, &window);
}

fn open_from_the_start(desk: &Desk, site: &Site) -> Window {
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.eval(WATCH);
    window
}

fn goes_on(site: &Site, window: &Window) {
    window.wait_for_text("#entries h2", "2 entries");
    edit(site, "1", "The first, better");
    window.wait_for_text("#entry-1 .prose", "better");
    delete(site, "2");
    window.wait_until_gone("#entry-2");
    window.wait_for_text("#entries h2", "1 entry");
    assert_eq!(window.eval("window.shift"), 0, "something moved");
    assert_eq!(window.eval("window.sameDocument"), true);
    window.has_a_clean_console();
}

#[test]
fn what_is_added_where_somebody_reads_waits_behind_a_button() {
    let site = long_text();
    for n in 1..=6 {
        add(&site, &format!("Entry {n}\n\nwith more to read"));
    }
    for n in 0..12 {
        site.comment("hello", "Cy", &format!("comment {n}"));
    }
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.eval(WATCH);
    for place in ["#entry-6", "#threads > li:nth-child(8)"] {
        window.scroll_to(place);
        add(&site, "While you read");
        window.wait_for_text("#fresh:not([hidden])", "1 new entry");
        assert_eq!(window.count("#entries [data-state=new]"), 0);
        assert_eq!(window.eval("window.shift"), 0, "something moved");
        edit(&site, "1", &format!("Far above, from {place}"));
        window.wait_for_text("#entry-1 .prose", place);
        assert_eq!(window.eval("window.shift"), 0, "something moved");
        window.eval("document.getElementById('fresh').click()");
        window.wait_for(".entries > article:last-child[data-state=new]:focus");
        window.wait_for("#fresh[hidden]");
        window.open(&site.url("/posts/hello"));
        window.wait_until_live();
        window.eval(WATCH);
    }
    window.scroll_to("#entry-5");
    edit(&site, "5", &"many more words ".repeat(60));
    window.wait_for_text("#entry-5 .prose", "many more words");
    delete(&site, "4");
    window.wait_until_gone("#entry-4");
    assert_eq!(window.eval("window.shift"), 0, "something moved");
    window.eval("scrollTo({ top: 0, behavior: 'instant' })");
    window.wait_until(
        "!document.querySelector('.entries [style]:not([style=\"\"]), .entries [data-state=gone]')",
    );
    window.has_a_clean_console();
}

#[test]
fn a_reader_without_javascript_has_the_same_page() {
    let site = Site::with_post("hello");
    for n in 1..=6 {
        add(&site, &format!("Entry {n}"));
    }
    let desk = Desk::new();
    let (bare, open) = (desk.window_without_javascript(), desk.window());
    for window in [&bare, &open] {
        window.open(&site.url("/posts/hello"));
    }
    assert_eq!(bare.text("#entries"), open.text("#entries"));
    bare.click("#entries .head a");
    bare.wait_for("#entry-6:target");
    bare.click("#entry-2 a.m");
    bare.wait_for("#entry-2:target");
}

#[test]
fn a_page_whose_log_is_not_the_one_it_knew_fetches_its_entries_again() {
    let mut site = long_text();
    add(&site, "In the backup");
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.eval(WATCH);
    add(&site, "After the backup");
    window.wait_for("#entry-2");
    site.stop();
    let restore = "delete from events where kind = 'entry:created' and subject > 1; delete from entries where id > 1;
                   update sqlite_sequence set seq = (select max(id) from events) where name = 'events';
                   update posts set last_entry = 1, entry_count = 1 where slug = 'hello'";
    site.database_for_surgery().execute_batch(restore).unwrap();
    edit(&site, "1", "After the restore");
    site.serve();
    window.wait_for_text("#entry-1[data-state=new] .prose", "After the restore");
    window.wait_until_gone("#entry-2");
    window.wait_until_live();
    add(&site, "And on");
    window.wait_for_text("#entry-2 .prose", "And on");
    assert_eq!(window.eval("window.sameDocument"), true);
}

#[test]
fn a_page_of_another_part_points_to_the_newest_and_the_last_deletion_leaves_nothing() {
    let mut site = long_text();
    add(&site, "The first");
    site.stop();
    let at_hundred = "update posts set last_entry = 100 where slug = 'hello'";
    site.database_for_surgery()
        .execute_batch(at_hundred)
        .unwrap();
    site.serve();
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.eval(WATCH);
    add(&site, "The hundred and first");
    window.wait_for("#entries .head a[href='/posts/hello?entries=2#entry-101']");
    assert_eq!(window.count("#entry-101"), 0, "it stands on another page");
    delete(&site, "101");
    delete(&site, "1");
    window.wait_until("document.querySelector('#entries h2').offsetHeight === 0");
    assert_eq!(window.eval("window.shift"), 0, "something moved");
    add(&site, "On the second page");
    window.open(&site.url("/posts/hello?entries=2"));
    window.wait_for_text("#entry-102 .prose", "On the second page");
    window.wait_until_live();
    add(&site, "And live there");
    window.wait_for_text("#entry-103[data-state=new] .prose", "And live there");
    window.has_a_clean_console();
}
