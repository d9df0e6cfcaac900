//! One connection's life: its requests, its end, and the courtesy of letting the last answer arrive.

use std::{
    convert::Infallible,
    future::{poll_fn, ready},
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

use http_body_util::{BodyExt, combinators::BoxBody};
use hyper::{
    body::{Body as _, Bytes, Incoming},
    server::conn::http1::{self, Connection},
    service::Service,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::{
    Addr, Body, Request, Response,
    http::{StatusCode, Version, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::timeout,
};

use super::{
    Bounds, Site,
    deadlines::{BodyDeadline, MoreTime, Stall, Upload, WriteDeadline},
    lasting::{Outlet, Remains},
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

impl<E: Site> Host<E> {
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

    /// Serves one connection until it ends, by itself or some time after the shutdown signal, or until an answer begins that
    /// lasts, which goes on by itself.
    pub(super) async fn attend(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        mut shutdown: watch::Receiver<bool>,
    ) -> Option<Remains> {
        // These fail only if the client is gone already.
        let (Ok(local), Ok(())) = (stream.local_addr(), tune(&stream)) else {
            return None;
        };
        let wire = WriteDeadline::new(stream, self.bounds.write_stall);
        let (stall, outlet) = (wire.stall(), Outlet::default());
        let heard = Arc::<AtomicBool>::default();
        let mut connection = self.http.serve_connection(
            TokioIo::new(wire),
            Visit {
                host: self.clone(),
                local,
                peer,
                upload: Arc::default(),
                heard: heard.clone(),
                outlet: outlet.clone(),
                is_chunked: AtomicBool::default(),
            },
        );
        // The connection comes first, so that a request that has arrived by now counts as being in flight. Only the
        // second branch leaves it unfinished: a finished one must never be polled again.
        let end = tokio::select! {
            biased;
            end = finished(&mut connection, &outlet, &stall) => end,
            () = told(&mut shutdown) => {
                let leave = self.take_leave(&mut connection, &heard, &outlet, &stall);
                timeout(self.bounds.drain, leave).await.ok()?
            }
        };
        let end = match end {
            End::Http(end) => end,
            End::Lasting => {
                let (parts, source) = (connection.into_parts(), outlet.take()?);
                return Some(Remains {
                    wire: parts.io.into_inner(),
                    source,
                    is_chunked: parts.service.is_chunked.into_inner(),
                    shutdown,
                    drain: self.bounds.drain,
                    gauge: self.bounds.gauge.clone(),
                });
            }
        };
        let wire = still_sending(connection, end)?;
        tokio::select! {
            () = see_off(wire) => {}
            () = told(&mut shutdown) => {}
        }
        None
    }

    /// Lets a connection end after the request that it is at, or, if it has just come, the one that is on its way.
    async fn take_leave(
        &self,
        connection: &mut Connection<Wire, Visit<E>>,
        heard: &AtomicBool,
        outlet: &Outlet,
        stall: &Stall,
    ) -> End {
        if let Ok(Some(end)) = timeout(NEWCOMER, begun(connection, heard)).await {
            return End::Http(end);
        }
        Pin::new(&mut *connection).graceful_shutdown();
        finished(connection, outlet, stall).await
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
    outlet: Outlet,
    /// Whether the client of the newest request reads chunks.
    is_chunked: AtomicBool,
}

impl<E: Site> Service<hyper::Request<Incoming>> for Visit<E> {
    type Response = hyper::Response<BoxBody<Bytes, io::Error>>;
    type Error = Infallible;
    // In a box, because hyper keeps room for the future as long as the connection lives, and a stream that is idle
    // for half an hour should not pay for the largest handler.
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        self.heard.store(true, Ordering::Relaxed);
        if request.body().is_end_stream()
            && let Some(answer) = self.host.endpoint.at_once(&request)
        {
            let answer = answer.map(|body| BoxBody::new(body.map_err(|never| match never {})));
            return Box::pin(ready(Ok(answer)));
        }
        let (host, upload) = (self.host.clone(), self.upload.clone());
        let local = LocalAddr(Addr::SocketAddr(self.local));
        let remote = RemoteAddr(Addr::SocketAddr(self.peer));
        let is_chunked = request.version() == Version::HTTP_11;
        self.is_chunked.store(is_chunked, Ordering::Relaxed);
        let mut request = Request::from((request, local, remote, Scheme::HTTP));
        request.set_data(self.outlet.clone());
        Box::pin(async move { Ok(host.answer(request, upload).await.into()) })
    }
}

/// Makes a socket send small events at once and keep little that it cannot send.
fn tune(stream: &TcpStream) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT)?;
    stream.set_nodelay(true)
}

/// How hyper's part of a connection ends.
enum End {
    /// HTTP is over.
    Http(hyper::Result<()>),
    /// The head of an answer is sent whose body lasts.
    Lasting,
}

/// Resolves when hyper's part of this connection is over, with the socket still open.
///
/// hyper writes what it has before it waits. So once it waits for the body of an answer that lasts, and the socket does not
/// keep it waiting, the head is gone, and its buffers are empty.
async fn finished<E: Site>(
    connection: &mut Connection<Wire, Visit<E>>,
    outlet: &Outlet,
    stall: &Stall,
) -> End {
    poll_fn(|cx| match connection.poll_without_shutdown(cx) {
        Poll::Ready(end) => Poll::Ready(End::Http(end)),
        Poll::Pending if outlet.is_asked() && !stall.is_on() => Poll::Ready(End::Lasting),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Resolves when the first request of this connection is there, or with its end if it ends before.
async fn begun<E: Site>(
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
fn still_sending<E: Site>(
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
