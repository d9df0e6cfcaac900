//! As many streams as the machine has descriptors for, and somebody who reads pages meanwhile.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use super::{Size, blog};
use crate::clients;
use crate::crowd::{Book, Crowd, mark};
use crate::figures::{Figures, quantile};
use crate::server::{Cores, Place, Server, Who};

/// Readers of pages: each asks once a second, so all of them every twentieth of one.
const VISITORS: usize = 50;
const VISIT_EVERY: Duration = Duration::from_millis(20);

/// One event a second to all streams, and pages beside them. `page` is what those who have no pages of their own answer with.
pub fn crowd(
    who: Who,
    place: &Place,
    size: Size,
    frame: &str,
    page: &[u8],
    figures: &mut Figures,
) -> io::Result<()> {
    let (readers, time) = (size.crowd, size.crowd_for);
    let mut server = Server::start(who, place, Cores::One)?;
    let paths: &[&str] = match who {
        Who::Rowlog => {
            blog::talk(&server, 100)?;
            &["/posts/hello", "/"]
        }
        _ => {
            fs::create_dir(server.folder().join("static"))?;
            fs::write(server.folder().join("static/page"), page)?;
            &["/static/page"]
        }
    };
    let before = server.memory();
    let events = time.as_secs().max(2) as usize;
    let book = Book::new(events);
    let mut crowd = Crowd::new(server.address, who.stream(), readers, &book)?;
    let start = Instant::now();
    crowd.arrive()?;
    let arrived = start.elapsed().as_secs_f64();
    let settled = Instant::now() + Duration::from_millis(2_500);
    crowd.read_until(|_| Instant::now() > settled)?;
    let per_stream = (server.memory() - before) / readers as f64;
    let over = AtomicBool::new(false);
    let mut publisher = server.client()?;
    let (used, start) = (server.cpu(), Instant::now());
    let outcome = scope(|scope| {
        let publishing = scope.spawn(|| {
            let published = (1..=events).try_for_each(|number| {
                book.sent(number);
                publisher.ask(&who.publish(&mark(number), frame))?;
                let next = start + Duration::from_secs(number as u64);
                sleep(next.saturating_duration_since(Instant::now()));
                io::Result::Ok(())
            });
            let until = Instant::now() + Duration::from_secs(15);
            while book.seen(events) < readers && Instant::now() < until {
                sleep(Duration::from_millis(5));
            }
            over.store(true, Ordering::Release);
            published
        });
        let is_over = || over.load(Ordering::Acquire);
        let address = server.address;
        let visiting =
            scope.spawn(move || clients::visit(address, VISITORS, VISIT_EVERY, paths, is_over));
        let read = crowd.read_until(|_| is_over());
        let failed = |_| io::Error::other("a thread of the load failed");
        publishing.join().map_err(failed)??;
        let outcome = visiting.join().map_err(failed)??;
        read.map(|()| outcome)
    });
    let mut outcome = outcome?;
    let (used, took) = (server.cpu() - used, start.elapsed().as_secs_f64());
    let mut delays = crowd.delays_of(1..=events);
    let with = |what: &str| format!("{readers} streams, one event a second: {what}");
    let mut add =
        |what: &str, unit, bar, value| figures.add(who.name(), &with(what), unit, bar, value);
    let page = quantile(&mut outcome.delays, 0.5) / 1e3;
    add("a page, median", "ms", "", page);
    let page = quantile(&mut outcome.delays, 0.99) / 1e3;
    add("a page, p99", "ms", "50 ms", page);
    add("pages refused", "", "0", outcome.refused as f64);
    add("pages read", "/s", "", outcome.rate());
    add("an event, p99", "ms", "", quantile(&mut delays, 0.99) / 1e3);
    let missing = (events * readers) as f64 - delays.len() as f64;
    add(
        "lost or out of order",
        "",
        "0",
        missing + crowd.disordered as f64,
    );
    add("of a core", "%", "", used / took * 100.0);
    add("all are there after", "s", "", arrived);
    add("memory of a stream", "KiB", "", per_stream);
    server.stop()
}
