//! One round without the clock: poll some feeds, try each delivery that is owed once, and count.
//!
//! Behind `run --once` and `feeds poll`. The steps are the daemon's own; only the waiting is left out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::task::JoinSet;

use super::Shared;
use super::deliver::{self, Went};
use super::pages;
use super::poll::network;
use super::poll::queue::{Due, Queue};
use super::poll::{self, Report};
use super::receivers::Receiver;
use super::timing;
use crate::domain::feed::outcome::OutcomeKind;
use crate::domain::feed::{Feed, FeedState};
use crate::domain::id::FeedId;
use crate::store::outbox;
use crate::store::{self, StoreError};

/// How long a receiver that is spoken to too often is waited for, all its waits together.
const LONGEST_TURN: Duration = Duration::from_mins(1);

/// Polls under way at once; each that waits for its host, or to be stored, takes some memory.
const WINDOW: usize = 192;

/// Polls that are marked before their turn comes: the writer stores a hundred polls at a time, marks come with the next
/// hundred, and meanwhile there must be others to go on with.
const AHEAD: usize = 128;

/// Polls that are marked first: nothing is asked for before.
const FIRST: usize = 64;

/// How long marking some may wait for polls to be stored with, as long as enough of these are under way.
const MARKS_WAIT: Duration = Duration::from_secs(1);

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
    /// Not polled, because their host asked to be left alone.
    pub waiting: u64,
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
    /// Waiting for a time of day, a silence's end, a throttle, a receiver's own rate: see `alerts list --held`.
    pub held: u64,
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

/// Polls what is `due`, host by host and hosts side by side; `each` hears of every poll that ended.
///
/// Once it shows that the machine has no network, no more polls begin: what is left stays due.
///
/// # Errors
/// The first error of the store; polls that were committed before it stay.
pub async fn poll_all(
    shared: &Arc<Shared>,
    due: Vec<Due>,
    how: How,
    mut each: impl FnMut(&Report),
) -> Result<Summary, StoreError> {
    let setup = shared.setup();
    let mut summary = Summary::default();
    summary.feeds.total = setup.feeds.len() as u64;
    summary.alerts.held = BTreeMap::from([("backlog", 0), ("folded", 0)]);
    let mut round = Round::new(due, how);
    let mut failed = None;
    while let Some(step) = round.step(shared).await {
        match step {
            Step::Begun(begun) => round.take(begun?),
            Step::Ended(host, ended) => {
                let private = matches!(&ended, Ok(report) if report.private);
                round.queue.free(&host, private);
                match ended {
                    Ok(report) => {
                        each(&report);
                        summary.add(&report);
                    }
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
    }
    round.put_back(shared).await?;
    network::close(shared).await?;
    summary.feeds.waiting = round.put_off;
    failed.map_or(Ok(summary), Err)
}

/// How a round polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// What is due.
    Due,
    /// These, due or not.
    ByHand,
    /// These, due or not, and the whole document of each.
    Full,
}

/// A poll that may be made.
type Begun = (Due, Arc<Feed>, FeedState);

/// Polls that were to be marked, and those that were.
type Marked = Result<(Vec<Due>, Vec<Begun>), StoreError>;

/// What happens next in a round.
enum Step {
    /// Polls were marked.
    Begun(Marked),
    /// A poll of this host ended.
    Ended(String, Result<Report, StoreError>),
}

/// The polls of a round.
struct Round {
    how: How,
    queue: Queue,
    /// Being marked: one lot at a time.
    marking: JoinSet<Marked>,
    /// Marked, and not made yet.
    ready: VecDeque<Begun>,
    tasks: JoinSet<(String, Result<Report, StoreError>)>,
    /// Not polled, because their host asked to be left alone.
    put_off: u64,
}

impl Round {
    fn new(due: Vec<Due>, how: How) -> Self {
        let mut queue = Queue::default();
        queue.fill(due);
        Self {
            how,
            queue,
            marking: JoinSet::new(),
            ready: VecDeque::new(),
            tasks: JoinSet::new(),
            put_off: 0,
        }
    }

    /// Begins what may begin, and waits for what happens next; none where nothing does.
    async fn step(&mut self, shared: &Arc<Shared>) -> Option<Step> {
        if !shared.network.is_offline() {
            self.make(shared);
            self.mark(shared);
        }
        let joined = tokio::select! {
            biased;
            Some(marked) = self.marking.join_next() => marked.map(Step::Begun),
            Some(ended) = self.tasks.join_next() => ended.map(|(host, ended)| Step::Ended(host, ended)),
            else => return None,
        };
        Some(joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())))
    }

    /// Makes polls that are marked.
    fn make(&mut self, shared: &Arc<Shared>) {
        while self.tasks.len() < WINDOW
            && let Some((due, feed, state)) = self.ready.pop_front()
        {
            let shared = Arc::clone(shared);
            let manner = poll::Manner {
                full: self.how == How::Full,
                alone: due.alone,
            };
            self.tasks.spawn(async move {
                let setup = shared.setup();
                let ended = poll::poll(&shared, &setup, &feed, state, manner).await;
                (due.host, ended)
            });
        }
    }

    /// Marks more polls, many at a time: each time is a commit.
    fn mark(&mut self, shared: &Arc<Shared>) {
        let most = (WINDOW + AHEAD).saturating_sub(self.tasks.len() + self.ready.len());
        if !self.marking.is_empty() || most <= AHEAD / 2 {
            return;
        }
        let none_yet = self.tasks.is_empty() && self.ready.is_empty();
        let most = if none_yet { FIRST } else { most };
        let wanted: Vec<Due> = std::iter::from_fn(|| self.queue.pop()).take(most).collect();
        if wanted.is_empty() {
            return;
        }
        let patience = if self.tasks.len() > WINDOW / 2 {
            MARKS_WAIT
        } else {
            Duration::ZERO
        };
        let (shared, by_hand) = (Arc::clone(shared), self.how != How::Due);
        self.marking.spawn(async move {
            let marks = poll::Marks { by_hand, patience };
            let begun = poll::begin(&shared, &shared.setup(), wanted.clone(), marks).await?;
            Ok((wanted, begun))
        });
    }

    /// Takes over what was marked.
    fn take(&mut self, (wanted, begun): (Vec<Due>, Vec<Begun>)) {
        let ids = begun.iter().map(|(due, ..)| &due.id).collect();
        self.put_off += self.queue.free_rest(&wanted, &ids);
        self.ready.extend(begun);
    }

    /// Without a network some were marked and not made: they are due as before.
    async fn put_back(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let left: Vec<FeedId> = self.ready.drain(..).map(|(due, ..)| due.id).collect();
        if left.is_empty() {
            return Ok(());
        }
        let unmark = move |tx: &store::Transaction<'_>| {
            left.iter()
                .try_for_each(|feed| store::feeds::unmark(tx, feed))
        };
        shared.store.write(unmark).await
    }
}

