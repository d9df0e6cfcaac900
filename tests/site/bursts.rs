//! Very much at once, and very much over time: the page stays at hand, still and small.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::{Desk, Window};
use crate::same::{misses_nothing, shows_what_the_server_has};
use crate::site::Site;
use crate::windows::{long_post, long_text};

/// Keeps the tasks that take longer than 50 ms, the sum of the layout shifts that no key or click explains, what each frame
/// moved, and the announcements.
const WATCH: &str = "(() => {
    window.long = []; window.shift = 0; window.moved = []; window.said = []; window.began = performance.now();
    const watch = (type, each) => new PerformanceObserver(list => list.getEntries().forEach(each)).observe({ type });
    watch('longtask', it => long.push(Math.round(it.duration)));
    const what = ({ node, previousRect: from, currentRect: to }) =>
        `${node?.nodeName}.${node?.className}#${node?.id} ${JSON.stringify(from)} ${JSON.stringify(to)}`;
    watch('layout-shift', it => {
        if (!it.hadRecentInput) shift += it.value;
        moved.push([Math.round(performance.now() - began), ...it.sources.map(what)]);
    });
    const voice = document.getElementById('announce');
    new MutationObserver(() => { if (voice.textContent) said.push(performance.now()); }).observe(voice, { childList: true });
})()";

/// Whether there were more announcements than one every five seconds. A second is for timers that a busy machine delays.
const TALKATIVE: &str = "said.length - 1 > (performance.now() - began + 1000) / 5000";

/// Two hundred comments in a second: eighty threads and answers to what is there, by eight posters who keep their time.
fn two_hundred(site: &Site) {
    let began = Instant::now();
    thread::scope(|scope| {
        for poster in 0..8 {
            scope.spawn(move || {
                let mut visitor = site.visitor();
                for n in 0..25 {
                    let due = began + Duration::from_millis((8 * n + poster) as u64 * 5);
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    let text = format!("comment {n} of poster {poster}");
                    match n % 5 {
                        0 | 1 => visitor.comment("hello", "Bob", &text),
                        _ => visitor.reply("hello", 1 + (poster * 25 + n) % 12, "Bob", &text),
                    };
                }
            });
        }
    });
    println!("200 comments posted in {:?}", began.elapsed());
}

/// A page of twelve comments on which somebody is at `place`, watched.
fn watched(site: &Site, desk: &Desk, place: &str) -> Window {
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    window.scroll_to(place);
    window.eval(WATCH);
    window
}

fn nothing_moved(window: &Window) {
    let moved = window.eval("moved");
    assert_eq!(window.eval("shift"), 0, "something moved: {moved:#}");
}

/// Nothing is missed, and nobody was talked to without end.
fn is_whole(window: &Window, site: &Site) {
    shows_what_the_server_has(window, site, "hello");
    misses_nothing(window, site, "hello");
    let said = window.eval("said.length");
    assert_eq!(window.eval(TALKATIVE), false, "{said} announcements");
    window.has_a_clean_console();
}

#[test]
fn two_hundred_comments_at_once_wait_behind_the_pill_of_who_reads() {
    let (site, desk) = (long_post(), Desk::new());
    let window = watched(&site, &desk, "#threads > li:nth-child(6)");
    two_hundred(&site);
    window.wait_for_text("#pill .count", "200 new comments");
    println!(
        "all behind the pill: tasks over 50 ms {}",
        window.eval("long")
    );
    nothing_moved(&window);
    window.eval("(() => { long.length = 0; })()");
    window.click("#pill");
    window.wait_until("document.querySelectorAll('#threads article').length === 212");
    println!(
        "the pill pressed with 200 waiting: tasks over 50 ms {}",
        window.eval("new Promise(done => setTimeout(() => done(long), 500))")
    );
    nothing_moved(&window);
    is_whole(&window, &site);
}

#[test]
fn two_hundred_comments_at_once_appear_below_who_reads_the_post() {
    let (site, desk) = (long_post(), Desk::new());
    let window = watched(&site, &desk, "h1");
    two_hundred(&site);
    window.wait_until("document.querySelectorAll('#threads article').length === 212");
    println!(
        "all below the window: tasks over 50 ms {}",
        window.eval("long")
    );
    nothing_moved(&window);
    is_whole(&window, &site);
}

#[test]
fn ten_thousand_events_leave_a_page_as_small_as_it_was() {
    let site = long_text();
    (0..20).for_each(|n| _ = site.comment("hello", "Cy", &format!("what stays {n}")));
    let desk = Desk::new();
    let window = desk.window();
    window.open(&site.url("/posts/hello"));
    window.wait_until_live();
    rounds(&site, 10); // what is made once is made by now
    shows_what_the_server_has(&window, &site, "hello");
    let before = heap(&window);
    let (start, began) = (site.head(), Instant::now());
    for _ in 0..4 {
        rounds(&site, 210);
        shows_what_the_server_has(&window, &site, "hello");
        println!(
            "after {} events in {:?}: {:+} kB of heap, {} nodes",
            site.head() - start,
            began.elapsed(),
            (heap(&window) - before) / 1024,
            window.eval("document.querySelectorAll('*').length")
        );
    }
    assert!(site.head() - start >= 10_000);
    let grown = heap(&window) - before;
    assert!(grown < 5 << 20, "the heap has grown by {grown} bytes");
    misses_nothing(&window, &site, "hello");
}

/// Rounds of a dozen events: answers to what stays and an answer to one of them, an edit, reactions set and taken back, and
/// all deleted again.
fn rounds(site: &Site, count: usize) {
    thread::scope(|scope| {
        for lane in 0..4 {
            scope.spawn(move || {
                let mut ann = site.visitor();
                for n in (lane..count).step_by(4) {
                    let first = (n % 20 + 1) as i64;
                    let one = ann.reply("hello", first, "Ann", &format!("one, round {n}"));
                    let two = ann.reply("hello", first, "Ann", &format!("two, round {n}"));
                    let reply = ann.reply("hello", one, "Ann", &format!("reply, round {n}"));
                    ann.edit(two, &format!("two, changed in round {n}"));
                    ann.react(&format!("/comments/{two}"), "love");
                    ann.react(&format!("/comments/{two}"), "love");
                    ann.react("/posts/hello", "keep");
                    [reply, two, one].into_iter().for_each(|id| ann.delete(id));
                }
            });
        }
    });
}

/// Bytes of JavaScript heap in use once all garbage is collected.
fn heap(window: &Window) -> i64 {
    for _ in 0..2 {
        window.devtools("HeapProfiler.collectGarbage", json!({}));
    }
    let usage: Value = window.devtools("Runtime.getHeapUsage", json!({}));
    usage["usedSize"].as_f64().expect("a number of bytes") as i64
}
