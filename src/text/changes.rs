//! What changed between two texts.

use similar::{ChangeTag, TextDiff};

use crate::model::revision::Line;

/// Unchanged lines that are shown around a change.
const CONTEXT: usize = 2;

/// The lines of both texts in one, those far from any change left out.
pub fn by_line(before: &str, after: &str) -> Vec<Line> {
    let diff = TextDiff::configure()
        .timeout(std::time::Duration::from_millis(300))
        .diff_lines(before, after);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(CONTEXT) {
        let starts_late = group
            .first()
            .is_some_and(|first| first.new_range().start > 0);
        if starts_late {
            lines.push(Line::Skipped);
        }
        for change in group
            .iter()
            .flat_map(|operation| diff.iter_changes(operation))
        {
            let text = change.value().trim_end_matches(['\r', '\n']).to_owned();
            lines.push(match change.tag() {
                ChangeTag::Equal => Line::Kept(text),
                ChangeTag::Delete => Line::Gone(text),
                ChangeTag::Insert => Line::New(text),
            });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_stand_among_their_neighbours() {
        let before = "a\nb\nc\nd\ne\nf\n";
        let after = "a\nb\nc\nd\nE\nf\n";
        let kept = |text: &str| Line::Kept(text.into());
        let expected = [
            Line::Skipped,
            kept("c"),
            kept("d"),
            Line::Gone("e".into()),
            Line::New("E".into()),
            kept("f"),
        ];
        assert_eq!(by_line(before, after), expected);
        assert_eq!(by_line(before, before), []);
        assert_eq!(by_line("", "a"), [Line::New("a".into())]);
    }
}
