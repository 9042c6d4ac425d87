//! Gaps from outside: more news between two polls than a document holds, and the way back to all of it.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics, and its documents are published now"
)]

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use support::desk::Desk;
use support::http::{Reply, Server};
use support::life::{Daemon, free_port, wait_for};

/// How many items a document holds.
const WINDOW: u32 = 20;

/// An Atom document with these items, each a minute older than the next, and links of its own.
fn atom(items: impl Iterator<Item = u32>, links: &str) -> String {
    let mut list = String::new();
    for number in items {
        let ago = SignedDuration::from_mins(400 - i64::from(number));
        let at = Timestamp::now() - ago;
        let at = Timestamp::from_second(at.as_second()).unwrap();
        let _ = write!(
            list,
            "<entry><id>urn:item:{number}</id><title>Acme opens office number {number}</title>\
             <link href=\"https://wire.example/{number}\"/><updated>2026-11-01T00:00:00Z</updated>\
             <published>{at}</published></entry>"
        );
    }
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Wire</title><id>urn:wire</id>{links}\
         <updated>2026-11-01T00:00:00Z</updated>{list}</feed>"
    )
}

/// Makes `/feed` show items up to `newest`, with its archives, `WINDOW` items each, chained to the first.
fn publish(server: &Server, newest: u32) {
    let prev = |archive: u32| match archive {
        0 => String::new(),
        number => format!("<link rel=\"prev-archive\" href=\"/archive/{number}\"/>"),
    };
    let archives = newest / WINDOW - 1;
    for archive in 1..=archives {
        let items = (archive - 1) * WINDOW + 1..=archive * WINDOW;
        let body = atom(items, &prev(archive - 1));
        server.set(&format!("/archive/{archive}"), Reply::ok(body));
    }
    let body = atom(newest - WINDOW + 1..=newest, &prev(archives));
    server.set(
        "/feed",
        Reply::ok(body).header("ETag", format!("\"{newest}\"")),
    );
}

fn config(url: &str, more: &str) -> String {
    format!(
        "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\ninterval = \"1h\"\n[web]\nlisten = \"\"\n\
         [[feed]]\nid = \"wire\"\nurl = \"{url}\"\n{more}\n\
         [[rule]]\nid = \"acme\"\nquery = \"Acme\"\n\
         [[receiver]]\nid = \"out\"\nkind = \"file\"\npath = \"alerts.jsonl\"\ndefault = true\n"
    )
}

fn desk(server: &Server, more: &str) -> Desk {
    Desk::new(&config(&server.url("/feed"), more))
}

fn poll(desk: &Desk) -> Value {
    desk.run(&["feeds", "poll", "wire", "--format", "json"])
        .expect(0)
        .json()
}

fn show(desk: &Desk) -> Value {
    desk.run(&["feeds", "show", "wire", "--format", "json"])
        .expect(0)
        .json()
}

/// Paths asked for below `/archive` or `/page`, in order.
fn earlier(server: &Server) -> Vec<String> {
    server
        .requests()
        .iter()
        .map(|request| request.target.clone())
        .filter(|target| !target.starts_with("/feed"))
        .collect()
}

/// Keys of the alerts told so far; panics where one was told twice.
fn alerts(desk: &Desk) -> BTreeSet<String> {
    let text = std::fs::read_to_string(desk.state().join("alerts.jsonl")).unwrap_or_default();
    let keys: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|alert| alert["key"].as_str().unwrap().to_owned())
        .collect();
    let once: BTreeSet<String> = keys.iter().cloned().collect();
    assert_eq!(once.len(), keys.len(), "an alert came twice");
    once
}

/// How the entry whose title ends so came.
fn came(desk: &Desk, title: &str) -> Value {
    let entries = desk.run(&["entries", "export"]).expect(0).rows();
    let ends = |entry: &&Value| entry["title"].as_str().unwrap().ends_with(title);
    let id = entries.iter().find(ends).unwrap()["id"].clone();
    let args = ["entries", "show", id.as_str().unwrap(), "--format", "json"];
    desk.run(&args).expect(0).json()["via"].clone()
}

