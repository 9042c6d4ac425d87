//! The health pass: looks at feeds, receivers, rules and the machine, and tells people what is wrong and what is over.
//!
//! What is wrong is decided in `domain::health`; here facts are gathered and the receivers chosen who still take
//! messages.

mod alarm;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use self::alarm::Alarm;
use super::Shared;
use super::served::Failing;
use super::setup::Setup;
use crate::clock::{Clock, since_boot};
use crate::domain::health::silence::{self, LOOK_BACK, Silence};
use crate::domain::health::watch::{Known, Step, steps};
use crate::domain::health::{Condition, Kind, feeds, machine, receivers, rules, well};
use crate::domain::id::{FeedId, RuleId};
use crate::domain::rule::Severity;
use crate::notify::settings::ReceiverConfig;
use crate::observe;
use crate::store::feeds::FeedRow;
use crate::store::outbox::{self, Addressee};
use crate::store::{self, StoreError, health};

/// How often to look.
const EVERY: Duration = Duration::from_mins(1);
/// The same while the store fails, since it is told soon.
const FAILING: Duration = Duration::from_secs(10);
/// Failures of receivers are looked at together.
const BREATH: Duration = Duration::from_secs(1);
/// How often rhythms and rules are looked at: they change slowly, and it costs more.
const SLOWLY: SignedDuration = SignedDuration::from_mins(10);
/// A clock that differs by more from the time that passed has jumped.
const JUMP: SignedDuration = SignedDuration::from_mins(1);
/// Deliveries that were given up are told of for so long.
const DEAD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Looks until stopped.
///
/// # Errors
/// None that ends it: a store that fails is reported and looked at again.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut watch = Watch::default();
    loop {
        watch.watch_clock(&shared);
        match watch.look(&shared).await {
            Ok(_) => shared.store_serves("health"),
            Err(error) => {
                tracing::warn!(%error, "the system's health cannot be told: {error}");
                shared.store_fails("health", &error);
            }
        }
        let every = if shared.store_failing().is_some() {
            FAILING
        } else {
            EVERY
        };
        shared.progress.beat("health", EVERY * 4);
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = shared.health_nudge.notified() => tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(BREATH) => {}
            },
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Looks once, for a round without a daemon; gives back how many alerts there are to deliver.
///
/// # Errors
/// When the store fails.
pub async fn look(shared: &Arc<Shared>) -> Result<u32, StoreError> {
    Watch::default().look(shared).await
}

/// What is remembered from look to look.
#[derive(Default)]
pub(super) struct Watch {
    /// The wall clock and the time since boot at the last look.
    clocks: Option<(Timestamp, Duration)>,
    jump: Option<(Timestamp, SignedDuration)>,
    /// The store, while it fails, and who was told of that.
    failing: Option<Failing>,
    alarm: Alarm,
    /// The last time that it failed.
    failed: Option<(Timestamp, Timestamp, String)>,
    slow: Slow,
    /// The date for which it was said last that all is well.
    well: Option<String>,
}

/// What is looked at slowly.
#[derive(Default)]
struct Slow {
    at: Option<Timestamp>,
    silent: BTreeMap<FeedId, Silence>,
    rules: (Vec<rules::Facts>, rules::Entries),
}

/// What a look reads from the store.
struct Read {
    feeds: Vec<FeedRow>,
    receivers: Vec<outbox::ReceiverRow>,
    waiting: Vec<outbox::Waiting>,
    dead: Vec<(crate::domain::id::ReceiverId, u64, String)>,
    known: Vec<Known>,
}

impl Watch {
    /// Compares the wall clock with the time that passed, sleep included.
    fn watch_clock(&mut self, shared: &Shared) {
        // A scenario's clock jumps all the time.
        if !matches!(shared.clock, Clock::System) {
            return;
        }
        let (now, boot) = (shared.clock.now(), since_boot());
        if let Some((then, before)) = self.clocks.replace((now, boot)) {
            let real = SignedDuration::try_from(boot.saturating_sub(before)).unwrap_or_default();
            let by = now.duration_since(then) - real;
            if by.abs() >= JUMP {
                self.jump = Some((now, by));
            }
        }
    }

