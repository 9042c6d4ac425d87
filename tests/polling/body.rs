//! Cases 24 to 33 and 37: what arrives, in whatever shape.

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use bongsu::domain::feed::outcome::OutcomeKind;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::http::{Reply, Server};
use crate::world::{
    DAY, HOUR, NEWS, PRIVATE, PUBLIC, WATCH, World, channel, feed, item, rss, span, start,
};

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a Vec takes all");
    encoder.finish().expect("a Vec takes all")
}

/// A world that has polled once, and been answered so.
pub fn answered(reply: Reply) -> World {
    let mut world = World::public();
    world.server.set(NEWS, reply);
    world.round();
    world
}

#[test]
fn gzip_members() {
    let document = rss(&["One", "Two"]);
    let half = document.find("Two").expect("it is there");
    let wire = [
        gzip(&document.as_bytes()[..half]),
        gzip(&document.as_bytes()[half..]),
    ]
    .concat();
    let world = answered(Reply::ok(wire).header("Content-Encoding", "gzip"));
    assert_eq!(world.titles("news"), ["One", "Two"]);
    assert_eq!(world.outcome("news"), Some(OutcomeKind::OkNew));
}

#[test]
fn coding_zoo() {
    let document = rss(&["One"]).into_bytes();
    let once = gzip(&document);
    for (label, wire) in [
        (Some("GZIP"), once.clone()),
        (Some("x-gzip"), once.clone()),
        (Some("gzip, gzip"), gzip(&once)),
        (Some("gzip"), document),
        (None, once),
    ] {
        let reply = Reply::ok(wire);
        let world = answered(match label {
            Some(label) => reply.header("Content-Encoding", label),
            None => reply,
        });
        assert_eq!(world.titles("news"), ["One"], "{label:?}");
    }
}

/// What a feed of 200 MB of nothing looks like on the wire.
fn bombs() -> &'static [(&'static str, Reply)] {
    static BOMBS: OnceLock<Vec<(&str, Reply)>> = OnceLock::new();
    BOMBS.get_or_init(make_bombs)
}

fn make_bombs() -> Vec<(&'static str, Reply)> {
    let zeros = vec![b' '; 200 << 20];
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(&mut brotli, 1 << 16, 1, 22)
        .write_all(&zeros)
        .expect("a Vec takes all");
    let fast = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&zeros).expect("a Vec takes all");
        encoder.finish().expect("a Vec takes all")
    };
    let zstd = zstd::encode_all(zeros.as_slice(), 1).expect("a Vec takes all");
    [("gzip", fast), ("br", brotli), ("zstd", zstd)]
        .into_iter()
        .map(|(coding, wire)| (coding, Reply::ok(wire).header("Content-Encoding", coding)))
        .collect()
}

#[test]
fn bomb() {
    let bombs = bombs();
    let mut toml = PUBLIC.to_owned() + &feed("good", "http://good.example/");
    for (coding, _) in bombs {
        toml += &feed(coding, &format!("http://{coding}.example/"));
    }
    let mut world = World::new(Server::start(), &toml);
    world
        .server
        .set("http://good.example/", Reply::ok(rss(&["One"])));
    for (coding, reply) in bombs {
        world
            .server
            .set(&format!("http://{coding}.example/"), reply.clone());
    }
    world.round();
    for (coding, _) in bombs {
        assert_eq!(
            world.outcome(coding),
            Some(OutcomeKind::TooLarge),
            "{coding}"
        );
    }
    assert_eq!(world.titles("good"), ["One"]);
}

#[test]
fn drip_and_stall() {
    let toml = PUBLIC.to_owned()
        + "timeout = { connect = \"600ms\", first_byte = \"600ms\", idle = \"1s\", total = \"2s\" }\n"
        + &["drip", "silent", "stops", "good"]
            .map(|id| feed(id, &format!("http://{id}.example/")))
            .concat();
    let mut world = World::new(Server::start(), &toml);
    let document = rss(&["One"]);
    let (server, whole) = (&world.server, Reply::ok(document.clone()));
    server.set("http://good.example/", whole.clone());
    server.set(
        "http://drip.example/",
        whole.clone().drip(Duration::from_millis(100)),
    );
    server.set("http://silent.example/", whole.clone().stall());
    server.set(
        "http://stops.example/",
        whole.stall_after(document.len() - 16),
    );
    world.round();
    assert_eq!(world.outcome("good"), Some(OutcomeKind::OkNew));
    for (id, limit) in [
        ("drip", "timeout.total"),
        ("silent", "timeout.first_byte"),
        ("stops", "timeout.idle"),
    ] {
        assert_eq!(world.outcome(id), Some(OutcomeKind::NetError), "{id}");
        let text = world.state(id).last_error.expect("a reason");
        assert!(text.contains(limit), "{id}: {text}");
    }
    assert_eq!(world.titles("stops"), ["One"], "its one item was whole");
}

