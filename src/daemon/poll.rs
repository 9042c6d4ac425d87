//! The poll pass: due feeds → fetch → read → match → record, one transaction a feed.
//!
//! What is due and when next is decided in `domain::feed::schedule`, who is told in `domain::alert`; here the
//! steps are put in order and nothing else. The fetcher keeps hosts apart; this pass keeps feeds apart.

pub(super) mod account;
pub(super) mod ahead;
mod fill;
pub mod network;
pub mod queue;
pub(super) mod read;
pub mod rounds;
mod standing;
mod under_way;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use self::account::Found;
use self::network::Ended;
use self::queue::Due;
use self::under_way::Polls;
use super::setup::Setup;
use super::{LONGEST_REST, Shared};
use crate::domain::feed::outcome::{FetchOutcome, FetchResult, HttpFacts, OutcomeKind};
use crate::domain::feed::standing::Asking;
use crate::domain::feed::{Feed, FeedState, Origin, limits, schedule, standing as feed_standing};
use crate::domain::id::FeedId;
use crate::store::{self, StoreError};

/// News is held back for so long at most, so that polls that end together share a commit: a commit writes whole
/// pages of all indexes, and a flush of the disk.
const NEWS_WAITS: Duration = Duration::from_millis(50);

/// The same for a feed's first document, most of which is old: many come at once, each with all its entries.
const FIRST_WAITS: Duration = Duration::from_secs(1);

/// The same for a poll that brought nothing.
const QUIET_WAITS: Duration = Duration::from_millis(200);

/// A document with more news keeps its place until it is stored, so that few of them are in memory at a time.
const LARGE: usize = 200;

/// How a feed is to be polled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// A person wants the whole document.
    pub full: bool,
    /// No other feed waits to ask the same host.
    pub alone: bool,
}

/// How polls are marked before they are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Somebody asks for them: they need not be due.
    pub by_hand: bool,
    /// How long the marks may wait for a commit to share.
    pub patience: Duration,
}

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
    /// Its host is the operator's own.
    pub private: bool,
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
    manner: Manner,
) -> Result<Report, StoreError> {
    let under_way = account::UnderWay::begin(shared);
    let began = shared.clock.now();
    let asking = Asking {
        contact: &setup.contact,
        full: manner.full,
        alone: manner.alone,
        now: began,
    };
    let (request, evidence) = feed_standing::ask(feed, &old, &asking);
    // In boxes: hundreds of polls wait for their turn, and should be small while they do.
    let (outcome, place) = Box::pin(setup.fetcher.fetch_in_place(&request)).await;
    let ended = Ended::of(feed, &old, began, &outcome);
    let outcome = shared.network.excused(outcome, &ended);
    let facts = outcome.facts.clone();
    shared.spent(feed, &facts);
    // Rules and receivers are those in force now: an alert must not be owed to whom a reload has taken away.
    let setup = shared.setup();
    let same = setup.feeds.get(&feed.id).filter(|now| now.url == feed.url);
    let digest = read::Digest {
        shared: Arc::clone(shared),
        feed: Arc::clone(same.unwrap_or(feed)),
        setup: Arc::clone(&setup),
        old,
        began,
        now: shared.clock.now(),
        evidence,
    };
    let commit = Box::pin(read_apart(digest, outcome)).await?;
    let place = (commit.new.len() > LARGE).then_some(place);
    let (history, found) = (commit.record.clone(), Found::of(&commit));
    let earlier = wants_earlier(&commit);
    let others = under_way.arrive();
    let mut report = Box::pin(record(shared, &setup, feed, (commit, &facts), others)).await?;
    drop(place);
    let ended = ended.read_as(report.outcome);
    if Box::pin(network::note(shared, &setup, ended, report.outcome)).await? {
        report.outcome = OutcomeKind::Offline;
        report.error = Some(store::feeds::OFFLINE.to_owned());
    }
    account::count(shared, &report, &history, found);
    if report.alerts > 0 {
        shared.deliver_nudge.notify_one();
    }
    if report.new > 0 {
        shared.timing_nudge.notify_one();
    }
    if earlier {
        Box::pin(fill::run(shared, &feed.id, &mut report)).await?;
    }
    Ok(report)
}

/// Whether earlier documents are to be asked for: only of a publisher that answers, and that did not ask to wait.
fn wants_earlier(commit: &store::polls::PollCommit) -> bool {
    let state = &commit.state;
    state.signs.filling && commit.record.outcome.is_good() && state.retry_after.is_none()
}

