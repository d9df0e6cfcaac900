//! Thousands of readers of streams on one thread, each with a socket of its own.
//!
//! What is published bears a mark with its number, and every reader notes when it saw which: so the time from the first
//! byte of the publishing to each reader is exact, and what is missing, repeated or out of order shows.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use memchr::memmem;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// What a mark begins with; eight digits follow.
pub const MARK: &str = "mark-";
const DIGITS: usize = 8;
const WHOLE: usize = MARK.len() + DIGITS;

/// Sockets that connect at the same time.
const AT_ONCE: usize = 256;

/// How long a reader waits after its server was not there.
const AGAIN: Duration = Duration::from_millis(500);

/// When each event was published, and by how many readers it was seen.
pub struct Book {
    start: Instant,
    sent: Vec<AtomicU64>,
    seen: Vec<AtomicUsize>,
}

impl Book {
    /// Room for so many events; the first is number one.
    pub fn new(events: usize) -> Book {
        Book {
            start: Instant::now(),
            sent: (0..=events).map(|_| AtomicU64::new(0)).collect(),
            seen: (0..=events).map(|_| AtomicUsize::new(0)).collect(),
        }
    }

    /// Notes that an event is published from now on.
    pub fn sent(&self, number: usize) {
        self.sent[number].store(self.start.elapsed().as_nanos() as u64, Ordering::Release);
    }

    /// By how many readers an event was seen.
    pub fn seen(&self, number: usize) -> usize {
        self.seen[number].load(Ordering::Acquire)
    }

    /// Notes that a reader saw an event; how many microseconds after it was published.
    fn saw(&self, number: usize, now: Instant) -> u32 {
        let at = now.duration_since(self.start).as_nanos() as u64;
        self.seen[number].fetch_add(1, Ordering::AcqRel);
        (at.saturating_sub(self.sent[number].load(Ordering::Acquire)) / 1_000) as u32
    }
}

/// The readers.
pub struct Crowd<'a> {
    address: SocketAddr,
    path: &'static str,
    book: &'a Book,
    poll: Poll,
    readers: Vec<Reader>,
    /// Whether some of them may have no stream that has begun.
    is_gathering: bool,
    /// Room for what comes in, after room for the rest of what came before.
    room: Vec<u8>,
    /// From publishing to each reader, of every event.
    pub delays: Vec<Delay>,
    /// Events that a reader did not get before a later one.
    pub lost: usize,
    /// Events that came after a later one.
    pub disordered: usize,
    /// How often something was received: what was sent together is received together.
    pub reads: usize,
    /// Milliseconds from its end to the first byte of each reader's next stream.
    pub returns: Vec<u32>,
}

/// How long one event took to one reader.
pub struct Delay {
    /// The event's number.
    pub event: u32,
    /// How long.
    pub micros: u32,
}

struct Reader {
    state: State,
    /// The end of what came last, which may be the beginning of a mark.
    rest: Vec<u8>,
    /// The number of the newest event.
    last: usize,
    /// The id of the newest event, where there are ids.
    cursor: Option<String>,
    /// When its stream ended.
    ended: Option<Instant>,
    /// How long to stay away, as the server asked.
    away: Option<Duration>,
}

enum State {
    Away(Instant),
    Connecting(TcpStream),
    Open(TcpStream, bool),
}

