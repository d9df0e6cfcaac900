//! The one comparison: the comments that a page shows, beside those that the server has.
//!
//! Set, order, nesting and text, and nothing twice: what a page has in one place must equal what the server renders
//! there, element for element.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::browser::Window;
use crate::page::Page;
use crate::site::Site;

/// Longer than a page may wait before it tries again, so that no story depends on how soon that is.
const LONG: Duration = Duration::from_secs(60);

/// What is compared: of all elements that match, this attribute or the text, in the order of the page.
const ASPECTS: &[(&str, Option<&str>)] = &[
    ("#threads article", Some("id")),
    ("#threads article", Some("data-version")),
    ("#threads article[data-state=deleted]", Some("id")),
    ("#threads > li > article", Some("id")),
    ("#threads > li > ol > li > article", Some("id")),
    ("#threads > li > ol > li > ol > li > article", Some("id")),
    ("#threads article h3", None),
    ("#threads article .prose", None),
    ("#threads form.react .n", None),
    ("#comments h2 .count", None),
    (".h-entry form.react .n", None),
];

/// Waits until a page shows the comments of a post as the server has them, pressing the pill where it offers some.
#[track_caller]
pub fn shows_what_the_server_has(window: &Window, site: &Site, slug: &str) {
    let has = of_server(&site.post(slug));
    let deadline = Instant::now() + LONG;
    let mut shows = of_window(window);
    while shows != has {
        assert!(
            Instant::now() < deadline,
            "the page and the server differ:\n{}",
            differences(&shows, &has)
        );
        window.eval("document.querySelector('#pill:not([hidden])')?.click()");
        thread::park_timeout(Duration::from_millis(50)); // the browser has its turn
        shows = of_window(window);
    }
}

/// The same, and again after one more comment: by then whatever was on its way before it has arrived.
#[track_caller]
pub fn misses_nothing(window: &Window, site: &Site, slug: &str) {
    shows_what_the_server_has(window, site, slug);
    let last = site.comment(slug, "Zoe", "And a last word.");
    shows_what_the_server_has(window, site, slug);
    assert_eq!(window.count(&format!("#comment-{last}")), 1);
    assert_eq!(
        window.count("#threads .sent"),
        0,
        "something is still on its way"
    );
}

fn of_server(page: &Page) -> Value {
    let aspect = |&(css, attribute): &(&str, Option<&str>)| {
        let values = match attribute {
            Some(name) => page.attributes(css, name),
            None => page.texts(css),
        };
        (title(css, attribute), json!(values))
    };
    Value::Object(ASPECTS.iter().map(aspect).collect::<Map<_, _>>())
}

fn of_window(window: &Window) -> Value {
    let aspects: Vec<_> = ASPECTS
        .iter()
        .map(|(css, attribute)| json!([title(css, *attribute), css, attribute]))
        .collect();
    window.eval(&format!(
        "Object.fromEntries({}.map(([title, css, name]) => [title, [...document.querySelectorAll(css)].map(
            it => name ? it.getAttribute(name) : it.textContent.trim().split(/\\s+/).join(' '))]))",
        json!(aspects)
    ))
}

/// The aspects in which a page is not as it should be.
fn differences(shows: &Value, has: &Value) -> String {
    let titles = has.as_object().into_iter().flat_map(Map::keys);
    titles
        .filter(|title| shows[*title] != has[*title])
        .map(|title| {
            format!(
                "{title}\n  in the page:   {}\n  on the server: {}\n",
                shows[title], has[title]
            )
        })
        .collect()
}

fn title(css: &str, attribute: Option<&str>) -> String {
    format!("{} of {css}", attribute.unwrap_or("text"))
}
