//! Searching: the words of posts and comments, what is found and what is not, and what browsers and programs are told.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::http::encode;
use crate::lists::well_formed;
use crate::page::Page;
use crate::site::{Site, path};

/// The page of a search.
#[track_caller]
pub fn search(site: &Site, words: &str) -> Page {
    site.get(&address(words)).expect(200).page()
}

fn address(words: &str) -> String {
    format!("/search?{}", encode(&[("q", words)]))
}

/// The addresses of the posts that a page of results names, in its order.
fn posts(page: &Page) -> Vec<String> {
    let mut links = page.attributes("main .row h3 a", "href");
    links.retain(|link| !link.contains('#'));
    links
}

#[test]
fn a_reader_finds_a_post_by_its_words_and_sees_where_they_stand() {
    let site = Site::start();
    let ebb = "The *ebb* runs <b>fast</b> past the `pier` & the café in Århus.";
    site.publish_with(
        "tides",
        "Tide tables",
        "[taxonomies]\ntags = [\"sea\"]",
        ebb,
    );
    site.publish("ebb", "On the ebb", "Nothing here but sand.");
    site.publish("bread", "Bread", "Rye and time.");

    let page = search(&site, "ebb");
    assert_eq!(
        posts(&page),
        ["/posts/ebb", "/posts/tides"],
        "the title counts for more"
    );
    assert_eq!(page.texts("main h3 mark"), ["ebb"]);
    assert_eq!(page.texts("main p.serif mark"), ["ebb"]);
    assert_eq!(
        page.text(".row:nth-child(2) p.serif"),
        "The ebb runs fast past the pier & the café in Århus."
    );
    assert!(
        !page.has("main b, main em, main code"),
        "the post's own markup is left out"
    );
    assert_eq!(page.attribute("#q", "value"), "ebb");
    assert_eq!(page.attribute("meta[name=robots]", "content"), "noindex");
    assert!(page.text("[role=status]").starts_with("2 posts with “ebb”"));

    for words in ["CAFE", "arhus", "pie", "caf", "sea", "tide fast"] {
        assert_eq!(posts(&search(&site, words)), ["/posts/tides"], "{words}");
    }
    let none = search(&site, "ebb bread");
    assert_eq!(posts(&none), [""; 0]);
    assert!(none.text("main").contains("Nothing has all of these words"));
    assert!(
        none.has("main a[href='/tags/sea']"),
        "the tags are offered instead"
    );
    assert!(
        site.get("/search")
            .expect(200)
            .page()
            .has("form[role=search] #q")
    );
    assert!(
        site.get("/")
            .page()
            .has("form[role=search][action='/search']")
    );
    assert_eq!(
        site.get("/search/?q=ebb").expect(301).location(),
        "/search?q=ebb"
    );
}

#[test]
fn what_is_written_changed_and_taken_back_is_found_as_it_is_now() {
    let site = Site::with_post("hello");
    let found = |words: &str| posts(&search(&site, words)).len();
    site.publish("heron", "A bird", "A heron stands still.");
    assert_eq!(found("heron"), 1);
    site.publish("heron", "A bird", "A bittern stands still.");
    assert_eq!((found("heron"), found("bittern")), (0, 1));
    site.publish_with(
        "heron",
        "A bird",
        "tags = [\"waders\"]",
        "A bittern stands still.",
    );
    assert_eq!(found("waders"), 1);
    site.publish_with("heron", "A bird", "draft = true", "A bittern stands still.");
    assert_eq!((found("bittern"), found("waders")), (0, 0));
    site.publish("heron", "A bird", "A bittern stands still.");
    assert_eq!(found("bittern"), 1);

    let comments = |words: &str| search(&site, words).count("main .row bdi");
    let mut ann = site.visitor();
    let id = ann.comment("hello", "Ann", "An **avocet**, I believe.");
    assert_eq!(comments("avocet"), 1);
    ann.edit(id, "A *curlew*, I believe.");
    assert_eq!(
        (comments("avocet"), comments("curlew"), comments("ann")),
        (0, 1, 1)
    );
    ann.delete(id);
    assert_eq!((comments("curlew"), comments("ann")), (0, 0));
    site.rowlog(&["check"]).worked();
}