#[test]
fn a_window_that_overflowed_is_read_back_from_its_archives_once() {
    let server = Server::start();
    publish(&server, WINDOW);
    let desk = desk(&server, "");
    poll(&desk);
    publish(&server, 220);
    let summary = poll(&desk);
    assert_eq!(summary["entries"]["new"], 200, "{summary}");
    assert_eq!(summary["alerts"]["new"], 200, "{summary}");
    assert_eq!(alerts(&desk).len(), 220);
    let chain: Vec<String> = (1..=10).rev().map(|n| format!("/archive/{n}")).collect();
    assert_eq!(earlier(&server), chain);

    let shown = show(&desk);
    assert_eq!(
        (&shown["gaps"], &shown["entries"]),
        (&1.into(), &220.into()),
        "{shown}"
    );
    let gap = &shown["gap_history"][0];
    assert_eq!(gap["state"], "filled", "{gap}");
    assert_eq!(
        (&gap["recovered"], &gap["documents"]),
        (&180.into(), &10.into())
    );
    let note = shown["polls"][0]["note"].as_str().unwrap();
    assert!(
        note.starts_with("gap: ") && note.contains("may have been missed between"),
        "{note}"
    );

    assert_eq!(came(&desk, "number 100"), "archive");
    assert_eq!(came(&desk, "number 210"), Value::Null);

    // The next overflow reads its own archives and none of those before.
    poll(&desk);
    publish(&server, 300);
    assert_eq!(poll(&desk)["entries"]["new"], 80);
    let chain: BTreeSet<String> = earlier(&server).into_iter().collect();
    assert_eq!(
        chain.len(),
        earlier(&server).len(),
        "an archive was asked for twice"
    );
    assert_eq!(chain.len(), 14);
    let listed = desk.run(&["feeds", "list"]).expect(0).rows().remove(0);
    assert_eq!(listed["gaps"], 2, "{listed}");
    assert!(listed["last_gap"].is_string(), "{listed}");
    desk.run(&["db", "check"]).expect(0);
}

#[test]
fn killed_on_the_way_back_the_next_start_goes_on_without_asking_the_feed() {
    let server = Server::start();
    publish(&server, WINDOW);
    let port = free_port();
    let toml = config(&server.url("/feed"), "")
        .replace("listen = \"\"", &format!("listen = \"127.0.0.1:{port}\""));
    let desk = Desk::new(&toml);
    poll(&desk);
    publish(&server, 220);
    server.set("/archive/6", Reply::ok("").stall());
    let mut child = desk.start(&["feeds", "poll", "wire"]);
    wait_for("the request that never ends", || {
        earlier(&server)
            .contains(&"/archive/6".to_owned())
            .then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let asked = server.requests().len();
    publish(&server, 220);
    let daemon = Daemon::start(&desk, port);
    let filled = wait_for("the end of the gap", || {
        let shown = show(&desk);
        (shown["gap_history"][0]["state"] == "filled").then_some(shown)
    });
    assert_eq!(filled["entries"], 220, "{filled}");
    wait_for("all alerts", || (alerts(&desk).len() == 220).then_some(()));
    let later: Vec<String> = server.requests()[asked..]
        .iter()
        .map(|request| request.target.clone())
        .collect();
    let chain: Vec<String> = (1..=6).rev().map(|n| format!("/archive/{n}")).collect();
    assert_eq!(later, chain);
    let (_, metrics) = daemon.get("/metrics");
    assert!(
        metrics.contains("bongsu_gaps_total{result=\"filled\"} 1"),
        "{metrics}"
    );
    daemon.stop();
}

#[test]
fn a_gap_without_a_way_back_is_told_with_both_edges() {
    let server = Server::start();
    server.set("/feed", Reply::ok(atom(1..=20, "")));
    let desk = desk(&server, "");
    poll(&desk);
    server.set("/feed", Reply::ok(atom(101..=120, "")));
    let summary = poll(&desk);
    assert_eq!(summary["entries"]["new"], 20, "{summary}");
    let shown = show(&desk);
    let gap = &shown["gap_history"][0];
    assert_eq!(gap["state"], "unfilled", "{gap}");
    let note = gap["note"].as_str().unwrap();
    assert!(note.starts_with("up to "), "{note}");
    assert!(
        note.contains(gap["newest_before"].as_str().unwrap()),
        "{note}"
    );
    assert!(
        note.contains(gap["oldest_after"].as_str().unwrap()),
        "{note}"
    );
    assert!(note.ends_with("no earlier document is named"), "{note}");
    assert!(
        shown["last_note"].as_str().unwrap().contains("up to "),
        "{shown}"
    );
    assert!(shown["last_error"].is_null(), "the poll itself was good");
    // One known entry is enough to know that nothing is missing.
    server.set("/feed", Reply::ok(atom(120..=139, "")));
    poll(&desk);
    assert_eq!(show(&desk)["gaps"], 1);
}

#[test]
fn a_complete_document_leaves_no_gap() {
    let complete = "<fh:complete xmlns:fh=\"http://purl.org/syndication/history/1.0\"/>";
    let server = Server::start();
    server.set("/feed", Reply::ok(atom(1..=5, complete)));
    let desk = desk(&server, "");
    poll(&desk);
    server.set("/feed", Reply::ok(atom(6..=9, complete)));
    poll(&desk);
    let shown = show(&desk);
    assert_eq!(
        (&shown["gaps"], &shown["entries"]),
        (&0.into(), &9.into()),
        "{shown}"
    );
}

/// A JSON Feed with one item and a next page.
fn page(item: &str, next: &str) -> Reply {
    let next = (!next.is_empty()).then_some(next);
    let body = serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1", "title": "Wire", "next_url": next,
        "items": [{ "id": item, "title": format!("Acme says {item}"), "content_text": "Text.",
                    "date_published": Timestamp::now().to_string() }],
    });
    Reply::ok(body.to_string()).header("Content-Type", "application/feed+json")
}

