//! Answers that are read with care: deltas, pages, challenges, cookies, lengths that lie, bodies without end.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use bongsu::clock::Clock;
use bongsu::domain::feed::outcome::{FetchRequest, FetchResult, OutcomeKind, Wants};
use bongsu::domain::feed::transport::Transport;
use bongsu::fetch::settings::Timeouts;
use bongsu::fetch::{FetchSettings, Fetcher};

use super::support::http::{Reply, Server};
use super::{FEED, ask, body, failure, fetcher, get, settings};

#[tokio::test]
async fn validators_are_replaced_as_a_pair() {
    let server = Server::start();
    let mut answers = [
        Reply::ok(FEED)
            .header("ETag", "\"1\"")
            .header("Last-Modified", "then"),
        Reply::ok(FEED).header("Last-Modified", "now"),
        Reply::ok(FEED),
        Reply::ok(FEED),
    ]
    .into_iter();
    server.on("/feed", move |_| answers.next().unwrap());
    let fetcher = fetcher();
    let mut request = ask(&server.url("/feed"));
    for _ in 0..4 {
        let facts = fetcher.fetch(&request).await.facts;
        request.etag = facts.etag;
        request.last_modified = facts.last_modified;
    }
    let sent: Vec<_> = server
        .requests()
        .iter()
        .map(|request| {
            (
                request.text("if-none-match"),
                request.text("if-modified-since"),
            )
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        sent,
        [
            (None, None),
            (text("\"1\""), text("then")),
            (None, text("now")),
            (None, None)
        ]
    );
}

#[tokio::test]
async fn variants_are_asked_for_alike_each_time() {
    let server = Server::start();
    server.on("/feed", |request| {
        let told: Vec<_> = ["user-agent", "accept", "accept-encoding"]
            .map(|name| request.text(name).unwrap())
            .into();
        let etag = format!("\"{}\"", told.concat().len());
        if request.text("if-none-match").as_deref() == Some(&etag) {
            return Reply::status(304);
        }
        Reply::ok(FEED)
            .header("ETag", etag)
            .header("Vary", "User-Agent, Accept, Accept-Encoding")
    });
    let fetcher = fetcher();
    let mut request = ask(&server.url("/feed"));
    request.etag = fetcher.fetch(&request).await.facts.etag;
    let second = fetcher.fetch(&request).await;
    assert!(matches!(second.result, FetchResult::NotModified));
}

#[tokio::test]
async fn deltas_are_asked_for_with_validators_and_believed_when_they_say_so() {
    let server = Server::start();
    server.on("/feed", |request| match request.text("a-im") {
        Some(manipulation) => Reply::status(226)
            .body(FEED)
            .header("ETag", "\"2\"")
            .header("IM", manipulation),
        None => Reply::ok(FEED).header("ETag", "\"1\""),
    });
    server.set(
        "/wrong",
        Reply::status(226).body(FEED).header("ETag", "\"2\""),
    );
    let fetcher = fetcher();
    let first = fetcher.fetch(&ask(&server.url("/feed"))).await;
    assert!(!first.facts.delta);
    let conditional = |path: &str, no_delta| FetchRequest {
        etag: first.facts.etag.clone(),
        no_delta,
        ..ask(&server.url(path))
    };
    let second = fetcher.fetch(&conditional("/feed", false)).await;
    assert_eq!(body(&second).bytes, FEED.as_bytes());
    assert!(second.facts.delta);
    assert_eq!(second.facts.etag.as_deref(), Some(&b"\"2\""[..]));
    let wrong = fetcher.fetch(&conditional("/wrong", false)).await;
    assert_eq!(failure(&wrong).0, OutcomeKind::HttpError);
    assert_eq!(wrong.facts.status, Some(226));
    assert!(!fetcher.fetch(&conditional("/feed", true)).await.facts.delta);
    let asked: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.text("a-im"))
        .collect();
    let feed = || Some("feed".to_owned());
    assert_eq!(asked, [None, feed(), feed(), None]);
}

#[tokio::test]
async fn a_server_that_knows_no_feed_types_can_be_asked_for_anything() {
    let server = Server::start();
    server.on("/feed", |request| match request.text("accept").as_deref() {
        Some("*/*") => Reply::ok(FEED),
        _ => Reply::status(406),
    });
    let mut request = ask(&server.url("/feed"));
    let fetcher = fetcher();
    assert_eq!(fetcher.fetch(&request).await.facts.status, Some(406));
    request.plain_accept = true;
    body(&fetcher.fetch(&request).await);
}

