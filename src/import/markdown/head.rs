//! What the keys of front matter mean, in the words of Hugo, Zola and Jekyll alike.
//!
//! Source: the table of `import-formats.md`, section 3.

use jiff::tz::Offset;
use serde_json::{Map, Value};

use super::site::Dialect;
use crate::import::dates::{self, Moment};

/// The front matter of a post, understood.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// As written.
    pub title: Option<String>,
    /// Summary, description or excerpt.
    pub summary: Option<String>,
    /// The last part of the address.
    pub slug: Option<String>,
    /// The whole address: Zola's `path`, Hugo's `url`, Jekyll's `permalink` (which may be a pattern).
    pub address: Option<String>,
    /// Addresses that led here before.
    pub aliases: Vec<String>,
    /// Tags and categories, each once.
    pub tags: Vec<String>,
    /// Categories alone, which are part of Jekyll's addresses.
    pub categories: Vec<String>,
    /// When it was written, or is to be published if that is still ahead.
    pub created: Option<Moment>,
    /// When it last changed.
    pub updated: Option<Moment>,
    /// Not to be published, or not any more.
    pub draft: bool,
    /// How its comments shall be shown, as written.
    pub discussion: Option<String>,
    /// Language tag.
    pub lang: Option<String>,
    /// `page` or `post` if the head says so.
    pub kind: Option<String>,
    /// What has no place here, so that an export can write it back.
    pub extra: Map<String, Value>,
    /// What could not be understood, a sentence each.
    pub warnings: Vec<String>,
}

impl Head {
    /// Understands `map`. A time without a zone is taken to be in `offset`.
    pub fn of(map: Map<String, Value>, dialect: Dialect, offset: Offset) -> Head {
        let mut keys = Keys {
            map,
            offset,
            warnings: Vec::new(),
        };
        let mut taxonomies = keys.taxonomies();
        let mut head = Head {
            title: keys.text(&["title"]),
            summary: keys.text(&["summary", "description", "excerpt", "meta_description"]),
            slug: keys.text(&["slug"]),
            address: keys.text(&["path", "url", "permalink"]),
            aliases: keys.list(&["aliases", "redirect_from", "alias"], &[]),
            lang: keys.text(&["lang", "language", "locale"]),
            updated: keys.moment(&["updated", "lastmod", "last_modified_at", "modified"]),
            ..Head::default()
        };
        head.draft = keys.draft();
        head.schedule(&mut keys);
        let marks: &[char] = if dialect == Dialect::Jekyll {
            &[',', ' ']
        } else {
            &[',']
        };
        head.tags = keys.list(&["tags", "tag"], marks);
        head.categories = keys.list(&["categories", "category"], marks);
        head.tags.append(&mut taxonomies.0);
        head.categories.append(&mut taxonomies.1);
        head.tags.extend(head.categories.iter().cloned());
        distinct(&mut head.tags);
        head.kind = keys.kind();
        head.discussion = keys.discussion();
        (head.extra, head.warnings) = (keys.map, keys.warnings);
        head
    }

    /// The dates of publishing and expiry, which depend on the day of the import.
    fn schedule(&mut self, keys: &mut Keys) {
        let now = jiff::Timestamp::now().as_millisecond();
        let publish = keys.moment(&["publishDate", "publish_date"]);
        self.created = keys.moment(&["date", "published_date"]).or(publish);
        self.created = self
            .created
            .or_else(|| keys.moment(&["pubdate", "published"]));
        if let Some(ahead) = publish.filter(|moment| moment.ms > now) {
            self.created = Some(ahead);
        }
        let expiry = keys
            .peek("expiryDate")
            .and_then(|text| dates::parse(&text, keys.offset));
        if expiry.is_some_and(|moment| moment.ms < now) {
            self.draft = true;
            keys.warnings
                .push("its expiry date has passed, so it becomes a draft".to_owned());
        }
    }
}

/// Front matter from which understood keys are taken one by one.
struct Keys {
    map: Map<String, Value>,
    offset: Offset,
    warnings: Vec<String>,
}

impl Keys {
    /// The value of the first of `names` that is there. Hugo's keys have no case.
    fn take(&mut self, names: &[&str], fits: impl Fn(&Value) -> bool) -> Option<Value> {
        let found = names.iter().find_map(|name| {
            let mut entries = self.map.iter();
            entries
                .find(|(key, value)| key.eq_ignore_ascii_case(name) && fits(value))
                .map(|(key, _)| key.clone())
        });
        self.map.remove(&found?)
    }

