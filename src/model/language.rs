//! Language tags.

/// Whether it has the shape of a language tag, or is empty. Source: BCP 47, section 2.1.
pub fn is_language(tag: &str) -> bool {
    let is_subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    tag.is_empty()
        || (tag.len() <= 35
            && tag.split('-').all(is_subtag)
            && tag.starts_with(|c: char| c.is_ascii_alphabetic()))
}
