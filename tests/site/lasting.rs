//! What must hold for as long as a server runs, and through every restart: short here, whole with `tests/soak/run`.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::http::{Address, Connection};
use crate::site::Site;
use crate::stream::Stream;
use crate::waiting::{eventually, within};
use crate::whole::{seconds, sized};

/// A reader who is cut off after every so many events, and comes back with her cursor as long as there is more to come.
struct Reader {
    cursor: i64,
    told: Vec<i64>,
    chance: u64,
}

impl Reader {
    fn new(number: u64, cursor: i64) -> Reader {
        Reader {
            cursor,
            told: Vec::new(),
            chance: number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        }
    }

    /// A number that nobody foresees, below `most`.
    fn draw(&mut self, most: u64) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % most
    }

    /// Follows until the event that `last` names at last is reached.
    fn follow(&mut self, address: &Address, last: &AtomicI64) {
        loop {
            // The cut, the restart or the end of patience: all of them are answered by coming back.
            drop(self.visit(address, last));
            let last = last.load(Ordering::Acquire);
            if last != 0 && self.cursor >= last {
                return;
            }
            thread::park_timeout(Duration::from_millis(self.draw(20)));
        }
    }

    fn visit(&mut self, address: &Address, last: &AtomicI64) -> io::Result<()> {
        let cursor = self.cursor.to_string();
        let headers = [("Last-Event-ID", cursor.as_str())];
        let Ok(mut stream) = Stream::try_open(address, "/posts/hello/events", &headers)? else {
            return Ok(());
        };
        assert_eq!(stream.hello.event, "hello", "after {cursor}");
        assert_eq!(stream.hello.data["resumed"], true, "after {cursor}");
        for _ in 0..=self.draw(200) {
            let wanted = last.load(Ordering::Acquire);
            if wanted != 0 && self.cursor >= wanted {
                return Ok(());
            }
            let block = stream.block()?;
            let Some(id) = block.id else { continue };
            assert!(id >= self.cursor, "{id} after {}", self.cursor);
            if !block.event.is_empty() {
                assert!(id > self.cursor, "{id} came twice");
                self.told.push(id);
            }
            self.cursor = id;
        }
        Ok(())
    }
}

