//! Answers that lie ready, between others that do not.

use poem::http::{HeaderMap, HeaderValue, header};

use super::*;

/// Bytes of `/large`: more than a client reads at once.
const LARGE: usize = 500_000;

/// What lies ready. Whoever is not answered with that is told `hello`.
pub(super) fn ready() -> HashMap<&'static str, Arc<Ready>> {
    let answer = |kind, body: Vec<u8>| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        Arc::new(Ready::new(StatusCode::OK, headers, body.into()))
    };
    let large = (0..LARGE).map(|at| (at % 251) as u8).collect();
    HashMap::from([
        ("/ready", answer("text/plain", b"ready".to_vec())),
        ("/large", answer("application/octet-stream", large)),
    ])
}

/// Reads until the end of what is expected to come last.
async fn until(client: &mut TcpStream, last: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(last) {
        let more = next(client).await;
        assert!(!more.is_empty(), "closed after {text:?}");
        text += &more;
    }
    text
}

/// Asks for `/large`, and reads it a part at a time.
async fn large(client: &mut TcpStream) {
    let mut seen = Vec::new();
    let start = loop {
        // No more than the head, and of the body no more than there is.
        let mut part = [0; 64];
        let count = client.read(&mut part).await.unwrap();
        assert!(count > 0, "closed");
        seen.extend_from_slice(&part[..count]);
        if let Some(end) = seen.windows(4).position(|part| part == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let mut body = seen.split_off(start);
    let head = String::from_utf8(seen).unwrap();
    assert!(
        head.contains(&format!("content-length: {LARGE}\r\n")),
        "{head}"
    );
    let had = body.len();
    body.resize(LARGE, 0);
    timeout(SOON, client.read_exact(&mut body[had..]))
        .await
        .unwrap()
        .unwrap();
    assert!(
        body.iter()
            .enumerate()
            .all(|(at, byte)| *byte == (at % 251) as u8)
    );
}

#[tokio::test]
async fn what_lies_ready_is_sent_with_its_fields_its_length_and_the_date() {
    let site = Site::start(bounds()).await;
    let mut client = site.send(b"GET /ready?x HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let text = until(&mut client, "ready").await;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    assert_eq!(lines.next(), Some("HTTP/1.1 200 OK"));
    assert_eq!(lines.next(), Some("content-type: text/plain"));
    assert_eq!(lines.next(), Some("content-length: 5"));
    let date = lines
        .next()
        .and_then(|line| line.strip_prefix("date: "))
        .unwrap();
    let age = httpdate::parse_http_date(date).unwrap().elapsed().unwrap();
    assert!(age < Duration::from_secs(60), "{date}");
    assert_eq!((lines.next(), body), (None, "ready"));
}

#[tokio::test]
async fn ready_and_other_answers_come_in_the_order_of_their_questions() {
    let site = Site::start(bounds()).await;
    let asked = "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n\
         HEAD /ready HTTP/1.1\r\nHost: x\r\n\r\n\
         GET / HTTP/1.1\r\nHost: x\r\n\r\n\
         GET /ready HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n\
         POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 37\r\n\r\nGET /ready HTTP/1.1\r\nHost: smuggled\r\n\r\n\
         POST /form HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
         GET /ready HTTP/1.1\r\nHost: x\r\n\r\n\
         GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let expected = ["hello", "", "hello", "hello", "37", "3", "hello", "hello"];
    // Whole, and in two parts at every place: what is half there is nobody's to guess at.
    for cut in 0..asked.len() {
        let mut client = site.send(&asked.as_bytes()[..cut]).await;
        if cut > 0 {
            site.works().await;
        }
        client.write_all(&asked.as_bytes()[cut..]).await.unwrap();
        let text = rest(&mut client).await;
        let answers: Vec<&str> = text.split("HTTP/1.1 200 OK\r\n").skip(1).collect();
        let bodies = answers
            .iter()
            .map(|answer| answer.split_once("\r\n\r\n").unwrap().1);
        // What hyper has read already it answers, too.
        let bodies = bodies.map(|body| body.replace("ready", "hello"));
        assert_eq!(bodies.collect::<Vec<_>>(), expected, "cut at {cut}: {text}");
    }
}

#[tokio::test]
async fn a_connection_comes_back_from_hyper_with_every_answer() {
    let site = Site::start(bounds()).await;
    let mut client = site.connect().await;
    let form = "Content-Length: 3\r\n\r\nabc";
    let chunks = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for (asked, more, expected) in [
        ("GET /", "\r\n", "hello"),
        ("HEAD /", "\r\n", "\r\n\r\n"),
        ("POST /form", form, "3"),
        ("POST /form", chunks, "3"),
        ("HEAD /stream", "\r\n", "\r\n\r\n"),
        ("POST /refused", "\r\n", "\r\n\r\n"),
    ] {
        for (asked, more, expected) in [(asked, more, expected), ("GET /ready", "\r\n", "ready")] {
            let asked = format!("{asked} HTTP/1.1\r\nHost: x\r\n{more}");
            client.write_all(asked.as_bytes()).await.unwrap();
            until(&mut client, expected).await;
        }
    }
}

#[tokio::test]
async fn only_a_plain_question_is_answered_with_what_lies_ready() {
    let site = Site::start(bounds()).await;
    let many = "X: y\r\n".repeat(40);
    let table = [
        ("GET /ready HTTP/1.1\r\nHost: x\r\n\r\n", "ready"),
        (
            "GET /ready HTTP/1.1\r\nHost: x\r\nconnection: Keep-Alive\r\n\r\n",
            "ready",
        ),
        (
            "GET /ready HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
            "hello",
        ),
        (
            "GET /ready HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
            "hello",
        ),
        (
            "GET /ready HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab",
            "hello",
        ),
        (
            "GET /ready HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "hello",
        ),
        (
            "GET /ready HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
            "hello",
        ),
        ("GET /ready HTTP/1.0\r\nHost: x\r\n\r\n", "hello"),
        ("POST /ready HTTP/1.1\r\nHost: x\r\n\r\n", "hello"),
        (
            &format!("GET /ready HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
            "hello",
        ),
    ];
    for (asked, expected) in table {
        let mut client = site.send(asked.as_bytes()).await;
        let text = until(&mut client, expected).await;
        assert!(text.contains(" 200 OK\r\n"), "{asked}: {text}");
    }
    for wrong in [
        "GET /ready HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET /ready HTTP/1.1\r\n\0\r\n\r\n",
        "\r\n\x16\x03",
    ] {
        let mut client = site.send(wrong.as_bytes()).await;
        let text = rest(&mut client).await;
        assert!(!text.contains("200 OK"), "{wrong:?}: {text}");
    }
}

/// Whether the system has a body of ours in its hands.
fn is_held() -> bool {
    let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let names = open.filter_map(|it| std::fs::read_link(it.path()).ok());
    names
        .into_iter()
        .any(|name| name.to_string_lossy().starts_with("/memfd:page"))
}

#[tokio::test]
async fn a_large_ready_answer_arrives_whole_however_often_it_is_asked_for() {
    let site = Site::start(bounds()).await;
    let mut client = site.connect().await;
    let asked = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    let until_it_is_held = async {
        while !is_held() {
            client.write_all(asked).await.unwrap();
            large(&mut client).await;
        }
    };
    timeout(Duration::from_secs(30), until_it_is_held)
        .await
        .expect("it is asked for often");
    client.write_all(&asked.repeat(3)).await.unwrap();
    for _ in 0..3 {
        large(&mut client).await;
    }
    client
        .write_all(b"HEAD /large HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let head = until(&mut client, "\r\n\r\n").await;
    assert!(head.contains(&format!("content-length: {LARGE}\r\n")));
}

#[tokio::test]
async fn a_peer_that_does_not_read_what_lies_ready_is_cut() {
    let site = Site::start(bounds()).await;
    let _client = site
        .send(&b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n".repeat(60))
        .await;
    site.works().await; // and so it was accepted
    let gone = async {
        while site.gauge.open() > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, gone).await.expect("it must be cut");
}

#[tokio::test]
async fn a_client_that_was_given_what_lies_ready_is_closed_when_it_says_no_more() {
    let site = Site::start(bounds()).await;
    let mut client = site.connect().await;
    for _ in 0..3 {
        client
            .write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        until(&mut client, "ready").await;
    }
    assert_eq!(rest(&mut client).await, "");
}

#[tokio::test]
async fn ready_answers_that_are_on_their_way_arrive_after_the_signal() {
    let site = Site::start(Bounds {
        drain: SOON,
        ..bounds()
    })
    .await;
    let asked = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20);
    let mut client = site.send(&asked).await;
    client.readable().await.unwrap();
    site.stop.send(true).unwrap();
    for _ in 0..20 {
        large(&mut client).await;
    }
    assert_eq!(rest(&mut client).await, "");
}

#[tokio::test]
async fn who_has_just_come_when_the_signal_is_given_is_heard() {
    let site = Site::start(bounds()).await;
    let mut client = site.connect().await;
    site.works().await; // and so the earlier connection was accepted, too
    site.stop.send(true).unwrap();
    client
        .write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(rest(&mut client).await.ends_with("ready"));
}
