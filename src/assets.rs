//! Stylesheets, scripts and the icon: inside the binary, each under a name that changes with its content.

use std::collections::HashMap;
use std::sync::LazyLock;

use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Embedded;

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

/// Every file by the name it has in the source.
static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let mut ready = HashMap::new();
    Embedded::iter().for_each(|name| prepare(&name, &mut ready));
    ready
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

/// Puts a file into `ready`, the modules it imports before it: their names are part of its content.
fn prepare(name: &str, ready: &mut HashMap<String, Asset>) {
    if ready.contains_key(name) {
        return;
    }
    let Some(file) = Embedded::get(name) else {
        return;
    };
    let mut bytes = file.data.into_owned();
    if name.ends_with(".js") {
        bytes = with_served_imports(&bytes, ready).into_bytes();
    }
    let hash: String = Sha256::digest(&bytes)
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let served = format!("{stem}-{hash}.{extension}");
    let url = format!("/assets/{served}");
    ready.insert(
        name.into(),
        Asset {
            name: served,
            bytes,
            mime: mime(extension),
            url,
        },
    );
}

/// A script whose `from "./name.js"` name the files as they are served.
fn with_served_imports(script: &[u8], ready: &mut HashMap<String, Asset>) -> String {
    let script = String::from_utf8_lossy(script);
    let mut parts = script.split("\"./");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('"').unwrap_or((part, ""));
        prepare(name, ready);
        let served = ready.get(name).map_or(name, |asset| &asset.name);
        out.push_str(&format!("\"./{served}\"{rest}"));
    }
    out
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

    #[test]
    fn every_import_of_a_script_names_a_file_that_is_served() {
        let script = ASSETS.get("live.js").unwrap();
        let text = String::from_utf8(script.bytes.clone()).unwrap();
        let imports: Vec<_> = text
            .split("\"./")
            .skip(1)
            .filter_map(|part| part.split('"').next())
            .collect();
        assert!(!imports.is_empty());
        for import in imports {
            assert!(find(import).is_some(), "{import}");
        }
        assert_eq!(
            find(&script.name).map(|asset| asset.mime),
            Some("text/javascript; charset=utf-8")
        );
    }

    #[test]
    fn an_unknown_name_is_not_served() {
        assert!(find("live.js").is_none() && find("../Cargo.toml").is_none());
    }
}
