//! The machine's own network: what polls say about it, and what follows when it is gone or back.
//!
//! Whether it is gone is decided in `domain::feed::offline`. Here the failures that were blamed on feeds meanwhile
//! are taken back, and the daemon says so once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::queue::is_private;
use crate::daemon::Shared;
use crate::daemon::setup::Setup;
use crate::domain::feed::limits::authority;
use crate::domain::feed::offline::{Sign, Told, Verdict, Watch};
use crate::domain::feed::outcome::{FetchOutcome, FetchResult, OutcomeKind};
use crate::domain::feed::schedule;
use crate::domain::feed::{Feed, FeedState};
use crate::domain::id::FeedId;
use crate::store::feeds::OFFLINE;
use crate::store::{self, StoreError};

/// While there is no network, one feed is tried so often.
const PROBE_EVERY: Duration = Duration::from_mins(1);

/// So much of a page tells it from others.
const PAGE_HEAD: usize = 1_024;

/// Most failures that can be taken back.
const MOST_HELD: usize = 4_096;

/// What polls say about the network, and what was blamed on feeds lately.
#[derive(Default)]
pub struct Network(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    watch: Watch,
    held: BTreeMap<FeedId, Held>,
    probe_at: Option<Timestamp>,
    attempts: u64,
    came_back: bool,
}

/// A failure that may turn out to be the machine's.
struct Held {
    began: Timestamp,
    ended: Timestamp,
    page: bool,
    before: FeedState,
}

/// A poll that ended, as the network goes.
pub struct Ended {
    feed: FeedId,
    host: String,
    private: bool,
    sign: Sign,
    before: FeedState,
    began: Timestamp,
}

impl Ended {
    /// What `outcome` says about the network; whether a document is a feed is not known yet.
    #[must_use]
    pub fn of(feed: &Feed, before: &FeedState, began: Timestamp, outcome: &FetchOutcome) -> Self {
        let facts = &outcome.facts;
        let asked = authority(before.standing.moves.asked(feed)).unwrap_or_default();
        let answered = facts.status.is_some() || !facts.redirects.is_empty();
        let sign = match (&outcome.result, facts.unreached) {
            (FetchResult::Fetched(body), _) => {
                let elsewhere = facts
                    .final_url
                    .as_deref()
                    .and_then(authority)
                    .filter(|host| *host != asked);
                let head = &body.bytes[..body.bytes.len().min(PAGE_HEAD)];
                Sign::Page(
                    elsewhere.unwrap_or_else(|| format!("{:x?}", Sha256::digest(head).as_slice())),
                )
            }
            // "Network Authentication Required": a portal that says so.
            _ if facts.status == Some(511) => Sign::Page("511".to_owned()),
            (_, Some(why)) if !answered => Sign::Unreached(why),
            _ if answered => Sign::Answered,
            _ => Sign::Silent,
        };
        Self {
            feed: feed.id.clone(),
            host: asked,
            private: facts.private,
            sign,
            before: before.clone(),
            began,
        }
    }

    /// Only a document that is no feed is a page.
    #[must_use]
    pub fn read_as(mut self, kind: OutcomeKind) -> Self {
        if matches!(self.sign, Sign::Page(_))
            && kind != OutcomeKind::NotAFeed
            && kind != OutcomeKind::HttpError
        {
            self.sign = Sign::Answered;
        }
        self
    }
}

