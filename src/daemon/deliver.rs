//! The delivery pass: outbox → notifier → settle, each receiver on its own.
//!
//! One receiver's failure never delays another: each has one send under way and its own pause after a failure.
//! When to try again is decided in `domain::alert::delivery`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::receivers::Receiver;
use super::{LONGEST_REST, Shared};
use crate::domain::alert::delivery::{self, Attempt, AttemptOutcome, DeliveryState, Owed};
use crate::domain::feed::schedule;
use crate::domain::id::ReceiverId;
use crate::notify::Outgoing;
use crate::observe;
use crate::store::outbox::{self, Claim, Claimed};
use crate::store::{self, StoreError, alerts};

/// A receiver that fails rests at least so long before its next delivery is tried, doubling to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest rest of a failing receiver; its deliveries keep their own schedule beside it.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// A lease is longer than the longest attempt by this much.
const LEASE_MARGIN: Duration = Duration::from_secs(30);
/// How long a send under way may take to end when the daemon stops.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// How one delivery went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// The receiver has it.
    Sent,
    /// To be tried again.
    Pending,
    /// Given up or refused.
    Failed,
}

/// Sends one claimed delivery and settles it.
///
/// # Errors
/// When the store fails; the lease then runs out and the delivery is tried again with the same key.
pub async fn send(
    shared: &Arc<Shared>,
    receiver: &Receiver,
    claimed: Claimed,
) -> Result<Went, StoreError> {
    let setup = shared.setup();
    let (alert, url) = (claimed.alert, setup.public_url.clone());
    let wire = shared
        .store
        .read(move |conn| alerts::wire(conn, alert, url.as_deref()))
        .await?;
    let Some(mut wire) = wire else {
        // Retention took the alert while the delivery waited: there is nothing left to say.
        return Ok(Went::Failed);
    };
    wire.key.clone_from(&claimed.key);
    let attempts = claimed.attempts + 1;
    let outgoing = Outgoing {
        alert: wire,
        sent_at: shared.clock.now(),
        attempt: attempts,
    };
    let attempt = send_apart(receiver, outgoing).await;
    let now = shared.clock.now();
    let give_up =
        Duration::try_from(claimed.give_up.duration_since(claimed.created)).unwrap_or_default();
    let owed = Owed {
        key: &claimed.key,
        created: claimed.created,
        give_up,
        attempts,
    };
    let state = delivery::settle(&attempt.outcome, &owed, now);
    let went = match &state {
        DeliveryState::Delivered => Went::Sent,
        DeliveryState::Due { .. } => Went::Pending,
        DeliveryState::Dead { .. } => Went::Failed,
    };
    note(shared, receiver, &claimed, &attempt.outcome);
    shared
        .store
        .write(move |tx| outbox::settle(tx, &claimed, &attempt, &state, now))
        .await?;
    Ok(went)
}

/// Sends on a task of its own: a sender that panics has failed, and its message keeps to the schedule.
async fn send_apart(receiver: &Receiver, outgoing: Outgoing) -> Attempt {
    let notifier = Arc::clone(&receiver.notifier);
    let work = async move { notifier.send(&outgoing).await };
    let mut task = JoinSet::new();
    task.spawn(work);
    match task.join_next().await {
        Some(Ok(attempt)) => attempt,
        ended => {
            let (id, panic) = (&receiver.config.id, format!("{ended:?}"));
            tracing::error!(receiver = %id, panic, "the sender of {id} panicked: {panic}");
            Attempt::later("the message made the sender fail: please report this")
        }
    }
}

/// Takes the next delivery of a receiver under lease, so that nobody else sends it meanwhile.
///
/// # Errors
/// When the store fails.
pub async fn claim(
    shared: &Shared,
    receiver: &Receiver,
    untried_since: Option<Timestamp>,
) -> Result<Option<Claimed>, StoreError> {
    let now = shared.clock.now();
    let (id, owner) = (receiver.config.id.clone(), shared.owner.clone());
    let lease_until = schedule::later(now, receiver.notifier.patience() + LEASE_MARGIN);
    let claim = move |tx: &store::Transaction<'_>| {
        let claim = Claim {
            receiver: &id,
            owner: &owner,
            now,
            lease_until,
            limit: 1,
            untried_since,
        };
        outbox::claim(tx, &claim).map(|mut claimed| claimed.pop())
    };
    shared.store.write(claim).await
}

/// Logs and counts an attempt.
fn note(shared: &Shared, receiver: &Receiver, claimed: &Claimed, outcome: &AttemptOutcome) {
    let id = receiver.config.id.as_str();
    let (name, message) = match outcome {
        AttemptOutcome::Delivered => ("delivered", None),
        AttemptOutcome::Later { message, .. } => ("later", Some(message)),
        AttemptOutcome::Refused { message } => ("refused", Some(message)),
        AttemptOutcome::Permanent { message } => ("permanent", Some(message)),
        AttemptOutcome::Gone { message } => ("gone", Some(message)),
    };
    shared.metrics.add(
        observe::ATTEMPTS,
        &[("receiver", id), ("outcome", name)],
        1.0,
    );
    match message {
        None => tracing::info!(
            receiver = id,
            key = claimed.key,
            "alert {} delivered to {id}",
            claimed.alert
        ),
        Some(why) => tracing::warn!(
            receiver = id,
            key = claimed.key,
            attempt = claimed.attempts + 1,
            why,
            "alert {} not delivered to {id}: {why}",
            claimed.alert
        ),
    }
}

