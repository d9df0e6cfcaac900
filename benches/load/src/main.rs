//! The load of `benches/run`: measures the blog beside others in turns, and writes the tables.

mod clients;
mod crowd;
mod figures;
mod http;
mod server;
mod steps;
mod works;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use figures::Figures;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use server::{Cores, Place, Who};
use steps::Steps;
use works::{Size, blog, growth, storm, streams};

/// After these lines of the README stand the tables, each to the next `END`.
const BESIDE_OTHERS: &str = "<!-- written by benches/run -->";
const GROWTH: &str = "<!-- written by benches/run: growth -->";
const END: &str = "<!-- until here -->";

/// All that can be measured, as `--only` names it; `growth` alone is all four of it.
const WORKS: [&str; 13] = [
    "streams",
    "flood",
    "flurry",
    "crowd",
    "pages",
    "writes",
    "storm",
    "start",
    "growth",
    "growth-streams",
    "growth-comments",
    "growth-posts",
    "growth-log",
];

/// What was asked for.
struct Options {
    place: Place,
    readme: Option<PathBuf>,
    only: Option<Vec<String>>,
    rounds: Option<usize>,
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
    let table = figures.table(&["Rowlog", "nchan", "node", "nginx", "Isso"]);
    println!("\n{table}");
    measured?;
    let growth = grow(&options)?;
    println!("{growth}\nin {} s", start.elapsed().as_secs());
    match &options.readme {
        Some(readme) if options.only.is_none() => {
            write(readme, BESIDE_OTHERS, &table)?;
            write(readme, GROWTH, &growth)
        }
        _ => Ok(()),
    }
}

impl Options {
    fn parse() -> io::Result<Options> {
        let place = Place {
            program: "target/release/rowlog".into(),
            peers: "benches/peers".into(),
            isso: "target/isso/bin/isso".into(),
        };
        let mut options = Options {
            place,
            readme: None,
            only: None,
            rounds: None,
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
                "--only" => options.only = Some(works(&value()?)?),
                "--rounds" => options.rounds = Some(value()?.parse().map_err(io::Error::other)?),
                "--program" => options.place.program = value()?.into(),
                "--peers" => options.place.peers = value()?.into(),
                "--isso" => options.place.isso = value()?.into(),
                "--readme" => options.readme = Some(value()?.into()),
                _ => return Err(io::Error::other(format!("{word}? see benches/run"))),
            }
        }
        Ok(options)
    }

    fn wants(&self, work: &str) -> bool {
        self.only
            .as_ref()
            .is_none_or(|only| only.iter().any(|wanted| is_named(work, wanted)))
    }

    fn size(&self) -> Size {
        let seconds = |quick, full| Duration::from_secs(if self.quick { quick } else { full });
        Size {
            readers: 10_000,
            events: if self.quick { 8 } else { 15 },
            time: seconds(3, 8),
            flood: seconds(10, 60),
            crowd: 19_000,
            crowd_for: seconds(10, 30),
            comments: 100_000,
        }
    }
}

/// Whether that work is the wanted one, or a part of it.
fn is_named(work: &str, wanted: &str) -> bool {
    let rest = work.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The names of works, with commas between them.
fn works(names: &str) -> io::Result<Vec<String>> {
    let names = names.split(',').map(|name| match WORKS.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(io::Error::other(format!(
            "{name}? there are {}",
            WORKS.join(", ")
        ))),
    });
    names.collect()
}

/// Runs every work that has a peer or a bar, each of those who do it in turn.
fn measure(options: &Options, figures: &mut Figures) -> io::Result<()> {
    let (place, size) = (&options.place, options.size());
    let rounds = options.rounds.unwrap_or(if options.quick { 1 } else { 3 });
    let frame = streams::frame(place)?;
    println!("an event has {} bytes of data", frame.len());
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        keep_to(Cores::One)?;
        of_streams(options, size, &frame, figures)?;
        keep_to(Cores::All)?;
        of_the_blog(options, size, figures)?;
    }
    if options.wants("storm") {
        keep_to(Cores::One)?;
        for who in followed(place) {
            or_without(who, storm::storm(who, place, 200, &frame, figures))?;
        }
        storm::storm(Who::Rowlog, place, size.readers, &frame, figures)?;
        keep_to(Cores::All)?;
    }
    if options.wants("start") {
        blog::start(place, size, 3, figures)?;
    }
    Ok(())
}

