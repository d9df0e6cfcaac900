//! What the shortcodes we know become in Markdown.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value};

use super::calls::Call;
use super::site::Dialect;

/// What cannot stand bare in the destination of a Markdown link.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'(')
    .add(b')')
    .add(b'\\')
    .add(b'`');

/// What stands for a shortcode without a body; none if we do not know it.
///
/// References to other posts become `@/path`, which `links` resolves once every post has its address.
pub fn single(call: &Call, dialect: Dialect, head: &Map<String, Value>) -> Option<String> {
    match call.name.as_str() {
        "figure" | "image" | "img" | "picture" => figure(call),
        "youtube" | "vimeo" | "gist" | "tweet" | "twitter" | "x" | "instagram" => embed(call),
        "ref" | "relref" => call.argument(&["path"], 0).map(reference),
        "param" => output(&format!("page.{}", call.argument(&["name"], 0)?), head),
        "post_url" => call.bare.first().map(|name| reference(name)),
        "link" if dialect == Dialect::Jekyll => call.bare.first().map(|path| jekyll_link(path)),
        "include" | "include_cached" | "include_relative" => include(call, dialect, head),
        _ => None,
    }
}

/// Whether we know what to do with the text between the tags of this shortcode.
pub fn is_pair(name: &str) -> bool {
    matches!(
        name,
        "quote" | "blockquote" | "details" | "raw" | "rawhtml" | "html" | "markdown"
    )
}

/// What stands for a shortcode and its body, for the names that `is_pair` knows.
pub fn pair(call: &Call, inner: &str) -> String {
    match call.name.as_str() {
        "details" => {
            let summary = call.argument(&["summary", "title"], 0).unwrap_or("Details");
            format!(
                "<details><summary>{}</summary>\n\n{}\n\n</details>",
                escaped(summary),
                inner.trim()
            )
        }
        "quote" | "blockquote" => {
            let author = call
                .argument(&["author", "by", "cite"], 0)
                .map(|author| format!("\n\n— {author}"));
            let text = format!("{}{}", inner.trim(), author.unwrap_or_default());
            let lines = text.lines().map(|line| {
                if line.trim().is_empty() {
                    ">".into()
                } else {
                    format!("> {line}")
                }
            });
            format!("\n{}\n", lines.collect::<Vec<_>>().join("\n"))
        }
        _ => inner.to_owned(),
    }
}

/// The value of a Liquid expression, as far as it is known without running the site: addresses and front matter.
pub fn output(expression: &str, head: &Map<String, Value>) -> Option<String> {
    let value = expression.split('|').next().unwrap_or_default().trim();
    if let Some(quote) = value
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))
    {
        return Some(value.trim_matches(quote).to_owned());
    }
    match value {
        "site.baseurl" | "site.url" | "site.github.url" => Some(String::new()),
        _ => match head.get(value.strip_prefix("page.")?)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        },
    }
}

fn figure(call: &Call) -> Option<String> {
    let source = call.argument(&["src", "url", "path", "image", "image_path", "file"], 0)?;
    let caption = call.named(&["caption", "title"]);
    let alt = call.named(&["alt"]).or(caption).unwrap_or_default();
    let picture = match caption {
        None => format!(
            "![{}]({})",
            alt.replace(['[', ']'], ""),
            destination(source)
        ),
        Some(_) => format!("<img src=\"{}\" alt=\"{}\">", escaped(source), escaped(alt)),
    };
    let picture = match (call.named(&["link", "href"]), caption) {
        (None, _) => picture,
        (Some(link), None) => format!("[{picture}]({})", destination(link)),
        (Some(link), Some(_)) => format!("<a href=\"{}\">{picture}</a>", escaped(link)),
    };
    Some(match caption {
        None => picture,
        Some(caption) => format!(
            "<figure>{picture}<figcaption>{}</figcaption></figure>",
            escaped(caption)
        ),
    })
}

/// A page that would ask another site for content is not ours: what was embedded becomes a link.
fn embed(call: &Call) -> Option<String> {
    let first = call.argument(&["id", "url", "user", "src"], 0)?;
    let second = call
        .named(&["id"])
        .filter(|id| *id != first)
        .or_else(|| call.bare.get(1).map(String::as_str));
    let (text, address) = match call.name.as_str() {
        "youtube" => (
            "Video on YouTube".to_owned(),
            format!("https://www.youtube.com/watch?v={first}"),
        ),
        "vimeo" => (
            "Video on Vimeo".to_owned(),
            format!("https://vimeo.com/{first}"),
        ),
        "instagram" => (
            "Picture on Instagram".to_owned(),
            format!("https://www.instagram.com/p/{first}/"),
        ),
        "gist" => {
            let author = call
                .named(&["user"])
                .unwrap_or(first)
                .split('/')
                .next()
                .unwrap_or_default();
            let path = second.map_or_else(|| first.to_owned(), |id| format!("{author}/{id}"));
            (
                format!("Gist by {author}"),
                format!("https://gist.github.com/{path}"),
            )
        }
        _ => {
            let user = call.named(&["user"]).unwrap_or("i");
            let id = call.named(&["id"]).or(second).unwrap_or(first);
            (
                "Post on X".to_owned(),
                format!("https://x.com/{user}/status/{id}"),
            )
        }
    };
    if first.starts_with("https://") || first.starts_with("http://") {
        let text = text
            .strip_suffix(" by https:")
            .map_or(text.as_str(), |kind| kind);
        return Some(format!("[{text}]({})", utf8_percent_encode(first, UNSAFE)));
    }
    Some(format!(
        "[{text}]({})",
        utf8_percent_encode(&address, UNSAFE)
    ))
}

fn reference(path: &str) -> String {
    let path = path.trim_start_matches('/');
    if path.starts_with('#') {
        return path.to_owned();
    }
    format!("@/{}", utf8_percent_encode(path, UNSAFE))
}

fn jekyll_link(path: &str) -> String {
    let is_post = path.ends_with(".md") || path.ends_with(".markdown");
    if is_post {
        reference(path)
    } else {
        format!(
            "/{}",
            utf8_percent_encode(path.trim_start_matches('/'), UNSAFE)
        )
    }
}

/// `{% include youtube.html id="x" %}`: themes name their partials after what they show.
fn include(call: &Call, dialect: Dialect, head: &Map<String, Value>) -> Option<String> {
    let file = call.bare.first()?.rsplit('/').next()?;
    let name = file.split('.').next()?;
    let name = ["youtube", "vimeo", "gist", "figure", "image", "img"]
        .into_iter()
        .find(|known| name.contains(known))?;
    let bare = call.bare[1..].to_vec();
    single(
        &Call {
            name: name.to_owned(),
            named: call.named.clone(),
            bare,
        },
        dialect,
        head,
    )
}

/// A destination with spaces needs its pointed brackets.
fn destination(address: &str) -> String {
    let address = address.replace(['<', '>', '\n'], "");
    if address.contains([' ', '(', ')']) {
        format!("<{address}>")
    } else {
        address
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
