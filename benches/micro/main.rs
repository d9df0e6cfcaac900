//! What single parts cost: `cargo bench --features micro`.
//!
//! The program is one binary, so its modules are taken from its source by path; nothing of this is in the program, and
//! nothing of it is built without the feature.

#![allow(
    dead_code,
    unused_imports,
    reason = "here only some parts are called, and unit tests are of the program"
)]

#[path = "../../src/assets/mod.rs"]
mod assets;
#[path = "../../src/darkroom"]
mod darkroom {
    pub mod kinds;
}
#[path = "../../src/error.rs"]
mod error;
#[path = "../../src/hex.rs"]
mod hex;
#[path = "../../src/live/mod.rs"]
mod live;
#[path = "../../src/model/mod.rs"]
mod model;
#[path = "../../src/random.rs"]
mod random;
#[path = "../../src/social/mod.rs"]
mod social;
#[path = "../../src/store/mod.rs"]
mod store;
#[path = "../../src/text/mod.rs"]
mod text;
#[path = "../../src/totp.rs"]
mod totp;
#[path = "../../src/views/mod.rs"]
mod views;
#[path = "../../src/visits.rs"]
mod visits;

mod blog;

use std::time::Duration;

use divan::{Bencher, black_box};

use blog::{Blog, COMMENT, EVENTS, post, said};
use live::follower::Follower;
use live::frame::Studio;
use live::sse;
use model::cursor::Cursor;
use model::id::EventId;
use store::{comments, log};
use text::{comment, markdown};

fn main() {
    divan::main();
}

/// A visitor's comment: Markdown, links, sanitising.
#[divan::bench]
fn markdown_of_a_comment(bencher: Bencher) {
    bencher.bench(|| comment::html(black_box(COMMENT)));
}

/// A post of so many paragraphs, with headings, a list and code.
#[divan::bench(args = [1, 10, 100])]
fn markdown_of_a_post(bencher: Bencher, paragraphs: usize) {
    let source = post(paragraphs);
    bencher.bench(|| markdown::post(black_box(&source), &|_| None));
}

/// The block of an event whose data is there.
#[divan::bench]
fn sse_block(bencher: Bencher) {
    let data = format!("{{\"html\":\"{}\"}}", "x".repeat(2_000));
    bencher.bench(|| sse::event(EventId(1_041), "comment:created", black_box(&data)));
}

/// An event from the log becomes what a stream sends: its row, its part of the page, its JSON, its block.
#[divan::bench]
fn frame_of_a_comment(bencher: Bencher) {
    let blog = Blog::new();
    let conn = blog.store.connection().expect("the file can be read");
    let events = log::newest(&conn, 1).expect("the log can be read");
    bencher.bench_local(|| {
        let studio = Studio::of(&conn).expect("the settings can be read");
        studio.render(black_box(&events[0]))
    });
}

/// From a comment that is handed to the writer until the tailer has told the streams of it; two flushes to disk are in it.
#[divan::bench]
fn a_comment_until_the_tailer_tells(bencher: Bencher) {
    let blog = Blog::new();
    let mut number = EVENTS;
    bencher.bench_local(|| {
        number += 1;
        let new = said(number);
        blog.run(async {
            let added = blog.store.write(move |tx| {
                comments::add(tx, "hello", &[7; 32], &new)?;
                Ok(log::head(tx)?.id)
            });
            let event = added.await.expect("the comment is taken");
            blog.live.reaches(event, Duration::from_secs(5)).await
        })
    });
}

/// What follows a cursor that is so many events behind, from memory.
#[divan::bench(args = [0, 1, 10, 100])]
fn replay_from_the_ring(bencher: Bencher, behind: i64) {
    let blog = Blog::new();
    let after = EventId(blog.live.head().0 - behind);
    bencher.bench_local(|| replay(&blog, after));
}

/// A page of events after a cursor that is older than what is kept in memory, from the file.
#[divan::bench]
fn replay_of_128_from_the_file(bencher: Bencher) {
    let blog = Blog::new();
    bencher.bench_local(|| replay(&blog, EventId(10)));
}

fn replay(blog: &Blog, after: EventId) -> usize {
    blog.run(async {
        let (live, store) = (blog.live.clone(), blog.store.clone());
        let cursor = Cursor::After(after, None);
        let started = Follower::start(live, store, blog.topic, cursor).await;
        let (mut follower, _) = started.expect("the log can be read");
        let found = follower.now().await.expect("the log can be read");
        found.frames.len()
    })
}

/// A step of the trimming: five hundred rows of a log of so many.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 20, sample_size = 1)]
fn trimming_500_of(bencher: Bencher, rows: i64) {
    let blog = Blog::new();
    bencher
        .with_inputs(|| blog.has_old_events(rows))
        .bench_local_values(|()| {
            blog.run(blog.store.write(log::trim))
                .expect("it can be trimmed")
        });
}
