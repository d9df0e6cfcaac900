//! The owner's own style.

use std::sync::Arc;

use poem::http::{HeaderMap, StatusCode, header};
use poem::web::Data;
use poem::{Response, handler};
use sha2::{Digest, Sha256};

use super::App;
use super::assets::is_known;
use super::error::Failure;
use crate::hex::hex;
use crate::store::settings;

/// The address of a style, which changes with it; none if it is empty.
pub fn path(css: &str) -> Option<String> {
    (!css.is_empty()).then(|| format!("/custom.css?v={}", name(css)))
}

/// `GET /custom.css`
#[handler]
pub async fn show(Data(app): Data<&Arc<App>>, headers: &HeaderMap) -> Result<Response, Failure> {
    let css = app.store.read(|conn| Ok(settings::load(conn)?.css)).await?;
    let tag = format!("\"{}\"", name(&css));
    let answer = Response::builder()
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::ETAG, &tag);
    if is_known(headers, &tag) {
        return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
    }
    Ok(answer.content_type("text/css; charset=utf-8").body(css))
}

fn name(css: &str) -> String {
    hex(&Sha256::digest(css)[..6])
}
