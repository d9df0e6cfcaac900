//! Between the properties of an h-entry and a post of ours.
//!
//! What a post has a column for goes there. Pictures and the addresses that an entry responds to become Markdown around
//! its text. These and whatever else an app sends are kept beside the post, so that the app gets back what it sent.

use jiff::tz::Offset;
use serde_json::{Map, Value, json};

use super::around::{FILES, Home, RESPONSES, around, text};
use super::body::Properties;
use super::refusal::Refusal;
use crate::import::dates;
use crate::model::front::Front;
use crate::model::media::Pictures;
use crate::model::post::{NewPost, PostKind, Rendered, Status};
use crate::model::shared::Cover;
use crate::model::source::Source;
use crate::model::time::Timestamp;
use crate::text::{markdown, slug};

/// Characters of a title that is made of a note's first words.
const FIRST_WORDS: usize = 60;

/// Where what an app sent is kept in the front matter that has no column.
const KEPT: &str = "micropub";

/// The property of the cover. Source: microformats.org, h-entry, "Proposed Additions".
const FEATURED: &str = "featured";

/// Properties that we give, and never take.
const OURS: [&str; 5] = ["url", "uid", "updated", "author", "type"];

/// An h-entry, understood.
#[derive(Clone, Debug)]
pub struct Entry {
    name: Option<String>,
    content: String,
    summary: Option<String>,
    tags: Vec<String>,
    published: Option<Timestamp>,
    status: Status,
    /// Everything else.
    kept: Properties,
}

impl Entry {
    /// Understands properties.
    ///
    /// Errors: 400 for a date or a status that cannot be understood.
    pub fn of(mut properties: Properties) -> Result<Entry, Refusal> {
        properties.retain(|name, _| !OURS.contains(&name.as_str()));
        let mut take = |name: &str| values(properties.remove(name));
        let contents: Vec<_> = take("content").iter().filter_map(text).collect();
        let (name, summary) = (take("name"), take("summary"));
        let line = |values: &[Value]| {
            let words = text(values.first()?)?;
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            Some(words).filter(|words| !words.is_empty())
        };
        let published = match take("published").first().and_then(text) {
            None => None,
            Some(date) => Some(dates::parse(&date, Offset::UTC).ok_or_else(|| {
                Refusal::invalid(format!("published is {date:?}, which is no date we know"))
            })?),
        };
        let word = |values: Vec<Value>| values.first().and_then(text).unwrap_or_default();
        // Spaces before the first word may say that it is code.
        let content = contents.join("\n\n").replace("\r\n", "\n");
        let content = content.trim_end().trim_start_matches('\n').to_owned();
        Ok(Entry {
            name: line(&name),
            content,
            summary: line(&summary),
            tags: take("category").iter().filter_map(text).collect(),
            published: published.map(|moment| Timestamp(moment.ms)),
            status: status(&word(take("post-status")), &word(take("visibility")))?,
            kept: properties,
        })
    }

    /// Whether there is nothing in it to read or to look at.
    pub fn is_empty(&self) -> bool {
        let shown = FILES.iter().chain(RESPONSES.iter().map(|(name, _)| name));
        self.name.is_none()
            && self.content.is_empty()
            && shown
                .filter_map(|name| self.kept.get(*name))
                .all(|values| values.as_array().is_none_or(Vec::is_empty))
    }

