//! The recipes of hostile requests: from a row of the list to bytes on the wire.

use std::io::{BufReader, Write};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::hostile::text;
use crate::http::{self, Address, Answer};

/// The bytes of a row's request, sent for the n-th time.
pub fn request_of(address: &Address, picture: &[u8], row: &Value, n: usize) -> Vec<u8> {
    let recipe = &row["gen"];
    let count = recipe["count"].as_u64().unwrap_or_default() as usize;
    let unit = text(recipe, "unit");
    let body = match text(recipe, "kind") {
        "raw_repeat" => {
            return format!(
                "{}{}{}",
                text(recipe, "head"),
                unit.repeat(count),
                text(recipe, "tail")
            )
            .into_bytes();
        }
        "params" => (0..count)
            .map(|n| format!("p{n}={n}&"))
            .collect::<String>()
            .into_bytes(),
        "chunked" => chunks(&unit.repeat(count)),
        "gzip_bomb" => gzip_bomb(recipe["inflated"].as_u64().unwrap_or_default()),
        "repeat" => (text(recipe, "prefix").to_owned() + &unit.repeat(count)).into_bytes(),
        "multipart_header" => {
            let long = "a".repeat(recipe["bytes"].as_u64().unwrap_or_default() as usize);
            format!(
                "--BB\r\nContent-Disposition: form-data; name=\"{long}\"\r\n\r\nabc\r\n--BB--\r\n"
            )
            .into_bytes()
        }
        kind if !kind.is_empty() => panic!("no recipe is called {kind}"),
        _ => with_picture(text(row, "body"), picture),
    };
    if let Some(raw) = row["raw_b64"].as_str() {
        return STANDARD.decode(raw).unwrap();
    }
    // A control character is no part of any header: the parser refuses it before anyone reads it (RFC 9110, 5.5).
    let printable = |value: &str| {
        value
            .replace(char::is_control, "")
            .replace("{N}", &n.to_string())
    };
    let headers: Vec<_> = row["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), printable(value.as_str()?))))
        .collect();
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let headers = [&headers[..], &[("Connection", "close")]].concat();
    http::request(
        text(row, "method"),
        text(row, "path"),
        &address.to_string(),
        &headers,
        &body,
    )
}

/// A body with the bytes of a picture where it names one.
fn with_picture(body: &str, picture: &[u8]) -> Vec<u8> {
    let parts: Vec<_> = body.split("{PNG}").map(str::as_bytes).collect();
    parts.join(picture)
}

fn chunks(body: &str) -> Vec<u8> {
    let mut coded = Vec::new();
    for chunk in body.as_bytes().chunks(1 << 16) {
        coded.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        coded.extend(chunk);
        coded.extend(b"\r\n");
    }
    [coded.as_slice(), b"0\r\n\r\n"].concat()
}

fn gzip_bomb(inflated: u64) -> Vec<u8> {
    let pipeline = format!("head -c {inflated} /dev/zero | gzip -1");
    Command::new("sh")
        .args(["-c", &pipeline])
        .stderr(Stdio::null())
        .output()
        .unwrap()
        .stdout
}

/// One raw exchange. A stream is read up to its first block, since it never ends.
pub fn exchange(
    address: &Address,
    bytes: &[u8],
    method: &str,
    stream: bool,
) -> std::io::Result<Answer> {
    let mut wire = BufReader::new(address.connect()?);
    // A server that has seen enough answers before it has read everything; what it says is read all the same.
    let written = wire.get_mut().write_all(bytes);
    if stream {
        let head = http::Head::read(&mut wire)?;
        let body = if head.is_chunked() {
            http::read_chunk(&mut wire)?.unwrap_or_default()
        } else {
            Vec::new()
        };
        return Ok(Answer { head, body });
    }
    http::read_answer(&mut wire, method).or_else(|error| written.and(Err(error)))
}
