//! Sample values for the tests of views and feeds.

use super::Site;
use crate::model::comment::{Comment, CommentStatus};
use crate::model::entry::{Entry, EntryStatus};
use crate::model::front::Front;
use crate::model::id::{CommentId, EntryId, PostId};
use crate::model::post::{Discussion, Neighbours, Post, PostKind, PostLine, Standing, Status, Tag};
use crate::model::time::Timestamp;

/// 14 November 2026, 09:12 UTC.
pub const NOON: Timestamp = Timestamp(1_794_647_520_000);

/// A blog.
pub fn site() -> Site {
    Site {
        title: "Slack Water".into(),
        description: "Small databases & slow bread".into(),
        owner: "Maren Oster".into(),
        lang: "en".into(),
        ink: crate::model::settings::Ink::Ledger,
        navigation: Vec::new(),
        footer: String::new(),
        css: None,
        manner: crate::model::settings::Settings::default().manner(),
        icon: "0123456789ab".into(),
        has_own_icon: false,
        ai_robots: true,
        base_url: "https://example.org".into(),
        hub: None,
    }
}

/// A comment of Ann's, public and without a parent.
pub fn comment(id: i64) -> Comment {
    Comment {
        id: CommentId(id),
        post: PostId(1),
        post_slug: "hello".into(),
        discussion: Discussion::Thread,
        parent: None,
        depth: 0,
        thread: id,
        number: id,
        visitor: None,
        owner: false,
        name: "Ann".into(),
        url: None,
        body: "Hello".into(),
        html: "<p>Hello</p>".into(),
        status: CommentStatus::Published,
        op: None,
        created_at: NOON,
        edited_at: None,
        edited_by_owner: false,
        pinned: false,
        closed: false,
        version: 1,
        reactions: Default::default(),
        fresh: false,
    }
}

/// An entry of the sample post.
pub fn entry(number: i64) -> Entry {
    Entry {
        id: EntryId(number),
        post: PostId(1),
        post_slug: "hello".into(),
        post_title: "Hello".into(),
        lang: None,
        direction: None,
        number,
        title: None,
        excerpt: "Doors are open".into(),
        html: "<p>Doors are open</p>".into(),
        status: EntryStatus::Published,
        created_at: NOON,
        edited_at: None,
        version: 1,
    }
}

/// A published post as a line.
pub fn line(id: i64) -> PostLine {
    PostLine {
        id: PostId(id),
        number: id,
        slug: format!("post-{id}"),
        title: format!("Post {id}"),
        description: "What it is about".into(),
        published_at: NOON,
        updated_at: NOON,
        words: 900,
        comment_count: 0,
        reaction_count: 0,
        tags: vec![Tag {
            slug: "bread".into(),
            name: "Bread".into(),
        }],
        lang: None,
        front: Front::default(),
    }
}

/// A published post.
pub fn post() -> Post {
    Post {
        id: PostId(1),
        kind: PostKind::Post,
        slug: "hello".into(),
        title: "Hello".into(),
        summary: None,
        excerpt: "The first words".into(),
        html: "<p>The first words</p>".into(),
        headings: Vec::new(),
        words: 3,
        status: Status::Published,
        lang: None,
        published_at: Some(NOON),
        updated_at: NOON,
        comments_open: true,
        closes_at: None,
        discussion: Discussion::Thread,
        last_number: 1,
        last_thread: 1,
        comment_count: 1,
        last_entry: 0,
        entry_count: 0,
        version: 1,
        tags: Vec::new(),
        front: Front::default(),
    }
}

/// What stands around that post.
pub fn standing() -> Standing {
    Standing {
        number: Some(1),
        posts: 1,
        reactions: Default::default(),
        neighbours: Neighbours::default(),
        series: None,
        related: Vec::new(),
    }
}
