//! What front matter says of a post beyond its words: whether it is pinned, when its comments close, in which direction it
//! runs, its cover and its first address. All of it stays under these names wherever a post is written, so that an export
//! gives back what was given.

use serde_json::{Map, Value};

use super::language::Direction;
use super::shared::{self, Cover};
use super::time::Timestamp;

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// The most days after which comments close.
pub const MOST_DAYS: i64 = 3_650;

/// What front matter says of a post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// `pinned`: whether it stands first on the home page.
    pub pinned: bool,
    /// `dir`: in which direction it runs, where its language does not tell.
    pub dir: Option<Direction>,
    /// `close_after_days`: days after which it takes no more comments; 0 for never, none for as the blog has it.
    pub close_after_days: Option<i64>,
    /// `cover` and `cover_alt`: the picture that stands for it.
    pub cover: Option<Cover>,
    /// `canonical_url`: where it appeared first, if that was elsewhere.
    pub canonical: Option<String>,
}

impl Front {
    /// Reads front matter. What cannot be understood is as if it were not there.
    pub fn of(map: &Map<String, Value>) -> Front {
        Front {
            pinned: map.get("pinned").and_then(flag).unwrap_or(false),
            dir: map.get("dir").and_then(direction),
            close_after_days: map.get("close_after_days").and_then(days),
            cover: Cover::of(map),
            canonical: shared::canonical(map),
        }
    }

    /// Sentences about what is there and cannot be understood.
    pub fn doubts(map: &Map<String, Value>) -> Vec<String> {
        let wrong = |name: &str, understood: fn(&Value) -> bool, can_be: &str| {
            let value = map.get(name).filter(|value| !understood(value))?;
            Some(format!("{name} is {value}; it can be {can_be}"))
        };
        let days_can_be = format!("a number from 0 to {MOST_DAYS}");
        let all = [
            wrong("pinned", |value| flag(value).is_some(), "true or false"),
            wrong(
                "dir",
                |value| direction(value).is_some(),
                "\"ltr\" or \"rtl\"",
            ),
            wrong(
                "close_after_days",
                |value| days(value).is_some(),
                &days_can_be,
            ),
        ];
        all.into_iter().flatten().collect()
    }

    /// Writes it into front matter. What says the same already stays as it was written.
    pub fn put_into(&self, map: &mut Map<String, Value>) {
        let before = Front::of(map);
        let mut set = |name: &str, value: Option<Value>| match value {
            Some(value) => drop(map.insert(name.into(), value)),
            None => drop(map.remove(name)),
        };
        if before.pinned != self.pinned {
            set("pinned", self.pinned.then_some(true.into()));
        }
        if before.dir != self.dir {
            set("dir", self.dir.map(|dir| dir.as_str().into()));
        }
        if before.close_after_days != self.close_after_days {
            set("close_after_days", self.close_after_days.map(Value::from));
        }
        let (old, new) = (before.cover.as_ref(), self.cover.as_ref());
        if old.map(Cover::path_and_alt) != new.map(Cover::path_and_alt) {
            let (path, alt) = new.map(Cover::path_and_alt).unzip();
            set("cover", path.map(Value::from));
            set(
                "cover_alt",
                alt.filter(|alt| !alt.is_empty()).map(Value::from),
            );
        }
        if before.canonical != self.canonical {
            set("canonical", None);
            set("canonical_url", self.canonical.as_deref().map(Value::from));
        }
    }

    /// When a post of that date takes no more comments, if ever; `usual` are the days after which the blog's posts close,
    /// 0 for never.
    pub fn closes_at(&self, published_at: Option<Timestamp>, usual: i64) -> Option<Timestamp> {
        let days = self.close_after_days.unwrap_or(usual);
        published_at
            .filter(|_| days > 0)
            .map(|at| at.plus(days.saturating_mul(DAY)))
    }

    /// In which direction the post runs: as it says itself, else as its language does; as its surroundings if neither tells.
    pub fn direction(&self, lang: Option<&str>) -> Option<Direction> {
        self.dir.or_else(|| lang.map(Direction::of))
    }
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(word) if word == "true" || word == "yes" => Some(true),
        Value::String(word) if word == "false" || word == "no" => Some(false),
        _ => None,
    }
}

fn direction(value: &Value) -> Option<Direction> {
    Direction::parse(value.as_str()?)
}

fn days(value: &Value) -> Option<i64> {
    let days = match value {
        Value::String(digits) => digits.trim().parse().ok(),
        number => number.as_i64(),
    };
    days.filter(|days| (0..=MOST_DAYS).contains(days))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            other => panic!("{other} is no object"),
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_the_rest_stays() {
        let cover = Cover {
            path: "/media/ab12/boat.png".into(),
            alt: "A boat".into(),
            ..Cover::default()
        };
        let front = Front {
            pinned: true,
            dir: Some(Direction::RightToLeft),
            close_after_days: Some(14),
            cover: Some(cover),
            canonical: Some("https://old.example/a".into()),
        };
        let theme = json!({ "weight": 3, "cover": { "image": "x.png" }, "canonical": "not yet" });
        let mut extra = map(theme.clone());
        Front::of(&extra).put_into(&mut extra);
        assert_eq!(extra, map(theme), "nothing was changed");
        front.put_into(&mut extra);
        assert_eq!(Front::of(&extra), front);
        assert_eq!(extra["weight"], 3);
        Front::default().put_into(&mut extra);
        assert_eq!(extra, map(json!({ "weight": 3 })));
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        let wrong = map(json!({ "pinned": "maybe", "dir": "up", "close_after_days": -1 }));
        assert_eq!(Front::of(&wrong), Front::default());
        let doubts = Front::doubts(&wrong);
        assert_eq!(doubts.len(), 3, "{doubts:?}");
        assert_eq!(doubts[0], "pinned is \"maybe\"; it can be true or false");
        let right = map(json!({ "pinned": "yes", "dir": "ltr", "close_after_days": "30" }));
        assert!(Front::doubts(&right).is_empty());
    }

    #[test]
    fn comments_close_after_the_posts_own_days_or_the_blogs() {
        let closes = |own, usual| {
            let front = Front {
                close_after_days: own,
                ..Front::default()
            };
            front
                .closes_at(Some(Timestamp(1_000)), usual)
                .map(|at| at.0)
        };
        assert_eq!(closes(None, 0), None);
        assert_eq!(closes(None, 2), Some(1_000 + 2 * DAY));
        assert_eq!(closes(Some(1), 2), Some(1_000 + DAY));
        assert_eq!(closes(Some(0), 2), None, "never");
        assert_eq!(Front::default().closes_at(None, 2), None, "not out yet");
    }

    #[test]
    fn a_post_runs_as_it_says_or_as_its_language_does() {
        let said = Front {
            dir: Some(Direction::LeftToRight),
            ..Front::default()
        };
        assert_eq!(said.direction(Some("ar")), Some(Direction::LeftToRight));
        let silent = Front::default();
        assert_eq!(silent.direction(Some("ar")), Some(Direction::RightToLeft));
        assert_eq!(silent.direction(None), None);
    }
}
