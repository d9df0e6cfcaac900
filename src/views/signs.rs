//! The small drawn signs, tallies and marks, and how numbers are written.

use askama::Template;

use crate::model::comment::Comment;
use crate::model::mark::Mark;

/// A number in groups of three: `1,012`. The scripts in `assets/` write numbers the same way.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun: `1 comment`, `8 comments`.
pub fn counted(number: i64, noun: &str) -> String {
    format!(
        "{} {noun}{}",
        grouped(number),
        if number == 1 { "" } else { "s" }
    )
}

/// Tally marks: one stroke for each thing counted, every fifth across its group.
#[derive(Template)]
#[template(path = "parts/tally.html")]
pub struct TallySign {
    count: i64,
}

/// One stroke of a tally.
struct Stroke {
    /// Where it starts, in pixels.
    x: f32,
    /// The fifth of a group, drawn across the other four.
    crosses: bool,
}

/// More strokes than this are no longer counted at a glance, so none are drawn.
const MOST_STROKES: i64 = 30;
/// Pixels from one stroke to the next.
const STEP: f32 = 3.5;
/// Pixels in front of the first stroke.
const LEAD: f32 = 1.5;

impl TallySign {
    fn fits(&self) -> bool {
        (1..=MOST_STROKES).contains(&self.count)
    }

    fn width(&self) -> f32 {
        (LEAD + STEP * self.count as f32).ceil()
    }

    fn strokes(&self) -> impl Iterator<Item = Stroke> + '_ {
        (0..self.count).map(|at| match at % 5 {
            // The cross goes from just right of the group's first stroke to just past its last.
            4 => Stroke {
                x: LEAD + STEP * (at - 4) as f32 + 0.5,
                crosses: true,
            },
            _ => Stroke {
                x: LEAD + STEP * at as f32,
                crosses: false,
            },
        })
    }
}

/// The tally of `count`, or nothing where there would be too many strokes.
pub fn tally(count: i64) -> TallyOrNothing {
    TallyOrNothing {
        tally: TallySign { count },
    }
}

/// A tally, or nothing.
#[derive(Template)]
#[template(
    ext = "html",
    source = "{% if tally.fits() %}{{ tally|safe }}{% endif %}"
)]
pub struct TallyOrNothing {
    tally: TallySign,
}

/// Minutes of reading, drawn and in words.
#[derive(Template)]
#[template(path = "parts/minutes.html")]
pub struct Minutes {
    tally: TallySign,
}

/// The sign for `count` minutes of reading.
pub fn minutes(count: i64) -> Minutes {
    Minutes {
        tally: TallySign { count },
    }
}

/// The mark of a person: four strokes and a hue, the same wherever that person is shown. One that anybody of the same name
/// would have is drawn with gaps.
#[derive(Template)]
#[template(path = "parts/mark.html")]
pub struct MarkSign {
    /// The owner's takes the accent.
    own: bool,
    hue: u8,
    gaps: bool,
    strokes: [MarkStroke; 4],
}

/// One horizontal stroke of a mark.
struct MarkStroke {
    y: f32,
    from: u8,
    to: u8,
}

/// The mark of the writer of a comment.
pub fn mark(comment: &Comment) -> MarkSign {
    drawn(comment.mark, comment.owner)
}

/// The mark of a visitor.
pub fn visitor(mark: Mark) -> MarkSign {
    drawn(mark, false)
}

fn drawn(mark: Mark, own: bool) -> MarkSign {
    let stroke = |row: usize| MarkStroke {
        y: 3.5 + 5.0 * row as f32,
        from: [2, 4, 6, 8][usize::from(mark.shape[row] & 3)],
        to: [11, 13, 15, 18][usize::from(mark.shape[row] >> 2 & 3)],
    };
    MarkSign {
        own,
        hue: mark.shape[4] % 6,
        gaps: !own && !mark.is_own,
        strokes: [0, 1, 2, 3].map(stroke),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::samples::comment;

    #[test]
    fn numbers_are_grouped_in_threes() {
        let table = [
            (0, "0"),
            (999, "999"),
            (1012, "1,012"),
            (1234567, "1,234,567"),
            (-1000, "-1,000"),
        ];
        for (number, text) in table {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "post"), "1 post");
        assert_eq!(counted(1200, "post"), "1,200 posts");
    }

    #[test]
    fn the_fifth_stroke_of_a_tally_crosses_its_group() {
        let tally = |count| TallySign { count }.to_string();
        assert!(
            tally(3).contains(r#"width="12""#)
                && tally(3).contains(r#"d="M1.5 1v10M5 1v10M8.5 1v10""#),
            "{}",
            tally(3)
        );
        assert!(
            tally(6).ends_with(r#"M12 1v10M2 9l14-6M19 1v10"/></svg>"#),
            "{}",
            tally(6)
        );
        assert_eq!(super::tally(0).to_string(), "");
        assert_eq!(super::tally(500).to_string(), "");
    }

    #[test]
    fn visitors_of_one_name_have_marks_of_their_own_and_the_owners_takes_the_accent() {
        let by = |mark, owner| {
            let comment = Comment {
                mark,
                owner,
                ..comment(1)
            };
            super::mark(&comment).to_string()
        };
        let [one, other] = [[1; 32], [2; 32]].map(|hash| Mark::of_visitor(&hash));
        assert_ne!(by(one, false), by(other, false));
        assert_eq!(by(one, false), visitor(one).to_string());
        assert!(by(one, false).contains(r#"class="mark h"#) && !by(one, false).contains("dash"));
        let named = by(Mark::of_name("Ann"), false);
        assert!(named.contains("dash"), "{named}");
        let own = by(Mark::of_name("Ann"), true);
        assert!(own.contains(r#"class="mark own""#) && !own.contains("dash"));
    }
}
