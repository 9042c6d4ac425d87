//! Moves, limits and lost networks from outside: the binary, a proxy that stands for all publishers, real rows.

mod support;

use std::fmt::Write as _;
use std::net::TcpListener;

use support::desk::Desk;
use support::http::{Reply, Server};

const DOCUMENT: &str = r#"{"version":"https://jsonfeed.org/version/1.1","title":"Daily","items":[
    {"id":"1","url":"https://daily.example/1","title":"Acme wins","content_text":"Text."}]}"#;

fn document() -> Reply {
    Reply::ok(DOCUMENT)
        .header("Content-Type", "application/feed+json")
        .header("ETag", "\"1\"")
}

/// A desk that asks these feeds through `proxy`.
fn desk(proxy: &str, feeds: &[(String, String)]) -> Desk {
    let mut toml =
        format!("[fetch]\nproxy = \"{proxy}\"\nper_host_interval = \"1s\"\n[web]\nlisten = \"\"\n");
    for (id, url) in feeds {
        let _ = write!(toml, "[[feed]]\nid = \"{id}\"\nurl = \"{url}\"\n");
    }
    toml.push_str("[[rule]]\nid = \"r\"\nquery = \"Acme\"\n[[receiver]]\nid = \"out\"\nkind = \"file\"\npath = \"alerts.jsonl\"\ndefault = true\n");
    Desk::new(&toml)
}

fn on_hosts(count: u32) -> Vec<(String, String)> {
    (0..count)
        .map(|n| (format!("f{n}"), format!("http://h{n}.example/feed")))
        .collect()
}

#[test]
fn a_round_without_a_network_ends_with_6_and_blames_no_feed() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let desk = desk(&format!("http://{nobody}"), &on_hosts(6));
    for _ in 0..2 {
        desk.run(&["run", "--once"]).expect(6);
        let feeds = desk
            .run(&["feeds", "list", "--format", "jsonl"])
            .expect(0)
            .rows();
        assert_eq!(feeds.len(), 6);
        for feed in feeds {
            let facts =
                ["last_outcome", "failures", "why_then", "health"].map(|key| feed[key].clone());
            let expected = serde_json::json!(["offline", 0, "offline", "new"]);
            assert_eq!(serde_json::json!(facts), expected, "{feed}");
        }
    }
}

#[test]
fn a_limit_holds_its_host_for_the_next_process_and_by_hand() {
    let server = Server::start();
    let limited = || Reply::status(429).header("Retry-After", "3600");
    let mut feeds = vec![("other".to_owned(), "http://other.example/feed".to_owned())];
    server.set("http://other.example/feed", document());
    for n in 0..4 {
        let url = format!("http://busy.example/{n}");
        server.set(&url, limited());
        feeds.push((format!("b{n}"), url));
    }
    let desk = desk(&server.url(""), &feeds);
    let summary = desk
        .run(&["run", "--once", "--format", "json"])
        .expect(6)
        .json();
    let feeds = &summary["feeds"];
    let counts = serde_json::json!([feeds["polled"], feeds["waiting"]]);
    assert_eq!(counts, serde_json::json!([2, 3]), "{summary}");
    let by_hand = desk
        .run(&["feeds", "poll", "b0", "b1", "b2", "b3"])
        .expect(0);
    assert_eq!(
        by_hand.err.matches("asked to wait until").count(),
        4,
        "{by_hand:?}"
    );
    desk.run(&["run", "--once"]).expect(0);
    let asked = server.requests();
    assert_eq!(
        asked
            .iter()
            .filter(|request| request.target.contains("busy"))
            .count(),
        1
    );
    let shown = desk
        .run(&["feeds", "show", "b3", "--format", "json"])
        .expect(0)
        .json();
    assert!(
        shown["host_until"].is_string() && shown["why_then"] == "retry_after",
        "{shown}"
    );
}

#[test]
fn the_whole_document_is_asked_for_once_in_ten_minutes() {
    let server = Server::start();
    server.set("http://daily.example/feed", document());
    let feeds = [("daily".to_owned(), "http://daily.example/feed".to_owned())];
    let desk = desk(&server.url(""), &feeds);
    desk.run(&["run", "--once"]).expect(0);
    desk.run(&["feeds", "poll", "daily", "--full"]).expect(0);
    let refused = desk.run(&["feeds", "poll", "daily", "--full"]).expect(0);
    assert!(refused.err.contains("--full"), "{refused:?}");
    desk.run(&["feeds", "poll", "daily"]).expect(0);
    let conditional: Vec<bool> = server
        .requests()
        .iter()
        .map(|request| request.header("if-none-match").is_some())
        .collect();
    assert_eq!(conditional, [false, false, true]);
}