impl<'a> Crowd<'a> {
    /// So many readers, who are not there yet.
    pub fn new(
        address: SocketAddr,
        path: &'static str,
        size: usize,
        book: &'a Book,
    ) -> io::Result<Crowd<'a>> {
        let reader = |_| Reader {
            state: State::Away(Instant::now()),
            rest: Vec::new(),
            last: 0,
            cursor: None,
            ended: None,
            away: None,
        };
        Ok(Crowd {
            address,
            path,
            book,
            poll: Poll::new()?,
            readers: (0..size).map(reader).collect(),
            is_gathering: true,
            room: vec![0; WHOLE + 256 * 1024],
            delays: Vec::new(),
            lost: 0,
            disordered: 0,
            reads: 0,
            returns: Vec::new(),
        })
    }

    /// Microseconds of each delivery of these events.
    pub fn delays_of(&self, events: std::ops::RangeInclusive<usize>) -> Vec<u32> {
        let of_these = |delay: &&Delay| events.contains(&(delay.event as usize));
        let found = self.delays.iter().filter(of_these);
        found.map(|delay| delay.micros).collect()
    }

    /// How many have a stream that has begun.
    pub fn present(&self) -> usize {
        let present = |reader: &&Reader| matches!(reader.state, State::Open(_, true));
        self.readers.iter().filter(present).count()
    }

    /// Those who have not seen that event as their newest.
    pub fn behind(&self, number: usize) -> usize {
        self.readers
            .iter()
            .filter(|reader| reader.last < number)
            .count()
    }

    /// Those whose newest event has another id.
    pub fn apart_from(&self, id: &str) -> usize {
        let apart = |reader: &&Reader| reader.cursor.as_deref() != Some(id);
        self.readers.iter().filter(apart).count()
    }

    /// How many events after their newest the readers have not seen, up to that one.
    pub fn missing(&self, number: usize) -> usize {
        self.readers
            .iter()
            .map(|reader| number.saturating_sub(reader.last))
            .sum()
    }

    /// Has all readers open their streams. Errors: they did not within three minutes.
    pub fn arrive(&mut self) -> io::Result<()> {
        let until = Instant::now() + Duration::from_secs(180);
        while self.present() < self.readers.len() {
            if Instant::now() > until {
                let present = self.present();
                return Err(io::Error::other(format!(
                    "only {present} streams could be opened"
                )));
            }
            self.turn(Duration::from_millis(20))?;
        }
        Ok(())
    }

    /// Reads on until `done`.
    pub fn read_until(&mut self, mut done: impl FnMut(&Crowd) -> bool) -> io::Result<()> {
        while !done(self) {
            self.turn(Duration::from_millis(20))?;
        }
        Ok(())
    }

    /// Receives what there is, and sends on their way those whose time it is.
    fn turn(&mut self, wait: Duration) -> io::Result<()> {
        self.set_out()?;
        let mut events = Events::with_capacity(1024);
        match self.poll.poll(&mut events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        for event in &events {
            let at = event.token().0;
            if matches!(self.readers[at].state, State::Connecting(_)) && event.is_writable() {
                self.ask(at);
            }
            if event.is_readable() || event.is_read_closed() {
                self.receive(at, event.is_read_closed());
            }
        }
        Ok(())
    }

    fn set_out(&mut self) -> io::Result<()> {
        if !self.is_gathering {
            return Ok(());
        }
        let now = Instant::now();
        let connecting =
            |reader: &&Reader| matches!(reader.state, State::Connecting(_) | State::Open(_, false));
        let mut free = AT_ONCE.saturating_sub(self.readers.iter().filter(connecting).count());
        self.is_gathering = self.present() < self.readers.len();
        for (at, reader) in self.readers.iter_mut().enumerate() {
            if free == 0 {
                break;
            }
            if matches!(reader.state, State::Away(until) if until <= now) {
                let mut socket = TcpStream::connect(self.address)?;
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.poll
                    .registry()
                    .register(&mut socket, Token(at), interest)?;
                reader.state = State::Connecting(socket);
                free -= 1;
            }
        }
        Ok(())
    }

    /// Sends the request of a reader whose connection stands.
    fn ask(&mut self, at: usize) {
        let reader = &mut self.readers[at];
        let State::Connecting(socket) = &mut reader.state else {
            return;
        };
        let cursor = reader
            .cursor
            .as_ref()
            .map(|id| format!("Last-Event-ID: {id}\r\n"));
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n{}\r\n",
            self.path,
            cursor.unwrap_or_default()
        );
        let away = State::Away(Instant::now() + AGAIN);
        let sent = socket
            .peer_addr()
            .and_then(|_| socket.write_all(request.as_bytes()));
        reader.state = match (sent, std::mem::replace(&mut reader.state, away)) {
            (Ok(()), State::Connecting(socket)) => State::Open(socket, false),
            (_, State::Connecting(_)) => State::Away(Instant::now() + AGAIN),
            (_, state) => state,
        };
    }

    /// Receives what has come for a reader; to its end, if that is known to have come as well.
    fn receive(&mut self, at: usize, is_closed: bool) {
        loop {
            let reader = &mut self.readers[at];
            let socket = match &mut reader.state {
                State::Open(socket, _) => socket,
                State::Connecting(_) => {
                    reader.state = State::Away(Instant::now() + AGAIN); // nobody listens
                    return;
                }
                State::Away(_) => return,
            };
            match socket.read(&mut self.room[WHOLE..]) {
                Ok(0) => return self.end(at),
                Ok(size) => {
                    self.take(at, size);
                    if size < self.room.len() - WHOLE && !is_closed {
                        return; // a socket that gives less than there is room for has given all
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return self.end(at),
            }
        }
    }

    fn end(&mut self, at: usize) {
        self.is_gathering = true;
        let reader = &mut self.readers[at];
        reader.ended.get_or_insert_with(Instant::now);
        let away = reader.away.take().unwrap_or(AGAIN);
        reader.state = State::Away(Instant::now() + away);
        reader.rest.clear();
    }

    /// Notes what is in the `size` bytes that a reader has received.
    fn take(&mut self, at: usize, size: usize) {
        let now = Instant::now();
        self.reads += 1;
        let reader = &mut self.readers[at];
        if let State::Open(_, begun @ false) = &mut reader.state {
            *begun = true;
            let back = reader
                .ended
                .take()
                .map(|ended| now.duration_since(ended).as_millis() as u32);
            self.returns.extend(back);
        }
        let from = WHOLE - reader.rest.len();
        self.room[from..WHOLE].copy_from_slice(&reader.rest);
        let heard = &self.room[from..WHOLE + size];
        let mut done = 0;
        for found in memmem::find_iter(heard, MARK.as_bytes()) {
            let Some(number) = heard
                .get(found + MARK.len()..found + WHOLE)
                .and_then(number)
            else {
                continue;
            };
            done = found + WHOLE;
            if number > reader.last {
                self.lost += number - reader.last - 1;
                reader.last = number;
                let (event, micros) = (number as u32, self.book.saw(number, now));
                self.delays.push(Delay { event, micros });
            } else if number < reader.last {
                self.disordered += 1;
            }
        }
        note(reader, heard);
        let keep = heard.len().saturating_sub(WHOLE - 1).max(done);
        reader.rest.clear();
        reader.rest.extend_from_slice(&heard[keep..]);
    }
}

/// Keeps what a browser would: the newest id, and how long the server asks it to stay away.
fn note(reader: &mut Reader, heard: &[u8]) {
    let line = |from: usize| {
        let line = &heard[from..];
        let end = memchr::memchr(b'\n', line)?;
        std::str::from_utf8(&line[..end]).ok().map(str::to_owned)
    };
    if let Some(at) = memmem::rfind(heard, b"\nid: ") {
        reader.cursor = line(at + 5).or(reader.cursor.take());
    }
    if memmem::find(heard, b"event: bye").is_some()
        && let Some(at) = memmem::find(heard, b"\"after\":")
    {
        let digits = heard[at + 8..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit());
        let after = digits.fold(0, |all, digit| all * 10 + u64::from(digit - b'0'));
        reader.away = Some(Duration::from_millis(after));
    }
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The mark of an event.
pub fn mark(number: usize) -> String {
    format!("{MARK}{number:0DIGITS$}")
}
