//! Stylesheets, scripts and the icon: inside the binary, each under a name that changes with its content.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{MangleOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Embedded;

/// The one script of every page.
const SCRIPT: &str = "live.js";

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
    let own = Embedded::iter().filter(|name| !name.ends_with(".js") || name == SCRIPT);
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
            minified(&script).into_bytes()
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
/// Our modules import each other without cycles and by one line each, and share no top-level name; so the lines that only
/// a module needs can go.
fn bundle(name: &str, seen: &mut HashSet<String>, script: &mut String) {
    let Some(file) = Embedded::get(name).filter(|_| seen.insert(name.into())) else {
        return;
    };
    for line in String::from_utf8_lossy(&file.data).lines().map(str::trim) {
        if let Some(import) = line.strip_prefix("import ") {
            if let Some((_, module)) = import.split_once("\"./") {
                bundle(module.trim_end_matches(['"', ';']), seen, script);
            }
        } else {
            script.push_str(line.strip_prefix("export ").unwrap_or(line));
            script.push('\n');
        }
    }
}

/// The same script in fewer bytes; as it is, should the minifier not understand it.
fn minified(script: &str) -> String {
    let memory = Allocator::default();
    let parsed = Parser::new(&memory, script, SourceType::mjs()).parse();
    if !parsed.errors.is_empty() {
        return script.to_owned();
    }
    let mut program = parsed.program;
    let mangle = MangleOptions {
        top_level: true,
        ..MangleOptions::default()
    };
    let options = MinifierOptions {
        mangle: Some(mangle),
        ..MinifierOptions::default()
    };
    let names = Minifier::new(options).minify(&memory, &mut program);
    let writer = Codegen::new().with_options(CodegenOptions::minify());
    writer.with_scoping(names.scoping).build(&program).code
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
    fn the_script_of_a_page_is_one_small_module_that_imports_nothing() {
        let script = find(url(SCRIPT).rsplit('/').next().unwrap()).unwrap();
        assert_eq!(script.mime, "text/javascript; charset=utf-8");
        let text = String::from_utf8(script.bytes.clone()).unwrap();
        assert!(!text.contains("import ") && !text.contains("export ") && !text.contains("/**"));
        for word in [
            "While you were away",
            "people reading",
            "Replying",
            "text/event-stream",
        ] {
            let written = Embedded::iter()
                .filter(|name| name.ends_with(".js"))
                .any(|name| {
                    String::from_utf8_lossy(&Embedded::get(&name).unwrap().data).contains(word)
                });
            assert_eq!(text.contains(word), written, "{word}");
        }
        assert!(
            text.len() < 24_000,
            "{} bytes: it is not minified",
            text.len()
        );
    }

    #[test]
    fn an_unknown_name_is_not_served() {
        assert!(find("live.js").is_none() && find("../Cargo.toml").is_none());
    }
}