/// Fetches the linked pages that are due, within bounds, and counts what their articles raised.
///
/// # Errors
/// The first error of the store.
pub async fn read_pages(shared: &Arc<Shared>, alerts: &mut AlertCounts) -> Result<(), StoreError> {
    for went in pages::round(shared).await? {
        if let pages::Went::Read(result) = went {
            alerts.new += result.alerts.len() as u64;
            for (held, count) in result.held {
                *alerts.held.entry(held).or_default() += u64::from(count);
            }
        }
    }
    Ok(())
}

/// Lets go what has waited long enough, then tries each delivery that is neither settled nor held once, whatever its
/// back-off says; receivers side by side. What was tried since `began` is left alone.
///
/// # Errors
/// The first error of the store.
pub async fn deliver_all(
    shared: &Arc<Shared>,
    began: Timestamp,
) -> Result<DeliveryCounts, StoreError> {
    let setup = shared.setup();
    timing::round(shared, true).await?;
    let mut tasks = JoinSet::new();
    for receiver in &setup.receivers {
        let (shared, receiver) = (Arc::clone(shared), Arc::clone(receiver));
        tasks.spawn(async move {
            let mut went = Vec::new();
            let mut patience = LONGEST_TURN;
            loop {
                let mut next = deliver::claim(&shared, &receiver, Some(began)).await?;
                while let Some(claimed) = next.take() {
                    let beside = claimed.beside.len();
                    let (how, after) =
                        deliver::send(&shared, &receiver, claimed, Some(began)).await?;
                    let told = if how == Went::Sent { 1 + beside } else { 1 };
                    went.extend(std::iter::repeat_n(how, told));
                    next = after;
                }
                let Some(wait) = turn(&shared, &receiver, began).await? else {
                    return Ok::<_, StoreError>(went);
                };
                if wait > patience {
                    return Ok(went);
                }
                patience -= wait;
                tokio::time::sleep(wait).await;
            }
        });
    }
    let mut counts = DeliveryCounts::default();
    while let Some(ended) = tasks.join_next().await {
        let went = ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        counts.sent += went.iter().filter(|went| **went == Went::Sent).count() as u64;
        counts.failed += went.iter().filter(|went| **went == Went::Failed).count() as u64;
    }
    // What a receiver's own Retry-After holds was not tried, and is owed all the same.
    let now = shared.clock.now();
    let owed = shared.store.read(move |conn| outbox::owed(conn, now));
    (counts.pending, counts.held) = owed.await?;
    Ok(counts)
}

/// How long until a receiver has its turn again, where only its bucket makes it wait.
async fn turn(
    shared: &Shared,
    receiver: &Receiver,
    began: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    let id = receiver.config.id.clone();
    let rows = shared.store.read(outbox::receivers).await?;
    let row = rows.into_iter().find(|row| row.id == id.as_str());
    let waiting = shared
        .store
        .read(move |conn| outbox::waiting(conn, Some(began)))
        .await?;
    let (Some(row), true) = (row, waiting.iter().any(|(waits, _)| *waits == id)) else {
        return Ok(None);
    };
    let until = row.rate_until.filter(|until| row.hold_until < Some(*until));
    let wait = until.map(|until| until.duration_since(shared.clock.now()));
    Ok(wait.and_then(|wait| Duration::try_from(wait).ok()))
}
