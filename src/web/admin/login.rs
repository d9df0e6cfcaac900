//! Signing in and out.
//!
//! Whoever guesses is slowed down by address and all together; a device on which the owner has signed in before has a
//! count of its own, so that strangers cannot lock the owner out. Source: security, section 4.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use askama::Template;
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Data, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;
use tokio::sync::oneshot;

use super::super::client::ClientKey;
use super::super::error::Failure;
use super::super::form::Form;
use super::super::reader::Reader;
use super::super::session::{self, Beginning, Owner};
use super::super::theme::back;
use super::super::throttle::{Rate, Throttle};
use super::super::token::{self, TokenHash};
use super::super::{App, no_store, see_other};
use super::setup::has_owner;
use crate::error::{Error, Result};
use crate::password::{self, Password, Room};
use crate::store::{sessions, settings};
use crate::views::desk::{LoginPage, LoginView};

/// Hashes at once: each takes 19 MiB.
const AT_ONCE: usize = 2;

/// Attempts that wait for their turn; more are asked to come back.
const WAITING: usize = 64;

/// Attempts of one address or one device, and of all addresses together.
const EACH: Rate = Rate {
    burst: 8,
    every: Duration::from_secs(30),
};
const TOGETHER: Rate = Rate {
    burst: 40,
    every: Duration::from_secs(5),
};

/// Whose attempts are counted together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Counted {
    Device(TokenHash),
    Client(ClientKey),
}

/// A password to hash or to check.
type Job = Box<dyn FnOnce(&mut Room) + Send>;

/// Who checks passwords: a few at a time, and not too often.
pub struct Doorkeeper {
    queue: SyncSender<Job>,
    each: Throttle<Counted>,
    together: Throttle<()>,
}

impl Doorkeeper {
    /// One for this process.
    ///
    /// Errors: [`Error::Io`] if the system gives no thread.
    pub fn new() -> Result<Doorkeeper> {
        let (queue, jobs) = mpsc::sync_channel(WAITING);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..AT_ONCE {
            let jobs = jobs.clone();
            let thread = thread::Builder::new().name("password".into());
            let started = thread.spawn(move || work_off(&jobs));
            started.map_err(Error::io("cannot start a thread"))?;
        }
        Ok(Doorkeeper {
            queue,
            each: Throttle::new(EACH),
            together: Throttle::new(TOGETHER),
        })
    }

    /// The hash of a new password.
    ///
    /// Errors: [`Error::Invalid`] if it is not a good one, [`Error::Unavailable`] if too many wait.
    pub async fn hash(&self, typed: &str) -> Result<String> {
        let password = Password::parse(typed).map_err(|why| Error::field("password", why))?;
        self.in_turn(move |room| password::hash(&password, room))
            .await?
    }

    /// Whether `typed` is the password whose hash is `kept`.
    ///
    /// Errors: [`Error::Unavailable`] if too many wait.
    pub async fn is(&self, typed: &str, kept: Option<String>) -> Result<bool> {
        let typed = typed.to_owned();
        self.in_turn(move |room| password::is(&typed, kept.as_deref(), room))
            .await
    }

    /// Counts an attempt.
    ///
    /// Errors: how long to wait; it must not be made.
    fn admit(&self, who: Counted) -> Result<(), Duration> {
        let now = Instant::now();
        self.each.take(who, now)?;
        match who {
            Counted::Client(_) => self.together.take((), now),
            Counted::Device(_) => Ok(()),
        }
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Room) -> T + Send + 'static,
    ) -> Result<T> {
        let busy = "too many people are signing in; please try again in a moment";
        let (tell, told) = oneshot::channel();
        let job = Box::new(move |room: &mut Room| drop(tell.send(work(room))));
        self.queue
            .try_send(job)
            .map_err(|_| Error::Unavailable(busy))?;
        told.await
            .map_err(|_| Error::Refused("a password could not be checked".into()))
    }
}