#[tokio::test]
async fn a_challenge_before_the_feed_is_named() {
    let server = Server::start();
    let page = |status, text: &str| {
        Reply::status(status)
            .body(text)
            .header("Content-Type", "text/html; charset=utf-8")
    };
    let just = "<!DOCTYPE html><title>Just a moment...</title>";
    for (path, reply, challenge) in [
        (
            "/cf",
            page(403, "x").header("cf-mitigated", "challenge"),
            true,
        ),
        ("/page", page(503, just), true),
        ("/zipped", page(403, just).gzip(), true),
        ("/plain", page(403, "<h1>Forbidden</h1>"), false),
        ("/other", page(404, just), false),
        ("/stalls", page(403, just).stall_after(10), false),
    ] {
        server.set(path, reply);
        let hasty = FetchSettings {
            timeout: Timeouts {
                idle: Duration::from_millis(300),
                ..Timeouts::default()
            },
            ..settings()
        };
        let hasty = Fetcher::new(&hasty, "t", Clock::System).unwrap();
        let outcome = hasty.fetch(&ask(&server.url(path))).await;
        let (kind, message, _) = failure(&outcome);
        assert_eq!(kind, OutcomeKind::HttpError, "{path}");
        assert_eq!(
            message.contains("challenge"),
            challenge,
            "{path}: {message}"
        );
    }
}

#[tokio::test]
async fn of_a_page_in_a_feeds_place_only_the_head_is_read() {
    let server = Server::start();
    let head =
        "<!DOCTYPE html><html><head><link rel=alternate type='application/rss+xml' href=/rss>";
    let long = format!("{head}{}", "<p>text</p>".repeat(80_000));
    server.set("/page", Reply::ok(long.clone()).chunked());
    server.set("/zipped", Reply::ok(long.clone()).gzip());
    let outcome = get(&server.url("/page")).await;
    let read = &body(&outcome).bytes;
    assert!(read.starts_with(head.as_bytes()) && read.len() < 400 << 10);
    assert!(
        body(&get(&server.url("/zipped")).await)
            .bytes
            .starts_with(head.as_bytes())
    );
    let request = FetchRequest {
        wants: Wants::Page,
        ..ask(&server.url("/page"))
    };
    assert_eq!(
        body(&fetcher().fetch(&request).await).bytes.len(),
        long.len()
    );
    assert!(
        server
            .requests()
            .last()
            .unwrap()
            .text("accept")
            .unwrap()
            .starts_with("text/html")
    );
}

#[tokio::test]
async fn cookies_are_kept_for_one_chain_and_only_where_the_feed_wants_them() {
    let server = Server::start();
    server.on("/feed", |request| match request.text("cookie").as_deref() {
        Some("seen=yes") => Reply::ok(FEED),
        _ => Reply::redirect(302, "/gate").header("Set-Cookie", "x=1; Path=/elsewhere"),
    });
    server.set(
        "/gate",
        Reply::redirect(302, "/feed").header("Set-Cookie", "seen=yes; Path=/; HttpOnly"),
    );
    let plain = get(&server.url("/feed")).await;
    assert_eq!(failure(&plain).0, OutcomeKind::RedirectError);
    let fetcher = fetcher();
    let request = FetchRequest {
        transport: Transport {
            chain_cookies: true,
            ..Transport::default()
        }
        .shared(),
        ..ask(&server.url("/feed"))
    };
    for _ in 0..2 {
        body(&fetcher.fetch(&request).await);
    }
    let cookies: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.text("cookie"))
        .collect();
    let seen = || Some("seen=yes".to_owned());
    assert_eq!(
        cookies,
        [None, None, None, None, seen(), None, None, seen()],
        "the second poll begins anew"
    );
}

