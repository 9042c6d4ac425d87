//! TLS as publishers get it right and wrong, HTTP/2, and what feeds may want otherwise.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use bongsu::clock::Clock;
use bongsu::domain::feed::outcome::{FetchOutcome, FetchRequest, OutcomeKind};
use bongsu::domain::feed::transport::Transport;
use bongsu::fetch::Fetcher;
use bongsu::secret::Secret;
use jiff::{SignedDuration, Timestamp};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::certificates::{Authority, Pair};
use super::names::Book;
use super::support::http::{Reply, Server};
use super::{FEED, body, failure, settings};

/// The name that all servers here are asked by.
const HOST: &str = "feeds.example";

type Stream = StreamOwned<ServerConnection, TcpStream>;

/// What an HTTPS server saw: the protocol, the request's head, whether the asker showed a certificate.
#[derive(Clone, Debug)]
struct Seen {
    protocol: String,
    head: String,
    shown: bool,
}

/// An HTTPS server on loopback.
struct TlsServer {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl TlsServer {
    /// Answers every request with what `answer` says of its path, by HTTP/1.1.
    fn start(
        config: ServerConfig,
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(config, move |seen, stream| {
            let path = seen.head.split(' ').nth(1).unwrap_or_default().to_owned();
            stream.write_all(answer(&path).as_bytes()).is_ok()
        })
    }

    /// Answers as `answer` will; true if the connection can go on. It is called with the first head read
    /// for HTTP/1.1, and with none for HTTP/2.
    fn start_with(
        config: ServerConfig,
        answer: impl Fn(&Seen, &mut Stream) -> bool + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback is there");
        let address = listener.local_addr().expect("it is bound");
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (log, answer, config) = (Arc::clone(&seen), Arc::new(answer), Arc::new(config));
        thread::spawn(move || {
            for tcp in listener.incoming().flatten() {
                let connection = ServerConnection::new(Arc::clone(&config)).expect("a server");
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || {
                    let mut stream = StreamOwned::new(connection, tcp);
                    while let Some(seen) = read(&mut stream) {
                        log.lock().expect("nobody panicked").push(seen.clone());
                        if !answer(&seen, &mut stream) {
                            break;
                        }
                    }
                    stream.conn.send_close_notify();
                    drop(stream.flush());
                });
            }
        });
        Self { address, seen }
    }

    fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.address.port())
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("nobody panicked").clone()
    }
}

/// The head of the next request; none at the end of the connection, or of one that failed.
fn read(stream: &mut Stream) -> Option<Seen> {
    let mut head = Vec::new();
    let mut byte = [0];
    let http2 = |head: &[u8]| head == b"PRI * HTTP/2.0\r\n\r\n";
    while !head.ends_with(b"\r\n\r\n") || http2(&head) {
        if http2(&head) {
            let mut rest = [0; 6];
            stream.read_exact(&mut rest).ok()?;
            break;
        }
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let protocol = stream.conn.alpn_protocol().unwrap_or(b"none");
    Some(Seen {
        protocol: String::from_utf8_lossy(protocol).into_owned(),
        head: String::from_utf8_lossy(&head).into_owned(),
        shown: stream.conn.peer_certificates().is_some(),
    })
}

/// Where a feed is served with `pair`, whatever is asked for.
pub fn feed_server(pair: Pair) -> SocketAddr {
    TlsServer::start(serving(pair), |_| ok(FEED)).address
}

fn ok(text: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    )
}

fn serving(pair: Pair) -> ServerConfig {
    drop(rustls::crypto::ring::default_provider().install_default());
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert], pair.key)
        .expect("a configuration")
}

/// Serves with `pair`, and wants to see a certificate of `authority` first.
fn asking(pair: Pair, authority: &Authority) -> ServerConfig {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).expect("a root");
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
        .build()
        .expect("a verifier");
    ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![pair.cert], pair.key)
        .expect("a configuration")
}

fn fetcher_at(clock: Clock) -> Fetcher {
    let book = Book::of(&[(HOST, &["127.0.0.1"]), ("other.example", &["127.0.0.1"])]);
    Fetcher::with_names(&settings(), "t", clock, book).expect("a client")
}

async fn ask(url: &str, transport: Transport) -> FetchOutcome {
    let request = FetchRequest {
        url: url.to_owned(),
        transport: transport.shared(),
        ..FetchRequest::default()
    };
    fetcher_at(Clock::System).fetch(&request).await
}

fn trusting(authority: &Authority) -> Transport {
    Transport {
        extra_ca: Some(authority.pem().into()),
        ..Transport::default()
    }
}