/// Says one thing after the other, through restarts, until so many were said by all together.
fn talk(address: &Address, lane: usize, said: &AtomicUsize, most: usize) {
    for n in 0.. {
        if said.load(Ordering::Relaxed) >= most {
            return;
        }
        let (body, op) = (format!("lane {lane}, line {n}"), format!("{lane}-{n}"));
        let fields = [
            ("name", "Ann"),
            ("body", body.as_str()),
            ("op", op.as_str()),
        ];
        let send = || -> io::Result<u16> {
            let answer = Connection::open(address)?.submit("/posts/hello/comments", &fields)?;
            Ok(answer.status())
        };
        while send().ok() != Some(303) {
            thread::park_timeout(Duration::from_millis(5));
        }
        said.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn through_cuts_and_restarts_every_reader_is_told_everything_in_order_and_once() {
    let (readers, restarts, events) = sized((16, 4, 400), (200, 20, 10_000));
    let mut site = Site::with_post("hello");
    let address = site.address().clone();
    let start = site.head();
    let (said, last) = (AtomicUsize::new(0), AtomicI64::new(0));
    let told: Vec<Vec<i64>> = thread::scope(|scope| {
        let (address, said, last) = (&address, &said, &last);
        let followers: Vec<_> = (1..=readers)
            .map(|number| {
                scope.spawn(move || {
                    let mut reader = Reader::new(number, start);
                    reader.follow(address, last);
                    reader.told
                })
            })
            .collect();
        let lanes: Vec<_> = (0..4)
            .map(|lane| scope.spawn(move || talk(address, lane, said, events)))
            .collect();
        for restart in 1..=restarts {
            let enough = events * restart / (restarts + 1);
            within(Duration::from_secs(600), "comments are written", || {
                said.load(Ordering::Relaxed) >= enough
            });
            match restart % 2 {
                0 => drop(site.stop()),
                _ => site.kill(),
            }
            site.serve();
        }
        lanes.into_iter().for_each(|lane| lane.join().unwrap());
        last.store(site.head(), Ordering::Release);
        // One more, so that whoever waits at the head looks up.
        site.comment("hello", "Ann", "the end");
        let ended = followers.into_iter().map(|follower| follower.join());
        ended.map(Result::unwrap).collect()
    });
    let last = last.into_inner();
    let file = site.database();
    let mut ids = file
        .prepare(
            "select id from events where id > ?1 and id <= ?2 and audience = 'public' order by id",
        )
        .unwrap();
    let ids = ids.query_map([start, last], |row| row.get(0)).unwrap();
    let ids: Vec<i64> = ids.map(Result::unwrap).collect();
    assert!(ids.len() >= events);
    for told in told {
        let told: Vec<_> = told.into_iter().filter(|id| *id <= last).collect();
        assert_eq!(
            told.iter().collect::<HashSet<_>>().len(),
            told.len(),
            "twice"
        );
        assert!(told == ids, "{} of {} were told", told.len(), ids.len());
    }
    let twice = "select count(*) from (select op from comments where op is not null group by op having count(*) > 1)";
    assert_eq!(site.ask(twice), 0);
    site.rowlog(&["check"]).worked();
}

/// A figure of `/metrics`.
fn figure(site: &Site, name: &str) -> i64 {
    let page = site.get("/metrics").expect(200).text();
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.and_then(|value| value.parse().ok())
        .unwrap_or_else(|| panic!("no {name} in\n{page}"))
}

#[test]
fn with_many_streams_and_slow_ones_memory_and_log_stay_flat() {
    let (fast, slow) = sized((40, 10), (400, 100));
    let duration = Duration::from_secs(seconds(6, 3_600));
    let site = Site::with_post("hello");
    let address = site.address().clone();
    let (is_over, last) = (AtomicBool::new(false), AtomicI64::new(0));
    let (mut memory, mut wal) = (Vec::new(), 0);
    thread::scope(|scope| {
        let (address, is_over, last) = (&address, &is_over, &last);
        let over = Over(is_over);
        let start = site.head();
        let followers: Vec<_> = (0..fast)
            .map(|number| {
                scope.spawn(move || {
                    let mut reader = Reader::new(number + 1, start);
                    reader.follow(address, last);
                    reader.told.len()
                })
            })
            .collect();
        for _ in 0..slow {
            scope.spawn(move || read_slowly(address, is_over));
        }
        let begun = Instant::now();
        let mut said = 0;
        while begun.elapsed() < duration {
            site.comment("hello", "Ann", &format!("comment {said}"));
            said += 1;
            if said % 100 == 0 {
                memory.push(figure(&site, "rowlog_resident_bytes"));
                wal = wal.max(figure(&site, "rowlog_wal_bytes"));
            }
            let next = begun + Duration::from_millis(50) * said;
            thread::park_timeout(next.saturating_duration_since(Instant::now()));
        }
        last.store(site.head(), Ordering::Release);
        site.comment("hello", "Ann", "the end");
        for follower in followers {
            assert!(follower.join().unwrap() >= said as usize);
        }
        drop(over);
    });
    println!("resident: {memory:?}, write-ahead log at most {wal}");
    assert!(
        wal > 0 && wal < 64 << 20,
        "the write-ahead log had {wal} bytes"
    );
    // What a server takes in its first ten minutes, 12,000 comments, is its caches; from then on it is flat.
    if let (Some(then), Some(now)) = (memory.get(120), memory.last()) {
        assert!(*now < then + then / 4, "{then} bytes became {now}");
    }
    let log = site.log_text();
    assert!(!log.contains("ERROR"), "{log}");
    eventually("nobody is left", || figure(&site, "rowlog_streams") == 0);
}

/// Says that it is over, however it comes to that: nobody shall wait for a story that has failed.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Opens a stream and takes a few bytes of it now and then; when it is closed for that, again.
fn read_slowly(address: &Address, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Acquire) {
        let Ok(Ok(mut stream)) = Stream::try_open(address, "/posts/hello/events?after=1", &[])
        else {
            thread::park_timeout(Duration::from_millis(50));
            continue;
        };
        while !is_over.load(Ordering::Acquire) && stream.block().is_ok() {
            thread::park_timeout(Duration::from_millis(500));
        }
    }
}

#[test]
fn who_does_not_read_at_all_costs_no_memory_and_holds_no_old_moment() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let deaf: Vec<_> = (0..sized(60, 500))
        .map(|_| site.follow_after("hello", 0))
        .collect();
    let text = "a long comment ".repeat(600);
    let before = figure(&site, "rowlog_resident_bytes");
    for n in 0..sized(300, 3_000) {
        ann.comment("hello", "Ann", &format!("{n} {text}"));
    }
    let wal = fs::metadata(site.data().join("rowlog.db-wal"))
        .unwrap()
        .len();
    assert!(wal < 64 << 20, "{wal}");
    let grown = figure(&site, "rowlog_resident_bytes") - before;
    println!("{} deaf streams: {grown} bytes more, log {wal}", deaf.len());
    assert!(grown < 200 << 20, "{grown} bytes more");
}
