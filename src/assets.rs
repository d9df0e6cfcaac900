//! Stylesheets, scripts and the icon: inside the binary, each under a name that changes with its content.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Embedded;

/// The scripts that pages ask for: one of every page, one more of a chat, one when a reader wants to see what changed.
const SCRIPTS: [&str; 3] = ["live.js", "chat.js", "changes.js"];

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
    let own =
        Embedded::iter().filter(|name| !name.ends_with(".js") || SCRIPTS.contains(&name.as_ref()));
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
        true => {
            let mut script = String::new();
            bundle(name, &mut HashSet::new(), &mut script);
            script.into_bytes()
        }
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

/// Appends a module to `script`, what it imports before it: one request instead of a chain of them, and smaller.
///
/// Our modules import each other without cycles and by one line each, share no top-level name, and keep comments on
/// lines of their own; so the lines that only a module needs can go.
fn bundle(name: &str, seen: &mut HashSet<String>, script: &mut String) {
    let Some(file) = Embedded::get(name).filter(|_| seen.insert(name.into())) else {
        return;
    };
    for line in String::from_utf8_lossy(&file.data).lines().map(str::trim) {
        if let Some(import) = line.strip_prefix("import ") {
            if let Some((_, module)) = import.split_once("\"./") {
                bundle(module.trim_end_matches(['"', ';']), seen, script);
            }
        } else if !line.is_empty() && !is_comment(line) {
            script.push_str(line.strip_prefix("export ").unwrap_or(line));
            script.push('\n');
        }
    }
}

fn is_comment(line: &str) -> bool {
    line.starts_with("//")
        || line.starts_with("/**")
        || line.starts_with("* ")
        || line.starts_with("*/")
        || line == "*"
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
    fn the_script_of_a_page_holds_every_module_once_and_imports_nothing() {
        let script = find(url(SCRIPTS[0]).rsplit('/').next().unwrap()).unwrap();
        assert_eq!(script.mime, "text/javascript; charset=utf-8");
        let text = String::from_utf8(script.bytes.clone()).unwrap();
        assert!(
            text.lines()
                .all(|line| !line.starts_with("import ") && !line.starts_with("export "))
        );
        let modules = Embedded::iter()
            .filter(|name| name.ends_with(".js") && !SCRIPTS[1..].contains(&name.as_ref()));
        for module in modules {
            let source = Embedded::get(&module).unwrap().data.into_owned();
            let source = String::from_utf8(source).unwrap();
            let openings = source
                .lines()
                .filter_map(|line| line.strip_prefix("export "));
            for opening in openings {
                assert_eq!(text.matches(opening).count(), 1, "{module}: {opening}");
            }
        }
    }

    #[test]
    fn an_unknown_name_is_not_served() {
        assert!(find("live.js").is_none() && find("../Cargo.toml").is_none());
    }
}
