//! The web from outside: who is let in, what pages hold, what the API does, what readers and listeners get.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics, and its documents are published now"
)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use support::desk::Desk;
use support::http::{Reply, Server};
use support::life::{Daemon, Signal, free_port, wait_for};

/// A title that would be markup, script and a header if anybody let it.
const HOSTILE: &str =
    "Acme <script>alert(1)</script> & \"quotes\" </title><img src=x onerror=alert(2)> 한화";

/// Every page of the navigation, and one of each thing.
const PAGES: [&str; 18] = [
    "/",
    "/stories",
    "/stories?of=all",
    "/alerts",
    "/alerts/held",
    "/entries",
    "/entries?q=Acme",
    "/rules",
    "/rules/acme",
    "/workshop?rule=acme&try=1",
    "/entities",
    "/entities/acme-corp",
    "/feeds",
    "/feeds/daily",
    "/receivers",
    "/silences?all=1",
    "/silences?rule=acme&try=1",
    "/system?counts=1",
];

/// An answer of the web.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }
}

/// A desk with one feed, one rule, one entity and a daemon.
struct World {
    server: Server,
    daemon: Daemon,
    port: u16,
    desk: Desk,
}

impl World {
    /// With more lines in the config; `web` stands in `[web]`.
    fn new(web: &str) -> Self {
        let (server, port) = (Server::start(), free_port());
        let items: Vec<Value> = [HOSTILE, "Acme signs K9 deal", "Weather in Seoul"]
            .iter()
            .enumerate()
            .map(|(index, title)| {
                json!({
                    "id": format!("i{index}"), "url": format!("https://daily.example/{index}"), "title": title,
                    "content_html": "<p>Body with a picture <img src='https://daily.example/pixel.png' onerror='x()'> and <a href='javascript:x()'>link</a>.</p>",
                    "date_published": jiff::Timestamp::now().to_string(),
                })
            })
            .collect();
        let document = json!({ "version": "https://jsonfeed.org/version/1.1", "title": "Daily", "items": items });
        server.set(
            "/daily",
            Reply::ok(document.to_string()).header("Content-Type", "application/feed+json"),
        );
        server.set("/hook", Reply::status(204));
        let desk = Desk::new(&format!(
            "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\ninterval = \"1h\"\n\
             [web]\nlisten = \"127.0.0.1:{port}\"\n{web}\n[log]\nformat = \"json\"\n\
             [[feed]]\nid = \"daily\"\nurl = \"{}\"\ntags = [\"wire\"]\n\
             [[entity]]\nid = \"acme-corp\"\nname = \"Acme\"\nclasses = [\"firm\"]\n\
             [[rule]]\nid = \"acme\"\nquery = \"@acme-corp\"\ntitle = \"Acme news\"\n\
             [[receiver]]\nid = \"hook\"\nkind = \"webhook\"\ndefault = true\nurl = \"{}\"\n",
            server.url("/daily"),
            server.url("/hook")
        ));
        let daemon = Daemon::start(&desk, port);
        Self {
            server,
            daemon,
            port,
            desk,
        }
    }

    /// Sends a request, headers a line each.
    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(25)))
            .unwrap();
        let host = if headers.contains("Host:") {
            String::new()
        } else {
            format!("Host: 127.0.0.1:{}\r\n", self.port)
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{host}Connection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", "")
    }

    fn page(&self, path: &str) -> Answer {
        self.send("GET", path, "Accept: text/html\r\n", "")
    }

    fn form(&self, path: &str, body: &str) -> Answer {
        let kind =
            "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n";
        self.send("POST", path, kind, body)
    }

    fn api(&self, method: &str, path: &str, body: &Value) -> Answer {
        let kind = "Content-Type: application/json\r\n";
        self.send(method, &format!("/api/v1{path}"), kind, &body.to_string())
    }

    /// Waits until the first poll is recorded and its alerts are delivered, and gives back their ids, newest first.
    fn alerts(&self) -> Vec<i64> {
        wait_for("two alerts", || {
            let told = self.get("/api/v1/alerts").json();
            let items = told["items"].as_array()?;
            let told = items.iter().all(|row| row["deliveries"]["delivered"] == 1);
            (items.len() == 2 && told).then(|| {
                items
                    .iter()
                    .map(|row| row["id"].as_i64().unwrap())
                    .collect()
            })
        })
    }
}

/// The tags of a page, of quoted values only how they begin: what is left is what a browser would act on.
fn markup(page: &str) -> String {
    let mut out = String::new();
    for tag in page.split('<').skip(1) {
        out.push('<');
        for (index, part) in tag.split('"').enumerate() {
            if index % 2 == 1 {
                out.extend(part.chars().take(11));
                continue;
            }
            let (inside, outside) = part
                .split_once('>')
                .map_or((part, false), |(inside, _)| (inside, true));
            out.push_str(inside);
            if outside {
                break;
            }
        }
    }
    out
}

