//! What is owed to receivers: rows that are claimed by lease, tried, and settled, each change with its reason.
//!
//! When to try again is decided in `domain::alert::delivery`; sending is in `crate::notify`. A delivery is in
//! one state: held, due, sending, delivered, dead or cancelled.

mod receiver;
mod show;
mod turn;

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::row::{Ms, Rank, later, millis};
use super::{Result, digests};
use crate::domain::alert::delivery::{Attempt, AttemptOutcome, DeliveryState};
use crate::domain::id::ReceiverId;
use crate::domain::rule::Severity;

pub(super) use receiver::forget_wrong_clock;
pub use receiver::{ReceiverRow, begin_anew, configure, receivers, set_back};
pub use show::{
    AttemptRow, DeadFilter, DeliveryRow, StateCount, Waiting, counts, dead, next_due, of_alert,
    open, overdue, owed, ringing, stuck, waiting,
};
pub use turn::{Claim, Claimed, claim, give_back};
pub(super) use turn::{beside, lease, put_back_token};

/// The longest that a receiver's own wish holds it.
const LONGEST_HOLD: Duration = Duration::from_hours(24);
/// What a person sees where a lease ran out.
const UNKNOWN: &str = "the process ended before the answer came; the receiver may have it";

/// Someone whom an alert is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// Who.
    pub receiver: ReceiverId,
    /// For how long it is tried.
    pub give_up: Duration,
    /// Why it is not sent after all (below its `min_severity`, say): kept as a cancelled delivery.
    pub skip: Option<String>,
}

/// Stores that an alert (id, key, severity) is owed to someone, or why it is not.
pub(super) fn owe(
    tx: &Transaction<'_>,
    (alert, key, severity): (i64, &str, Severity),
    to: &Addressee,
    now: Timestamp,
) -> Result<i64> {
    let (state, due, settled) = match to.skip {
        None => ("due", Some(Ms(now)), None),
        Some(_) => ("cancelled", None, Some(Ms(now))),
    };
    tx.prepare_cached(
        "insert into delivery (alert, receiver, key, state, why, due, severity, created, give_up, settled)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) on conflict (receiver, key) do nothing",
    )?
    .execute(params![
        alert,
        to.receiver.as_str(),
        key,
        state,
        to.skip,
        due,
        Rank(severity),
        Ms(now),
        Ms(later(now, millis(to.give_up))),
        settled,
    ])?;
    Ok(tx.last_insert_rowid())
}

/// Stores an attempt and where the delivery stands after it, and those that came in the same message.
///
/// False where the lease was lost meanwhile: then the attempt is kept, and only a success still counts.
pub fn settle(
    tx: &Transaction<'_>,
    claimed: &Claimed,
    attempt: &Attempt,
    next: &DeliveryState,
    now: Timestamp,
) -> Result<bool> {
    let ours = settle_one(tx, claimed, (attempt, next, None), now)?;
    for beside in &claimed.beside {
        // What was refused with another may be taken alone.
        let alone = DeliveryState::Due { due: now };
        let next = match next {
            DeliveryState::Dead { .. } => &alone,
            next => next,
        };
        settle_one(tx, beside, (attempt, next, Some(&claimed.key)), now)?;
    }
    receiver::note(tx, &claimed.receiver, attempt, now)?;
    Ok(ours)
}

