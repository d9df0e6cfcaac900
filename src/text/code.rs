//! A fenced block of the owner's Markdown to the figure that shows it.

use pulldown_cmark_escape::escape_html;

use super::highlight;

/// The attributes of a fence that name the file: ours and Hugo's, then Zola's, then what others write.
const TITLES: [&str; 4] = ["title", "name", "filename", "file"];

/// The figure of a block of code. `info` is what stands behind the fence, such as `rust,linenos` or
/// `toml title="Cargo.toml"`; words that mean nothing here are left alone.
pub fn figure(source: &str, info: &str) -> String {
    let code = highlight::code(source.trim_end_matches('\n'), language(info));
    let mut html = String::from("<figure class=\"wide\">");
    if let Some(title) = title(info) {
        html.extend(["<figcaption>", &escaped(title), "</figcaption>"]);
    }
    html.push_str("<div class=\"code\"><pre tabindex=\"0\" role=\"group\" aria-label=\"");
    html.extend([&escaped(&code.label), "\"><code class=\"hl\">", &code.html]);
    html.push_str("</code></pre></div></figure>\n");
    html
}

/// The language named by a fence: its first word, with or without the `{.` of Pandoc.
fn language(info: &str) -> &str {
    let word = info.trim_start_matches([' ', '{', '.']);
    let end = word
        .find([' ', '\t', ',', ';', ':', '{', '}', '['])
        .unwrap_or(word.len());
    &word[..end]
}

/// The file that a fence names: `title="a b.rs"`, `title=main.rs`.
fn title(info: &str) -> Option<&str> {
    TITLES.iter().find_map(|key| {
        let (before, value) = info.split_once(&format!("{key}="))?;
        if before.ends_with(|c: char| c.is_alphanumeric() || "-_".contains(c)) {
            return None;
        }
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split(quote).next(),
            _ => value.split([',', ' ', '}']).next(),
        };
        value.filter(|title| !title.is_empty())
    })
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    // Writing to a string cannot fail.
    let _ = escape_html(&mut html, text);
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_name_languages_and_files() {
        let table = [
            ("rust", "rust", None),
            ("rust,linenos", "rust", None),
            ("rust,ignore,should_panic", "rust", None),
            (
                "rust title=\"src/my main.rs\"",
                "rust",
                Some("src/my main.rs"),
            ),
            ("rust {title='a' hl_lines=[2]}", "rust", Some("a")),
            ("rust,name=main.rs,hide_lines=1-2", "rust", Some("main.rs")),
            ("toml{title=\"\"}", "toml", None),
            ("{.rust}", "rust", None),
            ("c++", "c++", None),
            ("rust subtitle=x", "rust", None),
            ("", "", None),
        ];
        for (info, word, file) in table {
            assert_eq!((language(info), title(info)), (word, file), "{info:?}");
        }
    }

    #[test]
    fn a_figure_has_a_caption_and_a_name() {
        assert_eq!(
            figure("a < b\n\n", "x\"><script> title=\"<b>\""),
            "<figure class=\"wide\"><figcaption>&lt;b&gt;</figcaption><div class=\"code\">\
             <pre tabindex=\"0\" role=\"group\" aria-label=\"Code\"><code class=\"hl\">a &lt; b\
             </code></pre></div></figure>\n"
        );
        assert!(figure("", "Rust").contains("aria-label=\"Rust code\""));
    }
}