#[test]
fn comments_are_found_below_the_posts_and_on_pages_of_their_own() {
    let site = Site::with_post("hello");
    for n in 1..=25 {
        site.comment(
            "hello",
            &format!("Reader {n}"),
            &format!("Plover number {n} <script>"),
        );
    }
    let page = search(&site, "plover");
    assert_eq!(page.count("main .row bdi"), 3);
    assert!(
        page.text("[role=status]")
            .contains("0 posts and 25 comments")
    );
    assert!(page.has(".row p.serif mark") && !page.has("main script"));
    site.comment(
        "hello",
        "Eve",
        "A dotterel \u{202e}turned around <img src=x>",
    );
    let turned = site.get("/search?q=dotterel").text();
    assert!(turned.contains("turned around &#60;img") && !turned.contains('\u{202e}'));
    let all = page.attribute("section a[href*='in=comments']", "href");
    let first = site.get(&all).expect(200).page();
    let second = first.attribute("a[rel=next]", "href");
    let second = site.get(&second).expect(200).page();
    let mut links = first.attributes("main .row h3 a", "href");
    links.extend(second.attributes("main .row h3 a", "href"));
    links.sort_unstable();
    links.dedup();
    assert_eq!(links.len(), 25, "each once");
    assert!(
        links
            .iter()
            .all(|link| link.starts_with("/posts/hello") && link.contains("#comment-"))
    );
    assert_eq!(
        site.get("/search?q=plover&in=comments&page=3").status(),
        404
    );
}

#[test]
fn what_is_not_public_is_in_no_result_count_or_suggestion() {
    let site = Site::start();
    site.publish_with("draft", "Zebra draft", "draft = true", "zebra");
    site.publish_with("mine", "Horses", "tags = [\"herds\"]", "A horse.");
    let later =
        "+++\ntitle = \"Zebra later\"\nslug = \"later\"\ndate = 2126-01-01T00:00:00Z\n+++\nzebra\n";
    site.rowlog(&["publish", path(&site.write("later.md", later))])
        .worked();
    site.publish("talk", "Talk", "Text");
    let trapped = [("name", "Ann"), ("body", "zebra"), ("website", "x")];
    site.submit("/posts/talk/comments", &trapped).expect(303);
    site.publish("gone", "Gone", "To be withdrawn.");
    site.comment("gone", "Ann", "a zebra under a post that is withdrawn");
    site.publish_with("gone", "Gone", "draft = true", "To be withdrawn.");

    for address in ["/search?q=zebra", "/search?q=zeb&in=comments"] {
        let page = site.get(address).expect(200).page();
        assert!(!page.has("main .row"), "{address}");
        assert!(page.text("[role=status]").starts_with('0'), "{address}");
    }
    let answer = site.get_json("/search?q=zebra");
    assert_eq!(
        (&answer["post_count"], &answer["comment_count"]),
        (&0.into(), &0.into())
    );
    let suggested = site.get("/search/suggestions?q=zeb").expect(200).text();
    assert!(!suggested.to_lowercase().contains("zebra "), "{suggested}");
    assert_eq!(
        site.ask("select count(*) from post_index where post_index match 'zebra'"),
        0
    );
}

