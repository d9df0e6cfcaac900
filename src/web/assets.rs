//! `GET /assets/{name}`: files of the binary, under names that never change their content.

use poem::http::{HeaderMap, StatusCode, header};
use poem::web::Path;
use poem::{Response, handler};

use super::coding;
use super::error::Failure;
use super::fields::Fields;
use crate::assets;
use crate::error::Error;

/// What never changes may be kept for a year without asking.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// `GET /assets/{name}`
#[handler]
pub async fn show(Path(name): Path<String>, headers: &HeaderMap) -> Result<Response, Failure> {
    let asset = assets::find(&name).ok_or(Error::NotFound)?;
    let (bytes, encoding) = match coding::takes_gzip(headers) {
        true => (&asset.gzip, "gzip"),
        false => (&asset.bytes, "identity"),
    };
    let tag = format!("\"{}.{encoding}\"", asset.name);
    let answer = Response::builder()
        .header(header::CACHE_CONTROL, IMMUTABLE)
        .header(header::VARY, "Accept-Encoding")
        .header(header::ETAG, &tag);
    if is_known(headers, &tag) {
        return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
    }
    let answer = match encoding {
        "gzip" => answer.header(header::CONTENT_ENCODING, encoding),
        _ => answer,
    };
    Ok(answer.content_type(asset.mime).body(&**bytes))
}

/// Whether the client has this version already. Source: RFC 9110, section 13.1.2.
pub fn is_known(headers: &(impl Fields + ?Sized), tag: &str) -> bool {
    let known = headers.words(header::IF_NONE_MATCH);
    let mut tags = known
        .flat_map(|list| list.split(','))
        .map(|one| one.trim().trim_start_matches("W/"));
    tags.any(|one| one == "*" || one == tag)
}
