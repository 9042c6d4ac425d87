//! The timing pass: what waited goes out when its time has come, alone or in digests, and stories escalate.
//!
//! It looks at rows, acts once, and says when to look again. What holds and what lets go is decided in
//! `domain::alert`; sending is `deliver`'s business.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::receivers::route;
use super::setup::Setup;
use super::{LONGEST_REST, Shared};
use crate::domain::alert::escalate::Step;
use crate::domain::alert::manners::Manners;
use crate::domain::rule::{Escalate, Rule};
use crate::store::escalations::{self, Candidate};
use crate::store::outbox::Addressee;
use crate::store::{StoreError, timing};

/// Between two looks, whatever the rows say.
const SHORTEST_REST: Duration = Duration::from_millis(200);

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Digests raised.
    pub digests: u64,
    /// Escalations raised.
    pub escalations: u64,
    /// When to look again, if nothing happens before.
    pub next: Option<Timestamp>,
}

/// Lets go and escalates until stopped.
///
/// # Errors
/// None that ends it: a store that fails is reported, waited for, and tried again.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut judged_by: Option<Arc<Manners>> = None;
    loop {
        let nudged = shared.timing_nudge.notified();
        let manners = Arc::clone(&shared.setup().manners);
        let anew = judged_by
            .as_ref()
            .is_none_or(|last| !Arc::ptr_eq(last, &manners));
        let rest = match round(&shared, anew).await {
            Ok(round) => {
                shared.store_serves("timing");
                judged_by = Some(manners);
                rest(round.next, shared.clock.now())
            }
            Err(error) => {
                tracing::error!(%error, "what waits is not let go, for the store: {error}");
                shared.store_fails("timing", &error);
                Duration::from_secs(5)
            }
        };
        shared.progress.beat("timing", LONGEST_REST * 2);
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            // Polls that end together are one occasion.
            () = async { tokio::time::sleep(SHORTEST_REST).await; nudged.await } => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
}

fn rest(next: Option<Timestamp>, now: Timestamp) -> Duration {
    next.map_or(LONGEST_REST, |at| {
        Duration::try_from(at.duration_since(now)).unwrap_or_default()
    })
    .clamp(SHORTEST_REST, LONGEST_REST)
}

/// Looks once; `anew` judges all that waits by the setup in force.
///
/// # Errors
/// When the store fails; what was committed before stays.
pub async fn round(shared: &Shared, anew: bool) -> Result<Round, StoreError> {
    let setup = shared.setup();
    let (now, manners) = (shared.clock.now(), Arc::clone(&setup.manners));
    let released = shared
        .store
        .write(move |tx| timing::release(tx, &manners, anew, now))
        .await?;
    let mut round = Round {
        digests: released.digests.len() as u64,
        escalations: 0,
        next: released.next,
    };
    for rule in &setup.definitions.rules {
        if let (true, Some(how)) = (rule.enabled, &rule.escalate) {
            escalate(shared, &setup, (rule, how), &mut round).await?;
        }
    }
    if released.single > 0 || released.silenced > 0 || round.digests + round.escalations > 0 {
        tracing::info!(
            single = released.single,
            silenced = released.silenced,
            digests = round.digests,
            escalations = round.escalations,
            "{} messages let go, {} held by a silence, {} digests, {} escalations",
            released.single,
            released.silenced,
            round.digests,
            round.escalations
        );
        shared.deliver_nudge.notify_one();
    }
    Ok(round)
}

/// Tells again of the stories of a rule that are due for it.
async fn escalate(
    shared: &Shared,
    setup: &Arc<Setup>,
    (rule, how): (&Rule, &Escalate),
    round: &mut Round,
) -> Result<(), StoreError> {
    let (now, of) = (shared.clock.now(), (rule.id.clone(), how.clone()));
    let candidates = shared
        .store
        .read(move |conn| escalations::candidates(conn, (&of.0, &of.1), now))
        .await?;
    for candidate in candidates {
        let due = candidate.standing.due(&candidate.left, how, now);
        for &step in &candidate.left {
            if due.contains(&step) {
                raise(shared, setup, (rule, how), (candidate.clone(), step)).await?;
                round.escalations += 1;
            } else if let Some(at) = candidate.standing.due_at(step, how).filter(|at| *at > now) {
                round.next = Some(round.next.map_or(at, |next| next.min(at)));
            }
        }
    }
    Ok(())
}

/// To those whom the rule names, by what the story weighs now.
async fn raise(
    shared: &Shared,
    setup: &Arc<Setup>,
    (rule, how): (&Rule, &Escalate),
    (candidate, step): (Candidate, Step),
) -> Result<(), StoreError> {
    let of = candidate.clone();
    let entry = shared
        .store
        .read(move |conn| escalations::entry(conn, &of))
        .await?;
    let severity = step.severity(how).max(candidate.severity);
    let wanted_by = entry.map_or_else(Vec::new, |(entry, tags)| {
        setup.only.evaluate(&entry.subject(&tags))
    });
    let to: Vec<Addressee> = route(&setup.receivers, rule, severity, &wanted_by)
        .into_iter()
        .map(|route| Addressee {
            give_up: setup.give_up(&route.receiver),
            receiver: route.receiver,
            skip: route.skip,
        })
        .collect();
    let (now, manners) = (shared.clock.now(), Arc::clone(&setup.manners));
    shared
        .store
        .write(move |tx| {
            if let Some(alert) = escalations::raise(tx, &candidate, (step, severity), &to, now)? {
                timing::judge(tx, &manners, alert, now)?;
            }
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests;
