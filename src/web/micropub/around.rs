//! What an entry shows beside its text, as Markdown: what it responds to above, its files below.

use serde_json::Value;
use url::Url;

use super::body::Properties;

/// Properties that name what an entry responds to, and how its text says so.
pub const RESPONSES: [(&str, &str); 4] = [
    ("in-reply-to", "In reply to"),
    ("like-of", "Liked"),
    ("repost-of", "Reposted"),
    ("bookmark-of", "Bookmarked"),
];

/// Properties that show files below the text.
pub const FILES: [&str; 3] = ["photo", "video", "audio"];

/// Where the blog is, to tell its own addresses from others.
#[derive(Clone, Debug)]
pub struct Home {
    /// Scheme and host as readers reach it.
    pub base_url: String,
    /// What the app called us, where nobody has said what we are called.
    pub host: Option<String>,
}

impl Home {
    /// The path of an address of ours, from the root.
    pub fn path(&self, address: &str) -> Option<String> {
        if address.starts_with('/') && !address.starts_with("//") {
            return Some(address.to_owned());
        }
        let url = Url::parse(address).ok()?;
        let origin = url.origin().ascii_serialization();
        let authority = origin.split_once("://")?.1;
        let is_ours = origin == self.base_url || self.host.as_deref() == Some(authority);
        is_ours.then(|| url.path().to_owned())
    }
}

/// The Markdown above and below the text: what it responds to, and the files it shows.
pub fn around(kept: &Properties, home: &Home) -> (String, String) {
    let (mut above, mut below) = (String::new(), String::new());
    for (name, words) in RESPONSES {
        for value in list(kept, name) {
            if let Some(url) = web_address(&text(value).unwrap_or_default()) {
                above.push_str(&format!("{words} <{url}>\n\n"));
            }
        }
    }
    for name in FILES {
        for value in list(kept, name) {
            let alt = value["alt"].as_str().unwrap_or_default();
            if let Some(shown) = shown(name, &text(value).unwrap_or_default(), alt, home) {
                below.push_str(&format!("\n\n{shown}"));
            }
        }
    }
    (above, below)
}

/// A file of ours in its place, one from elsewhere as a link: pages load nothing from other sites.
fn shown(property: &str, address: &str, alt: &str, home: &Home) -> Option<String> {
    let alt: String = alt.split_whitespace().collect::<Vec<_>>().join(" ");
    let alt = escaped(&alt);
    let ours = home
        .path(address)
        .filter(|path| path.starts_with("/media/"));
    match (ours.filter(|path| is_plain(path)), property) {
        (Some(path), "photo") => Some(format!("![{alt}]({path})")),
        (Some(path), "video") => Some(format!("<video controls src=\"{path}\"></video>")),
        (Some(path), _) => Some(format!("<audio controls src=\"{path}\"></audio>")),
        (None, _) => {
            let url = web_address(address)?;
            let words = if alt.is_empty() { property } else { &alt };
            Some(format!("[{words}](<{url}>)"))
        }
    }
}

/// An address of the web in its canonical form, in which `<` and `>` cannot stand.
fn web_address(address: &str) -> Option<Url> {
    let url = Url::parse(address.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

fn is_plain(path: &str) -> bool {
    path.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/-._".contains(&byte))
}

/// Words that shall not be read as Markdown.
fn escaped(words: &str) -> String {
    let mut written = String::with_capacity(words.len());
    for letter in words.chars() {
        if letter.is_ascii_punctuation() {
            written.push('\\');
        }
        written.push(letter);
    }
    written
}

fn list<'a>(properties: &'a Properties, name: &str) -> impl Iterator<Item = &'a Value> {
    let values = properties.get(name).and_then(Value::as_array);
    values.into_iter().flatten()
}

/// A value as text: itself, its HTML, its plain value, or the address of what it cites.
pub fn text(value: &Value) -> Option<String> {
    let cited = &value["properties"]["url"][0];
    let parts = [
        value,
        &value["html"],
        &value["value"],
        &value["text"],
        cited,
    ];
    parts.into_iter().find_map(Value::as_str).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_ours_or_it_is_not() {
        let home = Home {
            base_url: "https://blog.example".into(),
            host: None,
        };
        for (address, path) in [
            ("https://blog.example/posts/a", Some("/posts/a")),
            ("/posts/a", Some("/posts/a")),
            ("//blog.example/a", None),
            ("https://blog.example.evil/a", None),
            ("a", None),
        ] {
            assert_eq!(home.path(address).as_deref(), path, "{address}");
        }
    }
}
