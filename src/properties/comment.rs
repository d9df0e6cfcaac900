//! A visitor's comment, from the form to the page.

use scraper::{Html, Node};
use url::Url;

use crate::model::typed::{Body, is_direction_control, is_text, is_visible};
use crate::text::comment;

/// Source: `security.md`, section 6.
const ELEMENTS: [&str; 12] = [
    "p",
    "br",
    "em",
    "strong",
    "del",
    "a",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
];

/// Quotes and lists twelve deep, an item in each list, and what stands in the innermost.
const DEEPEST: usize = 32;

/// A comment that is taken shows something, consists of allowed elements alone, means the same to whoever reads it, and
/// is not much longer than what was typed.
pub fn holds(typed: &str) {
    let Ok(body) = Body::parse(typed) else {
        return;
    };
    let again = Body::parse(body.as_str());
    assert_eq!(again.as_ref(), Ok(&body), "a body is its own body");
    let html = comment::html(body.as_str());
    let strange = |c: char| !is_text(c) || is_direction_control(c);
    assert!(!html.contains(strange), "{html:?}");
    let page = Html::parse_fragment(&html);
    assert_eq!(page.root_element().inner_html(), html, "read and written");
    for node in page.root_element().descendants().skip(1) {
        match node.value() {
            Node::Element(element) => {
                assert!(ELEMENTS.contains(&element.name()), "{html}");
                let attributes: Vec<_> = element.attrs().collect();
                match (element.name(), attributes.as_slice()) {
                    ("a", [("href", target), ("rel", "nofollow ugc noopener")]) => {
                        leads_out(target)
                    }
                    (_, []) => {}
                    _ => panic!("{html}"),
                }
            }
            Node::Text(_) => assert!(node.ancestors().count() < DEEPEST, "{html}"),
            other => panic!("{other:?} in {html}"),
        }
    }
    let text: String = page.root_element().text().collect();
    assert!(is_visible(&text), "nothing to see in {html:?}");
    let most = 100_000 + 40 * body.as_str().len();
    assert!(html.len() < most, "{} bytes", html.len());
}

fn leads_out(target: &str) {
    let url = Url::parse(target).expect("links are absolute");
    assert!(["http", "https", "mailto"].contains(&url.scheme()), "{url}");
    assert!(url.username().is_empty() && url.password().is_none());
}
