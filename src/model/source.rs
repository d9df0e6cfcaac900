//! A post as its author wrote it, for whoever changes it outside of the editor.

use super::post::Post;

/// A post with its text and what has no column.
#[derive(Clone, Debug)]
pub struct Source {
    /// The post.
    pub post: Post,
    /// Markdown.
    pub body: String,
    /// Front matter without a column, as a JSON object.
    pub extra: String,
}
