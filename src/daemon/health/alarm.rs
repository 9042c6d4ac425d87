//! The alarm that needs no store: while the store fails nothing can be put into the outbox, so whoever is told of trouble
//! is spoken to at once.
//!
//! The only message without a row. What is kept of it is in memory; once the store works again it is told of as usual.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::super::deliver;
use super::super::served::Failing;
use super::{Setup, Shared, hearers};
use crate::domain::alert::Reason;
use crate::domain::alert::delivery::{Attempt, DeliveryState, Owed, settle};
use crate::domain::alert::wire::WireAlert;
use crate::domain::health::{machine, watch};
use crate::domain::id::ReceiverId;
use crate::notify::Outgoing;
use crate::observe;

/// What is being said, and to whom.
#[derive(Default)]
pub(super) struct Alarm {
    alert: Option<WireAlert>,
    turns: BTreeMap<ReceiverId, Turn>,
    sends: JoinSet<(ReceiverId, Attempt)>,
}

/// Where one receiver stands.
#[derive(Default)]
struct Turn {
    attempts: u32,
    /// When it is spoken to again; none while it is being spoken to, and when there is nothing left to say to it.
    due: Option<Timestamp>,
}

impl Alarm {
    /// Tells whoever has not been told yet that the store fails; ends when it does not.
    pub(super) fn look(&mut self, shared: &Shared, setup: &Setup, failing: Option<&Failing>) {
        let Some(failing) = failing else {
            *self = Self::default();
            return;
        };
        if !failing.lasts() {
            return;
        }
        let now = shared.clock.now();
        let mut to = std::mem::take(&mut self.turns);
        for config in hearers(setup) {
            let new = || Turn {
                attempts: 0,
                due: Some(now),
            };
            let turn = to.remove(&config.id).unwrap_or_else(new);
            self.turns.insert(config.id.clone(), turn);
        }
        let first = self.alert.is_none();
        let alert = self.alert.get_or_insert_with(|| {
            let known = machine::store_fails(failing.since, &failing.said);
            watch::alert(&known, Reason::Health, now)
        });
        if first {
            tracing::error!(said = failing.said, "the store fails: {}", failing.said);
            let labels = [("reason", Reason::Health.as_str())];
            shared.metrics.add(observe::ALERTS, &labels, 1.0);
        }
        let alert = alert.clone();
        while let Some(ended) = self.sends.try_join_next() {
            self.ended(shared, setup, &alert, ended.ok());
        }
        self.speak(setup, &alert, now);
    }

    /// Speaks to each whose time has come.
    fn speak(&mut self, setup: &Setup, alert: &WireAlert, now: Timestamp) {
        for (id, turn) in &mut self.turns {
            let Some(receiver) = setup.receiver(id.as_str()) else {
                continue;
            };
            if turn.due.is_none_or(|due| due > now) {
                continue;
            }
            turn.due = None;
            turn.attempts += 1;
            let outgoing = Outgoing {
                alert: alert.clone(),
                sent_at: now,
                attempt: turn.attempts,
            };
            let (id, receiver) = (id.clone(), Arc::clone(receiver));
            self.sends.spawn(async move {
                let attempt = deliver::send_apart(&receiver, outgoing).await;
                (id, attempt)
            });
        }
    }

    fn ended(
        &mut self,
        shared: &Shared,
        setup: &Setup,
        alert: &WireAlert,
        ended: Option<(ReceiverId, Attempt)>,
    ) {
        let Some((id, attempt)) = ended else { return };
        let labels = [
            ("receiver", id.as_str()),
            ("outcome", attempt.outcome.as_str()),
        ];
        shared.metrics.add(observe::ATTEMPTS, &labels, 1.0);
        match attempt.outcome.message() {
            None => tracing::info!(receiver = %id, "{id} was told that the store fails"),
            Some(why) => {
                tracing::error!(receiver = %id, why, "{id} was not told that the store fails: {why}");
            }
        }
        let Some(turn) = self.turns.get_mut(&id) else {
            return;
        };
        let owed = Owed {
            key: &alert.key,
            created: alert.created,
            give_up: setup.give_up(&id),
            attempts: turn.attempts,
        };
        if let DeliveryState::Due { due } = settle(&attempt.outcome, &owed, shared.clock.now()) {
            turn.due = Some(due);
        }
    }

    /// Waits until nobody is being spoken to.
    #[cfg(test)]
    pub(super) async fn settled(&mut self, shared: &Shared) {
        while let Some(ended) = self.sends.join_next().await {
            let alert = self.alert.clone().unwrap();
            self.ended(shared, &shared.setup(), &alert, ended.ok());
        }
    }
}
