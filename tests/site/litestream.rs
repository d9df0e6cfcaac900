//! Three machines on Litestream, as it comes: a primary and two replicas on one loopback, and what their clients have seen.

use std::env;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::courier::{Litestream, primary, serve_replica};
use crate::http::{Address, Connection};
use crate::site::Site;
use crate::stream::{Stream, is_timeout};

/// How many comments; `ROWLOG_TEST_COMMENTS` asks for more.
const COMMENTS: usize = 100;

/// Of ten comments one is sent to each replica, where the answer waits for the copy.
const AT_REPLICAS: usize = 10;

/// Between two comments at the primary, so that they are not all carried over at once.
const PACE: Duration = Duration::from_millis(50);

/// How long everyone may take to have everything, restarts included.
const AT_MOST: Duration = Duration::from_secs(180);

/// What a client has seen: each comment with how long after its commit it came, in milliseconds.
type Seen = Vec<(i64, i64)>;

/// Follows a post until it has come to the event `goal`, through whatever happens to the machine it is at.
fn follow(address: &Address, goal: &AtomicI64) -> Seen {
    let (mut after, mut seen, begun) = (0, Seen::new(), Instant::now());
    while after < goal.load(Ordering::Relaxed) {
        assert!(begun.elapsed() < AT_MOST, "it came to {after} only");
        let Ok(answer) = ask(address, after) else {
            thread::park_timeout(Duration::from_millis(20)); // the machine is away
            continue;
        };
        assert_eq!(answer["reset"], Value::Null, "nobody has to start anew");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        for event in answer["events"].as_array().expect("a list") {
            if event["kind"] == "comment:created" {
                let at = event["at"].as_i64().expect("milliseconds");
                let id = event["comment"]["id"].as_i64().expect("an id");
                seen.push((id, now.as_millis() as i64 - at));
            }
        }
        after = answer["after"].as_i64().expect("a cursor");
    }
    seen
}

/// Listens to a stream until it has come to the event `goal`; the comments that came.
fn listen(mut stream: Stream, goal: &AtomicI64) -> Vec<i64> {
    let (mut seen, begun) = (Vec::new(), Instant::now());
    while stream.cursor < goal.load(Ordering::Relaxed) {
        assert!(
            begun.elapsed() < AT_MOST,
            "it came to {} only",
            stream.cursor
        );
        match stream.block() {
            Ok(block) if block.event == "comment:created" => seen.push(block.comment()),
            Ok(block) => assert!(!["reset", "bye"].contains(&&*block.event), "{block:?}"),
            Err(error) if is_timeout(&error) => {} // nothing is happening
            Err(error) => panic!("the stream broke: {error}"),
        }
    }
    seen
}

fn ask(address: &Address, after: i64) -> std::io::Result<Value> {
    let headers = [("Accept", "application/json"), ("Connection", "close")];
    let path = format!("/posts/hello/events?after={after}&wait=2");
    let answer = Connection::open(address)?.send("GET", &path, &headers, b"")?;
    Ok(answer.expect(200).json())
}

fn write(site: &Site, name: &str, count: usize, pace: Duration) {
    let mut ann = site.visitor();
    for n in 0..count {
        ann.comment("hello", name, &format!("{name} says {n}"));
        thread::park_timeout(pace);
    }
}

#[test]
fn everyone_at_three_machines_sees_the_same_whatever_is_restarted() {
    if Litestream::program().is_none() {
        println!("skipped: Litestream is not there (tests/run sees to it)");
        return;
    }
    let comments = env::var("ROWLOG_TEST_COMMENTS").ok();
    let comments = comments.map_or(COMMENTS, |count| count.parse().expect("a number"));
    let each = comments / 2; // before the restarts, and after them
    let mut site = primary("off");
    let store = site.path("store");
    let mut copying = Litestream::copying(&site, &store);
    let [mut one, mut two] = [Site::offline(), Site::offline()];
    let _first = Litestream::following(&one, &store);
    let mut second = Litestream::following(&two, &store);
    serve_replica(&mut one, &site);
    serve_replica(&mut two, &site);

    let goal = AtomicI64::new(i64::MAX);
    let addresses = [&site, &one, &two].map(|site| site.address().clone());
    let stream = two.follow("hello");
    let half = |hour: &str, site: &Site, one: &Site, two: &Site| {
        thread::scope(|scope| {
            let few = each / AT_REPLICAS;
            scope.spawn(move || write(site, &format!("Ann {hour}"), each - 2 * few, PACE));
            scope.spawn(move || write(one, &format!("Bob {hour}"), few, Duration::ZERO));
            scope.spawn(move || write(two, &format!("Eve {hour}"), few, Duration::ZERO));
        });
    };
    let (seen, streamed): (Vec<Seen>, _) = thread::scope(|scope| {
        let clients = addresses.each_ref().map(|address| {
            let goal = &goal;
            scope.spawn(move || follow(address, goal))
        });
        let live = scope.spawn(|| listen(stream, &goal));
        half("at first", &site, &one, &two);
        site.kill();
        drop(copying.take());
        site.serve();
        copying = Litestream::copying(&site, &store);
        one.kill();
        serve_replica(&mut one, &site);
        drop(second.take());
        second = Litestream::following(&two, &store);
        half("later", &site, &one, &two);
        goal.store(site.head(), Ordering::Relaxed);
        let seen = clients.map(|client| client.join().expect("it saw all"));
        (seen.into(), live.join().expect("it heard all"))
    });
    let ids = |seen: &Seen| seen.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    let written = site.ask("select count(*) from comments") as usize;
    assert_eq!((ids(&seen[0]).len(), written), (2 * each, 2 * each));
    assert_eq!(ids(&seen[1]), ids(&seen[0]));
    assert_eq!(ids(&seen[2]), ids(&seen[0]));
    assert_eq!(streamed, ids(&seen[0]));
    let threads = |site: &Site| site.post("hello").markup("#threads");
    assert_eq!(threads(&one), threads(&site));
    assert_eq!(threads(&two), threads(&site));

    let mut lags: Vec<i64> = seen[1..].iter().flatten().map(|(_, lag)| *lag).collect();
    lags.sort_unstable();
    let (median, last) = (lags[lags.len() / 2], lags.last().unwrap());
    println!("{written} comments; at the replicas after {median} ms (median), {last} ms at most");
    drop((copying, second));
}
