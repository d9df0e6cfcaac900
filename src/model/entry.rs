//! An entry of a liveblog: what the owner adds to a post as it happens.

use super::id::{EntryId, PostId};
use super::language::Direction;
use super::post::{PostKind, Rendered};
use super::time::Timestamp;

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryStatus {
    /// Everyone sees it who sees its post.
    Published,
    /// Gone; only its number stays taken.
    Deleted,
}

impl EntryStatus {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            EntryStatus::Published => "published",
            EntryStatus::Deleted => "deleted",
        }
    }

    /// The status of that word.
    pub fn parse(word: &str) -> Option<EntryStatus> {
        [EntryStatus::Published, EntryStatus::Deleted]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// An entry as it is shown.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its row.
    pub id: EntryId,
    /// The post it was added to.
    pub post: PostId,
    /// The last part of that post's address.
    pub post_slug: String,
    /// That post's title.
    pub post_title: String,
    /// That post's language tag, where it differs from the blog's.
    pub lang: Option<String>,
    /// In which direction that post runs, if that may differ from its surroundings.
    pub direction: Option<Direction>,
    /// Its row in the post, the first being 1.
    pub number: i64,
    /// Plain text.
    pub title: Option<String>,
    /// The first words, plain text.
    pub excerpt: String,
    /// Rendered body; empty once it is deleted.
    pub html: String,
    /// Where it stands.
    pub status: EntryStatus,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub edited_at: Option<Timestamp>,
    /// Rises with every change.
    pub version: i64,
}

/// Entries on one page of a post.
pub const ENTRIES_PER_PAGE: i64 = 100;

/// The most characters of the first words that name an entry without a title.
const NAME: usize = 80;

impl Entry {
    /// Its permanent address from the root of the site.
    pub fn path(&self) -> String {
        path(&self.post_slug, self.number)
    }

    /// Whether it is gone.
    pub fn is_deleted(&self) -> bool {
        self.status == EntryStatus::Deleted
    }

    /// What a list calls it: its title, else its first words, else its number.
    pub fn name(&self) -> String {
        if let Some(title) = &self.title {
            return title.clone();
        }
        if self.excerpt.is_empty() {
            return format!("{}, entry {}", self.post_title, self.number);
        }
        if self.excerpt.chars().count() <= NAME {
            return self.excerpt.clone();
        }
        let cut: String = self.excerpt.chars().take(NAME).collect();
        let words = cut
            .rsplit_once(' ')
            .map_or(cut.as_str(), |(words, _)| words);
        format!("{}…", words.trim_end_matches([',', ';', ':', '.', '…']))
    }
}

/// The address of an entry from the root of the site. It stays, however many follow.
pub fn path(slug: &str, number: i64) -> String {
    let post = PostKind::Post.path(slug);
    match page_of(number) {
        1 => format!("{post}#entry-{number}"),
        page => format!("{post}?entries={page}#entry-{number}"),
    }
}

/// The page of its post on which an entry stands, the first being 1. Without any entry there is one page.
pub fn page_of(number: i64) -> i64 {
    (number.max(1) - 1) / ENTRIES_PER_PAGE + 1
}

/// An entry as its author wrote it, rendered, so that the transaction only writes.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// The post it belongs to.
    pub post: PostId,
    /// The number it was rendered for.
    pub number: i64,
    /// Plain text.
    pub title: Option<String>,
    /// Markdown source.
    pub body: String,
    /// What the renderer made of the body.
    pub rendered: Rendered,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::samples::entry;

    #[test]
    fn an_entrys_address_names_its_page_from_the_second_on() {
        assert_eq!(path("hello", 100), "/posts/hello#entry-100");
        assert_eq!(path("hello", 101), "/posts/hello?entries=2#entry-101");
        assert_eq!([0, 1, 100, 101, 201].map(page_of), [1, 1, 1, 2, 3]);
    }

    #[test]
    fn an_entry_is_called_by_its_title_or_its_first_words() {
        let named = |title: Option<&str>, excerpt: &str| {
            let (title, excerpt) = (title.map(str::to_owned), excerpt.to_owned());
            let entry = Entry {
                title,
                excerpt,
                ..entry(7)
            };
            entry.name()
        };
        assert_eq!(named(Some("Doors open"), "The first words"), "Doors open");
        assert_eq!(named(None, "The first words"), "The first words");
        assert_eq!(named(None, ""), "Hello, entry 7");
        let long = named(None, &"word, ".repeat(40));
        assert!(
            long.ends_with("word…") && long.chars().count() <= NAME + 1,
            "{long}"
        );
    }
}
