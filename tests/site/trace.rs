//! What the system is asked for, and in which order: a comment is on the disk before anyone is told that it is kept.

use std::collections::HashSet;
use std::fs;
use std::process::Command;

use crate::site::{Site, path};

/// Reads a trace: every 303 is preceded by a flush of the write-ahead log after the last write to it. How many there were.
///
/// Errors: the line of the answer that came too early.
fn flushed_before_answered(trace: &str) -> Result<usize, String> {
    let is_log = |line: &str| line.contains("rowlog.db-wal>");
    let (mut is_dirty, mut was_flushed, mut answers) = (false, false, 0);
    let mut flushing = HashSet::new();
    for line in trace.lines() {
        let (pid, call) = line.trim_start().split_once(' ').unwrap_or_default();
        let call = call.trim_start();
        let is_write = ["write(", "pwrite64(", "writev(", "sendto("]
            .iter()
            .any(|name| call.starts_with(name));
        let is_flush = call.starts_with("fdatasync(") || call.starts_with("fsync(");
        if is_flush && is_log(call) && call.ends_with("<unfinished ...>") {
            flushing.insert(pid);
        } else if is_flush && is_log(call) && call.ends_with("= 0")
            || call.contains("sync resumed>") && call.ends_with("= 0") && flushing.remove(pid)
        {
            (is_dirty, was_flushed) = (false, true);
        } else if is_write && is_log(call) {
            is_dirty = true;
        } else if is_write && call.contains("HTTP/1.1 303") {
            if is_dirty || !was_flushed {
                return Err(line.to_owned());
            }
            (was_flushed, answers) = (false, answers + 1);
        }
    }
    Ok(answers)
}

#[test]
fn a_comment_is_flushed_to_the_disk_before_it_is_acknowledged() {
    if Command::new("strace").arg("-V").output().is_err() {
        println!("left out: there is no strace");
        return;
    }
    let mut site = Site::offline();
    let trace = site.path("trace");
    let calls = "trace=fdatasync,fsync,write,pwrite64,writev,sendto";
    // -D: the tracer is a child of the server, so that the process which is killed is the server.
    let strace = [
        "strace",
        "-D",
        "-f",
        "-y",
        "-s",
        "16",
        "-o",
        path(&trace),
        "-e",
        calls,
    ];
    site.run_by(&strace);
    site.serve();
    site.publish("hello", "A post", "Something to talk about.");
    let comments = 20;
    let mut ann = site.visitor();
    for n in 0..comments {
        ann.comment("hello", "Ann", &format!("comment {n}"));
    }
    site.stop();
    let judged = || flushed_before_answered(&fs::read_to_string(&trace).unwrap_or_default());
    crate::waiting::eventually("every answer is in the trace", || {
        judged().is_err() || judged() >= Ok(comments)
    });
    assert_eq!(judged(), Ok(comments));
}

#[test]
fn an_answer_before_the_flush_is_found() {
    let write = "7 pwrite64(5</d/rowlog.db-wal>, \"\"..., 4096, 32) = 4096\n";
    let flush = "7 fdatasync(5</d/rowlog.db-wal>) = 0\n";
    let begun = "7 fdatasync(5</d/rowlog.db-wal> <unfinished ...>\n";
    let ended = "7 <... fdatasync resumed>) = 0\n";
    let answer = "9 writev(8<socket:[1]>, [{iov_base=\"HTTP/1.1 303 See\"...}], 1) = 99\n";
    let other = "7 fdatasync(6</d/rowlog.db>) = 0\n";
    for good in [
        [write, flush, answer].concat(),
        [write, begun, ended, answer].concat(),
    ] {
        assert_eq!(flushed_before_answered(&good), Ok(1), "{good}");
    }
    for bad in [
        [write, answer, flush].concat(),
        [write, flush, write, answer].concat(),
        [write, begun, answer, ended].concat(),
        [write, other, answer].concat(),
        [answer].concat(),
    ] {
        assert!(flushed_before_answered(&bad).is_err(), "{bad}");
    }
}
