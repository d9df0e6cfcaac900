//! A liveblog: the owner adds entries to a post, and everyone who reads it has them.

use serde_json::Value;

use crate::command::Outcome;
use crate::lists::well_formed;
use crate::page::Page;
use crate::site::{Site, path};

/// Adds an entry to the post `hello`, as its author does beside the server.
pub fn add(site: &Site, body: &str) -> Outcome {
    site.rowlog_with(&["entry", "add", "hello"], body).worked()
}

/// Gives an entry another text.
pub fn edit(site: &Site, number: &str, body: &str) -> Outcome {
    site.rowlog_with(&["entry", "edit", "hello", number], body)
        .worked()
}

/// Takes an entry away.
pub fn delete(site: &Site, number: &str) -> Outcome {
    site.rowlog(&["entry", "delete", "hello", number]).worked()
}

#[test]
fn an_entry_is_told_at_once_and_drawn_as_in_the_page() {
    let site = Site::with_post("hello");
    let (mut post, mut all) = (site.follow("hello"), site.stream("/events", &[]));
    let file = site.write("entry.md", "The *first* loaf[^a].\n\n[^a]: Rye.");
    let added = site.rowlog(&["entry", "add", "hello", path(&file), "--title", "Out <i>"]);
    assert_eq!(added.worked().stdout, "/posts/hello#entry-1 new\n");
    let told = post.next_of("entry:created");
    assert_eq!(all.next_of("entry:created").data, told.data);
    assert_eq!(
        (&told.data["count"], &told.data["url"], &told.data["post"]),
        (&1.into(), &"/posts/hello#entry-1".into(), &"hello".into())
    );
    let entry = &told.data["entry"];
    assert_eq!(
        (&entry["number"], &entry["title"], &entry["version"]),
        (&1.into(), &"Out <i>".into(), &1.into())
    );
    let (live, page) = (Page::new(told.html()), site.post("hello"));
    assert_eq!(live.markup("#entry-1"), page.markup("#entry-1"));
    assert_eq!(page.text("#entry-1 h3"), "Out <i>");
    assert_eq!(page.text("#entry-1 .prose em"), "first");
    assert_eq!(
        page.attribute("#entry-1 a.m", "href"),
        "/posts/hello#entry-1"
    );
    assert!(page.has("#entry-1 a.m time[datetime]"));
    assert!(page.has("#entry-1 #entry-1-fn-1"), "its notes are its own");
}

#[test]
fn latecomers_find_every_entry_in_the_order_in_which_they_came() {
    let site = Site::with_post("hello");
    assert!(site.post("hello").has("#entries section[hidden]"));
    for n in 1..=6 {
        add(&site, &format!("Entry the {n}th"));
    }
    let page = site.post("hello");
    let numbers = page.attributes(".entries > article", "data-number");
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(page.text("#entries h2"), "6 entries");
    assert_eq!(page.attribute("#entries .head a", "href"), "#entry-6");
    assert_eq!(
        page.text(".e-content"),
        "Something to talk about.",
        "the post's own text stays"
    );
    let listed = site.rowlog(&["entry", "list", "hello"]).worked().stdout;
    assert_eq!(listed.lines().count(), 6, "{listed}");
    assert!(listed.contains("  Entry the 3th"), "{listed}");
    site.publish("hello", "A better title", "Another text.");
    assert_eq!(
        site.post("hello").count(".entries > article"),
        6,
        "publishing again takes none away"
    );
}

#[test]
fn an_entry_is_edited_and_deleted_and_its_number_is_never_used_again() {
    let site = Site::with_post("hello");
    add(&site, "One");
    add(&site, "Two, a secret");
    let mut stream = site.follow("hello");
    edit(&site, "1", "One, better");
    let updated = stream.next_of("entry:updated");
    assert!(updated.html().contains("One, better"));
    assert_eq!(updated.data["entry"]["version"], 2);
    assert!(updated.data["entry"]["edited_at"].is_number());
    assert_eq!(
        Page::new(updated.html()).markup("#entry-1"),
        site.post("hello").markup("#entry-1")
    );
    assert!(site.post("hello").has("#entry-1 .note time.dt-updated"));
    let same = edit(&site, "1", "One, better").stdout;
    assert_eq!(same, "entry 1 unchanged\n");

    delete(&site, "2");
    let deleted = stream.next();
    assert_eq!(deleted.event, "entry:deleted", "nothing was told between");
    assert_eq!(
        (
            &deleted.data["entry"]["number"],
            &deleted.data["count"],
            &deleted.data["html"],
            &deleted.data["entry"]["title"]
        ),
        (&2.into(), &1.into(), &Value::Null, &Value::Null)
    );
    assert!(!site.post("hello").has("#entry-2"));
    assert_eq!(
        site.ask("select count(*) from entries where body || html || excerpt like '%secret%'"),
        0
    );
    assert_eq!(add(&site, "Three").stdout, "/posts/hello#entry-3 new\n");
    site.rowlog(&["check"]).worked();
}

