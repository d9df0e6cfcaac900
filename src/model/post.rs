//! A post or a static page, whole and as one line of a list.

use serde::{Deserialize, Serialize};

use super::comment::pages;
use super::front::Front;
use super::id::PostId;
use super::language::Direction;
use super::reaction::Tally;
use super::series::Part;
use super::time::Timestamp;

/// Whether a row of `posts` stands in the log of posts or at a fixed address of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PostKind {
    /// Dated and listed, at `/posts/{slug}`.
    Post,
    /// A static page such as About, at `/{slug}`.
    Page,
}

impl PostKind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            PostKind::Post => "post",
            PostKind::Page => "page",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<PostKind> {
        [PostKind::Post, PostKind::Page]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }

    /// The address of such a post from the root of the site.
    pub fn path(self, slug: &str) -> String {
        match self {
            PostKind::Post => format!("/posts/{slug}"),
            PostKind::Page => format!("/{slug}"),
        }
    }
}

/// Where a post stands between being written and being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Only its author sees it.
    Draft,
    /// It will be published at its time.
    Scheduled,
    /// Everyone sees it.
    Published,
    /// Whoever has the address sees it; no list names it.
    Unlisted,
    /// In the trash.
    Deleted,
}

impl Status {
    const ALL: [Status; 5] = [
        Status::Draft,
        Status::Scheduled,
        Status::Published,
        Status::Unlisted,
        Status::Deleted,
    ];

    /// The word in the database and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Draft => "draft",
            Status::Scheduled => "scheduled",
            Status::Published => "published",
            Status::Unlisted => "unlisted",
            Status::Deleted => "deleted",
        }
    }

    /// The status of that word.
    pub fn parse(word: &str) -> Option<Status> {
        Status::ALL
            .into_iter()
            .find(|status| status.as_str() == word)
    }

    /// Whether a reader who has the address may see the post.
    pub fn is_open(self) -> bool {
        matches!(self, Status::Published | Status::Unlisted)
    }
}

/// How a post's comments are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discussion {
    /// Answers under what they answer, as letters below an article.
    #[default]
    Thread,
    /// One row after another, the newest last, as people talk in a room.
    Chat,
}

impl Discussion {
    /// The word in the database and in front matter.
    pub fn as_str(self) -> &'static str {
        match self {
            Discussion::Thread => "thread",
            Discussion::Chat => "chat",
        }
    }

    /// The discussion of that word.
    pub fn parse(word: &str) -> Option<Discussion> {
        [Discussion::Thread, Discussion::Chat]
            .into_iter()
            .find(|discussion| discussion.as_str() == word)
    }
}

/// A heading of a post, for its table of contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// The anchor in the page.
    pub id: String,
    /// Plain text.
    pub title: String,
}

/// A tag of a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The last part of `/tags/{slug}`.
    pub slug: String,
    /// As its author wrote it.
    pub name: String,
}

/// A tag and how many published posts bear it.
#[derive(Clone, Debug)]
pub struct TagCount {
    /// The tag.
    pub tag: Tag,
    /// Published posts.
    pub posts: i64,
}

/// A whole post, as its page shows it.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its row.
    pub id: PostId,
    /// Post or page.
    pub kind: PostKind,
    /// The last part of its address.
    pub slug: String,
    /// Plain text.
    pub title: String,
    /// The author's own summary, plain text.
    pub summary: Option<String>,
    /// Plain text derived from the body.
    pub excerpt: String,
    /// Rendered body.
    pub html: String,
    /// For the table of contents.
    pub headings: Vec<Heading>,
    /// Words in the body.
    pub words: i64,
    /// Where it stands.
    pub status: Status,
    /// Language tag where it differs from the blog's.
    pub lang: Option<String>,
    /// When it was or will be published; never missing once it is open.
    pub published_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Whether its author takes comments.
    pub comments_open: bool,
    /// When it takes no more, if that is settled.
    pub closes_at: Option<Timestamp>,
    /// How its comments are shown.
    pub discussion: Discussion,
    /// The number of its newest comment.
    pub last_number: i64,
    /// The number of its newest thread.
    pub last_thread: i64,
    /// Published comments.
    pub comment_count: i64,
    /// The number of its newest entry.
    pub last_entry: i64,
    /// Published entries.
    pub entry_count: i64,
    /// Rises with every change.
    pub version: i64,
    /// In the author's order.
    pub tags: Vec<Tag>,
    /// What its front matter says beyond its words.
    pub front: Front,
}

impl Post {
    /// Its address from the root of the site.
    pub fn path(&self) -> String {
        self.kind.path(&self.slug)
    }

    /// Whether a comment that comes `now` is taken.
    pub fn takes_comments(&self, now: Timestamp) -> bool {
        self.comments_open && self.closes_at.is_none_or(|at| now < at)
    }

    /// In which direction it runs, if that may differ from its surroundings.
    pub fn direction(&self) -> Option<Direction> {
        self.front.direction(self.lang.as_deref())
    }

