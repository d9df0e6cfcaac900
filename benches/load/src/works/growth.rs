//! Whether cost grows as it should: with streams, with comments on a post, with posts, with the log.
//!
//! Cost is the processor's time of the server, where nothing else is said: what else the machine does is not in it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use super::seed;
use crate::crowd::{Book, Crowd, mark};
use crate::http::{Client, Request};
use crate::server::{Cores, Place, Server, Who, comment};
use crate::steps::Steps;

/// How often each thing is asked for, and how often a blog is started.
const TIMES: usize = 15;
const STARTS: usize = 5;

/// A page that has just been made is not made again for a moment (a twentieth of a second), so that a burst costs no more.
const MOMENT: Duration = Duration::from_millis(60);

/// How long what follows an answer may take: streams are told of a comment, a socket is waited for.
const AFTER: Duration = Duration::from_millis(3);

/// Events that are too old at a start: more than three steps of the trimming take.
const OLD: usize = 1_800;

/// One event to so many streams, as fast as all have it, for `time`.
pub fn streams(place: &Place, time: Duration, sizes: &[usize], frame: &str) -> io::Result<Steps> {
    let mut steps = Steps::of("streams", sizes);
    for &size in sizes {
        let mut server = Server::start(Who::Rowlog, place, Cores::One)?;
        let mut publisher = server.client()?;
        publisher.ask(&comment("The first thing to be said about it."))?;
        sleep(Duration::from_millis(300));
        let before = server.memory();
        let book = Book::new(100_000);
        let path = Who::Rowlog.stream();
        let mut crowd = Crowd::new(server.address, path, size, &book)?;
        crowd.arrive()?;
        let settled = Instant::now() + Duration::from_millis(2_500);
        crowd.read_until(|_| Instant::now() > settled)?;
        let memory = server.memory() - before;
        let (used, start, over) = (server.cpu(), Instant::now(), AtomicBool::new(false));
        let all = scope(|scope| {
            let publishing = scope.spawn(|| {
                let mut all = Vec::new();
                let published =
                    (1..)
                        .take_while(|_| start.elapsed() < time)
                        .try_for_each(|number| {
                            let begun = Instant::now();
                            book.sent(number);
                            publisher.ask(&Who::Rowlog.publish(&mark(number), frame))?;
                            while book.seen(number) < size
                                && begun.elapsed() < Duration::from_secs(5)
                            {
                                sleep(Duration::from_micros(200));
                            }
                            all.push(begun.elapsed().as_secs_f64() * 1e3);
                            io::Result::Ok(())
                        });
                over.store(true, Ordering::Release);
                published.map(|()| all)
            });
            let read = crowd.read_until(|_| over.load(Ordering::Acquire));
            let failed = |_| io::Error::other("the publisher failed");
            let all = publishing.join().map_err(failed)?;
            read.and(all)
        });
        let (used, all) = (server.cpu() - used, all?);
        let each = used / all.len() as f64;
        steps.add(size, "the last one has an event after", "ms", all);
        steps.add(size, "processor for an event", "ms", vec![each * 1e3]);
        steps.add(
            size,
            "processor for a delivery",
            "µs",
            vec![each * 1e6 / size as f64],
        );
        steps.add(
            size,
            "memory of a stream",
            "KiB",
            vec![memory / size as f64],
        );
        server.stop()?;
    }
    Ok(steps)
}

/// A post with so many comments.
pub fn comments(place: &Place, sizes: &[usize]) -> io::Result<Steps> {
    let mut steps = Steps::of("comments on a post", sizes);
    let mut server = begun(place)?;
    for &size in sizes {
        server = grown(server, place, size, &mut steps, |folder| {
            seed::comments(folder, size)
        })?;
        let mut said = Vec::new();
        pages(&server, &["/posts/hello"], |_, first, cached, answered| {
            steps.add(size, "its first page after a change", "ms", first);
            steps.add(size, "its page from memory", "ms", cached);
            said = answered;
        })?;
        steps.add(size, "a new comment", "ms", said);
    }
    server.stop()?;
    Ok(steps)
}

/// A blog with so many posts.
pub fn posts(place: &Place, sizes: &[usize]) -> io::Result<Steps> {
    let mut steps = Steps::of("posts", sizes);
    let mut server = begun(place)?;
    for &size in sizes {
        server = grown(server, place, size, &mut steps, |folder| {
            seed::posts(folder, size)
        })?;
        pages(
            &server,
            &["/", "/archive", "/posts/hello"],
            |path, first, cached, _| {
                let (new, kept) = match path {
                    "/" => ("home, the first after a change", "home, from memory"),
                    "/archive" => ("archive, the first after a change", "archive, from memory"),
                    _ => ("a post, the first after a change", "a post, from memory"),
                };
                steps.add(size, new, "ms", first);
                steps.add(size, kept, "ms", cached);
            },
        )?;
        let mut reader = server.client()?;
        for (name, words) in [
            ("search: a word of one post", "zq000005"),
            ("search: a word of a tenth of the posts", "tide"),
            ("search: a word of all posts", "weather"),
        ] {
            let question = Request::get(&format!("/search?q={words}"));
            let times = (0..TIMES).map(|_| cost(&server, &mut reader, &question));
            steps.add(size, name, "ms", times.collect::<io::Result<_>>()?);
        }
    }
    server.stop()?;
    Ok(steps)
}

