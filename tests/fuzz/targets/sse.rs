//! What is sent to open pages.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| rowlog_fuzz::properties::sse::holds(input));
