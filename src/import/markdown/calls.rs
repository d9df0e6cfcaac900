//! The syntax of shortcodes, `{{< name args >}}` and its cousins: where one begins and ends, its name, its arguments.

use std::collections::HashMap;

use super::site::Dialect;

/// A shortcode as its author wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// Without the mark of a closing tag.
    pub name: String,
    /// `key="value"`, in order.
    pub named: Vec<(String, String)>,
    /// Values without a key.
    pub bare: Vec<String>,
}

impl Call {
    /// The first of these arguments that is given and not empty.
    pub fn named(&self, names: &[&str]) -> Option<&str> {
        let value = |name: &&str| self.named.iter().find(|(key, _)| key == name);
        names
            .iter()
            .filter_map(value)
            .map(|(_, value)| value.as_str())
            .find(|value| !value.is_empty())
    }

    /// That argument, else the one at this place among those without a key.
    pub fn argument(&self, names: &[&str], place: usize) -> Option<&str> {
        self.named(names)
            .or_else(|| self.bare.get(place).map(String::as_str))
    }
}

/// What stands at a brace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A shortcode, or the opening tag of one.
    Open(Call),
    /// The closing tag of the named one; of the innermost if there is no name.
    Close(String),
    /// Jekyll's `{{ expression }}`.
    Output(String),
    /// A shortcode quoted by its author, `{{</* name */>}}`: the text to show.
    Quoted(String),
    /// kramdown's `{: .class}`.
    Attributes,
}

