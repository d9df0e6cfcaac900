//! What the owner can set, with the values a new blog starts with.

/// The blog's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the blog.
    pub title: String,
    /// One sentence, for feeds and search engines.
    pub description: String,
    /// The owner's name; empty before the blog is set up.
    pub owner: String,
    /// Posts on one page of the home page.
    pub posts_per_page: i64,
    /// Minutes in which a visitor may change or delete a comment.
    pub edit_minutes: i64,
    /// Whether readers of a post see how many they are.
    pub presence: bool,
    /// BCP 47 language tag of the pages.
    pub lang: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            title: "A new blog".into(),
            description: String::new(),
            owner: String::new(),
            posts_per_page: 10,
            edit_minutes: 15,
            presence: true,
            lang: "en".into(),
        }
    }
}
