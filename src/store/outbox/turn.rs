//! Whose turn it is: deliveries are taken under lease, as far as their receiver may be spoken to now.
//!
//! How much a destination bears is decided in `domain::alert::rate`; its buckets are kept here.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::super::row::{Ms, Rank};
use super::super::{Result, digests};
use super::Addressee;
use crate::domain::alert::circuit::OPEN_FROM;
use crate::domain::alert::digest::Kind;
use crate::domain::alert::rate::{Bucket, Limits};
use crate::domain::id::ReceiverId;
use crate::domain::rule::Severity;

/// More messages below high than this, and long waits, come as one (DLV-15).
const PILE: u32 = 20;
/// What waits shorter, and will, does not pile up.
const LONG_WAIT: Duration = Duration::from_mins(10);
/// So many messages that may have arrived are enough to try an open circuit with.
const PROBES: u32 = 5;
/// More alerts than this never come in one message.
const MOST_BESIDE: u32 = 10;
/// What such a message is called.
const CATCH_UP: &str = "Alerts that waited";

/// Which deliveries to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// Of this receiver.
    pub receiver: &'a ReceiverId,
    /// The token of the lock under which they are sent.
    pub owner: &'a str,
    /// Now.
    pub now: Timestamp,
    /// When others may take them.
    pub lease_until: Timestamp,
    /// At most so many.
    pub limit: u32,
    /// For `--once`: back-off does not count, and what was tried at or after this instant is left alone.
    pub untried_since: Option<Timestamp>,
    /// How often it may be spoken to.
    pub limits: &'a Limits,
    /// Where people read it: to whom, and for how long, what piled up goes as one message.
    pub catch_up: Option<&'a Addressee>,
}

/// A delivery under lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The delivery.
    pub id: i64,
    /// Its alert.
    pub alert: i64,
    /// Who gets it.
    pub receiver: ReceiverId,
    /// The key it is sent under.
    pub key: String,
    /// How much it matters.
    pub severity: Severity,
    /// When it was owed first.
    pub created: Timestamp,
    /// When to stop trying.
    pub give_up: Timestamp,
    /// Attempts before this one.
    pub attempts: u32,
    /// Who holds the lease.
    pub owner: String,
    /// Whether its receiver has failed since it, or the oldest that it carries, was owed, with whatever message.
    pub receiver_failed: bool,
    /// Other alerts of the same story that come in the same message.
    pub beside: Vec<Claimed>,
}

/// Takes deliveries of one receiver under lease, the most severe and then the oldest first.
///
/// Nothing while the receiver has asked to be left alone, rests after failures, is gone, or while the bucket of its
/// destination is empty.
pub fn claim(tx: &Transaction<'_>, claim: &Claim<'_>) -> Result<Vec<Claimed>> {
    if !may_speak(tx, claim)? {
        return Ok(Vec::new());
    }
    if let Some(to) = claim.catch_up {
        gather_pile(tx, claim, to)?;
    }
    let mut claimed = Vec::new();
    for delivery in waiting(tx, claim)? {
        if let Err(until) = take_token(tx, claim.limits, claim.now)? {
            wait_for_token(tx, claim.receiver, Some(until))?;
            return Ok(claimed);
        }
        claimed.push(lease(tx, claim, delivery)?);
    }
    if !claimed.is_empty() {
        wait_for_token(tx, claim.receiver, None)?;
    }
    Ok(claimed)
}

/// Whether anything may be sent to the receiver now; while its circuit is open, one message at a time.
fn may_speak(tx: &Transaction<'_>, claim: &Claim<'_>) -> Result<bool> {
    Ok(tx
        .prepare_cached(
            "select not exists (select 1 from receiver where id = ?1 and (
                gone is not null or hold_until > ?2 or rate_until > ?2
                or (?3 and rest_until > ?2)
                or (streak >= ?4 and exists (
                    select 1 from delivery where state = 'sending' and receiver = ?1))))",
        )?
        .query_row(
            params![
                claim.receiver.as_str(),
                Ms(claim.now),
                claim.untried_since.is_none(),
                OPEN_FROM
            ],
            |row| row.get(0),
        )?)
}

