//! A raw client of the event streams: no browser, no library, every byte accounted for.
//!
//! It splits lines at CR, LF and CRLF exactly as browsers do, so a comment that forges a line forges it here too.
//! Source: WHATWG HTML, "Server-sent events", section 9.2.6.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Write};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{self, Address, Answer, Head, PATIENCE, Wire};

/// One block of a stream, between two empty lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// The `id` field, if the block has one.
    pub id: Option<i64>,
    /// The `event` field; empty where there is none.
    pub event: String,
    /// The `data` field as JSON; null where there is none.
    pub data: Value,
    /// The `retry` field in milliseconds.
    pub retry: Option<u64>,
}

impl Block {
    /// The comment this block is about, by id.
    pub fn comment(&self) -> i64 {
        let comment = &self.data["comment"];
        let id = comment.as_i64().or_else(|| comment["id"].as_i64());
        id.unwrap_or_else(|| panic!("no comment in {self:?}"))
    }

    /// The markup that the block brings.
    pub fn html(&self) -> &str {
        self.data["html"]
            .as_str()
            .unwrap_or_else(|| panic!("no html in {self:?}"))
    }

    /// Whether the block is an event of the log, not a sign of life.
    fn is_recorded(&self) -> bool {
        self.id.is_some() && !self.event.is_empty()
    }
}

/// Splits bytes into blocks.
#[derive(Default)]
pub struct Parser {
    started: bool,
    after_cr: bool,
    line: Vec<u8>,
    block: Block,
    data: Option<String>,
    open: bool,
}

impl Parser {
    /// Takes the next bytes and returns the blocks that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Block> {
        let mut blocks = Vec::new();
        for &byte in bytes {
            let second_half_of_crlf = byte == b'\n' && self.after_cr;
            self.after_cr = byte == b'\r';
            if second_half_of_crlf {
                continue;
            }
            if byte == b'\r' || byte == b'\n' {
                blocks.extend(self.end_line());
            } else {
                self.line.push(byte);
            }
        }
        blocks
    }

    fn end_line(&mut self) -> Option<Block> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8(line).expect("a stream is UTF-8");
        let line = if self.started {
            line.as_str()
        } else {
            line.trim_start_matches('\u{feff}')
        };
        self.started = true;
        if line.is_empty() {
            return self.end_block();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        self.open |= !field.is_empty();
        match field {
            "" => {} // a comment
            "id" => {
                self.block.id = Some(value.parse().unwrap_or_else(|_| panic!("no id: {line:?}")))
            }
            "event" => value.clone_into(&mut self.block.event),
            "retry" => {
                self.block.retry = Some(
                    value
                        .parse()
                        .unwrap_or_else(|_| panic!("no retry: {line:?}")),
                )
            }
            "data" => match &mut self.data {
                Some(data) => *data = format!("{data}\n{value}"),
                None => self.data = Some(value.to_owned()),
            },
            _ => panic!("a field that no stream of ours has: {line:?}"),
        }
        None
    }

    fn end_block(&mut self) -> Option<Block> {
        let mut block = std::mem::take(&mut self.block);
        if let Some(data) = self.data.take() {
            block.data =
                serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error} in {data:?}"));
        }
        std::mem::take(&mut self.open).then_some(block)
    }
}

/// An open stream and its cursor.
pub struct Stream {
    wire: BufReader<Wire>,
    parser: Parser,
    waiting: VecDeque<Block>,
    /// Status and headers of the answer.
    pub head: Head,
    /// The first block: `hello`, or `reset` where the cursor is no good.
    pub hello: Block,
    /// How long the first block took, from before the connection was opened.
    pub hello_took: Duration,
    /// The id of the newest block seen: the cursor to come back with.
    pub cursor: i64,
}