/// Delivers what is due until stopped.
///
/// # Errors
/// None that ends it: a store that fails is reported, waited for, and tried again.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut desk = Desk::default();
    loop {
        let nudged = shared.deliver_nudge.notified();
        let rest = match desk.start_due(&shared).await {
            Ok(rest) => rest,
            Err(error) => {
                tracing::error!(%error, "delivering waits for the store: {error}");
                Duration::from_secs(5)
            }
        };
        shared.progress.beat("deliver", LONGEST_REST * 2);
        tokio::select! {
            () = stop.cancelled() => return desk.finish().await,
            () = nudged => {}
            ended = desk.sends.join_next(), if !desk.sends.is_empty() => desk.ended(&shared, ended),
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// The sends under way, one a receiver, and the pauses of those that failed.
#[derive(Default)]
struct Desk {
    sends: JoinSet<(ReceiverId, Result<Went, StoreError>)>,
    busy: HashMap<tokio::task::Id, ReceiverId>,
    pauses: HashMap<ReceiverId, (Instant, Duration)>,
    /// When leases that ran out were last looked for.
    released: Option<Instant>,
}

impl Desk {
    /// Starts a send for each receiver that is free and has something due; says how long until something is.
    async fn start_due(&mut self, shared: &Arc<Shared>) -> Result<Duration, StoreError> {
        let setup = shared.setup();
        let now = shared.clock.now();
        if self.released.is_none_or(|at| at.elapsed() >= LONGEST_REST) {
            shared
                .store
                .write(move |tx| outbox::release_expired(tx, now))
                .await?;
            self.released = Some(Instant::now());
        }
        let waiting = shared
            .store
            .read(|conn| outbox::waiting(conn, None))
            .await?;
        for receiver in &setup.receivers {
            let id = &receiver.config.id;
            let paused = self
                .pauses
                .get(id)
                .is_some_and(|(until, _)| *until > Instant::now());
            if paused || self.busy.values().any(|busy| busy == id) {
                continue;
            }
            let due = waiting
                .iter()
                .any(|(receiver, at)| receiver == id && *at <= now);
            if due && let Some(claimed) = claim(shared, receiver, None).await? {
                self.start(shared, receiver, claimed);
            }
        }
        // Who is busy wakes this pass by ending, who pauses by the end of the pause.
        let instant = Instant::now();
        let pausing = self
            .pauses
            .iter()
            .filter(|(_, (until, _))| *until > instant);
        let pause = pausing
            .clone()
            .map(|(_, (until, _))| *until - instant)
            .min()
            .unwrap_or(LONGEST_REST);
        let others: Vec<&ReceiverId> = self
            .busy
            .values()
            .chain(pausing.map(|(id, _)| id))
            .collect();
        // What is owed to a receiver that is not there waits for the reload that brings or cancels it.
        let next = waiting
            .iter()
            .filter(|(id, _)| setup.receiver(id.as_str()).is_some() && !others.contains(&id))
            .map(|(_, at)| *at)
            .min();
        let rest = next.map_or(LONGEST_REST, |at| {
            Duration::try_from(at.duration_since(now)).unwrap_or_default()
        });
        Ok(rest
            .min(pause)
            .clamp(Duration::from_millis(20), LONGEST_REST))
    }

    /// Starts one.
    fn start(&mut self, shared: &Arc<Shared>, receiver: &Arc<Receiver>, claimed: Claimed) {
        let (shared, receiver) = (Arc::clone(shared), Arc::clone(receiver));
        let id = receiver.config.id.clone();
        let handle = self.sends.spawn(async move {
            let went = send(&shared, &receiver, claimed).await;
            (receiver.config.id.clone(), went)
        });
        self.busy.insert(handle.id(), id);
    }

    /// Frees the receiver, and lets it rest after a failure.
    fn ended(&mut self, _shared: &Arc<Shared>, ended: Option<Ended>) {
        match ended {
            Some(Ok((id, went))) => {
                self.busy.retain(|_, busy| *busy != id);
                match went {
                    Ok(Went::Sent | Went::Failed) => drop(self.pauses.remove(&id)),
                    Ok(Went::Pending) => {
                        let last = self
                            .pauses
                            .get(&id)
                            .map_or(FIRST_PAUSE / 2, |(_, pause)| *pause);
                        let pause = (last * 2).min(LONGEST_PAUSE);
                        self.pauses.insert(id, (Instant::now() + pause, pause));
                    }
                    Err(error) => {
                        tracing::error!(receiver = %id, %error, "a delivery to {id} was not settled and will be repeated: {error}");
                    }
                }
            }
            Some(Err(panic)) => {
                self.busy.remove(&panic.id());
                tracing::error!(%panic, "a send panicked; its lease will run out: {panic}");
            }
            None => {}
        }
    }

    /// Lets sends under way end; what is cut off is repeated with the same key.
    async fn finish(mut self) -> anyhow::Result<()> {
        let ended = tokio::time::timeout(STOP_GRACE, async {
            while self.sends.join_next().await.is_some() {}
        });
        if ended.await.is_err() {
            self.sends.shutdown().await;
        }
        Ok(())
    }
}

/// What joining a send gives.
type Ended = Result<(ReceiverId, Result<Went, StoreError>), tokio::task::JoinError>;

#[cfg(test)]
mod tests;
