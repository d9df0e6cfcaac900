//! Crashes: what was acknowledged is there, and every reader finds the thread again.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use crate::http::{Address, Connection, PATIENCE};
use crate::site::Site;
use crate::stream::{Block, Stream};
use crate::visitor::comment_in;
use crate::whole::sized;

const POSTERS: usize = 50;
const READERS: usize = 4;
/// Acknowledged comments in a round before the server is killed.
const ENOUGH: usize = 60;

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed_again_and_again() {
    let rounds = sized(20, 200);
    let mut site = Site::with_post("hello");
    let mut readers: Vec<_> = (0..READERS)
        .map(|_| Reader {
            cursor: site.head(),
            seen: Vec::new(),
        })
        .collect();
    let mut acknowledged: HashMap<i64, String> = HashMap::new();
    for round in 0..rounds {
        let address = site.address().clone();
        let (done, acknowledgements) = mpsc::channel();
        // Every reader is back, with its own cursor, before the next storm begins.
        let streams: Vec<_> = readers.iter().map(|reader| reader.open(&address)).collect();
        thread::scope(|scope| {
            for (reader, stream) in readers.iter_mut().zip(streams) {
                scope.spawn(move || reader.follow_until_it_breaks(stream));
            }
            for poster in 0..POSTERS {
                let (done, address) = (done.clone(), &address);
                scope.spawn(move || post_until_it_breaks(address, round, poster, &done));
            }
            drop(done);
            let mut count = 0;
            while count < ENOUGH {
                let (id, body) = acknowledgements
                    .recv_timeout(PATIENCE)
                    .expect("comments are acknowledged");
                assert!(
                    acknowledged.insert(id, body).is_none(),
                    "comment {id} was acknowledged twice"
                );
                count += 1;
            }
            site.kill();
            // Those that were answered before the end count as well.
            acknowledged.extend(acknowledgements.iter());
        });
        site.serve();
    }
    let head = site.head();
    for reader in &mut readers {
        reader.catch_up(site.address(), head);
    }
    everything_is_there(&site, &acknowledged);
    for reader in &readers {
        let created: Vec<_> = reader
            .seen
            .iter()
            .filter(|event| event.event == "comment:created")
            .collect();
        let ids: Vec<_> = created.iter().filter_map(|event| event.id).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "ids rise, none comes twice");
        let told: HashSet<_> = created.iter().map(|event| event.comment()).collect();
        assert_eq!(told.len(), created.len(), "a comment was told twice");
        assert!(
            acknowledged.keys().all(|id| told.contains(id)),
            "an acknowledged comment was not told"
        );
    }
    assert!(acknowledged.len() >= rounds * ENOUGH);
    assert_eq!(site.rowlog(&["check"]).worked().code, Some(0));
}

