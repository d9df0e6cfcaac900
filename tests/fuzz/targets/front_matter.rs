//! The heads of Markdown files.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| rowlog_fuzz::properties::front_matter::holds(input));
