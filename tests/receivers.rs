//! Each kind of receiver against a server of its own that is as strict as its service's documents.
//!
//! The servers check every request for its keys, types and limits, and answer as the service does. What the
//! config says is read by the real reader; sockets are real, nothing leaves this machine.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic in its parts too"
)]

mod support;

#[path = "receivers/answers.rs"]
mod answers;
#[path = "fetch/certificates.rs"]
mod certificates;
#[path = "receivers/encrypted.rs"]
mod encrypted;
#[path = "receivers/flows.rs"]
mod flows;
#[path = "receivers/hostile.rs"]
mod hostile;
#[path = "receivers/kinds.rs"]
mod kinds;
#[path = "receivers/sent.rs"]
mod sent;
#[path = "receivers/streams.rs"]
mod streams;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use bongsu::domain::alert::delivery::{Attempt, AttemptOutcome};
use bongsu::domain::alert::wire::WireAlert;
use bongsu::notify::{Context, Notifier, Outgoing, TerminalOutput, build};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The receiver that these lines of config describe.
fn receiver(toml: &str) -> Box<dyn Notifier> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    fs::write(
        &file,
        format!("[[receiver]]\nid = \"desk\"\ndefault = true\nzone = \"Asia/Seoul\"\n{toml}\n"),
    )
    .unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let loaded = bongsu::config::load(folder.path(), &|_| None);
    let told = loaded.problems.render(false);
    let config = loaded.config.unwrap_or_else(|| panic!("{toml}\n{told}"));
    let context = Context {
        user_agent: "bongsu/0.0.0 (+https://example.org)".into(),
        state_dir: folder.path().to_owned(),
        zone: TimeZone::UTC,
        proxy: None,
        no_proxy: String::new(),
        environment: Vec::new(),
        terminal: TerminalOutput::default(),
    };
    match build(&config.receivers[0], &context) {
        Ok(notifier) => notifier,
        Err(error) => panic!("{toml}\n{error}"),
    }
}

/// Sends once, and waits for the end.
fn send(notifier: &dyn Notifier, outgoing: &Outgoing) -> Attempt {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(notifier.send(outgoing))
}

fn class(attempt: &Attempt) -> String {
    let message = attempt.outcome.message().unwrap_or("");
    format!("{} {message}", attempt.outcome.as_str())
}

fn wait(attempt: &Attempt) -> Option<u64> {
    match &attempt.outcome {
        AttemptOutcome::Later { wait, .. } => wait.map(|wait| wait.as_secs()),
        _ => None,
    }
}

const TITLE: &str = "한화에어로, 루마니아에 K9 1.3조원 수출 계약";

/// An alert about an entry with this title.
fn alert(title: &str) -> WireAlert {
    let body = "루마니아 국방부와 K9 자주포 수출 계약을 맺었다.";
    let start = body.find("K9").unwrap();
    serde_json::from_value(json!({
        "type": "alert", "id": "7", "key": "00112233445566778899aabbccddeeff",
        "created": "2026-11-24T01:09:00Z", "severity": "critical", "reason": "new-story",
        "rule": { "id": "arms", "title": "Arms exports" },
        "entry": {
            "id": "e1", "feed": "yonhap-ko", "feed_url": null, "guid": null,
            "url": "https://example.org/a?x=1&y=2", "title": title, "authors": [], "categories": [],
            "published": "2026-11-24T01:02:00Z", "updated": null, "first_seen": "2026-11-24T01:09:00Z",
            "language": "ko", "body": body, "body_html": "", "full_text": null, "enclosures": [],
        },
        "matches": [{ "field": "body", "start": start, "end": start + 2, "text": "K9", "term": "K9" }],
        "story": {
            "id": "3", "entries": 1, "feeds": ["yonhap-ko"], "first_seen": "2026-11-24T01:09:00Z",
            "folded": [{ "id": "e2", "feed": "yonhap-en", "title": title, "url": "https://example.org/b_(c)|d" }],
        },
        "links": { "alert": "https://desk.example.org/alerts/7" },
    }))
    .unwrap()
}

/// An alert about what is wrong, or right again.
fn health(reason: &str) -> WireAlert {
    serde_json::from_value(json!({
        "type": "alert", "id": "8", "key": "ffeeddccbbaa99887766554433221100",
        "created": "2026-11-24T01:09:00Z", "severity": "high", "reason": reason,
        "rule": { "id": "bongsu.health", "title": "" }, "entry": null, "matches": [], "story": null,
        "health": { "kind": "feed_failing", "subject": "yonhap-ko", "text": "Feed yonhap-ko answers 503" },
        "links": { "alert": null },
    }))
    .unwrap()
}

/// A digest of many alerts.
fn digest(count: usize, title: &str) -> WireAlert {
    let mut digest = health("digest");
    digest.health = None;
    digest.alerts = Some(vec![alert(title); count]);
    digest
}

fn outgoing(alert: WireAlert) -> Outgoing {
    Outgoing {
        alert,
        sent_at: at("2026-11-24T01:10:00Z"),
        attempt: 1,
    }
}

/// Every text of a JSON value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
