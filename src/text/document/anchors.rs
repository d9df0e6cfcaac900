//! Anchors of headings: given, or made from the heading's text, and unique in the page.

use std::collections::HashSet;

use ego_tree::NodeId;
use html5ever::LocalName;
use scraper::{ElementRef, Html, StrTendril};

use super::super::slug;
use super::{edit, qualified, reading};
use crate::model::post::Heading;

/// The anchors that the page around a post uses itself.
const RESERVED: [&str; 8] = [
    "main",
    "comments",
    "respond",
    "announce",
    "threads",
    "talk-h",
    "live-state",
    "presence",
];
/// What the anchors of comments begin with.
const RESERVED_PREFIX: &str = "comment-";

/// Gives every heading an anchor and its level in the outline, and lists the headings.
///
/// The page's title is its only heading of level 1, so those of a post begin at 2 whatever the owner began with,
/// and none is skipped on the way down. Anchors that the owner gave stay, unless the page needs them or an earlier
/// heading has them.
pub fn place(html: &mut Html, nodes: &[NodeId]) -> Vec<Heading> {
    let mut taken = keep_given(html, nodes);
    let mut seen = HashSet::new();
    let mut outline = Vec::new();
    let mut headings = Vec::new();
    for &node in nodes {
        let Some(element) = html.tree.get(node).and_then(ElementRef::wrap) else {
            continue;
        };
        let Some(given) = level(element.value().name()) else {
            continue;
        };
        let title = reading::plain(element);
        let id = match element.attr("id") {
            Some(id) if seen.insert(id.to_owned()) => id.to_owned(),
            Some(id) => claim(&mut taken, id),
            None => claim(&mut taken, &slug::or_else(&title, "section")),
        };
        let level = descend(&mut outline, given);
        set_id(html, node, &id);
        edit(html, node, |heading| {
            heading.name.local = LocalName::from(format!("h{level}"))
        });
        seen.insert(id.clone());
        headings.push(Heading { level, id, title });
    }
    headings
}

/// The level, from 2 to 6, of a heading with the level `given` in its source, below the open ones of `outline`.
fn descend(outline: &mut Vec<u8>, given: u8) -> u8 {
    while outline.pop_if(|open| *open >= given).is_some() {}
    outline.push(given);
    // At most six levels are open at a time.
    (outline.len() as u8 + 1).min(6)
}

/// Collects the anchors that the owner gave, and renames those that the page itself uses.
fn keep_given(html: &mut Html, nodes: &[NodeId]) -> HashSet<String> {
    let given: Vec<(NodeId, String)> = nodes
        .iter()
        .filter_map(|&node| {
            let id = html.tree.get(node)?.value().as_element()?.attr("id")?;
            Some((node, id.to_owned()))
        })
        .collect();
    let mut taken: HashSet<String> = given.iter().map(|(_, id)| id.clone()).collect();
    for (node, id) in given
        .iter()
        .filter(|(_, id)| id.is_empty() || is_reserved(id))
    {
        let free = claim(&mut taken, if id.is_empty() { "section" } else { id });
        set_id(html, *node, &free);
    }
    taken
}

fn set_id(html: &mut Html, node: NodeId, id: &str) {
    edit(html, node, |element| {
        element.attrs.retain(|(name, _)| &*name.local != "id");
        element
            .attrs
            .insert(0, (qualified("id"), StrTendril::from(id)));
    });
}

/// The level of the heading called `name`, if it is one.
fn level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

fn is_reserved(id: &str) -> bool {
    RESERVED.contains(&id) || id.starts_with(RESERVED_PREFIX)
}

/// Takes `wanted`, or the first of `wanted-2`, `wanted-3` … that is free.
fn claim(taken: &mut HashSet<String>, wanted: &str) -> String {
    let base = match wanted.starts_with(RESERVED_PREFIX) {
        true => format!("section-{wanted}"),
        false => wanted.to_owned(),
    };
    let numbered = (2..).map(|number: usize| format!("{base}-{number}"));
    let free = std::iter::once(base.clone())
        .chain(numbered)
        .find(|id| !is_reserved(id) && !taken.contains(id))
        .unwrap_or(base);
    taken.insert(free.clone());
    free
}
