//! How a page presents itself where it is linked to: previews for other sites, and facts for search engines.
//!
//! Previews are Open Graph (<https://ogp.me>) and Twitter cards; facts are JSON-LD in the words of <https://schema.org>.

use serde_json::{Value, json};

use super::{Head, Site};
use crate::model::post::{Post, PostKind, Status};
use crate::model::shared::Cover;
use crate::model::time::Timestamp;
use crate::social::{self, Card};

/// Formats that every site which shows previews can show.
const SHOWN: [&str; 5] = [".gif", ".jpeg", ".jpg", ".png", ".webp"];

/// What a page adds to its head for those who link to it. Pages without any have the picture of the blog.
#[derive(Default)]
pub(super) struct Shared {
    /// Its address elsewhere, where it appeared first.
    canonical: Option<String>,
    /// Its own picture.
    picture: Option<Picture>,
    /// Language tag where it differs from the blog's.
    lang: Option<String>,
    /// For a page that is an article.
    pub article: Option<Article>,
    /// What it is, as a node of JSON-LD.
    node: Option<Value>,
    /// The pages above it and itself, each with its name and path.
    trail: Vec<(String, String)>,
}

/// A picture to show beside a link.
pub(super) struct Picture {
    /// From the root of the site.
    pub path: String,
    /// Pixels, where they are known.
    pub size: Option<(u32, u32)>,
    /// What it shows.
    pub alt: String,
}

/// What previews tell of an article.
pub(super) struct Article {
    pub published: Timestamp,
    pub modified: Timestamp,
    pub tags: Vec<String>,
}

/// The card of the blog itself.
pub fn site_card(site: &Site) -> Card {
    Card {
        title: String::new(),
        site: site.title.clone(),
        author: site.owner.clone(),
        date: None,
        ink: site.ink,
    }
}

/// The card of a post or page.
pub fn card(site: &Site, post: &Post) -> Card {
    let (date, calendar) = (post.date(), &site.manner.calendar);
    Card {
        title: post.title.clone(),
        date: (post.kind == PostKind::Post)
            .then(|| (calendar.day(date), calendar.year(date).to_string())),
        ..site_card(site)
    }
}

/// Where the picture of the blog's card is, from the root of the site.
pub fn site_card_path(site: &Site) -> String {
    format!("/social/{}.png", site_card(site).key())
}

/// Where the picture of a post's card is, from the root of the site. It changes with what can be seen in it.
pub fn card_path(site: &Site, post: &Post) -> String {
    let kind = match post.kind {
        PostKind::Post => "posts",
        PostKind::Page => "pages",
    };
    let key = card(site, post).key();
    format!("/social/{kind}/{}/{key}.png", post.slug)
}

impl Head {
    /// A post or a static page as others shall show it.
    pub(super) fn presenting(self, site: &Site, post: &Post) -> Head {
        let picture = picture(site, post);
        let node = node(site, post, &picture);
        let trail = match post.kind {
            PostKind::Post => vec![
                ("Archive".into(), "/archive".into()),
                (post.title.clone(), post.path()),
            ],
            PostKind::Page => vec![(post.title.clone(), post.path())],
        };
        let article = Article {
            published: post.date(),
            modified: post.updated_at.max(post.date()),
            tags: post.tags.iter().map(|tag| tag.name.clone()).collect(),
        };
        Head {
            listed: post.status == Status::Published,
            shared: Shared {
                canonical: post.front.canonical.clone(),
                picture: Some(picture),
                lang: post.lang.clone(),
                article: (post.kind == PostKind::Post).then_some(article),
                node: Some(node),
                trail,
            },
            ..self
        }
    }

    /// The same page, below others: each with its name and path, itself last.
    pub(super) fn below(mut self, trail: &[(&str, &str)]) -> Head {
        let own = |(name, path): &(&str, &str)| ((*name).into(), (*path).into());
        self.shared.trail = trail.iter().map(own).collect();
        self
    }

    /// The home page, which speaks for the whole site.
    pub(super) fn speaking_for(mut self, site: &Site) -> Head {
        self.shared.node = Some(site_node(site));
        self
    }

