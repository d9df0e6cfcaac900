//! The search: the form, what was found, and how browsers are told of it.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Frame, Head, Pager, Site, signs};
use crate::model::post::TagCount;
use crate::model::search::{FoundComment, FoundPost, Marked};

/// What is looked through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Posts, and the best few comments below them.
    #[default]
    Posts,
    /// Comments alone.
    Comments,
}

impl Scope {
    /// The scope of `?in=`.
    pub fn parse(word: &str) -> Scope {
        match word {
            "comments" => Scope::Comments,
            _ => Scope::Posts,
        }
    }

    /// The word in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Posts => "posts",
            Scope::Comments => "comments",
        }
    }
}

/// One page of what was found.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Posts of this page, the best first.
    pub posts: Vec<FoundPost>,
    /// Posts in all.
    pub post_count: i64,
    /// Comments of this page, the best first.
    pub comments: Vec<FoundComment>,
    /// Comments in all.
    pub comment_count: i64,
}

/// What the page says below its form.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Nothing was asked yet.
    Unasked,
    /// It cannot be looked for, or not now: why.
    Refused(String),
    /// What was found, nothing perhaps.
    Found(Results),
}

/// A search as it stands.
#[derive(Clone, Debug)]
pub struct SearchView {
    /// What was typed, exactly.
    pub asked: String,
    /// Where it was looked for.
    pub scope: Scope,
    /// Where this page stands among those of its scope.
    pub pager: Pager,
    /// What came of it.
    pub outcome: Outcome,
    /// Every tag, for a reader who did not find it; none where something was found.
    pub tags: Vec<TagCount>,
    /// How many posts there are.
    pub posts: i64,
}

/// The page of the search.
#[derive(Template)]
#[template(path = "search.html")]
pub struct SearchPage<'a> {
    frame: Frame<'a>,
    head: Head,
    view: &'a SearchView,
}

impl<'a> SearchPage<'a> {
    /// The page that shows `view`.
    pub fn new(frame: Frame<'a>, view: &'a SearchView) -> SearchPage<'a> {
        let title = match view.asked.trim() {
            "" => "Search".to_owned(),
            asked => format!("Search: “{}”", shortened(asked)),
        };
        let path = address(&view.asked, view.scope, view.pager.page);
        SearchPage {
            frame,
            head: Head {
                listed: false,
                ..Head::new(&title, path).within("/search")
            },
            view,
        }
    }

    fn invitation(&self) -> String {
        invitation(self.view.posts)
    }

    /// What was typed, short enough for a sentence.
    fn words(&self) -> String {
        shortened(self.view.asked.trim())
    }

    /// The address of another page or scope of the same search.
    fn address(&self, scope: Scope, page: i64) -> String {
        address(&self.view.asked, scope, page)
    }

    /// Whether the comments at hand are a few of more.
    fn has_more_comments(&self, results: &Results) -> bool {
        self.view.scope == Scope::Posts && results.comment_count > size(&results.comments)
    }
}

/// What an empty search form says.
pub fn invitation(posts: i64) -> String {
    match posts {
        0 => "Search".into(),
        posts => format!("Search {}", signs::counted(posts, "post")),
    }
}

/// A text in which what was asked for is marked, as HTML.
#[derive(Template)]
#[template(path = "parts/marked.html")]
pub struct MarkedPart<'a> {
    marked: &'a Marked,
}

/// The part that shows `marked`.
pub fn marked(marked: &Marked) -> MarkedPart<'_> {
    MarkedPart { marked }
}

/// Tells browsers how to search this blog from their own search field. Source: OpenSearch 1.1, draft 6.
#[derive(Template)]
#[template(path = "feeds/opensearch.xml")]
pub struct Description<'a> {
    /// The blog.
    pub site: &'a Site,
}

impl Description<'_> {
    /// Its name, as short as the format wants it.
    fn short_name(&self) -> String {
        self.site.title.chars().take(16).collect()
    }
}

/// The address of a search; the first page of posts has the shortest.
fn address(asked: &str, scope: Scope, page: i64) -> String {
    let mut address = format!("/search?q={}", utf8_percent_encode(asked, NON_ALPHANUMERIC));
    if asked.is_empty() {
        address = "/search".into();
    } else if scope == Scope::Comments {
        address.push_str("&in=comments");
    }
    if page > 1 {
        address.push_str(&format!("&page={page}"));
    }
    address
}

/// At most this many characters of what was typed are said again.
const SAID_AGAIN: usize = 80;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SAID_AGAIN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

fn size<T>(items: &[T]) -> i64 {
    items.len() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_back_to_the_same_search() {
        let table = [
            (("", Scope::Posts, 1), "/search"),
            (("a&b=c", Scope::Posts, 1), "/search?q=a%26b%3Dc"),
            (
                ("é", Scope::Comments, 3),
                "/search?q=%C3%A9&in=comments&page=3",
            ),
        ];
        for ((asked, scope, page), expected) in table {
            assert_eq!(address(asked, scope, page), expected);
        }
    }

    #[test]
    fn marks_are_all_the_markup_of_a_found_text() {
        let found = Marked::parse("<b> & \u{2}</mark><script>\u{3}");
        assert_eq!(
            marked(&found).to_string(),
            "&#60;b&#62; &#38; <mark>&#60;/mark&#62;&#60;script&#62;</mark>"
        );
    }
}
