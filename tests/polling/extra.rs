//! Answers that no list foresaw: each ends in the outcome that fits it, and touches nothing else.

use std::net::TcpListener;
use std::time::Duration;

use bongsu::domain::feed::outcome::OutcomeKind::{
    self, HttpError, NetError, NotAFeed, NotModified, OkNew, OkSame, RateLimited, RedirectError,
    TooLarge,
};

use crate::body::gzip;
use crate::support::http::{Reply, Server};
use crate::world::{
    DAY, HOUR, MINUTE, NEWS, PRIVATE, PUBLIC, WATCH, World, channel, feed, gaps, item, rss,
};

const GOOD: &str = "http://good.example/";

/// A world whose feed has been read once, beside a good one.
fn settled() -> World {
    let toml = PUBLIC.to_owned()
        + "timeout = { connect = \"2s\", first_byte = \"1500ms\", idle = \"1500ms\", total = \"3s\" }\n"
        + WATCH
        + &feed("news", NEWS)
        + &feed("good", GOOD);
    let mut world = World::new(Server::start(), &toml);
    world.server.set(GOOD, Reply::ok(rss(&["Good"])));
    world
        .server
        .set(NEWS, Reply::ok(rss(&["One"])).header("ETag", "\"one\""));
    world.round();
    assert_eq!(world.titles("news"), ["One"]);
    world
}

/// Goes on until the feed has been polled once more; the good one may come first.
fn next(world: &mut World) {
    world.server.forget();
    while world.server.asked(NEWS).is_empty() {
        world.polls(1);
    }
}

/// What `reply` comes to as the second answer, and that the third is as if it had never been.
#[track_caller]
fn odd(name: &str, reply: Reply, wanted: &[OutcomeKind]) -> World {
    let mut world = settled();
    world.server.set(NEWS, reply);
    next(&mut world);
    let outcome = world.outcome("news").expect("it was polled");
    let state = world.state("news");
    assert!(
        wanted.contains(&outcome),
        "{name}: {outcome:?}, {:?}",
        state.last_error
    );
    assert_eq!(outcome.is_good(), state.last_error.is_none(), "{name}");
    if !outcome.is_good() {
        assert_eq!(state.etag.as_deref(), Some(&b"\"one\""[..]), "{name}");
    }
    let after = world.titles("news");
    assert_eq!(after[0], "One", "{name}");
    world.server.set(
        NEWS,
        Reply::ok(rss(&["Three", "Two", "One"])).header("ETag", "\"three\""),
    );
    next(&mut world);
    assert!(
        world.outcome("news").is_some_and(OutcomeKind::is_good),
        "{name}"
    );
    assert!(world.titles("news").contains(&"Three".to_owned()), "{name}");
    let good = world.outcome("good");
    assert!(good.is_some_and(OutcomeKind::is_good), "{name}");
    assert_eq!(world.titles("good"), ["Good"], "{name}");
    world
}

/// 200 with this head after the status line, and a document behind it, byte for byte.
fn raw(head: &str, body: &[u8]) -> Reply {
    let mut bytes = head.as_bytes().to_vec();
    bytes.extend_from_slice(body);
    Reply::verbatim(bytes)
}

/// So many header fields.
fn fields(count: usize) -> String {
    let fields: Vec<String> = (0..count).map(|n| format!("X-{n}: {n}\r\n")).collect();
    fields.concat()
}

