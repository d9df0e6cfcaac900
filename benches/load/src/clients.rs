//! Clients who ask and wait for the answer: on one thread, so that the load costs little itself.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::http::{Parsed, Request};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Default)]
pub struct Outcome {
    /// Microseconds of each answer that was as hoped.
    pub delays: Vec<u32>,
    /// Answers that were not.
    pub refused: usize,
    /// From the first request to the last answer, in seconds.
    pub took: f64,
}

impl Outcome {
    /// Good answers in a second.
    pub fn rate(&self) -> f64 {
        self.delays.len() as f64 / self.took
    }

    fn note(&mut self, is_good: bool, since: Instant) {
        match is_good {
            true => self.delays.push(since.elapsed().as_micros() as u32),
            false => self.refused += 1,
        }
    }
}

/// Has `size` clients ask again and again for so long, or until there were `most` answers. The n-th request of all is
/// `make(n)`; an answer is good if its status is one of `good`.
pub fn ask(
    address: SocketAddr,
    size: usize,
    time: Duration,
    most: usize,
    good: &[u16],
    mut make: impl FnMut(usize) -> Request,
) -> io::Result<Outcome> {
    let mut group = Group::of(address, size)?;
    let (mut outcome, start, mut asked) = (Outcome::default(), Instant::now(), 0);
    for client in &mut group.clients {
        asked += 1;
        client.ask(&make(asked), Instant::now())?;
    }
    let mut waiting = size;
    while waiting > 0 {
        let answers = group.answers(PATIENCE)?;
        if answers.is_empty() {
            return Err(io::Error::other("nothing was answered for half a minute"));
        }
        for (at, status) in answers {
            let client = &mut group.clients[at];
            outcome.note(good.contains(&status), client.asked);
            if start.elapsed() < time && asked < most {
                asked += 1;
                client.ask(&make(asked), Instant::now())?;
            } else {
                waiting -= 1;
            }
        }
    }
    outcome.took = start.elapsed().as_secs_f64();
    Ok(outcome)
}

/// Has `size` clients read a page of `paths` in turn, one every so often whether the one before is answered or not, until
/// `done`. The time of an answer counts from when it was due to be asked for.
pub fn visit(
    address: SocketAddr,
    size: usize,
    every: Duration,
    paths: &[&str],
    done: impl Fn() -> bool,
) -> io::Result<Outcome> {
    let mut group = Group::of(address, size)?;
    let (mut outcome, start, mut asked) = (Outcome::default(), Instant::now(), 0);
    let mut idle: VecDeque<usize> = (0..size).collect();
    while !done() || idle.len() < size {
        let due = start + every * asked as u32;
        let now = Instant::now();
        if due <= now
            && !done()
            && let Some(at) = idle.pop_front()
        {
            let path = paths[asked % paths.len()];
            // Up to that much late is the load's own timer.
            let is_late = now.duration_since(due) > Duration::from_millis(2);
            group.clients[at].ask(&Request::get(path), if is_late { due } else { now })?;
            asked += 1;
            continue;
        }
        let wait = due.saturating_duration_since(now);
        let wait = wait.clamp(Duration::from_micros(100), Duration::from_millis(20));
        for (at, status) in group.answers(wait)? {
            outcome.note(status == 200, group.clients[at].asked);
            idle.push_back(at);
        }
        let oldest = group.clients.iter().filter(|client| client.is_waiting);
        if oldest.map(|client| client.asked.elapsed()).max() > Some(PATIENCE) {
            return Err(io::Error::other("a page did not come for half a minute"));
        }
    }
    outcome.took = start.elapsed().as_secs_f64();
    Ok(outcome)
}

/// Clients with a connection each.
struct Group {
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
    room: Vec<u8>,
}

impl Group {
    fn of(address: SocketAddr, size: usize) -> io::Result<Group> {
        let poll = Poll::new()?;
        let mut clients = Vec::with_capacity(size);
        for at in 0..size {
            let socket = std::net::TcpStream::connect(address)?;
            socket.set_nodelay(true)?;
            socket.set_nonblocking(true)?;
            let mut socket = TcpStream::from_std(socket);
            poll.registry()
                .register(&mut socket, Token(at), Interest::READABLE)?;
            clients.push(Client {
                socket,
                cookie: None,
                answer: Vec::new(),
                asked: Instant::now(),
                is_waiting: false,
            });
        }
        Ok(Group {
            poll,
            events: Events::with_capacity(1024),
            clients,
            room: vec![0; 256 * 1024],
        })
    }

    /// The clients whose answers have become whole, and their status; none if nothing came.
    fn answers(&mut self, wait: Duration) -> io::Result<Vec<(usize, u16)>> {
        let until = Instant::now() + wait;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.poll.poll(&mut self.events, Some(left)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let mut answers = Vec::new();
            for event in &self.events {
                let at = event.token().0;
                let status = self.clients[at].receive(&mut self.room)?;
                answers.extend(status.map(|status| (at, status)));
            }
            if !answers.is_empty() || Instant::now() >= until {
                return Ok(answers);
            }
        }
    }
}

struct Client {
    socket: TcpStream,
    cookie: Option<String>,
    answer: Vec<u8>,
    asked: Instant,
    is_waiting: bool,
}

impl Client {
    /// Sends a request; its time counts from `since`.
    fn ask(&mut self, request: &Request, since: Instant) -> io::Result<()> {
        self.answer.clear();
        (self.asked, self.is_waiting) = (since, true);
        self.socket
            .write_all(&request.bytes(self.cookie.as_deref()))
    }

    /// Receives what there is; the status once the answer is whole.
    fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<u16>> {
        loop {
            match self.socket.read(room) {
                Ok(0) if !self.is_waiting => return Ok(None),
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(size) => self.answer.extend_from_slice(&room[..size]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        if !self.is_waiting {
            return Ok(None);
        }
        let whole = Parsed::of(&self.answer).filter(|parsed| parsed.is_whole(&self.answer));
        Ok(whole.map(|parsed| {
            self.is_waiting = false;
            self.cookie = parsed.cookie.or(self.cookie.take());
            parsed.status
        }))
    }
}
