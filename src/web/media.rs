//! `GET /media/{hash}/{name}`: pictures, sound and films out of the blog's file, whole, in part, or smaller.

use std::ops::Range;
use std::sync::Arc;

use poem::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use poem::web::{Data, Path};
use poem::{Response, handler};
use rusqlite::Connection;

use super::App;
use super::assets::{IMMUTABLE, is_known};
use super::error::Failure;
use crate::error::{Error, Result as Outcome};
use crate::model::media::{Stored, WIDTHS};
use crate::store::media;

/// Nothing in a file of ours may run, whatever it holds. SVG pictures style themselves.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// Types that a browser may show in place; everything else is offered as a download.
const SHOWN: [&str; 9] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "video/mp4",
    "video/webm",
    "audio/mpeg",
    "audio/ogg",
];

/// `GET /media/{hash}/{name}`. The hash decides; the name is for people.
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    Path((hash, _name)): Path<(String, String)>,
    method: Method,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    answer(app, hash, None, &method, headers).await
}

/// `GET /media/{hash}/{width}/{name}`: a picture in one of the widths it is also kept in.
///
/// A size that was not made yet, or would be no smaller in bytes, is answered with the whole picture, which nobody is
/// told to keep.
#[handler]
pub async fn show_sized(
    Data(app): Data<&Arc<App>>,
    Path((hash, width, _name)): Path<(String, u32, String)>,
    method: Method,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    if !WIDTHS.contains(&width) {
        return Err(Error::NotFound.into());
    }
    answer(app, hash, Some(width), &method, headers).await
}

/// What is known of the answer once the file was looked into.
struct Found {
    file: Stored,
    tag: String,
    is_final: bool,
    is_known: bool,
    /// The bytes asked for: `None` is all of them, an empty range lies outside.
    range: Option<Range<usize>>,
    bytes: Vec<u8>,
}

async fn answer(
    app: &App,
    hash: String,
    width: Option<u32>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let (method, headers) = (method.clone(), headers.clone());
    let look = move |conn: &Connection| look(conn, &hash, width, &method, &headers);
    let found = app.store.read(look).await?.ok_or(Error::NotFound)?;
    let length = found.file.length;
    let disposition = match SHOWN.contains(&found.file.mime.as_str()) {
        true => "inline",
        false => "attachment",
    };
    let answer = Response::builder()
        .content_type(&found.file.mime)
        .header(
            header::CACHE_CONTROL,
            if found.is_final {
                IMMUTABLE
            } else {
                "no-cache"
            },
        )
        .header(header::ETAG, &found.tag)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header("cross-origin-resource-policy", "cross-origin") // feed readers show our pictures on their own pages
        .header(header::CONTENT_DISPOSITION, disposition);
    Ok(match found.range {
        _ if found.is_known => answer.status(StatusCode::NOT_MODIFIED).finish(),
        None => answer
            .header(header::CONTENT_LENGTH, length)
            .body(found.bytes),
        Some(range) if range.is_empty() => answer
            .status(StatusCode::RANGE_NOT_SATISFIABLE)
            .header(header::CONTENT_RANGE, format!("bytes */{length}"))
            .finish(),
        Some(range) => {
            let shown = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            answer
                .status(StatusCode::PARTIAL_CONTENT)
                .header(header::CONTENT_RANGE, shown)
                .body(found.bytes)
        }
    })
}

/// Finds the file and reads of it what was asked for, and nothing for a client that has it or asks for its head.
fn look(
    conn: &Connection,
    hash: &str,
    width: Option<u32>,
    method: &Method,
    headers: &HeaderMap,
) -> Outcome<Option<Found>> {
    let sized = match width {
        Some(width) => media::find_sized(conn, hash, width)?.map(|file| (file, width)),
        None => None,
    };
    let (file, tag, is_final) = match sized {
        Some((file, width)) => (file, format!("\"{hash}-{width}\""), true),
        None => match media::find(conn, hash)? {
            Some(file) => (file, format!("\"{hash}\""), width.is_none()),
            None => return Ok(None),
        },
    };
    let is_known = is_known(headers, &tag);
    let is_head = *method == Method::HEAD; // a range is for GET only: RFC 9110, section 14.2
    let range = asked(headers, &tag)
        .filter(|_| !is_head)
        .and_then(|range| part(range, file.length));
    let bytes = match is_known || is_head {
        true => Vec::new(),
        false => media::part(conn, file.place, range.clone().unwrap_or(0..file.length))?,
    };
    Ok(Some(Found {
        file,
        tag,
        is_final,
        is_known,
        range,
        bytes,
    }))
}

/// The range that was asked for, unless it was of another version.
fn asked<'a>(headers: &'a HeaderMap, tag: &str) -> Option<&'a str> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_stale = headers.contains_key(header::IF_RANGE) && text(header::IF_RANGE) != Some(tag);
    text(header::RANGE).filter(|_| !is_stale)
}

/// The bytes that one `Range` asks for: empty if it lies outside, `None` (the whole file) if it asks for several or
/// cannot be read. Source: RFC 9110, section 14.1.2.
fn part(range: &str, size: usize) -> Option<Range<usize>> {
    let (unit, range) = range.split_once('=')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.trim(), last.trim());
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    Some(match (first.is_empty(), last.is_empty()) {
        (true, true) => return None,
        (true, false) => size.saturating_sub(place(last)?)..size,
        (false, true) => place(first)?.min(size)..size,
        (false, false) => {
            let (first, last) = (place(first)?, place(last)?);
            if last < first {
                return None;
            }
            first.min(size)..last.saturating_add(1).min(size)
        }
    })
}

/// A number of digits only; one too large to count is beyond the end of every file.
fn place(digits: &str) -> Option<usize> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_range_is_read_as_the_standard_says() {
        let table = [
            ("bytes=0-4", Some(0..5)),
            ("Bytes=0-4", Some(0..5)),
            ("bytes=5-", Some(5..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-99", Some(0..10)),
            ("bytes=8-99", Some(8..10)),
            ("bytes=8-99999999999999999999", Some(8..10)),
            ("bytes=10-", Some(10..10)),
            ("bytes=99999999999999999999-", Some(10..10)),
            ("bytes=-0", Some(10..10)),
            ("bytes=5-2", None),
            ("bytes=-", None),
            ("bytes=0-1,3-4", None),
            ("bytes=+1-4", None),
            ("bytes=--4", None),
            ("lines=0-1", None),
            ("bytes=x-1", None),
            ("bytes 0-1", None),
        ];
        for (range, expected) in table {
            assert_eq!(part(range, 10), expected, "{range}");
        }
    }
}