#[test]
fn pages_are_followed_until_they_end_turn_in_a_circle_or_are_too_many() {
    for (case, last, asked, state, words) in [
        ("joined", "known", 3, "filled", "known entries were reached"),
        ("circle", "circle", 3, "unfilled", "in a circle"),
        (
            "endless",
            "endless",
            10,
            "unfilled",
            "10 documents were read",
        ),
        ("missing", "missing", 3, "unfilled", "404"),
    ] {
        let server = Server::start();
        server.set("/feed", page("known", ""));
        let desk = desk(&server, "");
        poll(&desk);
        server.set("/feed", page("p0", "/page/1"));
        server.set("/page/1", page("p1", "/page/2"));
        server.set("/page/2", page("p2", "/page/3"));
        match last {
            "known" => server.set("/page/3", page("known", "")),
            "circle" => server.set("/page/3", page("p3", "/page/1")),
            "endless" => {
                for n in 3..30 {
                    let next = format!("/page/{}", n + 1);
                    server.set(&format!("/page/{n}"), page(&format!("p{n}"), &next));
                }
            }
            _ => {}
        }
        poll(&desk);
        let shown = show(&desk);
        let gap = &shown["gap_history"][0];
        assert_eq!(gap["state"], state, "{case}: {gap}");
        assert!(
            gap["note"].as_str().unwrap().contains(words),
            "{case}: {gap}"
        );
        assert_eq!(earlier(&server).len(), asked, "{case}");
        // What was read before the end is kept.
        assert!(shown["entries"].as_u64().unwrap() >= 4, "{case}: {shown}");
    }
}

#[test]
fn a_page_that_fails_for_now_is_asked_for_again_with_the_next_polls() {
    let server = Server::start();
    server.set("/feed", page("known", ""));
    let desk = desk(&server, "");
    poll(&desk);
    server.set("/feed", page("p0", "/page/1"));
    server.set("/page/1", Reply::status(503));
    poll(&desk);
    let gap = show(&desk)["gap_history"][0].clone();
    assert_eq!(
        (&gap["state"], &gap["failures"]),
        (&"filling".into(), &1.into()),
        "{gap}"
    );
    server.set("/page/1", page("known", ""));
    poll(&desk);
    assert_eq!(show(&desk)["gap_history"][0]["state"], "filled");
    assert_eq!(earlier(&server).len(), 2);
}

#[test]
fn credentials_stay_with_the_feeds_own_origin() {
    let (server, other) = (Server::start(), Server::start());
    server.set("/feed", page("known", ""));
    let desk = desk(&server, "headers = { X-Key = \"secret-of-the-desk\" }");
    poll(&desk);
    server.set("/feed", page("p0", "/page/1"));
    server.set("/page/1", page("p1", &other.url("/page/2")));
    other.set("/page/2", page("p2", &server.url("/page/3")));
    server.set("/page/3", page("known", ""));
    poll(&desk);
    assert_eq!(show(&desk)["gap_history"][0]["state"], "filled");
    let key = |server: &Server, path: &str| {
        let requests = server.requests();
        let request = requests.iter().find(|request| request.path() == path);
        request.unwrap().text("x-key")
    };
    assert_eq!(
        key(&server, "/page/1").as_deref(),
        Some("secret-of-the-desk")
    );
    assert_eq!(key(&other, "/page/2"), None);
    assert_eq!(
        key(&server, "/page/3").as_deref(),
        Some("secret-of-the-desk")
    );
}

#[test]
fn history_is_read_on_subscription_only_where_it_is_asked_for() {
    for (history, asked) in [("", 0), ("history = 2", 2), ("history = 50", 10)] {
        let server = Server::start();
        publish(&server, 220);
        let desk = desk(&server, history);
        let summary = poll(&desk);
        assert_eq!(earlier(&server).len(), asked, "{history}");
        let entries = 20 * (asked + 1);
        assert_eq!(summary["entries"]["new"], entries, "{history}: {summary}");
        let shown = show(&desk);
        assert_eq!(shown["gaps"], 0, "{shown}");
        if asked > 0 {
            let history = &shown["gap_history"][0];
            assert_eq!(
                (&history["kind"], &history["state"]),
                (&"history".into(), &"filled".into()),
                "{history}"
            );
        }
        poll(&desk);
        assert_eq!(earlier(&server).len(), asked, "once");
    }
}
