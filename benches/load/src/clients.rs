//! Clients who each ask, wait for the answer, and ask again: on one thread, so that the load costs little itself.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::http::{Parsed, Request};

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
}

struct Client {
    socket: TcpStream,
    cookie: Option<String>,
    answer: Vec<u8>,
    asked: Instant,
}

/// Has `size` clients ask for so long, or until there were `most` answers. The n-th request of all is `make(n)`; an answer is
/// good if its status is one of `good`.
pub fn ask(
    address: SocketAddr,
    size: usize,
    time: Duration,
    most: usize,
    good: &[u16],
    mut make: impl FnMut(usize) -> Request,
) -> io::Result<Outcome> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let (mut outcome, start, mut asked) = (Outcome::default(), Instant::now(), 0);
    let mut clients = Vec::with_capacity(size);
    for at in 0..size {
        let socket = std::net::TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let mut socket = TcpStream::from_std(socket);
        poll.registry()
            .register(&mut socket, Token(at), Interest::READABLE)?;
        let mut client = Client {
            socket,
            cookie: None,
            answer: Vec::new(),
            asked: start,
        };
        asked += 1;
        client.ask(&make(asked))?;
        clients.push(client);
    }
    let (mut room, mut waiting) = (vec![0; 256 * 1024], size);
    while waiting > 0 {
        match poll.poll(&mut events, Some(Duration::from_secs(30))) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        if events.is_empty() {
            return Err(io::Error::other("nothing was answered for half a minute"));
        }
        for event in &events {
            let client = &mut clients[event.token().0];
            let Some(status) = client.receive(&mut room)? else {
                continue;
            };
            match good.contains(&status) {
                true => outcome
                    .delays
                    .push(client.asked.elapsed().as_micros() as u32),
                false => outcome.refused += 1,
            }
            if start.elapsed() < time && asked < most {
                asked += 1;
                client.ask(&make(asked))?;
            } else {
                waiting -= 1;
            }
        }
    }
    outcome.took = start.elapsed().as_secs_f64();
    Ok(outcome)
}

impl Client {
    fn ask(&mut self, request: &Request) -> io::Result<()> {
        self.answer.clear();
        self.asked = Instant::now();
        self.socket
            .write_all(&request.bytes(self.cookie.as_deref()))
    }

    /// Receives what there is; the status once the answer is whole.
    fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<u16>> {
        loop {
            match self.socket.read(room) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(size) => self.answer.extend_from_slice(&room[..size]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let whole = Parsed::of(&self.answer).filter(|parsed| parsed.is_whole(&self.answer));
        Ok(whole.map(|parsed| {
            self.cookie = parsed.cookie.or(self.cookie.take());
            parsed.status
        }))
    }
}
