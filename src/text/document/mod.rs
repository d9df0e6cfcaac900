//! The last pass over a post: HTML is read as browsers read it, completed, and written again.
//!
//! What comes out is well-formed whatever the owner's raw HTML was, so that an open `<div>` cannot swallow the
//! comments below it. On the way images get their sizes, tables their scroll areas, headings their anchors, and
//! the plain text is taken out.

mod anchors;
mod reading;

use ego_tree::NodeId;
use html5ever::{Attribute, LocalName, QualName, ns};
use scraper::node::Element;
use scraper::{Html, Node, StrTendril};

use crate::model::media::{self, Picture};
use crate::model::post::Rendered;
use crate::model::typed::is_text;

/// Where a text stands in its page.
pub struct Place<'a> {
    /// What its anchors begin with; nothing for the one text whose anchors are the page's.
    pub prefix: &'a str,
    /// The level of the heading over it.
    pub above: u8,
}

/// Completes the `html` of a text. `picture_at` gives what is known of the image at an address.
pub fn finish(html: &str, place: &Place, picture_at: &dyn Fn(&str) -> Option<Picture>) -> Rendered {
    // A name that such a character divides would be another one when it is taken out of what is written. A form feed is a
    // space to browsers, and a carriage return the end of a line.
    let divides = |c: char| !is_text(c) && c != '\r';
    let whole = html.replace('\u{c}', " ").replace(divides, "");
    let mut html = Html::parse_fragment(&whole);
    let nodes: Vec<NodeId> = html
        .root_element()
        .descendants()
        .map(|node| node.id())
        .collect();
    let mut tables = 0;
    for &node in &nodes {
        edit(&mut html, node, unstyle);
        match name(&html, node) {
            Some("plaintext") => edit(&mut html, node, |text| {
                text.name.local = LocalName::from("pre")
            }),
            Some("script") => bound(&mut html, node),
            Some("img") => edit(&mut html, node, |image| measure(image, picture_at)),
            Some("table") => wrap_table(&mut html, node, &mut tables),
            _ => {}
        }
    }
    let headings = anchors::place(&mut html, &nodes, place.above);
    if !place.prefix.is_empty() {
        anchors::set_apart(&mut html, &nodes, place.prefix);
    }
    let reading = reading::read(&html);
    if let Some(mut mark) = reading.mark.and_then(|mark| html.tree.get_mut(mark)) {
        mark.detach();
    }
    let written = html.root_element().inner_html();
    Rendered {
        html: written.trim().chars().filter(|&c| is_text(c)).collect(),
        headings,
        words: reading.words,
        excerpt: reading.excerpt,
        text: reading.text,
    }
}

/// The local name of an element; nothing for a node of another kind.
fn name(html: &Html, node: NodeId) -> Option<&str> {
    html.tree.get(node)?.value().as_element().map(Element::name)
}

fn edit(html: &mut Html, node: NodeId, change: impl FnOnce(&mut Element)) {
    let mut node = html.tree.get_mut(node);
    if let Some(Node::Element(element)) = node.as_mut().map(|node| node.value()) {
        change(element);
    }
}

fn qualified(name: &str) -> QualName {
    QualName::new(None, ns!(), LocalName::from(name))
}

/// Adds an attribute, unless the element has it already.
fn add(element: &mut Element, name: &str, value: &str) {
    if element.attr(name).is_none() {
        element
            .attrs
            .push((qualified(name), StrTendril::from(value)));
    }
}

/// Has a script end where it ends: after `<!--` and `<script`, browsers read beyond its end. In a string or in JSON, where
/// such a thing stands if it stands for itself, the other spelling means the same.
/// Source: HTML, "Restrictions for contents of script elements".
fn bound(html: &mut Html, script: NodeId) {
    let text = html
        .tree
        .get(script)
        .and_then(|script| script.first_child());
    let mut text = text
        .map(|text| text.id())
        .and_then(|text| html.tree.get_mut(text));
    if let Some(Node::Text(text)) = text.as_mut().map(|text| text.value()) {
        text.text = StrTendril::from(text.text.replace("<!--", "\\u003c!--"));
    }
}

/// Reserves the image's place in the page, offers its smaller sizes, and lets it wait until it is near the screen.
fn measure(image: &mut Element, picture_at: &dyn Fn(&str) -> Option<Picture>) {
    let source = image.attr("src").unwrap_or_default().to_owned();
    if let Some(picture) = picture_at(&source) {
        if image.attr("width").is_none() && image.attr("height").is_none() {
            add(image, "width", &picture.width.to_string());
            add(image, "height", &picture.height.to_string());
        }
        let candidates = picture.candidates(&source);
        if !candidates.is_empty() && image.attr("srcset").is_none() {
            add(image, "srcset", &candidates);
            add(image, "sizes", media::SIZES);
        }
    }
    add(image, "loading", "lazy");
    add(image, "decoding", "async");
}

/// Takes the inline style away, which the pages' policy refuses; the alignment in a formula becomes a class.
fn unstyle(element: &mut Element) {
    let style = element.attr("style").unwrap_or_default();
    let sides = [("text-align: left", "start"), ("text-align: right", "end")];
    let side = sides.iter().find(|(rule, _)| style.contains(rule));
    let side = side.filter(|_| element.name.ns == ns!(mathml));
    element.attrs.retain(|(name, _)| &*name.local != "style");
    if let Some((_, class)) = side {
        add(element, "class", class);
    }
}

/// Puts a table into an area that scrolls and takes the focus, named by its number. Tables inside tables stay.
fn wrap_table(html: &mut Html, node: NodeId, count: &mut usize) {
    let Some(table) = html.tree.get(node) else {
        return;
    };
    let is_table = |node: &Node| {
        node.as_element()
            .is_some_and(|element| element.name() == "table")
    };
    if table.ancestors().any(|outer| is_table(outer.value())) {
        return;
    }
    *count += 1;
    let label = if *count == 1 {
        "Table".to_owned()
    } else {
        format!("Table {count}")
    };
    let attribute = |name, value: &str| Attribute {
        name: qualified(name),
        value: value.into(),
    };
    let attributes = vec![
        attribute("class", "scroll wide"),
        attribute("role", "region"),
        attribute("aria-label", &label),
        attribute("tabindex", "0"),
    ];
    let div = QualName::new(None, ns!(html), LocalName::from("div"));
    if let Some(mut table) = html.tree.get_mut(node) {
        let mut area = table.insert_before(Node::Element(Element::new(div, attributes)));
        area.append_id(node);
    }
}