#[tokio::test]
async fn certificates_are_judged_and_the_fault_is_named() {
    let authority = Authority::new();
    let stranger = Authority::new();
    for (pair, trust, word) in [
        (
            authority.sign(&[HOST], 2020),
            trusting(&authority),
            "has expired",
        ),
        (
            authority.sign(&["elsewhere.example"], 4000),
            trusting(&authority),
            "another host name",
        ),
        (
            stranger.sign(&[HOST], 4000),
            trusting(&authority),
            "extra_ca",
        ),
        (
            authority.sign(&[HOST], 4000),
            Transport::default(),
            "extra_ca",
        ),
    ] {
        let server = TlsServer::start(serving(pair), |_| ok(FEED));
        let outcome = ask(&server.url("/feed"), trust).await;
        let (kind, message, _) = failure(&outcome);
        assert_eq!(kind, OutcomeKind::TlsError, "{message}");
        assert!(message.contains(word), "{message}");
        assert_eq!(server.seen().len(), 0, "nothing is asked of a stranger");
    }
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_by_the_feed_that_names_it() {
    let authority = Authority::new();
    let server = TlsServer::start(serving(authority.sign(&[HOST], 4000)), |_| ok(FEED));
    let outcome = ask(&server.url("/feed"), trusting(&authority)).await;
    assert_eq!(body(&outcome).bytes, FEED.as_bytes());
    assert_eq!(outcome.facts.version.as_deref(), Some("HTTP/1.1"));
}

#[tokio::test]
async fn a_feed_may_go_without_verifying_its_own_host_and_no_other() {
    let authority = Authority::new();
    let pair = || authority.sign(&["elsewhere.example"], 2020);
    let server = TlsServer::start(serving(pair()), |_| ok(FEED));
    let insecure = || Transport {
        tls_insecure: true,
        ..Transport::default()
    };
    let outcome = ask(&server.url("/feed"), insecure()).await;
    assert_eq!(body(&outcome).bytes, FEED.as_bytes());
    let away = server.url("/feed").replace(HOST, "other.example");
    let first = Server::start();
    first.set("/feed", Reply::redirect(302, &away));
    let from_home = first.url("/feed").replace("127.0.0.1", HOST);
    let outcome = ask(&from_home, insecure()).await;
    assert_eq!(failure(&outcome).0, OutcomeKind::TlsError);
    first.set("/feed", Reply::redirect(302, server.url("/feed")));
    assert_eq!(
        body(&ask(&from_home, insecure()).await).bytes,
        FEED.as_bytes()
    );
}

#[tokio::test]
async fn a_way_back_to_plain_http_is_refused_unless_the_feed_allows_it() {
    let authority = Authority::new();
    let plain = Server::start();
    plain.set("/feed", Reply::ok(FEED).header("ETag", "\"x\""));
    let target = plain.url("/feed").replace("127.0.0.1", HOST);
    let redirect = format!("HTTP/1.1 301 X\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
    let server = TlsServer::start(serving(authority.sign(&[HOST], 4000)), move |_| {
        redirect.clone()
    });
    let outcome = ask(&server.url("/feed"), trusting(&authority)).await;
    let (kind, message, _) = failure(&outcome);
    assert_eq!(kind, OutcomeKind::RedirectError);
    assert!(message.contains("allow_downgrade"), "{message}");
    assert_eq!(plain.connections(), 0);
    let request = FetchRequest {
        url: server
            .url("/feed")
            .replace("https://", "https://user:pass@"),
        headers: vec![("X-Key".to_owned(), Secret::new("k"))],
        transport: Transport {
            allow_downgrade: true,
            ..trusting(&authority)
        }
        .shared(),
        ..FetchRequest::default()
    };
    let outcome = fetcher_at(Clock::System).fetch(&request).await;
    assert_eq!(body(&outcome).bytes, FEED.as_bytes());
    assert!(outcome.facts.downgraded);
    let asked = &plain.requests()[0];
    assert!(asked.header("authorization").is_none() && asked.header("x-key").is_none());
}

#[tokio::test]
async fn a_certificate_is_shown_to_who_asks_for_it_at_home() {
    let authority = Authority::new();
    let config = || asking(authority.sign(&[HOST, "other.example"], 4000), &authority);
    let server = TlsServer::start(config(), |_| ok(FEED));
    let outcome = ask(&server.url("/feed"), trusting(&authority)).await;
    let (kind, message, _) = failure(&outcome);
    assert_eq!(kind, OutcomeKind::TlsError, "{message}");
    assert!(message.contains("client_cert"), "{message}");
    let shown = || Transport {
        client_cert: Some(Secret::new(authority.sign(&["desk"], 4000).pem())),
        ..trusting(&authority)
    };
    let outcome = ask(&server.url("/feed"), shown()).await;
    assert_eq!(body(&outcome).bytes, FEED.as_bytes());
    assert!(server.seen().iter().all(|seen| seen.shown));
    let away = server.url("/feed").replace(HOST, "other.example");
    let redirect = format!("HTTP/1.1 302 X\r\nLocation: {away}\r\nContent-Length: 0\r\n\r\n");
    let first = TlsServer::start(config(), move |_| redirect.clone());
    let outcome = ask(&first.url("/feed"), shown()).await;
    assert_eq!(failure(&outcome).0, OutcomeKind::TlsError, "{outcome:?}");
    assert_eq!(first.seen().len(), 1);
}

/// The frames that answer a stream.
type Fault = fn(u32) -> Vec<u8>;

/// An HTTP/2 frame.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Waits for the headers of a request; its stream.
fn request(stream: &mut Stream) -> Option<u32> {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).ok()?];
        stream.read_exact(&mut payload).ok()?;
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match head[3] {
            1 => return Some(id),
            4 if head[4] == 0 => stream.write_all(&frame(4, 1, 0, &[])).ok()?,
            _ => {}
        }
    }
}