#[test]
fn truncated() {
    let items: Vec<String> = (1..=12)
        .map(|n| item(&n.to_string(), &format!("Item {n} {}", "long ".repeat(120))))
        .collect();
    let document = channel(&items.concat());
    let seventh = document.match_indices("</item>").nth(6).expect("seven").0;
    let cut = seventh + "</item>".len() + 100;
    let mut world = World::public();
    world.server.set(
        NEWS,
        Reply::ok(document).header("ETag", "\"whole\"").cut(cut),
    );
    world.round();
    assert_eq!(world.entries("news").len(), 7);
    let state = world.state("news");
    assert_eq!((state.etag, state.last_modified), (None, None));
    assert_eq!(state.last_outcome, Some(OutcomeKind::NetError));
    assert_eq!(state.failures, 1);
    world.polls(1);
    let again = &world.server.asked(NEWS)[1];
    assert_eq!(again.header("if-none-match"), None);
    assert_eq!(world.entries("news").len(), 7, "and none twice");
}

const SYLLABLES: &str = "속보: Acme 똠방각하 펲시 뷁";

/// The ten ways of case 29: bytes, what the header says, what the declaration says.
fn korean() -> Vec<(&'static str, Reply)> {
    let document = |declared: Option<&str>, n: usize| {
        let head = declared.map_or_else(String::new, |label| {
            format!("<?xml version=\"1.0\" encoding=\"{label}\"?>\n")
        });
        // A comment makes each poll's bytes its own, so that each is read.
        format!(
            "{head}<rss version=\"2.0\"><channel><title>통신</title><!-- {n} -->{}</channel></rss>",
            item("1", SYLLABLES)
        )
    };
    let mut all = Vec::new();
    let ways: [(&str, Option<&str>, Option<&str>, bool); 10] = [
        ("no label", None, None, true),
        ("http utf-8", Some("utf-8"), None, true),
        ("xml utf-8", None, Some("utf-8"), true),
        ("xml cp949", None, Some("cp949"), true),
        ("xml ms949", None, Some("MS949"), true),
        ("http ks_c_5601-1987", Some("ks_c_5601-1987"), None, true),
        (
            "http euc-kr, xml utf-8",
            Some("EUC-KR"),
            Some("utf-8"),
            true,
        ),
        ("utf-8, http euc-kr", Some("euc-kr"), None, false),
        ("utf-8, xml euc-kr", None, Some("euc-kr"), false),
        ("utf-8, both euc-kr", Some("euc-kr"), Some("euc-kr"), false),
    ];
    for (n, (name, http, xml, cp949)) in ways.into_iter().enumerate() {
        let text = document(xml, n);
        let bytes = if cp949 {
            encoding_rs::EUC_KR.encode(&text).0.into_owned()
        } else {
            text.into_bytes()
        };
        let kind = http.map_or_else(
            || "application/xml".to_owned(),
            |label| format!("application/xml; charset={label}"),
        );
        all.push((name, Reply::ok(bytes).header("Content-Type", kind)));
    }
    all
}

