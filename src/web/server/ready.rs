//! Answers that lie ready: the bytes of their head, made once, and those of their body.

use std::cell::Cell;
use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use poem::Response;
use poem::http::{HeaderMap, StatusCode};
use tokio::io::AsyncWrite;

use super::memfd::Memfd;
use super::wire::Wire;

/// `Date: `, a date of 29 bytes, and the end of a head.
const DATE: usize = 6 + 29 + 4;

/// How often within a second a body is sent before the system holds it, and so long as it does.
const OFTEN: u32 = 16;

/// An answer of which nothing need be made any more but its date.
pub struct Ready {
    /// Its status.
    pub status: StatusCode,
    /// Its headers, without what sending adds.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// Its head as it is sent, but for the date.
    head: Bytes,
    demand: Mutex<Demand>,
}

/// How much a body is asked for.
#[derive(Default)]
struct Demand {
    /// The second in which it was asked for last, and how often in that.
    second: u64,
    times: u32,
    /// The body in the system's hands, while that is often.
    memfd: Option<Arc<Memfd>>,
}

impl Ready {
    /// An answer of this status, with these headers and this body.
    pub fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Ready {
        let mut head = format!("HTTP/1.1 {status}\r\n").into_bytes();
        for (name, value) in &headers {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        // What has not changed has the length of another answer. Source: RFC 9110, section 8.6.
        if status != StatusCode::NOT_MODIFIED {
            head.extend(format!("content-length: {}\r\n", body.len()).bytes());
        }
        Ready {
            status,
            headers,
            body,
            head: head.into(),
            demand: Mutex::default(),
        }
    }

    /// The same, for whoever goes on with it.
    pub fn to_response(&self) -> Response {
        let mut answer = Response::default();
        answer.set_status(self.status);
        *answer.headers_mut() = self.headers.clone();
        answer.set_body(self.body.clone());
        answer
    }

    /// Counts that the body is sent once more, and says whether the system has it.
    fn demand(&self, second: u64) -> Option<Arc<Memfd>> {
        if !Memfd::is_worth_it(&self.body) {
            return None;
        }
        let mut demand = self.demand.lock().unwrap_or_else(PoisonError::into_inner);
        if demand.second != second {
            // There are only so many: who is asked for less leaves room for others.
            if demand.times < OFTEN {
                demand.memfd = None;
            }
            (demand.second, demand.times) = (second, 0);
        }
        demand.times = demand.times.saturating_add(1);
        if demand.times == OFTEN && demand.memfd.is_none() {
            demand.memfd = Memfd::of(&self.body).map(Arc::new);
        }
        demand.memfd.clone()
    }
}

/// An answer on its way out.
pub(super) struct Unsent {
    answer: Arc<Ready>,
    memfd: Option<Arc<Memfd>>,
    date: [u8; DATE],
    is_head_only: bool,
    sent: usize,
}

impl Unsent {
    /// All of `answer`, sent now; or only its head.
    pub(super) fn new(answer: Arc<Ready>, is_head_only: bool) -> Unsent {
        let (second, date) = date();
        let memfd = match is_head_only {
            true => None,
            false => answer.demand(second),
        };
        Unsent {
            answer,
            memfd,
            date,
            is_head_only,
            sent: 0,
        }
    }

    /// Hands the system what is left.
    ///
    /// Errors: what the system answers.
    pub(super) fn poll_send(
        &mut self,
        wire: &mut Wire,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let [head, date, body] = self.left();
            if [&head, &date, &body].iter().all(|part| part.is_empty()) {
                return Poll::Ready(Ok(()));
            }
            let sent = match &self.memfd {
                Some(memfd) => {
                    let at = self.answer.body.len() - body.len();
                    wire.poll_try(cx, |socket| memfd.send(&[head, date], at, socket))
                }
                None => Pin::new(&mut *wire).poll_write_vectored(cx, &[head, date, body]),
            };
            match ready!(sent)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.sent += sent,
            }
        }
    }

    fn left(&self) -> [IoSlice<'_>; 3] {
        let body = match self.is_head_only {
            true => &[],
            false => &self.answer.body[..],
        };
        let mut sent = self.sent;
        [&self.answer.head[..], &self.date[..], body].map(|part| {
            let gone = sent.min(part.len());
            sent -= gone;
            IoSlice::new(&part[gone..])
        })
    }
}

/// Now, in seconds since 1970, and the field that says so, with the end of the head. It is written out once a second.
/// Source: RFC 9110, section 6.6.1.
fn date() -> (u64, [u8; DATE]) {
    thread_local!(static LAST: Cell<(u64, [u8; DATE])> = const { Cell::new((u64::MAX, [0; DATE])) });
    let now = SystemTime::now();
    let second = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (of, mut field) = LAST.get();
    if of != second {
        // The field is as long as every date of this form is.
        let _ = write!(
            &mut field[..],
            "date: {}\r\n\r\n",
            httpdate::HttpDate::from(now)
        );
        LAST.set((second, field));
    }
    (second, field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_holds_a_body_while_it_is_asked_for_often() {
        let body = Bytes::from(vec![b'x'; 5_000]);
        let answer = Ready::new(StatusCode::OK, HeaderMap::new(), body);
        let is_held = |second| answer.demand(second).is_some();
        assert!((1..OFTEN).all(|_| !is_held(7)), "it is not often yet");
        assert!(is_held(7) && is_held(7));
        assert!(is_held(8), "it was often in the second before");
        assert!(!is_held(9), "and no longer");
        let small = Ready::new(StatusCode::OK, HeaderMap::new(), Bytes::from_static(b"x"));
        assert!((0..2 * OFTEN).all(|_| small.demand(7).is_none()));
    }
}
