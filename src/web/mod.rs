//! The site: the route table, and what every answer has in common.

pub mod server;
pub mod token;

mod admin;
mod assets;
mod cache;
mod client;
mod coding;
mod comments;
mod compress;
mod css;
mod error;
mod feeds;
mod fields;
mod form;
mod forward;
mod guard;
mod holding;
mod icons;
mod issued;
mod known;
mod limits;
mod me;
mod media;
mod metrics;
mod micropub;
mod moment;
mod pages;
mod posts;
mod printable;
mod reactions;
mod reader;
mod search;
mod session;
mod social;
mod streams;
mod table;
mod theme;
mod throttle;
mod uploads;
mod visit;

use std::sync::Arc;

use ipnet::IpNet;
use poem::http::header;
use poem::middleware::{AddData, CatchPanic};
use poem::{EndpointExt, IntoResponse, Response};

use crate::backup::Keeper;
use crate::key::KeyFile;
use crate::live::Live;
use crate::store::Store;
use crate::visits::Visits;
use cache::Front;
use table::{Table, get, get_and_post, get_or_head, post};

pub use admin::{Doorkeeper, Invitation};
pub use cache::Pages;
pub use forward::Role;
pub use holding::Rulebook;
pub use known::Known;
pub use limits::Allowance;
pub use metrics::Answers;
pub use social::Pictures;
pub use uploads::Uploads;

/// What every handler has at hand.
pub struct App {
    /// The file.
    pub store: Arc<Store>,
    /// Whether this server writes to it.
    pub role: Role,
    /// The streams.
    pub live: Arc<Live>,
    /// What is the same for all strangers, made once.
    pub pages: Arc<Pages>,
    /// What strangers ask for again and again.
    pub known: Known,
    /// Counts how often posts are read.
    pub visits: Arc<Visits>,
    /// Scheme and host as readers reach the site, without a slash at the end.
    pub base_url: String,
    /// Whether `base_url` was given, rather than made from the address we listen on.
    pub base_url_is_given: bool,
    /// Whether limits and the form's time check are on.
    pub limits: bool,
    /// Signs the time at which a form was handed out.
    pub form_key: String,
    /// Who may set up a blog that has no owner.
    pub invitation: Invitation,
    /// Opens what a copy of the file must not tell.
    pub key: KeyFile,
    /// The pictures beside links to the blog.
    pub pictures: Pictures,
    /// Who checks passwords.
    pub doorkeeper: Doorkeeper,
    /// Where uploads come in.
    pub uploads: Uploads,
    /// What each client may still do.
    pub allowance: Allowance,
    /// The owner's rules for comments.
    pub rulebook: Rulebook,
    /// Keeps the backups.
    pub keeper: Arc<Keeper>,
    /// What was answered so far.
    pub answers: Arc<Answers>,
    /// How many connections are open.
    pub gauge: server::Gauge,
    /// The proxies that are believed when they say whom they ask for.
    pub trusted_proxies: Vec<IpNet>,
}

impl App {
    /// Whether readers reach us over TLS, so that cookies may be kept to it.
    fn is_secure(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

/// Has nobody keep an answer.
fn no_store(answer: &mut Response) {
    let never = header::HeaderValue::from_static("no-store");
    answer.headers_mut().insert(header::CACHE_CONTROL, never);
}

/// An answer that leads on to `path` by GET.
fn see_other(path: &str) -> Response {
    Response::builder()
        .status(poem::http::StatusCode::SEE_OTHER)
        .header(header::LOCATION, path)
        .finish()
}

/// Every route of the site, before what holds for all of them.
pub fn table() -> Table {
    let reading = Table::new()
        .at("/", get(posts::home))
        .at("/archive", get(posts::archive))
        .at("/tags", get(posts::tags))
        .at("/tags/:tag", get(posts::tagged))
        .at("/search", get(search::show))
        .at("/search/suggestions", get(search::suggest))
        .at("/opensearch.xml", get(search::describe))
        .at("/posts/:slug", get(posts::show))
        .at("/:slug", get(pages::show));
    let talking = reading
        .at("/posts/:slug/comments", post(comments::create))
        .at("/posts/:slug/reactions", post(reactions::to_post))
        .at("/comments/preview", post(comments::preview))
        .at(
            "/comments/:id",
            get_and_post(comments::find, comments::changes::change),
        )
        .at("/comments/:id/edit", get(comments::changes::edit))
        .at("/comments/:id/deletion", post(comments::changes::remove))
        .at("/comments/:id/reactions", post(reactions::to_comment))
        .at("/theme", post(theme::choose));
    let talking = talking
        .at("/me", get(me::show))
        .at("/me/reading", post(me::read))
        .at("/me/export", get(me::export))
        .at("/me/erasure", get_and_post(me::ask, me::erase));
    let following = talking
        .at("/posts/:slug/events", get(streams::of_post))
        .at("/events", get(streams::of_site))
        .at("/me/events", get(streams::of_visitor))
        .at("/feed.xml", get(feeds::posts_atom))
        .at("/feed.json", get(feeds::posts_json))
        .at("/tags/:tag/feed.xml", get(feeds::tag_atom))
        .at("/comments.xml", get(feeds::comments_atom))
        .at("/posts/:slug/comments.xml", get(feeds::post_comments_atom))
        .at("/sitemap.xml", get(feeds::sitemap))
        .at("/robots.txt", get(feeds::robots))
        .at("/health", get(metrics::health))
        .at("/metrics", get(metrics::show));
    let files = following
        .at("/assets/:name", get(assets::show))
        .at("/custom.css", get(css::show))
        .at("/icons/:key/:name", get(icons::show))
        .at("/favicon.ico", get(icons::favicon))
        .at("/manifest.webmanifest", get(icons::manifest))
        .at("/media/:hash/:name", get_or_head(media::show, media::show))
        .at(
            "/media/:hash/:width/:name",
            get_or_head(media::show_sized, media::show_sized),
        )
        .at("/social/:key", get(social::of_site))
        .at("/social/posts/:slug/:key", get(social::of_post))
        .at("/social/pages/:slug/:key", get(social::of_page))
        .at("/preview/:id", get(admin::preview::show))
        .at(micropub::PATH, get_and_post(micropub::ask, micropub::act))
        .at(micropub::MEDIA, post(micropub::upload));
    let desk = admin::table();
    files.nest("/admin", desk.listed, desk.route)
}

/// The site: its routes, and what holds for every request and every answer.
pub fn routes(app: Arc<App>) -> impl server::Site {
    let site = table()
        .route
        .with(CatchPanic::new().with_handler(|_| {
            tracing::error!("a handler panicked");
            poem::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }))
        .around(pages::elsewhere)
        .around(forward::to_primary)
        .around(guard::same_origin)
        .around(error::drawn)
        .around(compress::answers)
        .around(guard::headers)
        .with(AddData::new(app.clone()));
    let visits = app.role.is_primary().then(|| app.visits.clone());
    let counter = visit::Counter::new(visits, &app.base_url);
    let front = Front::new(site, app.pages.clone(), counter);
    metrics::Counted::new(front, app.answers.clone())
}
