//! What the archive says of all posts, and of those of a year.

use super::post::minutes;

/// All published posts together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// How many there are.
    pub posts: i64,
    /// The words of all of them.
    pub words: i64,
}

impl Whole {
    /// Words of a post, on average.
    pub fn words_each(self) -> f64 {
        self.words as f64 / self.posts.max(1) as f64
    }

    /// Minutes that it takes to read all of it.
    pub fn minutes(self) -> i64 {
        minutes(self.words)
    }
}

/// A year in which posts were published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Year {
    /// As in a heading of the archive.
    pub year: i16,
    /// How many posts are newer than those of the year.
    pub newer: i64,
    /// How many the year has.
    pub posts: i64,
}
