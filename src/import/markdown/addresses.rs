//! Paths from the root of a site: how they are compared, and which ones a post had under its generator.

use jiff::civil::Date;
use percent_encoding::percent_decode_str;

use super::place::Place;
use super::site::{Dialect, Site};

/// What an old address is made of.
#[derive(Debug)]
pub struct Origin<'a> {
    /// Where the file stands.
    pub place: &'a Place,
    /// The generator.
    pub dialect: Dialect,
    /// The day its author wrote.
    pub day: Date,
    /// The last part, if the author set it.
    pub slug: Option<&'a str>,
    /// The title.
    pub title: &'a str,
    /// Jekyll's categories, in order.
    pub categories: &'a [String],
    /// Whether it is a dated post.
    pub is_post: bool,
}

/// The path in its one form: from the root, decoded, without host, query, fragment, `index.html` and trailing slash.
/// None for the root itself and for what is no path.
pub fn canonical(address: &str) -> Option<String> {
    let address = address.trim();
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => address,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let mut parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.last() == Some(&"index.html") {
        parts.pop();
    }
    let harmless = !parts.contains(&"..") && !path.chars().any(char::is_control);
    (harmless && !parts.is_empty()).then(|| format!("/{}", parts.join("/")))
}

/// `relative` as a browser resolves it on the page `base`, which counts as a folder. None if it leaves the site.
pub fn joined(base: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// The folder above a path.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The addresses that the generator gave the post by itself, most likely first. Not those set in front matter.
///
/// Source: `import-formats.md`, section 3, "Default URLs".
pub fn defaults(origin: &Origin<'_>, site: &Site) -> Vec<String> {
    match origin.dialect {
        Dialect::Jekyll if origin.is_post => jekyll_post(origin, site),
        Dialect::Jekyll => {
            let path = below(
                &origin.place.folders,
                origin.slug.unwrap_or(&origin.place.stem),
            );
            vec![path.clone(), format!("{path}.html")]
        }
        Dialect::Hugo | Dialect::Zola => by_section(origin, site),
    }
}

/// A pattern such as `/:year/:month/:title/` filled in; none if it asks for what is not known.
pub fn filled(pattern: &str, origin: &Origin<'_>) -> Option<String> {
    let (day, stem) = (origin.day, origin.place.stem.as_str());
    let slug = origin.slug.unwrap_or(stem);
    let title = if origin.dialect == Dialect::Jekyll {
        slug.to_owned()
    } else {
        slug::slugify(origin.title)
    };
    let section = origin.place.folders.first().map_or("", String::as_str);
    let mut path = pattern.to_owned();
    // Longer names first, because some begin with others.
    for (name, value) in [
        (":slugorcontentbasename", slug.to_owned()),
        (":slugorfilename", slug.to_owned()),
        (":contentbasename", stem.to_owned()),
        (":categories", origin.categories.join("/")),
        (":short_year", format!("{:02}", day.year() % 100)),
        (":filename", stem.to_owned()),
        (":sections", origin.place.folders.join("/")),
        (":section", section.to_owned()),
        (":i_month", day.month().to_string()),
        (":i_day", day.day().to_string()),
        (":month", format!("{:02}", day.month())),
        (":title", title),
        (":year", format!("{:04}", day.year())),
        (":slug", slug.to_owned()),
        (":day", format!("{:02}", day.day())),
        (":output_ext", ".html".to_owned()),
    ] {
        path = path.replace(name, &value);
    }
    (!path.contains("/:")).then(|| canonical(&path)).flatten()
}

fn jekyll_post(origin: &Origin<'_>, site: &Site) -> Vec<String> {
    let pattern = match site.setting("permalink").unwrap_or("date") {
        "date" | "pretty" => "/:categories/:year/:month/:day/:title",
        "none" => "/:categories/:title",
        own => own.trim_end_matches(".html"),
    };
    // Pages servers answer with and without the ending.
    let path = filled(pattern, origin);
    path.iter()
        .flat_map(|path| [format!("{path}.html"), path.clone()])
        .collect()
}

fn by_section(origin: &Origin<'_>, site: &Site) -> Vec<String> {
    let place = origin.place;
    let section = place.folders.first().map_or("", String::as_str);
    let patterns = site
        .config
        .get("permalinks")
        .and_then(|table| table.get("page").or(Some(table)));
    let pattern = patterns
        .and_then(|table| table.get(section))
        .and_then(|pattern| pattern.as_str());
    let mut paths: Vec<String> = pattern
        .and_then(|pattern| filled(pattern, origin))
        .into_iter()
        .collect();
    let name = origin.slug.unwrap_or(&place.stem);
    let plain = below(&place.folders, name);
    let slugged: Vec<String> = place.folders.iter().map(slug::slugify).collect();
    paths.push(below(&slugged, &slug::slugify(name)));
    // Hugo keeps what is safe in an address, and lowers its case.
    paths.push(plain.to_lowercase().replace(' ', "-"));
    paths.push(plain);
    match &place.lang {
        Some(lang) => paths
            .into_iter()
            .map(|path| format!("/{lang}{path}"))
            .collect(),
        None => paths,
    }
}

fn below(folders: &[String], name: &str) -> String {
    folders
        .iter()
        .map(String::as_str)
        .chain([name])
        .filter(|part| !part.is_empty())
        .fold(String::new(), |path, part| path + "/" + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_form() {
        for (address, expected) in [
            ("2014/12/12/1.0.html", Some("/2014/12/12/1.0.html")),
            ("/a/b/", Some("/a/b")),
            ("a/index.html", Some("/a")),
            ("https://old.example/a%20b/?x=1#y", Some("/a b")),
            ("/", None),
            ("", None),
            ("https://old.example", None),
            ("/a/../../b", None),
            ("a\nb", None),
            ("/%ff", None),
        ] {
            assert_eq!(canonical(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn relative_paths_are_resolved_like_a_browser_does() {
        assert_eq!(joined("/posts/a", "../b/").as_deref(), Some("/posts/b"));
        assert_eq!(
            joined("/posts/a", "./c.png").as_deref(),
            Some("/posts/a/c.png")
        );
        assert_eq!(joined("/a", "../../b"), None);
    }
}
