//! The head of a post's file. What was in it when it was imported, and has no meaning here, is written back.

use serde_json::Value as Json;
use toml::{Table, Value};

use crate::error::{Error, Result};
use crate::model::carried::CarriedPost;
use crate::store::carried::object;

/// The whole file: TOML front matter, an empty line, and the text to the byte, with one line end after it.
pub fn write(post: &CarriedPost) -> Result<String> {
    let extra = object(&post.extra)?;
    let mut lines = vec![
        ("title", Value::from(post.title.as_str())),
        ("slug", Value::from(post.slug.as_str())),
        ("kind", Value::from(post.kind.as_str())),
        ("status", Value::from(post.status.as_str())),
    ];
    let mut add = |key, value: Option<Value>| lines.extend(value.map(|value| (key, value)));
    let time = |at: crate::model::time::Timestamp| {
        let read = at.exact().parse().map(Value::Datetime);
        read.map_err(|_| Error::Refused(format!("{} is a time that TOML does not know", at.0)))
    };
    add("date", post.published_at.map(time).transpose()?);
    add("created", Some(time(post.created_at)?));
    add("updated", Some(time(post.updated_at)?));
    add("draft", (post.status == "draft").then_some(true.into()));
    add("summary", post.summary.as_deref().map(Value::from));
    add("lang", post.lang.as_deref().map(Value::from));
    add("tags", list(&post.tags));
    add("aliases", list(&post.aliases));
    add("comments_open", Some(post.comments_open.into()));
    add("discussion", Some(post.discussion.as_str().into()));
    let known: Vec<&str> = lines.iter().map(|(key, _)| *key).collect();
    let rest = extra
        .into_iter()
        .filter(|(key, _)| !known.contains(&key.as_str()));
    let rest: Table = rest
        .filter_map(|(key, value)| Some((key, from_json(value)?)))
        .collect();
    let head: String = lines
        .iter()
        .map(|(key, value)| format!("{key} = {}\n", on_one_line(value)))
        .collect();
    let rest = rest.to_string();
    if head
        .lines()
        .chain(rest.lines())
        .any(|line| line.trim_end() == "+++")
    {
        return Err(Error::Refused(format!(
            "the front matter of {} holds a line that would end it",
            post.slug
        )));
    }
    Ok(format!("+++\n{head}{rest}+++\n\n{}\n", post.body))
}

/// Strings as JSON writes them, which TOML reads too: a line of the text must not be taken for the end of the head.
fn on_one_line(value: &Value) -> String {
    match value {
        Value::String(text) => Json::from(text.replace('\u{7f}', "")).to_string(),
        value => value.to_string(),
    }
}

fn list(words: &[String]) -> Option<Value> {
    (!words.is_empty()).then(|| Value::from(words.to_vec()))
}

/// TOML has no null; nothing says the same.
fn from_json(value: Json) -> Option<Value> {
    Some(match value {
        Json::Null => return None,
        Json::Bool(flag) => flag.into(),
        Json::String(text) => text.into(),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(part)) => part.into(),
            (None, None) => return None,
        },
        Json::Array(list) => Value::Array(list.into_iter().filter_map(from_json).collect()),
        Json::Object(map) => Value::Table(
            map.into_iter()
                .filter_map(|(key, value)| Some((key, from_json(value)?)))
                .collect(),
        ),
    })
}
