//! The accept loop: poem endpoints on hyper's HTTP/1.1, with the deadlines and limits that a public port needs.
//!
//! `poem::Server` has no deadlines, spins when descriptors run out, and does not notice the reader of an idle stream
//! leaving; a blog whose pages stay connected needs all three. One connection's life is in `connection`, what it is answered
//! without hyper in `fast_path`, its clocks are in `deadlines`, the streams that it may become in `lasting`, and where they run in
//! `crowd`. Nothing here knows a
//! route, and nothing here limits what one client may ask for: that takes the client's true address, which only the layers
//! behind the trusted proxies know.

mod connection;
mod crowd;
pub mod deadlines;
mod fast_path;
pub mod lasting;
mod memfd;
mod ready;
#[cfg(test)]
mod tests;
mod wire;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use poem::Endpoint;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};

use connection::Host;
use crowd::Crowd;
pub use fast_path::Question;
pub use ready::Ready;

/// Descriptors that connections never take: the database's, the log's, those of the libraries, and of pages in the
/// system's hands, of which there are at most 32.
const RESERVED_DESCRIPTORS: u64 = 100;

/// The most connections to hold, whatever the descriptors allow. An idle one costs about 10 KiB here and some more in
/// the kernel, and container hosts hand out a million descriptors on machines without the memory for them.
const MOST_CONNECTIONS: u64 = 50_000;

/// The most connections that streams leave to pages.
const KEPT_FOR_PAGES: usize = 900;

/// How long to leave the listener alone after it failed: long enough not to spin, short enough not to be felt.
const PAUSE: Duration = Duration::from_millis(75);

/// Troubles closer together than this are one burst, and one line in the log.
const BURST: Duration = Duration::from_secs(10);

/// How long an endpoint that was let go may take to notice, beyond the drain time, before it is left behind.
const GRACE: Duration = Duration::from_millis(250);

/// What answers.
pub trait Site: Endpoint + 'static {
    /// The answer, if it lies ready.
    fn at_once(&self, question: &Question<'_>) -> Option<Arc<Ready>>;
}

/// The deadlines and bounds of the accept loop.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// From the start of a connection, or the end of the last answer, to the next request, and from there to the end of its
    /// head.
    pub header: Duration,
    /// From the end of a request's head to the end of its body.
    pub body: Duration,
    /// How long a peer may accept no byte while there are bytes for it. A stream with nothing to say is not bound.
    pub write_stall: Duration,
    /// How many connections to hold at once.
    pub connections: usize,
    /// How long answers in flight may go on after the shutdown signal.
    pub drain: Duration,
    /// Where the number of open connections can be read.
    pub gauge: Gauge,
}

impl Bounds {
    /// The usual deadlines, and as many connections as the process may have descriptors.
    ///
    /// Raises the soft limit on descriptors (`RLIMIT_NOFILE`) to the hard one. A refusal to raise it is no error: the
    /// limit is then what it was.
    pub fn from_descriptors() -> Self {
        let connections = raised_descriptor_limit()
            .saturating_sub(RESERVED_DESCRIPTORS)
            .clamp(16, MOST_CONNECTIONS);
        Self {
            header: Duration::from_secs(10),
            body: Duration::from_secs(30),
            write_stall: Duration::from_secs(60),
            connections: usize::try_from(connections).unwrap_or(usize::MAX),
            drain: Duration::from_secs(2),
            gauge: Gauge::default(),
        }
    }

    /// How many of them streams may hold, so that a page can always be had. Where there are many, pages need no quarter of
    /// them: a reader asks, and is gone.
    pub fn streams(&self) -> usize {
        self.connections - (self.connections / 4).min(KEPT_FOR_PAGES)
    }
}

/// Raises the soft limit on descriptors to the hard one and returns what it is now.
fn raised_descriptor_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let now = setrlimit(Resource::Nofile, raised).map_or(limit.current, |()| limit.maximum);
    now.unwrap_or(u64::MAX) // `None` is rustix's word for "unlimited"
}

/// How many connections are open now, and whether newcomers find a place. Clones read the same.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<Reading>);

#[derive(Debug, Default)]
struct Reading {
    open: AtomicUsize,
    is_full: AtomicBool,
    is_failing: AtomicBool,
    stream_writes: AtomicU64,
    stream_blocks: AtomicU64,
}

