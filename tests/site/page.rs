//! A page as a reader without JavaScript has it: text to read, links to follow, forms to fill in.

use scraper::{ElementRef, Html, Selector};

/// A parsed page or fragment.
pub struct Page {
    document: Html,
}

impl Page {
    /// Parses what a server sent.
    pub fn new(html: &str) -> Page {
        Page {
            document: Html::parse_document(html),
        }
    }

    /// How many elements match.
    pub fn count(&self, css: &str) -> usize {
        self.document.select(&selector(css)).count()
    }

    /// Whether an element matches.
    pub fn has(&self, css: &str) -> bool {
        self.count(css) > 0
    }

    /// The text of the first element that matches, its spaces folded.
    #[track_caller]
    pub fn text(&self, css: &str) -> String {
        text_of(self.first(css))
    }

    /// The text of the first element that matches, exactly as it stands there.
    #[track_caller]
    pub fn raw_text(&self, css: &str) -> String {
        self.first(css).text().collect()
    }

    /// The text of every element that matches.
    pub fn texts(&self, css: &str) -> Vec<String> {
        self.document.select(&selector(css)).map(text_of).collect()
    }

    /// An attribute of the first element that matches.
    #[track_caller]
    pub fn attribute(&self, css: &str, name: &str) -> String {
        let value = self.first(css).attr(name);
        value
            .unwrap_or_else(|| panic!("`{css}` has no {name}"))
            .to_owned()
    }

    /// An attribute of every element that matches and has it.
    pub fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        self.document
            .select(&selector(css))
            .filter_map(|it| it.attr(name))
            .map(str::to_owned)
            .collect()
    }

    /// The markup of the first element that matches.
    #[track_caller]
    pub fn markup(&self, css: &str) -> String {
        self.first(css).html()
    }

    /// The form that matches, with what the page has filled in.
    #[track_caller]
    pub fn form(&self, css: &str) -> Form {
        let form = self.first(css);
        let fields = selector("input[name], textarea[name]");
        let fields = form.select(&fields).filter_map(|field| {
            let value = match field.value().name() {
                "textarea" => field
                    .text()
                    .collect::<String>()
                    .trim_start_matches('\n')
                    .to_owned(),
                _ => field.attr("value").unwrap_or_default().to_owned(),
            };
            let ticked = field.attr("type") != Some("checkbox") || field.attr("checked").is_some();
            ticked.then(|| (field.attr("name").unwrap_or_default().to_owned(), value))
        });
        // What stands behind `#` never leaves a browser.
        let action = form
            .attr("action")
            .and_then(|action| action.split('#').next());
        Form {
            action: action.unwrap_or_default().to_owned(),
            fields: fields.collect(),
        }
    }

    #[track_caller]
    fn first(&self, css: &str) -> ElementRef<'_> {
        let found = self.document.select(&selector(css)).next();
        found.unwrap_or_else(|| panic!("nothing matches `{css}` in\n{}", self.document.html()))
    }
}

/// A form of a page.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it goes.
    pub action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    /// The same form with one field filled in.
    pub fn with(mut self, name: &str, value: &str) -> Form {
        match self.fields.iter_mut().find(|(key, _)| key == name) {
            Some(field) => value.clone_into(&mut field.1),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// What a field holds.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every field, as pairs to send.
    pub fn fields(&self) -> Vec<(&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }
}

fn text_of(element: ElementRef) -> String {
    element
        .text()
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap_or_else(|error| panic!("`{css}`: {error}"))
}
