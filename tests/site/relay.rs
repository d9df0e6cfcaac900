//! A proxy between a browser and a site whose weather the story makes: it refuses, holds back, goes deaf, cuts.
//!
//! Every connection carries one request, and its bytes pass as they are.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::http::Address;
use crate::site::Site;

/// What can be held back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Traffic {
    /// The answers to event streams.
    Streams,
    /// The answers to what a page posts.
    Posts,
}

/// A proxy in front of a site.
pub struct Relay {
    address: SocketAddr,
    sky: Arc<Sky>,
}

/// The weather, and who is waiting for it to change.
struct Sky {
    site: SocketAddr,
    weather: Mutex<Weather>,
    changed: Condvar,
}

#[derive(Default)]
struct Weather {
    held: Option<Traffic>,
    refusals: usize,
    cuts: Vec<usize>,
    short_ping: bool,
    deaf: bool,
    streams: usize,
    refused: usize,
    wires: Vec<TcpStream>,
    age: usize,
    over: bool,
}

impl Relay {
    /// Stands before a site, in fair weather.
    pub fn before(site: &Site) -> Relay {
        let Address::Port(site) = *site.address() else {
            panic!("a served site has a port");
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        let sky = Arc::new(Sky {
            site,
            weather: Mutex::default(),
            changed: Condvar::new(),
        });
        let above = sky.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                if above.look().over {
                    return;
                }
                let sky = above.clone();
                thread::spawn(move || _ = client.and_then(|client| sky.carry(client)));
            }
        });
        Relay { address, sky }
    }

    /// A path as a full address that leads through here.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Holds back what comes of this from now on; the open ones of it included.
    pub fn hold(&self, traffic: Traffic) {
        self.sky.change(|it| it.held = Some(traffic));
    }

    /// Lets everything pass again.
    pub fn release(&self) {
        self.sky.change(|it| it.held = None);
    }

    /// Answers the next streams with 503, so many of them.
    pub fn refuse_streams(&self, times: usize) {
        self.sky.change(|it| it.refusals = times);
    }

    /// How many streams were answered with 503.
    pub fn refused(&self) -> usize {
        self.sky.look().refused
    }

    /// How many streams were asked for.
    pub fn streams(&self) -> usize {
        self.sky.look().streams
    }

    /// Cuts the next streams, each after so many blocks.
    pub fn cut_streams_after(&self, blocks: &[usize]) {
        self.sky
            .change(|it| it.cuts = blocks.iter().rev().copied().collect());
    }

    /// How many of those cuts are still to come.
    pub fn cuts_left(&self) -> usize {
        self.sky.look().cuts.len()
    }

    /// Tells pages that the server gives a sign of life every second, so that they miss it soon.
    pub fn promise_quick_pings(&self) {
        self.sky.change(|it| it.short_ping = true);
    }

    /// Loses every open connection without a word, as a router does that forgets. New ones pass.
    pub fn forget_connections(&self) {
        self.sky.change(|it| it.age += 1);
    }

    /// Lets nothing through, old or new, and says nothing: a dead line.
    pub fn go_deaf(&self) {
        self.sky.change(|it| it.deaf = true);
    }

    /// The line works again.
    pub fn listen_again(&self) {
        self.sky.change(|it| it.deaf = false);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.sky.change(|it| {
            it.over = true;
            for wire in it.wires.drain(..) {
                _ = wire.shutdown(Shutdown::Both);
            }
        });
        _ = TcpStream::connect(self.address); // the last one, which ends the listening
    }
}

