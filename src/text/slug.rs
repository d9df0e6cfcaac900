//! Names made from titles: for the addresses of posts and the anchors of headings.

/// The longest slug in characters, all of them ASCII.
const LONGEST: usize = 80;

/// The address of a tag; empty if there is no letter or digit in it. C, C++ and C# are three tags.
pub fn tag(name: &str) -> String {
    or_else(&name.replace('+', " plus ").replace('#', " sharp "), "")
}

/// Lower-case ASCII letters, digits and dashes made from `title`, 1 to 80 of them; `fallback` if there is no letter or
/// digit in it.
pub fn or_else(title: &str, fallback: &str) -> String {
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
            assert_eq!(or_else(title, "post"), expected, "{title:?}");
        }
    }

    #[test]
    fn tags_that_differ_by_a_sign_have_addresses_of_their_own() {
        assert_eq!(
            ["C", "C++", "c#", "!!!"].map(tag),
            ["c", "c-plus-plus", "c-sharp", ""]
        );
    }

    #[test]
    fn a_long_title_is_cut_at_a_dash() {
        let exact = format!("{} tail", "a".repeat(LONGEST));
        assert_eq!(or_else(&exact, ""), "a".repeat(LONGEST));
        let words = or_else(&"word ".repeat(40), "");
        assert!(
            words.len() <= LONGEST && words.ends_with("-word"),
            "{words}"
        );
        assert_eq!(or_else(&"a".repeat(300), "").len(), LONGEST);
    }
}
