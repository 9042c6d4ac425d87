//! Publishers of every kind, honest and not, and what comes of asking them.

mod support;

#[path = "fetch/answers.rs"]
mod answers;
#[path = "fetch/certificates.rs"]
mod certificates;
#[path = "fetch/guard.rs"]
mod guard;
#[path = "fetch/names.rs"]
mod names;
#[path = "fetch/proxies.rs"]
mod proxies;
#[path = "fetch/tls.rs"]
mod tls;

use std::net::Ipv4Addr;
use std::time::Duration;

use bongsu::clock::Clock;
use bongsu::domain::feed::outcome::{
    Body, FetchOutcome, FetchRequest, FetchResult, OutcomeKind, Wants,
};
use bongsu::fetch::settings::Timeouts;
use bongsu::fetch::{FetchSettings, Fetcher, user_agent};
use bongsu::secret::Secret;
use support::http::{Reply, Server};

const FEED: &str = "<rss version=\"2.0\"><channel><title>속보</title></channel></rss>";

fn settings() -> FetchSettings {
    FetchSettings {
        allow_networks: vec!["127.0.0.1/32".parse().expect("a network")],
        max_wire: 1 << 20,
        max_body: 2 << 20,
        ..FetchSettings::default()
    }
}

fn fetcher() -> Fetcher {
    Fetcher::new(&settings(), &user_agent(""), Clock::System).expect("a client")
}

async fn get(url: &str) -> FetchOutcome {
    fetcher().fetch(&ask(url)).await
}

fn ask(url: &str) -> FetchRequest {
    FetchRequest {
        url: url.to_owned(),
        ..FetchRequest::default()
    }
}

#[track_caller]
fn body(outcome: &FetchOutcome) -> &Body {
    match &outcome.result {
        FetchResult::Fetched(body) => body,
        other => panic!("no body but {other:?}"),
    }
}

#[track_caller]
fn failure(outcome: &FetchOutcome) -> (OutcomeKind, &str, Option<&Body>) {
    match &outcome.result {
        FetchResult::Failed {
            kind,
            message,
            partial,
        } => (*kind, message, partial.as_ref()),
        other => panic!("no failure but {other:?}"),
    }
}

