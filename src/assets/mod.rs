//! Stylesheets, scripts and the icon: inside the binary, each under a name that changes with its content.

mod bundle;
mod minify;
mod script;

use std::collections::HashMap;
use std::sync::LazyLock;

use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Embedded;

/// The one script of every page.
const SCRIPT: &str = "live.js";

/// The scripts that only some pages ask for: a chat, and one on which a reader wants to see what changed.
const OTHERS: [&str; 2] = ["chat.js", "changes.js"];

/// A file as it is served.
pub struct Asset {
    /// The last part of its address, with a hash of the content.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Its media type.
    pub mime: &'static str,
    url: String,
}

/// Every file by the name it has in the source. The modules that a page's script imports are inside it.
static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let own = Embedded::iter()
        .filter(|name| !name.ends_with(".js") || name == SCRIPT || OTHERS.contains(&name.as_ref()));
    own.filter_map(|name| Some((name.to_string(), asset(&name)?)))
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
    let bytes = match name.ends_with(".js") {
        true => minify::minify(&bundle::bundle(name)).into_bytes(),
        false => Embedded::get(name)?.data.into_owned(),
    };
    let hash: String = Sha256::digest(&bytes)
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let served = format!("{stem}-{hash}.{extension}");
    let url = format!("/assets/{served}");
    Some(Asset {
        name: served,
        bytes,
        mime: mime(extension),
        url,
    })
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
    use flate2::Compression;
    use flate2::read::GzEncoder;

    use super::*;

    /// Bytes of the script on its way, compressed as well as gzip can.
    const BUDGET: u64 = 8_192;

    #[test]
    fn the_script_of_a_page_stays_small() {
        let script = find(url(SCRIPT).rsplit('/').next().unwrap()).unwrap();
        let mut gzip = GzEncoder::new(script.bytes.as_slice(), Compression::best());
        let size = std::io::copy(&mut gzip, &mut std::io::sink()).unwrap();
        assert!(size < BUDGET, "{size} bytes");
        assert_eq!(script.mime, "text/javascript; charset=utf-8");
    }

    #[test]
    fn an_unknown_name_is_not_served() {
        assert!(find("live.js").is_none() && find("../Cargo.toml").is_none());
    }
}
