//! Receivers as they are met: real sockets, real programs, real files.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic in its parts too"
)]

#[path = "support/smtp.rs"]
mod smtp;

#[path = "notify/command.rs"]
mod command;
#[path = "notify/email.rs"]
mod email;
#[path = "notify/file.rs"]
mod file;
#[path = "notify/hostile.rs"]
mod hostile;
#[path = "notify/webhook.rs"]
mod webhook;

use std::path::Path;
use std::time::Duration;

use bongsu::domain::alert::Reason;
use bongsu::domain::alert::delivery::{Attempt, AttemptOutcome};
use bongsu::domain::alert::frame::Language;
use bongsu::domain::alert::wire::{WireAlert, WireLinks, WireRule, WireStory};
use bongsu::domain::entry::wire::WireEntry;
use bongsu::domain::id::ReceiverId;
use bongsu::domain::rule::Severity;
use bongsu::notify::settings::{ReceiverConfig, ReceiverKind, Timing};
use bongsu::notify::{Context, Notifier, Outgoing, TerminalOutput, build};
use jiff::Timestamp;
use jiff::tz::TimeZone;

const KEY: &str = "00112233445566778899aabbccddeeff";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn alert() -> WireAlert {
    WireAlert {
        kind: "alert".into(),
        id: "7".into(),
        key: KEY.into(),
        created: at("2026-11-24T01:09:00Z"),
        severity: Severity::High,
        reason: Reason::NewStory,
        rule: WireRule {
            id: "arms".into(),
            title: "Arms exports".into(),
        },
        step: None,
        entry: Some(WireEntry {
            id: "e1".into(),
            feed: Some("yonhap-ko".into()),
            title: "한화에어로, 루마니아에 K9 1.3조원 수출 계약".into(),
            url: Some("https://example.org/a?x=1&y=2".into()),
            published: Some(at("2026-11-24T01:02:00Z")),
            first_seen: Some(at("2026-11-24T01:09:00Z")),
            body: "루마니아 국방부와 K9 자주포 계약을 맺었다.".into(),
            body_html: "<p>루마니아 국방부와 <b>K9</b> 자주포 계약을 맺었다.</p>".into(),
            ..WireEntry::default()
        }),
        matches: Vec::new(),
        story: Some(WireStory {
            id: "3".into(),
            entries: 1,
            feeds: vec!["yonhap-ko".into()],
            first_seen: at("2026-11-24T01:09:00Z"),
            folded: Vec::new(),
        }),
        health: None,
        alerts: None,
        also: Vec::new(),
        late_by: None,
        links: WireLinks::default(),
        test: false,
        cut: false,
    }
}

fn outgoing(alert: WireAlert) -> Outgoing {
    Outgoing {
        alert,
        sent_at: at("2026-11-24T01:10:00Z"),
        attempt: 1,
    }
}

fn config(kind: ReceiverKind) -> ReceiverConfig {
    ReceiverConfig {
        id: ReceiverId::new("desk"),
        default: true,
        min_severity: Severity::Info,
        only: None,
        rate: None,
        give_up: None,
        zone: Some("Asia/Seoul".into()),
        max_body: None,
        language: Language::En,
        timing: Timing::default(),
        templates: bongsu::notify::settings::TemplateSettings::default(),
        kind,
    }
}

fn context(state_dir: &Path) -> Context {
    Context {
        user_agent: "bongsu/0.0.0 (+https://example.org)".into(),
        state_dir: state_dir.to_owned(),
        zone: TimeZone::UTC,
        proxy: None,
        no_proxy: String::new(),
        environment: vec![
            ("LANG".into(), "C.UTF-8".into()),
            ("SECRET".into(), "x".into()),
        ],
        terminal: TerminalOutput::default(),
    }
}

fn notifier(kind: ReceiverKind, state_dir: &Path) -> Box<dyn Notifier> {
    build(&config(kind), &context(state_dir)).unwrap()
}

/// The class of an outcome, and what it says.
fn class(attempt: &Attempt) -> (&'static str, String) {
    let message = attempt.outcome.message().unwrap_or_default();
    (attempt.outcome.as_str(), message.to_owned())
}

fn wait(attempt: &Attempt) -> Option<Duration> {
    match &attempt.outcome {
        AttemptOutcome::Later { wait, .. } => *wait,
        _ => None,
    }
}

/// Runs `future` until `started` is true, then lets the clock jump over every wait in it.
async fn fast_forward<T>(future: impl Future<Output = T>, started: impl Fn() -> bool) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        let nap = tokio::time::sleep(Duration::from_millis(5));
        tokio::select! {
            done = &mut future => return done,
            () = nap => if started() { break },
        }
    }
    tokio::time::pause();
    future.await
}

#[test]
fn a_zone_that_does_not_exist_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(ReceiverKind::Terminal);
    config.zone = Some("Asia/Soul".into());
    let error = build(&config, &context(dir.path())).err().unwrap();
    assert_eq!(error.key, "zone");
    assert!(error.to_string().contains("Asia/Soul"));
}

#[test]
fn previews_show_what_would_be_sent_late_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let notifier = notifier(ReceiverKind::Terminal, dir.path());
    let mut late = outgoing(alert());
    assert!(
        notifier
            .preview(&late)
            .starts_with("! 한화에어로, 루마니아에")
    );
    late.sent_at = at("2026-11-24T09:10:00Z");
    assert!(!notifier.preview(&late).contains("late by"));
    late.attempt = 9;
    assert!(notifier.preview(&late).contains("\n  late by 8 h: "));
}
