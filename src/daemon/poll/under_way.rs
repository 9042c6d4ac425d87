//! The polls under way and those that wait: which begin now, which are spread, and when to look again.
//!
//! What is due is a row in the store; nothing here outlives the process but what it can read again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tokio::task::{self, JoinSet};

use super::queue::{Due, Queue};
use super::{Manner, Marks, Report, begin, due, fill, poll};
use crate::daemon::setup::Setup;
use crate::daemon::{LONGEST_REST, Shared};
use crate::domain::feed::{Feed, FeedState, schedule};
use crate::domain::id::FeedId;
use crate::store::{self, StoreError};

/// Polls that may be under way at once; the fetcher's own limit is on requests.
const MOST_AT_ONCE: usize = 512;

/// No feed that is overdue at start is put off for longer.
const LONGEST_SPREAD: Duration = Duration::from_hours(1);

/// A poll that is not recorded is repeated within this.
const REPEATED: Duration = Duration::from_mins(10);

/// How long polls under way may take to end when the daemon stops.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// The wall clock and the machine's own may part by this before it counts as a step, or as a sleep.
const STEP: SignedDuration = SignedDuration::from_mins(1);

/// What joining a poll gives.
pub(super) type Ended = Result<(task::Id, Result<Report, StoreError>), task::JoinError>;

/// The polls under way, and who may not start yet.
#[derive(Default)]
pub(super) struct Polls {
    pub(super) tasks: JoinSet<Result<Report, StoreError>>,
    /// Whose poll a task is, and whom it asks.
    pub(super) feeds: HashMap<task::Id, (FeedId, String)>,
    under_way: HashSet<FeedId>,
    queue: Queue,
    /// Overdue feeds at start, spread so that a restart is no burst.
    pub(super) not_before: BTreeMap<FeedId, Timestamp>,
    /// Feeds whose last poll was not recorded: when, and why.
    unrecorded: BTreeMap<FeedId, (Instant, String)>,
    /// Both clocks at the last look; none before the first.
    pub(super) looked: Option<(Timestamp, Instant)>,
}

impl Polls {
    /// Whether no poll is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The next poll that ends.
    pub(super) async fn next_ended(&mut self) -> Option<Ended> {
        self.tasks.join_next_with_id().await
    }

    /// Goes on with the gaps that the process before was filling; a store that fails leaves them to the next polls.
    pub(super) async fn resume(&mut self, shared: &Arc<Shared>) {
        let filling = match shared.store.read(store::gaps::filling).await {
            Ok(filling) => filling,
            Err(error) => {
                tracing::warn!(%error, "cannot read which gaps are open: {error}");
                return;
            }
        };
        for id in filling {
            let (shared, feed) = (Arc::clone(shared), id.clone());
            let fill = async move { fill::resume(&shared, &feed).await };
            let handle = self.tasks.spawn(fill);
            self.under_way.insert(id.clone());
            // It waits for the fetcher's turn only: its host is nobody's in the queue.
            self.feeds.insert(handle.id(), (id.clone(), id.to_string()));
        }
    }

    /// Begins what may begin; with `look`, sees first what is due, and says how long until something else is.
    pub(super) async fn step(
        &mut self,
        shared: &Arc<Shared>,
        look: bool,
    ) -> Result<Option<Duration>, StoreError> {
        let now = shared.clock.now();
        let rest = if look {
            Some(self.look(shared, now).await?)
        } else {
            None
        };
        self.start_due(shared, now).await?;
        Ok(rest)
    }

    /// Sees what is due. After a start, a step of the clock, a sleep of the machine or a time without network, what
    /// is overdue is spread.
    async fn look(&mut self, shared: &Shared, now: Timestamp) -> Result<Duration, StoreError> {
        let due = due(shared, now).await?;
        let came_back = shared.network.has_come_back();
        if self.looked.is_none() || self.clock_stepped(now) || came_back {
            self.spread(&due, now);
        }
        self.looked = Some((now, Instant::now()));
        self.not_before
            .retain(|_, at| *at > now && *at <= schedule::later(now, LONGEST_SPREAD));
        let waits = |due: &Due| self.waits(&due.id, now) || self.under_way.contains(&due.id);
        let free = due.into_iter().filter(|due| !waits(due)).collect();
        self.queue.fill(free);
        self.rest(shared, now).await
    }

    /// Whether wall clock and machine have parted since the last look.
    fn clock_stepped(&self, now: Timestamp) -> bool {
        self.looked.is_some_and(|(wall, machine)| {
            let passed = SignedDuration::try_from(machine.elapsed()).unwrap_or_default();
            (now.duration_since(wall) - passed).abs() > STEP
        })
    }

    /// Gives each overdue feed its own time; feeds never polled start at once.
    fn spread(&mut self, due: &[Due], now: Timestamp) {
        let overdue = due.iter().filter(|due| due.at.is_some());
        let overdue = overdue.map(|due| schedule::Overdue {
            id: due.id.clone(),
            due: due.at,
        });
        self.not_before = schedule::spread(overdue.collect(), now)
            .into_iter()
            .collect();
    }