    /// Its address for search engines and for those who quote it; none for a page that has none.
    pub(super) fn canonical(&self, site: &Site) -> Option<String> {
        let own = self.path.as_ref().map(|path| site.url(path));
        self.shared.canonical.clone().or(own)
    }

    /// Whether it is made to be shown elsewhere: what is listed is, and an unlisted post for whoever has its address.
    pub(super) fn is_shared(&self) -> bool {
        self.path.is_some() && (self.listed || self.shared.picture.is_some())
    }

    /// The name that a preview shows.
    pub(super) fn name<'a>(&'a self, site: &'a Site) -> &'a str {
        match self.title.as_str() {
            "" => &site.title,
            title => title,
        }
    }

    /// Language and place as Open Graph writes them, `pt_BR`.
    pub(super) fn locale(&self, site: &Site) -> String {
        let lang = self.shared.lang.as_ref().unwrap_or(&site.lang);
        lang.replace('-', "_")
    }

    /// Its own picture, else that of the blog.
    pub(super) fn picture(&self, site: &Site) -> Picture {
        let Some(Picture { path, size, alt }) = &self.shared.picture else {
            return drawn(site_card_path(site), &site.title);
        };
        Picture {
            path: path.clone(),
            size: *size,
            alt: alt.clone(),
        }
    }

    /// What it is, for search engines, as the content of a `script` of the type `application/ld+json`.
    pub(super) fn linked_data(&self, site: &Site) -> Option<String> {
        let trail = (!self.shared.trail.is_empty()).then(|| self.trail(site));
        let graph: Vec<Value> = self.shared.node.iter().cloned().chain(trail).collect();
        let data = json!({ "@context": "https://schema.org", "@graph": graph });
        (self.indexed() && !graph.is_empty()).then(|| inert(&data))
    }

    fn trail(&self, site: &Site) -> Value {
        let home = (site.title.clone(), "/".to_owned());
        let steps = std::iter::once(&home).chain(&self.shared.trail);
        let steps = steps.enumerate().map(|(n, (name, path))| {
            json!({ "@type": "ListItem", "position": n + 1, "name": name, "item": site.url(path) })
        });
        json!({ "@type": "BreadcrumbList", "itemListElement": steps.collect::<Vec<_>>() })
    }
}

fn drawn(path: String, alt: &str) -> Picture {
    Picture {
        path,
        size: Some(social::SIZE),
        alt: alt.into(),
    }
}

fn picture(site: &Site, post: &Post) -> Picture {
    let shown = |cover: &&Cover| {
        let path = cover.path.to_ascii_lowercase();
        SHOWN.iter().any(|format| path.ends_with(format))
    };
    match post.front.cover.as_ref().filter(shown) {
        Some(cover) => Picture {
            path: cover.path.clone(),
            size: cover.size(),
            alt: match cover.words() {
                "" => post.title.clone(),
                alt => alt.into(),
            },
        },
        None => drawn(
            card_path(site, post),
            &format!("{}, {}", post.title, site.title),
        ),
    }
}

fn node(site: &Site, post: &Post, picture: &Picture) -> Value {
    let url = site.url(post.path());
    let lang = post.lang.as_ref().unwrap_or(&site.lang);
    let mut node = json!({
        "@type": "WebPage",
        "@id": url,
        "url": url,
        "name": post.title,
        "description": post.description(),
        "inLanguage": lang,
        "image": site.url(&picture.path),
        "dateModified": post.updated_at.max(post.date()).rfc3339(),
        "isPartOf": { "@id": site.url("/#blog") },
    });
    if post.kind == PostKind::Post {
        node["@type"] = json!("BlogPosting");
        node["headline"] = node["name"].take();
        node["mainEntityOfPage"] = json!(post.front.canonical.as_ref().unwrap_or(&url));
        node["datePublished"] = json!(post.date().rfc3339());
        node["keywords"] = post.tags.iter().map(|tag| tag.name.as_str()).collect();
        node["wordCount"] = json!(post.words);
        node["commentCount"] = json!(post.comment_count);
        node["discussionUrl"] = json!(format!("{url}#comments"));
        node["author"] = author(site);
        node["isPartOf"] = blog(site);
        if let Some(fields) = node.as_object_mut() {
            fields.remove("name");
        }
    }
    node
}

