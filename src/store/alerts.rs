//! Alerts: stored once a key, listed, shown, acknowledged, marked; and the matches that raised none.
//!
//! Whether someone is told is decided in `domain::alert`; who still has to be told is in `outbox`; the JSON
//! that is sent is put together in `wire`.

mod hits;
mod list;
mod marked;
mod wire;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::entries::Placed;
use super::outbox::{self, Addressee};
use super::row::{Json, Ms, Name, Rank};
use super::{Result, StoreError};
use crate::domain::alert::Reason;
use crate::domain::alert::wire::WireAlert;
use crate::domain::id::{ReceiverId, RuleId};
use crate::domain::rule::Severity;

pub use hits::{Hit, HitCounts, heard_since, hit_counts, hits};
pub use list::{
    AlertFilter, AlertRow, Deliveries, HeldFilter, HeldRow, after, held, list, newest, on_entity,
    on_story, one,
};
pub use marked::{MarkCounts, MarkedAlert, mark_counts, marked};
pub use wire::{AlertDetail, detail, entry_of, wire};

/// What people say of an alert afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// It was worth it.
    Useful,
    /// It was not.
    Noise,
}

/// An alert about to be stored.
#[derive(Clone, Debug)]
pub(super) struct NewAlert<'a> {
    /// `alert::key` of it.
    pub key: &'a str,
    /// How much it matters.
    pub severity: Severity,
    /// Why it exists.
    pub reason: Reason,
    /// Which rule.
    pub rule: &'a str,
    /// The rule's title now.
    pub rule_title: &'a str,
    /// The entry behind it, if any.
    pub place: Option<&'a Placed>,
    /// What is sent, for alerts that no entry is behind.
    pub body: Option<&'a WireAlert>,
}

/// Stores an alert and what is owed for it; its id, and false where one of that key is there already.
pub(super) fn insert(
    tx: &Transaction<'_>,
    alert: &NewAlert<'_>,
    to: &[Addressee],
    now: Timestamp,
) -> Result<(i64, bool)> {
    let untold = to.is_empty().then_some("no receiver is set for this rule");
    let health = alert.body.and_then(|body| body.health.as_ref());
    let added = tx
        .prepare_cached(
            "insert into alert (key, created, severity, reason, rule, rule_title, entry, revision,
                story, untold, body, health_kind, health_subject, feed)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
                (select feed from entry where seq = ?7))
             on conflict (key) do nothing",
        )?
        .execute(params![
            alert.key,
            Ms(now),
            Rank(alert.severity),
            Name(alert.reason),
            alert.rule,
            alert.rule_title,
            alert.place.map(|place| place.seq),
            alert.place.map(|place| place.revision),
            alert.place.map(|place| place.story),
            untold,
            alert.body.map(Json),
            health.map(|health| &health.kind),
            health.map(|health| &health.subject),
        ])?;
    if added == 0 {
        let id = tx
            .prepare_cached("select seq from alert where key = ?1")?
            .query_row([alert.key], |row| row.get(0))?;
        return Ok((id, false));
    }
    let id = tx.last_insert_rowid();
    for addressee in to {
        outbox::owe(tx, (id, alert.key, alert.severity), addressee, now)?;
    }
    Ok((id, true))
}

/// Stores an alert that no entry is behind (health, a digest, a test) and what is owed for it.
///
/// `alert.key`, severity, reason and rule are taken as they are, id and `created` are set when it is sent.
/// None where one of that key is there already.
pub fn raise(
    tx: &Transaction<'_>,
    alert: &WireAlert,
    to: &[Addressee],
    now: Timestamp,
) -> Result<Option<i64>> {
    if alert.entry.is_some() && !alert.test {
        return Err(StoreError::fault(
            "an alert about a stored entry is raised by its poll",
        ));
    }
    let new = NewAlert {
        key: &alert.key,
        severity: alert.severity,
        reason: alert.reason,
        rule: &alert.rule.id,
        rule_title: &alert.rule.title,
        place: None,
        body: Some(alert),
    };
    let (id, fresh) = insert(tx, &new, to, now)?;
    Ok(fresh.then_some(id))
}

