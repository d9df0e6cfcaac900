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

use std::cell::Cell;
use std::sync::Arc;

use ipnet::IpNet;
use poem::error::MethodNotAllowedError;
use poem::http::header;
use poem::middleware::{AddData, CatchPanic};
use poem::{Endpoint, EndpointExt, IntoEndpoint, IntoResponse, Response, RouteMethod};
use rusqlite::Connection;

use crate::backup::Keeper;
use crate::error::Result;
use crate::key::KeyFile;
use crate::live::Live;
use crate::model::comment::Changer;
use crate::model::concern::Concern;
use crate::model::fault::Ongoing;
use crate::model::post::PostKind;
use crate::model::settings::Settings;
use crate::model::time::Timestamp;
use crate::model::visitor::Visitor;
use crate::store::{Store, log, settings};
use crate::views::{Cursor, Frame, Health, Me, Site, Theme};
use crate::visits::Visits;
use cache::{Front, Lasting};
use printable::printable;
use reader::Reader;
use table::{Table, Taking};
use visit::Read;

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
    /// Reads and renders a page from one moment of the file.
    async fn page<F>(&self, reader: &Reader, render: F) -> Result<Response>
    where
        F: FnOnce(&Moment) -> Result<String> + Send + 'static,
    {
        let is_stranger = reader.token_hash.is_none() && reader.session_hash.is_none();
        let kept = match is_stranger {
            true => "no-cache",
            false => "private, no-cache",
        };
        let (reader, base_url) = (reader.clone(), self.base_url.clone());
        let faults = self.store.faults().clone();
        let (html, lasting, read) = self
            .store
            .read(move |conn| {
                let settings = settings::load(conn)?;
                let site = site(&settings, base_url);
                let visitor = reader.visitor(conn)?;
                let owner = session::find(conn, &reader)?.is_some();
                let me = visitor
                    .as_ref()
                    .map(|visitor| me::told(conn, visitor))
                    .transpose()?;
                let moment = Moment {
                    conn,
                    settings,
                    site,
                    theme: reader.theme,
                    visitor,
                    owner,
                    me,
                    health: match owner {
                        true => Some((faults.ongoing(), cursor(conn)?)),
                        false => None,
                    },
                    lasting: Cell::new(None),
                    read: Cell::new(None),
                };
                let html = render(&moment)?;
                Ok((html, moment.lasting.get(), moment.read.take()))
            })
            .await?;
        let mut answer = Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CACHE_CONTROL, kept)
            .header(header::VARY, "Cookie")
            .header(header::LINK, "</micropub>; rel=\"micropub\"")
            .body(printable(html));
        if let Some(lasting) = lasting.filter(|_| is_stranger) {
            answer.set_data(lasting);
        }
        if let Some(read) = read {
            answer.set_data(read);
        }
        Ok(answer)
    }

    /// Whether readers reach us over TLS, so that cookies may be kept to it.
    fn is_secure(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

/// One moment of the file, and for whom it is rendered.
struct Moment<'a> {
    conn: &'a Connection,
    settings: Settings,
    site: Site,
    theme: Theme,
    /// The visitor whose cookie came with the request.
    visitor: Option<Visitor>,
    /// Whether it is the owner who asks.
    owner: bool,
    me: Option<Me>,
    /// What is wrong, and the head of the log, for the owner alone.
    health: Option<(Vec<Ongoing>, Cursor)>,
    /// How long the page is as good as a new one, if it is for all strangers.
    lasting: Cell<Option<Lasting>>,
    /// What is read with the page, if that is counted.
    read: Cell<Option<Read>>,
}

impl Moment<'_> {
    /// The asker, as someone who may change comments.
    fn changer(&self) -> Changer {
        Changer {
            visitor: self.visitor.as_ref().map(|visitor| visitor.id),
            owner: self.owner,
            window: self.settings.edit_minutes * 60_000,
        }
    }

    /// Says that strangers may be shown the same page again, until what it is about changes or that time has come.
    fn lasts(&self, concern: Concern, until: Option<Timestamp>) -> Result<()> {
        self.lasting.set(Some(Lasting {
            as_of: log::head(self.conn)?.id,
            concern,
            until,
        }));
        Ok(())
    }

    /// Says that a post is read with the page, unless it is the owner who looks.
    fn reads(&self, kind: PostKind, slug: &str) {
        self.read.set((!self.owner).then(|| Read {
            kind,
            slug: slug.into(),
            zone: self.settings.zone(),
        }));
    }

    fn frame(&self) -> Frame<'_> {
        Frame {
            site: &self.site,
            theme: self.theme,
            owner: self.owner,
            me: self.me,
            health: self.health.as_ref().map(|(faults, cursor)| Health {
                faults,
                cursor: *cursor,
            }),
        }
    }
}

fn site(settings: &Settings, base_url: String) -> Site {
    Site {
        title: settings.title.clone(),
        description: settings.description.clone(),
        owner: settings.owner.clone(),
        lang: settings.lang.clone(),
        ink: settings.ink,
        navigation: settings.navigation.clone(),
        footer: settings.footer.clone(),
        css: css::path(&settings.css),
        manner: settings.manner(),
        icon: icons::key(settings),
        has_own_icon: !settings.icon.is_empty(),
        ai_robots: settings.ai_robots,
        base_url,
        hub: settings.hub.clone(),
    }
}

/// The newest event that a page read in `conn` knows of: where its stream starts.
fn cursor(conn: &Connection) -> Result<Cursor> {
    let head = log::head(conn)?;
    Ok(Cursor {
        after: head.id,
        at: head.at,
    })
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

/// A route that is read.
fn get<E: IntoEndpoint + 'static>(endpoint: E) -> Taking<impl Endpoint>
where
    E::Endpoint: 'static,
{
    only("GET, HEAD", poem::get(endpoint))
}

/// A route that is read, whose handler knows when only the head is wanted: both are the same handler.
fn get_or_head<G: IntoEndpoint + 'static, H: IntoEndpoint + 'static>(
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
fn post<E: IntoEndpoint + 'static>(endpoint: E) -> Taking<impl Endpoint>
where
    E::Endpoint: 'static,
{
    only("POST", poem::post(endpoint))
}

/// A route that is read, and that takes a form.
fn get_and_post<G: IntoEndpoint + 'static, P: IntoEndpoint + 'static>(
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
            true => error::Failure::method(methods).into(),
            false => error,
        })
    });
    Taking { methods, endpoint }
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
