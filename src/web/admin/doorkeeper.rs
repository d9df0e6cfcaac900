//! Who checks passwords: a few at a time, and not too often.
//!
//! Whoever guesses is slowed down by address and all together; a device on which the owner has signed in before has a
//! count of its own, so that strangers cannot lock the owner out. Source: security, section 4.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};
use tokio::sync::oneshot;

use super::super::client::ClientKey;
use super::super::error::Failure;
use super::super::reader::Reader;
use super::super::throttle::{Rate, Throttle};
use super::super::token::TokenHash;
use crate::error::{Error, Fields, Result};
use crate::model::id::SessionId;
use crate::password::{self, Password, Room};

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

/// Codes tried with the right password, from one known device and from everywhere else together: of a million codes three
/// are right at a time, so that whoever has the password would need years.
const CODES: Rate = Rate {
    burst: 10,
    every: Duration::from_secs(10 * 60),
};

/// Whose attempts are counted together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// A device on which the owner has signed in before.
    Device(TokenHash),
    /// Anyone else, by address.
    Client(ClientKey),
    /// The owner, who gives the password again.
    Session(SessionId),
}

impl Counted {
    /// The device, if it is one that the owner has used before.
    pub fn device(self) -> Option<TokenHash> {
        match self {
            Counted::Device(device) => Some(device),
            Counted::Client(_) | Counted::Session(_) => None,
        }
    }
}

/// A password to hash or to check.
type Job = Box<dyn FnOnce(&mut Room) + Send>;

/// Who checks passwords: a few at a time, and not too often.
pub struct Doorkeeper {
    queue: SyncSender<Job>,
    each: Throttle<Counted>,
    together: Throttle<()>,
    codes: Throttle<Option<TokenHash>>,
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
            codes: Throttle::new(CODES),
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
    pub fn admit(&self, who: Counted) -> Result<(), Duration> {
        let now = Instant::now();
        self.each.take(who, now)?;
        match who {
            Counted::Client(_) => self.together.take((), now),
            Counted::Device(_) | Counted::Session(_) => Ok(()),
        }
    }

    /// Counts a code that came with the right password; says whether it may be looked at.
    pub fn admits_code(&self, who: Counted) -> bool {
        self.codes.take(who.device(), Instant::now()).is_ok()
    }

    /// Forgets the attempts of somebody who has turned out to be the owner.
    pub fn forgive(&self, who: Counted) {
        self.each.forgive(&who);
        if !matches!(who, Counted::Session(_)) {
            self.codes.forgive(&who.device()); // a session alone has shown no code
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

/// Why a change of the locks was refused.
#[derive(Debug)]
pub struct Denied {
    /// By field, what is wrong.
    pub errors: Fields,
    /// Seconds to wait before the next attempt, where there were too many.
    pub wait: Option<u64>,
}

impl Denied {
    /// One message for one field.
    pub fn of(field: &'static str, why: impl Into<String>) -> Denied {
        Denied {
            errors: Fields::from([(field, why.into())]),
            wait: None,
        }
    }

    /// There were too many attempts at `field`.
    pub fn too_often(field: &'static str, wait: Duration) -> Denied {
        let seconds = seconds(wait);
        let why = format!("Too many attempts. Please wait {seconds} seconds, then try again.");
        Denied {
            wait: Some(seconds),
            ..Denied::of(field, why)
        }
    }

    /// The answer to whoever was refused: the `page` with the errors at their fields. A program is told them alone.
    pub async fn answer<P>(
        self,
        reader: &Reader,
        page: impl FnOnce(Fields) -> P,
    ) -> Result<Response, Failure>
    where
        P: Future<Output = Result<Response>>,
    {
        if reader.wants_json {
            return Err(self.into());
        }
        let answer = page(self.errors).await?;
        Ok(stamp(answer, self.wait, StatusCode::UNPROCESSABLE_ENTITY))
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Failure {
        match denied.wait {
            Some(_) => Failure::status(StatusCode::TOO_MANY_REQUESTS),
            None => Error::Invalid(denied.errors).into(),
        }
    }
}

/// Makes a page the answer to an attempt that was refused: for good, or until `wait` seconds have passed.
pub fn stamp(mut answer: Response, wait: Option<u64>, refused: StatusCode) -> Response {
    answer.set_status(match wait {
        Some(_) => StatusCode::TOO_MANY_REQUESTS,
        None => refused,
    });
    if let Some(seconds) = wait {
        let seconds = HeaderValue::from(seconds);
        answer.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    answer
}

/// Whole seconds after which it is worth trying again.
pub fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}