#[test]
fn euckr_matrix() {
    let mut world = World::public();
    world.server.set(NEWS, Reply::ok(rss(&["Before"])));
    world.round();
    for (name, reply) in korean() {
        world.server.set(NEWS, reply);
        world.polls(1);
        world.round();
        assert!(
            world.outcome("news").is_some_and(OutcomeKind::is_good),
            "{name}: {:?}",
            world.state("news").last_error
        );
        assert_eq!(world.titles("news"), ["Before", SYLLABLES], "{name}");
    }
    assert_eq!(world.alerts(), [SYLLABLES], "one alert across ten polls");
    let entries = world.entries("news");
    assert_eq!(entries[1].revision, 0, "a flip of the encoding is no edit");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn panic_pack() {
    let padded = |declaration: &str| {
        format!(
            "{}{declaration}<rss version=\"2.0\"><channel><title>T</title>{}</channel></rss>",
            " ".repeat(200),
            item("1", "One")
        )
    };
    let utf16 = |text: &str| -> Vec<u8> {
        let mut bytes = vec![0xfe, 0xff];
        for unit in text.encode_utf16() {
            bytes.extend(unit.to_be_bytes());
        }
        bytes
    };
    let deep = format!(
        "<rss version=\"2.0\"><channel><title>T</title><item><description>{}</description></item></channel></rss>",
        "<b>".repeat(200_000)
    );
    let nested = "<a>".repeat(200_000);
    let inside =
        |text: &str| channel(&item("1", "One").replace("</item>", &format!("{text}</item>")));
    let pack: Vec<(&str, Vec<u8>)> = vec![
        (
            "late declaration",
            padded("<?xml version=\"1.0\" encoding=\"euc-kr\"?>").into_bytes(),
        ),
        (
            "utf-16be",
            utf16(padded("<?xml version=\"1.0\" encoding=\"utf-16\"?>").trim_start()),
        ),
        (
            "second declaration",
            inside("<?xml version=\"1.0\" encoding=\"euc-kr\"?>").into_bytes(),
        ),
        ("author", inside("<author>a@b.com—홍</author>").into_bytes()),
        (
            "duration",
            inside("<itunes:duration>12345678901234567890123</itunes:duration>").into_bytes(),
        ),
        ("deep", deep.into_bytes()),
        ("nested", nested.into_bytes()),
        ("json", [b"[".repeat(200_000)].concat()),
    ];
    let mut toml = PUBLIC.to_owned() + &feed("good", "http://good.example/");
    for n in 0..pack.len() {
        toml += &feed(&format!("p{n}"), &format!("http://p{n}.example/"));
    }
    let mut world = World::new(Server::start(), &toml);
    world
        .server
        .set("http://good.example/", Reply::ok(rss(&["One"])));
    for (n, (_, body)) in pack.iter().enumerate() {
        world
            .server
            .set(&format!("http://p{n}.example/"), Reply::ok(body.clone()));
    }
    world.round();
    assert_eq!(world.titles("good"), ["One"]);
    for (n, (name, _)) in pack.iter().enumerate() {
        let state = world.state(&format!("p{n}"));
        let kind = state.last_outcome.expect("it was polled");
        assert!(
            kind.is_good() || matches!(kind, OutcomeKind::ParseError | OutcomeKind::NotAFeed),
            "{name}: {kind:?}"
        );
        assert!(kind.is_good() == state.last_error.is_none(), "{name}");
    }
    for (n, name) in pack.iter().map(|(name, _)| name).enumerate().take(5) {
        let titles = world.titles(&format!("p{n}"));
        assert_eq!(titles, ["One"], "{name}");
    }
}

#[test]
fn dirty_xml() {
    let ten = |bad: &str| {
        let mut items: Vec<String> = (1..=10)
            .map(|n| item(&n.to_string(), &format!("Item {n}")))
            .collect();
        items[4] = items[4].replace("<description>", &format!("<description>{bad}"));
        channel(&items.concat())
    };
    let broken = {
        let items: Vec<String> = (1..=10)
            .map(|n| item(&n.to_string(), &format!("Item {n}")))
            .collect();
        let mut items = items;
        items[4] = "<item><title>Broken <b>item</title><guid>5</item>".to_owned();
        channel(&items.concat())
    };
    for (name, document) in [
        ("bare ampersand", ten("A & B")),
        ("entity", ten("a&nbsp;b &eacute; &unknown;")),
        ("control", ten("a\u{b}b")),
        ("open br", ten("a<br>b")),
        (
            "php",
            format!(
                "<br />\n<b>Warning</b>: mysql_connect() in <b>/x.php</b> on line <b>3</b><br />\n{}",
                ten("")
            ),
        ),
        (
            "no version",
            ten("").replace("<rss version=\"2.0\">", "<rss>"),
        ),
        ("broken item", broken),
        ("truncated in the last item", {
            let whole = ten("");
            let last = whole.rfind("<description>").expect("ten items");
            whole[..last].to_owned()
        }),
    ] {
        let world = answered(Reply::ok(document));
        let count = world.entries("news").len();
        assert!(count >= 9, "{name}: {count}");
    }
}

#[test]
fn html_instead() {
    let mut world = World::public();
    let fed = |titles: &[&str]| Reply::ok(rss(titles)).header("ETag", "\"feed\"");
    let login = "<!DOCTYPE html><html><head><title>Login</title></head><body><form>\
                 <input type=password name=pw></form></body></html>";
    world.server.in_order(
        NEWS,
        vec![
            fed(&["Acme opens"]),
            fed(&["Acme closes", "Acme opens"]),
            Reply::ok(login)
                .header("Content-Type", "text/html")
                .header("ETag", "\"page\""),
            fed(&["Acme closes", "Acme opens"]),
            fed(&["Acme moves", "Acme closes", "Acme opens"]),
        ],
    );
    world.polls(3);
    assert_eq!(world.outcome("news"), Some(OutcomeKind::NotAFeed));
    assert_eq!(world.entries("news").len(), 2);
    world.polls(3);
    let requests = world.server.asked(NEWS);
    let page = requests
        .iter()
        .filter(|one| one.header("if-none-match") == Some(b"\"page\""))
        .count();
    assert_eq!(page, 0, "the page's validator is never sent");
    assert_eq!(world.entries("news").len(), 3);
    assert_eq!(world.alerts(), ["Acme closes", "Acme moves"], "no storm");
}

/// Case 37, its six ways to shake an identity.
mod identity {
    use super::*;

    /// Serves these documents one after another; gives the world after all were polled.
    fn through(documents: Vec<String>) -> World {
        let mut world = World::public();
        let count = documents.len();
        world
            .server
            .in_order(NEWS, documents.into_iter().map(Reply::ok).collect());
        world.polls(count);
        world.round();
        world
    }

    #[test]
    fn identity_without_guid() {
        let bare = |n: u32| {
            format!(
                "<item><title>Acme {n}</title><link>https://site.example/{n}?utm_source=rss</link></item>"
            )
        };
        let world = through(vec![
            channel(&bare(1)),
            channel(&(bare(2) + &bare(1))),
            channel(&(bare(2) + &bare(1).replace("utm_source=rss", "utm_source=feed"))),
        ]);
        assert_eq!(world.titles("news"), ["Acme 1", "Acme 2"]);
        assert_eq!(world.alerts(), ["Acme 2"]);
    }

    #[test]
    fn identity_all_guids_change() {
        let document = |scheme: &str| {
            let items: Vec<String> = (1..=10)
                .map(|n| {
                    format!(
                        "<item><guid>{scheme}://site.example/{n}</guid><link>{scheme}://site.example/{n}</link>\
                         <title>Acme number {n}</title></item>"
                    )
                })
                .collect();
            channel(&items.concat())
        };
        let world = through(vec![document("http"), document("https"), document("https")]);
        assert_eq!(world.entries("news").len(), 10);
        assert_eq!(world.alerts(), Vec::<String>::new());
    }

    #[test]
    fn identity_same_guid_ten_times() {
        let document = |from: u32| {
            let items: Vec<String> = (from..from + 10)
                .map(|n| {
                    format!(
                        "<item><guid isPermaLink=\"false\">same</guid><link>https://site.example/{n}</link>\
                         <title>Acme number {n}</title></item>"
                    )
                })
                .collect();
            channel(&items.concat())
        };
        let world = through(vec![document(1), document(1) + " ", document(2)]);
        assert_eq!(
            world.entries("news").len(),
            11,
            "{:?}",
            world.titles("news")
        );
    }

    #[test]
    fn identity_title_fixed() {
        let world = through(vec![
            channel(&item("1", "Acmee opens")),
            channel(&item("1", "Acme opens")),
            channel(&(item("1", "Acme opens") + "<!-- again -->")),
        ]);
        let entries = world.entries("news");
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].revision, 1, "one edit");
    }

    #[test]
    fn identity_the_time_in_the_text() {
        let mut world = World::public();
        world.server.on(NEWS, |request| {
            let text = format!("Text as of {}.", request.when);
            let item = item("1", "Acme opens").replace("Text of Acme opens.", &text);
            Reply::ok(channel(&item))
        });
        world.run_for(HOUR * 60);
        let polls = world.server.asked(NEWS).len();
        assert!(polls > 40, "{polls}");
        let entries = world.entries("news");
        assert_eq!(entries.len(), 1);
        assert!(entries[0].revision <= 24, "{}", entries[0].revision);
        assert!(world.alerts().len() <= 1);
    }

    #[test]
    fn identity_leaves_and_returns() {
        let (a, b) = (item("a", "Acme opens"), item("b", "Acme closes"));
        let mut world = World::public();
        world.server.on(NEWS, move |request| {
            let days = span(start(), request.when).as_secs() / 86_400;
            let both = format!("{b}{a}");
            Reply::ok(channel(if days.is_multiple_of(2) { &both } else { &a }))
        });
        world.run_for(DAY * 7);
        assert_eq!(world.entries("news").len(), 2);
        assert_eq!(world.alerts(), Vec::<String>::new());
        assert!(world.entries("news").iter().all(|one| one.revision == 0));
    }
}

