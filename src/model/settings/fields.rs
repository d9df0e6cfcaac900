//! The settings as fields of a form: what each takes, how the file keeps it, and what the form shows.

use jiff::tz::TimeZone;

use super::{Ink, Link, Moderation, Settings};
use crate::model::calendar::Dates;
use crate::model::front::MOST_DAYS;
use crate::model::hub::Hub;
use crate::model::language::is_language;
use crate::model::reaction::ReactionKind;
use crate::model::rules::check_patterns;
use crate::model::typed::{Email, Name, is_text};

/// A setting that a form can change.
pub struct Field {
    /// Its name in forms, and in the log where it was changed.
    pub name: &'static str,
    /// Its key in the file.
    pub key: &'static str,
    /// What a value becomes in the file, or what is wrong with it.
    pub check: fn(&str) -> Result<String, String>,
    /// What the form shows of it.
    pub shown: fn(&Settings) -> String,
}

impl Field {
    /// The field of that name.
    pub fn find(name: &str) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// Whether `value`, as the file keeps it, is what is set already.
    pub fn is_set(&self, settings: &Settings, value: &str) -> bool {
        (self.check)(&(self.shown)(settings)).as_deref() == Ok(value)
    }
}

/// Every setting that a form can change.
pub static FIELDS: [Field; 26] = [
    Field {
        name: "title",
        key: "title",
        check: title,
        shown: |settings| settings.title.clone(),
    },
    Field {
        name: "description",
        key: "description",
        check: description,
        shown: |settings| settings.description.clone(),
    },
    Field {
        name: "name",
        key: "owner",
        check: |typed| Ok(Name::parse(typed)?.as_str().into()),
        shown: |settings| settings.owner.clone(),
    },
    Field {
        name: "email",
        key: "owner_email",
        check: |typed| Ok(Email::parse(typed)?.map_or(String::new(), |email| email.as_str().into())),
        shown: |settings| settings.email.clone(),
    },
    Field {
        name: "lang",
        key: "lang",
        check: language,
        shown: |settings| settings.lang.clone(),
    },
    Field {
        name: "time_zone",
        key: "time_zone",
        check: time_zone,
        shown: |settings| settings.time_zone.clone(),
    },
    Field {
        name: "dates",
        key: "dates",
        check: |typed| chosen(Dates::parse(typed).map(Dates::as_str)),
        shown: |settings| settings.dates.as_str().into(),
    },
    Field {
        name: "clock",
        key: "clock",
        check: |typed| chosen(["24", "12"].into_iter().find(|hours| *hours == typed)),
        shown: |settings| if settings.is_twelve { "12" } else { "24" }.into(),
    },
    Field {
        name: "intro",
        key: "intro",
        check: text,
        shown: |settings| settings.intro.clone(),
    },
    Field {
        name: "posts_per_page",
        key: "posts_per_page",
        check: |typed| number(typed, 1, 100),
        shown: |settings| settings.posts_per_page.to_string(),
    },
    Field {
        name: "edit_minutes",
        key: "edit_minutes",
        check: |typed| number(typed, 0, 7 * 24 * 60),
        shown: |settings| settings.edit_minutes.to_string(),
    },
    Field {
        name: "close_after_days",
        key: "close_after_days",
        check: |typed| number(typed, 0, MOST_DAYS),
        shown: |settings| settings.close_after_days.to_string(),
    },
    Field {
        name: "log_days",
        key: "log_days",
        check: |typed| number(typed, 1, 36_500),
        shown: |settings| settings.log_days.to_string(),
    },
    Field {
        name: "log_events",
        key: "log_events",
        check: |typed| number(typed, 1, 1_000_000_000),
        shown: |settings| settings.log_events.to_string(),
    },
    Field {
        name: "moderation",
        key: "moderation",
        check: |typed| chosen(Moderation::parse(typed).map(Moderation::as_str)),
        shown: |settings| settings.moderation.as_str().into(),
    },
    Field {
        name: "max_links",
        key: "max_links",
        check: |typed| number(typed, 0, 1_000),
        shown: |settings| settings.max_links.to_string(),
    },
    Field {
        name: "hold_words",
        key: "hold_words",
        check: text,
        shown: |settings| settings.hold_words.clone(),
    },
    Field {
        name: "hold_patterns",
        key: "hold_patterns",
        check: |typed| {
            let patterns = text(typed)?;
            check_patterns(&patterns)?;
            Ok(patterns)
        },
        shown: |settings| settings.hold_patterns.clone(),
    },
    Field {
        name: "reactions",
        key: "reactions",
        check: |typed| kept(&ReactionKind::list(typed)?),
        shown: |settings| lines(settings.reactions.iter().map(ReactionKind::line)),
    },
    Field {
        name: "presence",
        key: "presence",
        check: on_or_off,
        shown: |settings| switch(settings.presence),
    },
    Field {
        name: "ai_robots",
        key: "ai_robots",
        check: on_or_off,
        shown: |settings| switch(settings.ai_robots),
    },
    Field {
        name: "ink",
        key: "ink",
        check: |typed| chosen(Ink::parse(typed).map(Ink::as_str)),
        shown: |settings| settings.ink.as_str().into(),
    },
    Field {
        name: "navigation",
        key: "navigation",
        check: |typed| Ok(lines(Link::list(&text(typed)?)?.iter().map(Link::line))),
        shown: |settings| lines(settings.navigation.iter().map(Link::line)),
    },
    Field {
        name: "footer",
        key: "footer",
        check: text,
        shown: |settings| settings.footer.clone(),
    },
    Field {
        name: "css",
        key: "css",
        check: text,
        shown: |settings| settings.css.clone(),
    },
    Field {
        name: "websub_hub",
        key: "websub_hub",
        check: |typed| match Hub::parse(typed)? {
            Some(_) if cfg!(not(feature = "tls")) => {
                Err("This program was built without TLS, which a hub needs.".into())
            }
            hub => Ok(hub.map_or(String::new(), |hub| hub.as_str().into())),
        },
        shown: |settings| {
            let hub = settings.hub.as_ref();
            hub.map_or(String::new(), |hub| hub.as_str().into())
        },
    },
];

