//! What a post says of itself to those who show it elsewhere: the picture beside it and its first address.

use serde_json::{Map, Value};
use url::Url;

use super::media::{self, Picture};

/// The picture that stands for a post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Its address from the root of the site, `/media/{hash}/{name}`.
    pub path: String,
    /// What it shows, in the words of the post; may be empty.
    pub alt: String,
    /// The same in the words of the library, where they were looked up; may be empty.
    pub described: String,
    /// Its sizes, where they were looked up.
    pub picture: Option<Picture>,
}

impl Cover {
    /// The cover that front matter names, `cover` and `cover_alt`, if it is a picture of the blog's own.
    pub fn of(front_matter: &Map<String, Value>) -> Option<Cover> {
        let alt = front_matter.get("cover_alt").and_then(Value::as_str);
        Cover::at(
            front_matter.get("cover")?.as_str()?,
            alt.unwrap_or_default(),
        )
    }

    /// The cover at that path, if it is a picture of the blog's own; `alt` is what it shows, in words.
    pub fn at(path: &str, alt: &str) -> Option<Cover> {
        let is_ours = path.strip_prefix("/media/")?.split('/').count() == 2;
        (is_ours && media::hash_in(path).is_some()).then(|| Cover {
            path: path.into(),
            alt: alt.into(),
            ..Cover::default()
        })
    }

    /// What front matter says of it.
    pub fn path_and_alt(&self) -> (&str, &str) {
        (&self.path, &self.alt)
    }

    /// What it shows, for those who do not see it.
    pub fn words(&self) -> &str {
        match self.alt.as_str() {
            "" => &self.described,
            alt => alt,
        }
    }

    /// Width and height in pixels, where they are known.
    pub fn size(&self) -> Option<(u32, u32)> {
        let picture = self.picture.as_ref()?;
        Some((picture.width, picture.height))
    }

    /// Its sizes to choose from, as HTML has them; empty where there is one.
    pub fn candidates(&self) -> String {
        let picture = self.picture.as_ref();
        picture.map_or(String::new(), |picture| picture.candidates(&self.path))
    }

    /// The address of its smallest size.
    pub fn thumbnail(&self) -> String {
        media::sized(&self.path, media::WIDTHS[0]).unwrap_or_else(|| self.path.clone())
    }

    /// The hash of its file.
    pub fn hash(&self) -> Option<&str> {
        media::hash_in(&self.path)
    }
}

/// The address at which the post appeared first, if front matter names one elsewhere.
pub fn canonical(front_matter: &Map<String, Value>) -> Option<String> {
    let mut names = ["canonical_url", "canonical"].into_iter();
    address(names.find_map(|name| front_matter.get(name)?.as_str())?)
}

/// An address of the web, as browsers write it; none if it is another kind of address or none at all.
pub fn address(typed: &str) -> Option<String> {
    let url = Url::parse(typed.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.username().is_empty()).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn only_a_picture_of_the_blog_is_a_cover() {
        let extra = json!({ "cover": "/media/ab12/boat.png", "cover_alt": "A boat" });
        let cover = Cover::of(&map(extra)).unwrap();
        assert_eq!((cover.hash(), cover.alt.as_str()), (Some("ab12"), "A boat"));
        for wrong in [
            json!("https://elsewhere.example/a.png"),
            json!("boat.png"),
            json!("/media/"),
            json!("/media/a/b/c"),
            json!(7),
        ] {
            assert_eq!(Cover::of(&map(json!({ "cover": wrong }))), None);
        }
    }

    #[test]
    fn a_first_address_is_one_of_the_web() {
        let given = |url: &str| canonical(&map(json!({ "canonical_url": url })));
        assert_eq!(
            given("https://Old.example/a b").as_deref(),
            Some("https://old.example/a%20b")
        );
        assert_eq!(
            canonical(&map(json!({ "canonical": "http://a.example/" }))),
            given("http://a.example")
        );
        for wrong in [
            "/posts/x",
            "javascript:alert(1)",
            "https://me@a.example/",
            "",
        ] {
            assert_eq!(given(wrong), None, "{wrong}");
        }
    }
}