#[tokio::test]
async fn lengths_that_lie_and_heads_before_the_head() {
    let server = Server::start();
    let raw = |head: &str| Reply::verbatim(format!("{head}\r\n\r\n{FEED}"));
    let length = FEED.len();
    let twice = format!("HTTP/1.1 200 X\r\nContent-Length: {length}\r\nContent-Length: {length}");
    let early = format!(
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 X\r\nContent-Length: {length}"
    );
    for (path, reply) in [
        ("/twice", raw(&twice)),
        ("/early", raw(&early)),
        ("/close", raw("HTTP/1.0 200")),
        ("/open", raw("HTTP/1.1 200 OK\r\nConnection: close")),
    ] {
        server.set(path, reply);
        assert_eq!(
            body(&get(&server.url(path)).await).bytes,
            FEED.as_bytes(),
            "{path}"
        );
    }
    server.set("/short", raw("HTTP/1.1 200 X\r\nContent-Length: 10"));
    let fetcher = fetcher();
    for _ in 0..2 {
        let outcome = fetcher.fetch(&ask(&server.url("/short"))).await;
        assert_eq!(body(&outcome).bytes, &FEED.as_bytes()[..10]);
    }
    for (path, head) in [
        (
            "/two",
            "HTTP/1.1 200 X\r\nContent-Length: 10\r\nContent-Length: 20",
        ),
        ("/minus", "HTTP/1.1 200 X\r\nContent-Length: -1"),
        ("/no", "not http at all"),
    ] {
        server.set(path, raw(head));
        let outcome = get(&server.url(path)).await;
        assert_eq!(
            failure(&outcome).0,
            OutcomeKind::NetError,
            "{path}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_304_with_a_body_does_not_mix_with_what_follows() {
    let server = Server::start();
    server.set("/same", Reply::status(304).body("stray bytes"));
    server.set("/feed", Reply::ok(FEED));
    let fetcher = fetcher();
    let request = FetchRequest {
        etag: Some(b"\"x\"".to_vec()),
        ..ask(&server.url("/same"))
    };
    for _ in 0..2 {
        let same = fetcher.fetch(&request).await;
        assert!(matches!(same.result, FetchResult::NotModified));
        let next = fetcher.fetch(&ask(&server.url("/feed"))).await;
        assert_eq!(body(&next).bytes, FEED.as_bytes());
    }
}

#[tokio::test]
async fn a_kept_connection_that_breaks_is_no_failed_poll() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/feed", listener.local_addr().unwrap());
    let good = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {}\r\n\r\n{FEED}",
        FEED.len()
    );
    let server = thread::spawn(move || {
        let mut asked = Vec::new();
        for answers in [[good.as_str(), "stray bytes\r\n\r\n"], [good.as_str(), ""]] {
            let (mut stream, _) = listener.accept().unwrap();
            for answer in answers {
                let mut head = [0; 4_096];
                asked.push(stream.read(&mut head).unwrap());
                stream.write_all(answer.as_bytes()).unwrap();
                if asked.len() == 3 {
                    return asked;
                }
            }
        }
        asked
    });
    let fetcher = fetcher();
    for _ in 0..2 {
        assert_eq!(
            body(&fetcher.fetch(&ask(&url)).await).bytes,
            FEED.as_bytes()
        );
    }
    let asked = server.join().unwrap();
    assert_eq!(
        asked.len(),
        3,
        "one answer, one broken, one more: {asked:?}"
    );
}

#[tokio::test]
async fn what_never_ends_is_ended() {
    let endless = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = endless.local_addr().unwrap().port();
    thread::spawn(move || {
        use std::io::{Read, Write};
        for (number, mut stream) in endless.incoming().flatten().enumerate() {
            thread::spawn(move || {
                let (head, piece): (&[u8], &[u8]) = match number {
                    0 => (b"HTTP/1.1 200 X\r\n\r\n", b"<item>and so on</item>"),
                    1 => (
                        b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n",
                        b"6\r\n<item>\r\n",
                    ),
                    _ => (b"HTTP/1.1 200 X\r\n", b"X-More: and more\r\n"),
                };
                let piece = piece.repeat(100);
                drop(stream.read(&mut [0; 4_096]));
                drop(stream.write_all(head));
                while stream.write_all(&piece).is_ok() {}
            });
        }
    });
    let url = format!("http://127.0.0.1:{port}/feed");
    for _ in 0..3 {
        let outcome = get(&url).await;
        assert_eq!(failure(&outcome).0, OutcomeKind::TooLarge, "{outcome:?}");
    }
}

#[tokio::test]
async fn many_feeds_of_a_host_share_a_connection() {
    let server = Server::start();
    let fetcher = fetcher();
    for n in 0..5 {
        let path = format!("/feed{n}");
        server.set(&path, Reply::ok(FEED));
        let outcome = fetcher.fetch(&ask(&server.url(&path))).await;
        assert_eq!(outcome.facts.version.as_deref(), Some("HTTP/1.1"));
    }
    assert_eq!(server.connections(), 1);
    server.set("/bye", Reply::ok(FEED).header("Connection", "close"));
    for path in ["/bye", "/feed0"] {
        body(&fetcher.fetch(&ask(&server.url(path))).await);
    }
    assert_eq!(server.connections(), 2);
}
