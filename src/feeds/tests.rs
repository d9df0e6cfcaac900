//! Feeds as readers get them, byte by byte where it matters.

use super::*;
use crate::model::comment::Parent;
use crate::model::id::CommentId;
use crate::views::samples::{NOON, comment, entry, line, site};

fn feed(site: &Site) -> Feed<'_> {
    Feed {
        site,
        path: "/feed.xml",
        page: "/",
        title: "Slack Water",
        part: Part::WHOLE,
    }
}

fn item(post: PostLine, html: &str) -> Item {
    Item::post(&site(), post, html)
}

const POST: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0" xml:lang="en">
  <id>https://example.org/feed.xml</id>
  <title>Slack Water</title>
  <subtitle>Small databases &#38; slow bread</subtitle>
  <link rel="self" type="application/atom+xml" href="https://example.org/feed.xml"/>
  <link rel="alternate" type="text/html" href="https://example.org/"/>
  <updated>2026-11-14T09:12:00Z</updated>
  <author><name>Maren Oster</name><uri>https://example.org/</uri></author>
  <icon>ICON</icon>
  <generator>Rowlog</generator>
  <entry>
    <id>tag:example.org,2026:post/7</id>
    <title>]]&#62; &#38; &#60;b&#62;</title>
    <link rel="alternate" type="text/html" href="https://example.org/posts/post-7"/>
    <link rel="replies" type="application/atom+xml" href="https://example.org/posts/post-7/comments.xml" thr:count="0"/>
    <published>2026-11-14T09:12:00Z</published>
    <updated>2026-11-14T09:12:00Z</updated>
    <category term="bread" label="Bread" scheme="https://example.org/tags/"/>
    <summary>What it is about</summary>
    <content type="html">&#60;img src=&#34;https://example.org/media/a.png&#34;&#62;</content>
  </entry>
</feed>"#;