    fn peek(&self, name: &str) -> Option<String> {
        self.map
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| plain(value))
    }

    /// The first of `names` that holds text; the others stay in the map.
    fn text(&mut self, names: &[&str]) -> Option<String> {
        let value = self.take(names, |value| {
            plain(value).is_some_and(|text| !text.is_empty())
        })?;
        plain(&value)
    }

    /// All of `names` as one list. A string is parted at `marks`; at commas only, if it has one.
    fn list(&mut self, names: &[&str], marks: &[char]) -> Vec<String> {
        let mut items = Vec::new();
        for name in names {
            match self.take(&[name], |value| value.is_array() || value.is_string()) {
                Some(Value::Array(list)) => items.extend(list.iter().filter_map(plain)),
                Some(Value::String(text)) => {
                    let marks = if text.contains(',') && !marks.is_empty() {
                        &[',']
                    } else {
                        marks
                    };
                    items.extend(text.split(marks).map(|item| item.trim().to_owned()));
                }
                _ => {}
            }
        }
        items.retain(|item| !item.is_empty());
        items
    }

    fn moment(&mut self, names: &[&str]) -> Option<Moment> {
        for name in names {
            // Jekyll's `published: false` is no date.
            let Some(text) = self
                .take(&[name], |value| !value.is_boolean())
                .as_ref()
                .and_then(plain)
            else {
                continue;
            };
            match dates::parse(&text, self.offset) {
                Some(moment) => return Some(moment),
                None if text.is_empty() => {}
                None => self
                    .warnings
                    .push(format!("{name} \"{text}\" is no date we know")),
            }
        }
        None
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        // YAML 1.1 has more words for a flag than YAML 1.2.
        let words = |value: &Value| matches!(value.as_str(), Some("true" | "false" | "yes" | "no"));
        match self.take(&[name], |value| value.is_boolean() || words(value))? {
            Value::Bool(flag) => Some(flag),
            text => Some(text == "true" || text == "yes"),
        }
    }

    fn draft(&mut self) -> bool {
        let hidden = ["published", "publish"].map(|name| self.flag(name) == Some(false));
        let draft = self.flag("draft") == Some(true);
        draft || hidden.contains(&true)
    }

    /// Zola's `[taxonomies]`: tags and categories; its other taxonomies stay.
    fn taxonomies(&mut self) -> (Vec<String>, Vec<String>) {
        let Some(Value::Object(table)) = self.take(&["taxonomies"], Value::is_object) else {
            return Default::default();
        };
        let mut inner = Keys {
            map: table,
            offset: self.offset,
            warnings: Vec::new(),
        };
        let found = (
            inner.list(&["tags"], &[',']),
            inner.list(&["categories"], &[',']),
        );
        if !inner.map.is_empty() {
            self.map
                .insert("taxonomies".to_owned(), Value::Object(inner.map));
        }
        found
    }

    /// `layout`, `type` and `is_page` stay for the export: themes have more of them than we tell apart.
    fn kind(&mut self) -> Option<String> {
        if self.flag("is_page") == Some(true) {
            return Some("page".to_owned());
        }
        let said = ["kind", "type", "layout"].map(|name| self.peek(name));
        said.into_iter()
            .flatten()
            .find(|word| matches!(word.as_str(), "page" | "post"))
    }

    /// A flag of that name belongs to a theme.
    fn discussion(&mut self) -> Option<String> {
        plain(&self.take(&["discussion"], Value::is_string)?)
    }
}

