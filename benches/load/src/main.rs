//! The load of `benches/run`: measures the blog beside others in turns, and writes the table.

mod clients;
mod crowd;
mod figures;
mod http;
mod server;
mod works;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use figures::Figures;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use server::{Cores, Place, Who};
use works::Size;

/// Between these lines of the README stands the table.
const BEGIN: &str = "<!-- written by benches/run -->";
const END: &str = "<!-- until here -->";

/// What was asked for.
struct Options {
    place: Place,
    readme: Option<PathBuf>,
    only: Option<Vec<String>>,
    quick: bool,
}

fn main() -> io::Result<()> {
    let options = Options::parse()?;
    let limit = getrlimit(Resource::Nofile).maximum;
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit,
            maximum: limit,
        },
    )?;
    let start = Instant::now();
    let mut figures = Figures::default();
    let measured = measure(&options, &mut figures);
    let table = figures.table(&["Rowlog", "nchan", "node", "nginx"]);
    println!("\n{table}\nin {} s", start.elapsed().as_secs());
    measured?;
    match &options.readme {
        Some(readme) if options.only.is_none() => write(readme, &table),
        _ => Ok(()),
    }
}

impl Options {
    fn parse() -> io::Result<Options> {
        let place = Place {
            program: "target/release/rowlog".into(),
            peers: "benches/peers".into(),
        };
        let mut options = Options {
            place,
            readme: None,
            only: None,
            quick: false,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .ok_or_else(|| io::Error::other(format!("{word} what?")))
            };
            match word.as_str() {
                "--quick" => options.quick = true,
                "--only" => options.only = Some(value()?.split(',').map(str::to_owned).collect()),
                "--program" => options.place.program = value()?.into(),
                "--peers" => options.place.peers = value()?.into(),
                "--readme" => options.readme = Some(value()?.into()),
                _ => return Err(io::Error::other(format!("{word}? see benches/run"))),
            }
        }
        Ok(options)
    }

    fn wants(&self, work: &str) -> bool {
        self.only
            .as_ref()
            .is_none_or(|only| only.iter().any(|wanted| wanted == work))
    }
}

/// Runs every work, each of those who do it in turn.
fn measure(options: &Options, figures: &mut Figures) -> io::Result<()> {
    let (place, quick) = (&options.place, options.quick);
    let size = Size {
        readers: 10_000,
        events: if quick { 8 } else { 15 },
        time: Duration::from_secs(if quick { 3 } else { 8 }),
        comments: 100_000,
    };
    let rounds = if quick { 1 } else { 3 };
    let all = [Who::Rowlog, Who::Nchan, Who::Node];
    let here = || all.into_iter().filter(|who| who.is_here());
    let frame = works::streams::frame(place)?;
    println!("an event has {} bytes of data", frame.len());
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        keep_to(Cores::One)?;
        for who in here() {
            if options.wants("streams") {
                works::streams::streams(who, place, size, &frame, figures)?;
            }
            if options.wants("flood") {
                works::streams::flood(who, place, size, 1_000, &frame, figures)?;
            }
        }
        keep_to(Cores::All)?;
        if options.wants("pages") {
            works::blog::pages(place, size, figures)?;
        }
        for writers in [1, 16, 64] {
            if options.wants("writes") {
                works::blog::writes(place, size, writers, figures)?;
            }
        }
    }
    if options.wants("storm") {
        keep_to(Cores::One)?;
        for who in here() {
            works::streams::storm(who, place, 200, &frame, figures)?;
        }
        works::streams::storm(Who::Rowlog, place, size.readers, &frame, figures)?;
        keep_to(Cores::All)?;
    }
    if options.wants("start") {
        works::blog::start(place, size, 3, figures)?;
    }
    Ok(())
}

/// Leaves the first core to the server, or takes whichever there is.
fn keep_to(cores: Cores) -> io::Result<()> {
    let all = std::fs::read_to_string("/sys/devices/system/cpu/present").unwrap_or_default();
    let last = all
        .trim()
        .rsplit('-')
        .next()
        .and_then(|last| last.parse().ok())
        .unwrap_or(0);
    let mut set = CpuSet::new();
    (0..=last)
        .filter(|core| cores == Cores::All || *core > 0 || last == 0)
        .for_each(|core| set.set(core));
    Ok(sched_setaffinity(None, &set)?)
}

/// Puts the table into the README.
fn write(readme: &PathBuf, table: &str) -> io::Result<()> {
    let text = std::fs::read_to_string(readme)?;
    let parts = text
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) =
        parts.ok_or_else(|| io::Error::other("the README has no place for the table"))?;
    std::fs::write(readme, format!("{before}{BEGIN}\n\n{table}\n{END}{after}"))
}
