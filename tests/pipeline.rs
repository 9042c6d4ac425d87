//! The main job from outside: the real binary against a local publisher and a local receiver.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics, and its documents are published now"
)]

mod support;

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use support::desk::Desk;
use support::http::{Reply, Server};

/// An RSS document whose items are (guid, title) published now.
fn rss(items: &[(&str, &str)]) -> String {
    let date = jiff::Timestamp::now()
        .strftime("%a, %d %b %Y %H:%M:%S +0000")
        .to_string();
    let mut list = String::new();
    for (guid, title) in items {
        let _ = write!(
            list,
            "<item><guid isPermaLink=\"false\">{guid}</guid><link>https://news.example/{guid}</link>\
             <title>{title}</title><description>Body of {guid}.</description><pubDate>{date}</pubDate></item>"
        );
    }
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Wire</title><link>https://news.example/</link>{list}</channel></rss>"
    )
}

/// An Atom document with one entry published now.
fn atom(id: &str, title: &str) -> String {
    let now = jiff::Timestamp::now();
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Trade</title><id>urn:feed</id><updated>{now}</updated>\
         <entry><id>{id}</id><title>{title}</title><link href=\"https://trade.example/{id}\"/><updated>{now}</updated>\
         <published>{now}</published><summary>Summary.</summary></entry></feed>"
    )
}

/// A JSON Feed with one item published now.
fn json_feed(id: &str, title: &str) -> String {
    let now = jiff::Timestamp::now();
    serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1", "title": "Daily",
        "items": [{ "id": id, "url": format!("https://daily.example/{id}"), "title": title,
                    "content_text": "Text.", "date_published": now.to_string() }]
    })
    .to_string()
}

/// A publisher path that answers 304 to the current validator, else 200 with `body`.
fn conditional(server: &Server, path: &str, kind: &'static str, body: &Arc<Mutex<String>>) {
    let body = Arc::clone(body);
    server.on(path, move |request| {
        let body = body.lock().unwrap().clone();
        let etag = format!("\"{}\"", body.len());
        if request.header("if-none-match") == Some(etag.as_bytes()) {
            return Reply::status(304).header("ETag", &etag);
        }
        Reply::ok(body)
            .header("Content-Type", kind)
            .header("ETag", &etag)
    });
}