/// Goes on without a peer who could not do it; the table then has nothing of it.
fn or_without(who: Who, done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if who != Who::Rowlog => {
            println!("    {} could not: {error}", who.name());
            Ok(())
        }
        done => done,
    }
}

/// Those who have streams, and are here.
fn followed(place: &Place) -> impl Iterator<Item = Who> {
    let all = [Who::Rowlog, Who::Nchan, Who::Node];
    all.into_iter().filter(|who| who.is_here(place))
}

/// One round of what is done with streams.
fn of_streams(options: &Options, size: Size, frame: &str, figures: &mut Figures) -> io::Result<()> {
    let place = &options.place;
    for who in followed(place) {
        if options.wants("streams") {
            or_without(who, streams::streams(who, place, size, frame, figures))?;
        }
    }
    for readers in [1_000, 5_000] {
        for who in followed(place) {
            if options.wants("flood") {
                let flood = streams::flood(who, place, size.flood, readers, frame, figures);
                or_without(who, flood)?;
            }
        }
    }
    if options.wants("crowd") {
        let page = blog::page(place)?;
        // node has no pages, and would need some.
        for who in followed(place).filter(|who| *who != Who::Node) {
            let crowd = works::crowd::crowd(who, place, size, frame, &page, figures);
            or_without(who, crowd)?;
        }
    }
    Ok(())
}

/// One round of what is done with pages and forms.
fn of_the_blog(options: &Options, size: Size, figures: &mut Figures) -> io::Result<()> {
    let place = &options.place;
    if options.wants("pages") {
        blog::pages(place, size, figures)?;
    }
    if options.wants("flurry") {
        for readers in [100, 1_000] {
            streams::flurry(place, size.time, readers, figures)?;
        }
    }
    if options.wants("writes") {
        for writers in [1, 16, 64] {
            blog::writes(Who::Rowlog, place, size, writers, figures)?;
        }
        if Who::Isso.is_here(place) {
            blog::writes(Who::Isso, place, size, 16, figures)?;
        }
    }
    Ok(())
}

/// Lets everything grow that can; the tables, and what is worse than linear.
fn grow(options: &Options) -> io::Result<String> {
    let (place, quick) = (&options.place, options.quick);
    let mut all = Vec::new();
    if options.wants("growth-streams") {
        let frame = streams::frame(place)?;
        let time = Duration::from_secs(if quick { 2 } else { 5 });
        keep_to(Cores::One)?;
        let sizes = [1, 10, 100, 1_000, 10_000];
        all.push(growth::streams(place, time, &sizes, &frame)?);
        keep_to(Cores::All)?;
    }
    if options.wants("growth-comments") {
        all.push(growth::comments(place, &[100, 1_000, 10_000, 100_000])?);
    }
    // The largest of these take minutes to be made.
    if options.wants("growth-posts") {
        let sizes = [10, 100, 1_000, 10_000, 100_000];
        all.push(growth::posts(place, &sizes[..if quick { 4 } else { 5 }])?);
    }
    if options.wants("growth-log") {
        let sizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
        all.push(growth::log(place, &sizes[..if quick { 4 } else { 5 }])?);
    }
    let worse: Vec<_> = all.iter().flat_map(Steps::worse_than_linear).collect();
    let verdict = match (all.is_empty(), worse.is_empty()) {
        (true, _) => String::new(),
        (_, true) => "No step is worse than linear.\n".to_owned(),
        (_, false) => format!("Worse than linear: {}.\n", worse.join("; ")),
    };
    let tables: Vec<_> = all.iter().map(Steps::table).collect();
    Ok(format!("{}\n{verdict}", tables.join("\n")))
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

/// Puts a table into the README, after the line `begin`.
fn write(readme: &Path, begin: &str, table: &str) -> io::Result<()> {
    let text = std::fs::read_to_string(readme)?;
    let parts = text
        .split_once(begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts
        .ok_or_else(|| io::Error::other(format!("the README has no place for a table: {begin}")))?;
    std::fs::write(readme, format!("{before}{begin}\n\n{table}\n{END}{after}"))
}
