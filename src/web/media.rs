//! `GET /media/{hash}/{name}`: pictures, sound and films out of the blog's file.

use std::ops::Range;
use std::sync::Arc;

use poem::http::{HeaderMap, StatusCode, header};
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::App;
use super::assets::{IMMUTABLE, is_known};
use super::error::Failure;
use crate::error::Error;
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
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let tag = format!("\"{hash}\"");
    let file = app
        .store
        .read(move |conn| media::find(conn, &hash))
        .await?
        .ok_or(Error::NotFound)?;
    let disposition = if SHOWN.contains(&file.mime.as_str()) {
        "inline"
    } else {
        "attachment"
    };
    let mut answer = Response::builder()
        .content_type(file.mime)
        .header(header::CACHE_CONTROL, IMMUTABLE)
        .header(header::ETAG, &tag)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header("cross-origin-resource-policy", "cross-origin") // feed readers show our pictures on their own pages
        .header(header::CONTENT_DISPOSITION, disposition);
    if is_known(headers, &tag) {
        return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
    }
    let size = file.bytes.len();
    let asked = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let stale = headers
        .get(header::IF_RANGE)
        .is_some_and(|value| value != tag.as_str());
    match asked.filter(|_| !stale).and_then(|range| part(range, size)) {
        None => Ok(answer.body(file.bytes)),
        Some(range) if range.is_empty() => {
            let whole = format!("bytes */{size}");
            Ok(answer
                .status(StatusCode::RANGE_NOT_SATISFIABLE)
                .header(header::CONTENT_RANGE, whole)
                .finish())
        }
        Some(range) => {
            let shown = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            answer = answer
                .status(StatusCode::PARTIAL_CONTENT)
                .header(header::CONTENT_RANGE, shown);
            Ok(answer.body(bytes::Bytes::from(file.bytes).slice(range)))
        }
    }
}

/// The bytes that one `Range` asks for: empty if it lies outside, `None` (the whole file) if it asks for several or
/// cannot be read. Source: RFC 9110, section 14.1.2.
fn part(range: &str, size: usize) -> Option<Range<usize>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let number = |word: &str| word.trim().parse::<usize>().ok();
    let (first, last) = (first.trim(), last.trim());
    Some(match (first.is_empty(), last.is_empty()) {
        (true, true) => return None,
        (true, false) => size.saturating_sub(number(last)?)..size,
        (false, true) => number(first)?.min(size)..size,
        (false, false) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first.min(size)..last.saturating_add(1).min(size)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_range_is_read_as_the_standard_says() {
        let table = [
            ("bytes=0-4", Some(0..5)),
            ("bytes=5-", Some(5..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-99", Some(0..10)),
            ("bytes=8-99", Some(8..10)),
            ("bytes=10-", Some(10..10)),
            ("bytes=-0", Some(10..10)),
            ("bytes=5-2", None),
            ("bytes=-", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
            ("bytes=x-1", None),
        ];
        for (range, expected) in table {
            assert_eq!(part(range, 10), expected, "{range}");
        }
    }
}
