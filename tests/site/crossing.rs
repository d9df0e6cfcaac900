//! What a reader does herself crosses with what the stream tells: nothing twice, nothing lost.

use serde_json::json;

use crate::browser::{Desk, Window};
use crate::relay::{Relay, Traffic};
use crate::same::{misses_nothing, shows_what_the_server_has};
use crate::site::Site;
use crate::visitor::comment_in;
use crate::waiting::eventually;
use crate::windows::{long_post, long_text};

/// Writes a comment in a page and sends it.
fn write(window: &Window, body: &str) {
    window.fill(".composer [name=name]", "Ann");
    window.fill(".composer [name=body]", body);
    window.click(".composer button.main");
}

/// Waits until a comment with this text is real, not on its way.
#[track_caller]
fn is_real(window: &Window, body: &str) {
    window.wait_for_text("#threads article[id] .prose", body);
    window.wait_until_gone(".sent");
}

/// The button of a reaction to the post.
const LOVE: &str = "form.react[action='/posts/hello/reactions'] button[value=love]";

/// Waits until the server has counted so many reactions: a page shows its own before.
fn counts_reactions(site: &Site, count: i64) {
    eventually("a reaction is counted or taken back", || {
        site.ask("select count(*) from reactions") == count
    });
}

#[test]
fn an_answer_that_comes_before_its_event_makes_one_comment() {
    its_own_words_come_once(Traffic::Streams);
}

#[test]
fn an_event_that_comes_before_its_answer_makes_one_comment() {
    its_own_words_come_once(Traffic::Posts);
}

/// Comments, answers and reacts while one of the two ways in which a page hears of it is held back.
fn its_own_words_come_once(later: Traffic) {
    let site = long_post();
    let first = site.ask("select min(id) from comments");
    let relay = Relay::before(&site);
    let desk = Desk::new();
    let window = desk.window();
    window.open(&relay.url("/posts/hello"));
    window.wait_until_live();
    relay.hold(later);
    write(&window, "a thought of mine");
    is_real(&window, "a thought of mine");
    window.wait_for(".comment[id]:focus");
    relay.release();
    misses_nothing(&window, &site, "hello");

    relay.hold(later);
    window.click(&format!("#comment-{first} a.reply"));
    write(&window, "an answer of mine");
    is_real(&window, "an answer of mine");
    relay.release();
    misses_nothing(&window, &site, "hello");

    relay.hold(later);
    window.click(LOVE);
    window.wait_for(&format!("{LOVE}[aria-pressed=true]"));
    counts_reactions(&site, 1);
    relay.release();
    misses_nothing(&window, &site, "hello");
    assert_eq!(
        site.ask("select count(*) from comments where name = 'Ann'"),
        2
    );
    window.has_a_clean_console();
}

#[test]
fn two_tabs_of_one_visitor_show_the_same() {
    let site = long_post();
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    let one = window.tab();
    window.open_tab(&site.url("/posts/hello"));
    window.wait_until_live();
    let two = window.tab();
    for (here, there, text, loved) in [
        (&two, &one, "from the second", 1),
        (&one, &two, "from the first", 0),
    ] {
        window.go_to_tab(here);
        write(&window, text);
        is_real(&window, text);
        window.click(LOVE);
        counts_reactions(&site, loved);
        window.go_to_tab(there);
        is_real(&window, text);
        misses_nothing(&window, &site, "hello");
    }
    window.go_to_tab(&one);
    shows_what_the_server_has(&window, &site, "hello");
    assert_eq!(
        site.ask("select count(distinct visitor_id) from comments where name = 'Ann'"),
        1
    );
}

#[test]
fn two_tabs_without_javascript_are_one_visitor_too() {
    let site = long_text();
    let desk = Desk::new();
    let window = desk.window_without_javascript();
    window.open(&site.url("/posts/hello"));
    let one = window.tab();
    window.open_tab(&site.url("/posts/hello"));
    write(&window, "from the second");
    is_real(&window, "from the second");
    shows_what_the_server_has(&window, &site, "hello");
    window.go_to_tab(&one);
    write(&window, "from the first");
    is_real(&window, "from the first");
    shows_what_the_server_has(&window, &site, "hello");
    assert_eq!(
        site.ask("select count(distinct visitor_id) from comments"),
        1
    );
}

#[test]
fn an_answer_outlives_the_comment_that_it_answers() {
    let site = long_post();
    let mut bob = site.visitor();
    let leaf = bob.comment("hello", "Bob", "soon gone");
    let answered = bob.comment("hello", "Bob", "gone, with an answer");
    site.visitor().reply("hello", answered, "Cy", "the answer");
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    for gone in [leaf, answered] {
        let text = format!("in reply to {gone}");
        window.click(&format!("#comment-{gone} a.reply"));
        window.fill(".composer [name=name]", "Ann");
        window.fill(".composer [name=body]", &text);
        bob.delete(gone);
        window.wait_until("document.querySelector('.composer [name=parent]').value === ''");
        assert_eq!(
            window.eval("document.querySelector('.composer [name=body]').value"),
            text,
            "the text is lost"
        );
        window.click(".composer button.main");
        is_real(&window, &text);
        misses_nothing(&window, &site, "hello");
    }
    assert_eq!(
        site.ask("select count(*) from comments where name = 'Ann' and parent_id is null"),
        2
    );
}

#[test]
fn an_answer_without_javascript_outlives_the_comment_that_it_answers() {
    let site = long_post();
    let mut bob = site.visitor();
    let gone = bob.comment("hello", "Bob", "soon gone");
    let desk = Desk::new();
    let window = desk.window_without_javascript();
    window.open(&site.url("/posts/hello"));
    window.click(&format!("#comment-{gone} a.reply"));
    window.wait_for(&format!(".composer [name=parent][value='{gone}']"));
    window.fill(".composer [name=name]", "Ann");
    window.fill(".composer [name=body]", "not a word lost");
    bob.delete(gone);
    window.click(".composer button.main");
    window.wait_for(".oops");
    assert_eq!(
        window.eval("document.querySelector('.composer [name=body]').value"),
        "not a word lost"
    );
    window.click(".composer button.main");
    is_real(&window, "not a word lost");
    shows_what_the_server_has(&window, &site, "hello");
    let id = window.eval("[...document.querySelectorAll('#threads > li > article')].at(-1).id");
    assert!(comment_in(&format!("#{}", id.as_str().unwrap())) > gone);
}

#[test]
fn a_page_whose_script_does_not_load_works_by_forms() {
    let site = long_post();
    let desk = Desk::new();
    let window = desk.window();
    window.devtools("Network.enable", json!({}));
    window.devtools("Network.setBlockedURLs", json!({ "urls": ["*.js"] }));
    window.open(&site.url("/posts/hello"));
    write(&window, "by a plain form");
    is_real(&window, "by a plain form");
    let id = site.ask("select max(id) from comments");
    window.click(&format!("#comment-{id} a.reply"));
    window.wait_for(&format!(".composer [name=parent][value='{id}']"));
    write(&window, "and an answer");
    window.wait_for_text(&format!("#thread-{id} .replies .prose"), "and an answer");
    window.click(LOVE);
    window.wait_for(&format!("{LOVE}[aria-pressed=true]"));
    shows_what_the_server_has(&window, &site, "hello");
    assert_eq!(
        window.count("#comments[data-live], #live-state:not([hidden])"),
        0
    );
}