/// Does one job after another, all in the same room.
fn work_off(jobs: &Mutex<Receiver<Job>>) {
    let mut room = Room::default();
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(job) => job(&mut room),
            Err(_) => return, // the program ends
        }
    }
}

/// `?next=/admin/…`
#[derive(Deserialize)]
struct LoginQuery {
    next: Option<String>,
}

/// `GET /admin/login`
#[handler]
pub async fn ask(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    Query(query): Query<LoginQuery>,
) -> Result<Response, Failure> {
    let view = LoginView {
        next: query.next.unwrap_or_default(),
        error: None,
        is_set_up: has_owner(app).await?,
    };
    page(app, &reader, view).await
}

/// `POST /admin/login`
#[handler]
pub async fn enter(
    Data(app): Data<&Arc<App>>,
    reader: Reader,
    client: ClientKey,
    req: &Request,
    form: Form,
) -> Result<Response, Failure> {
    let who = counted(app, req, client).await?;
    if app.limits
        && let Err(wait) = app.doorkeeper.admit(who)
    {
        return throttled(app, &reader, form.get("next"), wait).await;
    }
    let kept = app.store.read(|conn| settings::get(conn, "owner_password"));
    if !app.doorkeeper.is(form.get("password"), kept.await?).await? {
        let why = "That is not the password. Please try again.".into();
        return refused(
            app,
            &reader,
            form.get("next"),
            StatusCode::UNAUTHORIZED,
            why,
        )
        .await;
    }
    app.doorkeeper.each.forgive(&who);
    let beginning = Arc::new(Beginning::of(req, app.is_secure())?);
    let recorded = beginning.clone();
    app.store.write(move |tx| recorded.record(tx)).await?;
    let mut answer = see_other(match back(form.get("next")) {
        "/" => "/admin",
        next => next,
    });
    beginning.give(&mut answer, app.is_secure());
    no_store(&mut answer);
    Ok(answer)
}

/// `POST /admin/logout`
#[handler]
pub async fn leave(Data(app): Data<&Arc<App>>, owner: Owner) -> Result<Response, Failure> {
    app.store
        .write(move |tx| sessions::end(tx, owner.session.id))
        .await?;
    let mut answer = see_other("/");
    session::forget(&mut answer, app.is_secure());
    Ok(answer)
}

/// Whose attempt it is: that of a device that the owner has used before, else that of an address.
async fn counted(app: &App, req: &Request, client: ClientKey) -> Result<Counted> {
    let Some(device) = token::read(req, session::DEVICE, app.is_secure()) else {
        return Ok(Counted::Client(client));
    };
    let known = app.store.read(move |conn| sessions::knows(conn, &device));
    Ok(match known.await? {
        true => Counted::Device(device),
        false => Counted::Client(client),
    })
}

async fn throttled(
    app: &App,
    reader: &Reader,
    next: &str,
    wait: Duration,
) -> Result<Response, Failure> {
    let seconds = wait.as_secs() + 1;
    let why = format!("Too many attempts. Please wait {seconds} seconds, then try again.");
    let mut answer = refused(app, reader, next, StatusCode::TOO_MANY_REQUESTS, why).await?;
    let headers = answer.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    Ok(answer)
}

async fn refused(
    app: &App,
    reader: &Reader,
    next: &str,
    status: StatusCode,
    why: String,
) -> Result<Response, Failure> {
    let view = LoginView {
        next: next.into(),
        error: Some(why),
        is_set_up: true,
    };
    let mut answer = page(app, reader, view).await?;
    answer.set_status(status);
    Ok(answer)
}

async fn page(app: &App, reader: &Reader, view: LoginView) -> Result<Response, Failure> {
    let page = app.page(reader, move |moment| {
        Ok(LoginPage::new(moment.frame(), &view).render()?)
    });
    let mut answer = page.await?;
    no_store(&mut answer);
    Ok(answer)
}