/// A server that speaks HTTP/2 where asked to, and answers with the frames of `answer`; HTTP/1.1 it speaks well.
fn http2(
    authority: &Authority,
    answer: impl Fn(u32) -> Vec<u8> + Send + Sync + 'static,
) -> TlsServer {
    let mut config = serving(authority.sign(&[HOST], 4000));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsServer::start_with(config, move |seen, stream| {
        if seen.protocol != "h2" {
            return stream.write_all(ok(FEED).as_bytes()).is_ok();
        }
        let mut begin = || {
            stream.write_all(&frame(4, 0, 0, &[])).ok()?;
            let id = request(stream)?;
            stream.write_all(&answer(id)).ok()?;
            request(stream)
        };
        begin().is_some()
    })
}

#[tokio::test]
async fn http2_is_spoken_where_the_server_does() {
    let authority = Authority::new();
    let server = http2(&authority, |id| {
        // `:status: 200` is entry 8 of HPACK's static table.
        let mut frames = frame(1, 4, id, &[0x88]);
        frames.extend(frame(0, 1, id, FEED.as_bytes()));
        frames
    });
    let outcome = ask(&server.url("/feed"), trusting(&authority)).await;
    assert_eq!(body(&outcome).bytes, FEED.as_bytes());
    assert_eq!(outcome.facts.version.as_deref(), Some("HTTP/2.0"));
}

#[tokio::test]
async fn a_host_whose_http2_fails_is_asked_by_http1_for_a_week() {
    let authority = Authority::new();
    let reset = |id| frame(3, 0, id, &0xd_u32.to_be_bytes());
    let away = |_| frame(7, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 0xd]);
    let broken = |id| frame(0, 0, id + 10, b"out of order");
    let cut_short = |id| {
        let mut frames = frame(1, 4, id, &[0x88]);
        frames.extend(frame(0, 0, id, b"<rss"));
        frames.extend(frame(3, 0, id, &2_u32.to_be_bytes()));
        frames
    };
    let faults: [(&str, Fault); 4] = [
        ("reset", reset),
        ("go away", away),
        ("broken", broken),
        ("cut short", cut_short),
    ];
    for (name, fault) in faults {
        let start: Timestamp = "2026-11-27T12:00:00Z".parse().expect("a time");
        let clock = Clock::manual(start);
        let server = http2(&authority, fault);
        let fetcher = fetcher_at(clock.clone());
        let request = FetchRequest {
            url: server.url("/feed"),
            transport: trusting(&authority).shared(),
            ..FetchRequest::default()
        };
        let outcome = fetcher.fetch(&request).await;
        assert_eq!(failure(&outcome).0, OutcomeKind::NetError, "{name}");
        for days in [0, 6] {
            clock.set(start + SignedDuration::from_hours(24 * days));
            let outcome = fetcher.fetch(&request).await;
            assert_eq!(body(&outcome).bytes, FEED.as_bytes(), "{name}");
            assert_eq!(outcome.facts.version.as_deref(), Some("HTTP/1.1"), "{name}");
        }
        clock.set(start + SignedDuration::from_hours(24 * 8));
        let outcome = fetcher.fetch(&request).await;
        assert_eq!(
            failure(&outcome).0,
            OutcomeKind::NetError,
            "{name}: h2 again"
        );
    }
}