#[test]
fn whatever_is_typed_is_words_or_a_clear_message() {
    let site = Site::start();
    site.publish(
        "near",
        "Near",
        "near and or not rust c cjk 潮の満ち引き title x",
    );
    let hostile = [
        "\"",
        "*",
        "NEAR(",
        "NEAR(a b, 2)",
        "AND",
        "AND OR NOT",
        "^near",
        "-",
        "--",
        "title:near",
        "{title}: near",
        "near*",
        "\"near",
        "near\"",
        "(",
        ")",
        "((near",
        "near)",
        "+near",
        "a\"b\"c",
        "'",
        "';--",
        "%",
        "_",
        "\\",
        "near\0rust",
        "\0",
        "🦀",
        "near 🦀",
        "潮",
        "満ち",
        "\u{202e}near",
        "\u{301}",
        "e\u{301}",
        "...",
        "<script>",
        "&amp;",
        "\r\nSet-Cookie: x=1",
        "c++",
        "\u{2}near\u{3}",
        "\u{fffe}",
    ];
    let many = [
        " ".repeat(300),
        "x".repeat(10_000),
        "ab ".repeat(3_400),
        "\"".repeat(10_000),
    ];
    for words in hostile.into_iter().map(str::to_owned).chain(many) {
        for scope in ["posts", "comments"] {
            let address = format!("{}&in={scope}", address(&words));
            let answer = site.get(&address);
            assert!(
                [200, 422].contains(&answer.status()),
                "{}: {words:?}",
                answer.status()
            );
            let page = answer.page();
            assert!(page.has("#q") && !page.has("main script"), "{words:?}");
            if answer.status() == 422 {
                assert!(!page.text("[role=alert]").is_empty(), "{words:?}");
            }
            assert!(
                [200, 422].contains(
                    &site
                        .get(&format!("/search/suggestions?{}", encode(&[("q", &words)])))
                        .status()
                )
            );
        }
    }
    assert!(posts(&search(&site, "NEAR(")).contains(&"/posts/near".to_owned()));
    assert!(posts(&search(&site, "AND OR NOT")).contains(&"/posts/near".to_owned()));
    let long = site.get(&address(&"x".repeat(10_000))).expect(422).page();
    assert_eq!(
        long.attribute("#q", "value").len(),
        10_000,
        "what was typed comes back"
    );
    for address in [
        "/search?q=%ff%fe",
        "/search?q=%",
        "/search?q=near&page=x",
        "/search?q=a&q=b",
    ] {
        assert!(site.get(address).status() < 500, "{address}");
    }
}

#[test]
fn a_program_searches_by_json() {
    let site = Site::start();
    site.publish_with(
        "tides",
        "Tide <tables>",
        "tags = [\"sea\"]",
        "The ebb & the flow.",
    );
    site.comment("tides", "Ann", "Which ebb?");
    let found = site.get_json("/search?q=ebb");
    let post = &found["posts"][0];
    assert_eq!(
        (&post["slug"], &post["title"]),
        (&"tides".into(), &"Tide <tables>".into())
    );
    assert_eq!(post["passage"]["text"], "The ebb & the flow.");
    assert_eq!(
        post["passage"]["html"],
        "The <mark>ebb</mark> &#38; the flow."
    );
    assert_eq!(post["tags"], serde_json::json!(["sea"]));
    let comment = &found["comments"][0];
    assert_eq!(
        (&comment["comment"]["name"], &comment["post"]),
        (&"Ann".into(), &"tides".into())
    );
    assert_eq!(
        (&found["post_count"], &found["comment_count"]),
        (&1.into(), &1.into())
    );
    let headers = [("Accept", "application/json")];
    let refused = site
        .send("GET", "/search?q=%22", &headers, b"")
        .expect(422)
        .json();
    assert!(
        refused["error"]
            .as_str()
            .is_some_and(|why| why.contains("no letter"))
    );
}

#[test]
fn a_browser_learns_to_search_here_and_is_given_titles() {
    let site = Site::start_with(&["--limits", "off", "--base-url", "https://blog.example"]);
    site.publish("tides", "Tide & tables", "Text.");
    site.publish("other", "Other", "The tide.");
    let link = "link[rel=search][type='application/opensearchdescription+xml']";
    let address = site.get("/").page().attribute(link, "href");
    let description = site.get(&address).expect(200);
    assert!(
        description
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/opensearchdescription+xml"))
    );
    let said = well_formed(&description);
    assert!(
        said.contains("https://blog.example/search?q={searchTerms}"),
        "{said}"
    );
    let suggested = site.get("/search/suggestions?q=tid").expect(200).json();
    let expected = serde_json::json!([
        "tid",
        ["Tide & tables"],
        [""],
        ["https://blog.example/posts/tides"]
    ]);
    assert_eq!(suggested, expected);
}

