//! What the path of a Markdown file says about the post in it.

use std::path::Path;

use jiff::civil::Date;

use crate::import::dates;

/// The path of a file, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Folders above the post, from the folder of pages down; a bundle's own folder is not among them.
    pub folders: Vec<String>,
    /// The name without ending, date and language; a bundle has its folder's.
    pub stem: String,
    /// The day at the start of the name.
    pub day: Option<Date>,
    /// The language at the end of the name, `post.de.md`.
    pub lang: Option<String>,
    /// `_index.md`, or `index.md` in the folder of pages itself: the page of a list.
    pub is_list: bool,
    /// Below a folder `_drafts`.
    pub is_draft: bool,
    /// Below a folder `_posts` or `_drafts`.
    pub is_jekyll_post: bool,
}

impl Place {
    /// Takes `path` apart, which is relative to the folder of pages. `is_lang` says whether a suffix is a language.
    pub fn of(path: &Path, is_lang: impl Fn(&str) -> bool) -> Place {
        let mut parts: Vec<String> = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        let file = parts.pop().unwrap_or_default();
        let mut stem = file
            .rsplit_once('.')
            .map_or(file.as_str(), |(stem, _)| stem)
            .to_owned();
        let suffix = stem
            .rsplit_once('.')
            .filter(|(_, suffix)| looks_like_lang(suffix) && is_lang(suffix));
        let lang = suffix.map(|(_, suffix)| suffix.to_owned());
        if let Some(lang) = &lang {
            stem.truncate(stem.len() - lang.len() - 1);
        }
        let is_list = stem == "_index" || (stem == "index" && parts.is_empty());
        if stem == "_index" || stem == "index" {
            stem = parts.pop().unwrap_or_default();
        }
        let (day, stem) = match dates::from_name(&stem) {
            Some((day, rest)) if !rest.is_empty() => (Some(day), rest.to_owned()),
            Some((day, _)) => (Some(day), stem),
            None => (None, stem),
        };
        let within = |name: &str| parts.iter().any(|part| part == name);
        let (is_draft, is_jekyll_post) = (within("_drafts"), within("_drafts") || within("_posts"));
        Place {
            folders: parts,
            stem,
            day,
            lang,
            is_list,
            is_draft,
            is_jekyll_post,
        }
    }

    /// Jekyll's categories by folder: those above `_posts`.
    pub fn categories(&self) -> &[String] {
        let end = self
            .folders
            .iter()
            .position(|part| part == "_posts" || part == "_drafts");
        &self.folders[..end.unwrap_or_default()]
    }
}

/// `de` or `pt-BR`.
fn looks_like_lang(suffix: &str) -> bool {
    let (language, region) = suffix.split_once(['-', '_']).unwrap_or((suffix, "XX"));
    let letters = |part: &str, most| {
        (2..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    letters(language, 3) && letters(region, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_name_day_language_and_folders() {
        for (path, folders, stem, day, lang) in [
            ("a.md", "", "a", false, None),
            ("blog/2021-03-04-a-b.md", "blog", "a-b", true, None),
            ("blog/a.de.md", "blog", "a", false, Some("de")),
            ("blog/rust-1.0.md", "blog", "rust-1.0", false, None),
            ("blog/bundle/index.md", "blog", "bundle", false, None),
            ("blog/2021-03-04-b/index.md", "blog", "b", true, None),
            (
                "a/b/_posts/c/2021-03-04-x.markdown",
                "a/b/_posts/c",
                "x",
                true,
                None,
            ),
            ("2021-03-04.md", "", "2021-03-04", true, None),
        ] {
            let place = Place::of(Path::new(path), |lang| lang == "de");
            assert_eq!(place.folders.join("/"), folders, "{path}");
            assert_eq!(
                (
                    place.stem.as_str(),
                    place.day.is_some(),
                    place.lang.as_deref()
                ),
                (stem, day, lang),
                "{path}"
            );
            assert!(!place.is_list, "{path}");
        }
        assert!(Place::of(Path::new("blog/_index.md"), |_| false).is_list);
        assert!(Place::of(Path::new("index.md"), |_| false).is_list);
        let place = Place::of(Path::new("a/b/_drafts/x.md"), |_| false);
        assert!(place.is_draft && place.is_jekyll_post);
        assert_eq!(place.categories(), ["a", "b"]);
    }
}
