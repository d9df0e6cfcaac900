//! The owner's Markdown, raw HTML included.

use std::collections::HashSet;

use scraper::{ElementRef, Html};

use crate::model::typed::is_text;
use crate::text::markdown;

/// A post stays in its place on the page, no two of its anchors are the same, and its headings are those that the table
/// of contents lists.
pub fn holds(source: &str) {
    let post = markdown::post(source, &|_| None);
    let strange = |c: char| !is_text(c);
    for text in [&post.html, &post.excerpt, &post.text] {
        assert!(!text.contains(strange), "{text:?}");
    }
    assert!(!post.excerpt.contains('\n'), "{:?}", post.excerpt);
    let page = format!("<div>{}</div><footer></footer>", post.html);
    let page = Html::parse_fragment(&page);
    let last = page.root_element().last_child().and_then(ElementRef::wrap);
    let name = last.map(|last| last.value().name());
    assert_eq!(name, Some("footer"), "{}", post.html);
    let elements = || {
        page.root_element()
            .descendants()
            .filter_map(ElementRef::wrap)
    };
    assert!(elements().all(|element| element.attr("style").is_none()));
    let mut anchors = HashSet::new();
    for heading in &post.headings {
        assert!(anchors.insert(&heading.id), "{} twice", heading.id);
        assert!((2..=6).contains(&heading.level));
        assert!(!heading.id.is_empty() && heading.id != "comments");
    }
}
