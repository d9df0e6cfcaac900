//! The route table as it is built: every address with the methods it takes, so that it can be read out as well.

use poem::error::MethodNotAllowedError;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Route, RouteMethod};

use super::error::Failure;

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

/// A route that is read.
pub fn get<E: IntoEndpoint + 'static>(endpoint: E) -> Taking<impl Endpoint>
where
    E::Endpoint: 'static,
{
    only("GET, HEAD", poem::get(endpoint))
}

/// A route that is read, whose handler knows when only the head is wanted: both are the same handler.
pub fn get_or_head<G: IntoEndpoint + 'static, H: IntoEndpoint + 'static>(
    get: G,
    head: H,
) -> Taking<impl Endpoint>
where
    G::Endpoint: 'static,
    H::Endpoint: 'static,
{
    only("GET, HEAD", poem::get(get).head(head))
}

/// A route that takes a form.
pub fn post<E: IntoEndpoint + 'static>(endpoint: E) -> Taking<impl Endpoint>
where
    E::Endpoint: 'static,
{
    only("POST", poem::post(endpoint))
}

/// A route that is read, and that takes a form.
pub fn get_and_post<G: IntoEndpoint + 'static, P: IntoEndpoint + 'static>(
    get: G,
    post: P,
) -> Taking<impl Endpoint>
where
    G::Endpoint: 'static,
    P::Endpoint: 'static,
{
    only("GET, HEAD, POST", poem::get(get).post(post))
}

/// Says which methods a route takes when it is asked with another.
fn only(methods: &'static str, route: RouteMethod) -> Taking<impl Endpoint> {
    let endpoint = route.around(move |route, req| async move {
        let answer = route.call(req).await;
        answer.map_err(|error| match error.is::<MethodNotAllowedError>() {
            true => Failure::method(methods).into(),
            false => error,
        })
    });
    Taking { methods, endpoint }
}
