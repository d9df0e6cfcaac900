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
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::{Stream, stream};
use poem::Body;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::sleep;

use super::deadlines::WriteDeadline;
use super::{Gauge, told};

/// Bytes from the source that leave in one write, about; then the socket is asked whether it takes them.
const TOGETHER: usize = 64 * 1024;

/// Room for the length of a chunk and the end of its line, before the chunk itself.
const LENGTH: usize = 10;

type Source = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// The way out for the answer to one request. The server puts one into every request.
#[derive(Clone, Default)]
pub struct Outlet(Arc<Slot>);

#[derive(Default)]
struct Slot {
    source: Mutex<Option<Source>>,
    asked: AtomicBool,
}

impl Outlet {
    /// A body that is everything `source` gives, for as long as that lasts.
    pub fn body<S>(&self, source: S) -> Body
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        self.put(Some(Box::pin(source)));
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

/// An answer whose head is sent, on its way to a socket of its own. It is over when the source is, or when the peer leaves.
pub(super) struct Lasting {
    wire: WriteDeadline,
    source: Source,
    is_chunked: bool,
    /// Framed, and not taken by the socket yet. Empty while there is no news.
    unsent: Bytes,
    is_over: bool,
    shutdown: watch::Receiver<bool>,
    drain: Duration,
    /// Counts what leaves.
    gauge: Gauge,
    /// While the socket takes nothing: the end of its time after the shutdown signal.
    cut: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Lasting {
    /// `source` in chunks, or as it is to a peer who knows no chunks. After the shutdown signal a peer that does not read has
    /// `drain` left.
    pub(super) fn new(
        wire: WriteDeadline,
        source: Source,
        is_chunked: bool,
        shutdown: watch::Receiver<bool>,
        drain: Duration,
        gauge: Gauge,
    ) -> Lasting {
        Lasting {
            wire,
            source,
            is_chunked,
            unsent: Bytes::new(),
            is_over: false,
            shutdown,
            drain,
            gauge,
            cut: None,
        }
    }

    /// Has it waited for by the runtime that this is called on.
    ///
    /// Errors: what the system answers.
    pub(super) fn settle(self) -> io::Result<Lasting> {
        let wire = self.wire.settle()?;
        Ok(Lasting { wire, ..self })
    }

    /// Whether the peer has closed its side, or is gone. What it still says is nothing to us: it has asked its question.
    fn has_left(&mut self, cx: &mut Context<'_>) -> bool {
        let mut room = [0; 256];
        loop {
            let mut said = ReadBuf::new(&mut room);
            match Pin::new(&mut self.wire).poll_read(cx, &mut said) {
                Poll::Pending => return false,
                Poll::Ready(Ok(())) if !said.filled().is_empty() => {}
                Poll::Ready(_) => return true,
            }
        }
    }

    /// Hands the socket what is framed.
    fn send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            match Pin::new(&mut self.wire).poll_write(cx, &self.unsent) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(sent)) => {
                    self.gauge.note_write();
                    self.unsent.advance(sent);
                    self.cut = None;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    ready!(self.time_left().poll(cx));
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
        }
        self.unsent = Bytes::new(); // gives the room back
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
    fn gather(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut framed = vec![0; if self.is_chunked { LENGTH } else { 0 }];
        let (start, mut failed, mut blocks) = (framed.len(), false, 0);
        while framed.len() < TOGETHER {
            match self.source.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(part))) => {
                    framed.extend_from_slice(&part);
                    blocks += 1;
                }
                Poll::Ready(end) => {
                    (self.is_over, failed) = (true, end.is_some());
                    break;
                }
                Poll::Pending if framed.len() == start => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        self.gauge.note_blocks(blocks);
        let mut from = 0;
        if self.is_chunked {
            from = begin_chunk(&mut framed);
            // A chunked body that ends without this is known to be cut short.
            if self.is_over && !failed {
                framed.extend_from_slice(b"0\r\n\r\n");
            }
        }
        self.unsent = Bytes::from(framed).slice(from..);
        Poll::Ready(())
    }
}

/// Makes a chunk of what stands after the room for its length; where it begins. Source: RFC 9112, section 7.1.
fn begin_chunk(framed: &mut Vec<u8>) -> usize {
    let length = framed.len() - LENGTH;
    if length == 0 {
        return LENGTH; // an empty chunk would be the end
    }
    let head = format!("{length:x}\r\n");
    let from = LENGTH - head.len();
    framed[from..LENGTH].copy_from_slice(head.as_bytes());
    framed.extend_from_slice(b"\r\n");
    from
}

impl Future for Lasting {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_left(cx) {
            return Poll::Ready(());
        }
        loop {
            if ready!(self.send(cx)).is_err() || self.is_over {
                return Poll::Ready(());
            }
            ready!(self.gather(cx));
        }
    }
}
