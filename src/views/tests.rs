//! Whole pages and parts, rendered: what must hold for every reader.

use super::comments::{CommentEditPage, CommentPart, ComposerView, TalkView, ThreadPart, Typed};
use super::entries::{EntryPart, LogView};
use super::errors::{ErrorPage, Trouble};
use super::lists::{ArchivePage, HomePage, PostRowPart, TagPage, TagsPage};
use super::posts::PostPage;
use super::samples::{NOON, comment, entry, line, post, site, standing};
use super::{Cursor, Frame, Head, Pager, Site, Theme};
use crate::error::Fields;
use crate::model::archive::{Whole, Year};
use crate::model::comment::{Comment, CommentStatus, Parent};
use crate::model::entry::Entry;
use crate::model::id::{CommentId, EventId, PostId};
use crate::model::manner::Manner;
use crate::model::post::{Discussion, Heading, Post, Tag, TagCount};
use crate::model::settings::Settings;
use crate::model::thread::Thread;

const CURSOR: Cursor = Cursor {
    after: EventId(7),
    at: NOON,
};

fn framed(site: &Site) -> Frame<'_> {
    Frame {
        site,
        theme: Theme::Auto,
        owner: false,
        me: None,
        health: None,
    }
}

fn manner() -> Manner {
    Settings::default().manner()
}

fn part(comment: &Comment) -> String {
    let manner = manner();
    CommentPart {
        comment,
        manner: &manner,
    }
    .to_string()
}

fn post_page(post: &Post, threads: &[Thread], composer: ComposerView) -> String {
    let (site, standing) = (site(), standing());
    let talk = TalkView {
        threads,
        page: 1,
        pages: 1,
        cursor: CURSOR,
        news: None,
    };
    let log = LogView {
        entries: &[],
        page: 1,
    };
    PostPage::new(framed(&site), post, &standing, log, talk, composer).to_string()
}

#[test]
fn a_comment_is_the_same_in_the_page_and_in_a_live_event() {
    let reply = Comment {
        parent: Some(Parent {
            id: CommentId(1),
            number: 1,
            thread: 1,
            name: "Ann".into(),
        }),
        ..comment(2)
    };
    for comment in [
        comment(1),
        reply,
        Comment {
            status: CommentStatus::Deleted,
            ..comment(3)
        },
    ] {
        let thread = Thread {
            own: true,
            comment: comment.clone(),
            replies: Vec::new(),
        };
        let page = post_page(&post(), &[thread], ComposerView::default());
        assert!(page.contains(&part(&comment)), "{page}");
    }
}

#[test]
fn an_entry_is_the_same_in_the_page_and_in_a_live_event() {
    let titled = Entry {
        title: Some("<b>Doors</b> & more".into()),
        edited_at: Some(NOON),
        ..entry(2)
    };
    let (site, standing, entries) = (site(), standing(), [entry(1), titled]);
    let post = Post {
        last_entry: 2,
        entry_count: 2,
        ..post()
    };
    let log = LogView {
        entries: &entries,
        page: 1,
    };
    let talk = TalkView {
        threads: &[],
        page: 1,
        pages: 1,
        cursor: CURSOR,
        news: None,
    };
    let composer = ComposerView::default();
    let page = PostPage::new(framed(&site), &post, &standing, log, talk, composer).to_string();
    for entry in &entries {
        let manner = &site.manner;
        let part = EntryPart { entry, manner }.to_string();
        assert!(page.contains(&part), "{page}");
    }
    assert!(!page.contains("<b>Doors"), "{page}");
}

