//! Real sockets against a small site; the deadlines are short, and a test only waits for what it expects.

mod fast_path;

use std::{collections::HashMap, future::pending};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use poem::{Body, Request, Response, endpoint::make, http::StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
    task::JoinHandle,
    time::timeout,
};

use super::deadlines::MoreTime;
use super::lasting::Outlet;
use super::*;

const SOON: Duration = Duration::from_secs(3);
const STREAM: &[u8] = b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n";

/// A site some of whose answers lie ready.
struct Mixed<E>(E, HashMap<&'static str, Arc<Ready>>);

impl<E: Endpoint> Endpoint for Mixed<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> poem::Result<E::Output> {
        self.0.call(request).await
    }
}

impl<E: Endpoint + 'static> super::Site for Mixed<E> {
    fn at_once(&self, question: &Question<'_>) -> Option<Arc<Ready>> {
        self.1.get(question.path).cloned()
    }
}

/// A running server: what is told when a stream is dropped, and how to stop it.
struct Site {
    address: SocketAddr,
    gauge: Gauge,
    dropped: mpsc::UnboundedReceiver<()>,
    stop: watch::Sender<bool>,
    served: JoinHandle<io::Result<()>>,
}

fn bounds() -> Bounds {
    Bounds {
        header: Duration::from_millis(300),
        body: Duration::from_millis(300),
        write_stall: Duration::from_millis(300),
        connections: 1000,
        drain: Duration::from_millis(500),
        gauge: Gauge::default(),
    }
}

impl Site {
    async fn start(bounds: Bounds) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let gauge = bounds.gauge.clone();
        let (stop, stopped) = watch::channel(false);
        let (ended, dropped) = mpsc::unbounded_channel();
        let stopping = stopped.clone();
        let endpoint = make(move |request| pages(request, ended.clone(), stopping.clone()));
        let served = tokio::spawn(serve(
            listener,
            Mixed(endpoint, fast_path::ready()),
            bounds,
            stopped,
        ));
        Self {
            address,
            gauge,
            dropped,
            stop,
            served,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Connects, sends `bytes` and leaves the connection open.
    async fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut client = self.connect().await;
        client.write_all(bytes).await.unwrap();
        client
    }

    /// Opens an event stream and reads its head.
    async fn follow(&self) -> TcpStream {
        let mut client = self.send(STREAM).await;
        assert!(next(&mut client).await.starts_with("HTTP/1.1 200"));
        client
    }

    /// Proves that the site still answers.
    async fn works(&self) {
        let mut client = self.send(b"GET / HTTP/1.0\r\n\r\n").await;
        assert!(rest(&mut client).await.ends_with("hello"));
    }

    async fn a_stream_ends(&mut self) {
        timeout(SOON, self.dropped.recv())
            .await
            .expect("the stream must be dropped");
    }

    /// Gives the signal and returns how long the server took.
    async fn stop(self) -> Duration {
        let start = Instant::now();
        self.stop.send(true).unwrap();
        timeout(SOON, self.served).await.unwrap().unwrap().unwrap();
        start.elapsed()
    }
}

