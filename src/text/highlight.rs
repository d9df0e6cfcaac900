//! Source code to spans that the stylesheet colours: keyword, string, comment, number, function, type.
//!
//! Grammars come from Sublime Text by way of `two-face`. Their many scopes are folded into a few short classes, so
//! that pages stay small and the colours stay with the stylesheet.

use std::sync::LazyLock;

use pulldown_cmark_escape::escape_html_body_text;
use syntect::easy::ScopeRegionIterator;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use super::grammars::GRAMMARS;

/// Beyond this many bytes a block stays plain: nobody reads it, and its grammar could take seconds.
const LONGEST_BLOCK: usize = 200 * 1024;
/// Beyond this many bytes in one line a block stays plain, because grammars look ahead to the line's end.
const LONGEST_LINE: usize = 10 * 1024;

/// The class of each scope, or nothing for what stays plain within a marked scope. The first match decides.
static CLASSES: LazyLock<Vec<(Scope, Option<&'static str>)>> = LazyLock::new(|| {
    let scope =
        |&(name, class): &(&str, Option<&'static str>)| Some((Scope::new(name).ok()?, class));
    SCOPES.iter().filter_map(scope).collect()
});

const SCOPES: [(&str, Option<&str>); 33] = [
    ("comment", Some("c")),
    ("meta.interpolation", None),
    ("meta.template.expression", None),
    ("string.unquoted", None),
    ("meta.mapping.key", Some("t")),
    ("support.type.property-name", Some("t")),
    ("string", Some("s")),
    ("constant", Some("n")),
    ("markup.inserted", Some("ins")),
    ("markup.deleted", Some("del")),
    ("meta.diff.header", Some("c")),
    ("meta.diff.range", Some("k")),
    ("keyword.operator.word", Some("k")),
    ("keyword.operator.logical.python", Some("k")),
    ("keyword.operator", None),
    ("keyword.declaration", Some("k")),
    ("keyword", Some("k")),
    ("storage", Some("k")),
    ("variable.language", Some("k")),
    ("entity.name.tag.yaml", Some("t")),
    ("entity.name.tag.toml", Some("t")),
    ("entity.name.tag", Some("k")),
    ("entity.other.attribute-name", Some("t")),
    ("entity.name.function", Some("f")),
    ("entity.name.macro", Some("f")),
    ("support.function", Some("f")),
    ("support.macro", Some("f")),
    ("variable.function", Some("f")),
    ("entity.name", Some("t")),
    ("entity.other.inherited-class", Some("t")),
    ("support.type", Some("t")),
    ("support.class", Some("t")),
    ("support.constant", Some("n")),
];

/// What blocks are called by people, and by the grammars.
const ALIASES: [(&str, &str); 9] = [
    ("shell", "bash"),
    ("zsh", "bash"),
    ("golang", "go"),
    ("jsonc", "json"),
    ("json5", "json"),
    ("javascript", "js"),
    ("c++", "cpp"),
    ("rustlang", "rs"),
    ("docker", "dockerfile"),
];

/// The names of blocks that show a terminal: commands behind a prompt, and what they print.
const SESSIONS: [&str; 5] = [
    "console",
    "shell-session",
    "shellsession",
    "sh-session",
    "terminal",
];

/// A highlighted block.
pub struct Code {
    /// Escaped source with spans of the classes `k s c n f t`, `ins` and `del`, and `o` for a terminal's output.
    pub html: String,
    /// What the block is, for those who do not see it, such as `Rust code`.
    pub label: String,
}

/// Marks up `source` as the language named `language`, in any case.
///
/// What has no grammar, or is too large for one, comes back escaped and plain.
pub fn code(source: &str, language: &str) -> Code {
    known(source.to_owned(), language.to_lowercase()).unwrap_or_else(|| {
        let mut spans = Spans::default();
        spans.push(None, source);
        let (html, label) = (spans.finish(), "Code".into());
        Code { html, label }
    })
}

/// `source` as one of the languages that there are. All that outlives the grammars is allocated before they are asked.
fn known(source: String, language: String) -> Option<Code> {
    if language.is_empty() {
        return None;
    }
    LazyLock::force(&CLASSES);
    let mut label = String::with_capacity(64);
    let mut spans = Spans {
        html: String::with_capacity(64 + source.len() * 2),
        open: None,
    };
    let read = move |grammars: &SyntaxSet| {
        if SESSIONS.contains(&language.as_str()) {
            label.push_str("Terminal session");
            session(grammars, &source, &mut spans);
        } else {
            let syntax = syntax(grammars, &language)?;
            label.extend([spoken(syntax), " code"]);
            marked(grammars, &source, syntax, &mut spans);
        }
        let html = spans.finish();
        Some(Code { html, label })
    };
    GRAMMARS.read(read).flatten()
}