impl Network {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.inner().watch.offline_since().is_some()
    }

    /// Since when there is none.
    #[must_use]
    pub fn offline_since(&self) -> Option<Timestamp> {
        self.inner().watch.offline_since()
    }

    /// Whether a host was taken for unreachable when there was none, and has not answered since.
    fn suspects(&self, host: &str) -> bool {
        self.inner().watch.suspects(host)
    }

    /// What goes before a feed's turn when it is to be tried: every other time the hosts that could not be reached come
    /// first, since an answer of one of the operator's own proves nothing.
    #[must_use]
    pub fn precedence(&self, attempt: u64, host: &str) -> u8 {
        u8::from(attempt % 2 == 1 && !self.suspects(host))
    }

    /// While there is none: when the next feed is to be tried.
    #[must_use]
    pub fn next_probe(&self) -> Option<Timestamp> {
        self.inner().probe_at
    }

    /// Whether a feed is to be tried now; the number of the attempt.
    #[must_use]
    pub fn probe(&self, now: Timestamp) -> Option<u64> {
        let mut inner = self.inner();
        let at = inner.probe_at?;
        // A time further ahead than the rhythm was set under a wrong clock.
        if now < at && at <= schedule::later(now, PROBE_EVERY) {
            return None;
        }
        inner.probe_at = Some(schedule::later(now, PROBE_EVERY));
        inner.attempts += 1;
        Some(inner.attempts)
    }

    /// Whether it has come back since this was last asked: what waited is to be spread.
    #[must_use]
    pub fn has_come_back(&self) -> bool {
        std::mem::take(&mut self.inner().came_back)
    }

    /// What a poll that ended so is recorded as, while there is no network.
    #[must_use]
    pub fn excused(&self, outcome: FetchOutcome, ended: &Ended) -> FetchOutcome {
        let ours = matches!(ended.sign, Sign::Unreached(_)) && !ended.private && self.is_offline();
        let offline = || FetchResult::Failed {
            kind: OutcomeKind::Offline,
            message: OFFLINE.to_owned(),
            partial: None,
        };
        if ours {
            FetchOutcome {
                result: offline(),
                ..outcome
            }
        } else {
            outcome
        }
    }

    /// Weighs a poll that was recorded as `kind`: the verdict, and the failures to take back.
    fn weigh(
        &self,
        ended: Ended,
        kind: OutcomeKind,
        hosts: usize,
        now: Timestamp,
    ) -> (Verdict, Vec<(FeedId, Held)>) {
        let mut inner = self.inner();
        inner
            .held
            .retain(|_, held| Watch::remembers(held.ended, now));
        let page = matches!(ended.sign, Sign::Page(_));
        let failed = page || matches!(ended.sign, Sign::Unreached(_));
        let told = Told {
            host: ended.host,
            at: now,
            sign: ended.sign,
            fit: ended.before.failures == 0,
        };
        if !failed && told.sign == Sign::Answered {
            inner.held.retain(|id, held| held.page && *id != ended.feed);
        } else if failed && kind != OutcomeKind::Offline && inner.held.len() < MOST_HELD {
            let earlier = inner.held.remove(&ended.feed);
            let before = earlier.map_or(ended.before, |held| held.before);
            inner.held.insert(
                ended.feed.clone(),
                Held {
                    began: ended.began,
                    ended: now,
                    page,
                    before,
                },
            );
        }
        let was_offline = inner.watch.offline_since().is_some();
        let verdict = inner.watch.note(told, hosts);
        let taken = match verdict {
            Verdict::WentOffline => inner.went_offline(now),
            Verdict::CameBack => inner.came_back(),
            Verdict::AsBefore if was_offline && failed => {
                inner.held.remove_entry(&ended.feed).into_iter().collect()
            }
            Verdict::AsBefore => Vec::new(),
        };
        (verdict, taken)
    }
}

impl Inner {
    fn went_offline(&mut self, now: Timestamp) -> Vec<(FeedId, Held)> {
        self.probe_at = Some(schedule::later(now, PROBE_EVERY));
        std::mem::take(&mut self.held).into_iter().collect()
    }

    fn came_back(&mut self) -> Vec<(FeedId, Held)> {
        self.probe_at = None;
        self.attempts = 0;
        self.came_back = true;
        self.held.clear();
        Vec::new()
    }
}

