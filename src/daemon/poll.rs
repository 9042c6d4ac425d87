//! The poll pass: due feeds → fetch → read → match → record, one transaction a feed.
//!
//! What is due and when next is decided in `domain::feed::schedule`, who is told in `domain::alert`; here the
//! steps are put in order and nothing else. The fetcher keeps hosts apart; this pass keeps feeds apart.

mod read;
pub mod rounds;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;

use super::setup::Setup;
use super::{LONGEST_REST, Shared};
use crate::domain::feed::outcome::{FetchOutcome, FetchRequest, FetchResult, OutcomeKind};
use crate::domain::feed::{Feed, FeedState, Origin, schedule};
use crate::domain::id::FeedId;
use crate::observe;
use crate::store::{self, StoreError};

/// Polls that may wait for their host or be under way at once; the fetcher's own limit is on requests.
const MOST_AT_ONCE: u32 = 2_000;

/// No feed that is overdue at start is put off for longer.
const LONGEST_SPREAD: Duration = Duration::from_mins(10);

/// A poll that is not recorded is repeated within this.
const REPEATED: Duration = Duration::from_mins(10);

/// How long polls under way may take to end when the daemon stops.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// What one poll came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// The feed.
    pub feed: FeedId,
    /// How it ended.
    pub outcome: OutcomeKind,
    /// The bad outcome's text.
    pub error: Option<String>,
    /// New entries.
    pub new: u64,
    /// Revised entries.
    pub revised: u64,
    /// New alerts.
    pub alerts: u64,
    /// Matches that raised none, by reason.
    pub held: BTreeMap<&'static str, u32>,
}

/// Polls `feed` once, whether due or not, and records all of it together.
///
/// # Errors
/// When the store fails; whatever the publisher does is part of the report.
pub async fn poll(
    shared: &Arc<Shared>,
    setup: &Arc<Setup>,
    feed: &Arc<Feed>,
    old: FeedState,
    full: bool,
) -> Result<Report, StoreError> {
    let began = shared.clock.now();
    let request = request(feed, &old, full);
    let (outcome, place) = setup.fetcher.fetch_in_place(&request).await;
    let facts = outcome.facts.clone();
    // Rules and receivers are those in force now: an alert must not be owed to whom a reload has taken away.
    let setup = shared.setup();
    let same = setup.feeds.get(&feed.id).filter(|now| now.url == feed.url);
    let digest = read::Digest {
        shared: Arc::clone(shared),
        feed: Arc::clone(same.unwrap_or(feed)),
        setup,
        old,
        began,
        now: shared.clock.now(),
    };
    let commit = read_apart(digest, outcome).await?;
    drop(place);
    let (kind, error) = (commit.record.outcome, commit.state.last_error.clone());
    let result = shared
        .store
        .write(move |tx| store::polls::record_poll(tx, &commit))
        .await?;
    let report = Report {
        feed: feed.id.clone(),
        outcome: kind,
        error,
        new: u64::from(result.new),
        revised: u64::from(result.revised),
        alerts: result.alerts.len() as u64,
        held: result.held,
    };
    count(shared, &report, &facts);
    if report.alerts > 0 {
        shared.deliver_nudge.notify_one();
    }
    Ok(report)
}

/// What to ask the publisher; `full` leaves the validators out.
fn request(feed: &Feed, old: &FeedState, full: bool) -> FetchRequest {
    let mut request = feed.request(old);
    if full {
        request.etag = None;
        request.last_modified = None;
    }
    request
}

/// Reads the outcome on a blocking thread; a panic of the reader is the feed's outcome, not the daemon's end.
async fn read_apart(
    digest: read::Digest,
    outcome: FetchOutcome,
) -> Result<store::polls::PollCommit, StoreError> {
    // As many at once as there are cores: more would only hold more documents in memory.
    let spare = digest.clone();
    let shared = Arc::clone(&digest.shared);
    let _turn = shared.readers.acquire().await;
    let facts = outcome.facts.clone();
    match tokio::task::spawn_blocking(move || digest.read(outcome)).await {
        Ok(commit) => commit,
        Err(panic) => {
            tracing::error!(feed = %spare.feed.id, %panic, "the reader panicked on a document of {}: {panic}", spare.feed.id);
            let message = "the document made the reader fail: please report this feed".to_owned();
            let result = FetchResult::Failed {
                kind: OutcomeKind::ParseError,
                message,
                partial: None,
            };
            tokio::task::block_in_place(|| spare.read(FetchOutcome { result, facts }))
        }
    }
}