/// A request header as text.
fn text(request: &support::http::Request, name: &str) -> String {
    String::from_utf8(
        request
            .header(name)
            .unwrap_or_else(|| panic!("no {name}"))
            .to_vec(),
    )
    .unwrap()
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Three feeds, an entity rule and a webhook.
fn config(server: &Server) -> String {
    format!(
        r#"
[fetch]
allow_networks = ["127.0.0.0/8"]
interval = "1h"
[web]
listen = ""
[[feed]]
id = "wire"
url = "{}"
[[feed]]
id = "trade"
url = "{}"
[[feed]]
id = "daily"
url = "{}"
[[entity]]
id = "acme"
name = "Acme Heavy"
aliases = ["한화에어로스페이스"]
classes = ["maker"]
[[rule]]
id = "acme-news"
title = "Acme in the news"
query = "@acme"
severity = "high"
[[receiver]]
id = "hook"
kind = "webhook"
default = true
url = "{}"
secret = "{SECRET}"
"#,
        server.url("/rss"),
        server.url("/atom"),
        server.url("/json"),
        server.url("/hook"),
    )
}

/// The three feeds of [`config`], with their documents to change.
struct World {
    server: Server,
    desk: Desk,
    rss: Arc<Mutex<String>>,
}

impl World {
    fn new() -> Self {
        let server = Server::start();
        let text = |text: String| Arc::new(Mutex::new(text));
        let rss = text(rss(&[("a", "Acme Heavy wins a tender"), ("b", "Weather")]));
        conditional(&server, "/rss", "application/rss+xml", &rss);
        conditional(
            &server,
            "/atom",
            "application/atom+xml",
            &text(atom("t1", "Nothing here")),
        );
        conditional(
            &server,
            "/json",
            "application/feed+json",
            &text(json_feed("d1", "한화에어로스페이스는 오늘 발표했다")),
        );
        server.set("/hook", Reply::status(204));
        let desk = Desk::new(&config(&server));
        Self { server, desk, rss }
    }

    fn hooks(&self) -> Vec<support::http::Request> {
        self.server
            .requests()
            .into_iter()
            .filter(|request| request.path() == "/hook")
            .collect()
    }
}

#[test]
fn one_run_polls_matches_and_delivers_once() {
    let world = World::new();
    let summary = world
        .desk
        .run(&["run", "--once", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(summary["feeds"]["total"], 3, "{summary}");
    assert_eq!(summary["feeds"]["polled"], 3, "{summary}");
    assert_eq!(summary["feeds"]["ok"], 3, "{summary}");
    assert_eq!(summary["feeds"]["failed"], 0, "{summary}");
    assert_eq!(summary["entries"]["new"], 4, "{summary}");
    assert_eq!(summary["alerts"]["new"], 2, "{summary}");
    assert_eq!(summary["deliveries"]["sent"], 2, "{summary}");
    assert_eq!(summary["deliveries"]["pending"], 0, "{summary}");
    assert_eq!(world.hooks().len(), 2);
    // What the round brought is in the search index too.
    let store = rusqlite::Connection::open(world.desk.state().join("bongsu.db")).unwrap();
    let indexed =
        "select n.value = (select max(seq) from entry) from meta n where n.key = 'indexed'";
    assert_eq!(store.query_row(indexed, [], |row| row.get(0)), Ok(true));

    let again = world
        .desk
        .run(&["run", "--once", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(again["feeds"]["polled"], 0, "{again}");
    assert_eq!(again["alerts"]["new"], 0, "{again}");
    assert_eq!(again["deliveries"]["sent"], 0, "{again}");
    assert_eq!(world.hooks().len(), 2);
}

#[test]
fn the_publisher_behind_a_title_is_no_mention_wherever_one_asks() {
    let world = World::new();
    *world.rss.lock().unwrap() = rss(&[("a", "Tender closed - Wire"), ("b", "Wire cut")]);
    let rule = "[[rule]]\nid = \"wire\"\nquery = \"wire\"\n";
    world.desk.write("rules.toml", rule);
    let summary = world
        .desk
        .run(&["run", "--once", "--format", "json"])
        .expect(0)
        .json();
    // The other alert is about the entry in Korean.
    assert_eq!(summary["alerts"]["new"], 2, "{summary}");
    let found = world.desk.run(&["entries", "search", "wire"]).expect(0);
    let titles: Vec<Value> = found
        .rows()
        .iter()
        .map(|row| row["title"].clone())
        .collect();
    assert_eq!(titles, ["Wire cut"]);
    let tender = world
        .desk
        .run(&["entries", "search", "tender"])
        .expect(0)
        .rows();
    let id = tender[0]["id"].as_str().unwrap();
    let explained = world.desk.run(&["explain", id, "--rule", "wire"]);
    assert_eq!(explained.expect(0).rows()[0]["matches"], false);
}

#[test]
fn the_webhook_body_has_the_contracts_shape_and_a_valid_signature() {
    let world = World::new();
    world.desk.run(&["run", "--once"]).expect(0);
    let hooks = world.hooks();
    let korean = hooks
        .iter()
        .find(|hook| String::from_utf8_lossy(&hook.body).contains("오늘"))
        .unwrap();
    let body: Value = serde_json::from_slice(&korean.body).unwrap();
    assert_eq!(body["type"], "alert");
    assert_eq!(body["reason"], "new-story");
    assert_eq!(body["severity"], "high");
    assert_eq!(
        body["rule"],
        serde_json::json!({"id": "acme-news", "title": "Acme in the news"})
    );
    assert_eq!(body["entry"]["feed"], "daily");
    assert_eq!(body["entry"]["language"], "ko");
    let found = &body["matches"][0];
    assert_eq!(
        (&found["field"], &found["start"], &found["end"]),
        (&"title".into(), &0.into(), &27.into())
    );
    assert_eq!(found["text"], "한화에어로스페이스");
    assert_eq!(found["entity"], "acme");
    assert_eq!(found["term"], "@acme");
    assert_eq!(body["story"]["entries"], 1);
    assert_eq!(body["story"]["feeds"], serde_json::json!(["daily"]));
    assert_eq!(text(korean, "webhook-id"), body["key"].as_str().unwrap());
    assert!(text(korean, "user-agent").starts_with("bongsu/"));

    let key = base64::engine::general_purpose::STANDARD
        .decode(SECRET.strip_prefix("whsec_").unwrap())
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    let stamp = text(korean, "webhook-timestamp");
    mac.update(format!("{}.{stamp}.", body["key"].as_str().unwrap()).as_bytes());
    mac.update(&korean.body);
    let expected = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(text(korean, "webhook-signature"), format!("v1,{expected}"));
}

#[test]
fn polling_by_hand_is_conditional_and_repeats_nothing() {
    let world = World::new();
    world.desk.run(&["run", "--once"]).expect(0);
    let polled = world
        .desk
        .run(&[
            "feeds", "poll", "wire", "trade", "daily", "--format", "json",
        ])
        .expect(0)
        .json();
    assert_eq!(polled["feeds"]["not_modified"], 3, "{polled}");
    assert_eq!(polled["entries"]["new"], 0, "{polled}");
    assert_eq!(polled["alerts"]["new"], 0, "{polled}");
    let conditional = world
        .server
        .requests()
        .into_iter()
        .filter(|r| r.header("if-none-match").is_some())
        .count();
    assert_eq!(conditional, 3);
    assert_eq!(world.hooks().len(), 2);
}

#[test]
fn a_new_entry_alerts_once() {
    let world = World::new();
    world.desk.run(&["run", "--once"]).expect(0);
    *world.rss.lock().unwrap() = rss(&[
        ("c", "Acme Heavy signs a second contract"),
        ("a", "Acme Heavy wins a tender"),
        ("b", "Weather"),
    ]);
    world.desk.run(&["feeds", "poll", "wire"]).expect(0);
    world.desk.run(&["feeds", "poll", "wire"]).expect(0);
    let keys: Vec<_> = world
        .hooks()
        .iter()
        .map(|hook| text(hook, "webhook-id"))
        .collect();
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert_eq!(
        keys.iter().collect::<std::collections::HashSet<_>>().len(),
        3
    );
    let entries = world.desk.run(&["entries", "export"]).expect(0).rows();
    assert_eq!(entries.len(), 5);
}

#[test]
fn a_bad_feed_is_its_own_outcome_and_touches_nothing_else() {
    let server = Server::start();
    server.set(
        "/good",
        Reply::ok(rss(&[("a", "Acme Heavy wins")])).header("Content-Type", "application/rss+xml"),
    );
    server.set(
        "/html",
        Reply::ok("<!doctype html><html><head><title>Log in</title></head><body>x</body></html>"),
    );
    server.set("/empty", Reply::ok(""));
    server.set("/garbage", Reply::ok(vec![0x9f_u8; 4096]));
    server.set("/loop", Reply::status(302).header("Location", "/loop"));
    server.set("/huge", Reply::ok("<rss>".repeat(10 << 20)));
    server.set("/down", Reply::status(503));
    let mut toml = "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\n[web]\nlisten = \"\"\n".to_owned();
    for id in ["good", "html", "empty", "garbage", "loop", "huge", "down"] {
        let _ = write!(
            toml,
            "[[feed]]\nid = \"{id}\"\nurl = \"{}\"\n",
            server.url(&format!("/{id}"))
        );
    }
    toml.push_str("[[rule]]\nid = \"r\"\nquery = \"Acme\"\n[[receiver]]\nid = \"out\"\nkind = \"file\"\npath = \"alerts.jsonl\"\ndefault = true\n");
    let desk = Desk::new(&toml);
    let summary = desk
        .run(&["run", "--once", "--format", "json"])
        .expect(6)
        .json();
    assert_eq!(summary["feeds"]["ok"], 1, "{summary}");
    assert_eq!(summary["feeds"]["failed"], 6, "{summary}");
    assert_eq!(summary["deliveries"]["sent"], 1, "{summary}");
    let feeds = desk
        .run(&["feeds", "list", "--format", "jsonl"])
        .expect(0)
        .rows();
    for feed in &feeds {
        let id = feed["id"].as_str().unwrap();
        assert_eq!(
            feed["health"],
            if id == "good" { "ok" } else { "failing" },
            "{feed}"
        );
        assert_eq!(feed["last_error"].is_null(), id == "good", "{feed}");
        assert!(
            feed["next_poll"].is_string() && feed["why_then"].is_string(),
            "{feed}"
        );
    }
    let html = feeds.iter().find(|feed| feed["id"] == "html").unwrap();
    assert!(
        html["last_error"].as_str().unwrap().contains("HTML"),
        "{html}"
    );
    let alert: Value =
        serde_json::from_str(&std::fs::read_to_string(desk.state().join("alerts.jsonl")).unwrap())
            .unwrap();
    assert_eq!(alert["entry"]["title"], "Acme Heavy wins");
}

#[test]
fn a_failing_receiver_keeps_its_alerts_and_the_same_keys() {
    let world = World::new();
    world.server.set("/hook", Reply::status(500));
    let first = world
        .desk
        .run(&["run", "--once", "--format", "json"])
        .expect(6)
        .json();
    assert_eq!(first["deliveries"]["pending"], 2, "{first}");
    world.server.set("/hook", Reply::status(204));
    let second = world
        .desk
        .run(&["run", "--once", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(second["deliveries"]["sent"], 2, "{second}");
    let mut keys: Vec<_> = world
        .hooks()
        .iter()
        .map(|hook| text(hook, "webhook-id"))
        .collect();
    keys.sort();
    assert_eq!(keys.len(), 4);
    assert_eq!((&keys[0], &keys[2]), (&keys[1], &keys[3]));
}

#[test]
fn equal_titles_and_equal_addresses_are_one_story() {
    let server = Server::start();
    let item = |guid: &str, title: &str, link: &str| {
        rss(&[(guid, title)]).replace(&format!("https://news.example/{guid}"), link)
    };
    for (path, body) in [
        ("/a", item("1", "Acme wins contract", "https://a.example/x")),
        ("/b", item("2", "Acme Wins Contract", "https://b.example/y")),
        (
            "/c",
            item(
                "3",
                "Acme, otherwise told",
                "https://www.a.example/x?utm_source=c",
            ),
        ),
    ] {
        server.set(
            path,
            Reply::ok(body).header("Content-Type", "application/rss+xml"),
        );
    }
    let mut toml = "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\n[web]\nlisten = \"\"\n".to_owned();
    for id in ["a", "b", "c"] {
        let _ = write!(
            toml,
            "[[feed]]\nid = \"{id}\"\nurl = \"{}\"\n",
            server.url(&format!("/{id}"))
        );
    }
    toml.push_str("[[rule]]\nid = \"r\"\nquery = \"Acme\"\n");
    for (id, least) in [("out", "info"), ("grave", "critical")] {
        let _ = write!(
            toml,
            "[[receiver]]\nid = \"{id}\"\nkind = \"file\"\npath = \"{id}.jsonl\"\ndefault = true\nmin_severity = \"{least}\"\n"
        );
    }
    let desk = Desk::new(&toml);
    // One after the other, since what begins a story decides which copies it has.
    for id in ["a", "b", "c"] {
        desk.run(&["feeds", "poll", id]).expect(0);
    }
    let held = desk.run(&["alerts", "list", "--held"]).expect(0).rows();
    assert_eq!(held.len(), 2, "{held:?}");
    assert!(held.iter().all(|row| row["held"] == "folded"), "{held:?}");
    let again = desk
        .run(&["alerts", "resend", "1", "--format", "json"])
        .expect(0);
    assert_eq!(
        again.json()["owed"],
        1,
        "what a receiver does not take is not sent again either"
    );
    desk.run(&["run", "--once"]).expect(0);
    let told = std::fs::read_to_string(desk.state().join("out.jsonl")).unwrap();
    assert_eq!(told.lines().count(), 2);
    assert!(!desk.state().join("grave.jsonl").exists());
}

#[test]
fn an_address_that_is_not_allowed_is_refused_before_any_request() {
    let server = Server::start();
    let toml = format!(
        "[web]\nlisten = \"\"\n[[feed]]\nid = \"inside\"\nurl = \"{}\"\n",
        server.url("/rss")
    );
    let desk = Desk::new(&toml);
    desk.run(&["run", "--once"]).expect(6);
    assert!(server.requests().is_empty());
    let feed = &desk
        .run(&["feeds", "list", "--format", "jsonl"])
        .expect(0)
        .rows()[0];
    assert!(
        feed["last_error"]
            .as_str()
            .unwrap()
            .contains("allow_networks"),
        "{feed}"
    );
}
