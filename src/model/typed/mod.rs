//! What a visitor typed, parsed once: a value of these types is proof that it may be stored.
//!
//! Each `parse` cleans first and judges then. Its error is the sentence shown at the field: what is wrong and
//! what to do. Nothing is cut to fit: who typed too much is told so. Whether a name is *taken* is not known here.

mod likeness;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use url::{Host, Url};

/// The longest name, in characters.
pub const NAME_MAX: usize = 60;
/// The longest comment, in characters.
pub const BODY_MAX: usize = 10_000;
/// The longest e-mail address, in characters. Source: RFC 5321, section 4.5.3.1.3, less the angle brackets.
pub const EMAIL_MAX: usize = 254;
/// The longest website address, in characters.
pub const LINK_MAX: usize = 200;

/// A visitor's name: one line, composed, visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// The Markdown of a comment: lines end in LF, and something can be seen in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(String);

/// An e-mail address that can stand in a header of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

/// A visitor's website: `http` or `https`, with a host and without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link(String);

impl Name {
    /// The name in `typed`, normalised to NFC, without control and direction characters, spaces collapsed.
    ///
    /// Errors: it is blank, or longer than `NAME_MAX`.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let spaced = typed.replace(char::is_whitespace, " ");
        let kept: String = spaced.chars().filter(|&c| !is_hidden(c)).nfc().collect();
        let name = kept.split_whitespace().collect::<Vec<_>>().join(" ");
        if !is_visible(&name) {
            return Err("Add a name. A first name or a nickname is fine.".into());
        }
        within(&name, NAME_MAX, "name")?;
        Ok(Name(name))
    }

    /// The name as text; escape it where it goes into HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Body {
    /// The comment in `typed`, with CR and CRLF made LF and without other control characters.
    ///
    /// Errors: it is blank, or longer than `BODY_MAX`.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let lines = typed.replace("\r\n", "\n").replace('\r', "\n");
        let kept: String = lines.chars().filter(|&c| is_text(c)).collect();
        let body = kept.trim_start_matches('\n').trim_end();
        if !is_visible(body) {
            return Err("Write your comment first.".into());
        }
        within(body, BODY_MAX, "comment")?;
        Ok(Body(body.into()))
    }

    /// The comment's Markdown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Email {
    /// The address in `typed`, or `None` if the field was left blank.
    ///
    /// Errors: it is no address, holds characters that have no place in one, or is longer than `EMAIL_MAX`.
    pub fn parse(typed: &str) -> Result<Option<Self>, String> {
        let address = typed.trim_matches(' ');
        if !is_visible(address) && !address.contains(['\r', '\n']) {
            return Ok(None);
        }
        within(address, EMAIL_MAX, "e-mail address")?;
        let not_one = "This is not an e-mail address. You can also leave this empty.";
        let (local, domain) = address.split_once('@').ok_or(not_one)?;
        if !is_local_part(local)
            || domain.contains(|c: char| !(c.is_alphanumeric() || ".-".contains(c)))
        {
            return Err(not_one.into());
        }
        if !domain.contains('.') {
            return Err(format!(
                "“{address}” is missing the part after the dot. You can also leave this empty."
            ));
        }
        match Host::parse(domain) {
            Ok(Host::Domain(domain)) if are_labels(&domain) => {
                Ok(Some(Email(format!("{local}@{domain}"))))
            }
            _ => Err(not_one.into()),
        }
    }

    /// The address. It is private: it goes into mails and the owner's pages only.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Link {
    /// The web address in `typed`, or `None` if the field was left blank. `example.org` means `https://example.org`.
    ///
    /// Errors: it is no web address, names a user or a password, or is longer than `LINK_MAX`.
    pub fn parse(typed: &str) -> Result<Option<Self>, String> {
        let address = typed.trim();
        if !is_visible(address) {
            return Ok(None);
        }
        within(address, LINK_MAX, "web address")?;
        let not_one =
            "This is not a web address. Write it like https://example.org, or leave this empty.";
        if address.contains(|c: char| c.is_whitespace() || is_hidden(c)) {
            return Err(not_one.into());
        }
        let url = Url::parse(&with_scheme(address).ok_or(not_one)?).map_err(|_| not_one)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("Leave the user name and password out of the web address.".into());
        }
        if !url.has_host() {
            return Err(not_one.into());
        }
        within(url.as_str(), LINK_MAX, "web address")?;
        Ok(Some(Link(url.into())))
    }

    /// The address as browsers read it: the host in ASCII, everything else percent-encoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `c` changes the direction of the text around it, and could make other text read wrongly.
///
/// Source: UAX 9, section 2.
pub fn is_direction_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// Whether `c` may stand in text that is stored and sent: no control character but newline and tab, and none of
/// the code points that are never a character, which would make a feed unreadable.
///
/// Source: XML 1.0, section 2.2; The Unicode Standard, section 23.7.
pub fn is_text(c: char) -> bool {
    matches!(c, '\n' | '\t') || !(c.is_control() || is_noncharacter(c))
}

fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// Whether `c` has no place in a single line that others read.
///
/// The joiners U+200C and U+200D stay: some scripts and many emoji need them.
pub(super) fn is_hidden(c: char) -> bool {
    let invisible = matches!(
        c,
        '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    invisible || c.is_control() || is_direction_control(c) || is_noncharacter(c)
}

/// Whether anything in `text` leaves a mark on the screen.
pub fn is_visible(text: &str) -> bool {
    text.chars().any(|c| {
        let blank = matches!(
            c,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200c}' | '\u{200d}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{ffa0}' | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0100}'..='\u{e01ef}'
        );
        !(blank || c.is_whitespace() || is_hidden(c) || is_combining_mark(c))
    })
}

/// Errors: `text` has more than `most` characters.
fn within(text: &str, most: usize, noun: &str) -> Result<(), String> {
    match text.chars().count() {
        count if count > most => Err(format!(
            "This {noun} has {count} characters; {most} is the most. Please shorten it."
        )),
        _ => Ok(()),
    }
}

/// Whether `local` can stand before the `@`. Quoted local parts are refused: nobody has one.
///
/// Source: RFC 5322, section 3.2.3 (`dot-atom`); RFC 5321, section 4.5.3.1.1 (64 octets).
fn is_local_part(local: &str) -> bool {
    let is_atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.len() <= 64
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
}

/// Whether `domain` is made of labels as the domain name system wants them, the last one no number.
fn are_labels(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    domain.len() <= 253 && domain.split('.').all(is_label)
}

/// `address` with `https://` before it if it begins with a host name, or nothing if it has another scheme.
fn with_scheme(address: &str) -> Option<String> {
    let lower = address.to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        return Some(address.into());
    }
    let host = address
        .split(['/', ':', '?', '#'])
        .next()
        .unwrap_or_default();
    (host.contains('.') && !address.contains("://")).then(|| format!("https://{address}"))
}

#[cfg(test)]
mod tests;
