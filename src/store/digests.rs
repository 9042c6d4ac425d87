//! Digests: deliveries of one receiver that go out as one message, and end as it ends.
//!
//! A digest is an alert of reason `digest` with a delivery of its own; its members are listed in `digest_member`
//! and stay deliveries of their own alerts, held until the digest is delivered or given up. When to gather, and
//! what, is decided by those who call.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::alerts;
use super::outbox::Addressee;
use super::row::{Ms, Rank};
use super::{Result, StoreError};
use crate::domain::alert::digest::{self, Kind, MOST_MEMBERS};
use crate::domain::alert::wire::{WireAlert, WireRule};
use crate::domain::alert::{self, Reason};
use crate::domain::rule::Severity;

/// How a delivery that a digest carries is held.
pub(super) const GATHERED: &str = "gathered";

/// More digests of one kind and window than this are a fault, not news.
const MOST_PARTS: usize = 10_000;

/// Which digest.
#[derive(Clone, Copy, Debug)]
pub struct Gathering<'a> {
    /// Whose deliveries, and for how long the digest is tried.
    pub to: &'a Addressee,
    /// Why they come together.
    pub kind: Kind,
    /// Which one of its kind: a local date, the start of a window, a silence. The key is made of it, so that the
    /// same digest is not raised twice.
    pub window: &'a str,
    /// What it is called: the title of its rule, and as a mail's subject read alone.
    pub title: &'a str,
}

/// Puts deliveries of one receiver into a digest, or into several where they are too many; gives back its alerts.
///
/// `members` are deliveries. Those that are neither held nor due, that another digest carries, that belong to
/// another receiver, are digests themselves or may have arrived under their own key stay as they are; none is left:
/// there is no digest.
///
/// The members are `held (in digest KEY)` from now on, and become `delivered` or `dead` with it.
pub fn gather(
    tx: &Transaction<'_>,
    what: &Gathering<'_>,
    members: &[i64],
    now: Timestamp,
) -> Result<Vec<i64>> {
    let mut free = Vec::with_capacity(members.len());
    for member in members {
        if let Some(severity) = severity_of_free(tx, *member, what)? {
            free.push((*member, severity));
        }
    }
    // The gravest first, also over several messages.
    free.sort_by_key(|(member, severity)| (std::cmp::Reverse(*severity), *member));
    let mut digests = Vec::new();
    for part in free.chunks(MOST_MEMBERS) {
        digests.push(raise_next(tx, what, part, now)?);
    }
    Ok(digests)
}

/// Tells a receiver that there is nothing to tell; none where the window has had its digest.
pub fn raise_empty(
    tx: &Transaction<'_>,
    what: &Gathering<'_>,
    now: Timestamp,
) -> Result<Option<i64>> {
    let alert = wire(what, 0, Severity::Info);
    alerts::raise(tx, &alert, std::slice::from_ref(what.to), now)
}

/// The severity of a delivery that may go into a digest.
fn severity_of_free(
    tx: &Transaction<'_>,
    delivery: i64,
    what: &Gathering<'_>,
) -> Result<Option<Severity>> {
    Ok(tx
        .prepare_cached(
            "select d.severity from delivery d join alert a on a.seq = d.alert
             where d.seq = ?1 and d.receiver = ?2 and d.state in ('due', 'held')
                and d.hold is not ?3 and a.reason <> 'digest' and d.perhaps = 0",
        )?
        .query_row(
            params![delivery, what.to.receiver.as_str(), GATHERED],
            |row| Ok(row.get::<_, Rank>(0)?.0),
        )
        .optional()?)
}

/// One message: the first of its window that there is not yet.
fn raise_next(
    tx: &Transaction<'_>,
    what: &Gathering<'_>,
    members: &[(i64, Severity)],
    now: Timestamp,
) -> Result<i64> {
    let severity = members.iter().map(|(_, severity)| *severity).max();
    for part in 0..MOST_PARTS {
        let alert = wire(what, part, severity.unwrap_or(Severity::Info));
        let to = std::slice::from_ref(what.to);
        let Some(digest) = alerts::raise(tx, &alert, to, now)? else {
            continue;
        };
        for (member, _) in members {
            carry(tx, digest, *member, &alert.key)?;
        }
        return Ok(digest);
    }
    Err(StoreError::fault(format!(
        "{} {} of `{}` has too many digests",
        what.kind.as_str(),
        what.window,
        what.to.receiver
    )))
}

fn carry(tx: &Transaction<'_>, digest: i64, member: i64, key: &str) -> Result<()> {
    tx.prepare_cached(
        "update delivery set state = 'held', hold = ?2, why = 'in digest ' || ?3, due = null
         where seq = ?1",
    )?
    .execute(params![member, GATHERED, key])?;
    tx.prepare_cached("insert into digest_member (digest, delivery) values (?1, ?2)")?
        .execute([digest, member])?;
    Ok(())
}

/// The digest as an alert; its members are added when it is sent.
fn wire(what: &Gathering<'_>, part: usize, severity: Severity) -> WireAlert {
    let step = match part {
        0 => format!("{} {}", what.kind.as_str(), what.window),
        part => format!("{} {} {part}", what.kind.as_str(), what.window),
    };
    let receiver = what.to.receiver.as_str();
    let key = alert::key(digest::RULE, receiver, Reason::Digest, &step);
    let rule = WireRule {
        id: digest::RULE.to_owned(),
        title: what.title.to_owned(),
    };
    WireAlert::new(key, rule, severity, Reason::Digest, Timestamp::UNIX_EPOCH)
}

/// The members of a digest end as it does. To be called when a delivery was settled; others are left alone.
///
/// A digest that is sent again takes along what died with it.
pub(super) fn follow(tx: &Transaction<'_>, delivery: i64, now: Timestamp) -> Result<()> {
    let settled: Option<(i64, String, String, Option<String>)> = tx
        .prepare_cached(
            "select a.seq, a.key, d.state, d.why from delivery d join alert a on a.seq = d.alert
             where d.seq = ?1 and a.reason = 'digest' and d.state in ('delivered', 'dead', 'cancelled')",
        )?
        .query_row([delivery], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((digest, key, state, why)) = settled else {
        return Ok(());
    };
    let (from, why) = match why {
        None => (
            "state in ('held', 'dead', 'cancelled')",
            format!("in digest {key}"),
        ),
        Some(why) => ("state = 'held'", format!("in digest {key}: {why}")),
    };
    tx.prepare_cached(&format!(
        "update delivery set state = ?2, why = ?3, settled = ?4
         where seq in (select delivery from digest_member where digest = ?1) and hold = ?5 and {from}"
    ))?
    .execute(params![digest, state, why, Ms(now), GATHERED])?;
    Ok(())
}

/// The alerts that a digest carries, the gravest and then the oldest first.
pub fn members(conn: &Connection, digest: i64) -> Result<Vec<i64>> {
    let mut query = conn.prepare_cached(
        "select d.alert from digest_member m join delivery d on d.seq = m.delivery
         where m.digest = ?1 order by d.severity desc, d.created, d.seq",
    )?;
    let rows = query.query_map([digest], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;
