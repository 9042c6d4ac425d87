//! Acknowledgements for those on call: where an incident rings, it is said once that somebody has taken it (DLV-39).
//!
//! Whoever acknowledged, by link, page or command, only notes it; what follows is found here.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

use super::super::alerts::{self, NewAlert};
use super::super::entries::Placed;
use super::super::outbox::Addressee;
use super::super::row::{Ms, Rank};
use super::super::{Result, stories};
use super::Gate;
use crate::domain::alert::{self, Reason};
use crate::domain::id::ReceiverId;
use crate::domain::rule::Severity;

/// An acknowledgement older than this says nothing to anybody any more.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// Acknowledgements looked at, the newest.
const MOST: u32 = 200;

/// An alert that somebody has seen.
struct Acked {
    alert: i64,
    severity: Severity,
    rule: String,
    title: String,
    place: Placed,
}

/// Tells what was acknowledged lately to those who got it and want to know; gives back how many alerts that made.
pub(super) fn tell(tx: &Transaction<'_>, gate: &Gate<'_>) -> Result<u32> {
    let receivers = gate.manners.receivers.iter();
    let hearers: Vec<&ReceiverId> = receivers
        .filter(|(_, manner)| manner.hears_acks)
        .map(|(id, _)| id)
        .collect();
    let mut told = 0;
    if hearers.is_empty() {
        return Ok(told);
    }
    for acked in lately(tx, gate.now)? {
        let first = stories::first_entry(tx, acked.place.story)?;
        let key = alert::key(&acked.rule, &first, Reason::Acknowledged, "");
        if is_there(tx, &key)? {
            continue;
        }
        let mut to: Vec<Addressee> = Vec::new();
        for hearer in &hearers {
            let rang = rang(tx, acked.place.story, hearer)?;
            to.extend(
                rang.then(|| gate.addressee(hearer))
                    .flatten()
                    .map(|(_, to)| to),
            );
        }
        if to.is_empty() {
            continue;
        }
        let new = NewAlert {
            key: &key,
            severity: acked.severity,
            reason: Reason::Acknowledged,
            rule: &acked.rule,
            rule_title: &acked.title,
            place: Some(&acked.place),
            body: None,
        };
        let (id, _) = alerts::insert(tx, &new, &to, gate.now)?;
        tx.prepare_cached("update alert set follows = ?2 where seq = ?1")?
            .execute([id, acked.alert])?;
        told += 1;
    }
    Ok(told)
}

fn lately(tx: &Transaction<'_>, now: Timestamp) -> Result<Vec<Acked>> {
    let mut query = tx.prepare_cached(
        "select seq, severity, rule, rule_title, entry, revision, story from alert
         where acked_at >= ?1 and story is not null and entry is not null and reason <> 'acknowledged'
         order by acked_at desc limit ?2",
    )?;
    let since = now.checked_sub(FRESH).unwrap_or(Timestamp::MIN);
    let rows = query.query_map(params![Ms(since), MOST], |row| {
        Ok(Acked {
            alert: row.get(0)?,
            severity: row.get::<_, Rank>(1)?.0,
            rule: row.get(2)?,
            title: row.get(3)?,
            place: Placed {
                seq: row.get(4)?,
                revision: row.get(5)?,
                story: row.get(6)?,
            },
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn is_there(tx: &Transaction<'_>, key: &str) -> Result<bool> {
    let found: Option<i64> = tx
        .prepare_cached("select 1 from alert where key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    Ok(found.is_some())
}

/// Whether a receiver got an alert of the story.
fn rang(tx: &Transaction<'_>, story: i64, receiver: &ReceiverId) -> Result<bool> {
    Ok(tx
        .prepare_cached(
            "select exists (select 1 from alert a join delivery d on d.alert = a.seq
             where a.story = ?1 and d.receiver = ?2 and d.state = 'delivered')",
        )?
        .query_row(params![story, receiver.as_str()], |row| row.get(0))?)
}