/// Settles one delivery; `within`: the key of the message that it came in.
fn settle_one(
    tx: &Transaction<'_>,
    claimed: &Claimed,
    (attempt, next, within): (&Attempt, &DeliveryState, Option<&str>),
    now: Timestamp,
) -> Result<bool> {
    let ours: Option<bool> = tx
        .prepare_cached("select state = 'sending' and owner = ?2 from delivery where seq = ?1")?
        .query_row(params![claimed.id, claimed.owner], |row| {
            Ok(row.get::<_, Option<bool>>(0)?.unwrap_or(false))
        })
        .optional()?;
    let Some(ours) = ours else {
        return Ok(false);
    };
    add_attempt(tx, claimed.id, attempt, now)?;
    if !ours && attempt.outcome != AttemptOutcome::Delivered {
        return Ok(false);
    }
    let message = attempt.outcome.message().map(str::to_owned);
    let (state, why, due) = match next {
        DeliveryState::Due { due } => ("due", message, Some(Ms(*due))),
        DeliveryState::Delivered => (
            "delivered",
            within.map(|key| format!("in message {key}")),
            None,
        ),
        DeliveryState::Dead { why } => ("dead", Some(why.clone()), None),
    };
    let settled = due.is_none().then_some(Ms(now));
    tx.prepare_cached(
        "update delivery set state = ?2, why = ?3, due = ?4, settled = ?5, owner = null,
            lease_until = null, perhaps = perhaps or ?6 where seq = ?1",
    )?
    .execute(params![
        claimed.id,
        state,
        why,
        due,
        settled,
        attempt.may_have_arrived()
    ])?;
    digests::follow(tx, claimed.id, now)?;
    Ok(ours)
}

fn add_attempt(
    tx: &Transaction<'_>,
    delivery: i64,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<()> {
    count_attempt(tx, delivery, now)?;
    tx.prepare_cached(
        "insert into attempt (delivery, number, at, outcome, status, message, answer, duration_ms)
         select seq, attempts, ?2, ?3, ?4, ?5, ?6, ?7 from delivery where seq = ?1",
    )?
    .execute(params![
        delivery,
        Ms(now),
        attempt.outcome.as_str(),
        attempt.status,
        attempt.outcome.message(),
        attempt.answer,
        millis(attempt.duration),
    ])?;
    Ok(())
}

fn count_attempt(tx: &Transaction<'_>, delivery: i64, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "update delivery set attempts = attempts + 1, last_attempt = ?2 where seq = ?1",
    )?
    .execute(params![delivery, Ms(now)])?;
    Ok(())
}

/// Frees deliveries whose lease ran out: each counts as an attempt of unknown end and is due at once.
///
/// So are those that were leased, put off or held under a clock that has been set back since.
pub fn release_expired(tx: &Transaction<'_>, now: Timestamp) -> Result<u32> {
    forget_wrong_clock(tx, now)?;
    receiver::give_up_gone(tx, now)?;
    free(tx, "lease_until <= ?1", &Ms(now), now)
}

/// Frees the deliveries of every owner but this one: it has the lock, so they are dead.
pub(super) fn void_leases(tx: &Transaction<'_>, owner: &str, now: Timestamp) -> Result<u32> {
    free(tx, "owner <> ?1", &owner, now)
}

fn free(
    tx: &Transaction<'_>,
    which: &str,
    value: &dyn rusqlite::ToSql,
    now: Timestamp,
) -> Result<u32> {
    let mut query = tx.prepare_cached(&format!(
        "select seq from delivery where state = 'sending' and {which}"
    ))?;
    let rows = query.query_map([value], |row| row.get(0))?;
    let lost: Vec<i64> = rows.collect::<Result<_, _>>()?;
    for delivery in &lost {
        count_attempt(tx, *delivery, now)?;
        tx.prepare_cached(
            "insert into attempt (delivery, number, at, outcome, message, answer, duration_ms)
             select seq, attempts, ?2, 'unknown', ?3, '', 0 from delivery where seq = ?1",
        )?
        .execute(params![delivery, Ms(now), UNKNOWN])?;
        tx.prepare_cached(
            "update delivery set state = 'due', due = ?2, why = ?3, owner = null, lease_until = null,
                last_attempt = null, perhaps = 1 where seq = ?1",
        )?
        .execute(params![delivery, Ms(now), UNKNOWN])?;
    }
    Ok(u32::try_from(lost.len()).unwrap_or(u32::MAX))
}