impl Stream {
    /// Opens a stream and reads its first block. `Accept` is ours unless the caller names it. `Err` holds an answer that is no stream.
    pub fn open(
        address: &Address,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Stream, Box<Answer>> {
        Stream::try_open(address, path, headers).expect("the server answers with a stream")
    }

    /// The same where no server may be there at the moment.
    pub fn try_open(
        address: &Address,
        path: &str,
        headers: &[(&str, &str)],
    ) -> io::Result<Result<Stream, Box<Answer>>> {
        let asked = Instant::now();
        let mut wire = BufReader::new(address.connect()?);
        let ours: &[_] = match headers.iter().any(|(name, _)| *name == "Accept") {
            true => &[],
            false => &[("Accept", "text/event-stream")],
        };
        let headers = [ours, headers].concat();
        let request = http::request("GET", path, &address.to_string(), &headers, b"");
        wire.get_mut().write_all(&request)?;
        let head = Head::read(&mut wire)?;
        if head.status != 200 {
            let body = Vec::new();
            return Ok(Err(Box::new(Answer { head, body })));
        }
        let (parser, waiting) = (Parser::default(), VecDeque::new());
        let (hello, hello_took) = (Block::default(), Duration::ZERO);
        let mut stream = Stream {
            wire,
            parser,
            waiting,
            head,
            hello,
            hello_took,
            cursor: 0,
        };
        stream.hello = stream.block()?;
        stream.hello_took = asked.elapsed();
        stream.cursor = stream.hello.data["head"].as_i64().unwrap_or(0);
        Ok(Ok(stream))
    }

    /// The next block of any kind, within [`PATIENCE`].
    ///
    /// Errors: the stream ended, broke off, or nothing came in time.
    pub fn block(&mut self) -> io::Result<Block> {
        self.block_before(Instant::now() + PATIENCE)
    }

    /// The next event of the log.
    #[track_caller]
    pub fn next(&mut self) -> Block {
        match self.try_next() {
            Ok(block) => block,
            Err(error) => panic!("no event came: {error}"),
        }
    }

    /// The next event of the log, or why there is none.
    pub fn try_next(&mut self) -> io::Result<Block> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let block = self.block_before(deadline)?;
            if block.is_recorded() {
                return Ok(block);
            }
        }
    }

    /// The next block with this name; others are passed over.
    #[track_caller]
    pub fn next_of(&mut self, event: &str) -> Block {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.block_before(deadline) {
                Ok(block) if block.event == event => return block,
                Ok(_) => {}
                Err(error) => panic!("no {event} came: {error}"),
            }
        }
    }

    /// Every event of the log up to the one with this id, or the checkpoint that passes it.
    #[track_caller]
    pub fn up_to(&mut self, id: i64) -> Vec<Block> {
        let deadline = Instant::now() + PATIENCE;
        let mut events = Vec::new();
        let mut reached = 0;
        while reached < id {
            let block = self
                .block_before(deadline)
                .unwrap_or_else(|error| panic!("{id} was not reached: {error}"));
            reached = block.id.unwrap_or(reached);
            events.extend(Some(block).filter(Block::is_recorded));
        }
        events
    }

    /// Watches for this long, and fails the story if an event of the log comes.
    #[track_caller]
    pub fn stays_silent_for(&mut self, wait: Duration) {
        let deadline = Instant::now() + wait;
        loop {
            match self.block_before(deadline) {
                Ok(block) => assert!(!block.is_recorded(), "silence was expected, not {block:?}"),
                Err(error) if is_timeout(&error) => return,
                Err(error) => panic!("the stream broke: {error}"),
            }
        }
    }

    /// Reads to the end of the stream.
    #[track_caller]
    pub fn rest(mut self) -> Vec<Block> {
        let mut blocks = Vec::new();
        loop {
            match self.block() {
                Ok(block) => blocks.push(block),
                Err(error) if is_timeout(&error) => {
                    panic!("the stream stays open; last: {:?}", blocks.last())
                }
                Err(_) => return blocks,
            }
        }
    }

    /// Leaves, as a closed tab does.
    pub fn close(self) {}

    fn block_before(&mut self, deadline: Instant) -> io::Result<Block> {
        loop {
            if let Some(block) = self.waiting.pop_front() {
                self.cursor = block.id.unwrap_or(self.cursor);
                return Ok(block);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.wire.get_ref().give_up_after(left)?;
            let bytes = self.bytes()?;
            self.waiting.extend(self.parser.feed(&bytes));
        }
    }

    /// What has arrived: a chunk, or, from a proxy or an old server, whatever is there.
    fn bytes(&mut self) -> io::Result<Vec<u8>> {
        let end = || io::Error::from(io::ErrorKind::UnexpectedEof);
        // Waiting here, before the chunk is begun, so that a deadline never cuts a chunk in two.
        let ready = self.wire.fill_buf()?.to_vec();
        if ready.is_empty() {
            return Err(end());
        }
        if self.head.is_chunked() {
            self.wire.get_ref().give_up_after(PATIENCE)?;
            return http::read_chunk(&mut self.wire)?.ok_or_else(end);
        }
        self.wire.consume(ready.len());
        Ok(ready)
    }
}

/// Whether nothing came in time, rather than never.
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
    )
}

#[test]
fn lines_end_at_cr_lf_and_crlf_even_when_a_read_cuts_them() {
    let mut parser = Parser::default();
    let cut = [
        "\u{feff}id: 1\r",
        "\nevent: a\rdata: {}\n\r",
        "\n: nothing\n\nid: 2\r\r",
    ];
    let blocks: Vec<_> = cut
        .iter()
        .flat_map(|bytes| parser.feed(bytes.as_bytes()))
        .collect();
    let named: Vec<_> = blocks
        .iter()
        .map(|block| (block.id, block.event.as_str()))
        .collect();
    assert_eq!(named, [(Some(1), "a"), (Some(2), "")]);
}
