//! `rowlog demo`: a blog alive by one command, which leaves nothing behind.

use std::fs;
use std::io::BufReader;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::http::{Address, Connection};
use crate::site::{PROGRAM, address_in};
use crate::stream::{Block, Stream};
use crate::waiting::{eventually, within};

/// From the start of the program to the last thing that a story waits for.
const SOON: Duration = Duration::from_secs(60);

/// A running demonstration, and the folder in which it makes its own.
struct Demo {
    place: TempDir,
    process: Child,
    address: Address,
    _stdout: BufReader<ChildStdout>,
}

impl Demo {
    fn start(options: &[&str]) -> Demo {
        let place = tempfile::tempdir().expect("a temporary folder can be made");
        let mut process = Command::new(PROGRAM)
            .args(["demo", "--listen", "127.0.0.1:0"])
            .args(options)
            .env("TMPDIR", place.path())
            .current_dir(place.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("stdout is piped"));
        let address = address_in(&mut stdout).expect("it says where it listens");
        Demo {
            place,
            process,
            address,
            _stdout: stdout,
        }
    }

    /// What it keeps on the disk now.
    fn folders(&self) -> usize {
        fs::read_dir(self.place.path())
            .expect("the folder can be read")
            .count()
    }

    fn streams(&self) -> i64 {
        let answer = Connection::open(&self.address)
            .and_then(|mut wire| wire.send("GET", "/health", &[("Connection", "close")], b""));
        let health = answer.expect("it answers").expect(200).json();
        health["streams"].as_i64().expect("a gauge")
    }

    /// Asks it to end, as a service manager (`TERM`) or a person at a terminal (`INT`) does.
    fn end(&mut self, signal: &str) {
        let pid = self.process.id().to_string();
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", signal, &pid])
            .status();
        assert!(sent.expect("there is a shell").success());
        let mut code = None;
        eventually("the demonstration ends", || {
            let ended = self.process.try_wait().expect("it can be waited for");
            code = ended.and_then(|status| status.code());
            ended.is_some()
        });
        assert_eq!(code, Some(0));
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

#[test]
fn a_demonstration_comes_alive_by_itself_and_leaves_nothing_behind() {
    let started = Instant::now();
    let mut demo = Demo::start(&["--seed", "4", "--pace", "10"]);
    assert_eq!(demo.folders(), 1);
    let mut stream = Stream::open(&demo.address, "/events", &[]).unwrap();
    let mut missing = vec![
        "a comment",
        "a reply",
        "a reaction to a post",
        "a reaction to a comment",
        "a change",
        "a deletion",
        "an entry",
    ];
    while !missing.is_empty() {
        assert!(started.elapsed() < SOON, "never seen: {missing:?}");
        let seen = sign(&stream.next());
        missing.retain(|sign| *sign != seen);
    }
    within(SOON, "readers stay on the pages", || demo.streams() > 2);
    demo.end("TERM");
    assert_eq!(demo.folders(), 0);
}

#[test]
fn a_demonstration_that_is_ended_at_once_leaves_nothing_behind() {
    for _ in 0..3 {
        let mut demo = Demo::start(&[]);
        demo.end("INT");
        assert_eq!(demo.folders(), 0);
    }
}

/// What an event is a sign of.
fn sign(block: &Block) -> &'static str {
    match block.event.as_str() {
        "comment:created" if block.data["comment"]["parent"].is_number() => "a reply",
        "entry:created" => "an entry",
        "comment:created" => "a comment",
        "comment:updated" => "a change",
        "comment:deleted" => "a deletion",
        "reaction:updated" if block.data["target"] == "post" => "a reaction to a post",
        "reaction:updated" => "a reaction to a comment",
        event => panic!("nobody was to do this: {event}"),
    }
}