fn site_node(site: &Site) -> Value {
    let mut node = blog(site);
    node["@type"] = json!(["WebSite", "Blog"]);
    node["description"] = json!(site.description);
    node["inLanguage"] = json!(site.lang);
    node["author"] = author(site);
    node
}

fn blog(site: &Site) -> Value {
    json!({ "@type": "Blog", "@id": site.url("/#blog"), "name": site.title, "url": site.url("/") })
}

/// The owner; before there is one the blog itself.
fn author(site: &Site) -> Value {
    match site.owner.as_str() {
        "" => json!({ "@type": "Organization", "name": site.title, "url": site.url("/") }),
        owner => json!({ "@type": "Person", "name": owner, "url": site.url("/") }),
    }
}

/// JSON that cannot end the `script` it stands in, nor a line of it.
///
/// Source: HTML, section 4.12.1.3, for what may not stand in a script; `<`, `>` and `&` are in none of our JSON but inside
/// of strings, where they may be written as escapes.
fn inert(data: &Value) -> String {
    let mut text = String::new();
    for c in data.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::front::Front;
    use crate::model::media::Picture;
    use crate::model::post::Tag;
    use crate::views::samples;

    fn head(post: &Post) -> Head {
        Head::new(&post.title, post.path()).presenting(&samples::site(), post)
    }

    #[test]
    fn nothing_ends_the_script_that_the_facts_stand_in() {
        let hostile = "</script><!--<script>&amp;\u{2028}\u{2029}\"\\\u{0}";
        let text = inert(&json!({ hostile: hostile }));
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\u{0}']));
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back[hostile], hostile);
    }

    #[test]
    fn a_post_is_described_with_its_talk_and_its_place() {
        let post = Post {
            title: "</script>".into(),
            tags: vec![Tag {
                slug: "bread".into(),
                name: "Bread".into(),
            }],
            ..samples::post()
        };
        let data: Value =
            serde_json::from_str(&head(&post).linked_data(&samples::site()).unwrap()).unwrap();
        let (it, trail) = (&data["@graph"][0], &data["@graph"][1]);
        assert_eq!(it["@type"], "BlogPosting");
        assert_eq!(
            (&it["headline"], &it["commentCount"]),
            (&json!("</script>"), &json!(1))
        );
        assert_eq!(it["keywords"], json!(["Bread"]));
        assert_eq!(it["author"]["name"], "Maren Oster");
        assert_eq!(
            trail["itemListElement"][2]["item"],
            "https://example.org/posts/hello"
        );
        assert_eq!(trail["itemListElement"][0]["name"], "Slack Water");
    }

    #[test]
    fn search_engines_are_told_nothing_of_what_they_may_not_list() {
        let post = Post {
            status: Status::Unlisted,
            ..samples::post()
        };
        let head = head(&post);
        assert_eq!(head.linked_data(&samples::site()), None);
        assert!(head.is_shared() && !head.indexed());
    }

    #[test]
    fn a_post_that_appeared_elsewhere_first_says_so() {
        let post = Post {
            front: Front {
                canonical: Some("https://old.example/a".into()),
                ..Front::default()
            },
            ..samples::post()
        };
        let url = head(&post).canonical(&samples::site());
        assert_eq!(url.as_deref(), Some("https://old.example/a"));
    }

    #[test]
    fn a_cover_that_previews_can_show_stands_for_the_post() {
        let with = |path: &str| Post {
            front: Front {
                cover: Some(Cover {
                    path: path.into(),
                    picture: Some(Picture {
                        width: 800,
                        height: 400,
                        widths: Vec::new(),
                    }),
                    ..Cover::default()
                }),
                ..Front::default()
            },
            ..samples::post()
        };
        let site = samples::site();
        let picture = head(&with("/media/ab/Boat.JPG")).picture(&site);
        assert_eq!(
            (picture.path.as_str(), picture.size),
            ("/media/ab/Boat.JPG", Some((800, 400)))
        );
        assert_eq!(picture.alt, "Hello");
        let picture = head(&with("/media/ab/boat.svg")).picture(&site);
        assert!(
            picture.path.starts_with("/social/posts/hello/"),
            "{}",
            picture.path
        );
        assert_eq!(
            Head::new("", "/".into()).picture(&site).path,
            site_card_path(&site)
        );
    }
}
