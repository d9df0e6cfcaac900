//! Restarts while readers follow: what is lost, and how soon everybody is back.

use std::io;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use crate::crowd::{Book, Crowd, mark};
use crate::figures::{Figures, quantile};
use crate::server::{Cores, Place, Server, Who};

/// How long events come while a server is restarted twice.
const STORM: Duration = Duration::from_secs(12);

/// Two restarts while events go on coming: what is lost, and how soon everybody is back.
pub fn storm(
    who: Who,
    place: &Place,
    readers: usize,
    frame: &str,
    figures: &mut Figures,
) -> io::Result<()> {
    // Ten thousand readers of twenty events a second are more deliveries than two cores can send.
    let every = Duration::from_millis(if readers > 1_000 { 500 } else { 50 });
    let mut server = Server::start(who, place, Cores::One)?;
    let events = STORM.as_millis() as usize / every.as_millis() as usize;
    let book = Book::new(events);
    let mut crowd = Crowd::new(server.address, who.stream(), readers, &book)?;
    crowd.arrive()?;
    let mut reads = 0.0;
    let end = scope(|scope| {
        let publishing = scope.spawn(|| {
            let mut publisher = server.client()?;
            for number in 1..=events {
                book.sent(number);
                publisher.ask(&who.publish(&mark(number), frame))?;
                sleep(every);
                if number == events / 3 || number == events * 2 / 3 {
                    drop(publisher);
                    server = server.restart(who, place, Cores::One)?;
                    publisher = server.client()?;
                }
            }
            if who == Who::Rowlog {
                reads = server.figure("rowlog_reads_total")?;
            }
            io::Result::Ok(server) // it is there until the last reader has come back
        });
        let mut until = None;
        let read = crowd.read_until(|crowd| {
            if publishing.is_finished() {
                until.get_or_insert_with(|| Instant::now() + Duration::from_secs(15));
            }
            until.is_some_and(|until| Instant::now() > until || crowd.behind(events) == 0)
        });
        let published = publishing
            .join()
            .map_err(|_| io::Error::other("the publisher failed"))?;
        read.and(published.map(drop))
    });
    end?;
    let lost = crowd.lost + crowd.missing(events);
    let behind = crowd.behind(events);
    let with = |what: &str| format!("two restarts with {readers} streams: {what}");
    let mut add =
        |what: &str, unit, bar, value| figures.add(who.name(), &with(what), unit, bar, value);
    add(
        "lost",
        "%",
        "0",
        lost as f64 / (events * readers) as f64 * 100.0,
    );
    add(
        "readers who are not up to date in the end",
        "",
        "0",
        behind as f64,
    );
    add(
        "a reader's stream is away, median",
        "ms",
        "",
        quantile(&mut crowd.returns, 0.5),
    );
    add(
        "the last one's",
        "s",
        "10 s",
        quantile(&mut crowd.returns, 1.0) / 1e3,
    );
    if who == Who::Rowlog {
        add(
            "questions to the database since the second",
            "",
            "50",
            reads,
        );
    }
    Ok(())
}
