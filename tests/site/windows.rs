//! Open windows: what readers see happen without doing anything.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::browser::{Desk, Window};
use crate::site::Site;
use crate::visitor::comment_in;
use crate::waiting::within;

#[test]
fn what_is_done_in_one_window_appears_in_the_other() {
    let site = long_post();
    let desk = Desk::new();
    let (here, there) = (desk.window(), desk.window());
    act_here_and_watch_there(&site, &here, &there);
    here.has_a_clean_console();
}

#[test]
fn what_is_done_in_a_window_without_javascript_appears_in_the_other() {
    let site = long_post();
    let desk = Desk::new();
    let (here, there) = (desk.window_without_javascript(), desk.window());
    act_here_and_watch_there(&site, &here, &there);
}

#[test]
fn a_window_whose_script_does_not_load_works_by_its_forms() {
    let site = long_post();
    let desk = Desk::new();
    let (here, there) = (desk.window(), desk.window());
    here.devtools("Network.enable", json!({}));
    let script = json!({ "urls": ["*/assets/post-*.js"] });
    here.devtools("Network.setBlockedURLs", script);
    act_here_and_watch_there(&site, &here, &there);
    here.open(&site.url("/posts/hello"));
    assert_eq!(here.text(".nojs"), "Check for new comments");
    assert_eq!(here.count("#comments[data-live]"), 0);
}

/// A post that is longer than a window: its comments are below what is read, so they appear in place.
pub fn long_text() -> Site {
    let site = Site::start();
    let text = (1..60)
        .map(|n| format!("Paragraph {n} of a long text.\n\n"))
        .collect::<String>();
    site.publish("hello", "A long post", &text);
    site
}

/// A post and a conversation that are longer than a window.
pub fn long_post() -> Site {
    let site = long_text();
    for n in 1..=12 {
        site.comment("hello", "Cy", &format!("earlier comment {n}"));
    }
    site
}

/// A comment, a reply, an edit, a reaction and a deletion, each made here by hand and awaited there.
fn act_here_and_watch_there(site: &Site, here: &Window, there: &Window) {
    let address = site.url("/posts/hello");
    there.open(&address);
    there.wait_until_live();
    there.eval("window.sameDocument = true");
    there.scroll_to("#threads > li:nth-child(8)");
    let read = "document.querySelector('#threads > li:nth-child(9)').getBoundingClientRect().top";
    let before = there.eval(read);

    here.open(&address);
    here.fill(".composer [name=name]", "Ann");
    here.fill(".composer [name=body]", "Seen from *there*?");
    here.click(".composer button.main");
    there.wait_for_text("#threads .prose em", "there");
    here.wait_for_text("#threads article .prose em", "there");
    let id = comment_in(&format!(
        "#{}",
        there
            .eval("[...document.querySelectorAll('#threads article')].at(-1).id")
            .as_str()
            .unwrap()
    ));
    let comment = format!("#comment-{id}");
    assert_eq!(there.text(&format!("{comment} h3")), "Ann");

    here.click(&format!("{comment} a.reply"));
    here.wait_for(&format!(".composer [name=parent][value='{id}']"));
    here.fill(".composer [name=name]", "Ann");
    here.fill(".composer [name=body]", "I answer myself");
    here.click(".composer button.main");
    there.wait_for_text(&format!("#thread-{id} .replies .prose"), "I answer myself");
    here.wait_for_text(
        &format!("#thread-{id} .replies article .prose"),
        "I answer myself",
    );

    here.wait_for(&format!("a[href='/comments/{id}/edit']"));
    here.click(&format!("a[href='/comments/{id}/edit']"));
    let editor = format!("form[action='/comments/{id}']");
    here.wait_for(&editor);
    here.fill(&format!("{editor} [name=body]"), "Changed from here");
    here.click(&format!("{editor} button.main"));
    there.wait_for_text(&format!("{comment} .prose"), "Changed from here");

    here.open(&address);
    here.click(&format!(
        "form.react[action='/comments/{id}/reactions'] button[value=love]"
    ));
    there.wait_until(&format!("document.querySelector(\"form.react[action='/comments/{id}/reactions'] button[value=love] .n\").textContent.trim() === '1'"));
    here.click("form.react[action='/posts/hello/reactions'] button[value=keep]");
    there.wait_until("document.querySelector(\"form.react[action='/posts/hello/reactions'] button[value=keep] .n\").textContent.trim() === '1'");

    here.open(&address);
    let reply = comment_in(&format!(
        "#{}",
        there
            .eval(&format!(
                "document.querySelector('#thread-{id} .replies article').id"
            ))
            .as_str()
            .unwrap()
    ));
    for gone in [reply, id] {
        here.click(&format!("form[action='/comments/{gone}/deletion'] button"));
        there.wait_until_gone(&format!("#comment-{gone} .prose"));
        here.wait_until_gone(&format!("#comment-{gone} .prose"));
    }

    assert_eq!(
        there.eval("window.sameDocument"),
        true,
        "the page was loaded again"
    );
    assert_eq!(there.eval(read), before, "what is being read has moved");
    assert_eq!(there.count("#threads > li.thread > article .prose"), 12);
    there.has_a_clean_console();
}

