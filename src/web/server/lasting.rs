//! Answers that last: an event stream whose socket leaves hyper once the head is sent.
//!
//! hyper holds two buffers and the state of a parser for as long as a connection lives, and a page stays open for half an
//! hour. What a stream needs is its socket, its source, and nothing else while there is nothing to say. So the handler hands
//! the source to the [`Outlet`] of its request, hyper sends the head and asks the body for its first bytes, and at that
//! moment the connection is taken apart. From then on this module frames what comes, and whatever comes together leaves in
//! one write.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::{Stream, stream};
use poem::Body;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::sleep;

use super::deadlines::Patience;
use super::wire::{Wire, attempt};
use super::{Gauge, told};
use crate::live::listener::{Line, Offered};
use crate::live::parcel::Parcel;

/// Bytes from the source that leave in one write, about; then the socket is asked whether it takes them.
const TOGETHER: usize = 64 * 1024;

type Parts = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// What is sent, and who is told where.
pub(super) struct Source {
    parts: Parts,
    connect: Box<dyn FnOnce(Arc<dyn Line>) + Send>,
}

/// The way out for the answer to one request. The server puts one into every request.
#[derive(Clone, Default)]
pub struct Outlet(Arc<Slot>);

#[derive(Default)]
struct Slot {
    source: Mutex<Option<Source>>,
    asked: AtomicBool,
}

impl Outlet {
    /// A body that is everything `source` gives, for as long as that lasts. `connect` is told where the bytes leave, so that
    /// others may send while the source has nothing.
    pub fn body<S, C>(&self, source: S, connect: C) -> Body
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
        C: FnOnce(Arc<dyn Line>) + Send + 'static,
    {
        self.put(Some(Source {
            parts: Box::pin(source),
            connect: Box::new(connect),
        }));
        let waiting = Waiting(self.clone());
        Body::from_bytes_stream(stream::poll_fn(move |_| {
            waiting.0.0.asked.store(true, Ordering::Relaxed);
            Poll::<Option<io::Result<Bytes>>>::Pending
        }))
    }

    /// Whether the head of the answer is written and its body is wanted.
    pub(super) fn is_asked(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// The source of the body.
    pub(super) fn take(&self) -> Option<Source> {
        self.put(None)
    }

    fn put(&self, source: Option<Source>) -> Option<Source> {
        let mut held = self.0.source.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *held, source)
    }
}

/// The body as hyper knows it. If it goes before anyone wanted it, as the body of an answer to HEAD does, so does the source.
struct Waiting(Outlet);

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.0.is_asked() {
            self.0.take();
        }
    }
}

/// The socket of an answer that lasts. Its own task writes to it, and, while that has nothing, whoever tells many at once.
struct Socket {
    stream: TcpStream,
    is_chunked: bool,
    /// Framed, and not taken by the system yet; empty while there is no news. Whoever writes holds it.
    unsent: Mutex<Bytes>,
    /// Counts what leaves.
    gauge: Gauge,
}

impl Socket {
    fn unsent(&self) -> MutexGuard<'_, Bytes> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line for Socket {
    fn offer(&self, parcel: &Parcel) -> Offered {
        let Ok(mut unsent) = self.unsent.try_lock() else {
            return Offered::Refused;
        };
        if !unsent.is_empty() {
            return Offered::Refused;
        }
        let mut bytes = parcel.bytes(self.is_chunked);
        match self.stream.try_write(&bytes) {
            Ok(sent) => {
                self.gauge.note_write();
                self.gauge.note_blocks(parcel.blocks());
                bytes.advance(sent);
            }
            Err(_) => return Offered::Refused, // its task finds out what is the matter
        }
        if bytes.is_empty() {
            return Offered::Sent;
        }
        *unsent = bytes;
        Offered::Begun
    }
}