#[test]
fn who_searches_without_end_is_asked_to_wait_and_keeps_the_words() {
    let site = Site::start_with(&[]);
    // A bucket holds 20 and refills slower than anyone can empty it here.
    let answers: Vec<_> = (0..60)
        .map(|n| site.get(&address(&format!("word {n}"))))
        .collect();
    let refused = answers.iter().find(|answer| answer.status() == 429);
    let refused = refused.expect("nobody was asked to wait");
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert!(refused.page().text("[role=alert]").contains("Try again in"));
    assert!(refused.page().attribute("#q", "value").starts_with("word "));
    assert!(
        answers[..20].iter().all(|answer| answer.status() == 200),
        "twenty are free"
    );
    site.get("/search").expect(200);
}

#[test]
fn a_word_that_was_taken_back_is_not_in_the_bytes_of_the_index() {
    let mut site = Site::with_post("hello");
    let mut ann = site.visitor();
    // Enough words around it that the index has many pages, and its own must be written again.
    let filler: String = (0..1200)
        .map(|n| format!("w{:x} ", n * 7919 % 65_521))
        .collect();
    for _ in 0..4 {
        site.comment("hello", "Bob", &filler);
    }
    let words: String = (0..300).map(|n| format!("xyzzy{n}q ")).collect();
    ann.comment("hello", "Plughname", &words);
    assert_eq!(
        site.ask("select count(*) from comment_index where comment_index match 'xyzzy7q'"),
        1
    );
    ann.submit("/me/erasure", &[("sure", "yes")]).expect(303);
    site.publish("secret", "Frobozzfoo", "Frobozzbar is told.");
    site.publish("secret", "Another", "Nothing is told.");
    site.set_up();
    let mut owner = site.owner();
    let post = site.ask("select id from posts where slug = 'secret'");
    for last_step in ["trash", "erasure"] {
        let path = format!("/admin/posts/{post}/{last_step}");
        owner.submit(&path, &[]).expect(303);
    }
    assert!(site.stop().0.success());
    let bytes = fs::read(site.data().join("rowlog.db"))
        .unwrap()
        .to_ascii_lowercase();
    let holds = |word: &str| {
        bytes
            .windows(word.len())
            .any(|window| window == word.as_bytes())
    };
    assert!(holds(&filler[..100]), "this story looks at the wrong bytes");
    for word in ["xyzzy", "plughn", "frobozz"] {
        assert!(!holds(word), "the file holds {word}");
    }
}

#[test]
fn a_real_blog_is_searched_in_a_blink() {
    let blog = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/rust-blog/content");
    if !blog.is_dir() {
        return println!("no blog at hand");
    }
    let site = Site::start();
    site.rowlog(&["import", "markdown", path(&blog)]).worked();
    let words = [
        "rust",
        "r",
        "the",
        "th",
        "con",
        "async await",
        "a e i o u",
        "borrow checker",
        "crates.io phishing",
        "in",
        "1.0",
        "e",
        "co",
        "the a of to in and is for that with on as be we this are it you can have",
        "the rust programming language team is happy to announce a new version of",
    ];
    let mut slowest = (Duration::ZERO, "");
    for words in words {
        let mut times: Vec<_> = (0..9)
            .map(|_| {
                let start = Instant::now();
                site.get(&address(words)).expect(200);
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        println!(
            "search {words:?}: median {:?}, slowest {:?}",
            times[4], times[8]
        );
        slowest = slowest.max((times[4], words));
    }
    println!("slowest search: median {:?} ({})", slowest.0, slowest.1);
}