/// A log with so many rows, of a thousand comments.
pub fn log(place: &Place, sizes: &[usize]) -> io::Result<Steps> {
    let mut steps = Steps::of("rows of the log", sizes);
    let mut server = begun(place)?;
    server = server.restart_after(Who::Rowlog, place, Cores::All, |folder| {
        seed::comments(folder, 900)
    })?;
    for &size in sizes {
        let is_long = size > 3 * OLD;
        let mut steppings = Vec::new();
        server = grown(server, place, size, &mut steps, |folder| {
            seed::events(folder, size)
        })?;
        pages(&server, &["/posts/hello"], |_, first, cached, said| {
            steps.add(size, "a page, the first after a change", "ms", first);
            steps.add(size, "a page, from memory", "ms", cached);
            steps.add(size, "a new comment", "ms", said);
        })?;
        let head = server.figure("rowlog_head")?;
        for (name, after) in [
            ("what follows the newest 100, from memory", head - 100.0),
            (
                "a hundred from the middle, from the file",
                head - size as f64 / 2.0,
            ),
        ] {
            let mut reader = server.client()?;
            let question =
                Request::get(&format!("/posts/hello/events?after={after}")).wanting_json();
            let times = (0..TIMES).map(|_| cost(&server, &mut reader, &question));
            steps.add(size, name, "ms", times.collect::<io::Result<_>>()?);
        }
        for _ in 0..if is_long { 2 } else { 0 } {
            server = server.restart_after(Who::Rowlog, place, Cores::All, |folder| {
                seed::age(folder, OLD)
            })?;
            steppings.extend(trimming(&server)?);
        }
        steps.add(size, "trimming 500 rows", "ms", steppings);
    }
    server.stop()?;
    Ok(steps)
}

/// A blog with one post, and one comment on it.
fn begun(place: &Place) -> io::Result<Server> {
    let server = Server::start(Who::Rowlog, place, Cores::All)?;
    let said =
        comment("The **first** thing to be said about it, and it says a little more than that.");
    server.client()?.ask(&said)?;
    Ok(server)
}

/// The same blog once it has grown; notes what it takes to start, until it has said that it listens, and its memory.
fn grown(
    mut server: Server,
    place: &Place,
    size: usize,
    steps: &mut Steps,
    seed: impl FnOnce(&std::path::Path) -> io::Result<()>,
) -> io::Result<Server> {
    server = server.restart_after(Who::Rowlog, place, Cores::All, seed)?;
    let mut started = Vec::new();
    for _ in 0..STARTS {
        server = server.restart(Who::Rowlog, place, Cores::All)?;
        started.push(server.work());
    }
    steps.add(size, "from start to listening", "ms", started);
    sleep(Duration::from_secs(1));
    steps.add(size, "idle memory", "MiB", vec![server.memory() / 1024.0]);
    Ok(server)
}

/// Asks for pages as a stranger, each after a new comment and then from memory. `tell` is told of each page in milliseconds,
/// and how long the comments took.
fn pages(
    server: &Server,
    paths: &[&'static str],
    mut tell: impl FnMut(&'static str, Vec<f64>, Vec<f64>, Vec<f64>),
) -> io::Result<()> {
    let (mut writer, mut reader) = (server.client()?, server.client()?);
    for path in paths {
        let head = server.figure("rowlog_head")?;
        let (mut first, mut cached, mut said) = (Vec::new(), Vec::new(), Vec::new());
        let mut before = reader.ask(&Request::get(path))?;
        for number in 0..TIMES {
            sleep(MOMENT);
            // Never the same words twice: they would be taken for the same comment.
            let body = format!("Something **new** to be said about {path}: {number} of {head}.");
            said.push(cost(server, &mut writer, &comment(&body))?);
            first.push(cost(server, &mut reader, &Request::get(path))?);
            let page = reader.ask(&Request::get(path))?;
            if page == before {
                return Err(io::Error::other(format!("{path} shows no change")));
            }
            before = page;
            cached.push(cost(server, &mut reader, &Request::get(path))?);
        }
        tell(path, first, cached, said);
    }
    Ok(())
}

/// Milliseconds of the server's processor that an answer takes, with what is done right after it.
fn cost(server: &Server, client: &mut Client, request: &Request) -> io::Result<f64> {
    let before = server.work();
    client.ask(request)?;
    sleep(AFTER);
    Ok(server.work() - before)
}

/// Milliseconds that the writer of a blog which has just started takes for a step of its trimming: it takes one at once and
/// then two in a second, with nothing else to write.
fn trimming(server: &Server) -> io::Result<Option<f64>> {
    let busy = || -> io::Result<(f64, f64)> {
        Ok((
            server.figure("rowlog_commit_seconds_sum")?,
            server.figure("rowlog_commit_seconds_count")?,
        ))
    };
    sleep(Duration::from_millis(300));
    let before = busy()?;
    sleep(Duration::from_millis(1_000));
    let after = busy()?;
    let commits = after.1 - before.1;
    Ok((commits == 2.0).then_some((after.0 - before.0) / commits * 1e3))
}