/// An answer whose head is sent, on its way to a socket of its own. It is over when the source is, or when the peer leaves.
pub(super) struct Lasting {
    socket: Arc<Socket>,
    parts: Parts,
    patience: Patience,
    is_over: bool,
    shutdown: watch::Receiver<bool>,
    drain: Duration,
    /// While the socket takes nothing: the end of its time after the shutdown signal.
    cut: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

/// What an answer that lasts is made of, once hyper is done with its head.
pub(super) struct Remains {
    pub wire: Wire,
    pub source: Source,
    /// Whether the peer knows chunks.
    pub is_chunked: bool,
    pub shutdown: watch::Receiver<bool>,
    /// How long a peer that does not read has after the shutdown signal.
    pub drain: Duration,
    pub gauge: Gauge,
}

impl Remains {
    /// The answer, waited for by the runtime that this is called on.
    ///
    /// Errors: what the system answers.
    pub(super) fn settle(self) -> io::Result<Lasting> {
        let (stream, patience) = self.wire.settle()?;
        let socket = Arc::new(Socket {
            stream,
            is_chunked: self.is_chunked,
            unsent: Mutex::default(),
            gauge: self.gauge,
        });
        (self.source.connect)(socket.clone());
        Ok(Lasting {
            socket,
            parts: self.source.parts,
            patience,
            is_over: false,
            shutdown: self.shutdown,
            drain: self.drain,
            cut: None,
        })
    }
}

impl Lasting {
    /// Whether the peer has closed its side, or is gone. What it still says is nothing to us: it has asked its question.
    fn has_left(&self, cx: &mut Context<'_>) -> bool {
        let (stream, mut room) = (&self.socket.stream, [0; 256]);
        while let Poll::Ready(ready) = stream.poll_read_ready(cx) {
            match ready.and_then(|()| stream.try_read(&mut room)) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return true,
            }
        }
        false
    }

    /// Hands the system what is framed.
    fn send(&mut self, unsent: &mut Bytes, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !unsent.is_empty() {
            let attempt = attempt(&self.socket.stream, cx, |socket| socket.try_write(unsent));
            match self.patience.judge(attempt, &self.socket.stream, cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(sent)) => {
                    self.socket.gauge.note_write();
                    unsent.advance(sent);
                    self.cut = None;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    ready!(self.time_left().poll(cx));
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
        }
        *unsent = Bytes::new(); // gives the room back
        Poll::Ready(Ok(()))
    }

    /// Resolves some time after the shutdown signal.
    fn time_left(&mut self) -> Pin<&mut (dyn Future<Output = ()> + Send)> {
        let (shutdown, drain) = (&self.shutdown, self.drain);
        let cut = self.cut.get_or_insert_with(|| {
            let mut shutdown = shutdown.clone();
            Box::pin(async move {
                told(&mut shutdown).await;
                sleep(drain).await;
            })
        });
        cut.as_mut()
    }

    /// Frames what the source has by now.
    fn gather(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        let (mut parts, mut length, mut failed) = (Vec::new(), 0, false);
        while length < TOGETHER {
            match self.parts.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(part))) => {
                    length += part.len();
                    parts.push(part);
                }
                Poll::Ready(end) => {
                    (self.is_over, failed) = (true, end.is_some());
                    break;
                }
                Poll::Pending if parts.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        let (parcel, is_chunked) = (Parcel::of(&parts), self.socket.is_chunked);
        self.socket.gauge.note_blocks(parcel.blocks());
        let framed = parcel.bytes(is_chunked);
        // A chunked body that ends without this is known to be cut short.
        Poll::Ready(match self.is_over && !failed && is_chunked {
            true => [&framed[..], b"0\r\n\r\n"].concat().into(),
            false => framed,
        })
    }
}

impl Future for Lasting {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_left(cx) {
            return Poll::Ready(());
        }
        // Held while the source is asked: nobody may send before what it has.
        let socket = self.socket.clone();
        let mut unsent = socket.unsent();
        loop {
            if ready!(self.send(&mut unsent, cx)).is_err() || self.is_over {
                return Poll::Ready(());
            }
            *unsent = ready!(self.gather(cx));
        }
    }
}
