//! Proxies of every kind, and what the guard can tell behind one.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bongsu::clock::Clock;
use bongsu::domain::feed::outcome::{FetchOutcome, FetchRequest, OutcomeKind};
use bongsu::domain::feed::transport::{Proxy, Transport};
use bongsu::fetch::proxy::{Proxies, SystemProxies};
use bongsu::fetch::{FetchSettings, Fetcher};
use bongsu::secret::Secret;

use super::certificates::Authority;
use super::names::Book;
use super::support::http::{Reply, Server};
use super::{FEED, body, failure, settings};

/// A proxy on loopback that leads everything to one server, whatever host is asked for.
struct Relay {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// An HTTP proxy; where `login` is given, it wants that `Proxy-Authorization`.
    fn http(to: SocketAddr, login: Option<&'static str>) -> Self {
        Self::start(move |client, log| {
            let head = head(client)?;
            log(head.clone());
            let known = login.is_none_or(|login| {
                head.to_ascii_lowercase().contains(&format!(
                    "proxy-authorization: {}",
                    login.to_ascii_lowercase()
                ))
            });
            if !known {
                let refusal =
                    b"HTTP/1.1 407 X\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";
                return client.write_all(refusal).ok();
            }
            let mut server = TcpStream::connect(to).ok()?;
            if head.starts_with("CONNECT ") {
                client.write_all(b"HTTP/1.1 200 X\r\n\r\n").ok()?;
            } else {
                let (first, rest) = head.split_once("\r\n")?;
                let url = first.split(' ').nth(1)?;
                let path = url.splitn(4, '/').nth(3).unwrap_or_default();
                let kept: Vec<&str> = rest
                    .lines()
                    .filter(|line| !line.to_ascii_lowercase().starts_with("proxy-"))
                    .collect();
                let onward = format!(
                    "GET /{path} HTTP/1.1\r\n{}\r\n\r\n",
                    kept.join("\r\n").trim_end()
                );
                server.write_all(onward.as_bytes()).ok()?;
            }
            join(client, &server)
        })
    }

    /// A SOCKS5 proxy (RFC 1928); where `login` is given, it wants that user and password (RFC 1929).
    fn socks(to: SocketAddr, login: Option<(&'static str, &'static str)>) -> Self {
        Self::start(move |client, log| {
            let exact = |count: usize, client: &mut TcpStream| {
                let mut bytes = vec![0; count];
                client.read_exact(&mut bytes).ok()?;
                Some(bytes)
            };
            let methods = exact(2, client)?[1];
            let methods = exact(usize::from(methods), client)?;
            let wanted = if login.is_some() { 2 } else { 0 };
            if !methods.contains(&wanted) {
                return client.write_all(&[5, 0xff]).ok();
            }
            client.write_all(&[5, wanted]).ok()?;
            if let Some((user, password)) = login {
                let length = exact(2, client)?[1];
                let name = exact(usize::from(length), client)?;
                let length = exact(1, client)?[0];
                let pass = exact(usize::from(length), client)?;
                let good = name == user.as_bytes() && pass == password.as_bytes();
                client.write_all(&[1, u8::from(!good)]).ok()?;
                if !good {
                    return None;
                }
            }
            let kind = exact(4, client)?[3];
            let host = match kind {
                1 => {
                    let ip = exact(4, client)?;
                    Ipv4Addr::new(ip[0], ip[1], ip[2], ip[3]).to_string()
                }
                3 => {
                    let length = exact(1, client)?[0];
                    String::from_utf8(exact(usize::from(length), client)?).ok()?
                }
                _ => return None,
            };
            exact(2, client)?;
            log(host);
            let server = TcpStream::connect(to).ok()?;
            client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]).ok()?;
            join(client, &server)
        })
    }

    fn start(
        serve: impl Fn(&mut TcpStream, &dyn Fn(String)) -> Option<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback is there");
        let address = listener.local_addr().expect("it is bound");
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (log, serve) = (Arc::clone(&asked), Arc::new(serve));
        thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let (log, serve) = (Arc::clone(&log), Arc::clone(&serve));
                thread::spawn(move || {
                    serve(&mut client, &|line| {
                        log.lock().expect("nobody panicked").push(line);
                    })
                });
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panicked").clone()
    }
}

fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// Carries bytes both ways until either side ends.
fn join(client: &TcpStream, server: &TcpStream) -> Option<()> {
    let (mut from_client, mut to_server) = (client.try_clone().ok()?, server.try_clone().ok()?);
    thread::spawn(move || {
        drop(std::io::copy(&mut from_client, &mut to_server));
        drop(to_server.shutdown(std::net::Shutdown::Both));
    });
    let (mut from_server, mut to_client) = (server, client);
    drop(std::io::copy(&mut from_server, &mut to_client));
    drop(client.shutdown(std::net::Shutdown::Both));
    Some(())
}

fn through(url: String) -> FetchSettings {
    FetchSettings {
        proxy: Proxies::All(Secret::new(url)),
        per_host_interval: Duration::ZERO,
        ..settings()
    }
}

fn fetcher(settings: &FetchSettings, book: &Arc<Book>) -> Fetcher {
    let book = Arc::clone(book);
    Fetcher::with_names(settings, "t", Clock::System, book).expect("a client")
}

async fn get(settings: &FetchSettings, book: &Arc<Book>, url: &str) -> FetchOutcome {
    let request = FetchRequest {
        url: url.to_owned(),
        ..FetchRequest::default()
    };
    fetcher(settings, book).fetch(&request).await
}

fn publisher() -> Server {
    let server = Server::start();
    server.set("/feed?q=%C7%D1", Reply::ok(FEED));
    server.set(
        "/inside",
        Reply::redirect(302, "http://169.254.169.254/latest/"),
    );
    server
}

