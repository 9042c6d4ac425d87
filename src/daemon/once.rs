//! One round without the clock: poll some feeds, try each delivery that is owed once, and count.
//!
//! Behind `run --once` and `feeds poll`. The steps are the daemon's own; only the waiting is left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tokio::task::JoinSet;

use super::Shared;
use super::deliver::{self, Went};
use super::poll::{self, Report};
use super::setup::Setup;
use crate::domain::feed::Feed;
use crate::domain::feed::outcome::OutcomeKind;
use crate::store::StoreError;
use crate::store::outbox;

/// Polls begun at once; each that waits for its host takes some memory.
const WINDOW: usize = 1_000;

/// What a round came to; its JSON is fixed by the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Feeds by how their poll ended.
    pub feeds: FeedCounts,
    /// Entries stored.
    pub entries: EntryCounts,
    /// Alerts decided.
    pub alerts: AlertCounts,
    /// Deliveries tried.
    pub deliveries: DeliveryCounts,
}

/// Feeds by how their poll ended: polled = ok + `not_modified` + failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeedCounts {
    /// Configured.
    pub total: u64,
    /// Polled in this round.
    pub polled: u64,
    /// Answered with a document.
    pub ok: u64,
    /// Answered 304.
    pub not_modified: u64,
    /// Everything else.
    pub failed: u64,
}

/// Entries stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EntryCounts {
    /// Not seen before.
    pub new: u64,
    /// Changed.
    pub revised: u64,
}

/// Alerts decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AlertCounts {
    /// Raised.
    pub new: u64,
    /// Matches that raised none, by reason.
    pub held: BTreeMap<&'static str, u64>,
}

/// Deliveries tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryCounts {
    /// Accepted by their receiver.
    pub sent: u64,
    /// To be tried again.
    pub pending: u64,
    /// Given up or refused.
    pub failed: u64,
}

impl Summary {
    /// Whether anything was left undone.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.feeds.failed == 0 && self.deliveries.pending == 0 && self.deliveries.failed == 0
    }

    /// Counts a poll.
    fn add(&mut self, report: &Report) {
        self.feeds.polled += 1;
        match report.outcome {
            OutcomeKind::NotModified => self.feeds.not_modified += 1,
            kind if kind.is_good() => self.feeds.ok += 1,
            _ => self.feeds.failed += 1,
        }
        self.entries.new += report.new;
        self.entries.revised += report.revised;
        self.alerts.new += report.alerts;
        for (held, count) in &report.held {
            *self.alerts.held.entry(held).or_default() += u64::from(*count);
        }
    }
}

/// Polls `feeds`, all at once as far as the fetcher lets them; `each` hears of every poll that ended.
///
/// # Errors
/// The first error of the store; polls that were committed before it stay.
pub async fn poll_all(
    shared: &Arc<Shared>,
    feeds: Vec<Arc<Feed>>,
    full: bool,
    mut each: impl FnMut(&Report),
) -> Result<Summary, StoreError> {
    let setup = shared.setup();
    let mut summary = Summary::default();
    summary.feeds.total = setup.feeds.len() as u64;
    summary.alerts.held = BTreeMap::from([("backlog", 0), ("folded", 0)]);
    let mut tasks = JoinSet::new();
    let mut feeds = feeds.into_iter();
    let mut failed = None;
    loop {
        if tasks.len() <= WINDOW / 2 {
            let next = feeds.by_ref().take(WINDOW - tasks.len()).collect();
            for (feed, state) in poll::begin(shared, next, shared.clock.now()).await? {
                let (shared, setup) = (Arc::clone(shared), Arc::<Setup>::clone(&setup));
                tasks.spawn(async move { poll::poll(&shared, &setup, &feed, state, full).await });
            }
        }
        let Some(ended) = tasks.join_next().await else {
            break;
        };
        match ended {
            Ok(Ok(report)) => {
                each(&report);
                summary.add(&report);
            }
            Ok(Err(error)) => failed = failed.or(Some(error)),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    failed.map_or(Ok(summary), Err)
}

/// Tries each delivery that is neither settled nor held once, whatever its back-off says; receivers side by side.
///
/// # Errors
/// The first error of the store.
pub async fn deliver_all(shared: &Arc<Shared>) -> Result<DeliveryCounts, StoreError> {
    let setup = shared.setup();
    let mut tasks = JoinSet::new();
    for receiver in &setup.receivers {
        let (shared, receiver) = (Arc::clone(shared), Arc::clone(receiver));
        tasks.spawn(async move {
            let mut went = Vec::new();
            let began = shared.clock.now();
            while let Some(claimed) = deliver::claim(&shared, &receiver, Some(began)).await? {
                went.push(deliver::send(&shared, &receiver, claimed).await?);
            }
            Ok::<_, StoreError>(went)
        });
    }
    let mut counts = DeliveryCounts::default();
    while let Some(ended) = tasks.join_next().await {
        let went = ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        counts.sent += went.iter().filter(|went| **went == Went::Sent).count() as u64;
        counts.failed += went.iter().filter(|went| **went == Went::Failed).count() as u64;
    }
    // What a receiver's own Retry-After holds was not tried, and is owed all the same.
    let open = shared.store.read(outbox::counts).await?;
    counts.pending = open
        .iter()
        .filter(|count| matches!(count.state.as_str(), "due" | "sending"))
        .map(|count| count.count)
        .sum();
    Ok(counts)
}