/// Case 26 as a process sees it: what the three bombs cost in memory.
#[cfg(target_os = "linux")]
#[test]
fn bomb_costs_little_memory() {
    use crate::support::desk::Desk;
    use crate::support::life::{Daemon, Signal, free_port, wait_for};

    let server = Server::start();
    server.set("/good", Reply::ok(rss(&["One"])));
    let mut bad = Vec::new();
    for (coding, reply) in bombs() {
        server.set(&format!("/{coding}"), reply.clone());
        bad.push((*coding, feed(coding, &server.url(&format!("/{coding}")))));
    }
    let port = free_port();
    let base = format!(
        "[web]\nlisten = \"127.0.0.1:{port}\"\n{PRIVATE}{}",
        feed("good", &server.url("/good"))
    );
    let desk = Desk::new(&base);
    let daemon = Daemon::start(&desk, port);
    let peak = || -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).expect("it runs");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .expect("Linux tells");
        let kib = line.trim().trim_end_matches(" kB").trim();
        kib.parse().expect("a number")
    };
    let outcome = |id: &str| {
        let rows = desk.run(&["feeds", "list", "--format", "jsonl"]).rows();
        let row = rows.into_iter().find(|row| row["id"] == id)?;
        row["last_outcome"].as_str().map(str::to_owned)
    };
    wait_for("the good feed", || outcome("good"));
    let before = peak();
    // One after the other, as the case has it.
    for (coding, bad) in bad {
        desk.write("bongsu.toml", &(base.clone() + &bad));
        daemon.signal(Signal::HUP);
        let got = wait_for("the bomb's outcome", || outcome(coding));
        assert_eq!(got, "too_large", "{coding}");
    }
    let grown = peak().saturating_sub(before) / 1_024;
    assert!(grown < 32, "grew by {grown} MiB");
    daemon.stop();
}