#[test]
fn a_comment_and_a_post_reach_an_open_window_in_the_blink_of_an_eye() {
    let site = long_text();
    let desk = Desk::new();
    let (post, home) = (desk.window(), desk.window());
    post.open(&site.url("/posts/hello"));
    post.wait_until_live();
    home.open(&site.url("/"));
    home.wait_for("#main[data-live=live]");

    let arrival = "new MutationObserver(() => {
        if (!window.arrived && document.body.textContent.includes('MARK')) window.arrived = Date.now();
    }).observe(document.body, { subtree: true, childList: true })";
    post.eval(&arrival.replace("MARK", "quick as a flash"));
    home.eval(&arrival.replace("MARK", "Fresh off the press"));
    let posted = now();
    site.comment("hello", "Ann", "quick as a flash");
    post.wait_until("window.arrived");
    let took = post.eval("window.arrived").as_f64().unwrap() - posted;
    println!("from sending a comment to its being in another window: {took:.0} ms");

    site.publish("fresh", "Fresh off the press", "Text");
    let published = now(); // the command has ended, so its commit is behind us
    home.wait_until("window.arrived");
    let took = home.eval("window.arrived").as_f64().unwrap() - published;
    println!("from the end of `publish` to the post being on an open home page: {took:.0} ms");
    assert!(
        home.text("a[href='/posts/fresh']")
            .contains("Fresh off the press")
    );
    home.has_a_clean_console();
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
        * 1000.0
}

#[test]
fn a_window_finds_its_way_back_through_a_crash() {
    let mut site = long_text();
    let first = site.comment("hello", "Ann", "before the crash");
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.eval("window.sameDocument = true");
    window.fill(".composer [name=body]", "half a thought");
    site.kill();
    window.wait_for("#comments[data-live=reconnecting], #comments[data-live=offline]");
    site.serve();
    let second = site.comment("hello", "Bob", "after the crash");
    // She was typing, so it waits until she asks for it.
    window.wait_for("#pill:not([hidden])");
    window.click("#pill");
    window.wait_for(&format!("#comment-{second}"));
    window.wait_until_live();
    assert_eq!(window.count(&format!("#comment-{first}")), 1);
    assert_eq!(
        window.eval("document.querySelector('.composer [name=body]').value"),
        "half a thought"
    );
    assert_eq!(window.eval("window.sameDocument"), true);
}

#[test]
fn every_page_fits_a_phone_and_a_desk_and_breaks_no_policy() {
    let site = long_post();
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "a `very_long_word_without_any_place_to_break_it_that_goes_on_and_on_and_on_and_on_and_on_and_on`");
    (0..5).fold(id, |parent, n| {
        site.visitor()
            .reply("hello", parent, &format!("Reader {n}"), "deeper")
    });
    site.publish_with("wide", "Wide", "[taxonomies]\ntags = [\"rust\"]", "```rust\nlet wide = \"a line of code that is much wider than any telephone ever was or will be, whatever they say\";\n```\n\n| a | b | c | d | e | f | g | h |\n|-|-|-|-|-|-|-|-|\n| 1111111111 | 2222222222 | 3333333333 | 4444444444 | 5555555555 | 6666666666 | 7777777777 | 8888888888 |\n\n$\\sum_{i=0}^n i$\n");
    let desk = Desk::new();
    let window = desk.window();
    for (width, height) in [(390, 844), (1280, 900)] {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        window.devtools("Emulation.setDeviceMetricsOverride", metrics);
        for address in [
            "/",
            "/posts/hello",
            "/posts/wide",
            "/archive",
            "/tags",
            "/tags/rust",
        ] {
            window.open(&site.url(address));
            let over = window.eval(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth",
            );
            assert!(
                over.as_f64() <= Some(0.0),
                "{address} is {over} px too wide at {width}: {}",
                window.screenshot("too-wide")
            );
            window.has_a_clean_console();
        }
    }
}

#[test]
fn with_javascript_a_preview_and_a_reply_leave_the_page_where_it_is() {
    let site = long_post();
    let first = site.ask("select min(id) from comments");
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.eval("window.sameDocument = true");
    window.fill(".composer [name=name]", "Ann");
    window.fill(".composer [name=body]", "so *it* goes");
    window.click(".composer [formaction^='/comments/preview']");
    window.wait_for_text(".preview em", "it");
    window.click(&format!("#comment-{first} a.reply"));
    window.wait_for(&format!(
        "#thread-{first} .composer [name=parent][value='{first}']"
    ));
    assert_eq!(
        window.eval("document.querySelector('.composer [name=body]').value"),
        "so *it* goes",
        "the text is lost"
    );
    let arrived = site.comment("hello", "Bob", "while she writes");
    window.wait_for("#pill:not([hidden])");
    window.click("#pill");
    window.wait_for(&format!("#comment-{arrived}"));
    assert_eq!(
        window.eval("document.querySelector('.composer [name=body]').value"),
        "so *it* goes",
        "the text is lost"
    );
    window.click(".composer button.main");
    window.wait_for_text(&format!("#thread-{first} .replies article .prose em"), "it");
    assert_eq!(
        site.ask("select count(*) from comments where name = 'Ann'"),
        1
    );
    window.has_a_clean_console();
    let (_, deadline) = (arrived, Duration::from_secs(1));
    within(deadline, "her comment is told once", || {
        window.count(&format!("#thread-{first} .replies article")) == 1
    });
}
