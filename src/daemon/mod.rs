//! Time and tasks: what the passes share, how they are started, how they end.
//!
//! A pass looks at durable facts, acts once, and says when to look again. Decisions are in `domain`, config is
//! never read here: `cli` hands over a finished `Setup` and a function that makes the next one.

pub mod control;
pub mod deliver;
pub mod health;
pub mod heartbeat;
pub mod index;
pub mod once;
pub mod pages;
pub mod poll;
pub mod pricing;
pub mod progress;
pub mod receipts;
pub mod receivers;
pub mod reload;
pub mod run;
#[cfg(test)]
mod sample;
mod served;
pub mod setup;
pub mod supervisor;
pub mod sweep;
pub mod systemd;
pub mod timing;
pub mod websub;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

use self::pricing::Pricing;
use self::progress::Progress;
use self::served::{Failing, Served};
use self::setup::Setup;
use crate::clock::Clock;
use crate::domain::feed::{Health, Origin};
use crate::domain::health::Kind;
use crate::observe::{self, Metrics};
use crate::store::{Store, StoreError};

/// No task rests longer than this: clock steps, suspend and rows written by other processes are noticed.
pub const LONGEST_REST: Duration = Duration::from_secs(30);

/// What the tasks of one daemon share.
pub struct Shared {
    /// The store.
    pub store: Store,
    /// Under which name deliveries are leased: the token of the store's lock.
    pub owner: String,
    /// The wall clock.
    pub clock: Clock,
    /// Counters and gauges.
    pub metrics: Metrics,
    /// Who still makes progress.
    pub progress: Progress,
    /// Whether the machine has a network, as polls go.
    pub network: poll::network::Network,
    /// Polls under way.
    pub polls: std::sync::atomic::AtomicUsize,
    /// Turns for reading documents, one a core.
    pub readers: Semaphore,
    /// There may be something to poll.
    pub poll_nudge: Notify,
    /// There may be a page to fetch.
    pub page_nudge: Notify,
    /// There may be something to deliver.
    pub deliver_nudge: Notify,
    /// There may be something that no longer waits, or a story that escalates.
    pub timing_nudge: Notify,
    /// A receiver may have begun to fail.
    pub health_nudge: Notify,
    /// There may be a hub to ask.
    pub websub_nudge: Notify,
    /// Turns for requests of hubs.
    pub hub_turns: websub::turns::Turns,
    /// The port that the web listens at, where it has one: no hub is asked there.
    pub own_port: OnceLock<u16>,
    /// Something went wrong, or right again.
    pub watch_nudge: Notify,
    /// Held while the setup is being replaced, so that a reload and a change by people do not undo one another.
    pub changing: tokio::sync::Mutex<()>,
    setup: RwLock<Arc<Setup>>,
    pricing: Pricing,
    /// What is wrong now, by subject; shown by `/readyz` and systemd's status line.
    trouble: Mutex<BTreeMap<&'static str, String>>,
    served: Mutex<Served>,
}