#[test]
fn a_row_is_the_same_in_the_page_and_in_a_live_event() {
    let (site, posts) = (site(), [line(2), line(1)]);
    let page = HomePage::new(
        framed(&site),
        None,
        &[],
        &posts,
        Pager { page: 1, pages: 1 },
        CURSOR,
    )
    .to_string();
    for post in &posts {
        let manner = &site.manner;
        let part = PostRowPart { post, manner }.to_string();
        assert!(page.contains(&part), "{page}");
    }
    assert!(
        page.contains(r#"id="main" data-events="/events" data-after="7" data-at="1794647520000""#),
        "{page}"
    );
}

#[test]
fn a_tombstone_tells_nothing_but_its_number() {
    for status in [CommentStatus::Deleted, CommentStatus::Rejected] {
        let gone = Comment {
            status,
            name: "Ann".into(),
            url: Some("https://ann.example".into()),
            ..comment(9)
        };
        let html = part(&gone);
        assert!(
            html.contains("[comment deleted]") && html.contains(r#"data-number="9""#),
            "{html}"
        );
        for word in ["Ann", "ann.example", "Hello", "<form", "reply"] {
            assert!(!html.contains(word), "{word} in {html}");
        }
    }
}

#[test]
fn a_waiting_comment_offers_neither_reply_nor_reactions() {
    let html = part(&Comment {
        status: CommentStatus::Pending,
        ..comment(1)
    });
    assert!(
        html.contains("awaiting approval") && html.contains(r#"data-state="pending""#),
        "{html}"
    );
    assert!(
        !html.contains("<form") && !html.contains("reply="),
        "{html}"
    );
}

#[test]
fn a_reply_link_leads_to_the_page_on_which_its_comment_stands() {
    assert!(part(&comment(1)).contains(r#"href="/posts/hello?reply=1#respond""#));
    let html = part(&Comment {
        thread: 101,
        ..comment(500)
    });
    assert!(
        html.contains(r#"href="/posts/hello?comments=2&#38;reply=500#respond""#),
        "{html}"
    );
}

#[test]
fn what_people_type_is_text_and_never_markup() {
    let evil = r#""><script>alert(1)</script>"#;
    let comment = Comment {
        name: evil.into(),
        url: Some(evil.into()),
        ..comment(1)
    };
    let post = Post {
        title: evil.into(),
        summary: Some(evil.into()),
        tags: vec![Tag {
            slug: "x".into(),
            name: evil.into(),
        }],
        headings: (0..3)
            .map(|_| Heading {
                level: 2,
                id: "x".into(),
                title: evil.into(),
            })
            .collect(),
        ..post()
    };
    let thread = Thread {
        own: true,
        comment: comment.clone(),
        replies: Vec::new(),
    };
    let typed = Typed {
        name: evil.into(),
        email: evil.into(),
        url: evil.into(),
        body: evil.into(),
        show_name: false,
    };
    let composer = ComposerView {
        values: typed,
        errors: Fields::from([("name", evil.into())]),
        ..Default::default()
    };
    let (site, posts) = (
        Site {
            title: evil.into(),
            description: evil.into(),
            ..site()
        },
        [line(1)],
    );
    let (frame, tag) = (
        framed(&site),
        TagCount {
            tag: Tag {
                slug: "x".into(),
                name: evil.into(),
            },
            posts: 1,
        },
    );
    let (pager, all) = (Pager { page: 1, pages: 3 }, Whole::default());
    let year = Year {
        year: frame.calendar().year(NOON),
        newer: 0,
        posts: 1,
    };
    let trouble = Trouble {
        status: 404,
        path: evil,
        why: None,
        typed: Some(evil),
    };
    let pages = [
        post_page(&post, &[thread], composer),
        HomePage::new(frame, None, &[], &posts, pager, CURSOR).to_string(),
        ArchivePage::new(frame, all, &[year], &posts, (pager, 1), CURSOR).to_string(),
        TagPage::new(frame, &tag, &posts, &[], pager, CURSOR).to_string(),
        TagsPage::new(frame, std::slice::from_ref(&tag), CURSOR).to_string(),
        ErrorPage::new(frame, trouble, &posts).to_string(),
        CommentEditPage::new(frame, &comment, evil, Some(evil)).to_string(),
    ];
    for page in pages {
        assert!(!page.contains("<script>alert"), "{page}");
    }
}

#[test]
fn a_refused_comment_comes_back_with_its_text_and_every_reason_at_its_field() {
    let typed = Typed {
        body: "long & good".into(),
        ..Default::default()
    };
    let errors = Fields::from([
        ("name", "Add a name".into()),
        ("parent", "That comment is gone".into()),
    ]);
    let page = post_page(
        &post(),
        &[],
        ComposerView {
            values: typed,
            errors,
            ..Default::default()
        },
    );
    assert!(page.contains("long &#38; good"), "{page}");
    assert!(
        page.contains(
            r##"<li><a href="#f-name">Add a name</a></li><li>That comment is gone</li>"##
        ),
        "{page}"
    );
    assert!(
        page.contains(r#"aria-invalid="true" aria-describedby="f-name-e""#),
        "{page}"
    );
    assert!(
        page.contains("novalidate") && page.contains(r#"role="alert""#),
        "{page}"
    );
}

#[test]
fn a_post_that_takes_no_comments_has_no_form_for_one() {
    let page = post_page(
        &Post {
            comments_open: false,
            ..post()
        },
        &[],
        ComposerView::default(),
    );
    assert!(
        !page.contains("<textarea") && page.contains("No more comments are taken here."),
        "{page}"
    );
}

#[test]
fn only_its_writer_is_offered_to_change_a_comment() {
    let thread = |own| Thread {
        own,
        comment: comment(1),
        replies: Vec::new(),
    };
    assert!(
        ThreadPart::of(&thread(true), &manner())
            .to_string()
            .contains("/comments/1/edit")
    );
    assert!(
        !ThreadPart::of(&thread(false), &manner())
            .to_string()
            .contains("/comments/1/edit")
    );
}

#[test]
fn pages_hold_no_inline_style_script_or_handler() {
    let thread = Thread {
        own: true,
        comment: comment(1),
        replies: Vec::new(),
    };
    let page = post_page(&post(), &[thread], ComposerView::default());
    for needle in ["<style", " style=", "<script>", " onclick=", "javascript:"] {
        assert!(!page.contains(needle), "{needle}");
    }
}

#[test]
fn an_error_gives_back_what_was_typed_and_is_kept_out_of_search_engines() {
    let site = site();
    let trouble = Trouble {
        status: 503,
        path: "/x",
        why: None,
        typed: Some("my words"),
    };
    let page = ErrorPage::new(framed(&site), trouble, &[line(1)]).to_string();
    assert!(
        page.contains("my words</textarea>") && page.contains("noindex"),
        "{page}"
    );
    assert!(
        !page.contains("Perhaps one of these"),
        "posts to try are for what was not found"
    );
}

#[test]
fn ids_in_feeds_name_the_host_without_its_port() {
    for (base, host) in [
        ("https://example.org", "example.org"),
        ("http://127.0.0.1:8080", "127.0.0.1"),
        ("http://[::1]", "[::1]"),
    ] {
        let site = Site {
            base_url: base.into(),
            ..site()
        };
        assert_eq!(site.post_id(&PostId(7)), format!("tag:{host},2026:post/7"));
    }
}

#[test]
fn the_masthead_marks_the_section_that_is_read() {
    let current = |head: Head| {
        let site = site();
        let links = head.links(&site);
        links.iter().map(|link| link.current).collect::<Vec<_>>()
    };
    assert_eq!(
        current(Head::new("Tags", "/tags".into()).within("/tags")),
        [None, None, Some("page"), None]
    );
    assert_eq!(
        current(Head::new("bread", "/tags/bread".into()).within("/tags")),
        [None, None, Some("true"), None]
    );
    assert_eq!(current(Head::passing("No such row")), [None; 4]);
}

#[test]
fn themes_are_read_back() {
    assert_eq!(Theme::parse("dark").and_then(Theme::forced), Some("dark"));
    assert_eq!(Theme::parse("auto").map(Theme::forced), Some(None));
    assert_eq!(Theme::parse("sepia"), None);
}

#[test]
fn a_message_of_a_chat_names_what_it_answers_and_stands_under_nothing() {
    let answer = |thread| Comment {
        discussion: Discussion::Chat,
        parent: Some(Parent {
            id: CommentId(1),
            number: thread,
            thread,
            name: "Bob".into(),
        }),
        ..comment(250)
    };
    let html = part(&answer(201));
    assert!(
        html.contains(r##"in reply to <a href="#comment-1">"##),
        "{html}"
    );
    assert!(
        html.contains(r#"data-parent="" data-thread="250""#),
        "{html}"
    );
    assert!(
        html.contains(r#"href="/posts/hello?comments=3#comment-250""#),
        "{html}"
    );
    let html = part(&answer(7));
    assert!(
        html.contains(r#"<a href="/posts/hello?comments=1#comment-1">"#),
        "{html}"
    );
}

#[test]
fn a_year_that_two_pages_share_counts_all_its_posts_on_both_and_is_led_to_where_it_begins() {
    let (site, posts) = (site(), [line(3), line(2)]);
    let frame = framed(&site);
    let here = frame.calendar().year(NOON);
    let years = [(here + 1, 0, 3), (here, 3, 4), (here - 1, 7, 1)];
    let years = years.map(|(year, newer, posts)| Year { year, newer, posts });
    let all = Whole {
        posts: 8,
        words: 8 * 220,
    };
    let page = |number| {
        let pager = Pager::at(number, 8, 2).expect("there is such a page");
        ArchivePage::new(frame, all, &years, &posts, (pager, 2), CURSOR).to_string()
    };
    assert!(Pager::at(5, 8, 2).is_none() && Pager::at(0, 8, 2).is_none());
    let third = page(3);
    assert!(third.contains("4 posts, continued"), "{third}");
    assert!(third.contains("8 posts since") && third.contains("About 8 minutes"));
    for (path, year) in [
        ("/archive", here + 1),
        ("/archive?page=2", here),
        ("/archive?page=4", here - 1),
    ] {
        let link = format!("href=\"{path}#y{year}\"");
        assert!(third.contains(&link), "{link}");
    }
    let second = page(2); // its second row is the first of the year
    assert!(second.contains("4 posts<") && second.contains("href=\"/archive\" rel=\"prev\""));
}
