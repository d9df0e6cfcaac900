//! The blog for feed readers and search engines: Atom, JSON Feed, the sitemap and `robots.txt`.
//!
//! Entries carry the whole text, with every address in it made absolute.

mod absolute;
#[cfg(test)]
mod tests;

use askama::Template;
use serde_json::{Value, json};

use crate::model::comment::Comment;
use crate::model::entry::Entry;
use crate::model::hub::Hub;
use crate::model::language::Direction;
use crate::model::post::{PostKind, PostLine, Tag};
use crate::model::time::Timestamp;
use crate::views::Site;
use crate::websub::FEEDS;

/// Robots that gather texts for language models, as they call themselves.
const AI_ROBOTS: [&str; 12] = [
    "Amazonbot",
    "anthropic-ai",
    "Applebot-Extended",
    "Bytespider",
    "CCBot",
    "ClaudeBot",
    "cohere-ai",
    "Diffbot",
    "Google-Extended",
    "GPTBot",
    "Meta-ExternalAgent",
    "PerplexityBot",
];

/// A feed: which blog it tells of, where it stands, and the page it follows.
#[derive(Clone, Copy, Debug)]
pub struct Feed<'a> {
    /// The blog.
    pub site: &'a Site,
    /// Its own address from the root.
    pub path: &'a str,
    /// The address of the page that shows the same, from the root.
    pub page: &'a str,
    /// Its name.
    pub title: &'a str,
    /// Where it stands among the pages of the whole feed.
    pub part: Part,
}

/// One page of a feed that goes back to the first post. Source: RFC 5005, section 3.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The first, with the newest entries, is 1.
    pub page: i64,
    /// At least 1.
    pub pages: i64,
}

impl Part {
    /// A feed that has one page.
    pub const WHOLE: Part = Part { page: 1, pages: 1 };
}

impl Feed<'_> {
    /// The address of one of its pages.
    fn page_url(&self, page: &i64) -> String {
        match page {
            1 => self.site.url(self.path),
            page => self.site.url(format!("{}?page={page}", self.path)),
        }
    }

    /// Its own address.
    pub fn url(&self) -> String {
        self.page_url(&self.part.page)
    }

    /// The hub that is told when this feed changes.
    pub fn hub(&self) -> Option<&Hub> {
        let is_told = FEEDS.contains(&self.path);
        self.site.hub.as_ref().filter(|_| is_told)
    }

    /// What the pages beside it are to it, and their addresses; nothing where there is one page.
    fn others(&self) -> Vec<(&'static str, String)> {
        let Part { page, pages } = self.part;
        let named = [
            ("first", 1),
            ("previous", page - 1),
            ("next", page + 1),
            ("last", pages),
        ];
        let there = |(_, page): &(&str, i64)| pages > 1 && (1..=pages).contains(page);
        let named = named.into_iter().filter(there);
        named
            .map(|(rel, page)| (rel, self.page_url(&page)))
            .collect()
    }
}

/// What a feed tells of: a post, or an entry of one.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its name, which stays when its address changes.
    id: String,
    title: String,
    /// Its address from the root.
    path: String,
    /// Where the feed of what is said about it stands, from the root, and how much there is.
    replies: Option<(String, i64)>,
    /// When it was.
    pub published: Timestamp,
    updated: Timestamp,
    tags: Vec<Tag>,
    summary: String,
    /// Language tag where it differs from the blog's.
    lang: Option<String>,
    /// The picture that stands for it, from the root.
    image: Option<String>,
    /// The whole text, with every address made absolute.
    content: String,
}

impl Item {
    /// A post and its rendered text.
    pub fn post(site: &Site, post: PostLine, html: &str) -> Item {
        let path = post.path();
        let content = absolute::links(html, &site.base_url, &path);
        Item {
            updated: post.changed_at(),
            content: directed(content, post.lang.as_deref(), post.direction()),
            lang: post.lang,
            image: post.front.cover.map(|cover| cover.path),
            id: site.post_id(&post.id),
            replies: Some((format!("{path}/comments.xml"), post.comment_count)),
            published: post.published_at,
            title: post.title,
            tags: post.tags,
            summary: post.description,
            path,
        }
    }

    /// An entry of a liveblog.
    pub fn entry(site: &Site, entry: Entry) -> Item {
        let path = entry.path();
        let page = path.split('#').next().unwrap_or(&path);
        let content = absolute::links(&entry.html, &site.base_url, page);
        Item {
            id: site.entry_id(&entry.id),
            title: entry.name(),
            replies: None,
            published: entry.created_at,
            updated: entry.edited_at.unwrap_or(entry.created_at),
            tags: Vec::new(),
            summary: entry.post_title,
            content: directed(content, entry.lang.as_deref(), entry.direction),
            lang: entry.lang,
            image: None,
            path,
        }
    }
}

/// A text that says in which direction it runs, where that may differ from its surroundings: feeds have no other place for
/// it.
#[derive(Template)]
#[template(path = "feeds/directed.html")]
struct Directed<'a> {
    html: &'a str,
    lang: Option<&'a str>,
    direction: Direction,
}

