//! Rounds of polls at times of the caller's choosing: what the daemon does between two rests, without the rests.
//!
//! For scenarios under a manual clock, in which a month passes in seconds. The steps are the daemon's own; none
//! is decided here.

use std::sync::Arc;

use jiff::Timestamp;

use super::Polls;
use crate::daemon::{LONGEST_REST, Shared};
use crate::domain::feed::schedule;
use crate::store::{self, StoreError};

/// One life of the poll pass, its clock in the caller's hands.
#[derive(Default)]
pub struct Rounds {
    polls: Polls,
    begun: bool,
}

impl Rounds {
    /// Starts every poll that is due now and waits for their ends; says when to look again, none where never.
    ///
    /// Dropped half-way, it is a daemon that was killed: what is not recorded by then is not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn round(&mut self, shared: &Arc<Shared>) -> Result<Option<Timestamp>, StoreError> {
        shared.learn_price().await;
        if !std::mem::replace(&mut self.begun, true) {
            self.polls.spread(shared).await;
        }
        self.polls.start_due(shared).await?;
        while let Some(ended) = self.polls.tasks.join_next_with_id().await {
            self.polls.ended(shared, Some(ended));
        }
        let now = shared.clock.now();
        let rest = self.polls.rest(shared, now).await?;
        let soon = schedule::later(now, rest);
        let next = shared.store.read(store::feeds::next_due).await?;
        // The daemon looks again at least every so often; here a long rest with nothing in it is passed over.
        Ok(next.map(|next| {
            if rest < LONGEST_REST {
                soon
            } else {
                soon.max(next)
            }
        }))
    }
}