fn two() -> String {
    rss(&["Two", "One"])
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn heads_that_are_read_all_the_same() {
    let body = two();
    let length = body.len();
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n", body.len());
    let many = |count: usize| {
        let fields = fields(count);
        format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {length}\r\n\r\n{body}")
    };
    for (name, bytes) in [
        (
            "trailers",
            format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n{chunked}X-Sum: 1\r\n\r\n"
            ),
        ),
        (
            "chunk extension",
            format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}",
                chunked.replacen("\r\n", ";a=b\r\n", 1) + "\r\n"
            ),
        ),
        ("HTTP/1.0", format!("HTTP/1.0 200 OK\r\n\r\n{body}")),
        (
            "HTTP/1.0 with keep-alive",
            format!(
                "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
        ),
        (
            "103",
            format!(
                "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
        ),
        (
            "100",
            format!(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
        ),
        (
            "equal lengths",
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
        ),
        (
            "bare LF",
            format!("HTTP/1.1 200 OK\nContent-Length: {length}\n\n{body}"),
        ),
        (
            "no reason",
            format!("HTTP/1.1 200\r\nContent-Length: {length}\r\n\r\n{body}"),
        ),
        (
            "folded",
            format!(
                "HTTP/1.1 200 OK\r\nX-Long: a\r\n  b\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
        ),
        (
            "no colon",
            format!(
                "HTTP/1.1 200 OK\r\nthis is no header\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
        ),
        (
            "space before colon",
            format!("HTTP/1.1 200 OK\r\nX-Odd : 1\r\nContent-Length: {length}\r\n\r\n{body}"),
        ),
        (
            "latin reason",
            format!("HTTP/1.1 200 Tr\u{e8}s bien\r\nContent-Length: {length}\r\n\r\n{body}"),
        ),
        (
            "length and chunks",
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}\r\n"
            ),
        ),
        ("no length at all", format!("HTTP/1.1 200 OK\r\n\r\n{body}")),
        ("150 headers", many(150)),
        ("250 headers", many(250)),
        (
            "odd type",
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: ;;;\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
        ),
        (
            "other 2xx",
            format!("HTTP/1.1 299 Fine\r\nContent-Length: {length}\r\n\r\n{body}"),
        ),
        (
            "203",
            format!("HTTP/1.1 203 Other\r\nContent-Length: {length}\r\n\r\n{body}"),
        ),
        (
            "more than said",
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}garbage behind it"),
        ),
        (
            "blanks and a BOM",
            format!("HTTP/1.1 200 OK\r\n\r\n\u{feff}\n\n  {body}"),
        ),
    ] {
        let world = odd(name, Reply::verbatim(bytes), &[OkNew]);
        assert_eq!(world.titles("news"), ["One", "Two", "Three"], "{name}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn heads_that_are_not() {
    let body = two();
    let length = body.len();
    let many = fields(300);
    let long = "x".repeat(70 << 10);
    for (name, wanted, bytes) in [
        (
            "two lengths",
            &[NetError][..],
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nContent-Length: 7\r\n\r\n{body}"
            ),
        ),
        (
            "negative length",
            &[NetError],
            format!("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{body}"),
        ),
        (
            "length in words",
            &[NetError],
            format!("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{body}"),
        ),
        (
            "endless length",
            &[TooLarge, NetError],
            format!("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999\r\n\r\n{body}"),
        ),
        (
            "length of ten terabytes",
            &[TooLarge],
            format!("HTTP/1.1 200 OK\r\nContent-Length: 10000000000000\r\n\r\n{body}"),
        ),
        (
            "chunk size beyond all",
            &[NetError],
            format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n{body}"
            ),
        ),
        (
            "300 headers",
            &[TooLarge],
            format!("HTTP/1.1 200 OK\r\n{many}Content-Length: {length}\r\n\r\n{body}"),
        ),
        (
            "one header of 70 KiB",
            &[TooLarge],
            format!("HTTP/1.1 200 OK\r\nX: {long}\r\nContent-Length: {length}\r\n\r\n{body}"),
        ),
        ("ICY", &[NetError], format!("ICY 200 OK\r\n\r\n{body}")),
        ("no head at all", &[NetError], body.clone()),
        ("nothing", &[NetError], String::new()),
        (
            "half a head",
            &[NetError],
            "HTTP/1.1 200 OK\r\nContent-Le".to_owned(),
        ),
        (
            "HTTP/3.0",
            &[NetError],
            format!("HTTP/3.0 200 OK\r\n\r\n{body}"),
        ),
        (
            "status 99",
            &[NetError],
            format!("HTTP/1.1 99 Odd\r\n\r\n{body}"),
        ),
        (
            "only hints",
            &[NetError],
            "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(200),
        ),
        (
            "switching protocols",
            &[NetError, HttpError],
            "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n".to_owned(),
        ),
    ] {
        let world = odd(name, Reply::verbatim(bytes), wanted);
        assert_eq!(world.titles("news")[0], "One", "{name}");
    }
}