#[test]
fn pages_are_whole_safe_and_without_inline_scripts() {
    let world = World::new("");
    let alerts = world.alerts();
    let entry = world.get("/api/v1/entries?q=quotes").json()["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let story = world.get("/api/v1/stories").json()["items"][0]["id"].to_string();
    let own = [
        format!("/alerts/{}", alerts[0]),
        format!("/alerts/{}", alerts[1]),
        format!("/entries/{entry}"),
        format!("/entries/{entry}?explain=acme"),
        format!("/stories/{story}"),
        "/help".to_owned(),
        "/settings".to_owned(),
        "/feeds/add".to_owned(),
        "/no/such/page".to_owned(),
    ];
    for path in PAGES.iter().map(|path| (*path).to_owned()).chain(own) {
        for lang in ["en", "ko"] {
            let header = format!("Accept: text/html\r\nAccept-Language: {lang}\r\n");
            let page = world.send("GET", &path, &header, "");
            let expected = if path.contains("no/such") { 404 } else { 200 };
            assert_eq!(page.status, expected, "{path}: {}", page.body);
            assert!(
                page.body.contains(&format!("<html lang=\"{lang}\"")),
                "{path}"
            );
            let policy = page.header("content-security-policy").unwrap();
            assert!(
                policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'")
            );
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
            let markup = markup(&page.body);
            for bad in [
                "<script>",
                " onerror",
                " onclick",
                " style",
                "<style",
                "=javascript:",
                "<img",
            ] {
                assert!(!markup.contains(bad), "{path} holds {bad}");
            }
            assert_eq!(page.body.matches("<script").count(), 1, "{path}");
            assert_eq!(page.body.matches("<h1").count(), 1, "{path}");
        }
    }
    let page = world.page(&format!("/alerts/{}", alerts[1]));
    assert!(
        page.body.contains("<mark"),
        "evidence is marked: {}",
        page.body
    );
}

#[test]
fn publishers_images_are_loaded_only_where_somebody_asks() {
    let world = World::new("");
    world.alerts();
    let found = world.get("/api/v1/entries?q=Seoul").json();
    let id = found["items"][0]["id"].as_str().unwrap().to_owned();
    let plain = world.page(&format!("/entries/{id}"));
    assert!(!plain.body.contains("<img"));
    assert!(
        !plain
            .header("content-security-policy")
            .unwrap()
            .contains("https:")
    );
}

#[test]
fn only_our_own_host_and_our_own_pages_change_anything() {
    let world = World::new("");
    let alert = world.alerts()[0];
    let ack = format!("/alerts/{alert}/ack");
    let port = world.port;
    for (headers, expected) in [
        ("Host: evil.example\r\n".to_owned(), 421),
        ("Host: localhost\r\nHost: evil.example\r\n".to_owned(), 421),
        (
            format!("Host: evil.example:{port}\r\nOrigin: http://evil.example:{port}\r\n"),
            421,
        ),
        ("Sec-Fetch-Site: cross-site\r\n".to_owned(), 403),
        ("Sec-Fetch-Site: same-site\r\n".to_owned(), 403),
        ("Origin: https://evil.example\r\n".to_owned(), 403),
        ("Origin: null\r\n".to_owned(), 403),
        (
            format!("Origin: http://127.0.0.1:{}\r\n", port.wrapping_add(1)),
            403,
        ),
    ] {
        for path in [ack.as_str(), "/api/v1/feeds", "/logout"] {
            let answer = world.send("POST", path, &headers, "");
            assert_eq!(answer.status, expected, "{path} {headers}");
        }
    }
    // What a server sends that was told that we are its hub.
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for path in [ack.as_str(), "/api/v1/feeds/daily/poll", "/logout"] {
        assert_eq!(
            world.send("POST", path, form, "hub.mode=subscribe").status,
            403,
            "{path}"
        );
    }
    let whole = format!("http://evil.example{ack}");
    assert_eq!(world.send("POST", &whole, "", "").status, 421);
    let told = world.get(&format!("/api/v1/alerts/{alert}")).json();
    assert_eq!(told["row"]["acked"], Value::Null);
    assert_eq!(world.form(&ack, "").status, 303);
    let told = world.get(&format!("/api/v1/alerts/{alert}")).json();
    assert_eq!(told["row"]["acked_by"], "local");
    let changes = world.get("/api/v1/changes").json();
    assert_eq!(changes["items"][0]["what"], "alert.ack");
    assert_eq!(changes["items"][0]["who"], "local");
}

const TOKENS: &str = "[[web.token]]\nname = \"desk\"\nsecret = \"correct-horse-battery\"\n\
     [[web.token]]\nname = \"wall\"\nsecret = \"read-only-screen\"\nread_only = true\n";

#[test]
fn logging_in_leads_to_no_other_site() {
    let world = World::new(TOKENS);
    let elsewhere = world.form(
        "/login",
        "token=correct-horse-battery&next=%2F%09%2Fevil.example",
    );
    assert_eq!(elsewhere.header("location"), Some("/"));
}

#[test]
fn tokens_open_sessions_and_readers_may_not_change() {
    let world = World::new(TOKENS);
    for headers in [
        "",
        "Authorization: Bearer wrong\r\n",
        "Authorization: Basic x\r\n",
        "Cookie: bongsu=guess\r\n",
    ] {
        let answer = world.send("GET", "/api/v1/alerts", headers, "");
        assert_eq!(answer.status, 401, "{headers}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(world.send("GET", "/metrics", headers, "").status, 401);
    }
    assert_eq!(world.get("/healthz").status, 200);
    let page = world.page("/rules?x=1");
    assert_eq!(page.status, 303);
    assert_eq!(
        page.header("location"),
        Some("/login?next=%2Frules%3Fx%3D1")
    );

    for scheme in ["bearer", "Bearer"] {
        let wall = format!("Authorization: {scheme} read-only-screen\r\n");
        assert_eq!(world.send("GET", "/api/v1/rules", &wall, "").status, 200);
        let refused = world.send("POST", "/api/v1/feeds/daily/poll", &wall, "");
        assert_eq!(refused.status, 403, "{}", refused.body);
    }

    let log_in = world.form("/login", "token=correct-horse-battery&next=%2Frules");
    assert_eq!(
        (log_in.status, log_in.header("location")),
        (303, Some("/rules"))
    );
    let cookie = log_in.header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    assert_eq!(world.send("GET", "/rules", &cookie, "").status, 200);
    let out = world.send(
        "POST",
        "/logout",
        &format!("{cookie}Sec-Fetch-Site: same-origin\r\n"),
        "",
    );
    assert_eq!(out.status, 303);
    assert_eq!(world.send("GET", "/api/v1/rules", &cookie, "").status, 401);
    // What is kept is no cookie and no token.
    let store = std::fs::read(world.desk.state().join("bongsu.db")).unwrap();
    let value = cookie.trim_start_matches("Cookie: bongsu=").trim();
    for secret in [value, "correct-horse-battery"] {
        assert!(
            !store
                .windows(secret.len())
                .any(|part| part == secret.as_bytes())
        );
    }
}

#[test]
fn wrong_tokens_are_paced_at_log_in_and_api_and_an_old_one_keeps_nobody_out() {
    let world = World::new(TOKENS);
    let asked = |token: &str| {
        let headers = format!("Authorization: Bearer {token}\r\n");
        world.send("GET", "/api/v1/alerts?limit=1", &headers, "")
    };
    let old: Vec<u16> = (0..12).map(|_| asked("old").status).collect();
    assert_eq!((old[0], old[11]), (401, 429), "{old:?}");
    assert_eq!(asked("correct-horse-battery").status, 200);
    let log_in = |token: &str| world.form("/login", &format!("token={token}"));
    assert_eq!(log_in("old").status, 429);
    assert_eq!(log_in("guess").status, 403);
    assert_eq!(log_in("correct-horse-battery").status, 303);

    let guesses: Vec<u16> = (0..12)
        .map(|n| asked(&format!("guess{n}")).status)
        .collect();
    assert_eq!((guesses[0], guesses[11]), (401, 429), "{guesses:?}");
    for refused in [
        asked("correct-horse-battery"),
        log_in("correct-horse-battery"),
    ] {
        assert_eq!(refused.status, 429);
        let rest: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&rest), "{rest}");
    }
    // It is said when it begins and when it closes, not at every try.
    let log = world.daemon.log();
    let told = log
        .lines()
        .filter(|line| line.contains("wrong tokens are given"))
        .count();
    assert_eq!(told, 2, "{log}");
}

