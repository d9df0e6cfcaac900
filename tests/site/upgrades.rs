//! Upgrades: the service manager holds the socket, so that nobody is refused while one server ends and the next begins.

use std::collections::HashSet;
use std::env;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use crate::http::{Address, Connection, FORM, PATIENCE, encode};
use crate::site::{Site, path};
use crate::stream::Stream;
use crate::visitor::comment_in;

/// What systemd does for a service with a socket: it listens, hands the socket over, and hears how far the server is.
struct Manager {
    socket: TcpListener,
    ear: UnixDatagram,
}

impl Manager {
    fn of(site: &Site) -> Manager {
        let ear = UnixDatagram::bind(site.path("notify")).expect("the folder can be written");
        ear.set_read_timeout(Some(PATIENCE)).unwrap();
        let socket = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        Manager { socket, ear }
    }

    fn start(&self, site: &mut Site) {
        let socket = self.socket.try_clone().expect("a socket can be shared");
        let place = path(&site.path("notify")).to_owned();
        site.serve_on(OwnedFd::from(socket), &place);
        assert_eq!(self.hears(), "READY=1");
        assert_eq!(
            site.address().to_string(),
            self.socket.local_addr().unwrap().to_string()
        );
    }

    fn restart(&self, site: &mut Site) {
        let (status, _) = site.stop();
        assert!(status.success());
        assert_eq!(self.hears(), "STOPPING=1");
        self.start(site);
    }

    fn hears(&self) -> String {
        let mut heard = [0; 64];
        let length = self
            .ear
            .recv(&mut heard)
            .expect("the server says how it is");
        String::from_utf8_lossy(&heard[..length]).into_owned()
    }

    fn address(&self) -> Address {
        Address::Port(self.socket.local_addr().unwrap())
    }
}

/// Reads and writes until told to stop, each time on a connection of its own; the comments that were answered for.
fn keep_busy(address: &Address, name: &str, over: &AtomicBool) -> Vec<i64> {
    let mut ids = Vec::new();
    for n in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let body = format!("{name} says {n}");
        let fields = encode(&[("name", name), ("body", &body)]);
        let headers = [FORM, ("Connection", "close")];
        let mut connection = Connection::open(address).expect("nobody is refused");
        let sent = connection.send("POST", "/posts/hello/comments", &headers, fields.as_bytes());
        let answer = sent.expect("whoever was let in is answered");
        ids.push(comment_in(answer.expect(303).location()));
        let mut connection = Connection::open(address).expect("nobody is refused");
        let page = connection.send("GET", "/", &[("Connection", "close")], b"");
        page.expect("whoever was let in is answered").expect(200);
    }
    ids
}

#[test]
fn nobody_is_refused_while_the_server_is_restarted_under_load() {
    let mut site = Site::offline();
    let manager = Manager::of(&site);
    manager.start(&mut site);
    site.publish("hello", "A post", "Something to talk about.");
    let over = AtomicBool::new(false);
    let ids: Vec<i64> = thread::scope(|scope| {
        let people = ["Ann", "Bob", "Eve", "Kim"].map(|name| {
            let (address, over) = (manager.address(), &over);
            scope.spawn(move || keep_busy(&address, name, over))
        });
        for _ in 0..2 {
            let before = site.head();
            manager.restart(&mut site);
            let mut stream = site.follow_after("hello", before);
            (0..20).for_each(|_| drop(stream.next())); // the load goes on
        }
        over.store(true, Ordering::Relaxed);
        let each = people.map(|one| one.join().expect("nobody was refused"));
        each.concat()
    });
    let distinct: HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
    assert_eq!(site.ask("select count(*) from comments"), ids.len() as i64);
}

#[test]
fn a_client_that_had_just_come_is_heard_before_the_server_ends() {
    let mut site = Site::with_post("hello");
    let mut early = Connection::open(site.address()).unwrap();
    let mut stream = site.follow("hello"); // so that the one before has been accepted
    site.signal("TERM");
    stream.next_of("bye");
    let answer = early.send("GET", "/posts/hello", &[], b"");
    assert_eq!(answer.expect("it is heard").status(), 200);
    assert!(site.ended().success());
}

/// So many that coming back at once would be felt; `ROWLOG_TEST_STREAMS` asks for more.
const MANY: usize = 500;

#[test]
fn those_who_read_live_come_back_spread_out_and_miss_nothing() {
    let many = env::var("ROWLOG_TEST_STREAMS").ok();
    let many = many.map_or(MANY, |count| count.parse().expect("a number"));
    let mut site = Site::offline();
    let manager = Manager::of(&site);
    manager.start(&mut site);
    site.publish("hello", "A post", "Something to talk about.");
    let seen = site.head();
    let streams: Vec<Stream> = (0..many).map(|_| site.follow("hello")).collect();
    let leaving = thread::spawn(move || {
        let said = streams.into_iter().map(|stream| {
            let blocks = stream.rest();
            let bye = blocks.last().expect("a stream ends with a word").clone();
            assert_eq!(bye.event, "bye");
            bye.data["after"].as_u64().expect("milliseconds")
        });
        said.collect::<Vec<_>>()
    });
    manager.restart(&mut site);
    let mut after = leaving.join().unwrap();
    after.sort_unstable();
    let (first, last) = (after[0], after[many - 1]);
    let span = 500 + many as u64; // a millisecond for each
    assert!(first >= 250 && last <= 250 + span, "{first} to {last} ms");
    let busiest = (0..10).map(|tenth| {
        let from = 250 + span * tenth / 10;
        let within = |ms: &&u64| (from..from + span / 10).contains(*ms);
        after.iter().filter(within).count()
    });
    let busiest = busiest.max().expect("there are ten");
    assert!(busiest < many / 4, "{busiest} in a tenth of {span} ms");

    let id = site.comment("hello", "Ann", "while they were away");
    let begun = Instant::now();
    for _ in 0..many {
        let mut stream = site.follow_after("hello", seen);
        assert_eq!(stream.next().comment(), id);
    }
    let took = begun.elapsed();
    println!("{many} come back within {last} ms; one after the other they need {took:?}");
}