/// Characters of a blog's title.
const LONGEST_TITLE: usize = 120;

/// Bytes of the owner's style, and of every longer text.
const LONGEST_TEXT: usize = 32 * 1024;

/// The name of a blog.
///
/// Errors: it is missing or too long.
pub(super) fn title(typed: &str) -> Result<String, String> {
    match line(typed).as_str() {
        "" => Err("The blog needs a name. One word is enough.".into()),
        title if title.chars().count() > LONGEST_TITLE => Err(format!(
            "Please keep the name within {LONGEST_TITLE} characters."
        )),
        title => Ok(title.into()),
    }
}

fn description(typed: &str) -> Result<String, String> {
    match line(typed) {
        text if text.chars().count() > 500 => Err("Please keep it within 500 characters.".into()),
        text => Ok(text),
    }
}

/// What was typed as one line, without the signs that neither HTML nor XML can hold.
fn line(typed: &str) -> String {
    let text = typed.chars().filter(|&c| is_text(c) || c.is_whitespace());
    let text: String = text.collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn language(typed: &str) -> Result<String, String> {
    match typed.trim() {
        tag if !tag.is_empty() && is_language(tag) => Ok(tag.into()),
        _ => Err("A language is a tag such as en, de or pt-BR.".into()),
    }
}

fn time_zone(typed: &str) -> Result<String, String> {
    let zone = TimeZone::get(typed.trim());
    let zone = zone.map_err(|_| "This is not a time zone. Write one like Europe/Oslo or UTC.")?;
    Ok(zone.iana_name().unwrap_or("UTC").into())
}

fn number(typed: &str, least: i64, most: i64) -> Result<String, String> {
    match typed.trim().parse::<i64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number.to_string()),
        _ => Err(format!("Write a number from {least} to {most}.")),
    }
}

fn on_or_off(typed: &str) -> Result<String, String> {
    match typed {
        "on" | "off" => Ok(typed.into()),
        _ => Err("Choose on or off.".into()),
    }
}

fn switch(on: bool) -> String {
    if on { "on" } else { "off" }.into()
}

fn chosen(word: Option<&str>) -> Result<String, String> {
    word.map(Into::into)
        .ok_or_else(|| "Choose one of those that are offered.".into())
}

fn text(typed: &str) -> Result<String, String> {
    match typed.len() {
        bytes if bytes > LONGEST_TEXT => Err(format!(
            "This has {bytes} bytes; {LONGEST_TEXT} is the most."
        )),
        _ => {
            let kept = typed.chars().filter(|&c| is_text(c));
            Ok(kept.collect::<String>().trim().into())
        }
    }
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

/// Reactions as the file keeps them: JSON, so that queries can ask for their names.
fn kept(kinds: &[ReactionKind]) -> Result<String, String> {
    serde_json::to_string(kinds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_neither_html_nor_xml_can_hold_is_in_no_setting() {
        for (name, typed, kept) in [
            ("title", " A\u{1}B\u{85}\nC\u{fffe} ", "AB C"),
            ("description", "A\u{0}\r\nB", "A B"),
            ("footer", "A\u{1b}[2J\r\nB\t", "A[2J\nB"),
            ("navigation", "About\u{0} /about", "About /about"),
        ] {
            let field = Field::find(name).unwrap();
            assert_eq!((field.check)(typed).as_deref(), Ok(kept), "{name}");
        }
        let navigation = Field::find("navigation").unwrap();
        for away in [
            "Away /\\evil.example",
            "Away //evil.example",
            "Run javascript:x",
        ] {
            assert!((navigation.check)(away).is_err(), "{away}");
        }
    }

    #[test]
    fn what_the_form_shows_can_be_sent_back_and_changes_nothing() {
        let settings = Settings {
            owner: "Maren".into(),
            navigation: Link::list("About me  /about").unwrap(),
            ..Settings::default()
        };
        for field in &FIELDS {
            let value = (field.check)(&(field.shown)(&settings));
            let value = value.unwrap_or_else(|why| panic!("{}: {why}", field.name));
            assert!(field.is_set(&settings, &value), "{}", field.name);
        }
        let title = Field::find("title").unwrap();
        assert!(!title.is_set(&settings, "Another") && Field::find("icon").is_none());
    }
}