/// The first alert of a rule on a story.
pub(super) fn of_story(tx: &Transaction<'_>, story: i64, rule: &RuleId) -> Result<Option<i64>> {
    Ok(tx
        .prepare_cached("select min(seq) from alert where story = ?1 and rule = ?2")?
        .query_row(params![story, rule.as_str()], |row| row.get(0))?)
}

/// The first alert of a rule on a story, where it has told of it at or after `since`.
pub(super) fn of_story_since(
    tx: &Transaction<'_>,
    story: i64,
    rule: &RuleId,
    since: Timestamp,
) -> Result<Option<i64>> {
    Ok(tx
        .prepare_cached(
            "select min(seq) from alert where story = ?1 and rule = ?2 and created >= ?3",
        )?
        .query_row(params![story, rule.as_str(), Ms(since)], |row| row.get(0))?)
}

/// When a rule's last alert on a story before `alert` was raised.
pub(super) fn created_before(
    conn: &Connection,
    (story, rule): (i64, &str),
    alert: i64,
) -> Result<Option<Timestamp>> {
    let created: Option<Ms> = conn
        .prepare_cached(
            "select max(created) from alert where story = ?1 and rule = ?2 and seq < ?3",
        )?
        .query_row(params![story, rule, alert], |row| row.get(0))?;
    Ok(created.map(|created| created.0))
}

/// Whether an alert of a rule on a story went, or goes, to a receiver. What a silence holds goes nowhere yet: it
/// counts only for what is `silenced` too.
pub(super) fn went_to(
    tx: &Transaction<'_>,
    (story, rule): (i64, &str),
    receiver: &ReceiverId,
    silenced: bool,
) -> Result<bool> {
    Ok(tx
        .prepare_cached(
            "select exists (select 1 from alert a join delivery d on d.alert = a.seq
             where a.story = ?1 and a.rule = ?2 and d.receiver = ?3 and d.state <> 'cancelled'
                and (?4 or d.state <> 'held' or d.hold is not 'silence'))",
        )?
        .query_row(params![story, rule, receiver.as_str(), silenced], |row| {
            row.get(0)
        })?)
}

/// The last word on a condition of the system: `Health` while it holds, `Resolved` after, and since when.
pub fn last_health(
    conn: &Connection,
    kind: &str,
    subject: &str,
) -> Result<Option<(Reason, Timestamp)>> {
    Ok(conn
        .prepare_cached(
            "select reason, created from alert where health_kind = ?1 and health_subject = ?2
             order by seq desc limit 1",
        )?
        .query_row([kind, subject], |row| {
            Ok((row.get::<_, Name<_>>(0)?.0, row.get::<_, Ms>(1)?.0))
        })
        .optional()?)
}

/// Notes who has seen an alert, with a digest all that it carries; the first to say so stays. False where there is no
/// such alert.
pub fn ack(tx: &Transaction<'_>, alert: i64, who: &str, now: Timestamp) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "update alert set acked_at = coalesce(acked_at, ?2), acked_by = coalesce(acked_by, ?3)
             where seq = ?1 or seq in (
                select d.alert from digest_member m join delivery d on d.seq = m.delivery where m.digest = ?1)",
        )?
        .execute(params![alert, Ms(now), who])?;
    Ok(changed > 0)
}

/// Notes whether an alert was worth it; the last word counts. False where there is no such alert.
pub fn mark(tx: &Transaction<'_>, alert: i64, mark: Mark, now: Timestamp) -> Result<bool> {
    let changed = tx
        .prepare_cached("update alert set mark = ?2, marked_at = ?3 where seq = ?1")?
        .execute(params![alert, Name(mark), Ms(now)])?;
    Ok(changed > 0)
}

#[cfg(test)]
mod tests;