#[test]
fn a_title_stays_until_it_is_taken_away() {
    let site = Site::with_post("hello");
    site.rowlog_with(
        &["entry", "add", "hello", "--title", " Doors\nopen "],
        "In.",
    )
    .worked();
    edit(&site, "1", "Come in.");
    assert_eq!(site.post("hello").text("#entry-1 h3"), "Doors open");
    let bare = ["entry", "edit", "hello", "1", "--title", ""];
    site.rowlog_with(&bare, "Come in.").worked();
    assert_eq!(site.post("hello").text("#entry-1 h3.vh"), "Entry 1");
}

#[test]
fn what_is_deleted_is_in_no_replay() {
    let mut site = Site::with_post("hello");
    let (before, mut live) = (site.head(), site.follow("hello"));
    add(&site, "A secret that was not meant for you");
    add(&site, "Something for all");
    edit(&site, "1", "A secret, edited");
    delete(&site, "1");
    live.next_of("entry:deleted"); // the server knows
    for _ in 0..2 {
        let told = site.follow_after("hello", before).up_to(site.head());
        let kinds: Vec<_> = told.iter().map(|event| event.event.as_str()).collect();
        assert_eq!(kinds, ["entry:created", "entry:deleted"]);
        assert!(
            told.iter()
                .all(|event| !event.data.to_string().contains("secret"))
        );
        site.kill(); // from memory first, then from the file
        site.serve();
    }
}

#[test]
fn what_was_written_while_the_server_was_down_is_there_when_it_comes_back() {
    let mut site = Site::with_post("hello");
    let mut live = site.follow("hello");
    add(&site, "Before");
    let seen = live.next().id.unwrap();
    site.kill();
    add(&site, "Meanwhile");
    site.serve();
    let told = site.follow_after("hello", seen).next();
    assert!(told.html().contains("Meanwhile"), "{told:?}");
    assert_eq!(site.post("hello").count(".entries > article"), 2);
}

#[test]
fn an_entry_and_its_event_are_written_together_or_not_at_all() {
    let mut site = Site::with_post("hello");
    site.stop();
    let refuse =
        "create trigger refuse before insert on events begin select raise(abort, 'no room'); end";
    site.database_for_surgery().execute_batch(refuse).unwrap();
    let added = site.rowlog_with(&["entry", "add", "hello"], "Lost?");
    added.complaint();
    assert_eq!(site.ask("select count(*) from entries"), 0);
    assert_eq!(
        site.ask("select max(last_entry + entry_count) from posts"),
        0
    );
}

