//! A post that its author edits while somebody reads it.

use crate::browser::{Desk, Window};
use crate::site::Site;

/// Opens a post and watches what moves on screen.
fn reading(site: &Site, window: &Window) {
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.eval(
        "(() => {
            window.shift = 0;
            new PerformanceObserver(list => list.getEntries().forEach(it => { shift += it.value; })).observe({ type: 'layout-shift' });
        })()",
    );
}

/// Asks what changed, and waits for the answer.
#[track_caller]
fn ask(window: &Window) {
    window.wait_for("#updated:not([hidden])");
    window.eval("document.querySelector('#updated button').click()");
    window.wait_for("#changes[open] .diff :is(ins, del)");
}

/// The texts of all elements that match, one after another.
fn texts(window: &Window, css: &str) -> Vec<String> {
    let all = format!("[...document.querySelectorAll({css:?})].map(it => it.textContent)");
    let all = window.eval(&all);
    let texts = all.as_array().into_iter().flatten();
    texts.map(|it| it.as_str().unwrap().to_owned()).collect()
}

fn paragraphs(change: impl Fn(usize) -> String) -> String {
    (1..60).map(|n| format!("{}\n\n", change(n))).collect()
}

#[test]
fn a_reader_is_told_of_an_edit_and_shown_exactly_the_words_that_changed() {
    let site = Site::start();
    let text = |word: &str| {
        paragraphs(|n| match n {
            30 => format!("The quick {word} jumps over the lazy dog."),
            n => format!("Paragraph {n} of a long text."),
        })
    };
    site.publish("hello", "A long post", &text("brown fox"));
    let desk = Desk::new();
    let window = desk.window();
    reading(&site, &window);
    window.scroll_to(".e-content p:nth-child(30)");
    let top = "document.querySelector('.e-content p:nth-child(30)').getBoundingClientRect().top";
    let before = window.eval(top);
    site.publish("hello", "A longer post", &text("red fox, Bob’s,"));
    window.wait_for("#updated:not([hidden])");
    assert!(window.text("#updated").starts_with("Updated just now"));
    ask(&window);
    assert_eq!(texts(&window, ".diff del"), ["long", "brown"]);
    assert_eq!(texts(&window, ".diff ins"), ["longer", "red", ", Bob’s,"]);
    assert_eq!(
        texts(&window, ".diff .same"),
        ["29 paragraphs unchanged", "29 paragraphs unchanged"]
    );
    assert!(
        window.text(".e-content p:nth-child(30)").contains("brown"),
        "never in place"
    );
    window.press("\u{e00c}");
    window.wait_until_gone("#changes[open]");
    assert_eq!(
        (window.eval(top), window.eval("window.shift")),
        (before, 0.into())
    );
    window.has_a_clean_console();
}

#[test]
fn several_edits_are_compared_with_what_is_open() {
    let site = Site::start();
    site.publish("hello", "A post", "One two three.\n\nFour five six.");
    let desk = Desk::new();
    let window = desk.window();
    reading(&site, &window);
    site.publish("hello", "A post", "One 2 three.\n\nFour five six.");
    ask(&window);
    assert_eq!(
        (texts(&window, ".diff del"), texts(&window, ".diff ins")),
        (vec!["two".into()], vec!["2".into()])
    );
    window.press("\u{e00c}");
    window.wait_until_gone("#changes[open]");
    site.publish(
        "hello",
        "A post",
        "One 2 three.\n\nFour five six.\n\nSeven.",
    );
    window.eval("document.querySelector('#updated button').click()");
    window.wait_for_text("#changes[open] .diff ins", "Seven.");
    assert_eq!(texts(&window, ".diff ins"), ["2", "Seven."]);
    window.eval("document.querySelector('#changes .fresh').click()");
    window.wait_for_text(".e-content p:last-child", "Seven.");
    window.wait_until_live();
    assert_eq!(window.count("#updated:not([hidden])"), 0);
}

#[test]
fn markup_that_a_post_speaks_of_stays_text() {
    let site = Site::start();
    site.publish("hello", "A post", "Write `<b>`.");
    let desk = Desk::new();
    let window = desk.window();
    reading(&site, &window);
    let hostile = "<img src=x onerror=window.pwned=1>";
    site.publish(
        "hello",
        &format!("A post {hostile}"),
        &format!("Write `{hostile}` and `<script>pwned=1</script>`.\n\n```html\n{hostile}\n```"),
    );
    ask(&window);
    assert!(texts(&window, ".diff ins").concat().contains("onerror"));
    assert_eq!(window.count(".diff img, .diff script, .diff b"), 0);
    assert_eq!(window.eval("window.pwned ?? null"), serde_json::Value::Null);
    window.has_a_clean_console();
}

#[test]
fn many_changes_of_a_long_post_are_found_one_by_one() {
    let site = Site::start();
    let text = |edition: usize| {
        paragraphs(|n| {
            let words = (0..90).map(|at| match (n % 3, at % 9) {
                (0, 4) => format!("word{at}in{edition}"),
                _ => format!("word{at}of{n}"),
            });
            words.collect::<Vec<_>>().join(" ")
        })
    };
    site.publish("hello", "A long post", &text(1));
    let desk = Desk::new();
    let window = desk.window();
    reading(&site, &window);
    site.publish("hello", "A long post", &text(2));
    ask(&window);
    assert_eq!(window.count(".diff del"), 19 * 10);
    assert_eq!(window.count(".diff ins"), 19 * 10);
}

#[test]
fn a_post_that_is_withdrawn_says_so_without_moving_anything() {
    let site = Site::start();
    let text = paragraphs(|n| format!("Paragraph {n} of a long text."));
    site.publish("hello", "A long post", &text);
    let desk = Desk::new();
    let window = desk.window();
    reading(&site, &window);
    site.publish_with("hello", "A long post", "draft = true", &text);
    window.wait_for("#gone:not([hidden])");
    assert_eq!(window.eval("window.shift"), 0);
}
