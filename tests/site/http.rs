//! A small blocking HTTP/1.1 client: one connection, one answer at a time.
//!
//! Written here because the stories need what ordinary clients hide: raw request bytes, a connection cut on
//! purpose, the first byte of a stream. Every read and write has a deadline.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::page::Page;

/// How long any single answer may take before the story fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a form calls itself.
pub const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// Where a server listens.
#[derive(Clone, Debug)]
pub enum Address {
    /// A port of this machine.
    Port(SocketAddr),
    /// A Unix socket: what the proxy of the stories listens on, so that nobody has to guess a free port.
    File(PathBuf),
}

impl Address {
    /// Opens a connection whose reads and writes give up after [`PATIENCE`].
    pub fn connect(&self) -> io::Result<Wire> {
        let wire = match self {
            Address::Port(address) => {
                let stream = TcpStream::connect_timeout(address, PATIENCE)?;
                stream.set_nodelay(true)?;
                Wire::Port(stream)
            }
            Address::File(path) => Wire::File(UnixStream::connect(path)?),
        };
        wire.give_up_after(PATIENCE)?;
        Ok(wire)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Address::Port(address) => address.fmt(f),
            Address::File(_) => f.write_str("localhost"),
        }
    }
}

/// An open connection.
#[derive(Debug)]
pub enum Wire {
    /// To a port.
    Port(TcpStream),
    /// To a Unix socket.
    File(UnixStream),
}

impl Wire {
    /// Sets the deadline of each following read and write.
    pub fn give_up_after(&self, wait: Duration) -> io::Result<()> {
        let wait = Some(wait.max(Duration::from_millis(1)));
        match self {
            Wire::Port(stream) => stream
                .set_read_timeout(wait)
                .and(stream.set_write_timeout(wait)),
            Wire::File(stream) => stream
                .set_read_timeout(wait)
                .and(stream.set_write_timeout(wait)),
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Port(stream) => stream.read(buffer),
            Wire::File(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Port(stream) => stream.write(bytes),
            Wire::File(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Status line and headers.
#[derive(Clone, Debug)]
pub struct Head {
    /// The status code.
    pub status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    /// Reads up to the empty line.
    pub fn read(from: &mut impl BufRead) -> io::Result<Head> {
        let status_line = read_line(from)?;
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| broken(format!("no status line: {status_line:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = read_line(from)?;
            if line.is_empty() {
                return Ok(Head { status, headers });
            }
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| broken(format!("no header: {line:?}")))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a header, by its lower-case name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every header as it came, a line each, the names in lower case.
    pub fn lines(&self) -> String {
        let lines = self.headers.iter();
        lines
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect()
    }

    /// Whether the body comes in chunks.
    pub fn is_chunked(&self) -> bool {
        self.header("transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status and headers.
    pub head: Head,
    /// The body as it came, without its chunks.
    pub body: Vec<u8>,
}

impl Answer {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }

    /// The body as a page to look into.
    pub fn page(&self) -> Page {
        Page::new(&self.text())
    }

    /// The same answer, once it is known to have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status(), status, "unexpected answer: {}", self.gist());
        self
    }

    /// What it says, without its markup.
    fn gist(&self) -> String {
        let text = self.text();
        let text = if text.starts_with("<!doctype html") {
            self.page().text("main")
        } else {
            text
        };
        text.chars().take(600).collect()
    }

    /// Where the answer sends the browser.
    #[track_caller]
    pub fn location(&self) -> &str {
        self.header("location")
            .unwrap_or_else(|| panic!("{} without Location: {}", self.status(), self.gist()))
    }
}

/// A connection that is kept alive between requests.
pub struct Connection {
    wire: BufReader<Wire>,
    host: String,
}

impl Connection {
    /// Connects to a server.
    pub fn open(address: &Address) -> io::Result<Connection> {
        Ok(Connection {
            wire: BufReader::new(address.connect()?),
            host: address.to_string(),
        })
    }

    /// The same connection with more time for each answer.
    pub fn give_up_after(self, wait: Duration) -> io::Result<Connection> {
        self.wire.get_ref().give_up_after(wait)?;
        Ok(self)
    }

    /// Sends a request and reads the whole answer.
    ///
    /// Errors: whatever the socket says, also when the server closes half way.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let request = request(method, path, &self.host, headers, body);
        self.wire.get_mut().write_all(&request)?;
        read_answer(&mut self.wire, method)
    }

    /// Sends a form as a stranger who has no browser.
    ///
    /// Errors: as `send`.
    pub fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> io::Result<Answer> {
        self.send("POST", path, &[FORM], encode(fields).as_bytes())
    }
}

/// Fields as a form sends them.
pub fn encode(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// The bytes of a request. `Host` and `Content-Length` are ours unless the caller names them.
pub fn request(
    method: &str,
    path: &str,
    host: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let named = |name: &str| {
        headers
            .iter()
            .any(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    if !named("host") {
        head.push_str(&format!("Host: {host}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let has_body = !body.is_empty() || method == "POST";
    if has_body && !named("content-length") && !named("transfer-encoding") {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// Reads one answer, and passes over `1xx` before it.
pub fn read_answer(wire: &mut BufReader<Wire>, method: &str) -> io::Result<Answer> {
    let mut head = Head::read(wire)?;
    while head.status < 200 {
        head = Head::read(wire)?;
    }
    let empty = method == "HEAD" || head.status == 204 || head.status == 304;
    let mut body = Vec::new();
    if empty {
        return Ok(Answer { head, body });
    }
    if head.is_chunked() {
        while let Some(chunk) = read_chunk(wire)? {
            body.extend(chunk);
        }
    } else if let Some(length) = head.header("content-length") {
        let length = length
            .parse()
            .map_err(|_| broken(format!("no length: {length:?}")))?;
        body.resize(length, 0);
        wire.read_exact(&mut body)?;
    } else {
        wire.read_to_end(&mut body)?;
    }
    Ok(Answer { head, body })
}

/// One chunk of a chunked body; `None` after the last.
///
/// Source: RFC 9112, section 7.1.
pub fn read_chunk(wire: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let size = read_line(wire)?;
    let digits = size.split(';').next().unwrap_or_default().trim();
    let length = usize::from_str_radix(digits, 16)
        .map_err(|_| broken(format!("no chunk size: {size:?}")))?;
    let mut chunk = vec![0; length];
    wire.read_exact(&mut chunk)?;
    let end = read_line(wire)?;
    if !end.is_empty() {
        return Err(broken(format!("a chunk ends with {end:?}")));
    }
    Ok((length > 0).then_some(chunk))
}

fn read_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8(line).map_err(|_| broken("a line is not UTF-8".to_owned()))
}

fn broken(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
