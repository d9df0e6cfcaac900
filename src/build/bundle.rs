//! One script out of our modules: one request instead of a chain of them, and smaller.

use std::collections::HashSet;
use std::fs;

/// Where the sources are: in the package's folder, where Cargo runs both the build script and the tests.
pub const FOLDER: &str = "assets";

/// The scripts that pages name; every other module is part of some of them. A page has one of the first five;
/// `changes.js` is fetched when a reader wants to see what changed, and the last four are the owner's.
pub const SCRIPTS: [&str; 10] = [
    "page.js",
    "list.js",
    "post.js",
    "liveblog.js",
    "chat.js",
    "changes.js",
    "desk.js",
    "queue.js",
    "log.js",
    "editor.js",
];

/// The module `name` and, before it, all that it imports.
///
/// Our modules import each other without cycles and by one line each, and share no top-level name.
pub fn bundle(name: &str) -> String {
    let mut script = String::new();
    append(name, &mut HashSet::new(), &mut script);
    script
}

fn append(name: &str, seen: &mut HashSet<String>, script: &mut String) {
    if !seen.insert(name.into()) {
        return;
    }
    let path = format!("{FOLDER}/{name}");
    let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    for line in source.lines() {
        match line
            .strip_prefix("import ")
            .and_then(|import| import.split_once("\"./"))
        {
            Some((_, module)) => append(module.trim_end_matches(['"', ';']), seen, script),
            None => {
                script.push_str(line.strip_prefix("export ").unwrap_or(line));
                script.push('\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_of_a_page_holds_every_module_once_and_imports_nothing() {
        let scripts = SCRIPTS.map(bundle);
        let mut lines = scripts.iter().flat_map(|script| script.lines());
        assert!(lines.all(|line| !line.starts_with("import ") && !line.starts_with("export ")));
        for entry in fs::read_dir(FOLDER).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "js") {
                continue;
            }
            let (module, source) = (path.display(), fs::read_to_string(&path).unwrap());
            let openings = source
                .lines()
                .filter_map(|line| line.strip_prefix("export "));
            for opening in openings {
                let mut times = scripts.iter().map(|script| script.matches(opening).count());
                assert!(times.clone().all(|times| times <= 1), "{module}: {opening}");
                assert!(times.any(|times| times == 1), "{module}: {opening}");
            }
        }
    }
}
