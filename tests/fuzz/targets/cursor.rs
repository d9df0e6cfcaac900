//! How far a client says it has come.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| rowlog_fuzz::properties::cursor::holds(input));