impl Gauge {
    /// The number of open connections.
    pub fn open(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// How often the system was asked to send something on a stream, and how many blocks of streams were handed to it: what
    /// comes together leaves in one write.
    pub fn sent(&self) -> (u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (count(&self.0.stream_writes), count(&self.0.stream_blocks))
    }

    /// Why newcomers wait, if they do.
    pub fn trouble(&self) -> Option<String> {
        let open = self.open();
        if self.0.is_failing.load(Ordering::Relaxed) {
            Some(format!("the system gives out no more; {open} are open"))
        } else if self.0.is_full.load(Ordering::Relaxed) {
            Some(format!("{open} are open"))
        } else {
            None
        }
    }

    fn note_write(&self) {
        self.0.stream_writes.fetch_add(1, Ordering::Relaxed);
    }

    fn note_blocks(&self, count: u64) {
        self.0.stream_blocks.fetch_add(count, Ordering::Relaxed);
    }

    fn set_full(&self, is_full: bool) {
        self.0.is_full.store(is_full, Ordering::Relaxed);
    }

    fn set_failing(&self, is_failing: bool) {
        self.0.is_failing.store(is_failing, Ordering::Relaxed);
    }
}

/// The right to hold one connection. Dropping it makes room for another.
struct Place {
    gauge: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn new(gauge: Gauge, permit: OwnedSemaphorePermit) -> Self {
        gauge.0.open.fetch_add(1, Ordering::Relaxed);
        Self {
            gauge,
            _permit: permit,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gauge.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves `endpoint` on `listener` until `shutdown` becomes true or its sender is gone.
///
/// Then the port closes, whoever has just come is heard, answers in flight may finish (streams are expected to watch the same signal and to end
/// themselves), and what is left after `bounds.drain` is closed. A handler whose client leaves is dropped where it
/// waits, so what must not stop half way belongs into one message to the writer.
///
/// Errors: if the listener's own address cannot be read, or there are no threads for streams. A failure to accept is logged and waited out: a blog that is
/// short of descriptors for a minute must not be gone for good.
pub async fn serve<E>(
    listener: TcpListener,
    endpoint: E,
    bounds: Bounds,
    mut shutdown: watch::Receiver<bool>,
) -> io::Result<()>
where
    E: Site,
{
    tracing::debug!(address = %listener.local_addr()?, connections = bounds.connections, "accepting");
    let all = u32::try_from(bounds.connections).unwrap_or(u32::MAX);
    let door = Door {
        listener,
        places: Arc::new(Semaphore::new(all as usize)),
        gauge: bounds.gauge.clone(),
        full: Bursts::default(),
        failing: Bursts::default(),
    };
    let places = door.places.clone();
    let patience = bounds.drain + GRACE;
    let host = Arc::new(Host::new(endpoint, bounds));
    let crowd = Arc::new(Crowd::new()?);

    admit(door, host, &crowd, &mut shutdown).await;
    if timeout(patience, places.acquire_many(all)).await.is_err() {
        tracing::warn!("some connections did not end in time and are left behind");
    }
    Ok(())
}

/// Resolves when the signal is given, or when nobody is left who could give it.
async fn told(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}

/// Starts a task for every arrival until the shutdown signal. The port closes when this returns.
async fn admit<E: Site>(
    mut door: Door,
    host: Arc<Host<E>>,
    crowd: &Arc<Crowd>,
    shutdown: &mut watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            biased;
            () = told(shutdown) => return,
            (place, stream, peer) = door.next() => {
                let visit = host.clone().attend(stream, peer, shutdown.clone());
                let crowd = crowd.clone();
                tokio::spawn(async move {
                    // In a task of its own an answer that lasts takes no more room than it needs.
                    if let Some(remains) = visit.await {
                        crowd.take(remains, place);
                    }
                });
            }
        }
    }
}

/// The listener and the places behind it.
struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    gauge: Gauge,
    full: Bursts,
    failing: Bursts,
}

impl Door {
    /// Waits for a free place, then for someone to take it. Safe to drop while it waits.
    ///
    /// When all places are taken, newcomers wait in the kernel's queue. Accepting them to say 503 would cost
    /// descriptors and time exactly when both are short, and it would end the reconnecting stream of an open page for
    /// good, since browsers give up an event stream on any status but 200. Waiting costs nothing, and not for long:
    /// silent and idle connections end within the header deadline, and streams have a lower bound of their own.
    async fn next(&mut self) -> (Place, TcpStream, SocketAddr) {
        loop {
            let is_full = self.places.available_permits() == 0;
            self.gauge.set_full(is_full);
            if is_full && self.full.begins(Instant::now()) {
                tracing::warn!(
                    open = self.gauge.open(),
                    "all connections are taken, new ones wait"
                );
            }
            let permit = self.places.clone().acquire_owned().await;
            let permit = permit.expect("the semaphore is never closed");
            self.gauge.set_full(false);
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    self.gauge.set_failing(false);
                    return (Place::new(self.gauge.clone(), permit), stream, peer);
                }
                Err(error) => self.wait_out(&error).await,
            }
        }
    }

    /// Pauses after a failure to accept, unless it was only that one client's.
    ///
    /// Out of descriptors or memory, the queue stays readable and `accept` fails at once, again and again.
    async fn wait_out(&mut self, error: &io::Error) {
        if matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
        ) {
            return;
        }
        self.gauge.set_failing(true);
        if self.failing.begins(Instant::now()) {
            tracing::warn!(%error, open = self.gauge.open(), "cannot accept connections, trying on");
        }
        sleep(PAUSE).await;
    }
}

/// Tells the first trouble of a burst from the ones that follow it.
#[derive(Debug, Default)]
struct Bursts {
    last: Option<Instant>,
}

impl Bursts {
    /// Records a trouble at `now` and says whether it begins a burst.
    fn begins(&mut self, now: Instant) -> bool {
        let before = self.last.replace(now);
        before.is_none_or(|before| now.duration_since(before) >= BURST)
    }
}