#[test]
fn every_entry_is_an_item_of_the_feeds_and_crowds_out_no_post() {
    let site = Site::with_post("quiet");
    site.publish_with("hello", "Live", "tags = [\"Bread\"]", "Beside it.");
    for n in 1..=25 {
        add(&site, &format!("Entry {n} says <b>this</b>. [Up](/about)"));
    }
    delete(&site, "24");
    let feed = site.get_json("/feed.json");
    let items = feed["items"].as_array().unwrap();
    let urls: Vec<_> = items.iter().map(|it| it["url"].as_str().unwrap()).collect();
    assert_eq!(urls[0], site.url("/posts/hello#entry-25"));
    assert_eq!(urls[1], site.url("/posts/hello#entry-23"));
    for slug in ["quiet", "hello"] {
        assert!(urls.contains(&site.url(&format!("/posts/{slug}")).as_str()));
    }
    assert_eq!(items[0]["title"], "Entry 25 says this. Up");
    let content = items[0]["content_html"].as_str().unwrap();
    assert!(content.contains(&site.url("/about")), "{content}");
    let mut ids: Vec<_> = items.iter().map(|it| it["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), items.len());

    edit(&site, "25", "Corrected");
    let again = site.get_json("/feed.json");
    assert_eq!(again["items"][0]["id"], items[0]["id"]);
    assert_eq!(
        again["items"][0]["date_published"],
        items[0]["date_published"]
    );
    for feed in ["/feed.xml", "/tags/bread/feed.xml"] {
        let atom = well_formed(&site.get(feed).expect(200));
        assert!(atom.contains("Corrected"), "{feed}");
        assert!(atom.contains(items[0]["id"].as_str().unwrap()), "{feed}");
        assert!(atom.contains("Beside it."), "{feed}: the post's own item");
    }
    let sitemap = site.get("/sitemap.xml").expect(200).text();
    let changed = site.ask("select updated_at from posts where slug = 'hello'");
    assert!(changed >= site.ask("select max(edited_at) from entries"));
    let (_, rest) = sitemap.split_once("/posts/hello</loc>").unwrap();
    assert!(!rest.starts_with("<lastmod>2026-01-02T03:04:05Z"), "{rest}");
}

#[test]
fn many_entries_come_in_pages_and_keep_their_addresses() {
    let mut site = Site::with_post("hello");
    add(&site, "The first");
    site.stop();
    let many = "with recursive n (n) as (select 2 union all select n + 1 from n where n < 250)
                insert into entries (post_id, number, excerpt, body, html, renderer, status, created_at)
                select e.post_id, n.n, 'x', 'x', '<p>x</p>', 1, 'published', e.created_at + n.n from entries e, n;
                update posts set last_entry = 250, entry_count = 250 where slug = 'hello'";
    site.database_for_surgery().execute_batch(many).unwrap();
    site.serve();
    let newest = add(&site, "The newest").stdout;
    assert_eq!(newest, "/posts/hello?entries=3#entry-251 new\n");
    let first = site.post("hello");
    assert_eq!(first.count(".entries > article"), 100);
    assert_eq!(first.text("#entries h2"), "251 entries");
    assert_eq!(
        first.attribute("#entries .head a", "href"),
        "/posts/hello?entries=3#entry-251"
    );
    let last = site.get("/posts/hello?entries=3").expect(200).page();
    assert_eq!(last.count(".entries > article"), 51);
    assert_eq!(
        last.attribute("link[rel=canonical]", "href"),
        site.url("/posts/hello?entries=3")
    );
    assert_eq!(
        last.attribute("#entry-251 a.m", "href"),
        "/posts/hello?entries=3#entry-251"
    );
    for none in ["0", "4", "x", "-1"] {
        site.get(&format!("/posts/hello?entries={none}"))
            .expect(404);
    }
    site.rowlog(&["check"]).worked();
}

#[test]
fn what_the_owner_writes_may_hold_html_and_cannot_break_the_page() {
    let site = Site::with_post("hello");
    let mut stream = site.follow("hello");
    add(
        &site,
        "<aside id=\"comments\"><b>Bold</b><div>\n\nevent: hacked\r\rid: 1\n\n</section></main>",
    );
    add(&site, "<p id=\"entry-1\">Another</p>");
    let page = site.post("hello");
    assert_eq!(page.text("#entry-1 aside b"), "Bold");
    assert_eq!(page.count("#comments"), 1);
    assert_eq!(page.count("#entry-1"), 1);
    assert!(page.has("main > #comments"), "the page is whole");
    for number in [1, 2] {
        let told = stream.next();
        assert_eq!(told.event, "entry:created");
        assert_eq!(told.data["entry"]["number"], number);
    }
}

#[test]
fn a_post_that_is_not_open_tells_nothing_of_its_entries() {
    let site = Site::with_post("hello");
    let before = site.head();
    let mut all = site.stream("/events", &[]);
    site.publish_with("hello", "A post", "draft = true", "withdrawn");
    add(&site, "A secret for later");
    assert_eq!(all.next().event, "post:deleted");
    let answer = site.get_json(&format!("/events?after={before}"));
    assert!(!answer.to_string().contains("secret"), "{answer}");
    assert!(!site.get("/feed.xml").text().contains("secret"));
    site.publish("hello", "A post", "back");
    assert_eq!(
        site.post("hello").text("#entry-1 .prose"),
        "A secret for later"
    );
}

#[test]
fn a_mistake_on_the_command_line_is_explained_in_one_line() {
    let site = Site::with_post("hello");
    add(&site, "One");
    let wrong: [(&[&str], &str, &str); 6] = [
        (&["add", "nowhere"], "Text", "\"nowhere\""),
        (&["list", "nowhere"], "", "\"nowhere\""),
        (&["add", "hello"], " \n", "empty"),
        (&["add", "hello", "missing.md"], "", "missing.md"),
        (&["edit", "hello", "7"], "Text", "no entry 7"),
        (&["delete", "hello", "0"], "", "no entry 0"),
    ];
    for (command, stdin, word) in wrong {
        let outcome = site.rowlog_with(&[&["entry"], command].concat(), stdin);
        assert!(outcome.complaint().contains(word), "{outcome:?}");
    }
    delete(&site, "1");
    let again = site.rowlog(&["entry", "delete", "hello", "1"]);
    assert!(again.complaint().contains("no entry 1"));
    let long = "t".repeat(201);
    let long = site.rowlog_with(&["entry", "add", "hello", "--title", &long], "Text");
    assert!(long.complaint().contains("201"));
    assert_eq!(site.ask("select count(*) from entries"), 1);
}

#[test]
fn two_authors_at_once_get_numbers_of_their_own() {
    let site = Site::with_post("hello");
    std::thread::scope(|scope| {
        for author in 0..4 {
            let site = &site;
            scope.spawn(move || {
                for n in 0..5 {
                    add(site, &format!("{author} {n}"));
                }
            });
        }
    });
    let numbers: Vec<i64> = site
        .post("hello")
        .attributes(".entries > article", "data-number")
        .iter()
        .map(|number| number.parse().unwrap())
        .collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    site.rowlog(&["check"]).worked();
}
