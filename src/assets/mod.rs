//! Stylesheets, scripts and the icon: inside the binary, each under a name that changes with its content.
//!
//! They are made by the build script, `src/build/main.rs`: scripts bundled and minified, everything compressed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::read::GzEncoder;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::hex::hex;

/// What the build script has made.
#[derive(RustEmbed)]
#[folder = "$OUT_DIR/assets"]
struct Embedded;

/// A file as it is served.
pub struct Asset {
    /// The last part of its address, with a hash of the content.
    pub name: String,
    /// The bytes.
    pub bytes: Cow<'static, [u8]>,
    /// The same, compressed as well as gzip can.
    pub gzip: Cow<'static, [u8]>,
    /// Its media type.
    pub mime: &'static str,
    url: String,
}

/// Every file by the name it has in the source. The modules that a page's script imports are inside it.
static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let all = Embedded::iter();
    all.filter_map(|name| Some((name.to_string(), asset(&name)?)))
        .collect()
});

/// Every file by the name it is served under.
static SERVED: LazyLock<HashMap<&'static str, &'static Asset>> = LazyLock::new(|| {
    ASSETS
        .values()
        .map(|asset| (asset.name.as_str(), asset))
        .collect()
});

/// The address of a file, by the name it has in the source.
///
/// A name that is not there is a mistake in a template, and the tests of the pages find it: the address is then one that
/// answers 404.
pub fn url(name: &str) -> &'static str {
    ASSETS
        .get(name)
        .map_or("/assets/missing", |asset| &asset.url)
}

/// The file that is served under that name.
pub fn find(name: &str) -> Option<&'static Asset> {
    SERVED.get(name).copied()
}

fn asset(name: &str) -> Option<Asset> {
    let gzip = Embedded::get(&format!("{name}.gz"))?.data;
    let bytes = Embedded::get(name)?.data;
    let hash = hex(&Sha256::digest(&bytes)[..6]);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let served = format!("{stem}-{hash}.{extension}");
    let url = format!("/assets/{served}");
    Some(Asset {
        name: served,
        gzip,
        bytes,
        mime: mime(extension),
        url,
    })
}

/// Bytes compressed by gzip.
pub fn gzip(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut gzip = Vec::new();
    GzEncoder::new(bytes, level)
        .read_to_end(&mut gzip)
        .expect("bytes in memory can be read and written");
    gzip
}

fn mime(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of the scripts of a page on their way, compressed as well as gzip can.
    const BUDGET: usize = 8_000;

    fn on_its_way(name: &str) -> usize {
        let script = find(url(name).rsplit('/').next().unwrap()).unwrap();
        assert_eq!(script.mime, "text/javascript; charset=utf-8");
        script.gzip.len()
    }

    #[test]
    fn the_script_of_a_page_stays_small() {
        for name in crate::build::bundle::SCRIPTS {
            println!("{name}: {} bytes", on_its_way(name));
        }
        for name in ["page.js", "list.js", "post.js", "liveblog.js", "chat.js"] {
            assert!(
                on_its_way(name) < BUDGET,
                "{name}: {} bytes",
                on_its_way(name)
            );
        }
    }

    #[test]
    fn an_unknown_name_is_not_served() {
        assert!(find("post.js").is_none() && find("../Cargo.toml").is_none());
    }
}
