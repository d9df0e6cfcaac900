//! Reading is sacred, and no word is lost: what an open page does while somebody reads, writes, looks away or comes back.

use crate::browser::{Desk, Window};
use crate::site::Site;
use crate::windows::{long_post, long_text};

/// Adds up the layout shifts from now on, and says in the console what moved.
const WATCH: &str = "(() => {
    window.shift = 0;
    new PerformanceObserver(list => list.getEntries().forEach(it => { shift += it.value; console.info('moved:', it.sources.map(it => it.node?.parentElement?.outerHTML.slice(0, 120))); })).observe({ type: 'layout-shift' });
})()";

/// A page that is being looked at in the middle of its comments.
fn reading(site: &Site, window: &Window) {
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.eval(WATCH);
    window.scroll_to("#threads > li:nth-child(12)");
}

#[test]
fn what_arrives_where_somebody_reads_waits_behind_the_pill() {
    let site = long_post();
    let first = site.ask("select min(id) from comments");
    let desk = Desk::new();
    let window = desk.window();
    reading(&site, &window);
    let reply = site.visitor().reply("hello", first, "Bob", "above");
    window.wait_for_text("#pill:not([hidden]) .count", "1 new comment");
    let last = site.comment("hello", "Bob", "where she reads");
    window.wait_for_text("#pill .count", "2 new comments");
    assert_eq!(
        window.count(&format!("#comment-{reply}, #comment-{last}")),
        0
    );
    assert_eq!(window.eval("window.shift"), 0, "something moved");
    window.click("#pill");
    window.wait_for(&format!("#comment-{reply}:focus"));
    window.wait_for(&format!("#comment-{last}[data-state=new]"));
    window.has_a_clean_console();
}

#[test]
fn what_is_changed_and_deleted_on_screen_moves_nothing() {
    let site = long_text();
    let mut ann = site.visitor();
    let ids = ["one", "two", "three"].map(|text| ann.comment("hello", "Ann", text));
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.scroll_to(&format!("#comment-{}", ids[1]));
    window.eval(WATCH);
    ann.edit(ids[0], &"many more words ".repeat(60));
    window.wait_for_text(&format!("#comment-{}", ids[0]), "many more words");
    ann.delete(ids[1]);
    window.wait_until_gone(&format!("#comment-{}", ids[1]));
    assert_eq!(window.eval("window.shift"), 0, "something moved");
    window.eval("scrollTo({ top: 0, behavior: 'instant' })");
    window.wait_until("document.querySelectorAll('#threads > li').length === 2");
    window.wait_until("!document.querySelector('#threads [style]:not([style=\"\"])')");
}

#[test]
fn what_could_not_be_sent_survives_and_is_sent_once() {
    let mut site = long_post();
    let first = site.ask("select min(id) from comments");
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.click(&format!("#comment-{first} a.reply"));
    window.fill(".composer [name=name]", "Ann");
    window.fill(".composer [name=body]", "not a word lost");
    site.kill();
    window.click(".composer button.main");
    window.wait_for(".sent [data-state=unsent]");
    site.serve();
    window.open(&site.url("/posts/hello"));
    window.wait_for(&format!(
        "#thread-{first} .replies .sent [data-state=unsent]"
    ));
    window.click(".sent .retry");
    window.wait_for_text(
        &format!("#thread-{first} .comment[id] .prose"),
        "not a word lost",
    );
    window.wait_until_gone(".sent");
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    assert_eq!(window.count(".sent"), 0);
    assert_eq!(
        site.ask("select count(*) from comments where name = 'Ann'"),
        1
    );
}

#[test]
fn a_refused_comment_says_why_and_goes_back_into_the_form() {
    let site = long_text();
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.fill(".composer [name=name]", "\u{200b}");
    window.fill(".composer [name=body]", "who am I?");
    window.click(".composer button.main");
    window.wait_for(".sent [data-state=unsent]");
    assert!(!window.text(".sent .note").is_empty());
    window.click(".sent .take");
    assert_eq!(
        window.eval("document.querySelector('.composer [name=body]').value"),
        "who am I?"
    );
    assert_eq!(site.ask("select count(*) from comments"), 0);
}

#[test]
fn each_reply_keeps_its_draft_through_a_reload() {
    let site = long_post();
    let first = site.ask("select min(id) from comments");
    let desk = Desk::new();
    let window = desk.window();
    let body = "document.querySelector('.composer [name=body]').value";
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.click(&format!("#comment-{first} a.reply"));
    window.fill(".composer [name=body]", "an answer");
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.fill(".composer [name=body]", "a thought");
    window.click(&format!("#comment-{first} a.reply"));
    assert_eq!(window.eval(body), "an answer");
    window.click(".replying .cancel");
    assert_eq!(window.eval(body), "a thought");
}

#[test]
fn a_page_that_was_hidden_tells_what_it_missed() {
    let site = long_post();
    let mut ann = site.visitor();
    let (kept, doomed) = (
        ann.comment("hello", "Ann", "old"),
        ann.comment("hello", "Ann", "going"),
    );
    let desk = Desk::new();
    let window = desk.window();
    // Half a minute passes at once, and the tab goes behind another when the story says so.
    window.prepare(
        "const wait = setTimeout; window.setTimeout = (act, ms, ...all) => wait(act, ms === 30000 ? 50 : ms, ...all);
         let away = false;
         Object.defineProperty(document, 'hidden', { get: () => away });
         window.look = there => { away = !there; document.dispatchEvent(new Event('visibilitychange', { bubbles: true })); }",
    );
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.eval("look(false)");
    crate::waiting::eventually("a hidden page lets its stream go", || {
        site.health("streams") == 0
    });
    for n in 0..4 {
        site.comment("hello", "Bob", &format!("missed {n}"));
    }
    ann.edit(kept, "new");
    ann.delete(doomed);
    window.eval("look(true)");
    window.wait_for_text(
        "#away:not([hidden])",
        "While you were away: 4 new, 1 edited, 1 removed",
    );
    window.wait_until_live();
}

#[test]
fn the_next_visit_marks_what_is_new_and_leads_there() {
    let site = long_post();
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.open(&site.url("/"));
    let first = site.ask("select min(id) from comments");
    let reply = site.visitor().reply("hello", first, "Bob", "an answer");
    let last = site.comment("hello", "Bob", "the last word");
    window.open(&site.url("/posts/hello"));
    window.wait_for_text("#pill .count", "2 new comments since your last visit");
    for id in [reply, last] {
        window.eval("document.getElementById('pill').click()");
        window.wait_for(&format!("#comment-{id}[data-state=new]:focus"));
    }
    window.wait_for("#pill[hidden]");
}

#[test]
fn the_keyboard_goes_from_comment_to_comment_and_the_page_says_who_is_here() {
    let site = long_post();
    let desk = Desk::new();
    let (window, other) = (desk.window(), desk.window());
    window.open(&site.url("/posts/hello"));
    window.wait_for_text("#presence:not([hidden])", "Only you reading");
    other.open(&site.url("/posts/hello"));
    window.wait_for_text("#presence", "2 people reading");
    window.press("j");
    window.wait_for("#threads > li:nth-child(1) > .comment:focus");
    window.press("j");
    window.wait_for("#threads > li:nth-child(2) > .comment:focus");
    window.press("k");
    window.wait_for("#threads > li:nth-child(1) > .comment:focus");
    window.has_a_clean_console();
}
