//! A web server on loopback that does what it is told: honest answers, and every way to break one.
//!
//! Raw sockets on threads, so that a reply can be wrong in any byte and at any time. It logs what it was
//! asked. Paths are matched with their query first, then without.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bongsu::clock::Clock;
use jiff::Timestamp;

/// A request as received.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query, byte for byte.
    pub target: String,
    /// In order, names as sent, values raw.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, chunks joined.
    pub body: Vec<u8>,
    /// When it had come in.
    pub at: Instant,
    /// The same by the clock of the scenario, where it has one.
    pub when: Timestamp,
    /// On which of the connections, counted from 1.
    pub connection: usize,
}

impl Request {
    /// The first header of this name, raw.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let named = |(known, _): &&(String, Vec<u8>)| known.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.as_slice())
    }

    /// The first header of this name, as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.header(name)
            .map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or("")
    }
}

/// What to answer, and how to fail at it.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    delay: Duration,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    Whole,
    Chunked { broken: bool },
    Cut { after: usize },
    Stall { after: Option<usize> },
    Drip { every: Duration },
    Endless { head: bool },
    Verbatim,
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).body(body)
    }

    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            delay: Duration::ZERO,
            how: How::Whole,
        }
    }

    /// A redirect; the location is sent byte for byte.
    pub fn redirect(status: u16, location: impl AsRef<[u8]>) -> Self {
        Self::status(status).header("Location", location)
    }

    /// These very bytes, head and all, then the end of the connection.
    pub fn verbatim(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            how: How::Verbatim,
            ..Self::ok(bytes)
        }
    }

    /// With this body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With one more header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// The body gzipped, and labelled so.
    pub fn gzip(self) -> Self {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&self.body).expect("a Vec takes all");
        let body = encoder.finish().expect("a Vec takes all");
        self.body(body).header("Content-Encoding", "gzip")
    }

    /// The body brotli-coded, and labelled so.
    pub fn brotli(self) -> Self {
        let mut body = Vec::new();
        brotli::CompressorWriter::new(&mut body, 4096, 5, 22)
            .write_all(&self.body)
            .expect("a Vec takes all");
        self.body(body).header("Content-Encoding", "br")
    }

    /// The body zstd-coded, and labelled so.
    pub fn zstd(self) -> Self {
        let body = zstd::encode_all(self.body.as_slice(), 3).expect("a Vec takes all");
        self.body(body).header("Content-Encoding", "zstd")
    }

    /// Waits before it answers.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// In chunks instead of with a length.
    pub fn chunked(mut self) -> Self {
        self.how = How::Chunked { broken: false };
        self
    }

    /// In chunks, of which the second has no readable size.
    pub fn bad_chunks(mut self) -> Self {
        self.how = How::Chunked { broken: true };
        self
    }

    /// Announces the whole length and hangs up after so many bytes of the body.
    pub fn cut(mut self, after: usize) -> Self {
        self.how = How::Cut { after };
        self
    }

    /// Never answers at all.
    pub fn stall(mut self) -> Self {
        self.how = How::Stall { after: None };
        self
    }

    /// Sends the head and so many bytes, then nothing more.
    pub fn stall_after(mut self, bytes: usize) -> Self {
        self.how = How::Stall { after: Some(bytes) };
        self
    }

    /// Sends the body a byte at a time.
    pub fn drip(mut self, every: Duration) -> Self {
        self.how = How::Drip { every };
        self
    }

    /// The head with the whole length, then the body over and over, until the other side hangs up.
    pub fn endless(mut self) -> Self {
        self.how = How::Endless { head: false };
        self
    }

    /// A head that has no end.
    pub fn endless_head(mut self) -> Self {
        self.how = How::Endless { head: true };
        self
    }

    /// 304 if the request bears every validator that this reply has, byte for byte; else this reply.
    pub fn unless_known(self, request: &Request) -> Self {
        let pairs = [
            ("etag", "if-none-match"),
            ("last-modified", "if-modified-since"),
        ];
        let mut validators = Vec::new();
        for (name, asked) in pairs {
            let mine = self
                .headers
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            if let Some((_, value)) = mine {
                if request.header(asked) != Some(value) {
                    return self;
                }
                validators.push((name, value.clone()));
            }
        }
        if validators.is_empty() {
            return self;
        }
        let bare = Self::status(304);
        validators
            .into_iter()
            .fold(bare, |reply, (name, value)| reply.header(name, value))
    }

    /// The body as it would be sent, codings applied.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} X\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        let endless = matches!(self.how, How::Endless { .. });
        if matches!(self.how, How::Chunked { .. }) {
            head.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        } else if !endless && !matches!(self.status, 100..=199 | 204 | 304) {
            head.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

type Answer = Box<dyn FnMut(&Request) -> Reply + Send>;

#[derive(Default)]
struct Shared {
    answers: Mutex<HashMap<String, Answer>>,
    requests: Mutex<Vec<Request>>,
    connections: AtomicUsize,
    /// Bytes of endless replies that the other side took.
    poured: AtomicU64,
    clock: Mutex<Option<Clock>>,
    closed: AtomicBool,
}

impl Shared {
    fn now(&self) -> Timestamp {
        let clock = self.clock.lock().expect("no answer panicked");
        clock.as_ref().unwrap_or(&Clock::System).now()
    }
}

/// The server; it ends when dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    /// On 127.0.0.1, at a free port.
    pub fn start() -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST)
    }

    /// On another loopback address, at a free port.
    pub fn start_at(ip: impl Into<IpAddr>) -> Self {
        let listener = TcpListener::bind((ip.into(), 0)).expect("loopback is there");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.closed.load(Ordering::SeqCst) {
                    return;
                }
                let number = serving.connections.fetch_add(1, Ordering::SeqCst) + 1;
                let shared = Arc::clone(&serving);
                thread::spawn(move || converse(stream, number, &shared));
            }
        });
        Self { address, shared }
    }

    /// From now on it notes requests by this clock.
    pub fn tell_time(&self, clock: &Clock) {
        let mut mine = self.shared.clock.lock().expect("no answer panicked");
        *mine = Some(clock.clone());
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers a path always alike.
    pub fn set(&self, path: &str, reply: Reply) {
        self.on(path, move |_| reply.clone());
    }

    /// Answers a path as `answer` decides. Paths nobody set are 404.
    pub fn on(&self, path: &str, answer: impl FnMut(&Request) -> Reply + Send + 'static) {
        let mut answers = self.shared.answers.lock().expect("no answer panicked");
        answers.insert(path.to_owned(), Box::new(answer));
    }

    /// Answers a path with one reply after the other, and with the last from then on.
    pub fn in_order(&self, path: &str, replies: Vec<Reply>) {
        let mut replies = replies.into_iter().peekable();
        let mut last = replies.peek().cloned().expect("there is a reply");
        self.on(path, move |_| {
            if let Some(next) = replies.next() {
                last = next;
            }
            last.clone()
        });
    }

    /// The requests for `target` so far, in order.
    pub fn asked(&self, target: &str) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| request.target == target);
        requests
    }

    /// Forgets what was asked so far.
    pub fn forget(&self) {
        let mut requests = self.shared.requests.lock().expect("no answer panicked");
        requests.clear();
    }

    /// How many bytes of endless replies were taken.
    pub fn poured(&self) -> u64 {
        self.shared.poured.load(Ordering::SeqCst)
    }

    /// What was asked so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared
            .requests
            .lock()
            .expect("no answer panicked")
            .clone()
    }

    /// The targets asked so far, in order.
    pub fn targets(&self) -> Vec<String> {
        let requests = self.requests().into_iter();
        requests.map(|request| request.target).collect()
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // Wakes the listener so that it sees the flag.
        let _ = TcpStream::connect(self.address);
    }
}