    /// Looks once, and tells what follows.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn look(&mut self, shared: &Arc<Shared>) -> Result<u32, StoreError> {
        let (setup, now) = (shared.setup(), shared.clock.now());
        self.watch_store(shared, now);
        self.alarm.look(shared, &setup, self.failing.as_ref());
        let read = shared.store.read(move |conn| read(conn, now)).await?;
        self.look_slowly(shared, &setup, &read, now).await?;
        let receivers = receiver_facts(&setup, &read);
        let failing: BTreeSet<&str> = receivers
            .iter()
            .filter(|facts| facts.is_failing())
            .map(|facts| facts.id.as_str())
            .collect();
        let conditions = self.conditions(shared, &setup, &read, &receivers);
        let wrong = read
            .known
            .iter()
            .filter(|known| known.opened.is_some())
            .count();
        let steps: Vec<(Step, Vec<Addressee>)> = steps(read.known, conditions, now)
            .into_iter()
            .map(|step| {
                let to = match &step {
                    Step::Tell(known) | Step::Resolve(known) => addressees(&setup, known, &failing),
                    Step::Keep(_) | Step::Forget(_) => Vec::new(),
                };
                (step, to)
            })
            .collect();
        note_deaf(shared, &setup, &receivers);
        let well = self
            .say_well(shared, &setup, (&read.feeds, wrong, &failing))
            .await?;
        if steps.is_empty() {
            return Ok(well);
        }
        for (step, to) in &steps {
            say(shared, step, to);
        }
        let apply = move |tx: &store::Transaction<'_>| health::apply(tx, &steps, now);
        let raised = shared.store.write(apply).await?;
        if raised > 0 {
            shared.deliver_nudge.notify_one();
        }
        Ok(raised + well)
    }

    /// Says once a day that all is well, or what there was besides; gives back how many alerts that made.
    async fn say_well(
        &mut self,
        shared: &Shared,
        setup: &Setup,
        (feeds, wrong, failing): (&[FeedRow], usize, &BTreeSet<&str>),
    ) -> Result<u32, StoreError> {
        let now = shared.clock.now();
        let date = setup
            .all_well
            .as_ref()
            .and_then(|time| well::due(time, now));
        let Some(date) = date.filter(|date| self.well.as_ref() != Some(date)) else {
            return Ok(0);
        };
        let polled = || configured(setup, feeds).filter(|row| row.feed.enabled);
        let good = polled().filter(|row| row.state.last_success == row.state.last_poll);
        let facts = well::Facts {
            feeds: polled().count() as u64,
            good: good.count() as u64,
            wrong: wrong as u64,
            ..well::Facts::default()
        };
        let takes = |config: &&ReceiverConfig| !failing.contains(config.id.as_str());
        let to: Vec<Addressee> = hearers(setup)
            .into_iter()
            .filter(takes)
            .map(|config| addressee(setup, config, Severity::Info))
            .collect();
        let of = date.clone();
        let told = move |tx: &store::Transaction<'_>| health::tell_well(tx, (facts, &of), &to, now);
        let told = shared.store.write(told).await?;
        self.well = Some(date);
        if told {
            shared.deliver_nudge.notify_one();
        }
        Ok(u32::from(told))
    }

    /// Remembers when the store failed, to tell of it once more when it does not.
    fn watch_store(&mut self, shared: &Shared, now: Timestamp) {
        let before = std::mem::replace(&mut self.failing, shared.store_failing());
        let over = before.filter(|before| before.lasts() && self.failing.is_none());
        if let Some(Failing { since, said, .. }) = over {
            self.failed = Some((since, now, said));
        }
    }

    async fn look_slowly(
        &mut self,
        shared: &Shared,
        setup: &Setup,
        read: &Read,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let lately = |at: Timestamp| now.duration_since(at).abs() < SLOWLY;
        if self.slow.at.is_some_and(lately) {
            return Ok(());
        }
        let quiet: Vec<FeedRow> = configured(setup, &read.feeds)
            .filter(|row| row.feed.enabled && silence::is_quiet(&row.state, now))
            .cloned()
            .collect();
        let (silent, rules) = shared
            .store
            .read(move |conn| {
                let mut silent = BTreeMap::new();
                for row in quiet {
                    let times = health::times(conn, &row.feed.id, LOOK_BACK)?;
                    if let Some(found) = silence::judge(&row.state, &times, now) {
                        silent.insert(row.feed.id, found);
                    }
                }
                Ok((silent, health::rules(conn, now)?))
            })
            .await?;
        self.slow = Slow {
            at: Some(now),
            silent,
            rules,
        };
        Ok(())
    }

    /// Everything that is wrong now.
    fn conditions(
        &self,
        shared: &Shared,
        setup: &Setup,
        read: &Read,
        receivers: &[receivers::Facts],
    ) -> Vec<Condition> {
        let now = shared.clock.now();
        let told = |kind, subject: &str| is_told(&read.known, kind, subject);
        let feeds: Vec<feeds::Facts<'_>> = configured(setup, &read.feeds)
            .map(|row| feeds::Facts {
                feed: &row.feed,
                state: &row.state,
                // What came meanwhile ends it at once.
                silence: self
                    .slow
                    .silent
                    .get(&row.feed.id)
                    .filter(|_| silence::is_quiet(&row.state, now)),
            })
            .collect();
        let around = feeds::Around {
            offline_since: shared.network.offline_since(),
            told_unreachable: told(Kind::Unreachable, "feeds"),
            now,
        };
        let machine = machine::Facts {
            room: shared.store.room(),
            told_full: told(Kind::DiskFull, "disk"),
            jump: self.jump,
            store: self.failed.clone(),
            refused: shared.trouble("config"),
        };
        let (of_rules, entries) = &self.slow.rules;
        let of_rules: Vec<rules::Facts> = of_rules
            .iter()
            .map(|facts| rules::Facts {
                told_broad: told(Kind::RuleBroad, &facts.id),
                ..facts.clone()
            })
            .collect();
        let mut conditions = feeds::judge(&feeds, &around);
        conditions.extend(receivers::judge(receivers, now));
        conditions.extend(machine::judge(&machine, now));
        conditions.extend(rules::judge(&of_rules, *entries, now));
        conditions
    }
}

