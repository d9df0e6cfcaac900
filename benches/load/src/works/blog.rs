//! Works of the blog itself: its pages, what is written into it, and how it starts.

use std::fs;
use std::io;
use std::thread::sleep;
use std::time::Duration;

use super::Size;
use crate::clients::{self, Outcome};
use crate::figures::{Figures, quantile};
use crate::http::Request;
use crate::server::{Cores, Place, Server, Who, comment};

/// A post with comments, again and again.
pub fn pages(place: &Place, size: Size, figures: &mut Figures) -> io::Result<()> {
    let mut blog = Server::start(Who::Rowlog, place, Cores::All)?;
    talk(&blog, 100)?;
    let read = |server: &Server, path: &str| {
        clients::ask(server.address, 64, size.time, usize::MAX, &[200], |_| {
            Request::get(path)
        })
    };
    let add = |who: Who, outcome: Outcome, figures: &mut Figures| {
        figures.add(
            who.name(),
            "a post with 100 comments, 64 clients",
            "/s",
            "0.85 × nginx's",
            outcome.rate(),
        );
    };
    let page = blog.client()?.ask(&Request::get("/posts/hello"))?;
    if Who::Static.is_here(place) {
        let mut peer = Server::start(Who::Static, place, Cores::All)?;
        fs::create_dir(peer.folder().join("static"))?;
        fs::write(peer.folder().join("static/page"), page)?;
        add(Who::Static, read(&peer, "/static/page")?, figures);
        peer.stop()?;
    }
    add(Who::Rowlog, read(&blog, "/posts/hello")?, figures);
    blog.stop()?;
    if Who::Isso.is_here(place) {
        // The comments alone, as JSON: the page around them is somebody else's.
        let mut peer = Server::start(Who::Isso, place, Cores::All)?;
        write(Who::Isso, &peer, 4, Duration::from_secs(60), 100)?;
        add(Who::Isso, read(&peer, "/?uri=%2Fposts%2Fhello")?, figures);
        peer.stop()?;
    }
    Ok(())
}

/// Has the blog's post have so many comments.
pub fn talk(blog: &Server, count: usize) -> io::Result<()> {
    let mut client = blog.client()?;
    for number in 0..count {
        client.ask(&comment(&format!(
            "The {number}th thing to be said about it."
        )))?;
    }
    Ok(())
}

/// The page of a post with 100 comments, as a stranger gets it.
pub fn page(place: &Place) -> io::Result<Vec<u8>> {
    let mut blog = Server::start(Who::Rowlog, place, Cores::All)?;
    talk(&blog, 100)?;
    let page = blog.client()?.ask(&Request::get("/posts/hello"))?;
    blog.stop()?;
    Ok(page)
}

/// Comments by form, by so many clients at once, each of whom waits for the answer.
pub fn writes(
    who: Who,
    place: &Place,
    size: Size,
    writers: usize,
    figures: &mut Figures,
) -> io::Result<()> {
    let mut server = Server::start(who, place, Cores::All)?;
    let used = server.cpu();
    let mut outcome = write(who, &server, writers, size.time, usize::MAX)?;
    let used = server.cpu() - used;
    let (rate, p99) = match writers {
        1 => ("", "1 ms and a flush"),
        16 => ("5,000/s", "15 ms"),
        _ => ("10,000/s", "50 ms"),
    };
    let written = outcome.delays.len() as f64;
    let by = |what: &str| format!("comments by {writers} at once: {what}");
    let mut add =
        |what: &str, unit, bar, value| figures.add(who.name(), &by(what), unit, bar, value);
    add("accepted", "/s", rate, outcome.rate());
    add("median", "ms", "", quantile(&mut outcome.delays, 0.5) / 1e3);
    add("p99", "ms", p99, quantile(&mut outcome.delays, 0.99) / 1e3);
    add("processor for each", "µs", "", used / written * 1e6);
    add("not accepted", "", "0", outcome.refused as f64);
    server.stop()
}

fn write(
    who: Who,
    server: &Server,
    writers: usize,
    time: Duration,
    most: usize,
) -> io::Result<Outcome> {
    clients::ask(server.address, writers, time, most, &[201, 303], |number| {
        who.comment(&format!(
            "The **{number}th** thing to be said about it, and it says a little more than that."
        ))
    })
}

/// A blog that has many comments starts.
pub fn start(place: &Place, size: Size, runs: usize, figures: &mut Figures) -> io::Result<()> {
    let mut server = Server::start(Who::Rowlog, place, Cores::All)?;
    write(
        Who::Rowlog,
        &server,
        32,
        Duration::from_secs(600),
        size.comments,
    )?;
    let count = size.comments;
    for _ in 0..runs {
        server = server.restart(Who::Rowlog, place, Cores::All)?;
        let add = |figures: &mut Figures, name: &str, unit, bar, value| {
            figures.add(Who::Rowlog.name(), name, unit, bar, value);
        };
        let started = server.started.as_secs_f64() * 1e3;
        add(
            figures,
            &format!("from its start to its listening, with {count} comments"),
            "ms",
            "50 ms",
            started,
        );
        sleep(Duration::from_secs(2));
        add(
            figures,
            &format!("idle memory, with {count} comments"),
            "MiB",
            "15 MiB",
            server.memory() / 1024.0,
        );
    }
    let binary = fs::metadata(&place.program)?.len() as f64 / 1024.0 / 1024.0;
    figures.add(
        Who::Rowlog.name(),
        "the program, stripped",
        "MiB",
        "15 MiB without TLS",
        binary,
    );
    server.stop()
}