impl Shared {
    /// The shared part of a daemon.
    #[must_use]
    pub fn new(store: Store, owner: String, clock: Clock, setup: Setup) -> Self {
        Self {
            store,
            owner,
            clock,
            metrics: Metrics::default(),
            progress: Progress::default(),
            network: poll::network::Network::default(),
            polls: std::sync::atomic::AtomicUsize::new(0),
            readers: Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)),
            poll_nudge: Notify::new(),
            page_nudge: Notify::new(),
            deliver_nudge: Notify::new(),
            timing_nudge: Notify::new(),
            health_nudge: Notify::new(),
            websub_nudge: Notify::new(),
            hub_turns: websub::turns::Turns::default(),
            own_port: OnceLock::new(),
            pricing: Pricing::new(setup.market.clone()),
            watch_nudge: Notify::new(),
            changing: tokio::sync::Mutex::new(()),
            setup: RwLock::new(Arc::new(setup)),
            trouble: Mutex::new(BTreeMap::new()),
            served: Mutex::default(),
        }
    }

    /// The setup in force.
    #[must_use]
    pub fn setup(&self) -> Arc<Setup> {
        Arc::clone(&self.setup.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another setup in force; work under way keeps the one it began with.
    pub fn replace_setup(&self, setup: Setup) {
        *self.setup.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(setup);
        self.poll_nudge.notify_one();
        self.deliver_nudge.notify_one();
        self.timing_nudge.notify_one();
        self.websub_nudge.notify_one();
    }

    /// Notes that something is wrong with `subject`, or right again.
    pub fn set_trouble(&self, subject: &'static str, text: Option<String>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let wrong = text.is_some();
        let was = match text {
            Some(text) => trouble.insert(subject, text),
            None => trouble.remove(subject),
        };
        if was.is_some() != wrong {
            self.watch_nudge.notify_one();
        }
    }

    /// Notes that the store failed `task`.
    fn store_fails(&self, task: &'static str, error: &StoreError) {
        let now = self.clock.now();
        self.note_store(|served| served.fails(task, error.to_string(), now));
    }

    /// Notes that the store did what `task` asked.
    fn store_serves(&self, task: &'static str) {
        let now = self.clock.now();
        self.note_store(|served| served.serves(task, now));
    }

    /// Notes how the store answered, and says by `/readyz` what follows.
    fn note_store(&self, note: impl FnOnce(&mut Served)) {
        let failing = {
            let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
            let before = served.failing().is_some();
            note(&mut served);
            let failing = served.failing();
            if failing.is_some() != before {
                self.health_nudge.notify_one();
            }
            failing
        };
        self.set_trouble("store", failing.map(|failing| failing.said));
    }

    /// The store, where it fails.
    fn store_failing(&self) -> Option<Failing> {
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        served.failing()
    }

    /// What is wrong with `subject`, if anything.
    #[must_use]
    pub fn trouble(&self, subject: &str) -> Option<String> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.get(subject).cloned()
    }

    /// Why the daemon is not doing its work; empty when it is.
    #[must_use]
    pub fn not_ready(&self) -> Vec<String> {
        let late = self.progress.late();
        let late = late
            .into_iter()
            .map(|(task, age)| format!("task {task} made no progress for {} s", age.as_secs()));
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        // With a refused config the work goes on as before.
        let stops = trouble.iter().filter(|(subject, _)| **subject != "config");
        late.chain(stops.map(|(subject, text)| format!("{subject}: {text}")))
            .collect()
    }

    /// One line for systemd and `bongsu status`.
    #[must_use]
    pub fn status_line(&self) -> String {
        let setup = self.setup();
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = format!(
            "{} feeds, {} rules, {} receivers",
            setup.feeds.len(),
            setup.definitions.rules.len(),
            setup.receivers.len()
        );
        for (subject, text) in trouble.iter() {
            line.extend(["; ", subject, ": ", text]);
        }
        line
    }

    /// Brings the gauges that are read from the store up to date.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn refresh_gauges(&self) -> Result<(), StoreError> {
        let setup = self.setup();
        self.metrics.set(
            observe::BUILD_INFO,
            &[("version", env!("CARGO_PKG_VERSION"))],
            1.0,
        );
        self.metrics
            .set(observe::RULES, &[], number(setup.rules.rule_count()));
        self.metrics
            .set(observe::PATTERNS, &[], number(setup.rules.pattern_count()));
        self.gauge_outbox().await?;
        for count in self.store.read(crate::store::outbox::counts).await? {
            let labels = [
                ("state", count.state.as_str()),
                ("receiver", count.receiver.as_str()),
            ];
            self.metrics
                .set(observe::DELIVERIES, &labels, number(count.count));
        }
        let waiting = self.store.read(crate::store::pages::waiting).await?;
        self.metrics
            .set(observe::PAGES_WAITING, &[], number(waiting));
        for (state, count) in self.store.read(crate::store::websub::counts).await? {
            self.metrics.set(
                observe::SUBSCRIPTIONS,
                &[("state", state.as_str())],
                number(count),
            );
        }
        let db_bytes = std::fs::metadata(self.store.path()).map_or(0, |meta| meta.len());
        self.metrics
            .set(observe::STORE_BYTES, &[("file", "db")], number(db_bytes));
        self.metrics.set(
            observe::STORE_BYTES,
            &[("file", "wal")],
            number(self.store.wal_bytes()),
        );
        self.count_feeds(&setup).await
    }

    /// Conditions, circuits, and how long deliveries have waited.
    async fn gauge_outbox(&self) -> Result<(), StoreError> {
        let open = self.store.read(crate::store::health::counts).await?;
        for kind in Kind::ALL {
            let count = open.iter().find(|(open, _)| *open == kind);
            let labels = [("kind", kind.as_str())];
            self.metrics.set(
                observe::CONDITIONS,
                &labels,
                number(count.map_or(0, |(_, count)| *count)),
            );
        }
        let setup = self.setup();
        let rows = self.store.read(crate::store::outbox::receivers).await?;
        let waiting = self.store.read(crate::store::outbox::overdue).await?;
        let now = self.clock.now();
        for receiver in &setup.receivers {
            let id = &receiver.config.id;
            let row = rows.iter().find(|row| row.id == id.as_str());
            let open = row.is_some_and(|row| row.circuit.is_open());
            let labels = [("receiver", id.as_str())];
            self.metrics
                .set(observe::CIRCUIT, &labels, number(u64::from(open)));
            let oldest = waiting.iter().find(|waiting| waiting.receiver == *id);
            let age = oldest.map_or(0, |waiting| now.duration_since(waiting.oldest).as_secs());
            self.metrics
                .set(observe::OUTBOX_AGE, &labels, number(age.max(0)));
        }
        Ok(())
    }

    /// Feeds by health.
    async fn count_feeds(&self, setup: &Setup) -> Result<(), StoreError> {
        let rows = self.store.read(crate::store::feeds::list).await?;
        let mut counts: BTreeMap<&'static str, u64> = Health::ALL
            .iter()
            .map(|health| (health.as_str(), 0))
            .collect();
        for row in rows
            .iter()
            .filter(|row| setup.feeds.contains_key(&row.feed.id))
        {
            *counts.entry(row.health().as_str()).or_default() += 1;
        }
        for (health, count) in counts {
            self.metrics
                .set(observe::FEEDS, &[("health", health)], number(count));
        }
        Ok(())
    }
}

