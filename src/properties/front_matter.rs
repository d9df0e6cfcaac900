//! The head of a Markdown file.

use serde_json::{Map, Value};

use crate::import::front_matter;

/// What is not the head is the body, a fault is told in a line, and a head means the same when it is written as JSON.
pub fn holds(source: &str) {
    let (head, body) = match front_matter::split(source) {
        Ok(parts) => parts,
        Err(fault) => {
            let told = fault.contains("front matter") && !fault.contains('\n');
            return assert!(told, "{fault:?}");
        }
    };
    assert!(source.ends_with(body), "{body:?}");
    let json = Value::Object(head).to_string();
    // Deeper than serde_json reads.
    let Ok(head) = serde_json::from_str::<Map<String, Value>>(&json) else {
        return;
    };
    let rewritten = format!("{json}\n{body}");
    assert_eq!(front_matter::split(&rewritten), Ok((head, body)));
}