/// Reads tokens of one text in order. Where the next closer stands is remembered, so that a text full of braces
/// that are never closed costs no more than one search for each closer.
pub struct Reader<'a> {
    text: &'a str,
    dialect: Dialect,
    closers: HashMap<&'static str, Option<usize>>,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `text`.
    pub fn new(text: &'a str, dialect: Dialect) -> Self {
        Reader {
            text,
            dialect,
            closers: HashMap::new(),
        }
    }

    /// The token that begins at the brace at `at`, and where it ends; none if these braces mean nothing here.
    pub fn token(&mut self, at: usize) -> Option<(Token, usize)> {
        let rest = &self.text[at..];
        match self.dialect {
            Dialect::Hugo if rest.starts_with("{{<") => self.hugo(at, ">}}"),
            Dialect::Hugo if rest.starts_with("{{%") => self.hugo(at, "%}}"),
            Dialect::Zola if rest.starts_with("{{") => self.zola(at, "}}"),
            Dialect::Zola if rest.starts_with("{%") => self.zola(at, "%}"),
            Dialect::Jekyll if rest.starts_with("{%") => self.liquid(at),
            Dialect::Jekyll if rest.starts_with("{{") => self.output(at),
            Dialect::Jekyll if rest.starts_with("{:") => self.attributes(at),
            _ => None,
        }
    }

    fn hugo(&mut self, at: usize, closer: &'static str) -> Option<(Token, usize)> {
        let (inner, end) = self.until(at + 3, closer)?;
        if let Some(quoted) = quoted(inner) {
            return Some((
                Token::Quoted(format!("{}{quoted}{closer}", &self.text[at..at + 3])),
                end,
            ));
        }
        let inner = inner.trim();
        if let Some(name) = inner
            .strip_prefix('/')
            .map(str::trim)
            .filter(|name| is_name(name))
        {
            return Some((Token::Close(name.to_owned()), end));
        }
        Some((Token::Open(spaced(inner.trim_end_matches('/'))?), end))
    }

    fn zola(&mut self, at: usize, closer: &'static str) -> Option<(Token, usize)> {
        let (inner, end) = self.until(at + 2, closer)?;
        if let Some(quoted) = quoted(inner) {
            return Some((
                Token::Quoted(format!("{}{quoted}{closer}", &self.text[at..at + 2])),
                end,
            ));
        }
        let inner = inner.trim_matches('-').trim();
        if closer == "%}" && inner == "end" {
            return Some((Token::Close(String::new()), end));
        }
        let (name, list) = inner.split_once('(')?;
        let list = list.trim_end().strip_suffix(')')?;
        let name = Some(name.trim()).filter(|name| is_name(name))?;
        let words = words(list, &[',']);
        // Zola knows no argument without a name: such braces are prose.
        let named: Option<Vec<_>> = words
            .into_iter()
            .map(|(key, value)| Some((key?, value)))
            .collect();
        Some((
            Token::Open(Call {
                name: name.to_owned(),
                named: named?,
                bare: Vec::new(),
            }),
            end,
        ))
    }

    fn liquid(&mut self, at: usize) -> Option<(Token, usize)> {
        let (inner, end) = self.until(at + 2, "%}")?;
        let inner = inner.trim_matches('-').trim();
        let call = spaced(inner)?;
        Some(match call.name.strip_prefix("end") {
            Some(name) if is_name(name) => (Token::Close(name.to_owned()), end),
            _ => (Token::Open(call), end),
        })
    }

    fn output(&mut self, at: usize) -> Option<(Token, usize)> {
        let (inner, end) = self.until(at + 2, "}}")?;
        let inner = inner.trim_matches('-').trim();
        let value = inner.split('|').next().unwrap_or_default().trim();
        let literal =
            value.len() > 1 && value.starts_with(['"', '\'']) && value.ends_with(['"', '\'']);
        let path = |byte: u8| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']' | b'"' | b'\'')
        };
        let variable =
            value.starts_with(|first: char| first.is_ascii_alphabetic()) && value.bytes().all(path);
        (literal || variable).then(|| (Token::Output(inner.to_owned()), end))
    }

    fn attributes(&mut self, at: usize) -> Option<(Token, usize)> {
        let (inner, end) = self.until(at + 2, "}")?;
        (!inner.contains(['\n', '{'])).then_some((Token::Attributes, end))
    }

    /// The text from `start` to the next `closer`, and the place behind that.
    fn until(&mut self, start: usize, closer: &'static str) -> Option<(&'a str, usize)> {
        let text = self.text;
        let next = self
            .closers
            .entry(closer)
            .or_insert_with(|| text[start..].find(closer).map(|place| place + start));
        if next.is_some_and(|place| place < start) {
            *next = text[start..].find(closer).map(|place| place + start);
        }
        let end = (*next)?;
        // A call spans a few lines at most; what is longer is prose between two unrelated braces.
        let inner = text
            .get(start..end)
            .filter(|inner| inner.len() <= 4096 && !inner.contains("\n\n"))?;
        Some((inner, end + closer.len()))
    }
}

/// `/* name args */`, the way Hugo and Zola quote a shortcode.
fn quoted(inner: &str) -> Option<&str> {
    inner.trim().strip_prefix("/*")?.strip_suffix("*/")
}

/// `name arg key="value"`.
fn spaced(inner: &str) -> Option<Call> {
    let (name, list) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    if !is_name(name) {
        return None;
    }
    let mut call = Call {
        name: name.to_owned(),
        ..Call::default()
    };
    for (key, value) in words(list, &[]) {
        match key {
            Some(key) => call.named.push((key, value)),
            None => call.bare.push(value),
        }
    }
    Some(call)
}

fn is_name(name: &str) -> bool {
    let rest =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b':');
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(rest)
}

/// The arguments of a list: each with its key if it has one, quotes taken off. Spaces part them, and `marks` too.
fn words(list: &str, marks: &[char]) -> Vec<(Option<String>, String)> {
    let parts = |byte: char| byte.is_whitespace() || marks.contains(&byte);
    let mut found = Vec::new();
    let mut rest = list.trim_start_matches(parts);
    while !rest.is_empty() {
        let key_end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
            .unwrap_or(rest.len());
        let after = rest[key_end..].trim_start();
        let (key, value) = match after.strip_prefix('=') {
            Some(value) if key_end > 0 => (Some(rest[..key_end].to_owned()), value.trim_start()),
            _ => (None, rest),
        };
        let (word, next) = word(value, parts);
        found.push((key, word));
        rest = next.trim_start_matches(parts);
    }
    found
}

