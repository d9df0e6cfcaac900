//! The properties, tried on texts that are made the same way each time. The fuzzers look for new ones.

use std::collections::HashSet;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::{comment, cursor, front_matter, markdown, sse};

/// Tries `holds` on `cases` texts made of `pieces` and of other characters, then on what the fuzzer called `name` has kept.
///
/// `pieces` has a `·` between one and the next.
fn check(name: &str, cases: u32, pieces: &'static str, holds: fn(&str)) {
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..Config::default()
    };
    let piece = prop_oneof![
        8 => select(pieces.split('·').collect::<Vec<_>>()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[ -~]{1,8}",
    ];
    let text = vec(piece, 0..40).prop_map(|pieces| pieces.concat());
    let tried = TestRunner::new(config).run(&text, |text| {
        holds(&text);
        Ok(())
    });
    if let Err(failure) = tried {
        panic!("{failure}");
    }
    for text in kept(name) {
        holds(&text);
    }
}

/// The corpus of a fuzzer.
fn kept(name: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(name);
    let texts: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .filter_map(|bytes| String::from_utf8(bytes).ok())
        .collect();
    assert!(!texts.is_empty());
    texts
}

/// What Markdown and HTML are made of, and what must not come through.
const MARKDOWN: &str = "a·b c· ·  \n·\n·\n\n·*·**·_·~~·`·```\n·~~~·    ·> ·- ·1. ·# ·\n===\n·---·[·]·](·)·![·[a]·[a]: http:b\n·<·>·\\·&·\
    &amp;·&#x202e;·&#0;·&nbsp;·http://a.example/·javascript:·mailto:a@b·<http://b>·<b>·</b>·<script>·<!--·-->·\
    <img src=x onerror=y>·<svg>·<math>·<table>·<plaintext>·</div>·<div style=\"x\">·<h2 id=\"a\">·|·|-|-|\n·[^1]·[^1]: ·\
    $·$$·\\frac{·}·{#a}·[ ] ·\"·'·--·...·\u{202e}·\u{0}·\r·\u{fdd0}·é·comment·entry";

#[test]
fn comments_are_safe_whatever_they_are() {
    check("comment", 400, MARKDOWN, comment::holds);
}

#[test]
fn posts_stay_in_their_place_whatever_they_are() {
    check("markdown", 150, MARKDOWN, markdown::holds);
}

#[test]
fn cursors_are_read_as_they_are_written() {
    let pieces = "=·-·\n·0·7·99·9223372036854775807·+· ·e·٣";
    check("cursor", 2_000, pieces, cursor::holds);
}

#[test]
fn heads_are_told_from_bodies() {
    let pieces = "---\n·+++\n·...\n·{·}·\"a\"·: · = ·a·\n·- ·[·]·, ·1·2.5·nan·2020-01-02·T03:04:05Z·&b ·*b·<<·|\n ·>-\n ·!!str ·\
        ? ·'·\\u0041·#·~·\r\n·\u{feff}·[[a]]\n·[a.b]\n·true·\t";
    check("front_matter", 1_000, pieces, front_matter::holds);
}

#[test]
fn streams_are_read_as_they_are_written() {
    let pieces = "a·\r·\n·\r\n·id: 9·event: x·data: {}·retry: 0·:·\u{0}·\u{2028}·\"·\\";
    check("sse", 500, pieces, sse::holds);
}

/// The fuzzers are built outside of the program, and by few; what they lack is noticed here.
#[test]
fn the_fuzzers_have_every_crate_that_their_sources_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates_of = |manifest: &str| -> HashSet<String> {
        let text = std::fs::read_to_string(root.join(manifest)).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let names = manifest["dependencies"].as_table().unwrap().keys();
        names.map(|name| name.replace('-', "_")).collect()
    };
    let theirs = crates_of("tests/fuzz/Cargo.toml");
    let lacking: Vec<_> = crates_of("Cargo.toml")
        .difference(&theirs)
        .map(|name| format!("{name}::"))
        .collect();
    assert!(!lacking.is_empty());
    let places = [
        "model",
        "text",
        "properties",
        "import/front_matter.rs",
        "live/sse.rs",
        "error.rs",
        "hex.rs",
    ];
    let files = places
        .iter()
        .flat_map(|place| walkdir::WalkDir::new(root.join("src").join(place)))
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| {
            path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs")
        });
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let source = text.split("#[cfg(test)]").next().unwrap_or_default();
        for name in &lacking {
            assert!(
                !source.contains(name.as_str()),
                "{} names {name}",
                path.display()
            );
        }
    }
}
