//! Nothing is missed: whatever happens between a page and its stream, the page ends up with what the server has.

use serde_json::json;

use crate::browser::{Desk, Window};
use crate::relay::{Relay, Traffic};
use crate::same::{misses_nothing, shows_what_the_server_has};
use crate::site::Site;
use crate::visitor::Visitor;
use crate::waiting::eventually;
use crate::windows::{long_post, long_text};

/// People who talk below a post while nobody listens.
struct Life<'a> {
    site: &'a Site,
    ann: Visitor,
    kept: i64,
    doomed: i64,
    answered: i64,
}

impl Life<'_> {
    /// What was said below the post "hello" before.
    fn before(site: &Site) -> Life<'_> {
        Life::of(site, "Ann")
    }

    /// The same, told of somebody else: two strangers with the same name and the same words are taken for one.
    fn of<'a>(site: &'a Site, name: &str) -> Life<'a> {
        let mut ann = site.visitor();
        let [kept, doomed, answered] =
            ["to keep", "to delete", "to answer"].map(|text| ann.comment("hello", name, text));
        site.visitor().reply("hello", answered, "Bob", "an answer");
        Life {
            site,
            ann,
            kept,
            doomed,
            answered,
        }
    }

    /// Something of every kind: comments and answers, an edit, reactions, deletions with and without answers.
    fn goes_on(mut self) {
        let (site, ann) = (self.site, &mut self.ann);
        let first = site.ask("select min(id) from comments");
        ann.comment("hello", "Ann", "something new");
        site.visitor().reply("hello", first, "Bob", "far above");
        ann.edit(self.kept, "to keep, and changed");
        ann.delete(self.doomed);
        ann.delete(self.answered);
        let gone = ann.comment("hello", "Ann", "gone before anybody saw it");
        ann.delete(gone);
        site.visitor()
            .react(&format!("/comments/{}", self.kept), "love");
        site.visitor().react("/posts/hello", "keep");
    }
}

/// A page that is open and live, at this address.
fn open_page(window: &Window, url: &str) {
    window.open(url);
    window.wait_until_live();
    window.eval("window.sameDocument = true");
}

#[track_caller]
fn is_the_same_document(window: &Window) {
    assert_eq!(
        window.eval("window.sameDocument"),
        true,
        "it was loaded again"
    );
}

#[test]
fn what_happens_while_a_page_connects_is_in_the_page() {
    let site = long_post();
    let life = Life::before(&site);
    let relay = Relay::before(&site);
    let desk = Desk::new();
    let window = desk.window();
    relay.hold(Traffic::Streams);
    window.open(&relay.url("/posts/hello"));
    eventually("the page connects", || relay.streams() > 0);
    life.goes_on();
    relay.release();
    misses_nothing(&window, &site, "hello");
    window.has_a_clean_console();
}

#[test]
fn what_happens_between_rendering_and_connecting_is_in_the_page() {
    let site = long_post();
    let life = Life::before(&site);
    let desk = Desk::new();
    let window = desk.window();
    window.devtools("Network.enable", json!({}));
    window.devtools("Network.setBlockedURLs", json!({ "urls": ["*/events*"] }));
    window.open(&site.url("/posts/hello"));
    life.goes_on();
    window.devtools("Network.setBlockedURLs", json!({ "urls": [] }));
    misses_nothing(&window, &site, "hello");
}

#[test]
fn a_replay_that_is_cut_off_again_and_again_is_complete() {
    let site = long_post();
    let lives: Vec<_> = ["Ann", "Eve", "Joe"]
        .map(|name| Life::of(&site, name))
        .into();
    let relay = Relay::before(&site);
    let desk = Desk::new();
    let window = desk.window();
    relay.refuse_streams(1);
    window.open(&relay.url("/posts/hello"));
    window.eval("window.sameDocument = true");
    eventually("the page was refused", || relay.refused() == 1);
    lives.into_iter().for_each(Life::goes_on);
    relay.cut_streams_after(&[3, 9, 2]);
    eventually("every cut was made", || relay.cuts_left() == 0);
    misses_nothing(&window, &site, "hello");
    is_the_same_document(&window);
}

#[test]
fn a_page_behind_another_tab_lets_its_stream_go_and_catches_up_when_it_is_seen() {
    let site = long_post();
    let life = Life::before(&site);
    let desk = Desk::new();
    let window = desk.window();
    // The half minute that a hidden page keeps its stream passes at once.
    window.prepare("const wait = setTimeout; window.setTimeout = (act, ms, ...all) => wait(act, ms === 30000 ? 50 : ms, ...all);");
    open_page(&window, &site.url("/posts/hello"));
    let page = window.tab();
    window.open_tab("about:blank");
    eventually("the hidden page lets its stream go", || {
        site.health("streams") == 0
    });
    life.goes_on();
    window.go_to_tab(&page);
    window.wait_for_text("#away:not([hidden])", "While you were away: ");
    misses_nothing(&window, &site, "hello");
    is_the_same_document(&window);
    window.has_a_clean_console();
}

#[test]
fn a_page_that_was_frozen_thaws_with_everything() {
    let site = long_post();
    let life = Life::before(&site);
    let desk = Desk::new();
    let window = desk.window();
    open_page(&window, &site.url("/posts/hello"));
    window.devtools("Page.setWebLifecycleState", json!({ "state": "frozen" }));
    life.goes_on();
    window.devtools("Page.setWebLifecycleState", json!({ "state": "active" }));
    // Chromium has hidden what it froze, until another tab was looked at.
    let page = window.tab();
    window.open_tab("about:blank");
    window.go_to_tab(&page);
    misses_nothing(&window, &site, "hello");
    is_the_same_document(&window);
    window.has_a_clean_console();
}

