//! Formulas in TeX notation to MathML, which browsers draw without a script.

use std::sync::LazyLock;
use std::thread;

use math_core::{LatexToMathML, MathDisplay};
use pulldown_cmark_escape::escape_html_body_text;

/// A formula with more braces and commands than this shows its source.
const MOST_MARKS: usize = 1_000;
/// Enough for `MOST_MARKS` levels at the 25 KiB that each takes in a debug build; memory only when it is used.
const STACK: usize = 64 * 1024 * 1024;

/// The converter, which knows no macros beyond those of TeX itself.
static CONVERTER: LazyLock<LatexToMathML> = LazyLock::new(LatexToMathML::default);

/// `tex` as a formula in the running text.
pub fn inline(tex: &str) -> String {
    convert(tex, MathDisplay::Inline).unwrap_or_else(|| code(tex))
}

/// `tex` as a formula on a line of its own.
pub fn block(tex: &str) -> String {
    convert(tex, MathDisplay::Block).unwrap_or_else(|| code(tex))
}

/// The MathML of `tex`, or nothing if it is not a formula the converter understands.
///
/// The converter recurses at every brace and command, and an overflown stack would end the whole program. So it
/// runs on a thread whose stack is large enough for the deepest formula that is let through.
fn convert(tex: &str, display: MathDisplay) -> Option<String> {
    if tex.matches(['{', '\\']).count() > MOST_MARKS {
        return None;
    }
    let convert = || CONVERTER.convert_with_local_state(tex, display).ok();
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, convert)
            .ok()?;
        thread.join().ok()?
    })
    .map(|formula| formula.mathml)
}

/// The source itself: what a reader can still make sense of.
fn code(tex: &str) -> String {
    let mut html = String::from("<code>");
    // Writing to a string cannot fail.
    let _ = escape_html_body_text(&mut html, tex);
    html.push_str("</code>");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_mathml() {
        assert!(
            inline("x^2").starts_with("<math><msup><mi>x</mi>"),
            "{}",
            inline("x^2")
        );
        assert!(
            block("x").starts_with("<math display=\"block\">"),
            "{}",
            block("x")
        );
    }

    #[test]
    fn a_formula_that_fails_shows_its_source() {
        assert_eq!(inline(r"\frac{<b>"), r"<code>\frac{&lt;b&gt;</code>");
        assert_eq!(block(r"\nosuch"), r"<code>\nosuch</code>");
    }

    #[test]
    fn depth_does_not_exhaust_the_stack() {
        let wraps = [
            ("{", "}"),
            ("x^{", "}"),
            (r"\sqrt ", ""),
            (r"\frac1", ""),
            (r"\mathbf", ""),
            (r"\left(", r"\right)"),
            (r"\begin{matrix}", r"\end{matrix}"),
            ("(", ")"),
            ("x_", ""),
            ("^", ""),
            ("'", ""),
            ("[", "]"),
            ("|", "|"),
            ("&", ""),
        ];
        for (open, close) in wraps {
            for depth in [200, MOST_MARKS / 4, MOST_MARKS, 20_000] {
                inline(&format!("{}x{}", open.repeat(depth), close.repeat(depth)));
            }
        }
    }
}
