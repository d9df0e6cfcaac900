//! Addresses inside a post's HTML, made absolute for readers who see it elsewhere.

/// The attributes that hold one address.
const ADDRESSES: [&str; 4] = ["href", "src", "poster", "cite"];

/// `html` with every relative address made absolute. `path` is that of its page, from the root of `base`.
///
/// Only the inside of tags is touched: a text that speaks of `href="/x"` stays as it is.
pub fn links(html: &str, base: &str, path: &str) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        out.push_str(text);
        rest = if opens(tag) {
            element(tag, base, path, &mut out)
        } else {
            plain(tag, &mut out)
        };
    }
    out.push_str(rest);
    out
}

/// Whether a `<` starts an element, and not a comment, an end tag or a stray sign.
fn opens(tag: &str) -> bool {
    tag.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic)
}

/// Copies the `<`, or a whole comment, and returns what follows.
fn plain<'a>(tag: &'a str, out: &mut String) -> &'a str {
    let end = if tag.starts_with("<!--") {
        tag.find("-->").unwrap_or(tag.len())
    } else {
        1
    };
    out.push_str(&tag[..end]);
    &tag[end..]
}

/// Copies one start tag with its addresses resolved and returns what follows it.
fn element<'a>(tag: &'a str, base: &str, path: &str, out: &mut String) -> &'a str {
    let name = tag
        .find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
        .filter(|at| *at > 0);
    let (start, mut rest) = tag.split_at(name.unwrap_or(tag.len()));
    out.push_str(start);
    loop {
        let space = rest
            .find(|c: char| !c.is_ascii_whitespace() && c != '/')
            .unwrap_or(rest.len());
        out.push_str(&rest[..space]);
        rest = &rest[space..];
        if rest.is_empty() || rest.starts_with('>') {
            return rest;
        }
        rest = attribute(rest, base, path, out);
    }
}

/// Copies one attribute and returns what follows it.
fn attribute<'a>(text: &'a str, base: &str, path: &str, out: &mut String) -> &'a str {
    // A stray `=` counts as the first letter of a name (HTML, section 13.2.5.32), so a name is never empty.
    let end = text
        .char_indices()
        .skip(1)
        .find(|(_, c)| c.is_ascii_whitespace() || "=>/".contains(*c));
    let (name, rest) = text.split_at(end.map_or(text.len(), |(at, _)| at));
    out.push_str(name);
    let value = rest.trim_ascii_start();
    let Some(value) = value.strip_prefix('=').map(str::trim_ascii_start) else {
        return rest;
    };
    let (quote, value, rest) = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let (value, rest) = value[1..].split_once(quote).unwrap_or((&value[1..], ""));
            (quote, value, rest)
        }
        _ => {
            let end = value
                .find(|c: char| c.is_ascii_whitespace() || c == '>')
                .unwrap_or(value.len());
            ('"', &value[..end], &value[end..])
        }
    };
    out.push('=');
    out.push(quote);
    match name.to_ascii_lowercase().as_str() {
        "srcset" => out.push_str(&candidates(value, base, path)),
        name if ADDRESSES.contains(&name) => out.push_str(&resolved(value.trim(), base, path)),
        _ => out.push_str(value),
    }
    out.push(quote);
    rest
}

/// The candidates of a `srcset`, each with its address resolved.
fn candidates(value: &str, base: &str, path: &str) -> String {
    let one = |candidate: &str| match candidate.trim().split_once(' ') {
        Some((address, size)) => format!("{} {}", resolved(address, base, path), size.trim()),
        None => resolved(candidate.trim(), base, path),
    };
    value.split(", ").map(one).collect::<Vec<_>>().join(", ")
}

/// An address as seen from the page at `path` of `base`. Source: RFC 3986, section 5.2, without dot segments, which
/// readers of the result resolve themselves.
fn resolved(address: &str, base: &str, path: &str) -> String {
    let folder = &path[..path.rfind('/').map_or(0, |slash| slash + 1)];
    match address.chars().next() {
        _ if has_scheme(address) || address.starts_with("//") => address.into(),
        Some('/') => format!("{base}{address}"),
        None | Some('#' | '?') => format!("{base}{path}{address}"),
        _ => format!("{base}{folder}{address}"),
    }
}

fn has_scheme(address: &str) -> bool {
    let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_absolute_and_nothing_else_changes() {
        let table = [
            (
                r##"<a href="/x">y</a>"##,
                r##"<a href="https://e.org/x">y</a>"##,
            ),
            (
                r##"<a href="#fn-1">1</a>"##,
                r##"<a href="https://e.org/posts/p#fn-1">1</a>"##,
            ),
            (
                r##"<img alt="a > b" src='pic.png'/>"##,
                r##"<img alt="a > b" src='https://e.org/posts/pic.png'/>"##,
            ),
            (
                r##"<img src=/a.png loading=lazy>"##,
                r##"<img src="https://e.org/a.png" loading="lazy">"##,
            ),
            (
                r##"<a href="mailto:a@b.c">m</a>"##,
                r##"<a href="mailto:a@b.c">m</a>"##,
            ),
            (
                r##"<a HREF="//cdn.example/x">m</a>"##,
                r##"<a HREF="//cdn.example/x">m</a>"##,
            ),
            (
                r##"<img srcset="/a.png 1x, /b.png 2x">"##,
                r##"<img srcset="https://e.org/a.png 1x, https://e.org/b.png 2x">"##,
            ),
            (
                r##"<p>a < b and href="/x"</p>"##,
                r##"<p>a < b and href="/x"</p>"##,
            ),
            (
                r##"<!-- <a href="/x"> --><b>é</b>"##,
                r##"<!-- <a href="/x"> --><b>é</b>"##,
            ),
            (
                r##"<input disabled checked>"##,
                r##"<input disabled checked>"##,
            ),
        ];
        for (html, expected) in table {
            assert_eq!(links(html, "https://e.org", "/posts/p"), expected);
        }
    }

    #[test]
    fn broken_html_neither_panics_nor_loses_text() {
        for html in [
            "<",
            "<a",
            "<a href",
            "<a href=",
            "<a href=\"",
            "<a =\"/x\">",
            "<é>",
            "<a é='/x",
            "<!--",
            "</",
        ] {
            assert!(
                !links(html, "https://e.org", "/posts/p").is_empty(),
                "{html}"
            );
        }
    }
}
