//! One connection's life: its requests, its end, and the courtesy of letting the last answer arrive.

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use http_body_util::combinators::BoxBody;
use hyper::{
    body::{Body as _, Bytes, Incoming},
    server::conn::http1::{self, Connection},
    service::Service,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::{
    Addr, Body, Endpoint, Request, Response,
    http::{StatusCode, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::timeout,
};

use super::{
    Bounds,
    deadlines::{BodyDeadline, MoreTime, Upload, WriteDeadline},
    told,
};

/// The most bytes of a request's head, and about what one connection may buffer in each direction.
const BUFFER: usize = 32 * 1024;

/// How many bytes the kernel may hold for a peer before it is ready to receive them. Left alone, Linux holds up to 4 MB
/// for each one that does not read; this also makes progress visible in small steps to the clock on writes.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 128 * 1024;

/// How long a closed connection goes on swallowing what the client sends.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long a client that had just come when the server was stopped may take to say what it wants. Nobody else will answer
/// it: it is ours once we have accepted it.
const NEWCOMER: Duration = Duration::from_millis(500);

type Wire = TokioIo<WriteDeadline>;

/// What all connections share: the site behind them, and how to speak HTTP.
pub(super) struct Host<E> {
    endpoint: E,
    bounds: Bounds,
    http: http1::Builder,
}

impl<E: Endpoint + 'static> Host<E> {
    pub(super) fn new(endpoint: E, bounds: Bounds) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(bounds.header)
            .max_buf_size(BUFFER);
        Self {
            endpoint,
            bounds,
            http,
        }
    }

    /// Serves one connection until it ends, by itself or some time after the shutdown signal.
    pub(super) async fn attend(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        mut shutdown: watch::Receiver<bool>,
    ) {
        // These fail only if the client is gone already.
        let (Ok(local), Ok(())) = (stream.local_addr(), tune(&stream)) else {
            return;
        };
        let wire = TokioIo::new(WriteDeadline::new(stream, self.bounds.write_stall));
        let heard = Arc::<AtomicBool>::default();
        let mut connection = self.http.serve_connection(
            wire,
            Visit {
                host: self.clone(),
                local,
                peer,
                upload: Arc::default(),
                heard: heard.clone(),
            },
        );
        // The connection comes first, so that a request that has arrived by now counts as being in flight. Only the
        // second branch leaves it unfinished: a finished one must never be polled again.
        let end = tokio::select! {
            biased;
            end = finished(&mut connection) => end,
            () = told(&mut shutdown) => match self.take_leave(&mut connection, &heard).await {
                Some(end) => end,
                None => return,
            },
        };
        let Some(wire) = still_sending(connection, end) else {
            return;
        };
        tokio::select! {
            () = see_off(wire) => {}
            () = told(&mut shutdown) => {}
        }
    }

    /// Lets a connection end after the request that it is at, or, if it has just come, the one that is on its way; `None`
    /// if that takes too long.
    async fn take_leave(
        &self,
        connection: &mut Connection<Wire, Visit<E>>,
        heard: &AtomicBool,
    ) -> Option<hyper::Result<()>> {
        let leave = async {
            if let Ok(Some(end)) = timeout(NEWCOMER, begun(connection, heard)).await {
                return end;
            }
            Pin::new(&mut *connection).graceful_shutdown();
            finished(connection).await
        };
        timeout(self.bounds.drain, leave).await.ok()
    }

    /// Answers one request.
    ///
    /// A body that ran out of time makes an error answer a 408; the endpoint, which saw a failed read, words the page.
    async fn answer(&self, mut request: Request, upload: Arc<Upload>) -> Response {
        let body = BoxBody::from(request.take_body());
        if body.is_end_stream() {
            request.set_body(Body::from(body));
            return self.endpoint.get_response(request).await;
        }
        let body = BodyDeadline::new(body, self.bounds.body, upload.clone());
        request.set_data(MoreTime::of(&upload));
        request.set_body(Body::from(BoxBody::new(body)));
        let mut response = self.endpoint.get_response(request).await;
        let failed = response.status().is_client_error() || response.status().is_server_error();
        if upload.late() && failed {
            response.set_status(StatusCode::REQUEST_TIMEOUT);
        }
        response
    }
}

/// One client's side of the `Host`.
struct Visit<E> {
    host: Arc<Host<E>>,
    local: SocketAddr,
    peer: SocketAddr,
    upload: Arc<Upload>,
    /// Whether there was a request.
    heard: Arc<AtomicBool>,
}

impl<E: Endpoint + 'static> Service<hyper::Request<Incoming>> for Visit<E> {
    type Response = hyper::Response<BoxBody<Bytes, io::Error>>;
    type Error = Infallible;
    // In a box, because hyper keeps room for the future as long as the connection lives, and a stream that is idle
    // for half an hour should not pay for the largest handler.
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        self.heard.store(true, Ordering::Relaxed);
        let (host, upload) = (self.host.clone(), self.upload.clone());
        let local = LocalAddr(Addr::SocketAddr(self.local));
        let remote = RemoteAddr(Addr::SocketAddr(self.peer));
        let request = Request::from((request, local, remote, Scheme::HTTP));
        Box::pin(async move { Ok(host.answer(request, upload).await.into()) })
    }
}

/// Makes a socket send small events at once and keep little that it cannot send.
fn tune(stream: &TcpStream) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT)?;
    stream.set_nodelay(true)
}

/// Resolves when HTTP on this connection is over, with the socket still open.
async fn finished<E: Endpoint + 'static>(
    connection: &mut Connection<Wire, Visit<E>>,
) -> hyper::Result<()> {
    poll_fn(|cx| connection.poll_without_shutdown(cx)).await
}

/// Resolves when the first request of this connection is there, or with its end if it ends before.
async fn begun<E: Endpoint + 'static>(
    connection: &mut Connection<Wire, Visit<E>>,
    heard: &AtomicBool,
) -> Option<hyper::Result<()>> {
    poll_fn(|cx| {
        if heard.load(Ordering::Relaxed) {
            return Poll::Ready(None);
        }
        match connection.poll_without_shutdown(cx) {
            Poll::Ready(end) => Poll::Ready(Some(end)),
            Poll::Pending if heard.load(Ordering::Relaxed) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Takes an ended connection apart, and returns its socket if the client may still be sending.
fn still_sending<E: Endpoint + 'static>(
    connection: Connection<Wire, Visit<E>>,
    end: hyper::Result<()>,
) -> Option<WriteDeadline> {
    let parts = connection.into_parts();
    let sending = match end {
        Ok(()) => parts.service.upload.unfinished(),
        Err(error) => {
            tracing::debug!(peer = %parts.service.peer, %error, "connection ended");
            error.is_parse()
        }
    };
    sending.then(|| parts.io.into_inner())
}

/// Closes a socket whose client is still sending so that the last answer arrives.
///
/// Closing it at once would reset the connection, and the reset destroys an answer that was not read yet: a 413 to a
/// large upload, a 431 to a large head. So the sending side closes first, and what still comes is thrown away for a
/// moment. Source: RFC 9112, section 9.6.
async fn see_off(mut wire: WriteDeadline) {
    let swallow = async {
        wire.shutdown().await?;
        let mut waste = vec![0; BUFFER];
        while wire.read(&mut waste).await? > 0 {}
        io::Result::Ok(())
    };
    // However this ends, the connection is over.
    let _ = timeout(FAREWELL, swallow).await;
}
