//! The library: the files that posts show, one of them, and the question before one goes.

use askama::Template;

use super::desk::head;
use super::{Frame, Head, Pager};
use crate::error::Fields;
use crate::model::media::{ALT_MAX, Item, Use};
use crate::model::post::Status;

/// The kinds of file that can be looked at alone: the word in the address, the label, the beginning of the type.
const KINDS: [(&str, &str, &str); 5] = [
    ("", "Everything", ""),
    ("pictures", "Pictures", "image/"),
    ("films", "Films", "video/"),
    ("sound", "Sound", "audio/"),
    ("documents", "Documents", "application/"),
];

/// What of the library is looked at.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The word of a kind; one that is none stands for everything.
    pub kind: String,
    /// What was searched for, as typed.
    pub words: String,
}

impl Filter {
    /// The beginning of the types that are wanted.
    pub fn mime(&self) -> &'static str {
        let kind = KINDS.iter().find(|(word, ..)| *word == self.kind);
        kind.map_or("", |(_, _, mime)| mime)
    }

    /// Whether some files may be left out.
    fn is_on(&self) -> bool {
        !self.mime().is_empty() || !self.words.trim().is_empty()
    }

    /// The address of a page of what is looked at.
    fn page(&self, page: i64) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !self.words.is_empty() {
            query.append_pair("q", &self.words);
        }
        if !self.mime().is_empty() {
            query.append_pair("kind", &self.kind);
        }
        format!("?{}", query.append_pair("page", &page.to_string()).finish())
    }
}

/// The form for another file, as it stands.
#[derive(Clone, Debug, Default)]
pub struct LibraryView {
    /// The description that was typed.
    pub alt: String,
    /// Why the last file was refused, by field.
    pub errors: Fields,
}

/// A page of the library.
#[derive(Template)]
#[template(path = "desk/library.html")]
pub struct LibraryPage<'a> {
    frame: Frame<'a>,
    head: Head,
    items: &'a [Item],
    filter: Filter,
    total: (i64, i64),
    pager: Pager,
    view: &'a LibraryView,
}

impl<'a> LibraryPage<'a> {
    /// `items` are those of `pager.page`; `total` is how many files the filter lets through, and their bytes.
    pub fn new(
        frame: Frame<'a>,
        items: &'a [Item],
        filter: Filter,
        total: (i64, i64),
        pager: Pager,
        view: &'a LibraryView,
    ) -> LibraryPage<'a> {
        LibraryPage {
            frame,
            head: head("Media", "/admin/media"),
            items,
            filter,
            total,
            pager,
            view,
        }
    }

    /// Each kind's word and label, and whether it is the one looked at.
    fn kinds(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let mime = self.filter.mime();
        KINDS
            .into_iter()
            .map(move |(word, label, kind)| (word, label, kind == mime))
    }
}

/// One file: what it shows, where it is used, and what to write to show it.
#[derive(Template)]
#[template(path = "desk/library-item.html")]
pub struct ItemPage<'a> {
    frame: Frame<'a>,
    head: Head,
    item: &'a Item,
    uses: &'a [Use],
    refused: Option<&'a (String, String)>,
}

impl<'a> ItemPage<'a> {
    /// `refused` is a description that was typed, and why it cannot be taken.
    pub fn new(
        frame: Frame<'a>,
        item: &'a Item,
        uses: &'a [Use],
        refused: Option<&'a (String, String)>,
    ) -> ItemPage<'a> {
        ItemPage {
            frame,
            head: head(&item.name, &format!("/admin/media/{}", item.hash)),
            item,
            uses,
            refused,
        }
    }

    fn alt(&self) -> &str {
        self.refused.map_or(&self.item.alt, |(typed, _)| typed)
    }
}

/// The question before a file goes for good.
#[derive(Template)]
#[template(path = "desk/library-deletion.html")]
pub struct DeletionPage<'a> {
    frame: Frame<'a>,
    head: Head,
    item: &'a Item,
    uses: &'a [Use],
}

impl<'a> DeletionPage<'a> {
    /// `uses` are the posts that would show a gap.
    pub fn new(frame: Frame<'a>, item: &'a Item, uses: &'a [Use]) -> DeletionPage<'a> {
        let path = format!("/admin/media/{}/deletion", item.hash);
        DeletionPage {
            frame,
            head: head(&format!("Delete {}?", item.name), &path),
            item,
            uses,
        }
    }
}

/// A number of bytes as people read it.
pub fn bytes(count: &i64) -> String {
    match *count {
        count if count < 1_000 => format!("{count} bytes"),
        count if count < 1_000_000 => format!("{} kB", (count + 500) / 1_000),
        count if count < 1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        count => format!("{:.1} GB", count as f64 / 1e9),
    }
}

/// A post's status, where it is not that everybody reads it.
fn standing(status: &Status) -> Option<&'static str> {
    match status {
        Status::Published => None,
        status => Some(status.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_rounded() {
        for (count, words) in [
            (999, "999 bytes"),
            (1_499, "1 kB"),
            (2_450_000, "2.5 MB"),
            (3_210_000_000, "3.2 GB"),
        ] {
            assert_eq!(bytes(&count), words);
        }
    }

    #[test]
    fn a_filter_survives_turning_the_page() {
        let filter = Filter {
            kind: "pictures".into(),
            words: "a & b".into(),
        };
        assert_eq!(
            (filter.mime(), filter.page(2)),
            ("image/", "?q=a+%26+b&kind=pictures&page=2".into())
        );
        let none = Filter {
            kind: "<script>".into(),
            ..Filter::default()
        };
        assert_eq!(
            (none.mime(), none.page(1), none.is_on()),
            ("", "?page=1".into(), false)
        );
    }
}
