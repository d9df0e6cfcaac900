//! Works with streams: what one costs, how soon all are told, and a flood of events.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use super::Size;
use crate::clients;
use crate::crowd::{Book, Crowd, mark};
use crate::figures::{Figures, quantile};
use crate::http::Request;
use crate::server::{Cores, Place, Server, Who};

/// What a comment becomes on the blog's stream, for the others to send the same.
pub fn frame(place: &Place) -> io::Result<String> {
    let server = Server::start(Who::Rowlog, place, Cores::All)?;
    let mut client = server.client()?;
    client.ask(&Who::Rowlog.publish(&mark(1), ""))?;
    let path = "/posts/hello/events?after=0";
    let mut socket = std::net::TcpStream::connect(server.address)?;
    socket.write_all(&Request::get(path).bytes(None))?;
    let (mut text, mut room) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let size = socket.read(&mut room)?;
        text.extend_from_slice(&room[..size]);
        let found = String::from_utf8_lossy(&text);
        let line = found
            .lines()
            .find(|line| line.starts_with("data: ") && line.contains(&mark(1)));
        match line {
            Some(line) if found.contains(&format!("{line}\n")) => {
                return Ok(line["data: ".len()..].to_owned());
            }
            _ if size == 0 => return Err(io::Error::other("the blog's stream has no comment")),
            _ => {}
        }
    }
}

/// One event to all readers, again and again: the memory of an idle stream, the time to every reader, and the server's
/// work.
pub fn streams(
    who: Who,
    place: &Place,
    size: Size,
    frame: &str,
    figures: &mut Figures,
) -> io::Result<()> {
    let mut server = Server::start(who, place, Cores::One)?;
    let book = Book::new(size.events);
    let mut publisher = server.client()?;
    sleep(Duration::from_millis(300));
    let before = server.memory();
    let mut crowd = Crowd::new(server.address, who.stream(), size.readers, &book)?;
    crowd.arrive()?;
    let settled = Instant::now() + Duration::from_millis(2_500);
    crowd.read_until(|_| Instant::now() > settled)?;
    let per_stream = (server.memory() - before) / size.readers as f64;
    let used = server.cpu();
    let over = AtomicBool::new(false);
    let answers = scope(|scope| {
        let publishing = scope.spawn(|| {
            let mut answers = Vec::new();
            for number in 1..=size.events {
                book.sent(number);
                let start = Instant::now();
                publisher.ask(&who.publish(&mark(number), frame))?;
                answers.push(start.elapsed().as_micros() as u32);
                let until = Instant::now() + Duration::from_secs(5);
                while book.seen(number) < size.readers && Instant::now() < until {
                    sleep(Duration::from_millis(5));
                }
                sleep(Duration::from_millis(100));
            }
            over.store(true, Ordering::Release);
            io::Result::Ok(answers)
        });
        let read = crowd.read_until(|_| over.load(Ordering::Acquire) || publishing.is_finished());
        let answers = publishing
            .join()
            .map_err(|_| io::Error::other("the publisher failed"))?;
        read.and(answers)
    });
    let used = server.cpu() - used;
    let deliveries = crowd.delays.len() as f64;
    let mut delays = crowd.delays_of(1..=size.events);
    let readers = size.readers;
    let mut add = |name: &str, unit, bar, value| figures.add(who.name(), name, unit, bar, value);
    add(
        &format!("memory of an idle stream, of {readers}"),
        "KiB",
        "nchan's; 9.5 KiB",
        per_stream,
    );
    add(
        &format!("one event to {readers}, median of all readers"),
        "ms",
        "nchan's",
        quantile(&mut delays, 0.5) / 1e3,
    );
    add(
        &format!("one event to {readers}, p99"),
        "ms",
        "1.1 × nchan's",
        quantile(&mut delays, 0.99) / 1e3,
    );
    add(
        "processor for a million deliveries",
        "s",
        "nchan's",
        used / deliveries * 1e6,
    );
    let mut answers = answers?;
    add(
        "the publisher is answered, median",
        "ms",
        "5 ms",
        quantile(&mut answers, 0.5) / 1e3,
    );
    let missing = (size.events * readers) as f64 - deliveries;
    add(
        "lost or out of order",
        "",
        "0",
        missing + crowd.disordered as f64,
    );
    server.stop()
}