    /// Whether its comments are a live room.
    pub fn is_chat(&self) -> bool {
        self.discussion == Discussion::Chat
    }

    /// How many pages its comments fill, at least one.
    pub fn pages(&self) -> i64 {
        pages(self.discussion, self.last_thread, self.last_number)
    }

    /// Minutes of reading, at least one.
    pub fn minutes(&self) -> i64 {
        minutes(self.words)
    }

    /// The author's summary, else the excerpt.
    pub fn description(&self) -> &str {
        self.summary.as_deref().unwrap_or(&self.excerpt)
    }

    /// When it was published; a draft counts from its last change.
    pub fn date(&self) -> Timestamp {
        self.published_at.unwrap_or(self.updated_at)
    }
}

/// A published post as one line of a list.
#[derive(Clone, Debug)]
pub struct PostLine {
    /// Its row.
    pub id: PostId,
    /// Its place in the log of posts: the first published is 1.
    pub number: i64,
    /// The last part of its address.
    pub slug: String,
    /// Plain text.
    pub title: String,
    /// The author's summary, else the excerpt.
    pub description: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Words in the body.
    pub words: i64,
    /// Published comments.
    pub comment_count: i64,
    /// Reactions of every kind.
    pub reaction_count: i64,
    /// In the author's order.
    pub tags: Vec<Tag>,
    /// Language tag where it differs from the blog's.
    pub lang: Option<String>,
    /// What its front matter says beyond its words.
    pub front: Front,
}

impl PostLine {
    /// In which direction it runs, if that may differ from its surroundings.
    pub fn direction(&self) -> Option<Direction> {
        self.front.direction(self.lang.as_deref())
    }

    /// Its address from the root of the site.
    pub fn path(&self) -> String {
        PostKind::Post.path(&self.slug)
    }

    /// Minutes of reading, at least one.
    pub fn minutes(&self) -> i64 {
        minutes(self.words)
    }

    /// When it last changed for its readers: a post that was written ahead of its time is not older than that.
    pub fn changed_at(&self) -> Timestamp {
        self.updated_at.max(self.published_at)
    }
}

/// The posts beside one in time.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// The next older one.
    pub earlier: Option<PostLink>,
    /// The next newer one.
    pub later: Option<PostLink>,
}

/// As much of a post as a link needs.
#[derive(Clone, Debug)]
pub struct PostLink {
    /// The last part of its address.
    pub slug: String,
    /// Plain text.
    pub title: String,
}

/// What a post's page adds to the post itself: its number in the log and its reactions.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its place among the published posts, the first being 1; none for a page or an unlisted post.
    pub number: Option<i64>,
    /// Published posts in all.
    pub posts: i64,
    /// The reactions to the post.
    pub reactions: Tally,
    /// Older and newer.
    pub neighbours: Neighbours,
    /// Its place in its series.
    pub series: Option<Part>,
    /// Posts about the same things, the likest first.
    pub related: Vec<PostLink>,
}

/// A post ready to be saved: parsed and rendered, so that the transaction only writes.
#[derive(Clone, Debug)]
pub struct NewPost {
    /// Post or page.
    pub kind: PostKind,
    /// The last part of its address.
    pub slug: String,
    /// Plain text.
    pub title: String,
    /// The author's own summary.
    pub summary: Option<String>,
    /// Markdown source.
    pub body: String,
    /// What the renderer made of the body.
    pub rendered: Rendered,
    /// As written, in the author's order.
    pub tags: Vec<String>,
    /// Where it shall stand; a published post whose time lies ahead is scheduled.
    pub status: Status,
    /// How its comments are shown.
    pub discussion: Discussion,
    /// Language tag where it differs from the blog's.
    pub lang: Option<String>,
    /// Its date.
    pub published_at: Option<Timestamp>,
    /// When it last changed, if the source says so.
    pub updated_at: Option<Timestamp>,
    /// Whether comments are taken; if nothing is said, as before.
    pub comments_open: Option<bool>,
    /// Other paths that shall lead to it.
    pub old_paths: Vec<String>,
    /// Front matter without a column, as a JSON object.
    pub extra: String,
}

/// A body as the renderer made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Safe to print.
    pub html: String,
    /// For the table of contents.
    pub headings: Vec<Heading>,
    /// Words of prose.
    pub words: u32,
    /// The first sentences, plain text.
    pub excerpt: String,
    /// All of it as plain text, for search.
    pub text: String,
}

/// Minutes it takes to read `words` words at 220 a minute, at least one.
pub fn minutes(words: i64) -> i64 {
    ((words + 110) / 220).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_the_database_are_read_back() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(PostKind::parse("page"), Some(PostKind::Page));
        assert_eq!(Status::parse("gone"), None);
        assert_eq!(Discussion::parse("chat"), Some(Discussion::Chat));
    }

    #[test]
    fn reading_takes_at_least_a_minute() {
        assert_eq!([0, 1, 220, 330, 2200].map(minutes), [1, 1, 1, 2, 10]);
    }
}
