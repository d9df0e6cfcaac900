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
    task::{Context, Poll},
    time::Duration,
};

use http_body_util::combinators::BoxBody;
use hyper::{
    body::{Body as _, Bytes, Frame, Incoming, SizeHint},
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
    deadlines::{BodyDeadline, MoreTime, Stall, Upload},
    fast_path::FastPath,
    lasting::{Outlet, Remains},
    told,
    wire::Wire,
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

/// A connection while hyper has it.
type Http<E> = Connection<TokioIo<Wire>, Visit<E>>;

/// What all connections share: the site behind them, and how to speak HTTP.
pub(super) struct Host<E> {
    endpoint: E,
    bounds: Bounds,
    http: http1::Builder,
}

/// Who is at the other end of a connection, and the signal to let them go.
struct Client {
    local: SocketAddr,
    peer: SocketAddr,
    shutdown: watch::Receiver<bool>,
}

/// How a connection goes on once hyper has done its part.
enum Next {
    /// The client may ask again.
    Request(Wire),
    /// An answer has begun that lasts.
    Stream(Remains),
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
        shutdown: watch::Receiver<bool>,
    ) -> Option<Remains> {
        // These fail only if the client is gone already.
        let (Ok(local), Ok(())) = (stream.local_addr(), tune(&stream)) else {
            return None;
        };
        let mut client = Client {
            local,
            peer,
            shutdown,
        };
        let wire = Wire::new(stream, self.bounds.write_stall);
        let mut path = FastPath::of_newcomer(wire, self.bounds.header);
        loop {
            let wire = self.answer_at_once(path, &mut client).await?;
            path = match self.converse(wire, &mut client).await? {
                Next::Request(wire) => FastPath::again(wire, self.bounds.header),
                Next::Stream(remains) => return Some(remains),
            };
        }
    }

    /// Answers what lies ready, until there is something for hyper. Nothing comes back from a connection that is over.
    async fn answer_at_once(&self, mut path: FastPath, client: &mut Client) -> Option<Wire> {
        // The path comes first, so that a request that has arrived by now counts as being in flight.
        let next = tokio::select! {
            biased;
            next = poll_fn(|cx| path.poll(&self.endpoint, cx)) => Some(next),
            () = told(&mut client.shutdown) => None,
        };
        let next = match next {
            Some(next) => next,
            None => {
                let first = poll_fn(|cx| path.poll_heard(&self.endpoint, cx));
                timeout(NEWCOMER, first).await.ok()?;
                let last = poll_fn(|cx| path.poll_sent(&self.endpoint, cx));
                timeout(self.bounds.drain, last).await.ok()?
            }
        };
        next.ok().map(|()| path.into_wire())
    }

    /// Has hyper see to the request that is on the wire. Nothing comes back from a connection that is over.
    async fn converse(self: &Arc<Self>, wire: Wire, client: &mut Client) -> Option<Next> {
        let (stall, turn) = (wire.stall(), Arc::<Turn>::default());
        let visit = Visit {
            host: self.clone(),
            local: client.local,
            peer: client.peer,
            turn: turn.clone(),
        };
        let mut http = self.http.serve_connection(TokioIo::new(wire), visit);
        // As above. Only the second branch leaves the connection unfinished: a finished one must never be polled again.
        let end = tokio::select! {
            biased;
            end = finished(&mut http, &turn, &stall) => end,
            () = told(&mut client.shutdown) => {
                let leave = take_leave(&mut http, &turn, &stall);
                timeout(self.bounds.drain, leave).await.ok()?
            }
        };
        match end {
            End::Request => {
                let parts = http.into_parts();
                let mut wire = parts.io.into_inner();
                wire.give_back(parts.read_buf);
                Some(Next::Request(wire))
            }
            End::Head => Some(Next::Stream(Remains {
                wire: http.into_parts().io.into_inner(),
                source: turn.outlet.take()?,
                is_chunked: turn.is_chunked.load(Ordering::Relaxed),
                shutdown: client.shutdown.clone(),
                drain: self.bounds.drain,
                gauge: self.bounds.gauge.clone(),
            })),
            End::Http(end) => {
                let wire = still_sending(http, &turn, end)?;
                tokio::select! {
                    () = see_off(wire) => {}
                    () = told(&mut client.shutdown) => {}
                }
                None
            }
        }
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

/// One client's side of the `Host`, for as long as hyper has the connection.
struct Visit<E> {
    host: Arc<Host<E>>,
    local: SocketAddr,
    peer: SocketAddr,
    turn: Arc<Turn>,
}

/// How far hyper has come.
#[derive(Default)]
struct Turn {
    /// Whether there was a request.
    is_heard: AtomicBool,
    /// Whether the newest one is not answered to its end.
    is_open: AtomicBool,
    /// Whether its client reads chunks.
    is_chunked: AtomicBool,
    /// How its body fares, and the way out for its answer.
    upload: Arc<Upload>,
    outlet: Outlet,
}

impl Turn {
    /// Whether there is nothing left to do for the request: it was read to its end, and so was its answer.
    fn is_over(&self) -> bool {
        self.is_heard.load(Ordering::Relaxed)
            && !self.is_open.load(Ordering::Relaxed)
            && !self.upload.unfinished()
    }
}

impl<E: Site> Service<hyper::Request<Incoming>> for Visit<E> {
    type Response = hyper::Response<Answer>;
    type Error = Infallible;
    // In a box, because hyper keeps room for the future as long as the connection lives, and a stream that is idle
    // for half an hour should not pay for the largest handler.
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let (host, turn) = (self.host.clone(), self.turn.clone());
        let local = LocalAddr(Addr::SocketAddr(self.local));
        let remote = RemoteAddr(Addr::SocketAddr(self.peer));
        let is_chunked = request.version() == Version::HTTP_11;
        turn.is_heard.store(true, Ordering::Relaxed);
        turn.is_open.store(true, Ordering::Relaxed);
        turn.is_chunked.store(is_chunked, Ordering::Relaxed);
        let mut request = Request::from((request, local, remote, Scheme::HTTP));
        request.set_data(turn.outlet.clone());
        Box::pin(async move {
            let answer = host.answer(request, turn.upload.clone()).await;
            let answer = hyper::Response::<BoxBody<Bytes, io::Error>>::from(answer);
            Ok(answer.map(|body| Answer { body, turn }))
        })
    }
}

/// The body of an answer, which tells when hyper has no more use for it.
struct Answer {
    body: BoxBody<Bytes, io::Error>,
    turn: Arc<Turn>,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.turn.is_open.store(false, Ordering::Relaxed);
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
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
    /// A request is answered, and the next one may come.
    Request,
    /// The head of an answer is sent whose body lasts.
    Head,
}

/// Resolves when hyper's part of this connection is over, with the socket still open.
///
/// hyper writes what it has before it waits. So once it waits, for the body of an answer that lasts or for the next request, and
/// the socket does not keep it waiting, what it had is gone, and its buffers are empty but for what it has read too much.
async fn finished<E: Site>(http: &mut Http<E>, turn: &Turn, stall: &Stall) -> End {
    poll_fn(|cx| match http.poll_without_shutdown(cx) {
        Poll::Ready(end) => Poll::Ready(End::Http(end)),
        Poll::Pending if stall.is_on() => Poll::Pending,
        Poll::Pending if turn.outlet.is_asked() => Poll::Ready(End::Head),
        Poll::Pending if turn.is_over() => Poll::Ready(End::Request),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Resolves when the first request of this connection is there, or with its end if it ends before.
async fn begun<E: Site>(http: &mut Http<E>, turn: &Turn) -> Option<hyper::Result<()>> {
    poll_fn(|cx| {
        if turn.is_heard.load(Ordering::Relaxed) {
            return Poll::Ready(None);
        }
        match http.poll_without_shutdown(cx) {
            Poll::Ready(end) => Poll::Ready(Some(end)),
            Poll::Pending if turn.is_heard.load(Ordering::Relaxed) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Lets a connection end after the request that it is at, or the one that is on its way.
async fn take_leave<E: Site>(http: &mut Http<E>, turn: &Turn, stall: &Stall) -> End {
    if let Ok(Some(end)) = timeout(NEWCOMER, begun(http, turn)).await {
        return End::Http(end);
    }
    Pin::new(&mut *http).graceful_shutdown();
    finished(http, turn, stall).await
}

/// Takes an ended connection apart, and returns its socket if the client may still be sending.
fn still_sending<E: Site>(http: Http<E>, turn: &Turn, end: hyper::Result<()>) -> Option<Wire> {
    let parts = http.into_parts();
    let sending = match end {
        Ok(()) => turn.upload.unfinished(),
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
async fn see_off(mut wire: Wire) {
    let swallow = async {
        wire.shutdown().await?;
        let mut waste = vec![0; BUFFER];
        while wire.read(&mut waste).await? > 0 {}
        io::Result::Ok(())
    };
    // However this ends, the connection is over.
    let _ = timeout(FAREWELL, swallow).await;
}
