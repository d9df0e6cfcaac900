//! What no page may hold, wherever it came from.

use crate::model::typed::is_text;

/// The page without the characters that no HTML document may hold, wherever they came from.
/// Source: HTML, section 13.2.3.5, "Preprocessing the input stream".
pub fn printable(html: String) -> String {
    match html.split_inclusive('\n').all(is_line_of_text) {
        true => html,
        false => html.chars().filter(|&c| is_text(c)).collect(),
    }
}

/// Whether a line has nothing but characters of text. Most lines are plain ASCII, which is seen without looking at one
/// character after the other.
fn is_line_of_text(line: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    let all_plain = |all, byte| all & is_plain(byte);
    line.bytes().fold(true, all_plain) || line.chars().all(is_text)
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_page_holds_characters_of_text_alone() {
        for page in ["", "<p>Plain</p>\n\t<p>Été, 🌊</p>\n"] {
            assert_eq!(printable(page.into()), page);
        }
        let page = "<p>Plain</p>\n<p>A\u{1}t sea\u{7f}</p>\r\n<p>É\u{85}t\u{fdd0}é\u{1fffe}</p>";
        assert_eq!(
            printable(page.into()),
            "<p>Plain</p>\n<p>At sea</p>\n<p>Été</p>"
        );
    }
}