/// Why nothing is owed any more to a receiver that config no longer has.
const VANISHED: &str = "the receiver was removed from config";

/// Cancels what is owed to receivers that config no longer has; those under way are left to end.
///
/// Gives back how much to whom.
pub fn cancel_vanished(
    tx: &Transaction<'_>,
    keep: &[ReceiverId],
    now: Timestamp,
) -> Result<Vec<(String, u32)>> {
    let mut query =
        tx.prepare_cached("select distinct receiver from delivery where state in ('due', 'held')")?;
    let rows = query.query_map([], |row| row.get(0))?;
    let owed: Vec<String> = rows.collect::<Result<_, _>>()?;
    let mut cancelled = Vec::new();
    for receiver in owed {
        if keep.iter().any(|kept| kept.as_str() == receiver) {
            continue;
        }
        let number = tx
            .prepare_cached(
                "update delivery set state = 'cancelled', why = ?3, due = null, settled = ?2
                 where receiver = ?1 and state in ('due', 'held')",
            )?
            .execute(params![receiver, Ms(now), VANISHED])?;
        cancelled.push((receiver, u32::try_from(number).unwrap_or(u32::MAX)));
    }
    Ok(cancelled)
}

/// Owes again what was cancelled because its receiver was not in config, where it is back and would still be tried:
/// a config is often broken for a moment only.
///
/// Gives back how much.
pub fn owe_returned(tx: &Transaction<'_>, keep: &[ReceiverId], now: Timestamp) -> Result<u32> {
    let mut owed = 0;
    for receiver in keep {
        owed += tx
            .prepare_cached(
                "update delivery set state = 'due', why = null, due = ?2, settled = null
                 where receiver = ?1 and state = 'cancelled' and why = ?3 and give_up > ?2",
            )?
            .execute(params![receiver.as_str(), Ms(now), VANISHED])?;
    }
    Ok(u32::try_from(owed).unwrap_or(u32::MAX))
}

/// Owes an alert once more, under keys of its own (`…-r2`, `…-r3`), so that receivers that fold show it.
///
/// `to` empty: to all whom it was meant for, as long as the first time. None where there is no such alert.
pub fn resend(
    tx: &Transaction<'_>,
    alert: i64,
    to: &[Addressee],
    now: Timestamp,
) -> Result<Option<Vec<i64>>> {
    let found: Option<(String, Rank)> = tx
        .prepare_cached("select key, severity from alert where seq = ?1")?
        .query_row([alert], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((key, Rank(severity))) = found else {
        return Ok(None);
    };
    let before = if to.is_empty() {
        told_before(tx, alert)?
    } else {
        to.to_vec()
    };
    let mut owed = Vec::with_capacity(before.len());
    for addressee in &before {
        let times: i64 = tx
            .prepare_cached("select count(*) from delivery where alert = ?1 and receiver = ?2")?
            .query_row(params![alert, addressee.receiver.as_str()], |row| {
                row.get(0)
            })?;
        let again = format!("{key}-r{}", times.max(1) + 1);
        owed.push(owe(tx, (alert, &again, severity), addressee, now)?);
        // Whoever asks for it has seen to the receiver.
        begin_anew(tx, &addressee.receiver, now)?;
    }
    Ok(Some(owed))
}

/// The receivers an alert was meant for.
fn told_before(tx: &Transaction<'_>, alert: i64) -> Result<Vec<Addressee>> {
    let mut query = tx.prepare_cached(
        "select receiver, max(give_up - created) from delivery
         where alert = ?1 and (state <> 'cancelled' or why = ?2) group by receiver order by receiver",
    )?;
    let rows = query.query_map(params![alert, VANISHED], |row| {
        Ok(Addressee {
            receiver: ReceiverId::new(row.get::<_, String>(0)?),
            give_up: Duration::from_millis(super::row::count(row.get(1)?)),
            skip: None,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;
