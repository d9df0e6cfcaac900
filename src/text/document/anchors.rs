//! Anchors of headings: given, or made from the heading's text, and unique in the page.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use html5ever::LocalName;
use scraper::{ElementRef, Html, StrTendril};

use super::super::slug;
use super::{edit, qualified, reading};
use crate::model::post::Heading;

/// The anchors that the page around a post uses itself.
const RESERVED: [&str; 10] = [
    "main",
    "comments",
    "entries",
    "fresh",
    "respond",
    "announce",
    "threads",
    "talk-h",
    "live-state",
    "presence",
];
/// What the anchors of comments begin with.
const RESERVED_PREFIX: &str = "comment-";
/// What the anchors of entries begin with, before their number.
const ENTRY: &str = "entry-";

/// Gives every heading an anchor and its level in the outline, and lists the headings.
///
/// The page's title is its only heading of level 1, so those of a post begin at 2 whatever the owner began with,
/// and none is skipped on the way down. Anchors that the owner gave stay, unless the page needs them or an earlier
/// heading has them.
///
/// `above` is the level of the heading that stands over the text.
pub fn place(html: &mut Html, nodes: &[NodeId], above: u8) -> Vec<Heading> {
    let mut anchors = Anchors::given(html, nodes);
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
            Some(id) => anchors.claim(id),
            None => anchors.claim(&slug::or_else(&title, "section")),
        };
        let level = descend(&mut outline, given, above);
        set_id(html, node, &id);
        edit(html, node, |heading| {
            heading.name.local = LocalName::from(format!("h{level}"))
        });
        seen.insert(id.clone());
        headings.push(Heading { level, id, title });
    }
    headings
}

/// The level, below `above` and at most 6, of a heading with the level `given` in its source, below the open ones of
/// `outline`.
fn descend(outline: &mut Vec<u8>, given: u8, above: u8) -> u8 {
    while outline.pop_if(|open| *open >= given).is_some() {}
    outline.push(given);
    // At most six levels are open at a time.
    (outline.len() as u8 + above).min(6)
}

/// The attributes that name other elements, several of them with spaces between.
const REFERENCES: [&str; 5] = [
    "for",
    "headers",
    "aria-labelledby",
    "aria-describedby",
    "aria-controls",
];

/// Puts `prefix` before every anchor, and before all in the same text that refers to one, so that the anchors of several
/// texts on one page are never the same.
pub fn set_apart(html: &mut Html, nodes: &[NodeId], prefix: &str) {
    let id = |node: &NodeId| html.tree.get(*node)?.value().as_element()?.attr("id");
    let ids: HashSet<String> = nodes.iter().filter_map(id).map(str::to_owned).collect();
    let apart = |id: &str| match ids.contains(id) {
        true => format!("{prefix}{id}"),
        false => id.to_owned(),
    };
    for &node in nodes {
        edit(html, node, |element| {
            for (name, value) in &mut element.attrs {
                let new = match &*name.local {
                    "id" => apart(value),
                    name if REFERENCES.contains(&name) => {
                        value.split(' ').map(apart).collect::<Vec<_>>().join(" ")
                    }
                    _ => match value.strip_prefix('#') {
                        Some(id) => format!("#{}", apart(id)),
                        None => value.replace("url(#", &format!("url(#{prefix}")),
                    },
                };
                *value = StrTendril::from(new);
            }
        });
    }
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
    RESERVED.contains(&id) || is_numbered(id)
}

/// Whether it is like the anchors of comments and entries.
fn is_numbered(id: &str) -> bool {
    let entry = id.strip_prefix(ENTRY);
    id.starts_with(RESERVED_PREFIX)
        || entry.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The anchors of a page, none of them twice.
struct Anchors {
    taken: HashSet<String>,
    /// For each name that was wanted again, the number to try next: a thousand headings of one name are numbered in a
    /// thousand steps.
    next: HashMap<String, usize>,
}

impl Anchors {
    /// Collects the anchors that the owner gave, and renames those that the page itself uses.
    fn given(html: &mut Html, nodes: &[NodeId]) -> Anchors {
        let given: Vec<(NodeId, String)> = nodes
            .iter()
            .filter_map(|&node| {
                let id = html.tree.get(node)?.value().as_element()?.attr("id")?;
                Some((node, id.to_owned()))
            })
            .collect();
        let mut anchors = Anchors {
            taken: given.iter().map(|(_, id)| id.clone()).collect(),
            next: HashMap::new(),
        };
        for (node, id) in given
            .iter()
            .filter(|(_, id)| id.is_empty() || is_reserved(id))
        {
            let free = anchors.claim(if id.is_empty() { "section" } else { id });
            set_id(html, *node, &free);
        }
        anchors
    }

    /// Takes `wanted`, or the first of `wanted-2`, `wanted-3` … that is free.
    fn claim(&mut self, wanted: &str) -> String {
        if !is_reserved(wanted) && self.taken.insert(wanted.to_owned()) {
            return wanted.to_owned();
        }
        // Neither `comment` nor `comment-7` can be told apart by a number behind it.
        let stem = match is_numbered(wanted) || is_numbered(&format!("{wanted}-2")) {
            true => format!("section-{wanted}"),
            false => wanted.to_owned(),
        };
        if stem != wanted && self.taken.insert(stem.clone()) {
            return stem;
        }
        let next = self.next.entry(stem.clone()).or_insert(2);
        loop {
            let id = format!("{stem}-{next}");
            *next += 1;
            if self.taken.insert(id.clone()) {
                return id;
            }
        }
    }
}
