//! A reader who has posted something, known by a random token in a cookie.

use super::id::VisitorId;

/// What is remembered of a visitor, to fill the next form.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Its row.
    pub id: VisitorId,
    /// The name last used.
    pub name: String,
    /// Private.
    pub email: Option<String>,
    /// The visitor's own site.
    pub url: Option<String>,
    /// Whether other readers may see the name while the visitor reads.
    pub show_name: bool,
}

impl Visitor {
    /// The name that other readers of a post may see.
    pub fn shown_name(&self) -> Option<String> {
        Some(self.name.clone()).filter(|name| self.show_name && !name.is_empty())
    }
}
