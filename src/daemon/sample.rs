//! A daemon's shared part for scenario tests: a real store, a clock that stands still, receivers that answer as told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;

use super::Shared;
use super::receivers::Receiver;
use super::setup::{AlertSettings, Setup};
use crate::clock::Clock;
use crate::domain::alert::Reason;
use crate::domain::alert::delivery::Attempt;
use crate::domain::alert::frame::Language;
use crate::domain::alert::wire::{WireAlert, WireRule};
use crate::domain::feed::Feed;
use crate::domain::feed::market::Market;
use crate::domain::feed::schedule::Pace;
use crate::domain::id::ReceiverId;
use crate::domain::matching::RuleSet;
use crate::domain::rule::{Definitions, Rule, Severity};
use crate::domain::story::policy::Policy;
use crate::fetch::{FetchSettings, Fetcher};
use crate::notify::settings::{ReceiverConfig, ReceiverKind, Timing};
use crate::notify::{Notifier, Outgoing, Sending};
use crate::store::outbox::Addressee;
use crate::store::{self, Store};

pub(super) fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

/// What a receiver does with each message.
pub(super) type Answer = fn() -> Attempt;

struct Told(Answer);

impl Notifier for Told {
    fn attempt<'a>(&'a self, _: &'a Outgoing) -> Sending<'a> {
        let answer = self.0;
        Box::pin(async move { answer() })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn preview(&self, _: &Outgoing) -> String {
        String::new()
    }
}

/// A default receiver.
pub(super) fn receiver(id: &str, answer: Answer) -> Arc<Receiver> {
    Arc::new(Receiver {
        config: ReceiverConfig {
            id: ReceiverId::new(id),
            default: true,
            min_severity: Severity::Info,
            only: None,
            rate: None,
            give_up: None,
            zone: None,
            max_body: None,
            language: Language::default(),
            timing: Timing::default(),
            templates: crate::notify::settings::TemplateSettings::default(),
            kind: ReceiverKind::Terminal,
        },
        notifier: Arc::new(Told(answer)),
    })
}

/// What a receiver makes of each message.
pub(super) type Script = Box<dyn Fn(&Outgoing) -> Attempt + Send + Sync>;

struct Scripted(Script);

impl Notifier for Scripted {
    fn attempt<'a>(&'a self, outgoing: &'a Outgoing) -> Sending<'a> {
        Box::pin(async move {
            // A real one waits for its answer.
            tokio::task::yield_now().await;
            (self.0)(outgoing)
        })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn preview(&self, _: &Outgoing) -> String {
        String::new()
    }
}

/// A default receiver that goes by a script; people read it.
pub(super) fn scripted(id: &str, script: Script) -> Arc<Receiver> {
    let plain = receiver(id, Attempt::delivered);
    Arc::new(Receiver {
        config: plain.config.clone(),
        notifier: Arc::new(Scripted(script)),
    })
}

/// A setup that watches these feeds for `Acme`.
pub(super) fn setup(feeds: &[Feed], receivers: Vec<Arc<Receiver>>) -> Setup {
    let definitions = Definitions {
        rules: vec![Rule::of_query("acme", "Acme")],
        ..Definitions::default()
    };
    let (rules, _) = RuleSet::compile(&definitions);
    let (only, _) = RuleSet::compile(&Definitions::default());
    let settings = FetchSettings {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..FetchSettings::default()
    };
    let feeds = feeds.iter();
    Setup {
        feeds: feeds
            .map(|feed| (feed.id.clone(), Arc::new(feed.clone())))
            .collect::<BTreeMap<_, _>>(),
        definitions,
        rules: Arc::new(rules),
        only: Arc::new(only),
        receivers,
        fetcher: Arc::new(Fetcher::new(&settings, "bongsu/test", Clock::System).unwrap()),
        contact: String::new(),
        host_gap: Duration::from_secs(2),
        pace: Pace::default(),
        market: Market::default(),
        alerts: AlertSettings {
            backlog: Duration::from_hours(24),
            give_up: Duration::from_hours(72),
        },
        manners: Arc::default(),
        health_receivers: Vec::new(),
        all_well: None,
        heartbeat: None,
        story: Arc::new(Policy::new(Duration::from_hours(72), false, &[], &[])),
        keep: store::Settings::default(),
        websub: None,
        access: Arc::default(),
        log_level: "info".to_owned(),
    }
}

/// A daemon's shared part over a fresh store that knows the feeds of `setup`.
pub(super) async fn shared(setup: Setup) -> (TempDir, Arc<Shared>) {
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().to_owned();
    let store = Store::open(&path, &store::Settings::default(), now()).unwrap();
    let shared = Arc::new(Shared::new(
        store,
        "me".to_owned(),
        Clock::manual(now()),
        setup,
    ));
    super::sync(&shared, &shared.setup()).await.unwrap();
    (dir, shared)
}

/// Owes a test alert to `receiver`.
pub(super) async fn owe(shared: &Shared, receiver: &str) {
    let key = format!("key-{receiver}");
    owe_as(shared, receiver, &key, Severity::High).await;
}

/// Owes an alert under `key` to `receiver`, now.
pub(super) async fn owe_as(shared: &Shared, receiver: &str, key: &str, severity: Severity) {
    owe_all(shared, receiver, &[key.to_owned()], (severity, 72)).await;
}

/// Owes alerts under these keys at once, now, each to be tried for so many hours.
pub(super) async fn owe_all(
    shared: &Shared,
    receiver: &str,
    keys: &[String],
    (severity, hours): (Severity, u64),
) {
    let to = [Addressee {
        receiver: ReceiverId::new(receiver),
        give_up: Duration::from_hours(hours),
        skip: None,
    }];
    let now = shared.clock.now();
    let alerts: Vec<WireAlert> = keys.iter().map(|key| alert(key, severity, now)).collect();
    shared
        .store
        .write(move |tx| {
            alerts
                .iter()
                .try_for_each(|alert| store::alerts::raise(tx, alert, &to, now).map(drop))
        })
        .await
        .unwrap();
}

fn alert(key: &str, severity: Severity, now: Timestamp) -> WireAlert {
    let rule = WireRule {
        id: "bongsu.health".to_owned(),
        title: "Health".to_owned(),
    };
    WireAlert {
        test: true,
        ..WireAlert::new(key.to_owned(), rule, severity, Reason::Health, now)
    }
}