#[tokio::test]
async fn a_plain_request_says_who_asks_and_nothing_more() {
    let server = Server::start();
    server.set("/feed", Reply::ok(FEED).header("Content-Type", "text/xml"));
    let outcome = get(&server.url("/feed?q=%C7%D1&x#top")).await;
    assert_eq!(body(&outcome).bytes, FEED.as_bytes());
    assert_eq!(body(&outcome).content_type.as_deref(), Some("text/xml"));
    assert_eq!(outcome.facts.status, Some(200));
    assert_eq!(outcome.facts.wire_bytes, FEED.len() as u64);
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(request.target, "/feed?q=%C7%D1&x");
    let agent = request.text("user-agent").unwrap();
    assert!(agent.starts_with("bongsu/") && agent.contains("(+https://"));
    assert_eq!(request.text("accept-encoding").unwrap(), "gzip, br, zstd");
    assert!(
        request
            .text("accept")
            .unwrap()
            .contains("application/rss+xml")
    );
    for absent in [
        "cookie",
        "referer",
        "origin",
        "authorization",
        "if-none-match",
    ] {
        assert_eq!(request.header(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn validators_go_back_byte_for_byte() {
    for (etag, last_modified) in [
        (Some(&b"W/\"a\\\"b\""[..]), None),
        (Some(b"caf\xe9"), None),
        (None, Some(&b"Fri, not a date"[..])),
        (Some(b"\"1-gzip\""), Some(b"Mon, 23 Nov 2026 12:00:00 GMT")),
    ] {
        let server = Server::start();
        server.on("/feed", move |request| {
            let same = |name, value: Option<&[u8]>| request.header(name) == value;
            if same("if-none-match", etag) && same("if-modified-since", last_modified) {
                return Reply::status(304).header("Content-Encoding", "gzip");
            }
            let mut reply = Reply::ok(FEED);
            for (name, value) in [("ETag", etag), ("Last-Modified", last_modified)] {
                if let Some(value) = value {
                    reply = reply.header(name, value);
                }
            }
            reply
        });
        let fetcher = fetcher();
        let mut request = ask(&server.url("/feed"));
        let first = fetcher.fetch(&request).await;
        assert!(!first.facts.conditional);
        request.etag = first.facts.etag;
        request.last_modified = first.facts.last_modified;
        let second = fetcher.fetch(&request).await;
        assert!(matches!(second.result, FetchResult::NotModified));
        assert!(second.facts.conditional);
        assert_eq!(server.connections(), 1, "the connection is reused");
        request.alone = true;
        for connections in [2, 3] {
            fetcher.fetch(&request).await;
            assert_eq!(server.connections(), connections, "none is kept for nobody");
        }
    }
}

#[tokio::test]
async fn a_304_nobody_asked_for_is_an_error() {
    let server = Server::start();
    server.set("/feed", Reply::status(304));
    let outcome = get(&server.url("/feed")).await;
    assert_eq!(failure(&outcome).0, OutcomeKind::HttpError);
}

#[tokio::test]
async fn statuses_become_outcomes() {
    use OutcomeKind::{Gone, HttpError, NotAFeed, RateLimited};
    let server = Server::start();
    let wait = |status| Reply::status(status).header("Retry-After", "7200");
    for (path, reply, kind, asked) in [
        ("/404", Reply::status(404), HttpError, None),
        ("/410", Reply::status(410), Gone, None),
        ("/429", wait(429), RateLimited, Some(7_200)),
        ("/503", Reply::status(503), HttpError, None),
        ("/503w", wait(503), RateLimited, Some(7_200)),
        ("/500w", wait(500), HttpError, Some(7_200)),
        ("/204", Reply::status(204), NotAFeed, None),
        ("/206", Reply::status(206).body(FEED), HttpError, None),
        ("/200", Reply::ok(""), NotAFeed, None),
        ("/300", Reply::status(300), HttpError, None),
        ("/302", Reply::status(302), OutcomeKind::RedirectError, None),
        (
            "/cf",
            Reply::status(403).header("cf-mitigated", "challenge"),
            HttpError,
            None,
        ),
    ] {
        server.set(path, reply);
        let outcome = get(&server.url(path)).await;
        assert_eq!(failure(&outcome).0, kind, "{path}");
        let asked = asked.map(Duration::from_secs);
        assert_eq!(outcome.facts.retry_after, asked, "{path}");
    }
    server.set("/299", Reply::status(299).body(FEED));
    assert_eq!(body(&get(&server.url("/299")).await).bytes, FEED.as_bytes());
}

#[tokio::test]
async fn cache_headers_become_freshness() {
    let server = Server::start();
    let reply = Reply::ok(FEED)
        .header("Cache-Control", "max-age=3600")
        .header("Age", "3000");
    server.set("/feed", reply);
    let fresh = get(&server.url("/feed")).await.facts.fresh_for.unwrap();
    assert!((590..=600).contains(&fresh.as_secs()), "{fresh:?}");
}

#[tokio::test]
async fn redirects_are_followed_and_noted() {
    let server = Server::start();
    server.set("/a", Reply::redirect(301, "/b?x=1"));
    server.set("/b", Reply::redirect(307, b"/\xc7\xd1\xb1\xdb"));
    server.set("/%C7%D1%B1%DB", Reply::ok(FEED));
    let outcome = get(&server.url("/a")).await;
    assert_eq!(body(&outcome).bytes, FEED.as_bytes());
    let last = server.url("/%C7%D1%B1%DB");
    assert_eq!(outcome.facts.final_url.as_deref(), Some(last.as_str()));
    assert_eq!(
        outcome.facts.redirects,
        [(301, server.url("/b?x=1")), (307, last)]
    );
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.header("referer").is_none())
    );
}

#[tokio::test]
async fn circles_and_endless_ways_end() {
    let server = Server::start();
    server.set("/a", Reply::redirect(302, "/b"));
    server.set("/b", Reply::redirect(302, "/a"));
    server.set("/self", Reply::redirect(302, ""));
    for n in 0..20 {
        let to = format!("/n{}", n + 1);
        server.set(&format!("/n{n}"), Reply::redirect(302, to));
    }
    server.set("/file", Reply::redirect(302, "file:///etc/passwd"));
    for (path, asked, word) in [
        ("/a", 2, "circle"),
        ("/self", 1, "circle"),
        ("/n0", 11, "more than 10"),
        ("/file", 1, "only http and https"),
    ] {
        let before = server.requests().len();
        let outcome = get(&server.url(path)).await;
        let (kind, message, _) = failure(&outcome);
        assert_eq!(kind, OutcomeKind::RedirectError, "{path}");
        assert!(message.contains(word), "{message}");
        assert_eq!(server.requests().len() - before, asked, "{path}");
    }
}

#[tokio::test]
async fn another_origin_sees_nothing_that_is_not_its_own() {
    let server = Server::start();
    let other = Server::start();
    server.set("/feed", Reply::redirect(301, other.url("/moved")));
    server.set("/near", Reply::redirect(302, "/here"));
    server.set("/here", Reply::ok(FEED));
    other.set("/moved", Reply::redirect(302, server.url("/here")));
    let fetcher = fetcher();
    let request = |path| FetchRequest {
        url: server.url(path).replace("http://", "http://user:pass@"),
        etag: Some(b"\"e\"".to_vec()),
        last_modified: Some(b"then".to_vec()),
        headers: vec![("X-Key".to_owned(), Secret::new("k"))],
        ..FetchRequest::default()
    };
    let private = [
        "authorization",
        "x-key",
        "if-none-match",
        "if-modified-since",
    ];
    let outcome = fetcher.fetch(&request("/feed")).await;
    assert!(!format!("{:?}", outcome.facts).contains("pass"));
    let asked = server.requests();
    assert!(private.iter().all(|name| asked[0].header(name).is_some()));
    assert_eq!(
        asked[0].text("authorization").unwrap(),
        "Basic dXNlcjpwYXNz"
    );
    for request in [&other.requests()[0], &asked[1]] {
        for name in private.iter().chain(&["referer", "cookie"]) {
            assert_eq!(request.header(name), None, "{name}");
        }
    }
    fetcher.fetch(&request("/near")).await;
    let here = server.requests().pop().unwrap();
    assert!(here.header("authorization").is_some() && here.header("if-none-match").is_none());
}

#[tokio::test]
async fn validators_of_a_redirects_target_are_sent_there() {
    let server = Server::start();
    server.set("/old", Reply::redirect(302, "/new"));
    server.on("/new", |request| match request.text("if-none-match") {
        Some(etag) if etag == "\"n\"" => Reply::status(304),
        _ => Reply::ok(FEED).header("ETag", "\"n\""),
    });
    let fetcher = fetcher();
    let first = fetcher.fetch(&ask(&server.url("/old"))).await;
    let request = FetchRequest {
        etag: first.facts.etag,
        validators_url: first.facts.final_url,
        ..ask(&server.url("/old"))
    };
    let second = fetcher.fetch(&request).await;
    assert!(matches!(second.result, FetchResult::NotModified));
    assert_eq!(server.requests()[2].header("if-none-match"), None);
}

#[tokio::test]
async fn the_guard_stands_before_every_hop() {
    let server = Server::start();
    let forbidden = Server::start_at(Ipv4Addr::new(127, 0, 0, 2));
    let outcome = get(&forbidden.url("/feed")).await;
    let (kind, message, _) = failure(&outcome);
    assert_eq!(kind, OutcomeKind::Refused);
    assert!(
        message.contains("127.0.0.2") && message.contains("allow_networks"),
        "{message}"
    );
    for target in [
        forbidden.url("/feed"),
        "http://169.254.169.254/latest/".to_owned(),
        format!("http://[::ffff:127.0.0.2]:{}/", forbidden.address().port()),
        "http://127.0.0.1:6379/".to_owned(),
    ] {
        server.set("/feed", Reply::redirect(302, &target));
        let outcome = get(&server.url("/feed")).await;
        assert_eq!(failure(&outcome).0, OutcomeKind::RedirectError, "{target}");
    }
    assert_eq!(forbidden.connections(), 0);
}

#[tokio::test]
async fn names_are_judged_by_where_they_lead() {
    // Every machine resolves this one, and none to a public address.
    let server = Server::start();
    let url = format!("http://localhost:{}/feed", server.address().port());
    server.set("/feed", Reply::ok(FEED));
    let closed = FetchSettings {
        allow_networks: Vec::new(),
        ..settings()
    };
    let closed = Fetcher::new(&closed, "t", Clock::System).unwrap();
    assert_eq!(
        failure(&closed.fetch(&ask(&url)).await).0,
        OutcomeKind::Refused
    );
    assert_eq!(server.connections(), 0);
    assert_eq!(body(&get(&url).await).bytes, FEED.as_bytes());
}

#[tokio::test]
async fn a_redirect_may_ask_to_wait() {
    let server = Server::start();
    let to = |wait| Reply::redirect(302, "/feed").header("Retry-After", wait);
    server.set("/feed", Reply::ok(FEED));
    server.set("/now", to("0"));
    server.set("/later", to("3600"));
    body(&get(&server.url("/now")).await);
    let outcome = get(&server.url("/later")).await;
    assert_eq!(failure(&outcome).0, OutcomeKind::RateLimited);
    assert_eq!(outcome.facts.retry_after, Some(Duration::from_hours(1)));
    assert_eq!(server.targets(), ["/now", "/feed", "/later"]);
}

#[tokio::test]
async fn codings_labels_and_lies() {
    let server = Server::start();
    let members = {
        let half = |text: &str| Reply::ok(text).gzip();
        let (first, second) = FEED.split_at(20);
        [half(first).into_body(), half(second).into_body()].concat()
    };
    let label = |reply: Reply, coding: &str| reply.header("Content-Encoding", coding);
    for (path, reply) in [
        ("/gzip", Reply::ok(FEED).gzip()),
        ("/br", Reply::ok(FEED).brotli()),
        ("/zstd", Reply::ok(FEED).zstd()),
        ("/chunked", Reply::ok(FEED).gzip().chunked()),
        ("/GZIP", label(Reply::ok(members.clone()), "GZIP")),
        ("/x-gzip", label(Reply::ok(members), "x-gzip")),
        ("/twice", Reply::ok(FEED).gzip().gzip()),
        ("/lie", label(Reply::ok(FEED), "gzip")),
        ("/silent", Reply::ok(Reply::ok(FEED).gzip().into_body())),
    ] {
        server.set(path, reply);
        assert_eq!(
            body(&get(&server.url(path)).await).bytes,
            FEED.as_bytes(),
            "{path}"
        );
    }
}

#[tokio::test]
async fn bombs_are_left_alone() {
    let server = Server::start();
    let zeros = || Reply::ok(vec![0; 64 << 20]);
    for (path, reply) in [
        ("/gzip", zeros().gzip()),
        ("/br", zeros().brotli()),
        ("/zstd", zeros().zstd()),
        ("/long", Reply::ok(vec![b'x'; 3 << 20])),
        ("/unannounced", Reply::ok(vec![b'x'; 3 << 20]).chunked()),
    ] {
        server.set(path, reply);
        let outcome = get(&server.url(path)).await;
        let (kind, _, partial) = failure(&outcome);
        assert_eq!(kind, OutcomeKind::TooLarge, "{path}");
        assert!(
            partial.is_none() && outcome.facts.wire_bytes <= 1 << 20,
            "{path}"
        );
    }
}

#[tokio::test]
async fn heads_are_bounded_and_odd_ones_read() {
    let server = Server::start();
    let many = |count| {
        (0..count).fold(Reply::ok(FEED), |reply, n| {
            reply.header(&format!("X-{n}"), "x")
        })
    };
    server.set("/150", many(150));
    server.set("/500", many(500));
    server.set("/long", Reply::ok(FEED).header("X", vec![b'x'; 70_000]));
    server.set(
        "/odd",
        Reply::verbatim(format!(
            "HTTP/1.0 200\nBad Name: x\nX : y\nX-Folded: a\n b\nno colon\n\n{FEED}"
        )),
    );
    for path in ["/150", "/odd"] {
        assert_eq!(
            body(&get(&server.url(path)).await).bytes,
            FEED.as_bytes(),
            "{path}"
        );
    }
    for path in ["/500", "/long"] {
        let outcome = get(&server.url(path)).await;
        assert_eq!(failure(&outcome).0, OutcomeKind::TooLarge, "{path}");
    }
}

#[tokio::test]
async fn silence_ends_at_its_own_limit() {
    let server = Server::start();
    let long = || Reply::ok(FEED.repeat(10));
    server.set("/head", Reply::ok(FEED).stall());
    server.set("/body", long().stall_after(100));
    server.set("/drip", long().drip(Duration::from_millis(50)));
    let hasty = FetchSettings {
        timeout: Timeouts {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_millis(800),
            idle: Duration::from_millis(800),
            total: Duration::from_millis(1_600),
        },
        ..settings()
    };
    let hasty = Fetcher::new(&hasty, "t", Clock::System).unwrap();
    for (path, word, keeps) in [
        ("/head", "first_byte", false),
        ("/body", "timeout.idle", true),
        ("/drip", "timeout.total", true),
    ] {
        let outcome = hasty.fetch(&ask(&server.url(path))).await;
        let (kind, message, partial) = failure(&outcome);
        assert_eq!(kind, OutcomeKind::NetError, "{path}");
        assert!(message.contains(word), "{message}");
        assert_eq!(partial.is_some(), keeps, "{path}");
    }
}

#[tokio::test]
async fn broken_transfers_keep_what_came() {
    let server = Server::start();
    let numbers: Vec<String> = (0..2_000).map(|n| n.to_string()).collect();
    let long = numbers.join("</item><item>");
    let whole = Reply::ok(long.clone());
    let zipped = whole.clone().gzip();
    let cut = |reply: Reply| {
        let half = reply.clone().into_body().len() / 2;
        reply.cut(half)
    };
    for (path, reply) in [
        ("/cut", cut(whole.clone())),
        ("/chunks", whole.bad_chunks()),
        ("/gzip", cut(zipped)),
    ] {
        server.set(path, reply);
        let outcome = get(&server.url(path)).await;
        let (kind, message, partial) = failure(&outcome);
        assert_eq!(kind, OutcomeKind::NetError, "{path}");
        assert!(message.contains("broke off"), "{message}");
        let bytes = &partial
            .unwrap_or_else(|| panic!("{path}: nothing kept"))
            .bytes;
        assert!(
            !bytes.is_empty() && long.as_bytes().starts_with(bytes),
            "{path}"
        );
    }
    let refused = {
        let gone = Server::start();
        gone.url("/")
    };
    server.set("/icy", Reply::verbatim("ICY 200 OK\r\n\r\n"));
    server.set("/nothing", Reply::verbatim(""));
    for url in [refused, server.url("/icy"), server.url("/nothing")] {
        let outcome = get(&url).await;
        assert_eq!(failure(&outcome).0, OutcomeKind::NetError, "{url}");
    }
}

#[tokio::test]
async fn plain_http_under_an_https_address_is_a_tls_error() {
    let server = Server::start();
    let url = server.url("/").replace("http:", "https:");
    let outcome = get(&url).await;
    assert_eq!(failure(&outcome).0, OutcomeKind::TlsError, "{outcome:?}");
}

#[tokio::test]
async fn nonsense_is_refused_without_asking() {
    for url in [
        "",
        "feed",
        "ftp://example.org/",
        "http://",
        "http://example.org:22/",
    ] {
        assert_eq!(failure(&get(url).await).0, OutcomeKind::Refused, "{url}");
    }
}

#[tokio::test]
async fn a_page_is_asked_for_as_the_robots_txt_of_its_host_allows() {
    let forbids = "User-agent: bongsu\nDisallow: /";
    for (why, reply, hops, allowed) in [
        ("none", Reply::status(404), 0, true),
        ("refused", Reply::status(403), 0, true),
        ("empty", Reply::ok(""), 0, true),
        (
            "allows",
            Reply::ok("User-agent: *\nDisallow: /other"),
            0,
            true,
        ),
        ("forbids", Reply::ok(forbids), 0, false),
        ("forbids elsewhere", Reply::ok(forbids), 5, false),
        ("too far", Reply::status(404), 6, false),
        ("broken", Reply::status(500), 0, false),
        ("too often", Reply::status(429), 0, false),
    ] {
        let server = Server::start();
        let place = |hop: i32| match hop {
            0 => "/robots.txt".to_owned(),
            hop => format!("/r{hop}"),
        };
        for hop in 0..hops {
            server.set(&place(hop), Reply::redirect(302, place(hop + 1)));
        }
        server.set(&place(hops), reply);
        server.set("/page", Reply::ok("<p>x</p>"));
        let fetcher = fetcher();
        let request = FetchRequest {
            wants: Wants::Page,
            ..ask(&server.url("/page"))
        };
        for _ in 0..2 {
            let outcome = fetcher.fetch(&request).await;
            assert_eq!(
                matches!(outcome.result, FetchResult::Fetched(_)),
                allowed,
                "{why}: {outcome:?}"
            );
        }
        let asked = |path: &str| {
            server
                .targets()
                .iter()
                .filter(|target| *target == path)
                .count()
        };
        assert_eq!(
            (asked("/robots.txt"), asked("/page")),
            (1, if allowed { 2 } else { 0 }),
            "{why}"
        );
        // A feed's address is a person's choice: nobody is asked.
        assert!(matches!(
            fetcher.fetch(&ask(&server.url("/page"))).await.result,
            FetchResult::Fetched(_)
        ));
    }
}

#[tokio::test]
async fn a_robots_txt_full_of_stars_is_read_and_endless_addresses_are_not_asked_for() {
    let server = Server::start();
    let rules = "Disallow: /*aaaaaaaaaaaaaaaaaaaab*c\n".repeat(9_999);
    server.set("/robots.txt", Reply::ok(format!("User-agent: *\n{rules}")));
    let long = |length: usize| format!("/p/{}", "a".repeat(length));
    for (length, fits) in [(8_000, true), (8_192, false), (60_000, false)] {
        let from = format!("/from-{length}");
        server.set(&from, Reply::redirect(302, long(length)));
        server.set(&long(length), Reply::ok("<p>x</p>"));
        for wants in [Wants::Page, Wants::Feed] {
            let request = FetchRequest {
                wants,
                ..ask(&server.url(&from))
            };
            let outcome = fetcher().fetch(&request).await;
            if fits {
                assert_eq!(body(&outcome).bytes, b"<p>x</p>", "{length}");
            } else {
                let (kind, why, _) = failure(&outcome);
                assert_eq!(kind, OutcomeKind::RedirectError, "{length}");
                assert!(why.contains("longer than 8 KiB"), "{why}");
                assert!(outcome.facts.redirects.is_empty(), "{length}");
            }
        }
        assert_eq!(server.asked(&long(length)).is_empty(), !fits, "{length}");
    }
    let outcome = get(&server.url(&long(9_000))).await;
    assert_eq!(failure(&outcome).0, OutcomeKind::Refused);
}
