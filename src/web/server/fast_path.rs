//! What is answered before anything is made of the request: a page that lies in memory, to someone who asks for it plainly.
//!
//! Between two requests a connection is here. Where the head of a request is whole, no body is behind it, and the site has the
//! answer lying ready, its bytes are handed to the system as they lie there. All else is hyper's: half a head, one that is
//! wrong, a form, a page that must be made. Once that is answered, the connection comes back.

use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use httparse::{EMPTY_HEADER, Header, Status};
use poem::http::{HeaderName, header};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Site;
use super::ready::Unsent;
use super::wire::Wire;
use crate::web::fields::Fields;

/// Bytes that are read at once: more than a head has of anyone who has no cookie of ours.
const GLANCE: usize = 4096;

/// Headers of a head that is looked at here.
const HEADERS: usize = 32;

/// Fields with which a request does more than ask.
const MORE: [HeaderName; 4] = [
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// A request of HTTP/1.1 that asks to read something, and nothing else.
pub struct Question<'a> {
    /// Whether only the head of the answer is wanted.
    pub is_head_only: bool,
    /// Its target up to the question mark, as it was sent.
    pub path: &'a str,
    /// What is behind the question mark, if there is one.
    pub query: Option<&'a str>,
    /// The fields of its head, as they were sent.
    pub fields: &'a [Header<'a>],
}

/// A connection between two requests.
pub(super) struct FastPath {
    wire: Wire,
    unsent: Option<Unsent>,
    /// Whether the client has asked for anything yet.
    is_heard: bool,
    /// How long the client may say nothing, and since when it has.
    patience: Duration,
    since: Instant,
    clock: Pin<Box<Sleep>>,
}

impl FastPath {
    /// A connection that has just come, whose client may say nothing for as long as `patience`.
    pub(super) fn of_newcomer(wire: Wire, patience: Duration) -> FastPath {
        let since = Instant::now();
        FastPath {
            wire,
            unsent: None,
            is_heard: false,
            patience,
            since,
            clock: Box::pin(sleep_until(since + patience)),
        }
    }

    /// A connection that comes back.
    pub(super) fn again(wire: Wire, patience: Duration) -> FastPath {
        FastPath {
            is_heard: true,
            ..FastPath::of_newcomer(wire, patience)
        }
    }

    /// Answers what can be answered, until something comes that is not for here: then it is on the wire again.
    ///
    /// Errors: the client is gone, takes nothing, or has said nothing for too long.
    pub(super) fn poll<E: Site>(&mut self, site: &E, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut room = [MaybeUninit::uninit(); GLANCE];
        loop {
            ready!(self.send(cx))?;
            let mut said = ReadBuf::uninit(&mut room);
            ready!(self.listen(&mut said, cx))?;
            let answered = self.answer(site, said.filled());
            let rest = &said.filled()[answered.unwrap_or(0)..];
            self.wire.give_back(Bytes::copy_from_slice(rest));
            if answered.is_none() {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// The same, but until the client has asked for something, at the latest.
    pub(super) fn poll_heard<E: Site>(&mut self, site: &E, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_heard {
            return Poll::Ready(());
        }
        match self.poll(site, cx) {
            Poll::Pending if !self.is_heard => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// The same, but with an end where nothing is left to be sent.
    pub(super) fn poll_sent<E: Site>(
        &mut self,
        site: &E,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        match self.poll(site, cx) {
            Poll::Pending if self.unsent.is_none() => {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            next => next,
        }
    }

    /// The wire, for whoever goes on.
    pub(super) fn into_wire(self) -> Wire {
        self.wire
    }

    /// Hands the system what is to be sent.
    fn send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(unsent) = &mut self.unsent {
            ready!(unsent.poll_send(&mut self.wire, cx))?;
            self.unsent = None;
            self.since = Instant::now();
        }
        Poll::Ready(Ok(()))
    }

    /// Waits for bytes of the client's.
    fn listen(&mut self, room: &mut ReadBuf<'_>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.wire).poll_read(cx, room)?;
        if read.is_ready() {
            return Poll::Ready(match room.filled().is_empty() {
                true => Err(io::ErrorKind::UnexpectedEof.into()),
                false => Ok(()),
            });
        }
        while self.clock.as_mut().poll(cx).is_ready() {
            // It is not wound up for every request, but asked whether there was one meanwhile.
            let end = self.since + self.patience;
            if Instant::now() >= end {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.clock.as_mut().reset(end);
        }
        Poll::Pending
    }

    /// Has the request be answered that these bytes begin with, if that is done here, and says how many they are.
    fn answer<E: Site>(&mut self, site: &E, said: &[u8]) -> Option<usize> {
        self.is_heard = true;
        let mut fields = [EMPTY_HEADER; HEADERS];
        let (question, length) = plain(said, &mut fields)?;
        let answer = site.at_once(&question)?;
        self.unsent = Some(Unsent::new(answer, question.is_head_only));
        Some(length)
    }
}

/// Takes the request apart that these bytes begin with, and says how many of them it is; if it is whole, and asks and no more.
fn plain<'a>(bytes: &'a [u8], room: &'a mut [Header<'a>]) -> Option<(Question<'a>, usize)> {
    let mut head = httparse::Request::new(room);
    let Ok(Status::Complete(length)) = head.parse(bytes) else {
        return None;
    };
    let is_head_only = match (head.method?, head.version?) {
        ("GET", 1) => false,
        ("HEAD", 1) => true,
        _ => return None,
    };
    let (target, fields) = (head.path?, &*head.headers);
    let mut ways = fields.values(header::CONNECTION);
    let lasts = ways.all(|way| way.eq_ignore_ascii_case(b"keep-alive"));
    if !lasts || MORE.into_iter().any(|name| fields.has(name)) {
        return None;
    }
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let question = Question {
        is_head_only,
        path,
        query,
        fields,
    };
    Some((question, length))
}