/// Every comment that was acknowledged is in the file, each once and with one event.
pub fn everything_is_there(site: &Site, acknowledged: &HashMap<i64, String>) {
    let file = site.database();
    let ok: String = file
        .query_row("pragma integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(ok, "ok");
    let mut rows = file.prepare("select id, body from comments").unwrap();
    let rows: HashMap<i64, String> = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (id, body) in acknowledged {
        assert_eq!(rows.get(id), Some(body), "comment {id} was acknowledged");
    }
    let bodies: HashSet<_> = rows.values().collect();
    assert_eq!(bodies.len(), rows.len(), "a comment is there twice");
    let created = site.ask("select count(*) from events where kind = 'comment:created'");
    let distinct =
        site.ask("select count(distinct subject) from events where kind = 'comment:created'");
    assert_eq!(
        (created, distinct),
        (rows.len() as i64, rows.len() as i64),
        "one event each"
    );
}

/// Posts comment after comment on one connection until the server is gone; reports those it was shown.
fn post_until_it_breaks(
    address: &Address,
    round: usize,
    poster: usize,
    done: &Sender<(i64, String)>,
) {
    let Ok(mut connection) = Connection::open(address) else {
        return;
    };
    for line in 0.. {
        let body = format!("round {round}, poster {poster}, line {line}");
        let fields = [("name", "Ann"), ("body", body.as_str())];
        let Ok(answer) = connection.submit("/posts/hello/comments", &fields) else {
            return;
        };
        let id = comment_in(answer.expect(303).location());
        if done.send((id, body)).is_err() {
            return;
        }
    }
}

/// A reader who comes back with her cursor after each crash.
struct Reader {
    cursor: i64,
    seen: Vec<Block>,
}

impl Reader {
    fn open(&self, address: &Address) -> Stream {
        let cursor = self.cursor.to_string();
        let stream = Stream::open(
            address,
            "/posts/hello/events",
            &[("Last-Event-ID", &cursor)],
        );
        let stream = stream.unwrap_or_else(|answer| panic!("no stream: {:?}", answer.head));
        assert_eq!(
            (stream.hello.event.as_str(), &stream.hello.data["resumed"]),
            ("hello", &true.into())
        );
        stream
    }

    fn follow_until_it_breaks(&mut self, mut stream: Stream) {
        while let Ok(block) = stream.try_next() {
            self.cursor = block.id.unwrap_or(self.cursor);
            self.seen.push(block);
        }
    }

    fn catch_up(&mut self, address: &Address, head: i64) {
        if self.cursor < head {
            let missed = self.open(address).up_to(head);
            self.seen.extend(missed);
        }
    }
}

#[test]
fn readers_under_load_see_every_event_in_order_and_once() {
    let site = Site::with_post("hello");
    let start = site.head();
    let posted = Mutex::new(HashSet::new());
    let total = 400;
    thread::scope(|scope| {
        for lane in 0..4 {
            let (site, posted) = (&site, &posted);
            scope.spawn(move || {
                for n in 0..total / 4 {
                    let id = site.comment("hello", "Ann", &format!("lane {lane}, line {n}"));
                    posted.lock().unwrap().insert(id);
                }
            });
        }
        for reader in 0..12_i64 {
            let site = &site;
            scope.spawn(move || follow_with_cuts(site, start, reader, total));
        }
    });
    assert_eq!(posted.lock().unwrap().len(), total);
}

/// Follows until all comments have come, and cuts the connection after every few of them.
fn follow_with_cuts(site: &Site, start: i64, reader: i64, total: usize) {
    let mut cursor = start;
    let mut told = Vec::new();
    while told.len() < total {
        let mut stream = site.stream(
            "/posts/hello/events",
            &[("Last-Event-ID", &cursor.to_string())],
        );
        for _ in 0..(reader + 3).min((total - told.len()) as i64) {
            let event = stream.next();
            assert!(event.id > Some(cursor), "{event:?} after {cursor}");
            cursor = event.id.unwrap();
            told.push(event.comment());
        }
    }
    assert_eq!(told.iter().collect::<HashSet<_>>().len(), total);
}

#[test]
fn an_orderly_end_says_goodbye_to_five_hundred_readers_and_takes_less_than_three_seconds() {
    let mut site = Site::with_post("hello");
    let streams: Vec<_> = (0..500).map(|_| site.follow("hello")).collect();
    let (status, took) = site.stop();
    assert_eq!(status.code(), Some(0));
    println!("an orderly end with 500 streams: {took:?}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    let mut waits = HashSet::new();
    for stream in streams {
        let blocks = stream.rest();
        let bye = blocks.last().expect("a last word");
        assert_eq!(
            (bye.event.as_str(), bye.id, &bye.data["reason"]),
            ("bye", None, &"restart".into())
        );
        waits.insert(bye.data["after"].as_i64().expect("when to return"));
    }
    assert!(
        waits.len() > 1,
        "everybody is told to return at the same time"
    );
}

#[test]
fn ctrl_c_is_an_orderly_end_too() {
    let mut site = Site::with_post("hello");
    let stream = site.follow("hello");
    site.signal("INT");
    assert_eq!(site.ended().code(), Some(0));
    assert_eq!(
        stream.rest().last().map(|block| block.event.clone()),
        Some("bye".to_owned())
    );
    assert!(site.is_complete_alone());
}