/// Texts, numbers and flags as text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Keeps the first of those that differ only in case.
fn distinct(items: &mut Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    items.retain(|item| seen.insert(item.to_lowercase()));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn head(dialect: Dialect, value: Value) -> Head {
        let Value::Object(map) = value else {
            panic!("no map")
        };
        Head::of(map, dialect, Offset::UTC)
    }

    fn ms(text: &str) -> Option<i64> {
        dates::parse(text, Offset::UTC).map(|moment| moment.ms)
    }

    #[test]
    fn keys_of_hugo() {
        let head = head(
            Dialect::Hugo,
            json!({"title": 1984, "Date": "2020-01-02", "lastMod": "2021-01-02", "draft": true, "slug": "s", "url": "/u/",
                "aliases": ["/a/"], "tags": ["Rust lang", "b"], "categories": "c", "description": "d", "summary": "s",
                "params": {"x": 1}}),
        );
        assert_eq!(
            (
                head.title.as_deref(),
                head.slug.as_deref(),
                head.address.as_deref()
            ),
            (Some("1984"), Some("s"), Some("/u/"))
        );
        assert_eq!(
            (head.created.map(|m| m.ms), head.updated.map(|m| m.ms)),
            (ms("2020-01-02"), ms("2021-01-02"))
        );
        assert_eq!(
            (head.tags, head.aliases),
            (
                vec!["Rust lang".into(), "b".into(), "c".into()],
                vec!["/a/".to_owned()]
            )
        );
        assert!(head.draft);
        assert_eq!(head.summary.as_deref(), Some("s"));
        assert_eq!(
            Value::Object(head.extra),
            json!({"description": "d", "params": {"x": 1}})
        );
    }

    #[test]
    fn dates_of_hugo_have_a_chain_and_a_future() {
        for (value, expected) in [
            (json!({"publishDate": "2020-01-01"}), ms("2020-01-01")),
            (json!({"pubdate": "2020-01-01"}), ms("2020-01-01")),
            (json!({"published": "2020-01-01"}), ms("2020-01-01")),
            (
                json!({"date": "2020-01-01", "publishDate": "2019-01-01"}),
                ms("2020-01-01"),
            ),
            (
                json!({"date": "2020-01-01", "publishDate": "2219-01-01"}),
                ms("2219-01-01"),
            ),
            (json!({"date": "2219-01-01"}), ms("2219-01-01")),
            (json!({"date": "soon"}), None),
        ] {
            let head = head(Dialect::Hugo, value.clone());
            assert_eq!(head.created.map(|moment| moment.ms), expected, "{value}");
            assert_eq!(head.warnings.is_empty(), expected.is_some(), "{value}");
        }
        let expired = head(
            Dialect::Hugo,
            json!({"date": "2020-01-01", "expiryDate": "2020-02-01"}),
        );
        assert!(expired.draft && expired.warnings.len() == 1);
    }

    #[test]
    fn keys_of_zola() {
        let head = head(
            Dialect::Zola,
            json!({"title": "T", "date": "2020-01-02", "updated": "2020-01-03", "path": "2020/01/02/t", "description": "d",
                "taxonomies": {"tags": ["a", "A"], "categories": ["b"], "series": ["s"]}, "extra": {"y": true}}),
        );
        assert_eq!(head.tags, ["a", "b"]);
        assert_eq!(head.address.as_deref(), Some("2020/01/02/t"));
        assert_eq!(head.updated.map(|moment| moment.ms), ms("2020-01-03"));
        assert_eq!(
            Value::Object(head.extra),
            json!({"taxonomies": {"series": ["s"]}, "extra": {"y": true}})
        );
    }

    #[test]
    fn keys_of_jekyll() {
        let head = head(
            Dialect::Jekyll,
            json!({"layout": "post", "title": "T", "date": "2020-01-02 10:00:00 +0200", "published": false,
                "tags": "a b", "categories": ["c d"], "redirect_from": "/old/", "last_modified_at": "2020-02-02"}),
        );
        assert_eq!(
            head.created.map(|moment| moment.ms),
            ms("2020-01-02T08:00:00Z")
        );
        assert_eq!(
            (head.tags, head.aliases),
            (
                vec!["a".into(), "b".into(), "c d".into()],
                vec!["/old/".to_owned()]
            )
        );
        assert_eq!((head.kind.as_deref(), head.draft), (Some("post"), true));
    }

    #[test]
    fn tags_are_lists_or_strings() {
        for (dialect, value, expected) in [
            (Dialect::Jekyll, json!("a b"), vec!["a", "b"]),
            (Dialect::Jekyll, json!("a b, c"), vec!["a b", "c"]),
            (Dialect::Hugo, json!("a b"), vec!["a b"]),
            (Dialect::Hugo, json!(["a", 2, null, ""]), vec!["a", "2"]),
            (Dialect::Hugo, json!(null), vec![]),
        ] {
            assert_eq!(head(dialect, json!({ "tags": value })).tags, expected);
        }
    }
}
