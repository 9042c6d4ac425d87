//! What is wrong with the system, from outside: readiness, the heartbeat, dead letters sent again; and how soon many
//! alerts reach many receivers.

#![expect(clippy::disallowed_methods, reason = "its documents are published now")]

mod support;

use std::fmt::Write as _;

use jiff::Timestamp;
use rusqlite::Connection;
use support::desk::Desk;
use support::http::{Reply, Request, Server};
use support::life::{Daemon, Signal, free_port, wait_for};

/// A JSON Feed with so many items published now.
fn document(items: usize) -> Reply {
    let now = Timestamp::now().to_string();
    let items: Vec<serde_json::Value> = (0..items)
        .map(|n| {
            serde_json::json!({
                "id": n.to_string(), "url": format!("https://daily.example/{n}"),
                "title": format!("Acme report number {n} on subject {}", n * 7919 % 1000),
                "content_text": format!("Text {n}."), "date_published": now,
            })
        })
        .collect();
    let feed = serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1", "title": "Daily", "items": items,
    });
    Reply::ok(feed.to_string()).header("Content-Type", "application/feed+json")
}

/// A publisher with one feed, and a desk that watches it for `Acme`; `more` is further config.
fn world(more: &str) -> (Server, Desk, u16) {
    let (server, port) = (Server::start(), free_port());
    let more = more.replace("SERVER", server.url("").trim_end_matches('/'));
    let toml = format!(
        "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\ninterval = \"1h\"\n\
         [web]\nlisten = \"127.0.0.1:{port}\"\n[log]\nformat = \"json\"\n\
         [[feed]]\nid = \"daily\"\nurl = \"{}\"\n\
         [[rule]]\nid = \"acme\"\nquery = \"Acme\"\nnotify = \"entry\"\n{more}",
        server.url("/feed")
    );
    server.set("/feed", document(1));
    let desk = Desk::new(&toml);
    (server, desk, port)
}

const HOOK: &str =
    "[[receiver]]\nid = \"hook\"\nkind = \"webhook\"\ndefault = true\nurl = \"SERVER/hook\"\n";

/// Requests to a path so far.
fn asked(server: &Server, path: &str) -> Vec<Request> {
    let requests = server.requests().into_iter();
    requests.filter(|request| request.path() == path).collect()
}

#[test]
fn a_refused_token_shows_at_once_and_a_corrected_one_is_used_at_the_reload() {
    let (server, desk, port) = world(HOOK);
    server.on("/hook", |request| match request.header("authorization") {
        Some(b"right") => Reply::status(204),
        _ => Reply::status(401),
    });
    let daemon = Daemon::start(&desk, port);
    let reasons = wait_for("a receiver in /readyz", || {
        let (status, reasons) = daemon.ready();
        (status == 503 && reasons.contains("hook")).then_some(reasons)
    });
    assert!(reasons.contains("401"), "{reasons}");
    // Readiness is told at once, the alert about it is committed just after.
    let told = "bongsu_health_conditions{kind=\"receiver-failing\"} 1";
    let metrics = wait_for(told, || {
        Some(daemon.get("/metrics").1).filter(|metrics| metrics.contains(told))
    });
    for line in [
        "bongsu_health_conditions{kind=\"disk-full\"} 0",
        "bongsu_receiver_circuit_open{receiver=\"hook\"} 0",
        "bongsu_delivery_attempts_total{receiver=\"hook\",outcome=\"refused\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is missing: {metrics}");
    }
    assert!(metrics.contains("bongsu_outbox_age_seconds{receiver=\"hook\"}"));
    let toml = std::fs::read_to_string(desk.config().join("bongsu.toml")).unwrap();
    desk.write(
        "bongsu.toml",
        &(toml + "headers = { Authorization = \"right\" }\n"),
    );
    daemon.signal(Signal::HUP);
    wait_for("readiness", || (daemon.ready().0 == 200).then_some(()));
    let keys: Vec<_> = asked(&server, "/hook")
        .iter()
        .map(|request| request.text("webhook-id"))
        .collect();
    assert!(keys.len() >= 2 && keys[0] == keys[1], "{keys:?}");
    daemon.stop();
}