    /// The post that it becomes: a new one, whose slug is `slug` if there is one, or `before` as changed.
    pub fn into_post(
        self,
        home: &Home,
        slug: Option<&str>,
        before: Option<&Source>,
        pictures: &Pictures,
    ) -> NewPost {
        let (above, below) = around(&self.kept, home);
        let body = format!("{above}{}{below}", self.content);
        let rendered = markdown::post(&body, &|url| pictures.at(url));
        let is_note = self.name.is_none();
        let title = self.name.unwrap_or_else(|| first_words(&rendered));
        let slug = before
            .map(|before| before.post.slug.clone())
            .unwrap_or_else(|| {
                let wanted = slug.map(|slug| slug::or_else(slug, ""));
                wanted
                    .filter(|slug| !slug.is_empty())
                    .unwrap_or_else(|| slug::or_else(&title, "note"))
            });
        let mut extra = before.map(extra_of).unwrap_or_default();
        extra.remove(KEPT);
        let mut kept = self.kept;
        take_cover(&mut kept, &mut extra, home);
        if is_note || !kept.is_empty() {
            let kept = json!({ "note": is_note, "properties": kept });
            extra.insert(KEPT.into(), kept);
        }
        // The wire has seconds; a date that came back unchanged keeps its milliseconds.
        let known = before.and_then(|before| before.post.published_at);
        let published_at = match (self.published, known) {
            (Some(new), Some(known)) if new.rfc3339() == known.rfc3339() => Some(known),
            (new, _) => new,
        };
        NewPost {
            kind: before.map_or(PostKind::Post, |before| before.post.kind),
            slug,
            title,
            summary: self.summary,
            body,
            rendered,
            tags: self.tags,
            status: self.status,
            lang: before.and_then(|before| before.post.lang.clone()),
            published_at,
            updated_at: None,
            comments_open: None,
            discussion: before
                .map(|before| before.post.discussion)
                .unwrap_or_default(),
            old_paths: Vec::new(),
            extra: Value::Object(extra).to_string(),
        }
    }
}

/// Makes the first of `featured` the cover, if it is a picture of ours; others stay among what is kept.
fn take_cover(kept: &mut Properties, extra: &mut Map<String, Value>, home: &Home) {
    let featured = kept.get(FEATURED).and_then(|values| values.get(0));
    let (address, alt) = match featured {
        Some(Value::Object(picture)) => (picture.get("value"), picture.get("alt")),
        address => (address, None),
    };
    let word = |value: Option<&Value>| Some(value?.as_str()?.to_owned());
    let path = word(address).and_then(|address| home.path(&address));
    let cover = path.and_then(|path| Cover::at(&path, &word(alt).unwrap_or_default()));
    if cover.is_some() {
        kept.remove(FEATURED);
    }
    let front = Front::of(extra);
    Front { cover, ..front }.put_into(extra);
}

/// A post as an app knows it. What was sent comes back as long as nobody has changed the text around it elsewhere.
pub fn properties(source: &Source, home: &Home) -> Properties {
    let post = &source.post;
    let kept = extra_of(source).remove(KEPT).unwrap_or_default();
    let is_note = kept["note"].as_bool().unwrap_or(false);
    let mut properties = match &kept["properties"] {
        Value::Object(properties) => properties.clone(),
        _ => Map::new(),
    };
    let (above, below) = around(&properties, home);
    let inside = source.body.strip_prefix(&above);
    let content = match inside.and_then(|body| body.strip_suffix(&below)) {
        Some(content) => content,
        None => {
            let is_text = |name: &str| {
                FILES.contains(&name) || RESPONSES.iter().any(|(response, _)| *response == name)
            };
            properties.retain(|name, _| !is_text(name));
            source.body.as_str()
        }
    };
    let mut set = |name: &str, value: Value| properties.insert(name.into(), json!([value]));
    if !is_note {
        set("name", post.title.as_str().into());
    }
    if !content.is_empty() {
        set("content", content.into());
    }
    if let Some(summary) = &post.summary {
        set("summary", summary.as_str().into());
    }
    if let Some(at) = post.published_at {
        set("published", at.rfc3339().into());
    }
    set("updated", post.updated_at.rfc3339().into());
    set("url", format!("{}{}", home.base_url, post.path()).into());
    let (status, visibility) = match post.status {
        Status::Draft => ("draft", None),
        Status::Deleted => ("deleted", None),
        Status::Unlisted => ("published", Some("unlisted")),
        Status::Published | Status::Scheduled => ("published", None),
    };
    set("post-status", status.into());
    if let Some(visibility) = visibility {
        set("visibility", visibility.into());
    }
    if let Some(cover) = &post.front.cover {
        let url = format!("{}{}", home.base_url, cover.path);
        set(
            FEATURED,
            match cover.alt.as_str() {
                "" => url.into(),
                alt => json!({ "value": url, "alt": alt }),
            },
        );
    }
    if !post.tags.is_empty() {
        let tags: Vec<_> = post.tags.iter().map(|tag| tag.name.as_str()).collect();
        properties.insert("category".into(), json!(tags));
    }
    properties
}