#[test]
fn what_has_no_end_is_ended() {
    let world = odd(
        "endless body",
        Reply::ok("<rss>".repeat(1_000)).endless(),
        &[TooLarge],
    );
    assert!(
        world.server.poured() < 24 << 20,
        "{}",
        world.server.poured()
    );
    let world = odd(
        "endless head",
        Reply::ok("").endless_head(),
        &[TooLarge, NetError],
    );
    assert!(
        world.server.poured() < 16 << 20,
        "{}",
        world.server.poured()
    );
    odd(
        "a byte now and then",
        Reply::ok(two()).drip(Duration::from_millis(200)),
        &[NetError],
    );
    odd("silence", Reply::ok(two()).stall(), &[NetError]);
    odd(
        "compressed for ever",
        Reply::ok(gzip(&vec![b' '; 60 << 20])).header("Content-Encoding", "gzip"),
        &[TooLarge],
    );
}

#[test]
fn bodies_that_are_damaged() {
    let document = two();
    let whole = gzip(document.as_bytes());
    let mut crc = whole.clone();
    let at = crc.len() - 6;
    crc[at] ^= 0xff;
    let mut brotli = Reply::ok(document.clone()).brotli().into_body();
    brotli.extend_from_slice(b"garbage behind the end");
    let ended = whole[..whole.len() - 8].to_vec();
    let said = |body: Vec<u8>, coding: &str| {
        Reply::ok(body)
            .header("Content-Encoding", coding)
            .header("ETag", "\"bad\"")
    };
    for (name, reply, wanted) in [
        (
            "gzip with a wrong sum",
            said(crc, "gzip"),
            &[NetError, OkNew][..],
        ),
        ("gzip without its end", said(ended, "gzip"), &[NetError]),
        ("br with a tail", said(brotli, "br"), &[OkNew]),
        (
            "four layers",
            said(whole.clone(), "gzip, gzip, gzip, gzip"),
            &[TooLarge],
        ),
        ("an unknown coding", said(whole, "compress"), &[HttpError]),
        ("nothing", Reply::ok(""), &[NotAFeed]),
        ("204", Reply::status(204), &[NotAFeed]),
        ("205", Reply::status(205), &[NotAFeed]),
        (
            "noise",
            Reply::ok((0..=255).cycle().take(5_000).collect::<Vec<u8>>()),
            &[NotAFeed, OutcomeKind::ParseError],
        ),
    ] {
        let world = odd(name, reply, wanted);
        let bad = world
            .server
            .asked(NEWS)
            .iter()
            .any(|one| one.text("if-none-match").as_deref() == Some("\"bad\""));
        assert!(!bad || wanted == [OkNew], "{name}: its validator was sent");
    }
    // All entries of the damaged ones were there.
    let mut world = settled();
    let cut = document.len() - 60;
    let head = format!("HTTP/1.1 200 OK\r\nETag: \"short\"\r\nContent-Length: {cut}\r\n\r\n");
    world.server.set(NEWS, raw(&head, document.as_bytes()));
    next(&mut world);
    assert_eq!(world.titles("news"), ["One", "Two"], "a length too small");
    assert_ne!(world.state("news").etag.as_deref(), Some(&b"\"short\""[..]));
}

#[test]
fn statuses() {
    let partial = raw(
        "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-9/100\r\nContent-Length: 10\r\n\r\n",
        b"<rss versi",
    );
    let challenge = Reply::status(403)
        .header("cf-mitigated", "challenge")
        .body("<html>Just a moment</html>");
    for (name, reply, wanted) in [
        ("206", partial, &[HttpError][..]),
        ("challenge", challenge, &[HttpError]),
        ("300", Reply::status(300), &[HttpError, RedirectError]),
        (
            "305",
            Reply::status(305).header("Location", "http://news.example/x"),
            &[HttpError],
        ),
        ("306", Reply::status(306), &[HttpError]),
        ("400", Reply::status(400), &[HttpError]),
        ("418", Reply::status(418).body(two()), &[HttpError]),
        ("429", Reply::status(429), &[RateLimited]),
        (
            "500 with a feed",
            Reply::status(500).body(two()),
            &[HttpError],
        ),
        (
            "503 with a wait",
            Reply::status(503).header("Retry-After", "60"),
            &[RateLimited],
        ),
        (
            "304 with a body",
            Reply::verbatim("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello"),
            &[NotModified],
        ),
        ("999", Reply::status(999), &[HttpError, NetError]),
    ] {
        let world = odd(name, reply, wanted);
        assert_eq!(world.titles("news"), ["One", "Three", "Two"], "{name}");
    }
}