#[test]
fn the_heartbeat_stops_while_the_store_takes_no_writes() {
    let beat = "[heartbeat]\nurl = \"SERVER/beat\"\nevery = \"1s\"\nstart_and_fail = true\n";
    let (server, desk, port) = world(&format!("{HOOK}{beat}"));
    for path in ["/hook", "/beat", "/beat/start", "/beat/fail"] {
        server.set(path, Reply::status(204));
    }
    let daemon = Daemon::start(&desk, port);
    let beats = |least: usize| {
        wait_for("heartbeats", || {
            Some(asked(&server, "/beat").len()).filter(|count| *count >= least)
        })
    };
    beats(2);
    assert_eq!(asked(&server, "/beat/start").len(), 1);
    let holder = Connection::open(desk.state().join("bongsu.db")).unwrap();
    holder
        .busy_timeout(std::time::Duration::from_secs(20))
        .unwrap();
    holder.execute_batch("begin immediate").unwrap();
    wait_for("the word that it fails", || {
        (asked(&server, "/beat/fail").len() == 1).then_some(())
    });
    let before = asked(&server, "/beat").len();
    wait_for("three more intervals", || {
        (daemon.log().matches("no heartbeat").count() >= 5).then_some(())
    });
    assert_eq!(
        asked(&server, "/beat").len(),
        before,
        "silence is the message"
    );
    holder.execute_batch("rollback").unwrap();
    beats(before + 2);
    assert_eq!(asked(&server, "/beat/fail").len(), 1, "said once");
    daemon.stop();
}

#[test]
fn what_was_given_up_can_be_sent_again_together_and_only_once() {
    let (server, desk, _) = world(HOOK);
    server.set("/feed", document(3));
    server.set("/hook", Reply::status(400));
    desk.run(&["run", "--once"]).expect(6);
    let dead = desk
        .run(&["alerts", "list", "--dead", "--format", "jsonl"])
        .expect(0);
    assert_eq!(dead.rows().len(), 3);
    server.set("/hook", Reply::status(204));
    let resend = |more: &[&str]| {
        let args = [&["alerts", "resend", "--dead", "--format", "json"], more].concat();
        desk.run(&args).expect(0).json()["owed"].as_u64().unwrap()
    };
    assert_eq!(resend(&["--until", "1h"]), 0, "given up just now");
    assert_eq!(resend(&["--receiver", "another"]), 0);
    assert_eq!(resend(&["--receiver", "hook", "--since", "1h"]), 3);
    assert_eq!(resend(&[]), 0);
    desk.run(&["run", "--once"]).expect(0);
    let sent = asked(&server, "/hook").split_off(3);
    assert_eq!(sent.len(), 3);
    assert!(
        sent.iter()
            .all(|request| request.text("webhook-id").unwrap().ends_with("-r2"))
    );
    desk.run(&["alerts", "resend"]).expect(2);
}

/// How soon alerts reach webhooks: `cargo test --release --test health -- --ignored --nocapture`. Figures are in
/// docs/delivery.md.
#[test]
#[ignore = "a measurement"]
fn how_soon_many_alerts_reach_many_receivers() {
    for (receivers, items) in [(50, 20), (50, 200), (1, 1_000)] {
        let mut hooks = String::new();
        for n in 0..receivers {
            let _ = write!(
                hooks,
                "[[receiver]]\nid = \"r{n}\"\nkind = \"webhook\"\ndefault = true\nurl = \"SERVER/hook{n}\"\n"
            );
        }
        let (server, desk, port) = world(&hooks);
        for n in 0..receivers {
            server.set(&format!("/hook{n}"), Reply::status(204));
        }
        server.set("/feed", document(items));
        let daemon = Daemon::start(&desk, port);
        let hooked = || -> Vec<Request> {
            let requests = server.requests().into_iter();
            requests
                .filter(|request| request.path() != "/feed")
                .collect()
        };
        let mut told = Vec::new();
        while told.len() < receivers * items {
            told = wait_for("more alerts", || {
                Some(hooked()).filter(|now| now.len() > told.len())
            });
        }
        let mut late: Vec<i128> = told
            .iter()
            .map(|request| {
                let alert: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
                let created: Timestamp = alert["created"].as_str().unwrap().parse().unwrap();
                request.when.duration_since(created).as_millis()
            })
            .collect();
        late.sort_unstable();
        let at = |percent: usize| late[(late.len() - 1) * percent / 100];
        println!(
            "{receivers} receivers, {items} alerts each: first {} ms, median {} ms, 95 % {} ms, last {} ms",
            at(0),
            at(50),
            at(95),
            at(100)
        );
        daemon.stop();
    }
}