fn extra_of(source: &Source) -> Map<String, Value> {
    // What is no object was not written by us; there is nothing in it to keep apart.
    serde_json::from_str(&source.extra).unwrap_or_default()
}

fn status(status: &str, visibility: &str) -> Result<Status, Refusal> {
    match (status, visibility) {
        ("draft", "" | "public" | "unlisted") => Ok(Status::Draft),
        ("" | "published", "" | "public") => Ok(Status::Published),
        ("" | "published", "unlisted") => Ok(Status::Unlisted),
        (_, "" | "public" | "unlisted") => Err(Refusal::invalid(format!(
            "post-status is {status:?}; it can be published or draft"
        ))),
        _ => Err(Refusal::invalid(format!(
            "visibility is {visibility:?}; it can be public or unlisted"
        ))),
    }
}

/// A title for a note: the words it begins with.
fn first_words(rendered: &Rendered) -> String {
    let mut title = String::new();
    for word in rendered.text.split_whitespace() {
        if title.chars().count() + word.chars().count() >= FIRST_WORDS && !title.is_empty() {
            title.push('…');
            break;
        }
        if !title.is_empty() {
            title.push(' ');
        }
        title.extend(word.chars().take(FIRST_WORDS));
    }
    match title.is_empty() {
        true => "Note".into(),
        false => title,
    }
}

fn values(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(values)) => values,
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(properties: Value) -> Entry {
        let Value::Object(properties) = properties else {
            panic!("no object")
        };
        Entry::of(properties).unwrap()
    }

    fn home() -> Home {
        Home {
            base_url: "https://blog.example".into(),
            host: None,
        }
    }

    fn post(properties: Value) -> NewPost {
        entry(properties).into_post(&home(), None, None, &Pictures::default())
    }

    #[test]
    fn a_note_is_called_by_its_first_words() {
        for (content, title, slug) in [
            (
                "Low water at **six**.",
                "Low water at six.",
                "low-water-at-six",
            ),
            ("", "Note", "note"),
            (
                "One two three four five six seven eight nine ten eleven twelve thirteen",
                "One two three four five six seven eight nine ten eleven…",
                "one-two-three-four-five-six-seven-eight-nine-ten-eleven",
            ),
        ] {
            let post = post(json!({ "content": [content] }));
            assert_eq!((post.title.as_str(), post.slug.as_str()), (title, slug));
        }
    }

    #[test]
    fn what_surrounds_the_text_is_markdown_that_says_nothing_else() {
        let post = post(json!({
            "content": [{ "html": "<p>Here.</p>" }],
            "in-reply-to": ["https://a.example/x?<y>", "javascript:alert(1)"],
            "photo": [
                { "value": "https://blog.example/media/ab/p.png", "alt": "A ](x) *boat*" },
                "https://elsewhere.example/p.png",
                "/media/ab/p.png\"onload=x",
            ],
        }));
        let expected = "In reply to <https://a.example/x?%3Cy%3E>\n\n<p>Here.</p>\n\n\
            ![A \\]\\(x\\) \\*boat\\*](/media/ab/p.png)\n\n[photo](<https://elsewhere.example/p.png>)";
        assert_eq!(post.body, expected);
    }

    #[test]
    fn dates_and_statuses_that_mean_nothing_are_refused() {
        for wrong in [
            json!({ "published": ["soon"] }),
            json!({ "post-status": ["perhaps"] }),
            json!({ "visibility": ["private"] }),
        ] {
            let Value::Object(properties) = wrong else {
                panic!("no object")
            };
            assert!(Entry::of(properties).is_err());
        }
        let unlisted = post(json!({ "content": ["x"], "visibility": ["unlisted"] }));
        assert_eq!(unlisted.status, Status::Unlisted);
        let dated = post(json!({ "published": ["2026-01-02T03:04:05+01:00"] }));
        assert_eq!(
            dated.published_at.unwrap().rfc3339(),
            "2026-01-02T02:04:05Z"
        );
        assert!(entry(json!({ "category": ["a"] })).is_empty());
    }
}
