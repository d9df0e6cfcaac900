//! One script out of our modules: one request instead of a chain of them, and smaller.

use std::collections::HashSet;

use super::Embedded;

/// The module `name` and, before it, all that it imports.
///
/// Our modules import each other without cycles and by one line each, and share no top-level name.
pub fn bundle(name: &str) -> String {
    let mut script = String::new();
    append(name, &mut HashSet::new(), &mut script);
    script
}

fn append(name: &str, seen: &mut HashSet<String>, script: &mut String) {
    let Some(file) = Embedded::get(name).filter(|_| seen.insert(name.into())) else {
        return;
    };
    for line in String::from_utf8_lossy(&file.data).lines() {
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
    use super::super::SCRIPTS;
    use super::*;

    #[test]
    fn the_script_of_a_page_holds_every_module_once_and_imports_nothing() {
        let scripts = SCRIPTS.map(bundle);
        let mut lines = scripts.iter().flat_map(|script| script.lines());
        assert!(lines.all(|line| !line.starts_with("import ") && !line.starts_with("export ")));
        for module in Embedded::iter().filter(|name| name.ends_with(".js")) {
            let source = Embedded::get(&module).unwrap().data.into_owned();
            let source = String::from_utf8(source).unwrap();
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
