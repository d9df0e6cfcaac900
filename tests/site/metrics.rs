//! Figures for whoever watches the server.

use crate::site::Site;

/// The value of a figure.
#[track_caller]
fn figure(page: &str, name: &str) -> f64 {
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name} ")));
    let value = line.unwrap_or_else(|| panic!("no {name} in\n{page}"));
    value.parse().unwrap()
}

#[test]
fn the_figures_tell_of_what_happens_and_of_nothing_that_is_written() {
    let site = Site::with_post("hello");
    let _reader = site.follow("hello");
    site.comment("hello", "Ann", "frobnicate");
    site.get("/nothing").expect(404);
    let answer = site.get("/metrics").expect(200);
    let kind = answer.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let page = answer.text();
    assert_eq!(figure(&page, "rowlog_head"), site.head() as f64);
    assert_eq!(figure(&page, "rowlog_streams"), 1.0);
    assert_eq!(figure(&page, "rowlog_readers"), 1.0);
    assert_eq!(figure(&page, "rowlog_queue_length"), 0.0);
    assert!(figure(&page, "rowlog_requests_total{status=\"4xx\"}") >= 1.0);
    assert!(figure(&page, "rowlog_requests_total{status=\"3xx\"}") >= 1.0);
    for positive in [
        "rowlog_commit_seconds_count",
        "rowlog_commit_seconds_sum",
        "rowlog_changes_total",
        "rowlog_connections",
        "rowlog_stream_writes_total",
        "rowlog_stream_blocks_total",
        "rowlog_file_bytes",
        "rowlog_wal_bytes",
        "rowlog_free_bytes",
        "rowlog_resident_bytes",
    ] {
        assert!(figure(&page, positive) > 0.0, "{positive} in\n{page}");
    }
    assert_eq!(figure(&page, "rowlog_fault{fault=\"disk-full\"}"), 0.0);
    for line in page.lines() {
        let is_sample = line
            .rsplit_once(' ')
            .is_some_and(|(_, value)| value.parse::<f64>().is_ok());
        assert!(line.starts_with("# ") || is_sample, "{line:?}");
    }
    for word in ["hello", "Ann", "frobnicate"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn through_a_proxy_the_figures_are_for_a_token_alone() {
    let site = Site::with_post("hello");
    let token = |scopes: &str| {
        let made = site
            .rowlog(&["token", "new", "Watcher", "--scopes", scopes])
            .worked();
        format!("Bearer {}", made.stdout.trim_end())
    };
    let far = ("X-Forwarded-For", "203.0.113.7");
    site.send("GET", "/metrics", &[far], b"").expect(403);
    let ask = |bearer: &str| site.send("GET", "/metrics", &[far, ("Authorization", bearer)], b"");
    ask(&token("create")).expect(403);
    ask("Bearer nothing").expect(403);
    assert!(
        ask(&token("metrics"))
            .expect(200)
            .text()
            .contains("rowlog_head")
    );
    let health = site.send("GET", "/health", &[far], b"").expect(200).json();
    assert_eq!(health["status"], "ok");
    for inside in ["faults", "free", "backup"] {
        assert!(health[inside].is_null(), "{inside} is told to everyone");
    }
}
