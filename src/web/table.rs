//! The route table as it is built: every address with the methods it takes, so that it can be read out as well.

use poem::{Endpoint, IntoEndpoint, Route};

/// A handler, and the methods that it takes as a header says them: `GET, HEAD`.
pub struct Taking<E> {
    /// The methods.
    pub methods: &'static str,
    /// What answers.
    pub endpoint: E,
}

/// One address of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The methods that it takes: `GET, HEAD`.
    pub methods: &'static str,
    /// The path; what begins with a colon stands for anything.
    pub path: String,
}

/// Routes, and the list of them. Nothing gets into the one without the other.
#[derive(Default)]
pub struct Table {
    /// What answers.
    pub route: Route,
    /// What it answers to.
    pub listed: Vec<Listed>,
}

impl Table {
    /// An empty one.
    pub fn new() -> Table {
        Table::default()
    }

    /// Adds an address.
    pub fn at<E: IntoEndpoint>(mut self, path: &str, taking: Taking<E>) -> Table
    where
        E::Endpoint: 'static,
    {
        self.listed.push(Listed {
            methods: taking.methods,
            path: path.into(),
        });
        self.route = self.route.at(path, taking.endpoint);
        self
    }

    /// Adds what answers to `listed` under `path`.
    pub fn nest(
        mut self,
        path: &str,
        listed: Vec<Listed>,
        endpoint: impl Endpoint + 'static,
    ) -> Table {
        let above = path.trim_end_matches('/');
        self.listed.extend(listed.into_iter().map(|route| Listed {
            path: match route.path.as_str() {
                "/" if !above.is_empty() => above.into(),
                below => format!("{above}{below}"),
            },
            ..route
        }));
        self.route = self.route.nest(path, endpoint);
        self
    }
}
