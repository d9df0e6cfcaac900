//! Names made from titles: for the addresses of posts and the anchors of headings.

/// The longest slug in characters, all of them ASCII.
const LONGEST: usize = 80;

/// The address of a post titled `title`: lower-case ASCII letters, digits and dashes, 1 to 80 of them.
///
/// A title without a letter or digit in it becomes `post`.
pub fn slug(title: &str) -> String {
    or_else(title, "post")
}

/// The slug of `title`, or `fallback` if there is no letter or digit in it.
pub(super) fn or_else(title: &str, fallback: &str) -> String {
    let mut slug = ::slug::slugify(title);
    if slug.len() > LONGEST {
        let dash = slug[..=LONGEST].rfind('-').unwrap_or(LONGEST);
        slug.truncate(dash);
    }
    if slug.is_empty() {
        fallback.into()
    } else {
        slug
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_slugs() {
        let table = [
            ("Hello, world!", "hello-world"),
            (
                "Five years of SQLite in production",
                "five-years-of-sqlite-in-production",
            ),
            ("Übergrößenträger", "ubergrossentrager"),
            ("日本", "ri-ben"),
            ("  C++ & Rust  ", "c-rust"),
            ("", "post"),
            ("…", "post"),
            ("\u{202e}\u{0}", "post"),
        ];
        for (title, expected) in table {
            assert_eq!(slug(title), expected, "{title:?}");
        }
    }

    #[test]
    fn a_long_title_is_cut_at_a_dash() {
        let exact = format!("{} tail", "a".repeat(LONGEST));
        assert_eq!(slug(&exact), "a".repeat(LONGEST));
        let words = slug(&"word ".repeat(40));
        assert!(
            words.len() <= LONGEST && words.ends_with("-word"),
            "{words}"
        );
        assert_eq!(slug(&"a".repeat(300)).len(), LONGEST);
    }
}
