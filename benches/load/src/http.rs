//! A client with one connection, which waits for each answer.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One connection, kept.
pub struct Client {
    socket: TcpStream,
    /// What a visitor's browser would send back.
    cookie: Option<String>,
}

impl Client {
    /// Connects.
    pub fn to(address: SocketAddr) -> io::Result<Client> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Client {
            socket,
            cookie: None,
        })
    }

    /// Sends a request, and reads the answer to its end. Errors: what the system answers, and a status that refuses.
    pub fn ask(&mut self, request: &Request) -> io::Result<Vec<u8>> {
        self.socket
            .write_all(&request.bytes(self.cookie.as_deref()))?;
        let (mut answer, mut part) = (Vec::new(), [0; 16 * 1024]);
        loop {
            if let Some(whole) = Parsed::of(&answer).filter(|parsed| parsed.is_whole(&answer)) {
                self.cookie = whole.cookie.or(self.cookie.take());
                return match whole.status {
                    200..400 => Ok(answer.split_off(whole.head)),
                    refused => Err(io::Error::other(format!(
                        "{} was answered with {refused}",
                        request.path
                    ))),
                };
            }
            match self.socket.read(&mut part)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => answer.extend_from_slice(&part[..read]),
            }
        }
    }
}

/// What to ask.
pub struct Request {
    /// Its first word.
    pub method: &'static str,
    /// Where.
    pub path: String,
    /// A form, or whatever a peer takes.
    pub body: Option<String>,
    /// What the body is.
    kind: &'static str,
    /// Whether the answer is to be JSON.
    wants_json: bool,
}

impl Request {
    /// A page.
    pub fn get(path: &str) -> Request {
        Request {
            method: "GET",
            path: path.into(),
            body: None,
            kind: "",
            wants_json: false,
        }
    }

    /// A form.
    pub fn post(path: &str, body: String) -> Request {
        Request {
            method: "POST",
            path: path.into(),
            body: Some(body),
            kind: "application/x-www-form-urlencoded",
            wants_json: false,
        }
    }

    /// What a script sends.
    pub fn json(path: &str, body: String) -> Request {
        Request {
            kind: "application/json",
            ..Request::post(path, body)
        }
    }

    /// The same, for an answer in JSON.
    pub fn wanting_json(self) -> Request {
        Request {
            wants_json: true,
            ..self
        }
    }

    /// As it is sent.
    pub fn bytes(&self, cookie: Option<&str>) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\n",
            self.method, self.path
        );
        if let Some(cookie) = cookie {
            head += &format!("Cookie: {cookie}\r\n");
        }
        if self.wants_json {
            head += "Accept: application/json\r\n";
        }
        if let Some(body) = &self.body {
            let kind = self.kind;
            head += &format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        head += self.body.as_deref().unwrap_or_default();
        head.into_bytes()
    }
}

/// The head of an answer.
pub struct Parsed {
    /// The number in its first line.
    pub status: u16,
    /// Its bytes, the empty line included.
    pub head: usize,
    /// How long the body is; `None` if it comes in chunks.
    length: Option<usize>,
    /// The cookie that it sets.
    pub cookie: Option<String>,
}

impl Parsed {
    /// Reads the head, once all of it is there.
    pub fn of(answer: &[u8]) -> Option<Parsed> {
        let head = memchr::memmem::find(answer, b"\r\n\r\n")? + 4;
        let text = std::str::from_utf8(&answer[..head]).ok()?;
        let status = text.get(9..12)?.parse().ok()?;
        let (mut length, mut cookie) = ((status == 204).then_some(0), None);
        for line in text.lines().skip(1) {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            } else if name.eq_ignore_ascii_case("set-cookie") {
                cookie = value.trim().split(';').next().map(str::to_owned);
            }
        }
        Some(Parsed {
            status,
            head,
            length,
            cookie,
        })
    }

    /// Whether the body is there as well.
    pub fn is_whole(&self, answer: &[u8]) -> bool {
        match self.length {
            Some(length) => answer.len() >= self.head + length,
            None => answer.ends_with(b"0\r\n\r\n"),
        }
    }
}
