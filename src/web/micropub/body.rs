//! What an app sends, in the one shape that all three of its forms mean: properties with lists of values.
//!
//! Source: W3C Micropub, section 3.3 (forms, JSON and multipart).

use bytes::Bytes;
use futures_util::stream;
use poem::error::ReadBodyError;
use poem::http::{HeaderMap, header};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::files::LARGEST;
use super::refusal::Refusal;

/// Bytes of a form or of JSON.
pub const LONGEST: usize = 2 << 20;

/// A name to its values, as in microformats' JSON.
pub type Properties = Map<String, Value>;

/// How a body is written.
pub enum Kind {
    /// `application/x-www-form-urlencoded`
    Form,
    /// `application/json`
    Json,
    /// `multipart/form-data`, with its boundary
    Multipart(String),
}

impl Kind {
    /// By the header.
    ///
    /// Errors: 415 for another.
    pub fn of(headers: &HeaderMap) -> Result<Kind, Refusal> {
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let name = kind.split(';').next().unwrap_or_default().trim();
        match name.to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => Ok(Kind::Form),
            "application/json" => Ok(Kind::Json),
            "multipart/form-data" => match multer::parse_boundary(kind) {
                Ok(boundary) => Ok(Kind::Multipart(boundary)),
                Err(_) => Err(Refusal::invalid("multipart/form-data without a boundary")),
            },
            _ => Err(Refusal::of_type(
                "a body is a form, multipart/form-data or application/json",
            )),
        }
    }

    /// Bytes that such a body may have.
    pub fn longest(&self) -> usize {
        match self {
            Kind::Multipart(_) => LARGEST,
            _ => LONGEST,
        }
    }
}

/// A file of a multipart body.
pub struct File {
    /// The property it is a value of.
    pub property: String,
    /// What the sender calls it.
    pub name: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// A body, read.
#[derive(Default)]
pub struct Sent {
    /// What is not a property of a post: `action`, `url`, `h`, `access_token`, and every `mp-…`.
    pub commands: Properties,
    /// The properties of a post.
    pub properties: Properties,
    /// The files sent along.
    pub files: Vec<File>,
}

impl Sent {
    /// The first value of a command, if it is text.
    pub fn command(&self, name: &str) -> Option<&str> {
        let value = self.commands.get(name)?;
        value.as_str().or_else(|| value.get(0)?.as_str())
    }

    /// Adds a field of a form. `category[]` is a further `category`, and `content[html]` a part of one value.
    fn add(&mut self, field: &str, value: String) {
        let (name, part) = match field.split_once('[') {
            Some((name, rest)) => (name, rest.trim_end_matches(']')),
            None => (field, ""),
        };
        let value = match part {
            "html" | "value" => json!({ part: value }),
            _ => Value::from(value),
        };
        let is_command = name.starts_with("mp-") || COMMANDS.contains(&name);
        let map = match is_command {
            true => &mut self.commands,
            false => &mut self.properties,
        };
        let values = map.entry(name).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(value);
        }
    }
}

const COMMANDS: [&str; 4] = ["h", "action", "url", "access_token"];

/// Reads a body that is no longer than it may be.
///
/// Errors: 413 for a longer one, 400 for one that cannot be read.
pub async fn bytes(body: poem::Body, most: usize) -> Result<Bytes, Refusal> {
    let read = body.into_bytes_limit(most).await;
    read.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => Refusal::too_large(most),
        _ => Refusal::invalid("the body ended too early"),
    })
}

/// Takes a body apart.
///
/// Errors: 400 for what is not well-formed.
pub async fn parse(kind: Kind, body: Bytes) -> Result<Sent, Refusal> {
    match kind {
        Kind::Form => {
            let mut sent = Sent::default();
            for (name, value) in form_urlencoded::parse(&body) {
                sent.add(&name, value.into_owned());
            }
            Ok(sent)
        }
        Kind::Json => json(&body),
        Kind::Multipart(boundary) => multipart(&boundary, body).await,
    }
}

fn json(body: &[u8]) -> Result<Sent, Refusal> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid(format!("the JSON cannot be read: {error}")))?;
    let Value::Object(mut commands) = value else {
        return Err(Refusal::invalid("the JSON is no object"));
    };
    let properties = match commands.remove("properties") {
        Some(Value::Object(properties)) => properties,
        None => Map::new(),
        Some(_) => return Err(Refusal::invalid("properties is no object")),
    };
    if let Some((name, _)) = properties.iter().find(|(_, value)| !value.is_array()) {
        let why = format!("the value of {name} is no list");
        return Err(Refusal::invalid(why));
    }
    let properties = properties.into_iter();
    let (mp, properties): (Properties, Properties) =
        properties.partition(|(name, _)| name.starts_with("mp-"));
    commands.extend(mp);
    Ok(Sent {
        commands,
        properties,
        files: Vec::new(),
    })
}

async fn multipart(boundary: &str, body: Bytes) -> Result<Sent, Refusal> {
    let bad = |error| Refusal::invalid(format!("the multipart body cannot be read: {error}"));
    let whole = stream::iter([Ok::<_, std::convert::Infallible>(body)]);
    let mut parts = multer::Multipart::new(whole, boundary);
    let mut sent = Sent::default();
    while let Some(part) = parts.next_field().await.map_err(bad)? {
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        match file {
            None => sent.add(&name, part.text().await.map_err(bad)?),
            Some(file) => {
                let bytes = part.bytes().await.map_err(bad)?;
                let property = name.split('[').next().unwrap_or_default().to_owned();
                // A browser sends an empty file for a field that was left alone.
                if !bytes.is_empty() {
                    sent.files.push(File {
                        property,
                        name: file,
                        bytes,
                    });
                }
            }
        }
    }
    Ok(sent)
}
