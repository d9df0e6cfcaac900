//! What a post says of itself to those who show it elsewhere: the picture beside it and its first address.

use serde_json::Value;
use url::Url;

/// The picture that stands for a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Its address from the root of the site, `/media/{hash}/{name}`.
    pub path: String,
    /// What it shows, in words; may be empty.
    pub alt: String,
    /// Pixels, where they are known.
    pub size: Option<(u32, u32)>,
}

impl Cover {
    /// The cover that front matter names, `cover` and `cover_alt`, if it is a picture of the blog's own.
    pub fn of(extra: &Value) -> Option<Cover> {
        let path = extra.get("cover")?.as_str()?;
        let alt = extra.get("cover_alt").and_then(Value::as_str);
        let is_ours = path.strip_prefix("/media/")?.split('/').count() == 2;
        is_ours.then(|| Cover {
            path: path.into(),
            alt: alt.unwrap_or_default().into(),
            size: None,
        })
    }

    /// The hash of its file.
    pub fn hash(&self) -> Option<&str> {
        self.path.strip_prefix("/media/")?.split('/').next()
    }
}

/// The address at which the post appeared first, if front matter names one elsewhere.
pub fn canonical(extra: &Value) -> Option<String> {
    let mut names = ["canonical_url", "canonical"].into_iter();
    let word = names.find_map(|name| extra.get(name)?.as_str())?;
    let url = Url::parse(word).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.username().is_empty()).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_picture_of_the_blog_is_a_cover() {
        let extra = json!({ "cover": "/media/ab12/boat.png", "cover_alt": "A boat" });
        let cover = Cover::of(&extra).unwrap();
        assert_eq!((cover.hash(), cover.alt.as_str()), (Some("ab12"), "A boat"));
        for wrong in [
            json!("https://elsewhere.example/a.png"),
            json!("boat.png"),
            json!("/media/"),
            json!("/media/a/b/c"),
            json!(7),
        ] {
            assert_eq!(Cover::of(&json!({ "cover": wrong })), None);
        }
    }

    #[test]
    fn a_first_address_is_one_of_the_web() {
        let given = |url: &str| canonical(&json!({ "canonical_url": url }));
        assert_eq!(
            given("https://Old.example/a b").as_deref(),
            Some("https://old.example/a%20b")
        );
        assert_eq!(
            canonical(&json!({ "canonical": "http://a.example/" })),
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