#[test]
fn an_atom_feed_holds_whole_posts_whatever_is_in_them() {
    let post = PostLine {
        title: "]]> & \u{1}\u{ffff}<b>".into(),
        ..line(7)
    };
    assert_eq!(
        atom(feed(&site()), &[item(post, r#"<img src="/media/a.png">"#)]),
        POST.replace("ICON", &site().url(crate::assets::url("icon.svg")))
    );
}

#[test]
fn an_empty_feed_is_still_a_feed() {
    let empty = Site {
        owner: String::new(),
        description: String::new(),
        ..site()
    };
    let xml = atom(feed(&empty), &[]);
    assert!(
        xml.contains("<updated>1970-01-01T00:00:00Z</updated>"),
        "{xml}"
    );
    assert!(
        xml.contains("<author><name>Slack Water</name>") && !xml.contains("subtitle"),
        "{xml}"
    );
}

#[test]
fn a_posts_id_in_feeds_stays_when_its_address_changes() {
    let moved = PostLine {
        slug: "elsewhere".into(),
        ..line(7)
    };
    for xml in [line(7), moved].map(|post| atom(feed(&site()), &[item(post, "")])) {
        assert!(
            xml.contains("<id>tag:example.org,2026:post/7</id>"),
            "{xml}"
        );
    }
}

#[test]
fn an_entry_is_an_item_with_an_address_of_its_own() {
    let entry = Entry {
        html: "<a href=\"#entry-107-fn-1\">1</a>".into(),
        edited_at: Some(NOON.plus(60_000)),
        ..entry(107)
    };
    let xml = atom(feed(&site()), &[Item::entry(&site(), entry)]);
    for piece in [
        "<id>tag:example.org,2026:entry/107</id>",
        "<title>Doors are open</title>",
        "href=\"https://example.org/posts/hello?entries=2#entry-107\"",
        "<updated>2026-11-14T09:13:00Z</updated>",
        "<published>2026-11-14T09:12:00Z</published>",
        "https://example.org/posts/hello?entries=2#entry-107-fn-1",
    ] {
        assert!(xml.contains(piece), "{piece} in {xml}");
    }
    assert!(!xml.contains("replies"), "{xml}");
}

#[test]
fn a_comment_names_what_it_answers() {
    let reply = Comment {
        parent: Some(Parent {
            id: CommentId(1),
            number: 1,
            thread: 1,
            name: "Ann".into(),
        }),
        edited_at: Some(NOON.plus(60_000)),
        ..comment(2)
    };
    let xml = comments(feed(&site()), &[reply, comment(1)]);
    assert!(
        xml.contains(r#"<thr:in-reply-to ref="tag:example.org,2026:comment/1"/>"#),
        "{xml}"
    );
    assert!(
        xml.contains(
            r#"ref="tag:example.org,2026:post/1" href="https://example.org/posts/hello"/>"#
        ),
        "{xml}"
    );
    assert!(
        xml.contains("<updated>2026-11-14T09:13:00Z</updated>"),
        "{xml}"
    );
}

#[test]
fn a_json_feed_holds_what_the_format_asks_for() {
    let text = json_feed(feed(&site()), &[item(line(7), "<a href='/x'>x</a>")]);
    let feed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(feed["authors"][0]["name"], "Maren Oster");
    let item = &feed["items"][0];
    assert_eq!(item["id"], "tag:example.org,2026:post/7");
    assert_eq!(
        item["content_html"],
        "<a href='https://example.org/x'>x</a>"
    );
    assert_eq!(item["tags"], json!(["Bread"]));
}

#[test]
fn crawlers_learn_where_everything_is() {
    let xml = sitemap(&site(), &[("/posts/a".into(), NOON)]);
    let entry =
        "<url><loc>https://example.org/posts/a</loc><lastmod>2026-11-14T09:12:00Z</lastmod></url>";
    assert!(xml.contains(entry), "{xml}");
    let index = sitemap_index(&site(), 2);
    let last =
        "<sitemap><loc>https://example.org/sitemap.xml?page=2</loc></sitemap>\n</sitemapindex>";
    assert!(index.contains(last), "{index}");
    assert!(robots(&site()).ends_with("\nSitemap: https://example.org/sitemap.xml\n"));
}

#[test]
fn a_feed_names_its_hub_and_the_pages_beside_it() {
    let site = Site {
        hub: Hub::parse("https://hub.example/?a=b&c").unwrap(),
        ..site()
    };
    let middle = Feed {
        part: Part { page: 2, pages: 3 },
        ..feed(&site)
    };
    let xml = atom(middle, &[]);
    for link in [
        r#"rel="self" type="application/atom+xml" href="https://example.org/feed.xml?page=2""#,
        r#"rel="hub" href="https://hub.example/?a=b&#38;c""#,
        r#"rel="first" type="application/atom+xml" href="https://example.org/feed.xml""#,
        r#"rel="previous" type="application/atom+xml" href="https://example.org/feed.xml""#,
        r#"rel="next" type="application/atom+xml" href="https://example.org/feed.xml?page=3""#,
        r#"rel="last" type="application/atom+xml" href="https://example.org/feed.xml?page=3""#,
    ] {
        assert!(xml.contains(link), "{link} in {xml}");
    }
    let of_tag = Feed {
        path: "/tags/bread/feed.xml",
        ..feed(&site)
    };
    assert!(of_tag.hub().is_none(), "a hub that is never told of it");
    let json = Feed {
        path: "/feed.json",
        ..middle
    };
    let json: Value = serde_json::from_str(&json_feed(json, &[])).unwrap();
    assert_eq!(json["hubs"][0]["url"], "https://hub.example/?a=b&c");
    assert_eq!(json["next_url"], "https://example.org/feed.json?page=3");
}

#[test]
fn a_post_that_was_written_ahead_changed_when_it_appeared() {
    let ahead = PostLine {
        updated_at: NOON.plus(-60_000),
        ..line(7)
    };
    let xml = atom(feed(&site()), &[item(ahead, "")]);
    assert_eq!(
        xml.matches("<updated>2026-11-14T09:12:00Z</updated>")
            .count(),
        2
    );
}
