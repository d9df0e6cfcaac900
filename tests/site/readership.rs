//! Who reads what: the owner is told of those who are there, and how many there were.

use crate::desk::{desk, watch_desk};

#[test]
fn the_owner_sees_who_reads_what_and_is_not_counted() {
    let (site, mut owner) = desk();
    site.publish("hello", "Hello", "Text");
    let id = site
        .ask("select id from posts where slug = 'hello'")
        .to_string();
    let mut told = watch_desk(&site, &owner);
    assert_eq!(told.next_of("presence").data["readers"], 0);
    let (here, there) = (site.follow("hello"), site.follow("hello"));
    let mut read = told.next_of("presence");
    while read.data["readers"] != 2 {
        read = told.next_of("presence");
    }
    assert_eq!(read.data["posts"][&id], 2);
    let page = owner.get("/admin").expect(200).page();
    assert_eq!(page.text("#readers"), "2");
    assert!(
        page.text(&format!("#post-{id} .reading"))
            .contains("2 reading now")
    );
    here.close();
    there.close();
    while read.data["readers"] != 0 {
        read = told.next_of("presence");
    }
    assert!(site.get_json("/posts/hello/events").get("posts").is_none());
}

const FIREFOX: (&str, &str) = (
    "User-Agent",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
);

#[test]
fn views_are_counted_once_for_each_reader_and_neither_for_robots_nor_for_the_owner() {
    let (mut site, mut owner) = desk();
    site.publish("hello", "Hello", "Text");
    let page = "/posts/hello";
    let from = ("Referer", "https://lobste.rs/s/x?private=1");
    site.send("GET", page, &[FIREFOX, from], b"").expect(200);
    site.send("GET", page, &[FIREFOX], b"").expect(200);
    let own = site.url("/");
    site.send("GET", page, &[FIREFOX, ("Referer", &own)], b"")
        .expect(200);

    site.send("HEAD", page, &[FIREFOX], b"").expect(200);
    site.send("GET", page, &[], b"").expect(200);
    let robot = ("User-Agent", "Mozilla/5.0 (compatible; Googlebot/2.1)");
    site.send("GET", page, &[robot], b"").expect(200);
    let ahead = ("Sec-Purpose", "prefetch;prerender");
    site.send("GET", page, &[FIREFOX, ahead], b"").expect(200);
    let script = ("Sec-Fetch-Dest", "empty");
    site.send("GET", page, &[FIREFOX, script], b"").expect(200);
    owner.send("GET", page, &[FIREFOX], b"").expect(200);
    site.send("GET", "/posts/nothing", &[FIREFOX], b"")
        .expect(404);

    // The last of it is written down when the server ends.
    site.stop();
    site.serve();
    assert_eq!(site.ask("select sum(count) from views"), 3);
    assert_eq!(site.ask("select sum(count) from referrers"), 1);
    assert_eq!(
        site.ask("select count(*) from referrers where host = 'lobste.rs'"),
        1
    );
    site.comment("hello", "Ann", "one of today's");

    let desk = owner.get("/admin").expect(200).page();
    assert_eq!(desk.texts(".sums dd")[..2], ["3", "3"]);
    assert_eq!(desk.texts("table.top th"), ["Hello", "lobste.rs"]);
    for (table, title, today) in [
        ("#views-table", "views", "3"),
        ("#comments-table", "comment", "1"),
    ] {
        let counts = desk.texts(&format!("{table} td.num"));
        assert_eq!((counts.len(), counts[29].as_str()), (30, today), "{title}");
        assert!(counts[..29].iter().all(|count| count == "0"), "{counts:?}");
    }
    let bars = desk.texts("svg.chart rect title");
    assert_eq!(bars.len(), 60);
    assert!(
        bars[29].ends_with(": 3 views") && bars[59].ends_with(": 1 comment"),
        "{bars:?}"
    );
}
