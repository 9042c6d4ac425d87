//! The delivery pass: outbox → notifier → settle, each receiver on its own.
//!
//! One receiver's failure never delays another: each has a task of its own while something is due to it. When to try
//! again, how long a failing receiver rests and how often one may be spoken to is decided in `domain::alert`.

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
use crate::domain::alert::manners::Manners;
use crate::domain::alert::rate::Limits;
use crate::domain::alert::wire::WireAlert;
use crate::domain::feed::schedule;
use crate::domain::id::ReceiverId;
use crate::notify::Outgoing;
use crate::observe;
use crate::store::outbox::{self, Addressee, Claim, Claimed};
use crate::store::{self, StoreError, links, timing};

/// A lease is longer than the longest attempt by this much.
const LEASE_MARGIN: Duration = Duration::from_secs(30);
/// How long a send under way may take to end when the daemon stops.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// A clock that falls behind by more was set back.
const SET_BACK: Duration = Duration::from_mins(1);
/// A receiver to whom something was due, and then nothing could be taken, is looked at again after this.
const BREATH: Duration = Duration::from_secs(1);

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

/// Sends one claimed delivery, settles it, and takes the receiver's next in the same transaction.
///
/// # Errors
/// When the store fails; the lease then runs out and the delivery is tried again with the same key.
pub async fn send(
    shared: &Arc<Shared>,
    receiver: &Receiver,
    claimed: Claimed,
    untried_since: Option<Timestamp>,
) -> Result<(Went, Option<Claimed>), StoreError> {
    let setup = shared.setup();
    let (alert, url) = (claimed.alert, setup.access.public_url.clone());
    let (to, at) = (claimed.receiver.clone(), shared.clock.now());
    let beside: Vec<i64> = claimed.beside.iter().map(|other| other.alert).collect();
    let wire = shared
        .store
        .read(move |conn| {
            let mut wire = links::wire_to(conn, alert, (&to, url.as_deref()), at)?;
            if let Some(wire) = &mut wire {
                links::add_beside(conn, wire, &beside)?;
            }
            Ok(wire)
        })
        .await?;
    let Some(mut wire) = wire else {
        // Retention took the alert while the delivery waited: there is nothing left to say.
        return Ok((Went::Failed, None));
    };
    wire.key.clone_from(&claimed.key);
    wire.late_by = late_by(&wire, &claimed, shared.clock.now());
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
    let turn = Turn::of(shared, receiver, untried_since);
    let next = shared
        .store
        .write(move |tx| {
            outbox::settle(tx, &claimed, &attempt, &state, now)?;
            turn.take(tx)
        })
        .await?;
    Ok((went, next))
}

/// An alert that reaches a receiver later than this because it failed says so (DLV-15).
const LATE: Duration = Duration::from_hours(6);

/// By how many seconds a message is late since its receiver could not be reached; a digest by its oldest alert.
fn late_by(wire: &WireAlert, claimed: &Claimed, now: Timestamp) -> Option<u64> {
    let carried = wire.alerts.iter().flatten().map(|alert| alert.created);
    let oldest = carried.chain([claimed.created]).min()?;
    let late = u64::try_from(now.duration_since(oldest).as_secs()).ok()?;
    (claimed.receiver_failed && late >= LATE.as_secs()).then_some(late)
}

