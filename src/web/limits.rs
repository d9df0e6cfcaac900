//! How much one client may do: every limit of the site in one table, which the README prints.
//!
//! A client is an address (see `client`); signing in has limits of its own (`admin::login`). What is refused here is told
//! when to come back, and keeps its words. Source: security, section 5.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use poem::http::{HeaderValue, header};
use poem::{FromRequest, Request, RequestBody, Response};

use super::App;
use super::client::ClientKey;
use super::error::Failure;
use super::throttle::{Rate, Throttle};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Writing a comment.
    Comment,
    /// Changing or deleting one's own.
    Change,
    /// Looking at a comment before it is sent.
    Preview,
    /// Giving or taking back a reaction.
    React,
    /// Taking along or erasing what is stored about oneself.
    Own,
    /// Searching.
    Search,
    /// What a browser's search field asks for with every key.
    Suggest,
}

/// One row of the table: the limit in words, and as a bucket.
struct Limit {
    act: Act,
    words: &'static str,
    rate: Rate,
}

const fn limit(act: Act, words: &'static str, burst: u32, seconds: u64) -> Limit {
    let every = Duration::from_secs(seconds);
    Limit {
        act,
        words,
        rate: Rate { burst, every },
    }
}

/// Every limit of one client. A bucket holds so many at once, and then one more in every so many seconds.
const TABLE: [Limit; 8] = [
    limit(Act::Comment, "3 comments in 10 minutes", 3, 200),
    limit(Act::Comment, "20 comments in a day", 20, 4_320),
    limit(Act::Change, "20 changes in 10 minutes", 20, 30),
    limit(Act::Preview, "30 previews in a minute", 30, 2),
    limit(Act::React, "30 reactions in a minute", 30, 2),
    limit(Act::Own, "10 downloads or erasures in 10 minutes", 10, 60),
    limit(Act::Search, "20 searches in a minute", 20, 3),
    limit(Act::Suggest, "60 suggestions in a minute", 60, 1),
];

/// Streams and waiting polls that one client may hold.
pub const STREAMS: usize = 12;

/// When to ask again for a stream that was refused.
const STREAM_RETRY: Duration = Duration::from_secs(15);

/// What each client may still do.
pub struct Allowance {
    buckets: [Throttle<ClientKey>; TABLE.len()],
    seats: Arc<Seats>,
}

impl Allowance {
    /// Full to begin with. There are `streams` for all clients together.
    pub fn new(streams: usize) -> Allowance {
        Allowance {
            buckets: TABLE.map(|limit| Throttle::new(limit.rate)),
            seats: Arc::new(Seats {
                most: streams,
                taken: Mutex::default(),
            }),
        }
    }

    /// Counts one act of that client.
    ///
    /// Errors: it is too much; nothing was counted.
    fn admit(&self, act: Act, client: ClientKey) -> Result<(), TooOften> {
        let now = Instant::now();
        for at in rows_of(act) {
            if let Err(wait) = self.buckets[at].take(client, now) {
                let counted = rows_of(act).take_while(|earlier| *earlier < at);
                counted.for_each(|at| self.buckets[at].give_back(client, now));
                let limit = TABLE[at].words;
                return Err(TooOften { limit, wait });
            }
        }
        Ok(())
    }
}

fn rows_of(act: Act) -> impl Iterator<Item = usize> {
    (0..TABLE.len()).filter(move |at| TABLE[*at].act == act)
}

impl App {
    /// Counts one act of that client, where limits are on.
    ///
    /// Errors: it is too much.
    pub fn admit(&self, act: Act, client: ClientKey) -> Result<(), TooOften> {
        match self.limits {
            true => self.allowance.admit(act, client),
            false => Ok(()),
        }
    }

    /// Takes back that it was counted: it came to nothing.
    pub fn forget(&self, act: Act, client: ClientKey) {
        let now = Instant::now();
        rows_of(act).for_each(|at| self.allowance.buckets[at].give_back(client, now));
    }

    /// A stream's place, where limits are on.
    ///
    /// Errors: the client, or all of them together, have as many as they may; 503.
    pub fn seat(&self, client: ClientKey) -> Result<Option<Seat>, Failure> {
        if !self.limits {
            return Ok(None);
        }
        let full = "all places for live pages are taken at the moment; reading goes on without";
        let seat = self.allowance.seats.take(client).map(Some);
        seat.ok_or_else(|| Failure::unavailable(full, STREAM_RETRY))
    }
}

/// More than a client may do.
#[derive(Clone, Copy, Debug)]
pub struct TooOften {
    /// The limit in words: "3 comments in 10 minutes".
    limit: &'static str,
    /// How long until there is room again.
    wait: Duration,
}

impl TooOften {
    /// What the client is told.
    pub fn why(&self) -> String {
        let (limit, wait) = (self.limit, in_words(self.wait));
        format!("{limit} are the most for one reader. Please try again in {wait}.")
    }

    /// The same of something that was written.
    pub fn why_not_sent(&self) -> String {
        let (limit, wait) = (self.limit, in_words(self.wait));
        format!(
            "{limit} are the most for one reader. Your words are kept: please send them in {wait}."
        )
    }