/// Counts and logs a poll.
fn count(shared: &Shared, report: &Report, facts: &crate::domain::feed::outcome::HttpFacts) {
    let metrics = &shared.metrics;
    metrics.add(observe::POLLS, &[("outcome", report.outcome.as_str())], 1.0);
    metrics.add(observe::POLL_SECONDS, &[], facts.duration.as_secs_f64());
    metrics.add(observe::WIRE_BYTES, &[], super::number(facts.wire_bytes));
    metrics.add(
        observe::ENTRIES,
        &[("change", "new")],
        super::number(report.new),
    );
    metrics.add(
        observe::ENTRIES,
        &[("change", "revised")],
        super::number(report.revised),
    );
    for (held, count) in &report.held {
        metrics.add(observe::HELD, &[("reason", *held)], super::number(*count));
    }
    let feed = report.feed.as_str();
    let outcome = report.outcome.as_str();
    if let Some(error) = &report.error {
        tracing::warn!(feed, outcome, error, "poll of {feed} failed: {error}");
    } else if report.new > 0 || report.alerts > 0 {
        tracing::info!(
            feed,
            outcome,
            new = report.new,
            alerts = report.alerts,
            "polled {feed}: {} new, {} revised, {} alerts",
            report.new,
            report.revised,
            report.alerts
        );
    } else {
        tracing::debug!(feed, outcome, "polled {feed}: {outcome}");
    }
}