/// Serves one connection until it ends.
fn converse(stream: TcpStream, number: usize, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    let Ok(reading) = stream.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(reading);
    let mut writer = stream;
    if !speaks_http(&mut reader) {
        // As web servers do; then they wait for the other side, lest a reset overtake the answer.
        let _ = writer.write_all(b"HTTP/1.1 400 X\r\n\r\n");
        hold(&mut writer, shared);
        return;
    }
    while let Some(mut request) = read_request(&mut reader) {
        (request.when, request.connection) = (shared.now(), number);
        let reply = {
            let mut answers = shared.answers.lock().expect("no answer panicked");
            let key = if answers.contains_key(&request.target) {
                request.target.as_str()
            } else {
                request.path()
            };
            let reply = answers.get_mut(key).map(|answer| answer(&request));
            reply.unwrap_or_else(|| Reply::status(404))
        };
        shared
            .requests
            .lock()
            .expect("no answer panicked")
            .push(request);
        if !matches!(send(&reply, &mut writer, shared), Ok(true)) {
            return;
        }
    }
}

/// Whether the first byte could begin a request; what was read of anything else is dropped.
fn speaks_http(reader: &mut impl BufRead) -> bool {
    let Ok(first) = reader.fill_buf() else {
        return false;
    };
    let length = first.len();
    let http = first.first().is_none_or(u8::is_ascii_uppercase);
    if !http {
        reader.consume(length);
    }
    http
}

fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let first = line(reader)?;
    let first = String::from_utf8_lossy(&first).into_owned();
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            break;
        }
        let at = line.iter().position(|byte| *byte == b':')?;
        let name = String::from_utf8_lossy(&line[..at]).into_owned();
        headers.push((name, line[at + 1..].trim_ascii().to_vec()));
    }
    let mut request = Request {
        method,
        target,
        headers,
        body: Vec::new(),
        at: Instant::now(),
        when: Timestamp::UNIX_EPOCH,
        connection: 0,
    };
    if let Some(length) = request.text("content-length") {
        let mut body = vec![0; length.parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        request.body = body;
    } else if request.text("transfer-encoding").is_some() {
        request.body = read_chunks(reader)?;
    }
    request.at = Instant::now();
    Some(request)
}

fn read_chunks(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = String::from_utf8(line(reader)?).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        let mut chunk = vec![0; size];
        reader.read_exact(&mut chunk).ok()?;
        line(reader)?;
        if size == 0 {
            return Some(body);
        }
        body.extend(chunk);
    }
}

/// A line without its end; none when the connection is over.
fn line(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let count = reader.read_until(b'\n', &mut line).ok()?;
    (count > 0).then(|| line.trim_ascii_end().to_vec())
}

/// Sends a reply; true if the connection can go on.
fn send(reply: &Reply, to: &mut TcpStream, shared: &Shared) -> std::io::Result<bool> {
    pause(reply.delay, shared);
    let body = &reply.body;
    match reply.how {
        How::Verbatim => {
            to.write_all(body)?;
            return Ok(false);
        }
        How::Stall { after: None } => {
            hold(to, shared);
            return Ok(false);
        }
        How::Endless { head } => return pour(reply, head, to, shared).map(|()| false),
        _ => to.write_all(&reply.head())?,
    }
    match reply.how {
        How::Chunked { broken } => {
            for (number, piece) in body.chunks(1_000).enumerate() {
                if broken && number == 1 {
                    to.write_all(b"not a size\r\n")?;
                    return Ok(false);
                }
                to.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
                to.write_all(piece)?;
                to.write_all(b"\r\n")?;
            }
            to.write_all(b"0\r\n\r\n")?;
        }
        How::Cut { after } => {
            to.write_all(&body[..after.min(body.len())])?;
            return Ok(false);
        }
        How::Stall { after } => {
            to.write_all(&body[..after.unwrap_or(0).min(body.len())])?;
            hold(to, shared);
            return Ok(false);
        }
        How::Drip { every } => {
            for byte in body {
                to.write_all(&[*byte])?;
                pause(every, shared);
            }
        }
        How::Whole | How::Verbatim | How::Endless { .. } => to.write_all(body)?,
    }
    Ok(true)
}

/// Sends a head or a body without end, until the other side has enough.
fn pour(reply: &Reply, head: bool, to: &mut TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut piece = reply.body.clone();
    let start = reply.head();
    if head {
        to.write_all(&start[..start.len() - 2])?;
        piece = b"X-More: and more, and more, and more\r\n".repeat(20);
    } else {
        to.write_all(&start)?;
    }
    while !shared.closed.load(Ordering::SeqCst) {
        to.write_all(&piece)?;
        shared
            .poured
            .fetch_add(piece.len() as u64, Ordering::SeqCst);
    }
    Ok(())
}

/// Keeps the connection open and silent until the other side or the server ends.
fn hold(stream: &mut TcpStream, shared: &Shared) {
    let _ = stream.set_read_timeout(Some(Duration::from_millis(50)));
    while !shared.closed.load(Ordering::SeqCst) {
        match stream.read(&mut [0; 64]) {
            Ok(0) => return,
            Err(error)
                if !matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) =>
            {
                return;
            }
            _ => {}
        }
    }
}

/// Waits, but not beyond the server's end.
fn pause(time: Duration, shared: &Shared) {
    let end = Instant::now() + time;
    while !shared.closed.load(Ordering::SeqCst) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::park_timeout(left.min(Duration::from_millis(50)));
    }
}