/// Puts what piled up below high into one message, where it waits long or will: after an outage, or behind a bucket.
/// Not while the receiver fails: first it has to take something. What may have arrived goes by itself.
fn gather_pile(tx: &Transaction<'_>, claim: &Claim<'_>, to: &Addressee) -> Result<()> {
    let many: bool = tx
        .prepare_cached(
            "select count(*) > ?3 from (select 1 from delivery
                where receiver = ?1 and state = 'due' and severity < ?2 and perhaps = 0 limit ?3 + 1)
             where not exists (select 1 from receiver where id = ?1 and streak > 0)",
        )?
        .query_row(
            params![claim.receiver.as_str(), Rank(Severity::High), PILE],
            |row| row.get(0),
        )?;
    if !many {
        return Ok(());
    }
    let mut query = tx.prepare_cached(
        "select d.seq, d.created, d.key from delivery d join alert a on a.seq = d.alert
         where d.receiver = ?1 and d.state = 'due' and d.severity < ?2 and a.reason <> 'digest'
            and d.perhaps = 0
         order by d.created, d.seq",
    )?;
    let rows = query.query_map(
        params![claim.receiver.as_str(), Rank(Severity::High)],
        |row| Ok((row.get(0)?, row.get::<_, Ms>(1)?.0, row.get(2)?)),
    )?;
    let pile: Vec<(i64, Timestamp, String)> = rows.collect::<Result<_, _>>()?;
    let count = u32::try_from(pile.len()).unwrap_or(u32::MAX);
    let Some((_, oldest, key)) = pile.first().filter(|_| count > PILE) else {
        return Ok(());
    };
    let waits = claim.now.duration_since(*oldest) >= LONG_WAIT.try_into().unwrap_or_default();
    if !waits && claim.limits.drain(count) <= LONG_WAIT {
        return Ok(());
    }
    let what = digests::Gathering {
        to,
        kind: Kind::CatchUp,
        window: key,
        title: CATCH_UP,
    };
    let members: Vec<i64> = pile.iter().map(|(delivery, ..)| *delivery).collect();
    digests::gather(tx, &what, &members, claim.now).map(drop)
}

