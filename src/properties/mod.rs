//! What must be true of everything that comes in from outside, whatever it is.
//!
//! Each property is one function that takes any text and panics where it does not hold. The tests here try it on some
//! hundreds of texts made from what is likely to break it, always the same ones, and on all that the fuzzers in
//! `tests/fuzz` have kept; the fuzzers try it for hours on what they come up with.

pub mod comment;
pub mod cursor;
pub mod front_matter;
pub mod markdown;
pub mod sse;

#[cfg(test)]
mod tests;
