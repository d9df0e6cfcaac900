//! What the owner adds to a post as it happens: an entry, and the section that holds them.

use askama::Template;

use super::signs;
use crate::model::entry::{self, Entry};
use crate::model::manner::Manner;
use crate::model::post::Post;

/// One entry: the same bytes in the page and in a live event.
#[derive(Template)]
#[template(path = "parts/entry.html")]
pub struct EntryPart<'a> {
    /// The entry, which is there.
    pub entry: &'a Entry,
    /// How it is drawn.
    pub manner: &'a Manner,
}

/// One page of a post's entries.
#[derive(Clone, Copy, Debug)]
pub struct LogView<'a> {
    /// The entries of this page, oldest first.
    pub entries: &'a [Entry],
    /// Which page it is, the first being 1.
    pub page: i64,
}

impl LogView<'_> {
    /// How many pages there are, at least 1.
    pub(super) fn pages(&self, post: &Post) -> i64 {
        entry::page_of(post.last_entry)
    }

    /// The words over the entries.
    pub(super) fn count(&self, post: &Post) -> String {
        match post.entry_count {
            1 => "1 entry".into(),
            count => format!("{} entries", signs::grouped(count)),
        }
    }

    /// The address of the newest entry. On its own page it is its anchor, which works on every address of the page.
    pub(super) fn newest(&self, post: &Post) -> String {
        let newest = self.entries.last().map_or(0, |entry| entry.number);
        match self.page == self.pages(post) {
            true => format!("#entry-{newest}"),
            false => entry::path(&post.slug, post.last_entry),
        }
    }

    /// The address of this page, where it is not the post's own.
    pub(super) fn own_path(&self, post: &Post) -> Option<String> {
        (self.page > 1).then(|| page_path(post, self.page))
    }

    pub(super) fn earlier(&self, post: &Post) -> Option<String> {
        (self.page > 1).then(|| page_path(post, self.page - 1))
    }

    pub(super) fn later(&self, post: &Post) -> Option<String> {
        (self.page < self.pages(post)).then(|| page_path(post, self.page + 1))
    }
}

/// The address of a page of a post's entries. The first is the post's own.
fn page_path(post: &Post, page: i64) -> String {
    match page {
        1 => post.path(),
        page => format!("{}?entries={page}", post.path()),
    }
}