/// One value, quoted or not, and what follows it.
fn word(text: &str, parts: impl Fn(char) -> bool) -> (String, &str) {
    let Some(quote) = text
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\'' | '`'))
    else {
        let end = text.find(parts).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((place, letter)) = chars.next() {
        if letter == quote {
            return (value, &text[place + letter.len_utf8()..]);
        }
        let escaped = letter == '\\' && quote != '`';
        value.extend(if escaped {
            chars.next().map(|(_, letter)| letter)
        } else {
            Some(letter)
        });
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dialect: Dialect, text: &str) -> Option<(Token, usize)> {
        Reader::new(text, dialect).token(0)
    }

    fn open(dialect: Dialect, text: &str) -> Call {
        match read(dialect, text) {
            Some((Token::Open(call), _)) => call,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn calls_are_read_in_each_dialect() {
        for (dialect, text) in [
            (
                Dialect::Hugo,
                "{{< figure src=\"a b.png\" alt=`x \"y\"` wide >}}",
            ),
            (
                Dialect::Hugo,
                "{{% figure src=\"a b.png\" alt='x \"y\"' wide /%}}",
            ),
            (
                Dialect::Jekyll,
                "{%- figure src=\"a b.png\" alt = \"x \\\"y\\\"\" wide -%}",
            ),
        ] {
            let call = open(dialect, text);
            assert_eq!(call.name, "figure");
            assert_eq!(call.named(&["url", "src"]), Some("a b.png"));
            assert_eq!(call.named(&["alt"]), Some("x \"y\""));
            assert_eq!(call.argument(&["none"], 0), Some("wide"), "{text}");
        }
        let call = open(Dialect::Zola, "{{ youtube(id=\"x, y\", autoplay=true) }}");
        assert_eq!(
            (call.named(&["id"]), call.named(&["autoplay"])),
            (Some("x, y"), Some("true"))
        );
    }

    #[test]
    fn braces_that_are_no_call_are_left_alone() {
        let (hugo, zola, jekyll) = (Dialect::Hugo, Dialect::Zola, Dialect::Jekyll);
        for (dialect, text) in [
            (hugo, "{{closure}}"),
            (hugo, "{{< 1 + 1 >}}"),
            (hugo, "{{< figure"),
            (zola, "{{closure}}"),
            (zola, "{{r4, pc}}"),
            (zola, "{{ f(x) }}"),
            (zola, "{% if x %}"),
            (jekyll, "{{r4, pc}}"),
            (jekyll, "{{ 1 }}"),
            (jekyll, "{x}"),
        ] {
            assert_eq!(read(dialect, text), None, "{text}");
        }
    }

    #[test]
    fn closing_quoting_and_attributes() {
        for (dialect, text, token) in [
            (
                Dialect::Hugo,
                "{{< /details >}}",
                Token::Close("details".into()),
            ),
            (
                Dialect::Hugo,
                "{{</* a b */>}}",
                Token::Quoted("{{< a b >}}".into()),
            ),
            (Dialect::Zola, "{% end %}", Token::Close(String::new())),
            (
                Dialect::Zola,
                "{{/* a() */}}",
                Token::Quoted("{{ a() }}".into()),
            ),
            (Dialect::Jekyll, "{% endraw %}", Token::Close("raw".into())),
            (
                Dialect::Jekyll,
                "{{ site.url | append: 'x' }}",
                Token::Output("site.url | append: 'x'".into()),
            ),
            (Dialect::Jekyll, "{:.a #b}", Token::Attributes),
        ] {
            assert_eq!(read(dialect, text), Some((token, text.len())), "{text}");
        }
    }
}