/// Each feed's own answer to the same words, and none of them disturbs the good one beside it.
#[test]
fn a_feed_that_fails_touches_no_other() {
    let toml = PUBLIC.to_owned()
        + WATCH
        + &feed("good", "http://news.example/good")
        + &feed("bad", "http://news.example/bad");
    let mut world = World::new(Server::start(), &toml);
    world
        .server
        .set("http://news.example/good", Reply::ok(rss(&["One"])));
    world
        .server
        .set("http://news.example/bad", Reply::status(500));
    world.run_for(DAY);
    let good = world.server.asked("http://news.example/good").len();
    let bad = world.server.asked("http://news.example/bad").len();
    assert!(good >= 21, "{good}");
    assert!(bad <= 6, "{bad}");
    let private = PRIVATE.to_owned() + &feed("news", "SERVER/feed");
    let mut world = World::new(Server::start_at(std::net::Ipv6Addr::LOCALHOST), &private);
    world.server.set("/feed", Reply::ok(rss(&["Six"])));
    world.round();
    assert_eq!(world.titles("news"), ["Six"], "IPv6 loopback");
}

/// Case 33: of a page, the right feed and no guessing.
#[test]
fn discovery() {
    use crate::support::desk::Desk;

    let server = Server::start();
    let page = "<!DOCTYPE html><html><head><base href=\"/press/\"><title>Site</title>\
        <link rel=\"alternate\" type=\"application/rss+xml\" title=\"Comments\" href=\"comments/feed\">\
        <link rel=\"stylesheet\" href=\"x.css\">\
        <link rel=\"alternate\" hreflang=\"ko\" type=\"text/html\" href=\"/ko\">\
        <link rel=\"home alternate\" type=\"application/rss+xml\" title=\"Press\" href=\"feed.xml\">\
        </head><body><a href=\"/rss\">RSS</a></body></html>";
    server.set("/", Reply::ok(page).header("Content-Type", "text/html"));
    server.set("/press/feed.xml", Reply::ok(rss(&["One"])));
    server.set("/press/comments/feed", Reply::ok(rss(&["Nice"])));
    let desk = Desk::new(PRIVATE);
    let ran = desk.run(&["feeds", "discover", &server.url("/"), "--format", "jsonl"]);
    let rows = ran.expect(0).rows();
    assert_eq!(rows[0]["url"], server.url("/press/feed.xml"));
    assert!(rows.len() <= 2, "{rows:?}");
    let targets = server.targets();
    assert_eq!(targets[0], "/");
    assert!(targets.len() <= 2, "{targets:?}");
    assert!(
        targets[1..].iter().all(|one| one == "/press/feed.xml"),
        "{targets:?}"
    );
}