#[test]
fn locations() {
    let found = "http://news.example/a%20b%20c?d=%20e";
    for (name, location, wanted) in [
        ("spaces", "/a b c?d= e", &[OkNew][..]),
        ("fragment only", "#top", &[RedirectError]),
        ("empty", "", &[RedirectError]),
        ("itself with a cookie", NEWS, &[RedirectError]),
        ("file", "file:///etc/passwd", &[RedirectError]),
        ("data", "data:text/xml,<rss/>", &[RedirectError]),
        ("script", "javascript:alert(1)", &[RedirectError]),
        ("no host", "http://", &[RedirectError]),
        ("foreign port", "http://news.example:25/", &[RedirectError]),
        (
            "far too long",
            &format!("/{}", "x".repeat(30_000)),
            &[HttpError, RedirectError],
        ),
        (
            "with a password",
            "http://u:p@news.example/a%20b%20c?d=%20e#f",
            &[OkNew],
        ),
    ] {
        let mut world = settled();
        world.server.set(found, Reply::ok(two()));
        world.server.set(
            NEWS,
            Reply::redirect(302, location).header("Set-Cookie", "a=b"),
        );
        next(&mut world);
        let outcome = world.outcome("news").expect("it was polled");
        assert!(wanted.contains(&outcome), "{name}: {outcome:?}");
        for request in world.server.requests() {
            for absent in ["cookie", "authorization", "referer"] {
                assert_eq!(request.header(absent), None, "{name}: {absent}");
            }
        }
        let good = world.outcome("good");
        assert!(good.is_some_and(OutcomeKind::is_good), "{name}");
    }
}

#[test]
fn ten_redirects_and_no_more() {
    for (hops, wanted) in [(10, OkNew), (11, RedirectError)] {
        let mut world = settled();
        for n in 0..hops {
            let from = if n == 0 {
                NEWS.to_owned()
            } else {
                format!("http://news.example/{n}")
            };
            world
                .server
                .set(&from, Reply::redirect(302, format!("/{}", n + 1)));
        }
        world
            .server
            .set(&format!("http://news.example/{hops}"), Reply::ok(two()));
        next(&mut world);
        assert_eq!(world.outcome("news"), Some(wanted), "{hops}");
    }
}

#[test]
fn waits_that_are_no_numbers() {
    for (value, least, most) in [
        ("-1", HOUR, HOUR * 3),
        ("soon", HOUR, HOUR * 3),
        ("1e9", HOUR, HOUR * 3),
        ("Tue, 24 Nov 1998 10:00:00 GMT", HOUR, HOUR * 3),
        ("1000000000", DAY * 7, DAY * 8),
        ("99999999999999999999999999", DAY * 7, DAY * 8),
        ("0", MINUTE * 59, HOUR * 3),
    ] {
        let mut world = World::public();
        let limited = Reply::status(429).header("Retry-After", value);
        world.server.in_order(NEWS, vec![limited, Reply::ok(two())]);
        world.polls(2);
        let gap = gaps(&world.server.asked(NEWS))[0];
        assert!(gap >= least && gap <= most, "{value}: {gap:?}");
        assert_eq!(world.entries("news").len(), 2);
    }
}

