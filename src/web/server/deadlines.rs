//! The clocks of a connection that hyper does not have: one for a request's body, one for a peer that does not read.
//!
//! Both run only while something is awaited, so an idle stream carries no timer.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::{
    net::TcpStream,
    time::{Sleep, sleep},
};

/// How the newest request body of a connection fared. Requests on one connection come one after the other.
#[derive(Debug, Default)]
pub(super) struct Upload {
    late: AtomicBool,
    unfinished: AtomicBool,
    /// Milliseconds that the body may take beyond its deadline, until it claims them.
    granted: AtomicU64,
}

/// Longer for one request's body. The server puts it into every request with a body; whoever has seen that the sender
/// is to be trusted with more time may use it.
#[derive(Clone, Debug)]
pub struct MoreTime(Arc<Upload>);

impl MoreTime {
    pub(super) fn of(upload: &Arc<Upload>) -> MoreTime {
        MoreTime(upload.clone())
    }

    /// Lets the body take this long once its usual time is over.
    pub fn grant(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.0.granted.store(millis, Ordering::Relaxed);
    }
}

impl Upload {
    /// Whether it was cut because its time was up.
    pub(super) fn late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }

    /// Whether some of it was not read, so that the client may still be sending.
    pub(super) fn unfinished(&self) -> bool {
        self.unfinished.load(Ordering::Relaxed)
    }
}

/// A request body that must be complete within a time, counted from here and not from the last byte.
pub(super) struct BodyDeadline {
    body: BoxBody<Bytes, io::Error>,
    deadline: Pin<Box<Sleep>>,
    upload: Arc<Upload>,
}

impl BodyDeadline {
    /// Starts the clock on `body` and keeps its fate in `upload`.
    pub(super) fn new(
        body: BoxBody<Bytes, io::Error>,
        limit: Duration,
        upload: Arc<Upload>,
    ) -> Self {
        upload.late.store(false, Ordering::Relaxed);
        upload.unfinished.store(true, Ordering::Relaxed);
        upload.granted.store(0, Ordering::Relaxed);
        Self {
            body,
            deadline: Box::pin(sleep(limit)),
            upload,
        }
    }
}

impl BodyDeadline {
    /// Whether the time is up and nobody has granted more.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        while self.deadline.as_mut().poll(cx).is_ready() {
            let granted = self.upload.granted.swap(0, Ordering::Relaxed);
            if granted == 0 {
                return true;
            }
            let later = self.deadline.deadline() + Duration::from_millis(granted);
            self.deadline.as_mut().reset(later);
        }
        false
    }
}

impl Body for BodyDeadline {
    type Data = Bytes;
    type Error = io::Error;

    /// The next part, or an error of kind `TimedOut`.
    ///
    /// The clock is asked first: a body that always has more would otherwise never see its end.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.upload.late() || self.is_over(cx) {
            self.upload.late.store(true, Ordering::Relaxed);
            let error = io::Error::new(io::ErrorKind::TimedOut, "the request took too long");
            return Poll::Ready(Some(Err(error)));
        }
        let part = ready!(Pin::new(&mut self.body).poll_frame(cx));
        // A body of known length may be whole before anyone asks for the end.
        if part.is_none() || self.body.is_end_stream() {
            self.upload.unfinished.store(false, Ordering::Relaxed);
        }
        Poll::Ready(part)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How long a peer may accept nothing while there is something for it.
pub(super) struct Patience {
    limit: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    stall: Stall,
}

/// Whether the newest write to a socket has to wait for its peer.
#[derive(Clone, Debug, Default)]
pub(super) struct Stall(Arc<AtomicBool>);

impl Stall {
    /// Whether it has.
    pub(super) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            waiting: None,
            stall: Stall::default(),
        }
    }

    /// Whether the peer keeps a write waiting, told from outside.
    pub(super) fn stall(&self) -> Stall {
        self.stall.clone()
    }

    /// Passes an attempt to write to `stream` through, and keeps the time since the last one that worked.
    pub(super) fn judge<T>(
        &mut self,
        attempt: Poll<io::Result<T>>,
        stream: &TcpStream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        self.stall.0.store(attempt.is_pending(), Ordering::Relaxed);
        if attempt.is_ready() {
            self.waiting = None;
            return attempt;
        }
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(limit)));
        if waiting.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        // What the kernel still holds would wait for the same peer; a reset frees it at once. If the option cannot
        // be set, closing is merely slower.
        let _ = stream.set_zero_linger();
        let error = io::Error::new(io::ErrorKind::TimedOut, "the peer does not read");
        Poll::Ready(Err(error))
    }
}
