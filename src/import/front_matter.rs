//! The head of a Markdown file, whichever of the three languages it is written in, as one JSON map.
//!
//! Only the syntax: what the keys mean is known to `markdown::head`.

use serde_json::{Map, Value};

/// A head that unfolds to more YAML nodes than this is refused: no author writes one, an alias bomb does.
const MAX_NODES: usize = 20_000;

/// The head of a Markdown file (TOML `+++`, YAML `---`, JSON `{`), parsed to one JSON map, and the body after it.
///
/// A byte order mark is skipped and lines may end in CRLF. Text without a head gives an empty map and the whole text;
/// so do two horizontal rules with prose between them. Dates of TOML become strings as they were written.
///
/// Errors: a sentence naming the language, the line in the file and what is wrong there.
///
/// Source: `import-formats.md`, section 3.
pub fn split(source: &str) -> Result<(Map<String, Value>, &str), String> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let (first, _) = line(source, 0);
    match first.trim_end() {
        "+++" => match fenced(source, &["+++"]) {
            Some((head, body)) => Ok((toml_map(head)?, body)),
            None => Err("the TOML front matter that opens with +++ is never closed".to_owned()),
        },
        "---" => match fenced(source, &["---", "..."]) {
            Some((head, body)) => Ok(match yaml_map(head)? {
                Some(map) => (map, body),
                None => (Map::new(), source),
            }),
            // A lone rule at the top is Markdown.
            None => Ok((Map::new(), source)),
        },
        _ if opens_json(source) => json_map(source),
        _ => Ok((Map::new(), source)),
    }
}

/// Whether the file was headed by TOML: between Hugo and Zola, a hint at which of the two wrote it.
pub fn is_toml(source: &str) -> bool {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    line(source, 0).0.trim_end() == "+++"
}

/// The whole text of a TOML file as a JSON map.
///
/// Errors: line and fault.
pub fn toml_map(text: &str) -> Result<Map<String, Value>, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        // The head starts on the file's second line.
        let start = error.span().map_or(0, |span| span.start.min(text.len()));
        let above = text.as_bytes()[..start]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        format!("TOML front matter, line {}: {}", above + 2, error.message())
    })?;
    Ok(table
        .into_iter()
        .map(|(key, value)| (key, from_toml(value)))
        .collect())
}

/// The whole text of a YAML file as a JSON map; none if it holds something else than a map.
///
/// Errors: line and fault, an alias bomb among them.
pub fn yaml_map(text: &str) -> Result<Option<Map<String, Value>>, String> {
    let mut options = serde_saphyr::Options::default();
    options.with_snippet = false;
    options.strict_booleans = true;
    options.duplicate_keys = serde_saphyr::options::DuplicateKeyPolicy::LastWins;
    options.alias_limits.max_total_replayed_events = MAX_NODES;
    let value = serde_saphyr::from_str_with_options::<Value>(text, options).map_err(|error| {
        let line = error.location().map_or(1, |place| place.line()) + 1;
        let fault = error.to_string();
        format!(
            "YAML front matter, line {line}: {}",
            fault.lines().next().unwrap_or_default()
        )
    })?;
    Ok(match value {
        Value::Object(map) => Some(map),
        Value::Null => Some(Map::new()),
        _ => None,
    })
}

/// A line from `start`, without its line feed, and where the next one begins.
fn line(text: &str, start: usize) -> (&str, usize) {
    match text[start..].find('\n') {
        Some(end) => (&text[start..start + end], start + end + 1),
        None => (&text[start..], text.len()),
    }
}

/// What stands between the first line and the next line that equals one of `closings`, and what follows.
fn fenced<'a>(source: &'a str, closings: &[&str]) -> Option<(&'a str, &'a str)> {
    let (_, start) = line(source, 0);
    let mut at = start;
    while at < source.len() {
        let (text, next) = line(source, at);
        if closings.contains(&text.trim_end()) {
            return Some((&source[start..at], &source[next..]));
        }
        at = next;
    }
    None
}