fn read(conn: &store::Connection, now: Timestamp) -> Result<Read, StoreError> {
    Ok(Read {
        feeds: store::feeds::list(conn)?,
        receivers: outbox::receivers(conn)?,
        waiting: outbox::overdue(conn)?,
        dead: health::dead(conn, now.checked_sub(DEAD_FOR).unwrap_or(Timestamp::MIN))?,
        known: health::known(conn)?,
    })
}

fn configured<'a>(setup: &Setup, rows: &'a [FeedRow]) -> impl Iterator<Item = &'a FeedRow> {
    rows.iter()
        .filter(|row| setup.feeds.contains_key(&row.feed.id))
}

fn is_told(known: &[Known], kind: Kind, subject: &str) -> bool {
    let mut known = known.iter();
    known.any(|known| known.kind == kind && known.subject == subject && known.opened.is_some())
}

/// The configured receivers, each with what its answers came to and what waits for it.
fn receiver_facts(setup: &Setup, read: &Read) -> Vec<receivers::Facts> {
    let facts = setup.receivers.iter().map(|receiver| {
        let id = &receiver.config.id;
        let row = read.receivers.iter().find(|row| row.id == id.as_str());
        let waiting = read.waiting.iter().find(|waiting| waiting.receiver == *id);
        let dead = read.dead.iter().find(|(receiver, ..)| receiver == id);
        receivers::Facts {
            id: id.to_string(),
            circuit: row.map(|row| row.circuit.clone()).unwrap_or_default(),
            error: row.and_then(|row| row.last_error.clone()),
            waiting: waiting.map_or(0, |waiting| waiting.count),
            oldest_high: waiting.and_then(|waiting| waiting.oldest_high),
            dead: dead.map(|(_, count, why)| (*count, why.clone())),
            complaint: receiver.notifier.complaint(),
            told: is_told(&read.known, Kind::ReceiverFailing, id.as_str()),
        }
    });
    facts.collect()
}

