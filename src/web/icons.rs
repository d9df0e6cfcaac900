//! The blog's icon in its sizes, and the manifest that names them. A blog without an icon of its own has the one of
//! `assets/icon.svg`.

use std::sync::{Arc, LazyLock};

use poem::http::{HeaderMap, StatusCode, header};
use poem::web::{Data, Path};
use poem::{Response, handler};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use super::App;
use super::assets::{IMMUTABLE, is_known};
use super::error::Failure;
use crate::assets;
use crate::darkroom::icon::{drawn, ico};
use crate::error::{Error, Result};
use crate::hex::hex;
use crate::model::icon::{Icon, SIZES, path};
use crate::model::settings::Settings;
use crate::store::{icons, settings};

/// The drawing of a blog without an icon of its own, and its name.
static USUAL: LazyLock<(&[u8], String)> = LazyLock::new(|| {
    let name = assets::url("icon.svg").trim_start_matches("/assets/");
    let svg = assets::find(name).map_or(&[][..], |asset| &asset.bytes);
    (svg, hex(&Sha256::digest(svg)[..6]))
});

/// The same in every size that was asked for, drawn once.
static DRAWN: LazyLock<Vec<Icon>> = LazyLock::new(|| {
    let sizes = SIZES.iter();
    sizes
        .filter_map(|&size| {
            let bytes = drawn(USUAL.0, size)?;
            Some(Icon { size, bytes })
        })
        .collect()
});

/// The name of the blog's icon, which changes with the picture.
pub fn key(settings: &Settings) -> String {
    match settings.icon.as_str() {
        "" => USUAL.1.clone(),
        own => own.into(),
    }
}

/// `GET /icons/{key}/{size}.png`. The address of an icon from before leads to the one of today.
#[handler]
pub async fn show(
    Data(app): Data<&Arc<App>>,
    Path((asked, name)): Path<(String, String)>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let size = name
        .strip_suffix(".png")
        .and_then(|size| size.parse().ok())
        .filter(|size| SIZES.contains(size))
        .ok_or(Error::NotFound)?;
    let (key, bytes) = find(app, size).await?;
    if asked != key {
        return Ok(Response::builder()
            .status(StatusCode::FOUND)
            .header(header::LOCATION, path(&key, size))
            .header(header::CACHE_CONTROL, "no-cache")
            .finish());
    }
    Ok(file(headers, &key, IMMUTABLE, "image/png", bytes))
}

/// `GET /favicon.ico`: for those who do not read what the page says.
#[handler]
pub async fn favicon(Data(app): Data<&Arc<App>>, headers: &HeaderMap) -> Result<Response, Failure> {
    let (key, bytes) = find(app, SIZES[0]).await?;
    Ok(file(headers, &key, "no-cache", "image/x-icon", ico(&bytes)))
}

/// `GET /manifest.webmanifest`: what a phone shows of the blog among its apps.
/// Source: W3C, Web Application Manifest.
#[handler]
pub async fn manifest(
    Data(app): Data<&Arc<App>>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let settings = app.store.read(settings::load).await?;
    let key = key(&settings);
    let icon = |size: u32| json!({ "src": path(&key, size), "sizes": format!("{size}x{size}"), "type": "image/png" });
    let mut manifest = json!({
        "id": "/",
        "name": settings.title,
        "lang": settings.lang,
        "start_url": "/",
        "scope": "/",
        "display": "browser",
        "background_color": "#f4f8f1",
        "theme_color": "#f4f8f1",
        "icons": [icon(192), icon(512)],
    });
    if !settings.description.is_empty() {
        manifest["description"] = settings.description.into();
    }
    let body = manifest.to_string();
    let tag = hex(&Sha256::digest(&body)[..6]);
    let kind = "application/manifest+json";
    Ok(file(headers, &tag, "no-cache", kind, body.into_bytes()))
}

/// The name of the blog's icon and its picture in that size, from one moment.
async fn find(app: &App, size: u32) -> Result<(String, Vec<u8>)> {
    let read = move |conn: &_| Ok((key(&settings::load(conn)?), icons::find(conn, size)?));
    let (key, own) = app.store.read(read).await?;
    let bytes = match own {
        Some(bytes) => bytes,
        None => usual(size).await.ok_or(Error::NotFound)?,
    };
    Ok((key, bytes))
}

async fn usual(size: u32) -> Option<Vec<u8>> {
    let found = spawn_blocking(move || {
        let icon = DRAWN.iter().find(|icon| icon.size == size);
        icon.map(|icon| icon.bytes.clone())
    });
    found.await.ok().flatten()
}

fn file(
    headers: &HeaderMap,
    tag: &str,
    kept: &'static str,
    kind: &'static str,
    bytes: Vec<u8>,
) -> Response {
    let tag = format!("\"{tag}\"");
    let answer = Response::builder()
        .header(header::CACHE_CONTROL, kept)
        .header(header::ETAG, &tag);
    match is_known(headers, &tag) {
        true => answer.status(StatusCode::NOT_MODIFIED).finish(),
        false => answer.content_type(kind).body(bytes),
    }
}