/// `{` followed by a key or by nothing: Markdown may begin with a brace of a shortcode or of an attribute list.
fn opens_json(source: &str) -> bool {
    let inside = source.strip_prefix('{').map(str::trim_start);
    inside.is_some_and(|inside| inside.starts_with(['"', '}']))
}

fn json_map(source: &str) -> Result<(Map<String, Value>, &str), String> {
    let mut stream = serde_json::Deserializer::from_str(source).into_iter::<Map<String, Value>>();
    match stream.next() {
        Some(Ok(map)) => {
            let body = &source[stream.byte_offset()..];
            let body = body.strip_prefix('\r').unwrap_or(body);
            Ok((map, body.strip_prefix('\n').unwrap_or(body)))
        }
        Some(Err(error)) => Err(format!("JSON front matter: {error}")),
        None => Ok((Map::new(), source)),
    }
}

fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(list) => list.into_iter().map(from_toml).collect(),
        toml::Value::Table(table) => Value::Object(
            table
                .into_iter()
                .map(|(key, value)| (key, from_toml(value)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_language_of_heads_becomes_the_same_map() {
        let sources = [
            "+++\ntitle = \"A\"\ntags = [\"x\", \"y\"]\n+++\nbody\n",
            "---\ntitle: A\ntags: [x, y]\n---\nbody\n",
            "---\ntitle: A\ntags:\n  - x\n  - y\n...\nbody\n",
            "{\n\"title\": \"A\",\n\"tags\": [\"x\", \"y\"]\n}\nbody\n",
            "\u{feff}---\r\ntitle: A\r\ntags: [x, y]\r\n---\r\nbody\n",
            "\u{feff}+++\r\ntitle = 'A'\r\ntags = ['x', 'y']\r\n+++\r\nbody\n",
            "{ \"title\": \"A\", \"tags\": [\"x\", \"y\"] }\r\nbody\n",
        ];
        for source in sources {
            let (map, body) = split(source).unwrap();
            assert_eq!(
                Value::Object(map),
                json!({"title": "A", "tags": ["x", "y"]}),
                "{source}"
            );
            assert_eq!(body, "body\n", "{source}");
        }
    }

    #[test]
    fn text_without_a_head_is_all_body() {
        for source in [
            "",
            "# Title\n",
            "---\n\nprose\n",
            "---\nprose\n\n---\nmore\n",
            "{{< figure >}}\n",
            "{: .a}\nx",
        ] {
            assert_eq!(split(source).unwrap(), (Map::new(), source), "{source}");
        }
        assert_eq!(split("---\n---\nx").unwrap(), (Map::new(), "x"));
    }

    #[test]
    fn dates_keep_the_form_they_were_written_in() {
        let (map, _) = split("+++\na = 2020-01-02\nb = 2020-01-02T03:04:05Z\n+++\n").unwrap();
        assert_eq!(
            Value::Object(map),
            json!({"a": "2020-01-02", "b": "2020-01-02T03:04:05Z"})
        );
        let (map, _) = split("---\na: 2020-01-02\nb: 2020-01-02 03:04:05 +0100\n---\n").unwrap();
        assert_eq!(
            Value::Object(map),
            json!({"a": "2020-01-02", "b": "2020-01-02 03:04:05 +0100"})
        );
    }

    #[test]
    fn a_fault_names_its_line() {
        for (source, line) in [
            (
                "+++\ntitle = \"A\"\ndate = = 1\n+++\n",
                "TOML front matter, line 3",
            ),
            ("---\ntitle: A\ntags: [x\n---\n", "YAML front matter, line"),
            ("{\n\"title\": }\n", "JSON front matter"),
            ("+++\ntitle = \"A\"\n", "never closed"),
        ] {
            let fault = split(source).unwrap_err();
            assert!(fault.contains(line), "{fault}");
        }
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut bomb = "---\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let row = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{row}]\n"));
        }
        bomb.push_str("---\nbody\n");
        assert!(split(&bomb).is_err());
    }
}