    /// Says in the answer when to come back.
    pub fn note(&self, answer: &mut Response) {
        let headers = answer.headers_mut();
        headers.insert(
            header::RETRY_AFTER,
            HeaderValue::from(self.wait.as_secs() + 1),
        );
    }

    /// The answer to who asks for no page that could say it better.
    pub fn failure(&self) -> Failure {
        Failure::too_often(self.why(), self.wait)
    }

    /// The same, with what was written.
    pub fn failure_with(&self, typed: &str) -> Failure {
        Failure::too_often(self.why_not_sent(), self.wait).with_typed(typed)
    }

    /// How long until there is room again.
    pub fn wait(&self) -> Duration {
        self.wait
    }
}

/// A time to wait, never too short: "40 seconds", "4 minutes", "2 hours".
fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs() + 1;
    let (count, unit) = match seconds {
        ..=90 => (seconds, "second"),
        91..=5_400 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3_600), "hour"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// The places of streams.
struct Seats {
    /// Of all clients together.
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    by: HashMap<ClientKey, usize>,
    together: usize,
}

impl Seats {
    fn take(self: &Arc<Seats>, client: ClientKey) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by.get(&client).copied().unwrap_or_default();
        if own >= STREAMS || taken.together >= self.most {
            return None;
        }
        taken.by.insert(client, own + 1);
        taken.together += 1;
        Some(Seat {
            seats: self.clone(),
            client,
        })
    }
}

/// One stream's place. Dropping it leaves it to others.
pub struct Seat {
    seats: Arc<Seats>,
    client: ClientKey,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self
            .seats
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        taken.together -= 1;
        let own = taken.by.get_mut(&self.client).map(|own| {
            *own -= 1;
            *own
        });
        if own == Some(0) {
            taken.by.remove(&self.client);
        }
    }
}

/// Who takes along or erases what is theirs, counted.
pub struct Owning;

impl<'a> FromRequest<'a> for Owning {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Owning> {
        counted(req, body, Act::Own).await.map(|()| Owning)
    }
}

async fn counted(req: &Request, body: &mut RequestBody, act: Act) -> poem::Result<()> {
    let client = ClientKey::from_request(req, body).await?;
    let admitted = req
        .data::<Arc<App>>()
        .map_or(Ok(()), |app| app.admit(act, client));
    Ok(admitted.map_err(|too_often| too_often.failure())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(last: u8) -> ClientKey {
        ClientKey::of([192, 0, 2, last].into())
    }

    #[test]
    fn the_readme_prints_every_limit() {
        let readme = include_str!("../../README.md");
        for limit in TABLE {
            assert!(readme.contains(limit.words), "{}", limit.words);
        }
        assert!(readme.contains(&format!("{STREAMS} streams")));
    }

    #[test]
    fn a_limit_in_words_is_what_its_bucket_holds() {
        for limit in TABLE {
            let count: u32 = limit.words.split(' ').next().unwrap().parse().unwrap();
            assert_eq!(count, limit.rate.burst, "{}", limit.words);
            let minutes = match limit.words {
                words if words.ends_with("10 minutes") => 10,
                words if words.ends_with("a minute") => 1,
                words if words.ends_with("a day") => 24 * 60,
                words => panic!("{words}"),
            };
            let whole = limit.rate.every * limit.rate.burst;
            assert_eq!(whole, Duration::from_secs(minutes * 60), "{}", limit.words);
        }
    }

    #[test]
    fn a_day_of_comments_is_counted_beside_ten_minutes_of_them() {
        let allowance = Allowance::new(0);
        for _ in 0..3 {
            allowance.admit(Act::Comment, client(1)).unwrap();
        }
        let refused = allowance.admit(Act::Comment, client(1)).unwrap_err();
        assert_eq!(refused.limit, "3 comments in 10 minutes");
        assert!(refused.why_not_sent().ends_with("in 4 minutes."));
        allowance.admit(Act::Comment, client(2)).unwrap();
        allowance.admit(Act::React, client(1)).unwrap();
    }

    #[test]
    fn waiting_is_said_in_the_unit_that_people_would_use() {
        let table = [
            (0, "1 second"),
            (39, "40 seconds"),
            (199, "4 minutes"),
            (4_319, "72 minutes"),
            (7_000, "2 hours"),
        ];
        for (seconds, words) in table {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn streams_have_places_by_client_and_all_together() {
        let seats = Arc::new(Seats {
            most: STREAMS + 1,
            taken: Mutex::default(),
        });
        let mut held: Vec<_> = (0..STREAMS)
            .map(|_| seats.take(client(1)).unwrap())
            .collect();
        assert!(seats.take(client(1)).is_none());
        held.push(seats.take(client(2)).unwrap());
        assert!(seats.take(client(3)).is_none(), "all together");
        held.clear();
        assert!(seats.taken.lock().unwrap().by.is_empty());
        assert!(seats.take(client(3)).is_some());
    }
}
