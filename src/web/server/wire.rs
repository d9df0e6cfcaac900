//! The socket of a connection, as HTTP sees it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::deadlines::{Patience, Stall};

/// A socket whose writes fail with `TimedOut` once the peer has accepted nothing for a while, and to which may be given back
/// what was read from it.
///
/// Without the first, a client that stops reading holds its answer, its place and its buffers until it deigns to leave.
pub(super) struct Wire {
    stream: TcpStream,
    patience: Patience,
    unread: Bytes,
}

impl Wire {
    /// The socket of a peer that may accept nothing for as long as `patience`.
    pub(super) fn new(stream: TcpStream, patience: Duration) -> Self {
        Self {
            stream,
            patience: Patience::new(patience),
            unread: Bytes::new(),
        }
    }

    /// Has these bytes be read before what comes after them.
    pub(super) fn give_back(&mut self, bytes: Bytes) {
        self.unread = match self.unread.is_empty() {
            true => bytes,
            false => [bytes, self.unread.clone()].concat().into(),
        };
    }

    /// The same socket, waited for by the runtime that this is called on, and its clock. What was given back is gone.
    ///
    /// Errors: what the system answers.
    pub(super) fn settle(self) -> io::Result<(TcpStream, Patience)> {
        let stream = TcpStream::from_std(self.stream.into_std()?)?;
        Ok((stream, self.patience))
    }

    /// Has the system take bytes in another way than from memory.
    ///
    /// Errors: what the system answers, and `TimedOut`.
    pub(super) fn poll_try(
        &mut self,
        cx: &mut Context<'_>,
        send: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let attempt = attempt(&self.stream, cx, send);
        self.patience.judge(attempt, &self.stream, cx)
    }

    /// Tells from outside, while the socket is somebody else's.
    pub(super) fn stall(&self) -> Stall {
        self.patience.stall()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let count = self.unread.len().min(buf.remaining());
        buf.put_slice(&self.unread[..count]);
        self.unread.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write(cx, buf);
        let Self {
            stream, patience, ..
        } = &mut *self;
        patience.judge(attempt, stream, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        let Self {
            stream, patience, ..
        } = &mut *self;
        patience.judge(attempt, stream, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Has `send` try to send until the system has taken something. It leaves its readiness to tokio (`try_write`, `try_io`).
pub(super) fn attempt(
    stream: &TcpStream,
    cx: &mut Context<'_>,
    mut send: impl FnMut(&TcpStream) -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(stream.poll_write_ready(cx))?;
        match send(stream) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {} // and so it waits
            done => return Poll::Ready(done),
        }
    }
}
