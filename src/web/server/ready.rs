//! Answers that lie ready: the bytes of their head, made once, and those of their body.

use std::cell::Cell;
use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
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

/// How often a large body is sent before the system holds it.
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
    times: AtomicU32,
    memfd: OnceLock<Option<Memfd>>,
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
            times: AtomicU32::new(0),
            memfd: OnceLock::new(),
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

    /// Counts that the body is sent once more; from some time on it is the system that has it.
    fn note(&self) {
        if self.times.load(Ordering::Relaxed) < OFTEN
            && self.times.fetch_add(1, Ordering::Relaxed) + 1 == OFTEN
        {
            self.memfd.get_or_init(|| Memfd::of(&self.body));
        }
    }
}

/// An answer on its way out.
pub(super) struct Unsent {
    answer: Arc<Ready>,
    date: [u8; DATE],
    is_head_only: bool,
    sent: usize,
}

impl Unsent {
    /// All of `answer`, sent now; or only its head.
    pub(super) fn new(answer: Arc<Ready>, is_head_only: bool) -> Unsent {
        answer.note();
        Unsent {
            answer,
            date: date(),
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
            let sent = match self.answer.memfd.get() {
                Some(Some(memfd)) if !self.is_head_only => {
                    let at = self.answer.body.len() - body.len();
                    wire.poll_try(cx, |socket| memfd.send(&[head, date], at, socket))
                }
                _ => Pin::new(&mut *wire).poll_write_vectored(cx, &[head, date, body]),
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

/// The field of the time at which an answer is sent, and the end of the head. It is written out once a second.
/// Source: RFC 9110, section 6.6.1.
fn date() -> [u8; DATE] {
    thread_local!(static LAST: Cell<(u64, [u8; DATE])> = const { Cell::new((0, [0; DATE])) });
    let now = SystemTime::now();
    let second = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (of, mut field) = LAST.get();
    if of != second || field[0] == 0 {
        // The field is as long as every date of this form is.
        let _ = write!(
            &mut field[..],
            "date: {}\r\n\r\n",
            httpdate::HttpDate::from(now)
        );
        LAST.set((second, field));
    }
    field
}
