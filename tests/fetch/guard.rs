//! The guard against a live listener: by no name, form or redirect does a connection reach it.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use bongsu::clock::Clock;
use bongsu::domain::feed::outcome::{FetchOutcome, FetchRequest, OutcomeKind};
use bongsu::fetch::{FetchSettings, Fetcher};

use super::names::Book;
use super::support::http::{Reply, Server};
use super::{FEED, body, failure, settings};

/// Every way to write 127.0.0.1, and names that lead there.
const FORMS: [&str; 30] = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7F.0.0.0x1",
    "0177.0.0.1",
    "0177.0.0.01",
    "017700000001",
    "%31%32%37.0.0.1",
    "127.0.0.1%2e",
    "１２７.0.0.1",
    "127。0。0。1",
    "127．0．0．1",
    "①②⑦.0.0.1",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "localhost",
    "LocalHost",
    "localhost.",
    "a.localhost",
    "inner.example",
    "INNER.example.",
    "inner。example",
];

fn book() -> Arc<Book> {
    Book::of(&[
        ("inner.example", &["127.0.0.1"]),
        ("localhost", &["127.0.0.1", "::1"]),
        ("mapped.example", &["::ffff:127.0.0.1", "::1", "0.0.0.0"]),
        ("mixed.example", &["127.0.0.1", "127.0.0.2", "10.0.0.1"]),
    ])
}

/// Lets requests go to 127.0.0.2 only: it stands for the public internet.
fn guarded(book: &Arc<Book>) -> Fetcher {
    let settings = FetchSettings {
        allow_networks: vec!["127.0.0.2/32".parse().expect("a network")],
        per_host_interval: Duration::ZERO,
        ..settings()
    };
    Fetcher::with_names(&settings, "t", Clock::System, Arc::<Book>::clone(book)).expect("a client")
}

async fn get(fetcher: &Fetcher, url: &str) -> FetchOutcome {
    let request = FetchRequest {
        url: url.to_owned(),
        ..FetchRequest::default()
    };
    fetcher.fetch(&request).await
}

#[tokio::test]
async fn no_form_of_a_private_address_is_reached_by_the_first_hop_or_a_redirect() {
    let inner = Server::start();
    let outer = Server::start_at(Ipv4Addr::new(127, 0, 0, 2));
    let port = inner.address().port();
    let book = book();
    let fetcher = guarded(&book);
    for form in FORMS
        .iter()
        .chain(&["mapped.example", "0.0.0.0", "[::]", "[::1]", "0"])
    {
        let url = format!("http://{form}:{port}/feed");
        let outcome = get(&fetcher, &url).await;
        assert_eq!(
            failure(&outcome).0,
            OutcomeKind::Refused,
            "{form}: {outcome:?}"
        );
        outer.set("/feed", Reply::redirect(302, &url));
        let outcome = get(&fetcher, &outer.url("/feed")).await;
        let (kind, message, _) = failure(&outcome);
        assert_eq!(kind, OutcomeKind::RedirectError, "{form}: {message}");
        assert!(message.contains("may not go"), "{form}: {message}");
    }
    for url in ["http://[fe80::1%25lo]/", "http://[::1%lo]/"] {
        assert_eq!(
            failure(&get(&fetcher, url).await).0,
            OutcomeKind::Refused,
            "{url}"
        );
    }
    assert_eq!(inner.connections(), 0);
}

#[tokio::test]
async fn of_mixed_answers_only_what_may_be_reached_is_connected_to() {
    let outer = Server::start_at(Ipv4Addr::new(127, 0, 0, 2));
    outer.set("/feed", Reply::ok(FEED));
    let book = book();
    let url = outer.url("/feed").replace("127.0.0.2", "mixed.example");
    let outcome = get(&guarded(&book), &url).await;
    assert_eq!(body(&outcome).bytes, FEED.as_bytes());
    assert_eq!(
        book.asked(),
        ["mixed.example"],
        "judged and connected by one answer"
    );
}

#[tokio::test]
async fn a_name_that_turns_private_is_not_followed_there() {
    // The same port on both addresses, so that only the address tells them apart.
    let pair = || {
        let outer = Server::start_at(Ipv4Addr::new(127, 0, 0, 2));
        let inner = TcpListener::bind((Ipv4Addr::LOCALHOST, outer.address().port()));
        inner.ok().map(|inner| (outer, inner))
    };
    let (outer, inner) = (0..20)
        .find_map(|_| pair())
        .expect("a port that is free on both");
    outer.set("/feed", Reply::ok(FEED));
    let port = outer.address().port();
    inner.set_nonblocking(true).expect("a socket");
    let book = Arc::new(Book::default());
    book.say("rebound.example", &["127.0.0.2"]);
    book.say("rebound.example", &["127.0.0.1"]);
    let url = format!("http://rebound.example:{port}/feed");
    let fetcher = guarded(&book);
    for _ in 0..3 {
        body(&get(&fetcher, &url).await);
    }
    assert_eq!(book.asked().len(), 1, "one answer for a while");
    // A fetcher of its own has no answer at hand and gets the second one.
    let outcome = get(&guarded(&book), &url).await;
    assert_eq!(failure(&outcome).0, OutcomeKind::Refused);
    assert!(inner.accept().is_err(), "nobody knocked");
}

#[tokio::test]
async fn a_name_with_one_dead_address_is_reached_by_the_other() {
    let server = Server::start();
    server.set("/feed", Reply::ok(FEED));
    let book = Book::of(&[("both.example", &["::1", "127.0.0.1"])]);
    let settings = FetchSettings {
        allow_networks: vec![
            "127.0.0.1/32".parse().expect("a network"),
            "::1/128".parse().expect("a network"),
        ],
        ..settings()
    };
    let fetcher = Fetcher::with_names(&settings, "t", Clock::System, book).expect("a client");
    let url = server.url("/feed").replace("127.0.0.1", "both.example");
    assert_eq!(body(&get(&fetcher, &url).await).bytes, FEED.as_bytes());
}

#[tokio::test]
async fn names_that_lead_nowhere_are_told_apart_from_dead_hosts() {
    let fetcher = guarded(&book());
    let outcome = get(&fetcher, "http://nowhere.example/").await;
    let (kind, message, _) = failure(&outcome);
    assert_eq!(kind, OutcomeKind::NetError);
    assert!(message.contains("no such host name"), "{message}");
    let dead = {
        let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).expect("loopback");
        listener.local_addr().expect("it is bound")
    };
    let outcome = get(&fetcher, &format!("http://{dead}/")).await;
    let (_, message, _) = failure(&outcome);
    assert!(message.contains("no connection"), "{message}");
}