fn syntax<'g>(grammars: &'g SyntaxSet, name: &str) -> Option<&'g SyntaxReference> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    let token = alias.map_or(name, |(_, token)| token);
    let found = grammars.find_syntax_by_token(token)?;
    (found.name != grammars.find_syntax_plain_text().name).then_some(found)
}

/// What a language is called.
fn spoken(syntax: &SyntaxReference) -> &str {
    // Some grammars carry a remark in brackets, and the one of the shell an old joke.
    match syntax.name.split(" (").next().unwrap_or_default() {
        "Bourne Again Shell" => "Shell",
        name => name,
    }
}

fn is_too_large(source: &str) -> bool {
    source.len() > LONGEST_BLOCK || source.lines().any(|line| line.len() > LONGEST_LINE)
}

fn marked(grammars: &SyntaxSet, source: &str, syntax: &SyntaxReference, spans: &mut Spans) {
    if is_too_large(source) {
        return spans.push(None, source);
    }
    let mut grammar = Grammar::new(grammars, syntax);
    for line in source.split_inclusive('\n') {
        grammar.line(line, spans);
    }
}

/// A terminal session. Without a single prompt it is read as a script.
fn session(grammars: &SyntaxSet, source: &str, spans: &mut Spans) {
    let has = |sign: &&str| source.lines().any(|line| line.starts_with(*sign));
    // The prompt of root looks like a comment, so it counts only where there is no other.
    let prompt = ["$ ", "% ", "# "].into_iter().find(has);
    let (Some(shell), false) = (syntax(grammars, "bash"), is_too_large(source)) else {
        return spans.push(None, source);
    };
    let Some(prompt) = prompt else {
        return marked(grammars, source, shell, spans);
    };
    let mut grammar = Grammar::new(grammars, shell);
    let mut continues = false;
    for line in source.split_inclusive('\n') {
        let sign = match continues {
            true => line.strip_prefix("> ").map_or(0, |_| "> ".len()),
            false if line.starts_with(prompt) => {
                grammar = Grammar::new(grammars, shell);
                prompt.len()
            }
            false => {
                spans.push(Some("o"), line);
                continue;
            }
        };
        spans.push(Some("c"), &line[..sign]);
        grammar.line(&line[sign..], spans);
        continues = line.trim_end().ends_with('\\');
    }
}

/// A grammar on its way through a block, line by line.
struct Grammar<'g> {
    grammars: &'g SyntaxSet,
    state: ParseState,
    scopes: ScopeStack,
    /// Set once the grammar has failed; the rest of the block is plain then.
    failed: bool,
}

impl<'g> Grammar<'g> {
    fn new(grammars: &'g SyntaxSet, syntax: &SyntaxReference) -> Self {
        Grammar {
            grammars,
            state: ParseState::new(syntax),
            scopes: ScopeStack::new(),
            failed: false,
        }
    }

    /// Adds `line`, which ends in a newline unless it is the last one.
    fn line(&mut self, line: &str, spans: &mut Spans) {
        let parsed = self.state.parse_line(line, self.grammars);
        let Some(operations) = parsed.ok().filter(|_| !self.failed) else {
            self.failed = true;
            return spans.push(None, line);
        };
        for (text, operation) in ScopeRegionIterator::new(&operations, line) {
            self.failed |= self.scopes.apply(operation).is_err();
            spans.push(self.class(), text);
        }
    }

    /// The class of the innermost scope that has one.
    fn class(&self) -> Option<&'static str> {
        let known = |scope: &Scope| {
            CLASSES
                .iter()
                .find(|(prefix, _)| prefix.is_prefix_of(*scope))
        };
        self.scopes
            .as_slice()
            .iter()
            .rev()
            .find_map(known)
            .and_then(|(_, class)| *class)
    }
}

/// HTML in the making: neighbours of one class share a span, and space belongs to what is before it.
#[derive(Default)]
struct Spans {
    html: String,
    open: Option<&'static str>,
}

impl Spans {
    fn push(&mut self, class: Option<&'static str>, text: &str) {
        if text.is_empty() {
            return;
        }
        let is_space = text.trim().is_empty() && !text.contains('\n');
        if class != self.open && !is_space {
            self.close();
            if let Some(class) = class {
                self.html.extend(["<span class=\"", class, "\">"]);
            }
            self.open = class;
        }
        // Writing to a string cannot fail.
        let _ = escape_html_body_text(&mut self.html, text);
    }

