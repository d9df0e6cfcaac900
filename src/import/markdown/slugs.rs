//! One slug for each post and one post for each old path.

use std::collections::{HashMap, HashSet};

use super::entry::Entry;
use crate::model::post::PostKind;

/// First parts of addresses that the blog itself answers (contract, section 3): no page can have them.
const TAKEN: &[&str] = &[
    "admin", "archive", "assets", "comments", "events", "feed", "health", "me", "media", "metrics",
    "posts", "search", "tags", "theme",
];

/// Makes slugs unique per kind, and leaves each old path to the first post that claims it. What changes is reported
/// among the warnings of its post.
pub fn settle(entries: &mut [Entry]) {
    let mut used: HashSet<(bool, String)> = TAKEN
        .iter()
        .map(|slug| (true, (*slug).to_owned()))
        .collect();
    let mut next: HashMap<(bool, String), usize> = HashMap::new();
    for entry in entries.iter_mut() {
        let is_page = entry.post.kind == PostKind::Page;
        let wanted = entry.post.slug.clone();
        let count = next.entry((is_page, wanted.clone())).or_insert(2);
        while !used.insert((is_page, entry.post.slug.clone())) {
            entry.post.slug = format!("{wanted}-{count}");
            *count += 1;
        }
        if entry.post.slug != wanted {
            let slug = &entry.post.slug;
            entry.warnings.push(format!(
                "the slug {wanted} is taken, so this one became {slug}"
            ));
        }
    }
    paths(entries);
}

fn paths(entries: &mut [Entry]) {
    let mut used: HashSet<String> = entries
        .iter()
        .map(|entry| entry.post.kind.path(&entry.post.slug))
        .collect();
    // What an author wrote goes before what a generator would have made of a file's name.
    for entry in entries.iter_mut() {
        let mut kept = Vec::new();
        for path in std::mem::take(&mut entry.own_paths) {
            if used.insert(path.clone()) {
                kept.push(path);
            } else if path != entry.post.kind.path(&entry.post.slug) && !kept.contains(&path) {
                entry.warnings.push(format!(
                    "the old address {path} leads to another post already"
                ));
            }
        }
        entry.post.old_paths = kept;
    }
    for entry in entries.iter_mut() {
        let made = std::mem::take(&mut entry.made_paths);
        entry
            .post
            .old_paths
            .extend(made.into_iter().filter(|path| used.insert(path.clone())));
    }
}