/// Sends on a task of its own: a sender that panics has failed, and its message keeps to the schedule.
pub(super) async fn send_apart(receiver: &Receiver, outgoing: Outgoing) -> Attempt {
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

/// What it takes to claim the next delivery of a receiver, for a closure over the store.
struct Turn {
    to: Addressee,
    limits: Limits,
    is_for_people: bool,
    manners: Arc<Manners>,
    owner: String,
    now: Timestamp,
    lease_until: Timestamp,
    untried_since: Option<Timestamp>,
}

impl Turn {
    fn of(shared: &Shared, receiver: &Receiver, untried_since: Option<Timestamp>) -> Self {
        let (now, config) = (shared.clock.now(), &receiver.config);
        Self {
            to: Addressee {
                receiver: config.id.clone(),
                give_up: shared.setup().give_up(&config.id),
                skip: None,
            },
            limits: receiver.limits(),
            is_for_people: config.kind.is_for_people(),
            manners: Arc::clone(&shared.setup().manners),
            owner: shared.owner.clone(),
            now,
            lease_until: schedule::later(now, receiver.notifier.patience() + LEASE_MARGIN),
            untried_since,
        }
    }

    fn take(&self, tx: &store::Transaction<'_>) -> Result<Option<Claimed>, StoreError> {
        let claim = Claim {
            receiver: &self.to.receiver,
            owner: &self.owner,
            now: self.now,
            lease_until: self.lease_until,
            limit: 1,
            untried_since: self.untried_since,
            limits: &self.limits,
            catch_up: self.is_for_people.then_some(&self.to),
        };
        timing::claim(tx, &self.manners, &claim).map(|mut claimed| claimed.pop())
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
    let turn = Turn::of(shared, receiver, untried_since);
    shared.store.write(move |tx| turn.take(tx)).await
}

/// Logs and counts an attempt.
fn note(shared: &Shared, receiver: &Receiver, claimed: &Claimed, outcome: &AttemptOutcome) {
    let id = receiver.config.id.as_str();
    shared.metrics.add(
        observe::ATTEMPTS,
        &[("receiver", id), ("outcome", outcome.as_str())],
        1.0,
    );
    let delivered = matches!(outcome, AttemptOutcome::Delivered);
    if !delivered || claimed.receiver_failed || shared.trouble("receivers").is_some() {
        // Whoever watches over receivers should know at once that one fails, or is back.
        shared.health_nudge.notify_one();
    }
    match outcome.message() {
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
    let mut desk = Desk::new(&shared);
    loop {
        let nudged = shared.deliver_nudge.notified();
        let rest = match desk.start_due(&shared, &stop).await {
            Ok(rest) => {
                shared.store_serves("deliver");
                rest
            }
            Err(error) => {
                tracing::error!(%error, "delivering waits for the store: {error}");
                shared.store_fails("deliver", &error);
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

/// Sends what is due to a receiver, one after the other, until nothing is; says how many that were.
async fn drain(
    shared: Arc<Shared>,
    id: ReceiverId,
    stop: CancellationToken,
) -> Result<u32, StoreError> {
    let (mut sent, mut next) = (0, None);
    loop {
        // A reload may have changed it meanwhile.
        let setup = shared.setup();
        let Some(receiver) = setup.receiver(id.as_str()).filter(|_| !stop.is_cancelled()) else {
            if let Some(claimed) = next {
                shared
                    .store
                    .write(move |tx| outbox::give_back(tx, &claimed))
                    .await?;
            }
            return Ok(sent);
        };
        if next.is_none() {
            next = claim(&shared, receiver, None).await?;
        }
        let Some(claimed) = next.take() else {
            return Ok(sent);
        };
        next = send(&shared, receiver, claimed, None).await?.1;
        sent += 1;
    }
}

/// The receivers that are being spoken to, a task each.
struct Desk {
    sends: JoinSet<(ReceiverId, Result<u32, StoreError>)>,
    busy: HashMap<tokio::task::Id, ReceiverId>,
    /// Nothing could be taken for them, although something is due.
    idle: HashMap<ReceiverId, Instant>,
    /// When leases that ran out were last looked for.
    released: Option<Instant>,
    /// Both clocks when they were last read.
    clocks: (Timestamp, Instant),
}

impl Desk {
    fn new(shared: &Shared) -> Self {
        Self {
            sends: JoinSet::new(),
            busy: HashMap::new(),
            idle: HashMap::new(),
            released: None,
            clocks: (shared.clock.now(), Instant::now()),
        }
    }

    /// Speaks to each receiver that is free and has something due; says how long until something is.
    async fn start_due(
        &mut self,
        shared: &Arc<Shared>,
        stop: &CancellationToken,
    ) -> Result<Duration, StoreError> {
        self.look_at_clock(shared).await?;
        let (setup, now) = (shared.setup(), shared.clock.now());
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
        self.idle.retain(|_, until| *until > Instant::now());
        let mut rest = LONGEST_REST;
        for (id, at) in waiting {
            // What is owed to a receiver that is not there waits for the reload that brings or cancels it; who is
            // spoken to wakes this pass by ending.
            if setup.receiver(id.as_str()).is_none() || self.busy.values().any(|busy| *busy == id) {
                continue;
            }
            let left = match self.idle.get(&id) {
                Some(until) => until.duration_since(Instant::now()),
                None => Duration::try_from(at.duration_since(now)).unwrap_or_default(),
            };
            if left.is_zero() {
                self.start(shared, id, stop);
            } else {
                rest = rest.min(left);
            }
        }
        Ok(rest.clamp(Duration::from_millis(20), LONGEST_REST))
    }

    /// A clock that was set back brings no wait forward and draws none out.
    async fn look_at_clock(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let (then, began) = self.clocks;
        let now = shared.clock.now();
        let passed = now.duration_since(then);
        let back = jiff::SignedDuration::try_from(began.elapsed())
            .ok()
            .and_then(|real| Duration::try_from(real.checked_sub(passed)?).ok())
            .unwrap_or_default();
        if back >= SET_BACK {
            tracing::warn!(
                seconds = back.as_secs(),
                "the clock was set back by {} s: what waits is moved with it",
                back.as_secs()
            );
            shared
                .store
                .write(move |tx| outbox::set_back(tx, back))
                .await?;
        }
        self.clocks = (now, Instant::now());
        Ok(())
    }

    /// Starts one.
    fn start(&mut self, shared: &Arc<Shared>, id: ReceiverId, stop: &CancellationToken) {
        let (shared, receiver, stop) = (Arc::clone(shared), id.clone(), stop.clone());
        let handle = self.sends.spawn(async move {
            let sent = drain(shared, receiver.clone(), stop).await;
            (receiver, sent)
        });
        self.busy.insert(handle.id(), id);
    }

    /// Frees the receiver.
    fn ended(&mut self, shared: &Shared, ended: Option<Ended>) {
        match ended {
            Some(Ok((id, sent))) => {
                self.busy.retain(|_, busy| *busy != id);
                match sent {
                    Ok(sent) => {
                        shared.store_serves("settle");
                        if sent == 0 {
                            self.idle.insert(id, Instant::now() + BREATH);
                        }
                    }
                    Err(error) => {
                        shared.store_fails("settle", &error);
                        tracing::error!(receiver = %id, %error, "a delivery to {id} was not settled and will be repeated: {error}");
                        self.idle.insert(id, Instant::now() + BREATH);
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

/// What joining a task gives.
type Ended = Result<(ReceiverId, Result<u32, StoreError>), tokio::task::JoinError>;

#[cfg(test)]
mod tests;
