//! Pages for everybody: what axe finds in them, and what becomes of motion where a reader wants none.
//!
//! axe-core is no part of this repository: `tests/run` fetches the release named here, by its checksum.

use std::fs;

use serde_json::{Value, json};

use crate::browser::{Desk, Window};
use crate::site::{Site, path};
use crate::windows::long_post;

/// Where `tests/run` puts axe-core.
const AXE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/axe-core-4.14.1/axe.min.js");

/// A post with everything that a text can hold.
const RICH: &str = "## A heading\n\nSome *text* with `code`, [a link](https://example.org/) and a note.[^1]\n\n\
    ```rust\nlet wide = \"a line of code that is much wider than any telephone ever was or will be, whatever they say\"; // and on\n```\n\n\
    | a | b | c | d | e | f | g | h |\n|-|-|-|-|-|-|-|-|\n| 1111111111 | 2222222222 | 3333333333 | 4444444444 | 5555555555 | 6666666666 | 7777777777 | 8888888888 |\n\n\
    > A quotation.\n\n- [ ] to do\n- [x] done\n\n### A smaller one\n\n$$\\sum_{i=0}^n i$$\n\n[^1]: The note.\n";

#[test]
fn axe_finds_nothing_on_any_public_page_in_either_light_at_either_width() {
    let Ok(axe) = fs::read_to_string(AXE) else {
        println!("left out: axe-core is not here (tests/run fetches it where npm is)");
        return;
    };
    let site = busy_site();
    let desk = Desk::new();
    let window = desk.window();
    let mut found = Vec::new();
    let mut look = |name: &str| found.extend(violations(&window, &axe, name));
    for path in [
        "/",
        "/archive",
        "/tags",
        "/tags/rust",
        "/about",
        "/nothing-here",
        "/posts/rich",
        "/posts/empty",
        "/me",
    ] {
        window.open(&site.url(path));
        look(path);
    }
    window.open(&site.url("/about"));
    assert_eq!(window.text("h1"), "About");
    // From here on she has written, and her pages are fuller.
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.fill(".composer [name=name]", "Ann");
    window.fill(".composer [name=body]", "with `code` and *more*");
    window.click(".composer [formaction^='/comments/preview']");
    window.wait_for(".preview em");
    look("a preview in the page");
    window.click(".composer button.main");
    window.wait_for("#threads article[id] .prose em");
    let id = site.ask("select max(id) from comments");
    site.visitor().reply("hello", id, "Bob", "an answer to her");
    window.wait_for("#pill:not([hidden])");
    look("a live post with the pill");
    window.eval("document.getElementById('pill').click()");
    window.wait_for(&format!("#thread-{id} .replies article"));
    window.click(&format!("#comment-{id} a.reply"));
    look("a reply being written");
    for path in [
        "/posts/hello",
        "/me",
        "/me/erasure",
        &format!("/comments/{id}/edit"),
        &format!("/posts/hello?reply={id}"),
        "/posts/hello?since=1",
    ] {
        window.open(&site.url(path));
        look(path);
    }
    // What a reader is answered whose browser did not get the script.
    let plain = desk.window();
    plain.devtools("Network.enable", json!({}));
    plain.devtools("Network.setBlockedURLs", json!({ "urls": ["*.js"] }));
    plain.open(&site.url("/posts/hello"));
    plain.fill(".composer [name=name]", "Ann");
    plain.fill(".composer [name=body]", "so *it* goes");
    plain.click(".composer [formaction^='/comments/preview']");
    plain.wait_for(".preview em");
    found.extend(violations(&plain, &axe, "a preview as a page"));
    plain.fill(".composer [name=name]", "\u{200b}");
    plain.click(".composer button.main");
    plain.wait_for(".oops");
    found.extend(violations(&plain, &axe, "a form with errors"));
    assert!(found.is_empty(), "{}", found.join("\n"));
    plain.eval("document.querySelector('main').append(new Image(9, 9))");
    assert!(
        !violations(&plain, &axe, "a picture without words").is_empty(),
        "axe sleeps"
    );
}

/// A blog with something of everything.
fn busy_site() -> Site {
    let site = long_post();
    let mut ann = site.visitor();
    let gone = ann.comment("hello", "Ann", "soon gone");
    (0..4).fold(gone, |parent, n| {
        site.visitor().reply(
            "hello",
            parent,
            &format!("Reader {n}"),
            "a `deeper` [link](https://example.org/)\n\n> indeed",
        )
    });
    ann.delete(gone);
    let edited = ann.comment("hello", "Ann", "first");
    ann.edit(edited, "second");
    site.visitor().react(&format!("/comments/{edited}"), "love");
    site.publish_with(
        "rich",
        "Rich",
        "description = \"A summary.\"\n[taxonomies]\ntags = [\"rust\", \"web\"]",
        RICH,
    );
    site.publish("empty", "Empty", "Nobody has said anything yet.");
    let about = "+++\ntitle = \"About\"\ndate = 2026-01-02\n+++\n\nA static page.\n";
    site.write("content/pages/about.md", about);
    site.rowlog(&["import", "markdown", path(&site.path("content"))])
        .worked();
    site
}

/// What axe has against a page, in light and dark, on a desk and on a phone.
fn violations(window: &Window, axe: &str, name: &str) -> Vec<String> {
    window.devtools("Runtime.evaluate", json!({ "expression": axe }));
    let mut found = Vec::new();
    for (width, height) in [(1280, 900), (390, 844)] {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        window.devtools("Emulation.setDeviceMetricsOverride", metrics);
        for light in ["light", "dark"] {
            prefer(
                window,
                &[
                    ("prefers-color-scheme", light),
                    ("prefers-reduced-motion", "reduce"),
                ],
            );
            let result = window.eval(
                "axe.run().then(it => it.violations.map(it => `${it.id}: ${it.nodes.map(it => `${it.html.slice(0, 200)} (${it.any.concat(it.all, it.none).map(it => it.message).join('; ')})`).join('\\n    ')}`))",
            );
            let lines = result.as_array().into_iter().flatten();
            found.extend(lines.map(|line| {
                format!(
                    "{name}, {light}, {width} px: {}",
                    line.as_str().unwrap_or_default()
                )
            }));
        }
    }
    found
}

/// Sets what the reader prefers.
fn prefer(window: &Window, features: &[(&str, &str)]) {
    let features: Vec<Value> = features
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    window.devtools(
        "Emulation.setEmulatedMedia",
        json!({ "features": features }),
    );
}

#[test]
fn nothing_moves_for_a_reader_who_wants_no_motion() {
    let site = long_post();
    let desk = Desk::new();
    let window = desk.window();
    // Animations (a new comment's mark is one), smooth scrolling and transitions.
    let moves = "[
        document.getAnimations().length > 0,
        getComputedStyle(document.documentElement).scrollBehavior === 'smooth',
        [...document.querySelectorAll('*')].some(it => parseFloat(getComputedStyle(it).transitionDuration) > 0),
    ]";
    for (wish, moved) in [("no-preference", true), ("reduce", false)] {
        prefer(&window, &[("prefers-reduced-motion", wish)]);
        window.open(&site.url("/posts/hello"));
        window.wait_until_live();
        let id = site.comment("hello", "Bob", wish);
        window.wait_for(&format!("#comment-{id}[data-state=new]"));
        window.scroll_to(&format!("#comment-{id}"));
        window.wait_for(&format!("#comment-{id}.seen")); // before that it need not move
        assert_eq!(window.eval(moves), json!([moved, moved, moved]), "{wish}");
    }
}
