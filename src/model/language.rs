//! Language tags, and the direction in which a language is written.

/// Whether it has the shape of a language tag, or is empty. Source: BCP 47, section 2.1.
pub fn is_language(tag: &str) -> bool {
    let is_subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    tag.is_empty()
        || (tag.len() <= 35
            && tag.split('-').all(is_subtag)
            && tag.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// Languages that are written from right to left unless their tag names another script.
/// Source: CLDR, "Script Metadata" and "Likely Subtags".
const RIGHT_TO_LEFT: [&str; 26] = [
    "ar", "arc", "azb", "bal", "bqi", "ckb", "dv", "fa", "glk", "he", "iw", "khw", "ks", "lrc",
    "mzn", "nqo", "pnb", "prs", "ps", "sd", "sdh", "syr", "ug", "ur", "ydd", "yi",
];

/// Scripts that run from right to left. Source: ISO 15924.
const SCRIPTS: [&str; 10] = [
    "adlm", "arab", "aran", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa",
];

/// In which direction a text runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// As Latin does.
    LeftToRight,
    /// As Arabic and Hebrew do.
    RightToLeft,
}

impl Direction {
    /// The word in HTML, in forms and in front matter.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::LeftToRight => "ltr",
            Direction::RightToLeft => "rtl",
        }
    }

    /// The direction of that word.
    pub fn parse(word: &str) -> Option<Direction> {
        [Direction::LeftToRight, Direction::RightToLeft]
            .into_iter()
            .find(|direction| direction.as_str() == word)
    }

    /// That of a language by its tag: its script decides where it is named, else the language.
    pub fn of(tag: &str) -> Direction {
        let tag = tag.to_ascii_lowercase();
        let mut parts = tag.split('-');
        let language = parts.next().unwrap_or_default();
        let is_rtl = match parts
            .find(|part| part.len() == 4 && !part.starts_with(|c: char| c.is_ascii_digit()))
        {
            Some(script) => SCRIPTS.contains(&script),
            None => RIGHT_TO_LEFT.contains(&language),
        };
        match is_rtl {
            true => Direction::RightToLeft,
            false => Direction::LeftToRight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_runs_as_its_script_does() {
        let rtl = ["ar", "he-IL", "FA", "ur-PK", "pa-Arab", "az-arab-IR", "yi"];
        let ltr = ["en", "de", "ja", "pt-BR", "ar-Latn", "de-1996", "arn", ""];
        for tag in rtl {
            assert_eq!(Direction::of(tag), Direction::RightToLeft, "{tag}");
        }
        for tag in ltr {
            assert_eq!(Direction::of(tag), Direction::LeftToRight, "{tag}");
        }
        assert_eq!(Direction::parse("rtl"), Some(Direction::RightToLeft));
        assert_eq!(Direction::parse("auto"), None);
    }
}