#[test]
fn output_feeds_open_by_their_key_and_answer_conditionally() {
    let world = World::new(TOKENS);
    let desk = "Authorization: Bearer correct-horse-battery\r\nAccept: text/html\r\n";
    let key = wait_for("the key", || {
        let page = world.send("GET", "/system", desk, "").body;
        let (_, rest) = page.split_once("<p><code>")?;
        Some(rest.split('<').next()?.to_owned())
    });
    assert_eq!(world.get("/feeds/rules/acme.atom").status, 401);
    assert_eq!(world.get("/feeds/rules/acme.atom?key=wrong").status, 401);
    let feed = wait_for("two items", || {
        let feed = world.get(&format!("/feeds/rules/acme.atom?key={key}"));
        assert_eq!(feed.status, 200, "{}", feed.body);
        (feed.body.matches("<entry").count() == 2).then_some(feed)
    });
    assert!(!feed.body.contains("<script"), "{}", feed.body);
    assert_eq!(
        feed.header("last-modified"),
        None,
        "two states of a feed may share a second"
    );
    let tag = feed.header("etag").unwrap();
    let again = world.send(
        "GET",
        &format!("/feeds/rules/acme.atom?key={key}"),
        &format!("If-None-Match: {tag}\r\n"),
        "",
    );
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    for path in ["/feeds/entities/acme-corp.json", "/feeds/search/q.json"] {
        let feed = world.get(&format!("{path}?q=Acme&key={key}"));
        assert_eq!(feed.status, 200, "{path}: {}", feed.body);
        assert_eq!(feed.json()["items"].as_array().unwrap().len(), 2, "{path}");
    }
    // It opens nothing else: not the pages of feeds that are read, either.
    for path in ["/api/v1/rules", "/feeds/daily", "/feeds/add", "/feeds.opml"] {
        assert_eq!(
            world.get(&format!("{path}?key={key}")).status,
            401,
            "{path}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_query_is_said_in_the_reader_s_language() {
    let world = World::new("");
    let asked = |path: &str, lang: &str| {
        let headers = format!("Accept: text/html\r\nAccept-Language: {lang}\r\n");
        world.send("GET", path, &headers, "")
    };
    let meaning = "연산자 오른쪽에 무언가가 있어야 합니다";
    for path in ["/workshop?query=K2+AND", "/entries?q=K2+AND"] {
        let page = asked(path, "ko").body;
        assert!(page.contains(meaning), "{path}: {page}");
        assert!(page.contains("lang=\"en\""), "{path}: its own words");
        let page = asked(path, "en").body;
        assert!(page.contains("E03") && !page.contains(meaning), "{path}");
    }
    let told = asked("/api/v1/check?query=K2+AND", "ko").json();
    assert_eq!(told["problems"][0]["meaning"], meaning);
    let told = asked("/api/v1/check?query=K2+AND", "en").json();
    assert_eq!(told["problems"][0]["meaning"], Value::Null);
}

#[test]
fn a_rule_is_tried_saved_put_in_force_and_taken_away() {
    let world = World::new("");
    world.alerts();
    let told = world.get("/api/v1/check?query=title%3A%28weather").json();
    assert_eq!(told["usable"], false);
    assert!(told["problems"][0]["start"].is_u64(), "{told}");
    let trial = world.get("/api/v1/backtest?query=weather&days=2").json();
    assert_eq!(
        (&trial["matched"], &trial["entries"]),
        (&json!(1), &json!(3))
    );
    let trial = world.get("/api/v1/backtest?query=weather&rule=acme").json();
    assert_eq!(trial["difference"]["newly_matched"], 1);
    assert_eq!(trial["difference"]["no_longer_matched"], 2);

    let broken = world.api("PUT", "/rules/weather", &json!({ "query": "(" }));
    assert_eq!(broken.status, 422);
    assert_eq!(broken.json()["errors"][0]["parameter"], "query");
    let rule = json!({ "query": "weather", "severity": "low", "title": "Weather" });
    assert_eq!(world.api("PUT", "/rules/weather", &rule).status, 201);
    assert_eq!(world.api("PUT", "/rules/weather", &rule).status, 200);
    let told = world.get("/api/v1/rules/weather").json();
    assert_eq!(
        (&told["origin"], &told["severity"]),
        (&json!("api"), &json!("low"))
    );
    assert_eq!(world.api("PUT", "/rules/acme", &rule).status, 409);
    assert_eq!(world.api("DELETE", "/rules/acme", &json!({})).status, 409);
    let explained = {
        let id = world.get("/api/v1/entries?q=weather").json()["items"][0]["id"].clone();
        world.get(&format!(
            "/api/v1/entries/{}/explain?rule=weather",
            id.as_str().unwrap()
        ))
    };
    assert_eq!(explained.json()["matches"], true);
    assert_eq!(
        world.api("DELETE", "/rules/weather", &json!({})).status,
        200
    );
    assert_eq!(world.get("/api/v1/rules/weather").status, 404);
}

#[test]
fn a_feed_is_found_by_its_page_added_polled_and_let_go_of() {
    let world = World::new("");
    let page = format!(
        "<html><head><link rel=alternate type=application/rss+xml href='{}'></head></html>",
        world.server.url("/second")
    );
    world
        .server
        .set("/site", Reply::ok(page).header("Content-Type", "text/html"));
    let feed = "<rss version='2.0'><channel><title>Second</title><item><title>Acme again</title><guid>x</guid></item></channel></rss>";
    world.server.set(
        "/second",
        Reply::ok(feed).header("Content-Type", "application/rss+xml"),
    );
    let site = world.server.url("/site");
    let told = world
        .api("POST", "/discover", &json!({ "url": site }))
        .json();
    assert_eq!(told["named"][0]["url"], json!(world.server.url("/second")));
    let wanted = json!({ "url": world.server.url("/second"), "id": "second", "tags": ["x"] });
    assert_eq!(world.api("POST", "/feeds", &wanted).status, 201);
    assert_eq!(world.api("POST", "/feeds", &wanted).status, 200);
    wait_for("its entry", || {
        let found = world.get("/api/v1/entries?feed=second").json();
        (found["items"].as_array()?.len() == 1).then_some(())
    });
    assert_eq!(
        world.api("POST", "/feeds/second/poll", &json!({})).status,
        200
    );
    let list = world.get("/feeds.opml").body;
    assert!(list.contains("second"), "{list}");
    assert_eq!(world.api("DELETE", "/feeds/second", &json!({})).status, 200);
    assert_eq!(world.api("DELETE", "/feeds/daily", &json!({})).status, 409);
    assert_eq!(
        world
            .api("POST", "/import", &json!({ "list": list }))
            .status,
        200
    );
    let feeds = world.get("/api/v1/feeds").json();
    let urls: Vec<&Value> = feeds["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["url"])
        .collect();
    assert!(
        urls.contains(&&json!(world.server.url("/second"))),
        "{feeds}"
    );
}

#[test]
fn another_site_makes_nobody_look_at_a_feed() {
    let world = World::new("");
    let feed = "<rss version='2.0'><channel><title>Second</title></channel></rss>";
    world.server.set(
        "/second",
        Reply::ok(feed).header("Content-Type", "application/rss+xml"),
    );
    let look = format!("/feeds/add?url={}", world.server.url("/second"));
    // A link fills the form in; that a request is sent takes one of our own pages.
    let link = "Accept: text/html\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
    let linked = world.send("GET", &look, link, "");
    assert_eq!(
        (linked.status, linked.body.contains("Preview")),
        (200, false)
    );
    let picture = link
        .replace("navigate", "no-cors")
        .replace("document", "image");
    assert_eq!(world.send("GET", &look, &picture, "").status, 403);
    assert!(world.page(&look).body.contains("Preview"));
}

#[test]
fn a_name_that_is_added_is_looked_for_from_then_on() {
    let world = World::new("");
    world.alerts();
    let before = world.get("/api/v1/entries?q=%40acme-corp").json();
    assert_eq!(before["items"].as_array().unwrap().len(), 2);
    let added = world.form(
        "/entities/acme-corp/alias",
        "alias=Weather&next=%2Fentities%2Facme-corp",
    );
    assert_eq!(added.status, 303);
    let after = world.get("/api/v1/entries?q=%40acme-corp").json();
    assert_eq!(after["items"].as_array().unwrap().len(), 3);
}

#[test]
fn connections_that_never_ask_keep_neither_people_nor_polls_away() {
    let World {
        server,
        daemon,
        port,
        desk,
    } = World::new("");
    daemon.stop();
    let command = support::life::after(&desk, "ulimit -n 256 &&");
    let world = World {
        server,
        daemon: Daemon::start_with(command, port),
        port,
        desk,
    };
    world.alerts();
    let silent: Vec<TcpStream> = (0..300)
        .map(|_| {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
            stream
                .write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ")
                .unwrap();
            stream
        })
        .collect();
    assert_eq!(world.get("/healthz").status, 200);
    let asked = world.server.asked("/daily").len();
    let poll = world.api("POST", "/feeds/daily/poll", &json!({}));
    assert_eq!(poll.status, 200, "{}", poll.body);
    let feed = wait_for("a poll", || {
        let feed = world.get("/api/v1/feeds/daily").json();
        (world.server.asked("/daily").len() > asked).then_some(feed)
    });
    assert_eq!(feed["health"], "ok", "{feed}");
    drop(silent);
}

/// A listener to `/events`.
struct Listener {
    stream: TcpStream,
    got: String,
}

impl Listener {
    fn new(world: &World, headers: &str) -> Self {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, world.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(25)))
            .unwrap();
        let request = format!(
            "GET /events HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{headers}\r\n",
            world.port
        );
        stream.write_all(request.as_bytes()).unwrap();
        Self {
            stream,
            got: String::new(),
        }
    }

    /// Reads on; false where the stream has ended.
    fn hear(&mut self) -> bool {
        let mut part = [0; 4096];
        let count = self.stream.read(&mut part).unwrap();
        self.got.push_str(&String::from_utf8_lossy(&part[..count]));
        count > 0
    }

    /// Reads up to the end of an event.
    fn hear_event(&mut self) {
        while !self.got.contains("\ndata: ") || !self.got.ends_with("\n\n\r\n") {
            assert!(self.hear(), "{}", self.got);
        }
    }
}

#[test]
fn a_token_that_leaves_config_lets_nobody_in_any_more() {
    let world = World::new(TOKENS);
    let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
    let status = |token: &str| {
        world
            .send("GET", "/api/v1/rules", &bearer(token), "")
            .status
    };
    let mut listener = Listener::new(&world, &bearer("read-only-screen"));
    assert!(listener.hear());
    assert!(listener.got.starts_with("HTTP/1.1 200"), "{}", listener.got);

    let config = std::fs::read_to_string(world.desk.config().join("bongsu.toml")).unwrap();
    let (before, wall) = config.split_once("[[web.token]]\nname = \"wall\"").unwrap();
    let after = wall.split_once("read_only = true\n").unwrap().1;
    let changed = before.replace("correct-horse-battery", "another-horse-battery");
    world
        .desk
        .write("bongsu.toml", &format!("{changed}{after}"));
    world.daemon.signal(Signal::HUP);
    wait_for("the new token", || {
        (status("another-horse-battery") == 200).then_some(())
    });
    assert_eq!(status("correct-horse-battery"), 401);
    assert_eq!(status("read-only-screen"), 401);
    while listener.hear() {}

    // The socket still is one for this machine only, so without tokens everybody there may ask.
    let open = changed.split_once("[[web.token]]").unwrap().0;
    world.desk.write("bongsu.toml", &format!("{open}{after}"));
    world.daemon.signal(Signal::HUP);
    wait_for("nobody is asked for a token", || {
        (world.get("/api/v1/rules").status == 200).then_some(())
    });
}

#[test]
fn a_listener_that_heard_another_store_hears_what_comes() {
    let world = World::new("");
    world.alerts();
    let mut listener = Listener::new(&world, "Last-Event-ID: 5000000\r\n");
    assert!(listener.hear());
    let item = json!({
        "id": "late", "url": "https://daily.example/late", "title": "Acme is late",
        "date_published": jiff::Timestamp::now().to_string(),
    });
    let document =
        json!({ "version": "https://jsonfeed.org/version/1.1", "title": "Daily", "items": [item] });
    world.server.set(
        "/daily",
        Reply::ok(document.to_string()).header("Content-Type", "application/feed+json"),
    );
    assert_eq!(
        world.api("POST", "/feeds/daily/poll", &json!({})).status,
        200
    );
    listener.hear_event();
    assert!(listener.got.contains("Acme is late"), "{}", listener.got);
}

#[test]
fn what_an_endpoint_does_not_know_is_refused() {
    let world = World::new("");
    for (method, path, body, odd) in [
        (
            "POST",
            "/silences",
            json!({ "rules": "acme", "feed": "daily" }),
            "rules",
        ),
        (
            "PUT",
            "/rules/new",
            json!({ "query": "Acme", "throttle": "1/h" }),
            "throttle",
        ),
        (
            "POST",
            "/feeds",
            json!({ "url": "http://127.0.0.1/x", "interval": "1h" }),
            "interval",
        ),
    ] {
        let answer = world.api(method, path, &body);
        assert_eq!(answer.status, 400, "{path}: {}", answer.body);
        assert_eq!(
            answer.json()["errors"][0]["parameter"],
            odd,
            "{}",
            answer.body
        );
    }
    assert_eq!(world.get("/api/v1/silences").json()["items"], json!([]));
}

#[test]
fn searches_that_take_long_hold_up_nothing_but_one_another() {
    const MANY: usize = 40;
    let world = World::new("");
    // To compile it takes long.
    let slow: Vec<String> = (0..20)
        .map(|number| format!("/k{number}.*z%5Ba-z%5D%2Bq/"))
        .collect();
    let path = format!("/api/v1/entries?q={}", slow.join("%20OR%20"));
    let ended: Mutex<Vec<Answer>> = Mutex::default();
    let refused = |answers: &[Answer]| answers.iter().filter(|one| one.status == 503).count();
    std::thread::scope(|scope| {
        for _ in 0..MANY {
            scope.spawn(|| {
                let answer = world.send("GET", &path, "", "");
                ended.lock().unwrap().push(answer);
            });
        }
        wait_for("a search that finds no place", || {
            (refused(&ended.lock().unwrap()) > 0).then_some(())
        });
        for path in ["/healthz", "/readyz", "/metrics", "/rules"] {
            assert_eq!(world.send("GET", path, "", "").status, 200, "{path}");
        }
        let json = "Content-Type: application/json\r\n";
        let silence = r#"{"rule": "acme", "for": "1h"}"#;
        let silenced = world.send("POST", "/api/v1/silences", json, silence);
        assert_eq!(silenced.status, 201, "{}", silenced.body);
        assert!(ended.lock().unwrap().len() < MANY, "none is held any more");
    });
    let ended = ended.into_inner().unwrap();
    let served = ended.iter().filter(|one| one.status == 200).count();
    assert_eq!(served + refused(&ended), MANY);
    assert!(served > 0);
    for answer in ended.iter().filter(|one| one.status == 503) {
        let head = answer.head.to_lowercase();
        assert!(head.contains("retry-after: "), "{head}");
        assert!(answer.body.contains("too many searches"), "{}", answer.body);
    }
}

#[test]
fn a_listener_gets_alerts_and_goes_on_where_it_was() {
    let world = World::new("");
    let alerts = world.alerts();
    let mut listener = Listener::new(&world, &format!("Last-Event-ID: {}\r\n", alerts[1]));
    listener.hear_event();
    let got = &listener.got;
    assert!(got.contains("text/event-stream"), "{got}");
    assert!(got.contains(&format!("id: {}\n", alerts[0])), "{got}");
    assert!(!got.contains(&format!("id: {}\n", alerts[1])), "{got}");
    drop(listener);
    let (took, log) = world.daemon.stop();
    assert!(took < Duration::from_secs(6), "{took:?}: {log}");
}

#[test]
fn the_description_names_every_path_and_problems_say_where() {
    let world = World::new("");
    let told = world.get("/api/openapi.json").json();
    let paths = told["paths"].as_object().unwrap();
    for (path, methods) in paths {
        if methods.get("get").is_none() || path.contains("{id}") {
            continue;
        }
        let answer = world.get(path);
        let fine = answer.status == 200 || (answer.status == 400 && path.ends_with("/backtest"));
        assert!(fine, "{path}: {} {}", answer.status, answer.body);
    }
    let wrong = world.get("/api/v1/alerts?severity=huge");
    assert_eq!(wrong.status, 400);
    assert_eq!(wrong.json()["errors"][0]["parameter"], "severity");
    assert_eq!(world.get("/api/v1/nothing").status, 404);
    assert_eq!(world.send("PATCH", "/api/v1/rules", "", "").status, 405);
    let packed = world.send(
        "GET",
        "/",
        "Accept: text/html\r\nAccept-Encoding: gzip\r\n",
        "",
    );
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
}

#[test]
fn answers_have_no_key_that_the_description_does_not_name() {
    let world = World::new("");
    let alert = world.alerts()[0];
    let told = world.get("/api/openapi.json").json();
    let whole = world.get(&format!("/api/v1/alerts/{alert}")).json();
    let row = &whole["row"];
    let entry = format!("/api/v1/entries/{}", row["entry"].as_str().unwrap());
    let story = format!("/api/v1/stories/{}", row["story"]);
    assert_eq!(world.get(&story).status, 200);
    for (path, schema, is_list) in [
        ("/api/v1/alerts", "AlertRow", true),
        ("/api/v1/stories", "Story", true),
        ("/api/v1/entries?q=Acme", "Entry", true),
        (entry.as_str(), "Entry", false),
        ("/api/v1/rules", "Rule", true),
        ("/api/v1/rules/acme", "Rule", false),
        ("/api/v1/feeds", "Feed", true),
        ("/api/v1/feeds/daily", "Feed", false),
    ] {
        let schema = &told["components"]["schemas"][schema];
        let mut answer = world.get(path).json();
        if is_list {
            answer = answer["items"][0].take();
        }
        let answer = answer.as_object().unwrap_or_else(|| panic!("{path}"));
        for (key, value) in answer {
            let named = &schema["properties"][key];
            assert!(named.is_object(), "{path}: {key} is not described");
            let may_be_null = named["type"]
                .as_array()
                .is_some_and(|types| types.contains(&json!("null")));
            assert!(!value.is_null() || may_be_null, "{path}: {key} is null");
        }
        for key in schema["required"].as_array().unwrap() {
            assert!(answer.contains_key(key.as_str().unwrap()), "{path}: {key}");
        }
    }
}

#[test]
fn methods_slashes_and_addresses_that_are_not_so_are_answered_in_the_asked_format() {
    let world = World::new("");
    for path in [
        "/rules",
        "/api/v1/rules",
        "/feeds/rules/acme.atom",
        "/metrics",
    ] {
        let (get, head) = (world.get(path), world.send("HEAD", path, "", ""));
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        for name in ["content-type", "vary"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
        assert!(head.header("etag").is_some(), "{path}");
        let refused = world.send("PATCH", path, "", "");
        assert_eq!(
            (refused.status, refused.header("allow")),
            (405, Some("GET,HEAD"))
        );
        let kind = Some("application/problem+json");
        assert_eq!(refused.header("content-type"), kind, "{path}");
        assert_eq!(
            world.send("OPTIONS", path, "", "").header("allow"),
            Some("GET,HEAD")
        );
    }
    let korean = world.send(
        "GET",
        "/nothing",
        "Accept: text/html\r\nAccept-Language: ko\r\n",
        "",
    );
    assert!(
        korean.body.contains("그곳에는 아무것도 없습니다."),
        "{}",
        korean.body
    );
    let page = world.send("PUT", "/rules", "Accept: text/html\r\n", "");
    assert!(page.body.starts_with("<!DOCTYPE html>"), "{}", page.body);
    for (path, status, target) in [
        ("/rules/", 308, Some("/rules")),
        ("/rules/?severity=high", 308, Some("/rules?severity=high")),
        ("//evil.example/", 404, None),
        ("/api/v1/rules/", 404, None),
        ("/rules/%ff", 400, None),
        ("/assets/none", 404, None),
    ] {
        let answer = world.get(path);
        assert_eq!(
            (answer.status, answer.header("location")),
            (status, target),
            "{path}"
        );
        if status >= 400 {
            assert_eq!(answer.json()["status"], status, "{path}");
        }
    }
}

#[test]
fn switching_the_language_keeps_what_was_asked() {
    let world = World::new("");
    let page = world.page("/entries?q=Acme+K9&feed=daily").body;
    let kept = "lang=ko&amp;next=%2Fentries%3Fq%3DAcme%2BK9%26feed%3Ddaily";
    assert!(page.contains(kept), "{page}");
}

#[test]
fn a_silence_is_checked_and_tried_before_it_holds_anything() {
    let world = World::new("");
    let alert = world.alerts()[0];
    let page = world.page(&format!("/alerts/{alert}")).body;
    assert!(page.contains("<option value=\"rule=acme\">"), "{page}");
    assert!(page.contains("entity=acme-corp"), "{page}");
    for (body, expected) in [
        ("comment=everything", 422),
        ("rule=acme&for=soon", 400),
        ("rule=acme&until=2020-01-01T00%3A00", 422),
        ("query=%28", 422),
    ] {
        let refused = world.form("/silences", body);
        assert_eq!(refused.status, expected, "{body}: {}", refused.body);
        assert!(refused.body.contains("role=\"alert\""), "{}", refused.body);
    }
    let tried = json!({ "query": "K9", "for": "1d" });
    let tried = world.api("POST", "/silences/try", &tried);
    assert_eq!(tried.status, 200, "{}", tried.body);
    assert_eq!(tried.json()["of_last_week"], 1, "{}", tried.body);
    assert_eq!(
        world.get("/api/v1/silences?all=1").json()["items"],
        json!([])
    );
}

#[test]
fn an_alert_is_silenced_from_its_page_and_the_silence_ended() {
    let world = World::new("");
    let alert = world.alerts()[0];
    let form = "what=rule%3Dacme%26tag%3Dwire&for=7d&comment=known&next=%2Falerts";
    let silenced = world.form("/silences", form);
    assert_eq!(
        (silenced.status, silenced.header("location")),
        (303, Some("/alerts?done=1"))
    );
    let list = world.get("/api/v1/silences").json();
    let row = &list["items"][0];
    assert_eq!(row["state"], "active");
    assert_eq!(
        row["matchers"],
        json!({ "rules": ["acme"], "tags": ["wire"] })
    );
    assert_eq!(
        (&row["author"], &row["comment"]),
        (&json!("local"), &json!("known"))
    );
    // What comes meanwhile waits; what somebody asks for goes.
    let item = json!({ "id": "x", "title": "Acme again", "date_published": jiff::Timestamp::now().to_string() });
    let feed =
        json!({ "version": "https://jsonfeed.org/version/1.1", "title": "More", "items": [item] });
    let reply = Reply::ok(feed.to_string()).header("Content-Type", "application/feed+json");
    world.server.set("/more", reply);
    let wanted = json!({ "url": world.server.url("/more"), "tags": ["wire"] });
    assert_eq!(world.api("POST", "/feeds", &wanted).status, 201);
    let resent = world.api("POST", &format!("/alerts/{alert}/resend"), &json!({}));
    assert_eq!(resent.status, 200, "{}", resent.body);
    let waiting = wait_for("a message that waits", || {
        let told = world.get("/api/v1/waiting").json();
        told["items"].get(0).cloned()
    });
    assert_eq!(
        (&waiting["held"], &waiting["title"]),
        (&json!("silence"), &json!("Acme again"))
    );
    assert!(world.page("/alerts/held").body.contains("#silence-"));
    let id = row["id"].as_i64().unwrap();
    assert_eq!(
        world
            .form(&format!("/silences/{id}/end"), "release=1")
            .status,
        303
    );
    assert_eq!(world.form(&format!("/silences/{id}/end"), "").status, 404);
    assert_eq!(world.get("/api/v1/silences").json()["items"], json!([]));
    let over = world.get("/api/v1/silences?all=1").json();
    assert_eq!(over["items"][0]["state"], "over");
    let changes = world.get("/api/v1/changes").json().to_string();
    assert!(
        changes.contains("silence.add") && changes.contains("silence.end"),
        "{changes}"
    );
}

#[test]
fn stories_are_joined_and_parted_from_their_page() {
    let world = World::new("");
    world.alerts();
    let list = world.get("/api/v1/stories?of=all").json();
    let ids: Vec<i64> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids.len(), 3, "{list}");
    let (younger, older) = (ids[0], ids[1]);
    let joined = world.form(
        &format!("/stories/{younger}/merge"),
        &format!("other={older}"),
    );
    let there = format!("/stories/{older}?done=1");
    assert_eq!(
        (joined.status, joined.header("location")),
        (303, Some(there.as_str()))
    );
    // The address of the one that is gone still leads to what it is in now.
    let page = world.page(&format!("/stories/{younger}"));
    assert_eq!(page.status, 200);
    let told = world.get(&format!("/api/v1/stories/{younger}")).json();
    assert_eq!(
        (&told["story"]["id"], &told["story"]["entries"]),
        (&json!(older), &json!(2))
    );
    assert_eq!(told["entries"][1]["joined_by"], "merge");
    assert_eq!(told["edits"][0]["who"], "local");
    let entry = told["entries"][1]["entry"].as_str().unwrap();
    assert!(
        page.body.contains(&format!("/entries/{entry}/split")),
        "{}",
        page.body
    );
    assert_eq!(
        world.form(&format!("/entries/{entry}/split"), "").status,
        303
    );
    assert_eq!(
        world.form(&format!("/entries/{entry}/split"), "").status,
        409
    );
    assert_eq!(
        world
            .form(&format!("/stories/{older}/merge"), "other=999")
            .status,
        409
    );
}

#[test]
fn what_is_wrong_is_shown_where_people_look() {
    let world = World::new(TOKENS);
    let desk = "Authorization: Bearer correct-horse-battery\r\n";
    let told = world.send("GET", "/api/v1/system", desk, "").json();
    assert_eq!(told["ready"], true, "{told}");
    assert!(told["store"]["bytes"].as_u64().unwrap() > 0, "{told}");
    assert!(told["store"]["schema"].as_u64().unwrap() >= 16, "{told}");
    let list = world.send("GET", "/api/v1/conditions", desk, "").json();
    assert!(list["items"].is_array(), "{list}");
}

#[test]
fn a_link_out_of_a_message_passes_whatever_host_and_page_it_comes_by() {
    let world = World::new(TOKENS);
    let foreign = "Host: desk.example\r\nSec-Fetch-Site: cross-site\r\n";
    for method in ["GET", "POST"] {
        let answer = world.send(method, "/a/forged", foreign, "");
        assert_eq!(answer.status, 404, "{method}: {}", answer.body);
        assert!(
            answer.body.contains("This link is not one of ours."),
            "{}",
            answer.body
        );
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'"), "{policy}");
    }
    // Its neighbours do not.
    assert_eq!(world.send("GET", "/alerts", foreign, "").status, 421);
}