#[test]
fn validators_that_are_no_validators() {
    let huge = format!("\"{}\"", "e".repeat(20_000));
    let future = "Mon, 23 Nov 2099 12:00:00 GMT";
    let mut world = World::public();
    let etag = huge.clone();
    world.server.on(NEWS, move |_| {
        Reply::ok(rss(&["One"]))
            .header("ETag", &etag)
            .header("Last-Modified", future)
    });
    world.polls(3);
    for request in &world.server.asked(NEWS)[1..] {
        let sent = request.text("if-none-match");
        assert!(sent.is_none() || sent == Some(huge.clone()));
        assert_eq!(request.text("if-modified-since").as_deref(), Some(future));
    }
    assert_eq!(world.outcome("news"), Some(OkSame));
    let mut world = World::public();
    world.server.set(
        NEWS,
        Reply::ok(rss(&["One"]))
            .header("ETag", "")
            .header("Last-Modified", ""),
    );
    world.polls(3);
    assert_eq!(world.outcome("news"), Some(OkSame), "empty ones");
}

#[test]
fn a_304_to_nobody() {
    let mut world = World::public();
    world
        .server
        .in_order(NEWS, vec![Reply::status(304), Reply::ok(two())]);
    world.round();
    assert_eq!(world.outcome("news"), Some(HttpError));
    world.polls(1);
    assert_eq!(world.outcome("news"), Some(OkNew));
}

#[test]
fn a_first_poll_that_is_refused_is_no_end() {
    let mut world = World::public();
    world.server.in_order(
        NEWS,
        vec![Reply::status(429), Reply::ok(rss(&["Acme opens"]))],
    );
    world.polls(2);
    assert_eq!(world.titles("news"), ["Acme opens"]);
    assert_eq!(
        world.alerts(),
        Vec::<String>::new(),
        "the first document is no news"
    );
}

#[test]
fn two_sets_in_turn() {
    let set = |from: u32| {
        let items: Vec<String> = (from..from + 5)
            .map(|n| item(&n.to_string(), &format!("Acme number {n}")))
            .collect();
        Reply::ok(channel(&items.concat()))
    };
    let mut world = World::public();
    let mut turn = 0;
    world.server.on(NEWS, move |_| {
        turn += 1;
        set(if turn % 2 == 1 { 0 } else { 5 })
    });
    world.run_for(DAY * 2);
    assert_eq!(world.entries("news").len(), 10);
    assert_eq!(world.alerts().len(), 5, "each of the second set once");
}

#[test]
fn a_server_that_hangs_up_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let address = listener.local_addr().expect("it is bound");
    // It ends with the test's process.
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let toml = PRIVATE.to_owned()
        + &feed("news", &format!("http://{address}/feed"))
        + &feed("good", "SERVER/good");
    let mut world = World::new(Server::start(), &toml);
    world.server.set("/good", Reply::ok(rss(&["Good"])));
    world.run_for(DAY);
    assert_eq!(world.outcome("news"), Some(NetError));
    assert_eq!(world.outcome("good"), Some(OkSame));
    let text = world.state("news").last_error.expect("a reason");
    assert!(!text.is_empty());
    let polls = world.history("news").len();
    assert!(polls <= 6, "backs off: {polls}");
}

#[test]
fn nesting_and_counts_are_bounded() {
    let many: String = (0..6_000)
        .map(|n| item(&n.to_string(), &format!("Item {n}")))
        .collect();
    let mut world = World::public();
    world.server.set(NEWS, Reply::ok(channel(&many)));
    world.round();
    let count = world.entries("news").len();
    assert!((4_000..=5_000).contains(&count), "{count}");
    let mut world = World::public();
    let lol = "<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
               <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    let document = rss(&["One &c;&x;"]).replace("<?xml version=\"1.0\"?>", lol);
    world.server.set(NEWS, Reply::ok(document));
    world.round();
    for title in world.titles("news") {
        assert!(!title.contains("root:") && title.len() < 2_000, "{title}");
    }
}

/// FET-42: the one retry that is allowed.
#[test]
fn a_connection_that_was_closed_meanwhile_is_no_failure() {
    let mut world = World::public();
    let body = two();
    let kept = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // It says that the connection may be used again, and closes it.
    world.server.set(NEWS, Reply::verbatim(kept));
    world.polls(6);
    let bad = world
        .history("news")
        .iter()
        .filter(|poll| !poll.outcome.is_good())
        .count();
    assert_eq!(bad, 0, "{:?}", world.history("news"));
    assert_eq!(world.server.asked(NEWS).len(), 6);
}
