//! Rounds of polls at times of the caller's choosing: what the daemon does between two rests, without the rests.
//!
//! For scenarios under a manual clock, in which a month passes in seconds. The steps are the daemon's own; none
//! is decided here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::under_way::Polls;
use crate::daemon::Shared;
use crate::domain::feed::schedule;
use crate::store::{self, StoreError};

/// One life of the poll pass, its clock in the caller's hands.
#[derive(Default)]
pub struct Rounds {
    polls: Polls,
    /// When the last round was, and when the next was to be.
    until: Option<(Timestamp, Timestamp)>,
    /// How much later than that a round may be before the clock counts as set.
    slack: Duration,
}

impl Rounds {
    /// Rounds that come up to `slack` later than they said, as polls that share one do.
    #[must_use]
    pub fn every(slack: Duration) -> Self {
        Self {
            slack,
            ..Self::default()
        }
    }

    /// Starts every poll that is due now and waits for their ends; says when to look again, none where never.
    ///
    /// A clock that stands later than that by more than the slack, or went back, has been set, or the machine has slept. Dropped half-way,
    /// this is a daemon that was killed: what is not recorded by then is not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn round(&mut self, shared: &Arc<Shared>) -> Result<Option<Timestamp>, StoreError> {
        shared.learn_prices().await;
        let now = shared.clock.now();
        if self
            .until
            .is_some_and(|(from, to)| from <= now && now <= schedule::later(to, self.slack))
        {
            self.polls.looked = Some((now, Instant::now()));
        }
        loop {
            self.polls.step(shared, true).await?;
            if self.polls.is_idle() {
                break;
            }
            while let Some(ended) = self.polls.next_ended().await {
                self.polls.ended(shared, Some(ended));
                self.polls.step(shared, false).await?;
            }
        }
        let now = shared.clock.now();
        let due = shared
            .store
            .read(move |conn| store::feeds::next_due(conn, now))
            .await?;
        let held = self.polls.not_before.values().copied();
        let next = due
            .into_iter()
            .chain(held)
            .chain(shared.network.next_probe())
            .filter(|at| *at > now)
            .min()
            .map(|at| at.max(schedule::later(now, Duration::from_millis(50))));
        self.until = next.map(|next| (now, next));
        Ok(next)
    }
}
