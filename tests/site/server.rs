//! The server itself: deadlines, limits, locks, and what stands between it and the world.

use std::fs;
use std::io::{BufReader, Read, Write};
use std::time::{Duration, Instant};

use crate::http::{self, Connection, FORM};
use crate::site::Site;
use crate::waiting::within;

#[test]
fn one_connection_serves_many_requests_and_old_clients_are_served_too() {
    let site = Site::with_post("hello");
    let mut connection = Connection::open(site.address()).unwrap();
    for path in ["/", "/posts/hello", "/nothing", "/posts/hello"] {
        let answer = connection.send("GET", path, &[], b"").unwrap();
        assert!(answer.header("content-length").is_some(), "{path}");
    }
    let mut wire = BufReader::new(site.address().connect().unwrap());
    wire.get_mut()
        .write_all(b"GET /posts/hello HTTP/1.0\r\nHost: x\r\n\r\n")
        .unwrap();
    assert_eq!(http::read_answer(&mut wire, "GET").unwrap().status(), 200);
    let mut pipelined = BufReader::new(site.address().connect().unwrap());
    pipelined
        .get_mut()
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /archive HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    for _ in 0..2 {
        assert_eq!(
            http::read_answer(&mut pipelined, "GET").unwrap().status(),
            200
        );
    }
}

#[test]
fn slow_clients_are_closed_and_hold_nobody_up() {
    let site = Site::with_post("hello");
    let beginnings: [&[u8]; 3] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"POST /posts/hello/comments HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname=A",
        b"POST /posts/hello/comments HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nna",
    ];
    let open = |beginning: &&[u8]| {
        let mut wire = site.address().connect().unwrap();
        wire.write_all(beginning).unwrap();
        wire
    };
    let slow: Vec<_> = (0..50).flat_map(|_| beginnings.iter().map(open)).collect();
    let opened = Instant::now();
    for _ in 0..20 {
        site.get("/posts/hello").expect(200);
    }
    let deadline = Duration::from_secs(60);
    for mut wire in slow {
        wire.give_up_after(deadline.saturating_sub(opened.elapsed()))
            .unwrap();
        let mut said = Vec::new();
        // It ends, with or without a word; a reset is an end too.
        if let Err(error) = wire.read_to_end(&mut said) {
            assert_eq!(
                error.kind(),
                std::io::ErrorKind::ConnectionReset,
                "not closed within a minute: {error}"
            );
        }
    }
}

#[test]
fn more_connections_than_descriptors_do_not_make_it_spin_or_stay_deaf() {
    let site = Site::start_with_descriptors(160);
    let idle: Vec<_> = (0..400)
        .filter_map(|_| site.address().connect().ok())
        .collect();
    let (busy, started) = (cpu_ticks(&site), Instant::now());
    within(Duration::from_secs(5), "a second passes", || {
        started.elapsed() > Duration::from_secs(1)
    });
    let spent = cpu_ticks(&site) - busy;
    assert!(
        spent < 30,
        "{spent} hundredths of a second of work in one second of nothing"
    );
    crate::waiting::eventually("the owner is told", || {
        site.log_text().contains("fault crowded begins")
    });
    drop(idle);
    let mut answered = || {
        site.try_send("GET", "/", &[], b"")
            .is_ok_and(|answer| answer.status() == 200)
    };
    within(Duration::from_secs(15), "it answers again", &mut answered);
    crate::waiting::eventually("it is over", || {
        site.log_text().contains("fault crowded is over")
    });
}

/// User and system time of the server, in ticks of a hundredth of a second.
fn cpu_ticks(site: &Site) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", site.pid())).unwrap();
    let fields: Vec<_> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn while_another_process_holds_the_file_pages_are_read_and_a_comment_is_not_lost() {
    let site = Site::with_post("hello");
    let file = rusqlite::Connection::open(site.data().join("rowlog.db")).unwrap();
    file.execute_batch("begin immediate").unwrap();
    let refused = std::thread::scope(|scope| {
        let post = scope.spawn(|| {
            site.submit(
                "/posts/hello/comments",
                &[("name", "Ann"), ("body", "worth keeping")],
            )
        });
        for _ in 0..5 {
            site.get("/posts/hello").expect(200);
        }
        post.join().unwrap()
    });
    assert_eq!(refused.status(), 503, "{:?}", refused.head);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(refused.page().text("textarea"), "worth keeping");
    file.execute_batch("rollback").unwrap();
    site.comment("hello", "Ann", "worth keeping");
    assert_eq!(site.ask("select count(*) from comments"), 1);
}

#[test]
fn a_blog_on_https_marks_its_cookies_secure_and_knows_its_origin() {
    let site = Site::start_with(&["--limits", "off", "--base-url", "https://blog.example"]);
    site.publish("hello", "Hello", "Text");
    let form = [FORM, ("Origin", "https://blog.example")];
    let answer = site
        .send(
            "POST",
            "/posts/hello/comments",
            &form,
            b"name=Ann&body=Hello",
        )
        .expect(303);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.contains("Secure") && cookie.contains("HttpOnly"),
        "{cookie}"
    );
    let foreign = [form[0], ("Origin", "https://other.example")];
    site.send(
        "POST",
        "/posts/hello/comments",
        &foreign,
        b"name=Ann&body=Hello",
    )
    .expect(403);
}

#[test]
fn errors_say_nothing_about_the_inside() {
    let site = Site::with_post("hello");
    for path in [
        "/posts/%ff",
        "/posts/..%2f..%2fetc",
        "/posts/'%20or%201=1",
        "/comments/x/edit",
        "/comments/9223372036854775808/edit",
        "/posts/hello/../hello",
        "//posts/hello",
        "/tags/%00",
        "/?page=x",
        "/?page=-1",
        "/posts/hello?comments=x",
    ] {
        let answer = site.get(path);
        assert!(answer.status() < 500, "{path}: {}", answer.status());
        let text = answer.text().to_lowercase();
        for word in ["sqlite", "select ", "panicked", "src/", "rowlog.db"] {
            assert!(!text.contains(word), "{path} says {word}");
        }
    }
}

#[test]
fn a_blog_on_https_believes_no_cookie_that_another_host_could_have_planted() {
    let site = Site::start_with(&["--limits", "off", "--base-url", "https://blog.example"]);
    site.publish("hello", "Hello", "Text");
    let planted = format!("visitor={}", "ab".repeat(32));
    let headers = [FORM, ("Cookie", planted.as_str())];
    let comment = b"name=Ann&body=Hello&email=ann%40private.example";
    let answer = site.send("POST", "/posts/hello/comments", &headers, comment);
    let answer = answer.expect(303);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-visitor=") && cookie.contains("Secure"),
        "{cookie}"
    );
    let own = cookie.split(';').next().unwrap();
    let (_, secret) = own.split_once('=').unwrap();
    assert!(!planted.ends_with(secret), "the planted one is taken over");
    let page = |cookie: &str| site.send("GET", "/posts/hello", &[("Cookie", cookie)], b"");
    assert!(page(own).text().contains("ann@private.example"));
    for planted in [planted, format!("visitor={secret}")] {
        let text = page(&planted).expect(200).text();
        assert!(!text.contains("ann@private.example"), "{planted}");
    }
}
