//! Which names a reader could take for each other, and which a visitor may not bear.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

use super::{Name, is_hidden};

/// Words that say somebody speaks for the blog, folded: once, because every comment's name is held against them.
static ROLES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let words = "admin administrator author moderator official owner webmaster blogowner";
    words.split(' ').map(gist).collect()
});

/// Words that may stand around those, or around a name, and make neither another.
static FILLERS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let words = "a an the of this blog site real";
    words.split(' ').map(gist).collect()
});

impl Name {
    /// What this name has in common with every name that a reader could take for it, and with no other.
    ///
    /// Case, spaces, punctuation and accents do not tell names apart, nor do letters of other scripts or digits
    /// that look alike. Source: UTS 39, section 4, "Confusable Detection".
    pub fn likeness(&self) -> String {
        likeness(&self.0)
    }

    /// Why a visitor may not bear this name on a blog of that title and owner, if so: it is one of theirs, with or without
    /// a word such as “author”. Such a word alone is anyone's: who is the owner, the badge says.
    pub fn borrows(&self, owner: Option<&str>, title: Option<&str>) -> Option<&'static str> {
        let mine = self.likeness();
        let is_like = |other: Option<&str>, mine: &str| {
            other.is_some_and(|other| likeness(other) == mine && !mine.is_empty())
        };
        let (plain, has_role) = without_roles(&self.0);
        if is_like(owner, &mine) || has_role && is_like(owner, &plain) {
            return Some("this is how the owner of this blog is called; please use another name");
        }
        if is_like(title, &mine) {
            return Some("this is how this blog is called; please use another name");
        }
        None
    }
}

/// The name without its words of roles and those around them, folded; and whether it had a word of a role.
fn without_roles(name: &str) -> (String, bool) {
    let words = name.split(|c: char| !(c.is_alphanumeric() || "|!@$".contains(c) || is_hidden(c)));
    let words: Vec<String> = words.map(gist).collect();
    let has_role = words.iter().any(|word| ROLES.contains(word));
    let rest = words
        .iter()
        .filter(|word| !ROLES.contains(word) && !FILLERS.contains(word));
    (rest.map(String::as_str).collect(), has_role)
}

/// What is the same of all names that look alike. Of one without letters and digits, such as an emoji, itself.
pub(super) fn likeness(name: &str) -> String {
    match gist(name) {
        gist if gist.is_empty() => name.trim().to_owned(),
        gist => gist,
    }
}

/// What remains of each letter of ASCII, by itself: there no letter changes what becomes of its neighbour. Looking all of
/// that up for every letter of every name was a tenth of what the writer did.
static PLAIN: LazyLock<[String; 128]> =
    LazyLock::new(|| std::array::from_fn(|code| folded(&char::from(code as u8).to_string())));

/// What remains of a name when everything is folded that the eye may overlook.
fn gist(name: &str) -> String {
    match name.is_ascii() {
        true => name
            .bytes()
            .map(|letter| PLAIN[usize::from(letter)].as_str())
            .collect(),
        false => folded(name),
    }
}

/// The same, of a name in any script.
fn folded(name: &str) -> String {
    let bare: String = name
        .nfkd()
        .filter(|&c| !is_combining_mark(c) && !is_hidden(c))
        .collect();
    // Confusables are defined on letters as they are, and also hide behind the other case.
    let folded: String = skeleton(&bare).flat_map(char::to_lowercase).collect();
    let skeleton: String = skeleton(&folded).flat_map(char::to_lowercase).collect();
    skeleton
        .chars()
        .map(look)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// The letter that a digit or sign is written for.
fn look(c: char) -> char {
    match c {
        'i' | '1' | '!' | '|' => 'l',
        '0' => 'o',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_ascii_are_folded_by_themselves_as_they_are_together() {
        let ascii = || (0..128u8).map(char::from);
        for (one, other) in ascii().flat_map(|one| ascii().map(move |other| (one, other))) {
            let name = format!("{one}{other}m{one}");
            assert_eq!(gist(&name), folded(&name), "{name:?}");
        }
    }
}