/// What is read next.
async fn next(client: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let count = timeout(SOON, client.read(&mut bytes))
        .await
        .unwrap()
        .unwrap();
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

/// Everything until the server closes; a reset counts as that.
async fn rest(client: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let end = timeout(SOON, client.read_to_end(&mut bytes)).await;
    let _ = end.expect("the server must close the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Says so when it is dropped.
struct Guard(mpsc::UnboundedSender<()>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

async fn pages(
    request: Request,
    ended: mpsc::UnboundedSender<()>,
    mut stopped: watch::Receiver<bool>,
) -> poem::Result<Response> {
    let guard = Guard(ended);
    let path = request.uri().path().to_owned();
    let outlet: Outlet = request.data().cloned().expect("an answer may last");
    Ok(match path.as_str() {
        "/stream" => {
            let wait = stream::once(async move {
                told(&mut stopped).await;
                drop(guard);
                Ok(Bytes::from("bye"))
            });
            let hello = stream::iter([Ok(Bytes::from("hel")), Ok(Bytes::from("lo"))]);
            outlet.body(hello.chain(wait), |_| {}).into()
        }
        "/pour" => {
            let flood = stream::repeat_with(move || {
                let _alive = &guard;
                Ok(Bytes::from_static(&[b'x'; 4096]))
            });
            outlet.body(flood, |_| {}).into()
        }
        "/later" => {
            let wait = stream::once(async move {
                sleep(Duration::from_secs(1)).await;
                Ok::<_, io::Error>("still here")
            });
            Body::from_bytes_stream(wait).into()
        }
        "/flood" => {
            let flood = stream::repeat_with(move || {
                let _alive = &guard;
                Ok::<_, io::Error>(&[b'x'; 4096][..])
            });
            Body::from_bytes_stream(flood).into()
        }
        "/form" => {
            let size = request.into_body().into_bytes_limit(100_000).await?.len();
            size.to_string().into()
        }
        "/upload" => {
            let time = request.data::<MoreTime>().expect("a body has a clock");
            time.grant(Duration::from_secs(60));
            request
                .into_body()
                .into_bytes()
                .await?
                .len()
                .to_string()
                .into()
        }
        "/refused" => StatusCode::PAYLOAD_TOO_LARGE.into(),
        "/stuck" => pending().await,
        "/panic" => panic!("on purpose"),
        _ => "hello".into(),
    })
}

#[tokio::test]
async fn a_silent_client_is_closed() {
    let site = Site::start(bounds()).await;
    assert_eq!(rest(&mut site.connect().await).await, "");
}

#[tokio::test]
async fn half_a_head_is_closed() {
    let site = Site::start(bounds()).await;
    let mut client = site.send(b"GET / HTTP/1.1\r\nHo").await;
    assert_eq!(rest(&mut client).await, "");
}

/// Sends a byte now and then until the server has had enough, and returns what it said.
async fn drip(client: TcpStream) -> String {
    let (mut read, mut write) = client.into_split();
    let dripping = tokio::spawn(async move {
        while write.write_all(b"x").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    });
    let mut bytes = Vec::new();
    let end = timeout(SOON, read.read_to_end(&mut bytes)).await;
    let _ = end.expect("the server must close the connection");
    dripping.abort();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_dripping_head_is_closed() {
    let site = Site::start(bounds()).await;
    let client = site.send(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    assert_eq!(drip(client).await, "");
}

#[tokio::test]
async fn an_idle_connection_is_kept_for_the_next_request_and_then_closed() {
    let site = Site::start(bounds()).await;
    let mut client = site.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(next(&mut client).await.ends_with("hello"));
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(next(&mut client).await.ends_with("hello"));
    assert_eq!(rest(&mut client).await, "");
}

#[tokio::test]
async fn a_whole_body_arrives() {
    let site = Site::start(bounds()).await;
    let mut client = site
        .send(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
        .await;
    client.write_all(b"cde").await.unwrap();
    assert!(next(&mut client).await.ends_with("\r\n\r\n5"));
}

#[tokio::test]
async fn a_stalled_body_is_answered_with_408() {
    let site = Site::start(bounds()).await;
    let mut client = site
        .send(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab")
        .await;
    assert!(rest(&mut client).await.starts_with("HTTP/1.1 408"));
}

#[tokio::test]
async fn a_dripping_body_is_answered_with_408() {
    let site = Site::start(bounds()).await;
    let client = site
        .send(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n")
        .await;
    assert!(drip(client).await.starts_with("HTTP/1.1 408"));
}

#[tokio::test]
async fn a_slow_body_that_was_granted_more_time_arrives() {
    let site = Site::start(bounds()).await;
    let mut client = site
        .send(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
        .await;
    sleep(bounds().body * 2).await; // beyond the usual time
    client.write_all(b"cde").await.unwrap();
    assert!(next(&mut client).await.ends_with("\r\n\r\n5"));
}

#[tokio::test]
async fn an_endless_body_is_refused_and_cut() {
    let site = Site::start(bounds()).await;
    for path in ["/form", "/refused"] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        let (mut read, mut write) = site.send(head.as_bytes()).await.into_split();
        let sending = tokio::spawn(async move {
            let chunk = [b"1000\r\n".as_slice(), &[b'x'; 4096], b"\r\n"].concat();
            while write.write_all(&chunk).await.is_ok() {}
        });
        let mut answer = vec![0; 12];
        read.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, b"HTTP/1.1 413");
        let cut = timeout(SOON, sending).await;
        cut.expect("the server must close the connection").unwrap();
    }
    site.works().await;
}

/// Sends a refused request to its end, and only then reads the answer, which no reset may destroy.
async fn refused(site: &Site, request: &str) -> String {
    let mut client = site.send(request.as_bytes()).await;
    let mut answer = String::new();
    let end = timeout(SOON, client.read_to_string(&mut answer)).await;
    end.unwrap()
        .expect("the connection must be closed, not reset");
    answer
}

#[tokio::test]
async fn who_sends_too_much_can_read_why_it_was_refused() {
    let site = Site::start(bounds()).await;
    let much = "x".repeat(3_000_000);
    let length = much.len();
    let head = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", &much[..100_000]);
    assert!(refused(&site, &head).await.starts_with("HTTP/1.1 431"));
    for path in ["/form", "/refused"] {
        let body = format!("POST {path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{much}");
        assert!(refused(&site, &body).await.starts_with("HTTP/1.1 413"));
    }
    site.works().await;
}

#[tokio::test]
async fn a_reader_who_leaves_an_idle_stream_is_noticed() {
    let mut site = Site::start(bounds()).await;
    drop(site.follow().await);
    site.a_stream_ends().await;
}

#[tokio::test]
async fn a_reader_who_resets_an_idle_stream_is_noticed() {
    let mut site = Site::start(bounds()).await;
    site.follow().await.set_zero_linger().unwrap();
    site.a_stream_ends().await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_cut() {
    let mut site = Site::start(bounds()).await;
    let _client = site.send(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n").await;
    site.a_stream_ends().await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_what_lasts_is_cut() {
    let mut site = Site::start(bounds()).await;
    let _client = site.send(b"GET /pour HTTP/1.1\r\nHost: x\r\n\r\n").await;
    site.a_stream_ends().await;
}

#[tokio::test]
async fn shutdown_cuts_a_stream_that_nobody_reads() {
    let site = Site::start(Bounds {
        write_stall: Duration::from_secs(30),
        ..bounds()
    })
    .await;
    let client = site.send(b"GET /pour HTTP/1.1\r\nHost: x\r\n\r\n").await;
    client.readable().await.unwrap();
    let gauge = site.gauge.clone();
    assert!(site.stop().await < Duration::from_secs(2));
    assert_eq!(gauge.open(), 0);
}

#[tokio::test]
async fn what_comes_together_is_one_chunk() {
    let site = Site::start(bounds()).await;
    let mut client = site.send(STREAM).await;
    let mut text = String::new();
    while !text.contains("hello") {
        text += &next(&mut client).await;
    }
    assert!(text.contains("transfer-encoding: chunked\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\n5\r\nhello\r\n"), "{text}");
}

#[tokio::test]
async fn a_peer_who_knows_no_chunks_is_sent_none() {
    let site = Site::start(bounds()).await;
    let mut client = site.send(b"GET /stream HTTP/1.0\r\n\r\n").await;
    let mut text = String::new();
    while !text.contains("hello") {
        text += &next(&mut client).await;
    }
    site.stop().await;
    text += &rest(&mut client).await;
    assert!(text.ends_with("\r\n\r\nhellobye"), "{text}");
}

#[tokio::test]
async fn a_stream_whose_head_alone_is_wanted_does_not_begin() {
    let mut site = Site::start(bounds()).await;
    let mut client = site.send(b"HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(next(&mut client).await.starts_with("HTTP/1.1 200"));
    site.a_stream_ends().await;
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(next(&mut client).await.ends_with("hello"));
}

#[tokio::test]
async fn a_peer_that_reads_slowly_is_not_cut() {
    let site = Site::start(bounds()).await;
    let mut client = site.send(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut part = vec![0; 1_000_000];
    for _ in 0..20 {
        sleep(Duration::from_millis(50)).await;
        timeout(SOON, client.read_exact(&mut part))
            .await
            .unwrap()
            .unwrap();
    }
}

#[tokio::test]
async fn a_stream_with_nothing_to_say_is_not_cut() {
    let site = Site::start(bounds()).await;
    let mut client = site.send(b"GET /later HTTP/1.0\r\n\r\n").await;
    assert!(rest(&mut client).await.ends_with("still here"));
}

#[tokio::test]
async fn a_newcomer_waits_while_all_connections_are_taken() {
    let site = Site::start(Bounds {
        connections: 2,
        ..bounds()
    })
    .await;
    let (first, _second) = (site.follow().await, site.follow().await);
    let mut third = site.send(STREAM).await;
    let mut byte = [0];
    let early = timeout(Duration::from_millis(200), third.read(&mut byte)).await;
    assert!(early.is_err(), "there is no place yet");
    assert_eq!(site.gauge.open(), 2);
    drop(first);
    assert!(next(&mut third).await.starts_with("HTTP/1.1 200"));
    assert_eq!(site.gauge.open(), 2);
}

#[tokio::test]
async fn shutdown_waits_for_streams_to_say_goodbye_and_for_nobody_else() {
    let site = Site::start(Bounds {
        drain: Duration::from_secs(20),
        header: Duration::from_secs(30),
        ..bounds()
    })
    .await;
    let silent = site.connect().await;
    let mut idle = site.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(next(&mut idle).await.ends_with("hello"));
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(site.follow().await);
    }
    let (address, gauge) = (site.address, site.gauge.clone());
    assert!(site.stop().await < Duration::from_secs(10));
    assert_eq!(gauge.open(), 0);
    for client in &mut streams {
        assert!(rest(client).await.ends_with("bye\r\n0\r\n\r\n"));
    }
    assert!(TcpStream::connect(address).await.is_err());
    drop((silent, idle));
}

#[tokio::test]
async fn shutdown_cuts_what_does_not_end_in_time() {
    let site = Site::start(bounds()).await;
    let mut stuck = site.send(b"GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n").await;
    site.works().await; // and so the earlier connection was accepted, too
    let took = site.stop().await;
    assert!(took >= Duration::from_millis(400) && took < Duration::from_secs(2));
    assert_eq!(rest(&mut stuck).await, "");
}

#[tokio::test]
async fn a_panic_ends_that_request_only() {
    let site = Site::start(bounds()).await;
    let mut client = site.send(b"GET /panic HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(rest(&mut client).await, "");
    site.works().await;
}

#[test]
fn a_burst_of_troubles_is_told_once() {
    let (mut bursts, start) = (Bursts::default(), Instant::now());
    let told =
        |seconds: u64, bursts: &mut Bursts| bursts.begins(start + Duration::from_secs(seconds));
    assert!(told(0, &mut bursts));
    assert!(!told(1, &mut bursts) && !told(9, &mut bursts));
    assert!(told(30, &mut bursts));
}