/// As many events as make 100,000 deliveries in a second, for so long.
pub fn flood(
    who: Who,
    place: &Place,
    time: Duration,
    readers: usize,
    frame: &str,
    figures: &mut Figures,
) -> io::Result<()> {
    let every = Duration::from_secs_f64(readers as f64 / 100_000.0);
    let events = (time.as_secs_f64() / every.as_secs_f64()) as usize;
    let mut server = Server::start(who, place, Cores::One)?;
    let book = Book::new(events);
    let mut publisher = server.client()?;
    let mut crowd = Crowd::new(server.address, who.stream(), readers, &book)?;
    crowd.arrive()?;
    let sent = sent(who, &server)?;
    let (used, reads, start) = (server.cpu(), crowd.reads, Instant::now());
    let published = AtomicUsize::new(0);
    let taken = scope(|scope| {
        let publishing = scope.spawn(|| {
            // Who is late with its answers is offered fewer events, and not for longer.
            for number in (1..=events).take_while(|_| start.elapsed() <= time) {
                let due = start + every * number as u32;
                sleep(due.saturating_duration_since(Instant::now()));
                book.sent(number);
                publisher.ask(&who.publish(&mark(number), frame))?;
                published.store(number, Ordering::Release);
            }
            io::Result::Ok(())
        });
        let until = start + time + Duration::from_secs(5);
        let read = crowd.read_until(|_| {
            let last = published.load(Ordering::Acquire);
            Instant::now() > until || publishing.is_finished() && book.seen(last) == readers
        });
        let took = start.elapsed();
        let published = publishing
            .join()
            .map_err(|_| io::Error::other("the publisher failed"))?;
        read.and(published).map(|()| took)
    })?;
    let events = published.into_inner();
    let (used, deliveries) = (server.cpu() - used, crowd.delays.len() as f64);
    let to = |what: &str| format!("100,000 deliveries/s offered to {readers}: {what}");
    let mut add =
        |what: &str, unit, bar, value| figures.add(who.name(), &to(what), unit, bar, value);
    add(
        "delivered",
        "/s",
        "99,000",
        deliveries / taken.as_secs_f64(),
    );
    let sixth = (events / 6).max(1);
    for (when, of) in [
        ("p99", 1..=events),
        ("p99 in the first sixth", 1..=sixth),
        ("p99 in the last sixth", events + 1 - sixth..=events),
    ] {
        let mut delays = crowd.delays_of(of);
        add(when, "ms", "150 ms", quantile(&mut delays, 0.99) / 1e3);
    }
    add(
        "of a core",
        "%",
        "nchan's",
        used / taken.as_secs_f64() * 100.0,
    );
    add(
        "events in one read",
        "",
        "",
        deliveries / (crowd.reads - reads) as f64,
    );
    if let (Some(before), Some(after)) = (sent, self::sent(who, &server)?) {
        let (writes, blocks) = (after.0 - before.0, after.1 - before.1);
        add("events in one write", "", "", blocks / writes);
    }
    add(
        "lost or out of order",
        "",
        "0",
        (events * readers) as f64 - deliveries + crowd.disordered as f64,
    );
    server.stop()
}

/// Comments as quickly as sixteen clients can post them, told to so many readers: what comes close together leaves together.
pub fn flurry(
    place: &Place,
    time: Duration,
    readers: usize,
    figures: &mut Figures,
) -> io::Result<()> {
    let mut server = Server::start(Who::Rowlog, place, Cores::All)?;
    let book = Book::new(0);
    let mut crowd = Crowd::new(server.address, Who::Rowlog.stream(), readers, &book)?;
    crowd.arrive()?;
    let (writes, blocks) = sent(Who::Rowlog, &server)?.unwrap_or_default();
    let (used, address, start) = (server.cpu(), server.address, Instant::now());
    let outcome = scope(|scope| {
        let posting = scope.spawn(|| {
            let comment = |number| Who::Rowlog.comment(&format!("The {number}th to all of them."));
            clients::ask(address, 16, time, usize::MAX, &[201, 303], comment)
        });
        let read = crowd.read_until(|_| posting.is_finished());
        let outcome = posting
            .join()
            .map_err(|_| io::Error::other("the posting failed"))?;
        read.and(outcome)
    })?;
    let until = Instant::now() + Duration::from_secs(10);
    let newest = server.figure("rowlog_head")?.to_string();
    crowd.read_until(|crowd| crowd.apart_from(&newest) == 0 || Instant::now() > until)?;
    let (used, took) = (server.cpu() - used, start.elapsed().as_secs_f64());
    let told = outcome.delays.len() as f64;
    let after = sent(Who::Rowlog, &server)?.unwrap_or_default();
    let to = |what: &str| format!("comments by 16 at once, told to {readers}: {what}");
    let mut add =
        |what: &str, unit, bar, value| figures.add(Who::Rowlog.name(), &to(what), unit, bar, value);
    add("accepted", "/s", "", outcome.rate());
    add("delivered", "/s", "", told * readers as f64 / took);
    add(
        "events in one write",
        "",
        "several",
        (after.1 - blocks) / (after.0 - writes),
    );
    add(
        "processor for each, all its deliveries in it",
        "µs",
        "",
        used / told * 1e6,
    );
    add(
        "readers who have not all",
        "",
        "0",
        crowd.apart_from(&newest) as f64,
    );
    server.stop()
}

/// How often the blog has written to streams, and how many blocks.
fn sent(who: Who, server: &Server) -> io::Result<Option<(f64, f64)>> {
    if who != Who::Rowlog {
        return Ok(None);
    }
    Ok(Some((
        server.figure("rowlog_stream_writes_total")?,
        server.figure("rowlog_stream_blocks_total")?,
    )))
}
