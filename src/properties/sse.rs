//! The bytes of an event stream, read as a browser reads them.

use serde_json::{Value, json};

use crate::live::sse;
use crate::model::id::EventId;

/// Whatever stands in an event, a browser receives that event and no other.
pub fn holds(text: &str) {
    // Any number does, as long as the text decides it.
    let id = text.bytes().fold(7, |sum: i64, byte| {
        sum.wrapping_mul(31).wrapping_add(i64::from(byte))
    });
    let id = EventId(id & i64::MAX);
    let data =
        json!({ "html": text, text: [text], "sent": serde_json::from_str::<Value>(text).ok() });
    let mut sent = sse::hello(id, true, 3, 1500, Some(text.into())).to_vec();
    sent.extend(sse::event(id, "comment:created", &data.to_string()));
    sent.extend(sse::passing("ping", &data));
    sent.extend(sse::checkpoint(EventId(12)));
    let stream = String::from_utf8(sent).expect("text");
    let mut browser = Browser::default();
    browser.read(&stream);
    let [hello, event, ping] = browser.received.as_slice() else {
        panic!("{:?}", browser.received);
    };
    assert_eq!((&*hello.name, &*hello.last_id), ("hello", ""));
    assert_eq!(event.name, "comment:created");
    assert_eq!(event.last_id, id.to_string());
    assert_eq!((&*ping.name, &ping.last_id), ("ping", &event.last_id));
    for block in [event, ping] {
        assert_eq!(block.data, data.to_string());
    }
    assert_eq!((&*browser.last_id, browser.retry), ("12", Some(1500)));
}

/// What a script is handed.
#[derive(Debug)]
struct Received {
    name: String,
    data: String,
    last_id: String,
}

/// A reader of event streams that takes everything the standard lets it take.
///
/// Source: WHATWG HTML, "Server-sent events", section 9.2.6.
#[derive(Default)]
struct Browser {
    name: String,
    data: String,
    last_id: String,
    retry: Option<u64>,
    received: Vec<Received>,
}

impl Browser {
    fn read(&mut self, stream: &str) {
        let stream = stream.strip_prefix('\u{feff}').unwrap_or(stream);
        let lines = stream.replace("\r\n", "\n").replace('\r', "\n");
        let ended = lines.rsplit_once('\n').map_or("", |(ended, _)| ended);
        for line in ended.split('\n') {
            match line.split_once(':') {
                _ if line.is_empty() => self.dispatch(),
                Some((name, value)) => self.field(name, value.strip_prefix(' ').unwrap_or(value)),
                None => self.field(line, ""),
            }
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        match name {
            "event" => self.name = value.into(),
            "data" => self.data.extend([value, "\n"]),
            "id" if !value.contains('\0') => self.last_id = value.into(),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok();
            }
            // A comment, or a field that nobody knows: neither has a place in our streams.
            _ => panic!("{name:?}: {value:?}"),
        }
    }

    fn dispatch(&mut self) {
        let (name, data) = (
            std::mem::take(&mut self.name),
            std::mem::take(&mut self.data),
        );
        if let Some(data) = data.strip_suffix('\n') {
            self.received.push(Received {
                name,
                data: data.into(),
                last_id: self.last_id.clone(),
            });
        }
    }
}
