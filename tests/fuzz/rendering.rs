//! How long the longest comment takes to render, whatever it is made of.
//!
//! `cargo run --release --manifest-path tests/fuzz/Cargo.toml --example rendering`
//!
//! Each line is one shape of text: what is repeated, what is repeated after it, and milliseconds of processor time, the
//! quickest of three, at an eighth of the longest form, at a quarter, at half of it and at all of it. Where one column is
//! more than about twice the one before it, something grows faster than the text.

use std::fs;

use rowlog_fuzz::text::comment;

/// The longest form that is taken, in bytes.
const LONGEST: usize = 64 * 1024;

/// What is repeated, and what is repeated after it.
const SHAPES: [(&str, &str); 64] = [
    ("An ordinary sentence, with *some* `marks` in it. ", ""),
    ("a\n", ""),
    ("a\n\n", ""),
    ("<b>\n\n", ""),
    ("<b>", ""),
    ("<!--", ""),
    ("<![CDATA[", ""),
    ("<?", ""),
    ("<!A ", ""),
    ("<a href=", ""),
    ("<a b='", ""),
    ("<", ""),
    ("&", ""),
    ("&amp;", ""),
    ("&#x41;", ""),
    ("\"", ""),
    ("*", ""),
    ("_", ""),
    ("*a ", ""),
    ("*a", "*"),
    ("**a", "**"),
    ("*a _b ", ""),
    ("*a **b ", ""),
    ("a*b_c", ""),
    ("***a", "b***"),
    ("~~a", "~~"),
    ("~a ", ""),
    ("~~a ~b ", ""),
    ("`", ""),
    ("`a``", ""),
    ("`a``b```c", ""),
    ("[", ""),
    ("[", "]"),
    ("[a](", ""),
    ("[a](b", ""),
    ("[a](<b", ""),
    ("[a](http:b)", ""),
    ("[](http:b)", ""),
    ("![[](", ""),
    ("![a](http:b)", ""),
    ("[![", "](http:b)](http:b)"),
    ("[a](http:b \"", ""),
    ("[a]: b\n\n", ""),
    ("[a]: http:b\n\n[a]", ""),
    ("[a][b]", ""),
    ("<a@b.c", ""),
    ("<a@b.c>", ""),
    ("<http://b>", ""),
    ("http://a/ ", ""),
    ("http://a/(", ""),
    ("http://", ""),
    ("://", ""),
    ("> ", ""),
    ("> a\n", ""),
    ("- ", ""),
    ("- a\n", ""),
    ("> - ", "a\n"),
    ("1. ", ""),
    ("* \n", "_\n"),
    ("* a\n\n", ""),
    ("    a\n\n", ""),
    ("```\na\n```\n", ""),
    ("a\n=\n", ""),
    ("\\*", ""),
];

fn main() {
    let mut slowest = 0.0_f64;
    for (open, close) in SHAPES {
        let times = [8, 4, 2, 1].map(|part| quickest(open, close, LONGEST / part));
        slowest = slowest.max(times[3]);
        let columns = times.map(|time| format!("{time:8.2}")).concat();
        println!("{:<60}{columns}", format!("{open:?} {close:?}"));
    }
    println!("slowest: {slowest:.1} ms");
}

/// Milliseconds of processor time for a text of `size` bytes, the quickest of three.
fn quickest(open: &str, close: &str, size: usize) -> f64 {
    let count = size / (open.len() + close.len());
    let body = format!("{}{}", open.repeat(count), close.repeat(count));
    let mut quickest = f64::MAX;
    for _ in 0..3 {
        let start = spent();
        std::hint::black_box(comment::html(std::hint::black_box(&body)));
        quickest = quickest.min(spent() - start);
    }
    quickest
}

/// Milliseconds of processor time that this thread has had: other processes do not count. Linux alone tells.
fn spent() -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|word| word.parse().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e6
}