#[test]
fn a_page_that_comes_back_from_the_back_forward_cache_catches_up() {
    let site = long_post();
    let life = Life::before(&site);
    let desk = Desk::new();
    let window = desk.window();
    open_page(&window, &site.url("/posts/hello"));
    window.open("about:blank");
    eventually("a page that was left has no stream", || {
        site.health("streams") == 0
    });
    life.goes_on();
    window.back();
    is_the_same_document(&window);
    misses_nothing(&window, &site, "hello");
    window.has_a_clean_console();
}

#[test]
fn a_page_that_was_offline_for_ninety_seconds_catches_up() {
    let site = long_post();
    let life = Life::before(&site);
    let desk = Desk::new();
    let window = desk.window();
    // Ninety seconds of the page's timers take three of ours.
    window.prepare("const wait = setTimeout; window.pace = 1; window.setTimeout = (act, ms, ...all) => wait(act, ms / pace, ...all);");
    open_page(&window, &site.url("/posts/hello"));
    window.connect(false);
    window.wait_for("#comments[data-live=offline]");
    life.goes_on();
    window.eval("new Promise(done => { pace = 30; setTimeout(done, 90000); })");
    window.connect(true);
    window.eval("(() => { pace = 1; })()");
    window.wait_for_text("#away:not([hidden])", "While you were away: ");
    misses_nothing(&window, &site, "hello");
    is_the_same_document(&window);
}

#[test]
fn a_page_whose_line_went_dead_without_a_word_notices_and_catches_up() {
    let site = long_post();
    let life = Life::before(&site);
    let relay = Relay::before(&site);
    relay.promise_quick_pings();
    let desk = Desk::new();
    let window = desk.window();
    open_page(&window, &relay.url("/posts/hello"));
    relay.go_deaf();
    life.goes_on();
    window.wait_for("#comments[data-live=reconnecting], #comments[data-live=offline]");
    relay.forget_connections();
    relay.listen_again();
    misses_nothing(&window, &site, "hello");
    is_the_same_document(&window);
}

#[test]
fn a_page_whose_clock_jumped_connects_anew_at_once() {
    let site = long_post();
    let life = Life::before(&site);
    let relay = Relay::before(&site);
    let desk = Desk::new();
    let window = desk.window();
    window.prepare(
        "const now = Date.now; window.slept = 0; Date.now = () => now.call(Date) + slept;",
    );
    open_page(&window, &relay.url("/posts/hello"));
    // The computer sleeps, and the router forgets its connections.
    relay.forget_connections();
    life.goes_on();
    window.eval("(() => { slept = 3600_000; })()");
    window.wait_for_text("#away:not([hidden])", "While you were away: ");
    misses_nothing(&window, &site, "hello");
    is_the_same_document(&window);
}

#[test]
fn a_page_that_is_refused_three_times_waits_as_asked_and_catches_up() {
    let site = long_post();
    let life = Life::before(&site);
    let relay = Relay::before(&site);
    let desk = Desk::new();
    let window = desk.window();
    relay.refuse_streams(3);
    window.open(&relay.url("/posts/hello"));
    life.goes_on();
    eventually("it was refused three times", || relay.refused() == 3);
    misses_nothing(&window, &site, "hello");
    window.wait_until_live();
}

#[test]
fn behind_a_proxy_that_holds_back_for_ever_everything_comes_by_polling() {
    let site = long_post();
    let life = Life::before(&site);
    let relay = Relay::before(&site);
    let desk = Desk::new();
    let window = desk.window();
    relay.hold(Traffic::Streams);
    window.open(&relay.url("/posts/hello"));
    window.wait_for_text("#live-state:not([hidden]) .txt", "Updates every 25 s");
    life.goes_on();
    misses_nothing(&window, &site, "hello");
    assert_eq!(window.text("#live-state .txt"), "Updates every 25 s");
}

#[test]
fn ten_tabs_load_at_once_and_each_has_everything() {
    let site = long_text();
    site.comment("hello", "Ann", "before all of them");
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    let mut tabs = vec![window.tab()];
    for n in 1..10 {
        // Each of these is a whole page load beside the streams that are open already.
        window.open_tab(&site.url("/posts/hello"));
        tabs.push(window.tab());
        site.comment("hello", "Ann", &format!("with {n} tabs open"));
    }
    for tab in &tabs {
        window.go_to_tab(tab);
        shows_what_the_server_has(&window, &site, "hello");
    }
    misses_nothing(&window, &site, "hello");
    let streams = site.health("streams");
    assert!(streams <= 4, "{streams} streams");
}

#[test]
fn a_page_without_javascript_has_everything_whenever_it_is_loaded() {
    let mut site = long_post();
    let life = Life::before(&site);
    let desk = Desk::new();
    let window = desk.window_without_javascript();
    window.open(&site.url("/posts/hello"));
    shows_what_the_server_has(&window, &site, "hello");
    life.goes_on();
    window.click(".nojs a");
    shows_what_the_server_has(&window, &site, "hello");
    assert_eq!(window.count("#threads article[data-state=new]"), 3);
    site.kill();
    site.serve();
    Life::before(&site).goes_on();
    window.click(".nojs a");
    shows_what_the_server_has(&window, &site, "hello");
}
