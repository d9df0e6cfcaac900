//! The modules of the program that read what comes from outside, and what must be true of them.
//!
//! They are taken from the program's own source by path: the program stays one binary, whose lint for dead code sees all of
//! it, and the fuzzers need neither its server nor its file.

#![allow(dead_code, reason = "here only the readers are called")]

#[path = "../../src/error.rs"]
mod error;
#[path = "../../src/hex.rs"]
mod hex;
#[path = "../../src/import"]
mod import {
    pub mod front_matter;
}
#[path = "../../src/live"]
mod live {
    pub mod sse;
}
#[path = "../../src/model/mod.rs"]
mod model;
#[path = "../../src/properties/mod.rs"]
pub mod properties;
#[path = "../../src/text/mod.rs"]
pub mod text;