    /// Closes the open span, before the newline that it ends with.
    fn close(&mut self) {
        if self.open.take().is_some() {
            let end = self.html.trim_end().len();
            self.html.insert_str(end, "</span>");
        }
    }

    fn finish(mut self) -> String {
        self.close();
        self.html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_known_by_any_name() {
        let table = [
            ("rust", "Rust code"),
            ("RS", "Rust code"),
            ("TOML", "TOML code"),
            ("sh", "Shell code"),
            ("bash", "Shell code"),
            ("Console", "Terminal session"),
            ("c", "C code"),
            ("yml", "YAML code"),
            ("json", "JSON code"),
            ("js", "JavaScript code"),
            ("javascript", "JavaScript code"),
            ("html", "HTML code"),
            ("SQL", "SQL code"),
            ("diff", "Diff code"),
            ("python", "Python code"),
            ("go", "Go code"),
            ("golang", "Go code"),
            ("text", "Code"),
            ("", "Code"),
            ("nosuch", "Code"),
            ("\"><script>", "Code"),
        ];
        for (name, label) in table {
            assert_eq!(code("x", name).label, label, "{name:?}");
        }
    }

    #[test]
    fn scopes_become_short_classes() {
        let table = [
            (
                "rust",
                "// a\nfn b() {}",
                "<span class=\"c\">// a</span>\n<span class=\"k\">fn</span> <span class=\"f\">b</span>() {}",
            ),
            (
                "rust",
                "/* a\nb */ 1",
                "<span class=\"c\">/* a\nb */</span> <span class=\"n\">1</span>",
            ),
            (
                "toml",
                "a = \"<b>\"",
                "<span class=\"t\">a</span> = <span class=\"s\">\"&lt;b&gt;\"</span>",
            ),
            (
                "diff",
                "-a\n+b\n c",
                "<span class=\"del\">-a</span>\n<span class=\"ins\">+b</span>\n c",
            ),
            ("c", "int x;", "<span class=\"k\">int</span> x;"),
            ("nosuch", "a < b && \"c\"", "a &lt; b &amp;&amp; \"c\""),
        ];
        for (name, source, expected) in table {
            assert_eq!(code(source, name).html, expected, "{source:?}");
        }
    }

    #[test]
    fn terminals_show_prompt_command_and_output() {
        let prompt = "<span class=\"c\">$</span> <span class=\"f\">";
        let table = [
            (
                "$ ls \\\n> x\nfile",
                format!(
                    "{prompt}ls</span> \\\n<span class=\"c\">&gt;</span> x\n<span class=\"o\">file</span>"
                ),
            ),
            (
                "$ ls\n# note",
                format!("{prompt}ls</span>\n<span class=\"o\"># note</span>"),
            ),
            (
                "# ls",
                "<span class=\"c\">#</span> <span class=\"f\">ls</span>".into(),
            ),
            ("ls", "<span class=\"f\">ls</span>".into()),
        ];
        for (source, expected) in table {
            assert_eq!(code(source, "console").html, expected, "{source:?}");
        }
    }

    #[test]
    fn what_is_too_large_stays_plain() {
        let long = "let x = 1; ".repeat(LONGEST_LINE / 11 + 1);
        let tall = "let x = 1;\n".repeat(LONGEST_BLOCK / 11 + 1);
        for name in ["rust", "console"] {
            assert_eq!(code(&long, name).html, long);
            assert_eq!(code(&tall, name).html, tall);
        }
    }

    #[test]
    fn any_input_is_survived_and_kept() {
        let pieces = [
            "\"", "'", "{", "}", "(", "/*", "//", "<", "&", "\\", "`", "$", "#", "r#\"", "\n", "é",
            "\0", "<!--", "%",
        ];
        for (number, piece) in pieces.iter().enumerate() {
            let source = format!("{piece}{}", pieces[(number * 7 + 3) % pieces.len()]).repeat(20);
            for name in ["rust", "js", "bash", "html", "yaml", "console"] {
                let html = code(&source, name).html;
                let text: String = html
                    .split('<')
                    .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
                    .collect();
                let text = text
                    .replace("&lt;", "<")
                    .replace("&gt;", ">")
                    .replace("&amp;", "&");
                assert_eq!(text, source, "{name}");
            }
        }
    }
}