/// Takes note of a poll that was recorded as `kind`; true where it was taken back.
///
/// # Errors
/// When the store fails.
pub async fn note(
    shared: &Shared,
    setup: &Setup,
    ended: Ended,
    kind: OutcomeKind,
) -> Result<bool, StoreError> {
    // A name that does not resolve does not tell whose it is: what was evidence then ends it now, private or not.
    let answers_again = ended.sign == Sign::Answered && shared.network.suspects(&ended.host);
    let own = ended.private && !answers_again;
    if own || ended.host.is_empty() || ended.sign == Sign::Silent {
        return Ok(false);
    }
    let hosts = match ended.sign {
        Sign::Answered => 0,
        _ => public_hosts(setup),
    };
    let (feed, now) = (ended.feed.clone(), shared.clock.now());
    let (verdict, taken) = shared.network.weigh(ended, kind, hosts, now);
    tell(shared, verdict);
    let mine = taken.iter().any(|(id, _)| *id == feed);
    take_back(shared, taken, now).await?;
    Ok(mine)
}

/// No more polls will end: whether those that did say that there is no network. For a round without a daemon.
///
/// # Errors
/// When the store fails.
pub async fn close(shared: &Shared) -> Result<Vec<FeedId>, StoreError> {
    let now = shared.clock.now();
    let taken = {
        let mut inner = shared.network.inner();
        match inner.watch.close(now) {
            Verdict::WentOffline => inner.went_offline(now),
            _ => Vec::new(),
        }
    };
    let ids = taken.iter().map(|(id, _)| id.clone()).collect();
    take_back(shared, taken, now).await?;
    Ok(ids)
}

/// Says it once.
fn tell(shared: &Shared, verdict: Verdict) {
    match verdict {
        Verdict::WentOffline => {
            tracing::error!(
                "no publisher can be reached: this machine has no network; polls wait, and one feed is tried every minute"
            );
            let text = format!(
                "no network since {}; polls wait, one feed is tried every minute",
                shared.clock.now()
            );
            shared.set_trouble("offline", Some(text));
        }
        Verdict::CameBack => {
            tracing::info!("the network is back: polls go on");
            shared.set_trouble("offline", None);
            shared.poll_nudge.notify_one();
        }
        Verdict::AsBefore => {}
    }
}

async fn take_back(
    shared: &Shared,
    taken: Vec<(FeedId, Held)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if taken.is_empty() {
        return Ok(());
    }
    let write = move |tx: &store::Transaction<'_>| {
        taken.iter().try_for_each(|(feed, held)| {
            store::feeds::take_back(tx, feed, &held.before, (held.began, now)).map(drop)
        })
    };
    shared.store.write(write).await
}

/// How many hosts there are to ask, the operator's own aside.
fn public_hosts(setup: &Setup) -> usize {
    let feeds = setup.feeds.values().filter(|feed| feed.enabled);
    let hosts: BTreeSet<String> = feeds
        .filter_map(|feed| authority(&feed.url))
        .filter(|host| !is_private(host))
        .collect();
    hosts.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_could_not_be_reached_is_tried_first_every_other_time() {
        let network = Network::default();
        let now = Timestamp::UNIX_EPOCH;
        for host in [
            "a.example",
            "b.example",
            "c.example",
            "d.example",
            "e.example",
        ] {
            let told = Told {
                host: host.to_owned(),
                at: now,
                sign: Sign::Unreached(crate::domain::feed::offline::Unreached::NoNames),
                fit: true,
            };
            network.inner().watch.note(told, 5);
        }
        assert!(network.is_offline());
        for (attempt, host, expected) in [
            (1, "a.example", 0),
            (1, "intranet.example", 1),
            (2, "a.example", 0),
            (2, "intranet.example", 0),
            (3, "intranet.example", 1),
        ] {
            assert_eq!(
                network.precedence(attempt, host),
                expected,
                "{attempt} {host}"
            );
        }
    }
}