    /// Whether a feed that was overdue at start is still to wait; for long only under a clock set back since.
    pub(super) fn waits(&self, feed: &FeedId, now: Timestamp) -> bool {
        let until = schedule::later(now, LONGEST_SPREAD);
        let wait = self.not_before.get(feed);
        wait.is_some_and(|at| *at > now && *at <= until)
    }

    /// Starts what waits, host by host; without a network, one feed a minute.
    async fn start_due(&mut self, shared: &Arc<Shared>, now: Timestamp) -> Result<(), StoreError> {
        if shared.network.is_offline() {
            return self.probe(shared, now).await;
        }
        // Many at a time: each beginning is a commit.
        if self.tasks.len() > MOST_AT_ONCE / 2 {
            return Ok(());
        }
        loop {
            let mut picked = Vec::new();
            while self.tasks.len() + picked.len() < MOST_AT_ONCE
                && let Some(due) = self.queue.pop()
            {
                picked.push(due);
            }
            if picked.is_empty() {
                return Ok(());
            }
            self.start(shared, picked).await?;
        }
    }

    /// Tries one of the feeds that wait for a network, another each time.
    async fn probe(&mut self, shared: &Arc<Shared>, now: Timestamp) -> Result<(), StoreError> {
        let Some(attempt) = shared.network.probe(now) else {
            return Ok(());
        };
        let rank = |due: &Due| {
            let hash = Sha256::new()
                .chain_update(&shared.owner)
                .chain_update(attempt.to_be_bytes());
            let turn = <[u8; 32]>::from(hash.chain_update(due.id.as_str()).finalize());
            (shared.network.precedence(attempt, &due.host), turn)
        };
        match self.queue.pick(rank) {
            Some(due) => self.start(shared, vec![due]).await,
            None => Ok(()),
        }
    }

    /// Starts these, as far as the store lets them.
    async fn start(&mut self, shared: &Arc<Shared>, picked: Vec<Due>) -> Result<(), StoreError> {
        let setup = shared.setup();
        let begun = begin(shared, &setup, picked.clone(), Marks::default()).await;
        let ids = begun.iter().flatten().map(|(due, ..)| &due.id).collect();
        self.queue.free_rest(&picked, &ids);
        for (due, feed, state) in begun? {
            self.not_before.remove(&due.id);
            self.spawn(shared, &setup, due, (feed, state));
        }
        Ok(())
    }

    fn spawn(
        &mut self,
        shared: &Arc<Shared>,
        setup: &Arc<Setup>,
        due: Due,
        (feed, state): (Arc<Feed>, FeedState),
    ) {
        let (shared, setup) = (Arc::clone(shared), Arc::clone(setup));
        let manner = Manner {
            full: false,
            alone: due.alone,
        };
        let poll = async move { poll(&shared, &setup, &feed, state, manner).await };
        let handle = self.tasks.spawn(poll);
        self.under_way.insert(due.id.clone());
        self.feeds.insert(handle.id(), (due.id, due.host));
    }

    /// How long until another feed is due, at most [`LONGEST_REST`].
    async fn rest(&self, shared: &Shared, now: Timestamp) -> Result<Duration, StoreError> {
        let next = shared
            .store
            .read(move |conn| store::feeds::next_due(conn, now))
            .await?;
        let next = next
            .into_iter()
            .chain(self.not_before.values().copied())
            .chain(shared.network.next_probe())
            .filter(|at| *at > now)
            .min();
        let rest = next.map_or(LONGEST_REST, |at| {
            Duration::try_from(at.duration_since(now)).unwrap_or_default()
        });
        Ok(rest.clamp(Duration::from_millis(50), LONGEST_REST))
    }

    /// Takes note that a poll ended; one that was not recorded, panicked or not, will be repeated.
    pub(super) fn ended(&mut self, shared: &Shared, ended: Option<Ended>) {
        let Some(ended) = ended else { return };
        let private = matches!(&ended, Ok((_, Ok(report))) if report.private);
        match &ended {
            Ok((_, Ok(_))) => shared.store_serves("record"),
            // What is a bug of ours is this feed's matter.
            Ok((_, Err(StoreError::Fault { .. }))) | Err(_) => {}
            Ok((_, Err(error))) => shared.store_fails("record", error),
        }
        let (task, error) = match ended {
            Ok((task, result)) => (task, result.err().map(|error| error.to_string())),
            Err(panic) => (panic.id(), Some(panic.to_string())),
        };
        let Some((id, host)) = self.feeds.remove(&task) else {
            return;
        };
        self.queue.free(&host, private);
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
    pub(super) async fn finish(mut self, shared: &Arc<Shared>) -> anyhow::Result<()> {
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