fn directed(html: String, lang: Option<&str>, direction: Option<Direction>) -> String {
    match direction {
        None => html,
        Some(direction) => written(Directed {
            html: &html,
            lang,
            direction,
        }),
    }
}

/// The feed of `items` as they are given. Source: RFC 4287.
pub fn atom(feed: Feed, items: &[Item]) -> String {
    written(AtomFeed { feed, items })
}

/// The feed of `comments`, newest first. Source: RFC 4287, and RFC 4685 for what a comment answers.
pub fn comments(feed: Feed, comments: &[Comment]) -> String {
    written(CommentFeed { feed, comments })
}

/// The feed of `items` as JSON. Source: <https://www.jsonfeed.org/version/1.1/>.
pub fn json_feed(feed: Feed, items: &[Item]) -> String {
    let site = feed.site;
    let mut root = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": site.url(feed.page),
        "feed_url": feed.url(),
        "language": site.lang,
        "favicon": site.url(crate::assets::url("icon.svg")),
        "items": items.iter().map(|item| json_item(site, item)).collect::<Vec<_>>(),
    });
    if !site.description.is_empty() {
        root["description"] = json!(site.description);
    }
    if !site.owner.is_empty() {
        root["authors"] = json!([{ "name": site.owner, "url": site.url("/") }]);
    }
    if let Some(hub) = feed.hub() {
        root["hubs"] = json!([{ "type": "WebSub", "url": hub.as_str() }]);
    }
    if let Some((_, next)) = feed.others().into_iter().find(|(rel, _)| *rel == "next") {
        root["next_url"] = json!(next);
    }
    root.to_string()
}

fn json_item(site: &Site, item: &Item) -> Value {
    let mut entry = json!({
        "id": item.id,
        "url": site.url(&item.path),
        "title": item.title,
        "content_html": item.content,
        "summary": item.summary,
        "date_published": item.published.rfc3339(),
        "date_modified": item.updated.rfc3339(),
        "tags": item.tags.iter().map(|tag| &tag.name).collect::<Vec<_>>(),
    });
    if let Some(lang) = &item.lang {
        entry["language"] = json!(lang);
    }
    if let Some(image) = &item.image {
        entry["image"] = json!(site.url(image));
    }
    if let Some((replies, count)) = &item.replies {
        entry["_comments"] = json!({
            "count": count,
            "url": format!("{}#comments", site.url(&item.path)),
            "feed": site.url(replies),
        });
    }
    entry
}

/// Every address that search engines may know, each with its last change. Source: <https://www.sitemaps.org>.
pub fn sitemap(site: &Site, addresses: &[(String, Timestamp)]) -> String {
    written(Sitemap { site, addresses })
}

/// Where the parts of a long sitemap are, the first being 1. Source: <https://www.sitemaps.org>.
pub fn sitemap_index(site: &Site, parts: i64) -> String {
    written(SitemapIndex { site, parts })
}

/// What crawlers should leave alone, and where the sitemap is. Source: RFC 9309.
pub fn robots(site: &Site) -> String {
    written(Robots { site })
}

#[derive(Template)]
#[template(path = "feeds/atom.xml")]
struct AtomFeed<'a> {
    feed: Feed<'a>,
    items: &'a [Item],
}

impl AtomFeed<'_> {
    fn updated(&self) -> Timestamp {
        newest(self.items.iter().map(|item| item.updated))
    }

    /// Atom wants an author; before the blog has an owner it is the blog itself.
    fn author(&self) -> &str {
        if self.feed.site.owner.is_empty() {
            &self.feed.site.title
        } else {
            &self.feed.site.owner
        }
    }
}

#[derive(Template)]
#[template(path = "feeds/comments.xml")]
struct CommentFeed<'a> {
    feed: Feed<'a>,
    comments: &'a [Comment],
}

impl CommentFeed<'_> {
    fn updated(&self) -> Timestamp {
        newest(self.comments.iter().map(changed))
    }

    fn content(&self, comment: &Comment) -> String {
        absolute::links(&comment.html, &self.feed.site.base_url, &comment.path())
    }
}

#[derive(Template)]
#[template(path = "feeds/sitemap.xml")]
struct Sitemap<'a> {
    site: &'a Site,
    addresses: &'a [(String, Timestamp)],
}

#[derive(Template)]
#[template(path = "feeds/sitemap-index.xml")]
struct SitemapIndex<'a> {
    site: &'a Site,
    parts: i64,
}

#[derive(Template)]
#[template(path = "feeds/robots.txt")]
struct Robots<'a> {
    site: &'a Site,
}

/// The document, without the characters that no XML 1.0 document may hold, not even as references.
/// Source: XML 1.0, section 2.2.
fn written(feed: impl Template) -> String {
    let legal = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    let text = feed.render().expect("writing to a string cannot fail");
    text.chars().filter(legal).collect()
}

/// When a comment's text last changed.
fn changed(comment: &Comment) -> Timestamp {
    comment.edited_at.unwrap_or(comment.created_at)
}

/// The newest of `times`; the epoch if there is none, since Atom wants a time even of an empty feed.
fn newest(times: impl Iterator<Item = Timestamp>) -> Timestamp {
    times.max().unwrap_or(Timestamp(0))
}
