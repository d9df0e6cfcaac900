//! Text to safe HTML: the owner's Markdown, the visitors' Markdown, and the names made from titles.
//!
//! Everything here is a pure function of its input. Nothing is read from the disk or the network; what a
//! renderer needs to know about the world, such as the size of an image, is handed to it.

pub mod changes;
mod code;
pub mod comment;
mod document;
mod grammars;
mod highlight;
pub mod markdown;
mod math;
mod notes;
pub mod slug;

/// The version of the renderers, stored beside every rendered row.
///
/// Raise it when the same source gives different HTML, so that stored HTML is rebuilt.
pub const RENDERER: u32 = 1;