/// Who could be told of what is wrong, whatever state they are in.
fn hearers(setup: &Setup) -> Vec<&ReceiverConfig> {
    let all = setup.receivers.iter().map(|receiver| &receiver.config);
    if !setup.health_receivers.is_empty() {
        return all
            .filter(|config| setup.health_receivers.contains(&config.id))
            .collect();
    }
    let defaults: Vec<_> = all.filter(|config| config.default).collect();
    // Who wants some entries only wants no word about feeds; but rather them than nobody.
    let (some, whole): (Vec<_>, Vec<_>) = defaults
        .into_iter()
        .partition(|config| config.only.is_some());
    if whole.is_empty() { some } else { whole }
}

/// Who is told: whoever takes messages; never a receiver about itself.
fn addressees(setup: &Setup, known: &Known, failing: &BTreeSet<&str>) -> Vec<Addressee> {
    let about_receivers = matches!(
        known.kind,
        Kind::ReceiverFailing | Kind::ReceiverGone | Kind::OutboxLate | Kind::DeadLetters
    );
    let to = hearers(setup)
        .into_iter()
        .filter(|config| !failing.contains(config.id.as_str()))
        .filter(|config| !about_receivers || config.id.as_str() != known.subject);
    to.map(|config| addressee(setup, config, known.kind.severity()))
        .collect()
}

/// A receiver as something of this severity is addressed to it.
fn addressee(setup: &Setup, config: &ReceiverConfig, severity: Severity) -> Addressee {
    Addressee {
        receiver: config.id.clone(),
        give_up: setup.give_up(&config.id),
        skip: (severity < config.min_severity)
            .then(|| format!("below its min_severity {}", config.min_severity.as_str())),
    }
}

/// While nobody who could be told takes messages, `/readyz` and the status line say so.
fn note_deaf(shared: &Shared, setup: &Setup, receivers: &[receivers::Facts]) {
    let failing: Vec<&receivers::Facts> = receivers
        .iter()
        .filter(|facts| facts.is_failing())
        .collect();
    let hearers = hearers(setup);
    let deaf = !hearers.is_empty()
        && hearers
            .iter()
            .all(|config| failing.iter().any(|facts| facts.id == config.id.as_str()));
    let text = deaf.then(|| {
        let each: Vec<String> = failing
            .iter()
            .map(|facts| {
                let said = facts.circuit.gone.as_ref().or(facts.error.as_ref());
                format!("{}: {}", facts.id, said.map_or("fails", |said| said))
            })
            .collect();
        format!("nobody can be told of anything: {}", each.join("; "))
    });
    if let (Some(text), None) = (&text, shared.trouble("receivers")) {
        tracing::error!(text, "{text}");
    }
    shared.set_trouble("receivers", text);
}

/// Logs and counts what is told.
fn say(shared: &Shared, step: &Step, to: &[Addressee]) {
    let (known, reason) = match step {
        Step::Tell(known) => (known, "health"),
        Step::Resolve(known) => (known, "resolved"),
        Step::Keep(_) | Step::Forget(_) => return,
    };
    let told = to.iter().filter(|to| to.skip.is_none()).count();
    let (kind, subject, text) = (known.kind.as_str(), &known.subject, &known.text);
    if reason == "health" {
        tracing::warn!(kind, subject, told, "{text}");
    } else {
        tracing::info!(kind, subject, told, "over: {text}");
    }
    shared
        .metrics
        .add(observe::ALERTS, &[("reason", reason)], 1.0);
}

/// The rules, each with a hash of what it means: its own text, and all that it may name.
#[must_use]
pub fn meanings(setup: &Setup) -> Vec<(RuleId, i64)> {
    let definitions = &setup.definitions;
    let named = Sha256::digest(format!(
        "{:?}{:?}",
        definitions.entities, definitions.macros
    ));
    let rules = definitions.rules.iter().filter(|rule| rule.enabled);
    rules
        .map(|rule| {
            let mut hash = Sha256::new();
            hash.update(named);
            let meaning = (&rule.query, &rule.feeds, &rule.languages);
            hash.update(format!("{meaning:?}"));
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&hash.finalize()[..8]);
            (rule.id.clone(), i64::from_be_bytes(bytes))
        })
        .collect()
}

#[cfg(test)]
mod tests;
