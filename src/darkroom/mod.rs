//! What happens to a file before the blog keeps it: told by its bytes, freed of what it says about its maker, sized.
//!
//! Bytes in, bytes out: nothing here knows the store, a route, or the name a file came with.

pub mod develop;
pub mod icon;
pub mod kinds;
pub mod strip;
