//! The fields of a request's head, whether they were taken apart (`HeaderMap`) or lie as they came (`httparse`).

use httparse::Header;
use poem::http::{HeaderMap, HeaderName, HeaderValue};

/// Where fields are.
pub trait Fields {
    /// The values of that name, in their order.
    fn values(&self, name: HeaderName) -> impl Iterator<Item = &[u8]>;

    /// Whether there is one of that name.
    fn has(&self, name: HeaderName) -> bool {
        self.values(name).next().is_some()
    }

    /// The first of them, if it is text.
    fn word(&self, name: HeaderName) -> Option<&str> {
        self.values(name).next().and_then(text)
    }

    /// Those of them that are text.
    fn words(&self, name: HeaderName) -> impl Iterator<Item = &str> {
        self.values(name).filter_map(text)
    }
}

impl Fields for HeaderMap {
    fn values(&self, name: HeaderName) -> impl Iterator<Item = &[u8]> {
        self.get_all(name).into_iter().map(HeaderValue::as_bytes)
    }
}

impl Fields for [Header<'_>] {
    fn values(&self, name: HeaderName) -> impl Iterator<Item = &[u8]> {
        let is_it = move |field: &&Header<'_>| field.name.eq_ignore_ascii_case(name.as_str());
        self.iter().filter(is_it).map(|field| field.value)
    }
}

/// A value of visible characters, spaces and tabs; in others nobody agrees which letters the bytes are.
/// Source: RFC 9110, section 5.5.
fn text(value: &[u8]) -> Option<&str> {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
    value
        .iter()
        .all(is_plain)
        .then(|| std::str::from_utf8(value).ok())?
}

#[cfg(test)]
mod tests {
    use poem::http::header;

    use super::*;

    #[test]
    fn both_kinds_of_fields_say_the_same() {
        let lines: [(&str, &[u8]); 5] = [
            ("Cookie", b"a=1"),
            ("cookie", b"b=\xff"),
            ("HOST", b"blog.example"),
            ("COOKIE", b"c=3"),
            ("x-odd", b"\x7f"),
        ];
        let raw = lines.map(|(name, value)| Header { name, value });
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(
                name,
                HeaderValue::from_maybe_shared(value)
                    .unwrap_or_else(|_| HeaderValue::from_static("\t")),
            );
        }
        fn told(fields: &(impl Fields + ?Sized)) -> (Vec<&str>, Option<&str>, bool, Option<&str>) {
            (
                fields.words(header::COOKIE).collect(),
                fields.word(header::HOST),
                fields.has(header::EXPECT),
                fields.word(HeaderName::from_static("x-none")),
            )
        }
        assert_eq!(told(&raw[..]), told(&map));
        assert_eq!(told(&map).0, ["a=1", "c=3"]);
    }
}