impl Sky {
    fn look(&self) -> MutexGuard<'_, Weather> {
        self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Weather)) {
        change(&mut self.look());
        self.changed.notify_all();
    }

    /// Waits until this may pass; false if it never will.
    fn may_pass(&self, traffic: Option<Traffic>, age: usize) -> bool {
        let stopped = |it: &mut Weather| {
            let held = traffic.is_some() && it.held == traffic;
            !it.over && (held || it.deaf || it.age != age)
        };
        let weather = self.changed.wait_while(self.look(), stopped);
        !weather.unwrap_or_else(PoisonError::into_inner).over
    }

    /// Carries one request and its answer.
    fn carry(&self, mut client: TcpStream) -> io::Result<()> {
        let mut asking = BufReader::new(client.try_clone()?);
        let (request, traffic) = read_request(&mut asking)?;
        let age = self.look().age;
        if !self.may_pass(None, age) {
            return Ok(());
        }
        let is_stream = traffic == Some(Traffic::Streams);
        if is_stream && self.refuses() {
            let refusal = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\
                           Content-Length: 0\r\nConnection: close\r\n\r\n";
            return client.write_all(refusal.as_bytes());
        }
        let mut site = match TcpStream::connect(self.site) {
            Ok(site) => site,
            Err(error) => {
                let gone =
                    "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                return client.write_all(gone.as_bytes()).and(Err(error));
            }
        };
        site.set_nodelay(true)?;
        client.set_nodelay(true)?;
        let wires = [client.try_clone()?, site.try_clone()?];
        self.look().wires.extend(wires);
        site.write_all(&request)?;
        let upstream = site.try_clone()?;
        thread::spawn(move || {
            _ = asking.read(&mut [0]); // a browser that has asked says nothing more, until it leaves
            _ = upstream.shutdown(Shutdown::Both);
        });
        let done = self.answer(&mut site, &mut client, traffic, age);
        _ = client.shutdown(Shutdown::Both);
        _ = site.shutdown(Shutdown::Both);
        done
    }

    fn refuses(&self) -> bool {
        let mut weather = self.look();
        weather.streams += 1;
        let refuses = weather.refusals > 0;
        if refuses {
            weather.refusals -= 1;
            weather.refused += 1;
        }
        refuses
    }

    fn answer(
        &self,
        site: &mut TcpStream,
        client: &mut TcpStream,
        traffic: Option<Traffic>,
        age: usize,
    ) -> io::Result<()> {
        let cut = match traffic {
            Some(Traffic::Streams) => self.look().cuts.pop(),
            _ => None,
        };
        let (mut buffer, mut blocks) = ([0; 4096], 0);
        loop {
            let read = site.read(&mut buffer)?;
            if read == 0 || !self.may_pass(traffic, age) {
                return Ok(());
            }
            let mut bytes = buffer[..read].to_vec();
            if traffic == Some(Traffic::Streams) && self.look().short_ping {
                shorten_ping(&mut bytes);
            }
            blocks += bytes.windows(4).filter(|it| it == b"\nid:").count();
            if cut.is_some_and(|cut| blocks >= cut) {
                let half = bytes.len() / 2;
                return client.write_all(&bytes[..half]);
            }
            client.write_all(&bytes)?;
        }
    }
}

/// The length of the chunk stays what it was.
fn shorten_ping(bytes: &mut [u8]) {
    let (long, short) = (b"\"ping\":20", b"\"ping\": 1");
    if let Some(at) = bytes.windows(long.len()).position(|it| it == long) {
        bytes[at..at + short.len()].copy_from_slice(short);
    }
}

/// The bytes of a request, as the last one of its connection, and what kind of answer it will have.
fn read_request(from: &mut impl BufRead) -> io::Result<(Vec<u8>, Option<Traffic>)> {
    let (mut head, mut length, mut stream) = (String::new(), 0, false);
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(number) = lower.strip_prefix("content-length:") {
            length = number.trim().parse().unwrap_or_default();
        }
        stream |= lower.starts_with("accept:") && lower.contains("text/event-stream");
        if line == "\r\n" {
            break;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let traffic = match stream {
        true => Some(Traffic::Streams),
        false => head.starts_with("POST ").then_some(Traffic::Posts),
    };
    head.push_str("Connection: close\r\n\r\n");
    let mut request = head.into_bytes();
    let start = request.len();
    request.resize(start + length, 0);
    from.read_exact(&mut request[start..])?;
    Ok((request, traffic))
}