/// A count as a metric's value.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn number(count: impl TryInto<u64>) -> f64 {
    count.try_into().map_or(f64::NAN, |count: u64| count as f64)
}

/// Tells the store which feeds and receivers there are.
///
/// # Errors
/// When the store fails.
pub async fn sync(shared: &Shared, setup: &Setup) -> Result<(), StoreError> {
    let feeds: Vec<_> = setup
        .feeds
        .values()
        .filter(|feed| feed.origin == Origin::File)
        .cloned()
        .collect();
    let receivers: Vec<_> = setup
        .receivers
        .iter()
        .map(|receiver| receiver.config.id.clone())
        .collect();
    let rules = health::meanings(setup);
    let configs: Vec<_> = setup
        .receivers
        .iter()
        .map(|receiver| (receiver.config.id.clone(), receiver.fingerprint()))
        .collect();
    let now = shared.clock.now();
    let (cancelled, returned) = shared
        .store
        .write(move |tx| {
            let feeds: Vec<_> = feeds.iter().map(|feed| (**feed).clone()).collect();
            crate::store::feeds::sync(tx, &feeds, now)?;
            crate::store::outbox::configure(tx, &configs, now)?;
            crate::store::health::watch_rules(tx, &rules, now)?;
            let returned = crate::store::outbox::owe_returned(tx, &receivers, now)?;
            let cancelled = crate::store::outbox::cancel_vanished(tx, &receivers, now)?;
            Ok((cancelled, returned))
        })
        .await?;
    for (receiver, number) in cancelled {
        tracing::warn!(
            receiver,
            number,
            "receiver {receiver} is not in config any more: {number} messages that it was owed are not sent; put it back, and they are"
        );
    }
    if returned > 0 {
        tracing::info!(
            returned,
            "{returned} messages are owed again: their receivers are back in config"
        );
    }
    Ok(())
}

/// Keeps a fact for `bongsu status`; a store that does not take it is reported, not suffered.
async fn remember(shared: &Shared, name: &'static str, value: String) {
    let now = shared.clock.now();
    let written = shared
        .store
        .write(move |tx| crate::store::status::set_note(tx, name, &value, now))
        .await;
    if let Err(error) = written {
        tracing::warn!(%error, name, "cannot keep the daemon's {name} in the store: {error}");
    }
}

/// Takes a fact for `bongsu status` away; a store that does not take it is reported, not suffered.
async fn forget(shared: &Shared, name: &'static str) {
    let gone = shared
        .store
        .write(move |tx| crate::store::status::clear_note(tx, name))
        .await;
    if let Err(error) = gone {
        tracing::warn!(%error, name, "cannot keep the daemon's status in the store");
    }
}
