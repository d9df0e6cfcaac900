//! Words into lines: where they may break, and the size at which all of them fit.

use unicode_segmentation::UnicodeSegmentation;

use super::type_case::Word;

/// From baseline to baseline, in ems.
pub const LEADING: f32 = 1.2;

/// A space, in ems.
const SPACE: f32 = 0.26;

/// Sizes of a title in pixels, the first that fits is taken, and how high the whole of it may be.
const SIZES: [f32; 6] = [84.0, 74.0, 64.0, 56.0, 50.0, 44.0];
const HEIGHT: f32 = 400.0;

/// A word of more letters than this is cut, since no line would hold it.
const LONGEST: usize = 30;

/// The most that is looked at: a title is drawn, not a book.
const PIECES: usize = 120;

/// A part of a text that stays in one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// What can be seen of it.
    pub text: String,
    /// Whether a space stands before it.
    pub spaced: bool,
}

/// A title in lines.
#[derive(Clone, Debug, Default)]
pub struct Fit {
    /// From the top.
    pub lines: Vec<String>,
    /// Pixels.
    pub size: f32,
}

/// The parts between which a text may be broken: words, letters where words are written without spaces, and parts of
/// words that are too long for a line. What cannot be seen, such as a sign that turns the direction, is left out.
pub fn pieces(text: &str) -> Vec<Piece> {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words = words.map(|word| word.chars().filter(|c| is_seen(*c)).collect::<String>());
    let pieces = words.filter(|word| !word.is_empty()).flat_map(|word| {
        let letters: Vec<&str> = word.graphemes(true).collect();
        let length = match word.chars().any(is_ideographic) {
            true => 1,
            false if letters.len() > LONGEST => LONGEST / 2,
            false => LONGEST,
        };
        let parts = letters.chunks(length).enumerate();
        let parts = parts.map(|(n, part)| Piece {
            text: part.concat(),
            spaced: n == 0,
        });
        parts.collect::<Vec<_>>()
    });
    pieces.take(PIECES).collect()
}

/// What can be read of a text: without its pictograms where there is no font for them; nothing at all if letters are
/// missing.
pub fn readable(words: Vec<Word>) -> Option<Vec<Word>> {
    let unreadable = |word: &Word| word.missing.chars().any(char::is_alphanumeric);
    match words.iter().any(unreadable) {
        true => None,
        false => Some(
            words
                .into_iter()
                .filter(|word| !word.text.is_empty())
                .collect(),
        ),
    }
}

/// The title in lines of at most `measure` pixels, as large as it can be; the end of one that is too long goes.
pub fn fit(words: &[Word], measure: f32) -> Fit {
    let smallest = SIZES[SIZES.len() - 1];
    let at = |size: f32| {
        let most = (HEIGHT / (size * LEADING)) as usize;
        (broken(words, measure / size), most)
    };
    for size in SIZES {
        let (lines, most) = at(size);
        let is_narrow = words.iter().all(|word| word.width * size <= measure);
        if lines.len() <= most && is_narrow {
            return Fit { lines, size };
        }
    }
    let (mut lines, most) = at(smallest);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    Fit {
        lines,
        size: smallest,
    }
}

/// One line of at most `measure` pixels; the end of one that is too long goes.
pub fn within(words: &[Word], size: f32, measure: f32) -> String {
    let lines = broken(words, measure / size - 1.0);
    let more = if lines.len() > 1 { "…" } else { "" };
    lines.into_iter().next().unwrap_or_default() + more
}

/// Words in lines of at most `measure` ems, each as full as it can be.
fn broken(words: &[Word], measure: f32) -> Vec<String> {
    let mut lines: Vec<(String, f32)> = Vec::new();
    for word in words {
        let space = if word.spaced { SPACE } else { 0.0 };
        match lines.last_mut() {
            Some((line, width)) if *width + space + word.width <= measure => {
                line.push_str(if word.spaced { " " } else { "" });
                line.push_str(&word.text);
                *width += space + word.width;
            }
            _ => lines.push((word.text.clone(), word.width)),
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
}

/// Whether the first letter belongs to a script that runs from right to left.
pub fn is_backwards(text: &str) -> bool {
    let first = text.chars().find(|c| c.is_alphabetic());
    first.is_some_and(
        |c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'),
    )
}

/// Whether a line may break on either side of it. Source: UAX 14, class ID and its kin.
fn is_ideographic(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{a000}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether it leaves ink, or shapes what does; XML 1.0 knows fewer characters than Unicode.
fn is_seen(c: char) -> bool {
    !matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff0}'..='\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Word> {
        let word = |piece: Piece| Word {
            width: piece.text.chars().count() as f32 * 0.5,
            text: piece.text,
            spaced: piece.spaced,
            missing: String::new(),
        };
        pieces(text).into_iter().map(word).collect()
    }

    #[test]
    fn lines_break_at_spaces_and_between_ideographs() {
        assert_eq!(broken(&words("one two  three"), 4.0), ["one two", "three"]);
        assert_eq!(broken(&words("日本語の題名"), 1.5), ["日本語", "の題名"]);
        assert_eq!(broken(&words(&"x".repeat(40)), 8.0).len(), 3);
        assert!(broken(&words(" \u{0}\u{202e} "), 8.0).is_empty());
    }

    #[test]
    fn one_line_says_that_it_goes_on() {
        assert_eq!(within(&words("Slack Water"), 10.0, 100.0), "Slack Water");
        assert_eq!(within(&words("Slack Water"), 10.0, 40.0), "Slack…");
        assert_eq!(within(&[], 10.0, 40.0), "");
    }

    #[test]
    fn the_direction_is_that_of_the_first_letter() {
        assert!(is_backwards("»שלום« abc") && is_backwards("مرحبا"));
        assert!(!is_backwards("1 abc שלום") && !is_backwards(""));
    }
}