/// Records a poll, and what it says about its host, together; is held back where `others` will follow.
async fn record(
    shared: &Shared,
    setup: &Setup,
    feed: &Feed,
    (commit, facts): (store::polls::PollCommit, &HttpFacts),
    others: bool,
) -> Result<Report, StoreError> {
    let (kind, error) = (commit.record.outcome, commit.state.last_error.clone());
    let news = limits::news(feed, kind, facts, &commit.state);
    let (gap, now) = (setup.host_gap, commit.now);
    let hubs_changed = commit.news.offer.is_some();
    let waits = match (
        commit.new.is_empty() && commit.revised.is_empty(),
        commit.undated_is_backlog,
    ) {
        (true, _) => QUIET_WAITS,
        (false, true) => FIRST_WAITS,
        (false, false) => NEWS_WAITS,
    };
    let commit = Arc::new(commit);
    let recorded = ahead::record(shared, &commit, store::polls::record_ahead).await?;
    let write = move |tx: &store::Transaction<'_>| {
        let result = store::polls::record_poll_after(tx, &commit, &recorded)?;
        let bounded = match &news {
            Some(news) => store::hosts::record(tx, news, gap, now)?,
            None => Vec::new(),
        };
        Ok((result, bounded))
    };
    let patience = if others { waits } else { Duration::ZERO };
    let (result, bounded) = shared.store.write_within(patience, write).await?;
    for (host, until) in bounded {
        tracing::warn!(host, %until, "nothing asks {host} before {until}: it says that it is asked too often");
    }
    if hubs_changed {
        shared.websub_nudge.notify_one();
    }
    if result.pages > 0 {
        shared.page_nudge.notify_one();
    }
    Ok(Report {
        feed: feed.id.clone(),
        outcome: kind,
        error,
        new: u64::from(result.new),
        revised: u64::from(result.revised),
        alerts: result.alerts.len() as u64,
        held: result.held,
        private: facts.private,
    })
}

/// Reads the outcome on a blocking thread; a panic of the reader is the feed's outcome, not the daemon's end.
async fn read_apart(
    digest: read::Digest,
    outcome: FetchOutcome,
) -> Result<store::polls::PollCommit, StoreError> {
    if matches!(outcome.result, FetchResult::NotModified) && outcome.facts.redirects.is_empty() {
        // Nothing to read, and nothing to look up.
        return digest.read(outcome);
    }
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

/// Polls that are due, the longest overdue first. Whether one may begin is seen when it does.
///
/// # Errors
/// When the store cannot be read.
pub async fn due(shared: &Shared, now: Timestamp) -> Result<Vec<Due>, StoreError> {
    let setup = shared.setup();
    let polled = move |row: store::feeds::FeedRow| {
        let known = row.feed.origin == Origin::Api || setup.feeds.contains_key(&row.feed.id);
        known.then(|| Due::of(&row))
    };
    shared
        .store
        .read(move |conn| store::feeds::due(conn, now, polled))
        .await
}

/// Begins polls: marks them before their requests, so that killed now the feeds are due again within a minute.
///
/// Not begun: feeds whose time has changed since they were seen due, unless by hand; and those whose host asked
/// to be left alone, which are put behind the wait. Feeds of config come from the setup, headers and all.
///
/// # Errors
/// When the store fails.
pub async fn begin(
    shared: &Shared,
    setup: &Setup,
    wanted: Vec<Due>,
    marks: Marks,
) -> Result<Vec<(Due, Arc<Feed>, FeedState)>, StoreError> {
    let now = shared.clock.now();
    let until = schedule::later(now, schedule::SHORTEST);
    let mark = move |tx: &store::Transaction<'_>| {
        let mut begun = Vec::new();
        for due in &wanted {
            let Some(row) = store::feeds::get(tx, &due.id)? else {
                continue;
            };
            if !marks.by_hand && (!row.configured || row.state.next_poll != due.at) {
                continue;
            }
            if let Some(bound) = store::hosts::bound_of(tx, &row, now)? {
                let at = limits::behind(&due.id, bound);
                store::feeds::put_off(tx, &due.id, at, schedule::Why::RetryAfter)?;
                continue;
            }
            store::feeds::mark_polling(tx, &due.id, now, until)?;
            begun.push((due.clone(), row));
        }
        Ok(begun)
    };
    let begun = shared.store.write_within(marks.patience, mark).await?;
    let known = |(due, row): (Due, store::feeds::FeedRow)| match setup.feeds.get(&row.feed.id) {
        Some(feed) => Some((due, Arc::clone(feed), row.state)),
        None if row.feed.origin == Origin::Api => Some((due, Arc::new(row.feed), row.state)),
        None => None,
    };
    Ok(begun.into_iter().filter_map(known).collect())
}

/// Polls due feeds until stopped.
///
/// # Errors
/// None that ends it: a store that fails is reported, waited for, and tried again.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut polls = Polls::default();
    polls.resume(&shared).await;
    let mut look = true;
    let mut wake = Instant::now();
    loop {
        // Registered before the look, so that a nudge during it is not lost.
        let nudged = shared.poll_nudge.notified();
        shared.learn_prices().await;
        let rest = match polls.step(&shared, look).await {
            Ok(rest) => {
                // Without a look the store may not have been asked.
                if rest.is_some() {
                    shared.store_serves("poll");
                }
                rest
            }
            Err(error) => {
                tracing::error!(%error, "polling waits for the store: {error}");
                shared.store_fails("poll", &error);
                Some(Duration::from_secs(5))
            }
        };
        if let Some(rest) = rest {
            wake = Instant::now() + rest;
        }
        shared.progress.beat("poll", LONGEST_REST * 2);
        let sleep = tokio::time::sleep(wake.saturating_duration_since(Instant::now()));
        look = tokio::select! {
            () = stop.cancelled() => return polls.finish(&shared).await,
            () = nudged => true,
            ended = polls.next_ended(), if !polls.is_idle() => { polls.ended(&shared, ended); false },
            () = sleep => true,
        };
    }
}

#[cfg(test)]
mod tests;
