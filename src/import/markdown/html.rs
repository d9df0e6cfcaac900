//! The tags in a piece of HTML, with the places of their attributes, so that one value can be changed and every other
//! byte kept. No tree: a post's raw HTML need not be well formed.

use std::ops::Range;

/// A start or end tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Lower case.
    pub name: String,
    /// Whether this is `</name>`.
    pub closing: bool,
    /// From `<` to behind `>`.
    pub range: Range<usize>,
    /// Names in lower case; the range of the value, quotes excluded.
    pub attributes: Vec<(String, Range<usize>)>,
}

impl Tag {
    /// Where the value of the attribute stands.
    pub fn attribute(&self, name: &str) -> Option<Range<usize>> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, range)| range.clone())
    }
}

/// Every tag of `text` in order. Comments, declarations and lone `<` are passed over; a tag that is never closed ends
/// the search, so that the time stays linear in the length of any text.
pub fn tags(text: &str) -> impl Iterator<Item = Tag> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += text[at..].find('<')?;
            if text[at..].starts_with("<!--") {
                at += text[at..].find("-->")? + 3;
                continue;
            }
            match tag(text, at) {
                Scan::Tag(tag) => {
                    at = tag.range.end;
                    return Some(tag);
                }
                Scan::Nothing => at += 1,
                Scan::Endless => return None,
            }
        }
    })
}

/// What begins at a `<`.
enum Scan {
    Tag(Tag),
    Nothing,
    Endless,
}

fn tag(text: &str, start: usize) -> Scan {
    let bytes = text.as_bytes();
    let closing = bytes.get(start + 1) == Some(&b'/');
    let from = start + 1 + usize::from(closing);
    if !bytes.get(from).is_some_and(u8::is_ascii_alphabetic) {
        return Scan::Nothing;
    }
    let mut at = skip(bytes, from, is_name);
    let name = text[from..at].to_ascii_lowercase();
    let mut attributes = Vec::new();
    loop {
        at = skip(bytes, at, |byte| byte.is_ascii_whitespace() || byte == b'/');
        match bytes.get(at) {
            None => return Scan::Endless,
            Some(b'>') => {
                return Scan::Tag(Tag {
                    name,
                    closing,
                    range: start..at + 1,
                    attributes,
                });
            }
            Some(b'<') => return Scan::Nothing,
            Some(_) => match attribute(text, at) {
                None => return Scan::Endless,
                Some((attribute, end)) => {
                    attributes.push(attribute);
                    at = end;
                }
            },
        }
    }
}

/// The attribute at `from`, and where it ends; none if its quote is never closed.
fn attribute(text: &str, from: usize) -> Option<((String, Range<usize>), usize)> {
    let bytes = text.as_bytes();
    // The first byte belongs to the name even if it is odd, so that every call moves on.
    let name_end = skip(bytes, from + 1, |byte| is_name(byte) && byte != b'=');
    let name = text[from..name_end].to_ascii_lowercase();
    let equals = skip(bytes, name_end, |byte| byte.is_ascii_whitespace());
    if bytes.get(equals) != Some(&b'=') {
        return Some(((name, name_end..name_end), name_end));
    }
    let at = skip(bytes, equals + 1, |byte| byte.is_ascii_whitespace());
    match bytes.get(at) {
        Some(quote @ (b'"' | b'\'')) => {
            let end = skip(bytes, at + 1, |byte| byte != *quote);
            bytes.get(end).map(|_| ((name, at + 1..end), end + 1))
        }
        _ => {
            let end = skip(bytes, at, |byte| {
                !byte.is_ascii_whitespace() && !matches!(byte, b'>' | b'<')
            });
            Some(((name, at..end), end))
        }
    }
}

/// Bytes of names; all bytes of characters beyond ASCII are.
fn is_name(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'>' | b'<')
}

/// The first place from `at` where `pass` fails.
fn skip(bytes: &[u8], at: usize, pass: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .position(|byte| !pass(*byte))
        .unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_their_attributes_are_found_where_they_stand() {
        let text = "a < b <!-- <img src=no> --> <IMG alt='x > y' src=a.png hidden/></p >< img><a href=\"ü\">";
        let seen: Vec<_> = tags(text)
            .map(|tag| {
                let values = tag
                    .attributes
                    .iter()
                    .map(|(name, range)| format!("{name}={}", &text[range.clone()]));
                (
                    tag.name.clone(),
                    tag.closing,
                    values.collect::<Vec<_>>().join(" "),
                )
            })
            .collect();
        let expected = [
            ("img", false, "alt=x > y src=a.png hidden="),
            ("p", true, ""),
            ("a", false, "href=ü"),
        ];
        assert_eq!(
            seen,
            expected.map(|(name, closing, values)| (name.to_owned(), closing, values.to_owned()))
        );
    }

    #[test]
    fn broken_html_ends_quietly() {
        for text in [
            "<",
            "<a",
            "<a href=",
            "<a href='x",
            "<a é",
            "</",
            "<!-- x",
            "<a <b",
            "<a =>",
            "<a é=é",
        ] {
            tags(text).for_each(drop);
        }
    }
}
