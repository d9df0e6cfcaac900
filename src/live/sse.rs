//! The bytes of an event stream.
//!
//! Ours, because a general encoder lets a lone CR through, which browsers take for the end of a line: a comment could then
//! forge fields. Here an id is digits, a name is one of ours, and data is one line of JSON, in which control
//! characters are escaped. Source: WHATWG HTML, "Server-sent events", section 9.2.6.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::model::id::EventId;

/// `ping` comes every so many seconds, more or less.
pub const PING_SECONDS: u64 = 20;

/// A block with an id, which moves the client's cursor when it is dispatched.
pub fn event(id: EventId, name: &'static str, data: &str) -> Bytes {
    debug_assert!(!data.contains(['\r', '\n']));
    let id = id.to_string();
    // In one piece that is no longer than it has to be: thousands of these stay in memory.
    ["id: ", &id, "\nevent: ", name, "\ndata: ", data, "\n\n"]
        .concat()
        .into()
}

/// A block without an id: it leaves the cursor alone.
pub fn passing(name: &'static str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// The first block of every stream: the newest event, whether the client continues from its own cursor, and how many
/// events it has missed; `retry` in milliseconds, `issued` for the forms of the page that asks.
pub fn hello(
    head: EventId,
    resumed: bool,
    missed: i64,
    retry: u64,
    issued: Option<String>,
) -> Bytes {
    let mut data =
        json!({ "v": 1, "head": head, "resumed": resumed, "missed": missed, "ping": PING_SECONDS });
    if let Some(issued) = issued {
        data["issued"] = issued.into();
    }
    format!("event: hello\nretry: {retry}\ndata: {data}\n\n").into()
}

/// A block that moves the client's cursor and nothing else.
pub fn checkpoint(id: EventId) -> Bytes {
    format!("id: {id}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a browser would read: lines end at CR, LF or CRLF.
    fn lines(bytes: &Bytes) -> Vec<String> {
        let text = String::from_utf8(bytes.to_vec())
            .unwrap()
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn nothing_in_the_data_can_end_a_line() {
        for hostile in [
            "a\revent: x\rdata: {}\r\r",
            "a\n\nid: 9\n",
            "\r\n",
            "\u{2028}\u{0}\u{b}\u{c}\u{85}",
        ] {
            let data = json!({ "html": hostile, hostile: 1 }).to_string();
            let block = event(EventId(7), "comment:created", &data);
            let lines = lines(&block);
            assert_eq!(lines.len(), 4, "{lines:?}");
            assert_eq!(lines[..2], ["id: 7", "event: comment:created"]);
            let read: Value =
                serde_json::from_str(lines[2].strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(read["html"], hostile);
        }
    }

    #[test]
    fn passing_blocks_leave_the_cursor_alone() {
        for block in [
            passing("ping", &json!({ "head": 3 })),
            hello(EventId(3), true, 2, 1500, Some("1.ab".into())),
        ] {
            assert!(lines(&block).iter().all(|line| !line.starts_with("id")));
        }
        assert_eq!(lines(&checkpoint(EventId(3))), ["id: 3", ""]);
    }
}