#[tokio::test]
async fn an_http_proxy_gets_the_whole_url_and_its_own_password() {
    let server = publisher();
    let relay = Relay::http(server.address(), Some("Basic dXNlcjpwYXNz"));
    let book = Book::of(&[("proxy.example", &["127.0.0.1"])]);
    let port = relay.address.port();
    let settings_with = |login: &str| through(format!("http://{login}proxy.example:{port}"));
    let url = "http://feeds.example/feed?q=%C7%D1";
    let outcome = get(&settings_with("user:pass@"), &book, url).await;
    assert_eq!(body(&outcome).bytes, FEED.as_bytes());
    let asked = &relay.asked()[0];
    assert!(
        asked.starts_with(&format!("GET {url} HTTP/1.1\r\n")),
        "{asked}"
    );
    assert!(server.requests()[0].header("proxy-authorization").is_none());
    assert_eq!(
        book.asked(),
        ["proxy.example"],
        "the proxy resolves the rest"
    );
    for url in [url, "https://feeds.example/feed"] {
        let outcome = get(&settings_with(""), &book, url).await;
        let (_, message, _) = failure(&outcome);
        assert!(message.contains("user name and a password"), "{message}");
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn https_goes_through_a_tunnel_and_is_verified_at_its_end() {
    let authority = Authority::new();
    let server = super::tls::feed_server(authority.sign(&["feeds.example"], 4000));
    let relay = Relay::http(server, None);
    let settings = through(format!("http://{}", relay.address));
    let request = FetchRequest {
        url: "https://feeds.example/feed".to_owned(),
        transport: Transport {
            extra_ca: Some(authority.pem().into()),
            ..Transport::default()
        }
        .shared(),
        ..FetchRequest::default()
    };
    let outcome = fetcher(&settings, &Book::of(&[])).fetch(&request).await;
    assert_eq!(body(&outcome).bytes, FEED.as_bytes());
    let asked = &relay.asked()[0];
    assert!(
        asked.starts_with("CONNECT feeds.example:443 HTTP/1.1\r\n"),
        "{asked}"
    );
    let stranger = FetchRequest {
        transport: None,
        ..request
    };
    let outcome = fetcher(&settings, &Book::of(&[])).fetch(&stranger).await;
    assert_eq!(failure(&outcome).0, OutcomeKind::TlsError);
}

#[tokio::test]
async fn a_socks_proxy_resolves_names_or_is_told_addresses() {
    let server = publisher();
    let relay = Relay::socks(server.address(), Some(("user", "pass")));
    let book = Book::of(&[
        ("feeds.example", &["127.0.0.1"]),
        ("inner.example", &["10.0.0.1"]),
    ]);
    let settings_with = |scheme: &str| through(format!("{scheme}://user:pass@{}", relay.address));
    let url = "http://feeds.example/feed?q=%C7%D1";
    let outcome = get(&settings_with("socks5h"), &book, url).await;
    assert_eq!(body(&outcome).bytes, FEED.as_bytes());
    assert!(book.asked().is_empty());
    let outcome = get(&settings_with("socks5"), &book, url).await;
    assert_eq!(body(&outcome).bytes, FEED.as_bytes());
    assert_eq!(relay.asked(), ["feeds.example", "127.0.0.1"]);
    let outcome = get(&settings_with("socks5"), &book, "http://inner.example/").await;
    assert_eq!(failure(&outcome).0, OutcomeKind::Refused, "{outcome:?}");
    let wrong = through(format!("socks5h://user:wrong@{}", relay.address));
    let outcome = get(&wrong, &book, url).await;
    let (kind, message, _) = failure(&outcome);
    assert_eq!(kind, OutcomeKind::NetError);
    assert!(message.contains("proxy"), "{message}");
    assert_eq!(relay.asked().len(), 2);
}

#[tokio::test]
async fn literal_addresses_and_local_names_are_refused_behind_a_proxy_too() {
    let server = publisher();
    let relay = Relay::http(server.address(), None);
    let book = Book::of(&[("proxy.example", &["127.0.0.1"])]);
    let settings = through(format!("http://proxy.example:{}", relay.address.port()));
    for url in [
        "http://10.0.0.1/",
        "http://2852039166/latest/meta-data/",
        "http://[::ffff:10.0.0.1]/",
        "http://feeds.localhost:81/",
        "http://proxy.example/admin",
        "http://feeds.example:6379/",
    ] {
        let settings = FetchSettings {
            allow_networks: Vec::new(),
            ..settings.clone()
        };
        let outcome = get(&settings, &book, url).await;
        assert_eq!(failure(&outcome).0, OutcomeKind::Refused, "{url}");
    }
    assert!(relay.asked().is_empty());
    let outcome = get(&settings, &book, "http://feeds.example/inside").await;
    assert_eq!(failure(&outcome).0, OutcomeKind::RedirectError);
    assert_eq!(
        relay.asked().len(),
        1,
        "the metadata service is never asked"
    );
}

#[tokio::test]
async fn a_feed_may_have_a_proxy_of_its_own_or_none() {
    let server = publisher();
    let (common, own) = (
        Relay::http(server.address(), None),
        Relay::http(server.address(), None),
    );
    let settings = through(format!("http://{}", common.address));
    let book = Book::of(&[("feeds.example", &["127.0.0.1"])]);
    let fetcher = fetcher(&settings, &book);
    let url = server
        .url("/feed?q=%C7%D1")
        .replace("127.0.0.1", "feeds.example");
    for (proxy, asked) in [
        (Proxy::Common, (1, 0)),
        (Proxy::Direct, (1, 0)),
        (
            Proxy::Url(Secret::new(format!("http://{}", own.address))),
            (1, 1),
        ),
    ] {
        let request = FetchRequest {
            url: url.clone(),
            transport: Transport {
                proxy,
                ..Transport::default()
            }
            .shared(),
            ..FetchRequest::default()
        };
        body(&fetcher.fetch(&request).await);
        assert_eq!((common.asked().len(), own.asked().len()), asked);
    }
}

#[tokio::test]
async fn the_systems_proxies_are_used_except_where_they_say_no() {
    let server = publisher();
    let relay = Relay::http(server.address(), None);
    let address = relay.address.to_string();
    let read = SystemProxies::read(&move |name| match name {
        "http_proxy" => Some(address.clone()),
        "no_proxy" => Some("direct.example".to_owned()),
        _ => None,
    });
    let settings = FetchSettings {
        proxy: Proxies::System(read.expect("they are good")),
        ..settings()
    };
    let book = Book::of(&[("direct.example", &["127.0.0.1"])]);
    let direct = server
        .url("/feed?q=%C7%D1")
        .replace("127.0.0.1", "direct.example");
    for (url, asked) in [
        ("http://feeds.example/feed?q=%C7%D1", 1),
        (direct.as_str(), 1),
    ] {
        body(&get(&settings, &book, url).await);
        assert_eq!(relay.asked().len(), asked, "{url}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told() {
    let gone = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback is there");
        listener.local_addr().expect("it is bound")
    };
    let settings = through(format!("http://{gone}"));
    let outcome = get(&settings, &Book::of(&[]), "https://feeds.example/").await;
    let (kind, message, _) = failure(&outcome);
    assert_eq!(kind, OutcomeKind::NetError);
    assert!(message.contains("proxy"), "{message}");
}
