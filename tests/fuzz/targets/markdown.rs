//! Posts, as the owner writes them.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| rowlog_fuzz::properties::markdown::holds(input));