/// Polls due feeds until stopped.
///
/// # Errors
/// None that ends it: a store that fails is reported, waited for, and tried again.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut polls = Polls::default();
    polls.spread(&shared).await;
    loop {
        // Registered before the look, so that a nudge during it is not lost.
        let nudged = shared.poll_nudge.notified();
        shared.learn_price().await;
        let rest = match polls.start_due(&shared).await {
            Ok(rest) => rest,
            Err(error) => {
                tracing::error!(%error, "polling waits for the store: {error}");
                shared.set_trouble("store", Some(error.to_string()));
                Duration::from_secs(5)
            }
        };
        shared.progress.beat("poll", LONGEST_REST * 2);
        tokio::select! {
            () = stop.cancelled() => return polls.finish(&shared).await,
            () = nudged => {}
            ended = polls.tasks.join_next_with_id(), if !polls.tasks.is_empty() => polls.ended(&shared, ended),
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// Feeds whose time has come, at most `limit`, with what is known of them. Those of config come from the setup,
/// headers and all; those that were added since come from the store.
pub async fn due(
    shared: &Shared,
    setup: &Setup,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(Arc<Feed>, FeedState)>, StoreError> {
    let read = move |conn: &store::Connection| {
        let ids = store::feeds::due(conn, now, limit)?;
        let rows = ids.iter().map(|id| store::feeds::get(conn, id));
        rows.collect::<Result<Vec<_>, _>>()
    };
    let rows = shared.store.read(read).await?;
    let known = |row: store::feeds::FeedRow| match setup.feeds.get(&row.feed.id) {
        Some(feed) => Some((Arc::clone(feed), row.state)),
        None if row.feed.origin == Origin::Api => Some((Arc::new(row.feed), row.state)),
        None => None,
    };
    Ok(rows.into_iter().flatten().filter_map(known).collect())
}

/// Marks polls as begun before their requests: killed now, the feeds are due again within a minute.
pub async fn mark(shared: &Shared, feeds: Vec<FeedId>, now: Timestamp) -> Result<(), StoreError> {
    if feeds.is_empty() {
        return Ok(());
    }
    let until = schedule::later(now, schedule::SHORTEST);
    let mark = move |tx: &store::Transaction<'_>| {
        feeds
            .iter()
            .try_for_each(|feed| store::feeds::mark_polling(tx, feed, now, until).map(drop))
    };
    shared.store.write(mark).await
}

/// What joining a poll gives.
type Ended = Result<(task::Id, Result<Report, StoreError>), task::JoinError>;

/// The polls under way, and who may not start yet.
#[derive(Default)]
struct Polls {
    tasks: JoinSet<Result<Report, StoreError>>,
    /// Whose poll a task is.
    feeds: HashMap<task::Id, FeedId>,
    under_way: HashSet<FeedId>,
    /// Overdue feeds at start, spread so that a restart is no burst.
    not_before: BTreeMap<FeedId, Timestamp>,
    /// Feeds whose last poll was not recorded: when, and why.
    unrecorded: BTreeMap<FeedId, (Instant, String)>,
}

impl Polls {
    /// Gives each feed that is overdue at start its own time; feeds never polled start at once.
    async fn spread(&mut self, shared: &Arc<Shared>) {
        let now = shared.clock.now();
        match due(shared, &shared.setup(), now, MOST_AT_ONCE).await {
            Ok(due) => {
                let overdue = due
                    .into_iter()
                    .filter(|(_, state)| state.next_poll.is_some());
                let overdue = overdue.map(|(feed, state)| schedule::Overdue {
                    id: feed.id.clone(),
                    due: state.next_poll,
                });
                self.not_before = schedule::spread(overdue.collect(), now)
                    .into_iter()
                    .collect();
            }
            Err(error) => tracing::error!(%error, "cannot read which feeds are overdue: {error}"),
        }
    }

    /// Starts what is due; says how long until something else is.
    async fn start_due(&mut self, shared: &Arc<Shared>) -> Result<Duration, StoreError> {
        let now = shared.clock.now();
        let setup = shared.setup();
        let mut starting = Vec::new();
        for (feed, state) in due(shared, &setup, now, MOST_AT_ONCE).await? {
            let waits = self.waits(&feed.id, now);
            let room = self.tasks.len() + starting.len() < MOST_AT_ONCE as usize;
            if room && !waits && !self.under_way.contains(&feed.id) {
                starting.push((feed, state));
            }
        }
        mark(
            shared,
            starting.iter().map(|(feed, _)| feed.id.clone()).collect(),
            now,
        )
        .await?;
        for (feed, state) in starting {
            self.not_before.remove(&feed.id);
            self.start(shared, &setup, feed, state);
        }
        self.rest(shared, now).await
    }

    /// Whether a feed that was overdue at start is still to wait; for long only under a clock set back since.
    fn waits(&self, feed: &FeedId, now: Timestamp) -> bool {
        let until = schedule::later(now, LONGEST_SPREAD);
        let wait = self.not_before.get(feed);
        wait.is_some_and(|at| *at > now && *at <= until)
    }

    /// Starts one.
    fn start(
        &mut self,
        shared: &Arc<Shared>,
        setup: &Arc<Setup>,
        feed: Arc<Feed>,
        state: FeedState,
    ) {
        let id = feed.id.clone();
        let (shared, setup) = (Arc::clone(shared), Arc::clone(setup));
        let poll = async move { poll(&shared, &setup, &feed, state, false).await };
        let handle = self.tasks.spawn(poll);
        self.under_way.insert(id.clone());
        self.feeds.insert(handle.id(), id);
    }

    /// How long until the next feed is due, at most [`LONGEST_REST`].
    async fn rest(&self, shared: &Arc<Shared>, now: Timestamp) -> Result<Duration, StoreError> {
        let next = shared.store.read(store::feeds::next_due).await?;
        let next = next
            .into_iter()
            .chain(self.not_before.values().copied())
            .filter(|at| *at > now)
            .min();
        let rest = next.map_or(LONGEST_REST, |at| {
            Duration::try_from(at.duration_since(now)).unwrap_or_default()
        });
        Ok(rest.clamp(Duration::from_millis(50), LONGEST_REST))
    }

    /// Takes note that a poll ended; one that was not recorded, panicked or not, will be repeated.
    fn ended(&mut self, shared: &Shared, ended: Option<Ended>) {
        let Some(ended) = ended else { return };
        let (task, error) = match ended {
            Ok((task, result)) => (task, result.err().map(|error| error.to_string())),
            Err(panic) => (panic.id(), Some(panic.to_string())),
        };
        let Some(id) = self.feeds.remove(&task) else {
            return;
        };
        self.under_way.remove(&id);
        self.unrecorded.remove(&id);
        if let Some(error) = error {
            tracing::error!(feed = %id, error, "a poll of {id} was not recorded and will be repeated: {error}");
            self.unrecorded.insert(id, (Instant::now(), error));
        }
        self.tell(shared);
    }

    /// Makes known whose polls are not recorded; a feed that is no longer polled is forgotten.
    fn tell(&mut self, shared: &Shared) {
        self.unrecorded.retain(|_, (at, _)| at.elapsed() < REPEATED);
        let first = self.unrecorded.iter().next();
        let text = first.map(|(id, (_, error))| format!("{id}: {error}"));
        shared.set_trouble("polls are not recorded", text);
    }

    /// Lets polls under way end, then cuts them off: what is not committed will be polled again.
    async fn finish(mut self, shared: &Arc<Shared>) -> anyhow::Result<()> {
        let ended = tokio::time::timeout(STOP_GRACE, async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                self.ended(shared, Some(ended));
            }
        });
        if ended.await.is_err() {
            self.tasks.shutdown().await;
        }
        shared.progress.beat("poll", LONGEST_REST * 2);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