/// The deliveries whose turn it is.
fn waiting(tx: &Transaction<'_>, claim: &Claim<'_>) -> Result<Vec<i64>> {
    if let Some(probe) = probe(tx, claim)? {
        return Ok(vec![probe]);
    }
    let (ready, since) = match claim.untried_since {
        None => ("due <= ?2", claim.now),
        Some(since) => ("(last_attempt is null or last_attempt < ?2)", since),
    };
    let mut query = tx.prepare_cached(&format!(
        "select seq from delivery where receiver = ?1 and state = 'due' and {ready}
         order by severity desc, created, seq limit ?3"
    ))?;
    let rows = query.query_map(
        params![claim.receiver.as_str(), Ms(since), claim.limit],
        |row| row.get(0),
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What an open circuit is tried with: once some messages may have arrived, only those, so that a receiver that hangs for
/// days finds one digest of the rest and not hundreds that nobody dares to fold. Several, since one may be the cause.
fn probe(tx: &Transaction<'_>, claim: &Claim<'_>) -> Result<Option<i64>> {
    if claim.untried_since.is_some() {
        return Ok(None);
    }
    Ok(tx
        .prepare_cached(
            "select seq from delivery where receiver = ?1 and state = 'due' and perhaps
                and exists (select 1 from receiver where id = ?1 and streak >= ?2)
                and (select count(*) from delivery where receiver = ?1 and state = 'due' and perhaps) >= ?3
             order by due, seq limit 1",
        )?
        .query_row(
            params![claim.receiver.as_str(), OPEN_FROM, PROBES],
            |row| row.get(0),
        )
        .optional()?)
}

/// Takes one message out of each bucket of the destination, or says when there will be one in all of them.
fn take_token(
    tx: &Transaction<'_>,
    limits: &Limits,
    now: Timestamp,
) -> Result<Result<(), Timestamp>> {
    let mut taken = Vec::with_capacity(limits.rates.len());
    let mut wait = None;
    for (slot, rate) in (0_i64..).zip(&limits.rates) {
        let full_at: Option<Ms> = tx
            .prepare_cached("select full_at from bucket where destination = ?1 and slot = ?2")?
            .query_row(params![limits.destination, slot], |row| row.get(0))
            .optional()?;
        let bucket = full_at.map_or(Bucket::full(now), |at| Bucket { full_at: at.0 });
        match bucket.take(*rate, now) {
            Ok(after) => taken.push((slot, after)),
            Err(until) => wait = wait.max(Some(until)),
        }
    }
    if let Some(until) = wait {
        return Ok(Err(up(until)));
    }
    for (slot, bucket) in taken {
        tx.prepare_cached(
            "insert into bucket (destination, slot, full_at) values (?1, ?2, ?3)
             on conflict (destination, slot) do update set full_at = ?3",
        )?
        .execute(params![limits.destination, slot, Ms(up(bucket.full_at))])?;
    }
    Ok(Ok(()))
}

/// Puts back what a claimed message took that is not to go now.
pub(in crate::store) fn put_back_token(
    tx: &Transaction<'_>,
    limits: &Limits,
    now: Timestamp,
) -> Result<()> {
    for (slot, rate) in (0_i64..).zip(&limits.rates) {
        let full_at: Option<Ms> = tx
            .prepare_cached("select full_at from bucket where destination = ?1 and slot = ?2")?
            .query_row(params![limits.destination, slot], |row| row.get(0))
            .optional()?;
        if let Some(Ms(full_at)) = full_at {
            let bucket = Bucket { full_at }.put_back(*rate, now);
            tx.prepare_cached(
                "update bucket set full_at = ?3 where destination = ?1 and slot = ?2",
            )?
            .execute(params![limits.destination, slot, Ms(up(bucket.full_at))])?;
        }
    }
    Ok(())
}

/// The other alerts of a claimed one's story that are due to the same people: one message tells them all (DLV-37).
///
/// Only those with the same tries behind them. A message that may have arrived keeps its key, and a receiver that knows
/// keys would drop whatever was added to it since.
pub(in crate::store) fn beside(
    tx: &Transaction<'_>,
    claim: &Claim<'_>,
    claimed: &Claimed,
) -> Result<Vec<i64>> {
    let mut query = tx.prepare_cached(
        "select d.seq from delivery f join alert fa on fa.seq = f.alert
         join alert a on a.story = fa.story and a.seq <> fa.seq
         join delivery d on d.alert = a.seq and d.receiver = f.receiver
         where f.seq = ?1 and f.key = fa.key and d.key = a.key and d.state = 'due'
            and (d.due <= ?2 or ?3) and d.attempts = f.attempts and d.last_attempt is f.last_attempt
         order by d.severity desc, d.created, d.seq limit ?4",
    )?;
    let rows = query.query_map(
        params![
            claimed.id,
            Ms(claim.now),
            claim.untried_since.is_some(),
            MOST_BESIDE
        ],
        |row| row.get(0),
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The next whole millisecond, which is what the store keeps: a wait is never shorter than it should be.
fn up(at: Timestamp) -> Timestamp {
    let whole = at.as_nanosecond().rem_euclid(1_000_000) == 0;
    let added = if whole {
        Duration::ZERO
    } else {
        Duration::from_millis(1)
    };
    at.checked_add(added).unwrap_or(at)
}

/// Notes until when the receiver waits for its bucket, or that it does not.
fn wait_for_token(
    tx: &Transaction<'_>,
    receiver: &ReceiverId,
    until: Option<Timestamp>,
) -> Result<()> {
    match until {
        Some(until) => tx
            .prepare_cached(
                "insert into receiver (id, rate_until) values (?1, ?2)
                 on conflict (id) do update set rate_until = ?2",
            )?
            .execute(params![receiver.as_str(), Ms(until)])?,
        None => tx
            .prepare_cached(
                "update receiver set rate_until = null where id = ?1 and rate_until is not null",
            )?
            .execute([receiver.as_str()])?,
    };
    Ok(())
}

pub(in crate::store) fn lease(
    tx: &Transaction<'_>,
    claim: &Claim<'_>,
    delivery: i64,
) -> Result<Claimed> {
    let claimed = tx
        .prepare_cached(
            "update delivery set state = 'sending', owner = ?2, lease_until = ?3 where seq = ?1
             returning seq, alert, receiver, key, severity, created, give_up, attempts, owner,
                exists (select 1 from receiver r where r.id = receiver and r.last_failure >= coalesce(
                    (select min(m.created) from digest_member c join delivery m on m.seq = c.delivery
                     where c.digest = delivery.alert), created))",
        )?
        .query_row(
            params![delivery, claim.owner, Ms(claim.lease_until)],
            read_claimed,
        )?;
    Ok(claimed)
}

/// Gives a claimed delivery back untried: the process ends, or the message could not be made yet.
pub fn give_back(tx: &Transaction<'_>, claimed: &Claimed) -> Result<()> {
    for beside in &claimed.beside {
        give_back(tx, beside)?;
    }
    tx.prepare_cached(
        "update delivery set state = 'due', owner = null, lease_until = null
         where seq = ?1 and state = 'sending' and owner = ?2",
    )?
    .execute(params![claimed.id, claimed.owner])?;
    Ok(())
}

fn read_claimed(row: &Row<'_>) -> rusqlite::Result<Claimed> {
    Ok(Claimed {
        id: row.get(0)?,
        alert: row.get(1)?,
        receiver: ReceiverId::new(row.get::<_, String>(2)?),
        key: row.get(3)?,
        severity: row.get::<_, Rank>(4)?.0,
        created: row.get::<_, Ms>(5)?.0,
        give_up: row.get::<_, Ms>(6)?.0,
        attempts: row.get(7)?,
        owner: row.get(8)?,
        receiver_failed: row.get(9)?,
        beside: Vec::new(),
    })
}
