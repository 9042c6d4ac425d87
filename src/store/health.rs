//! What is wrong with the system: conditions that are remembered, alerts about them, and what they are judged by.
//!
//! Conditions and when people are told of them are decided in `domain::health`.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::outbox::Addressee;
use super::row::{Ms, Name, Rank, count};
use super::{Result, alerts};
use crate::domain::alert::Reason;
use crate::domain::health::Kind;
use crate::domain::health::rules::{Entries, Facts, LONG};
use crate::domain::health::watch::{Known, Step, alert};
use crate::domain::health::well;
use crate::domain::id::{FeedId, ReceiverId, RuleId};

/// A day, as rules are judged.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// A rate of matches is known after so long.
const RATE_KNOWN_FROM: SignedDuration = SignedDuration::from_hours(24);

/// What is remembered.
pub fn known(conn: &Connection) -> Result<Vec<Known>> {
    let mut query = conn.prepare_cached(
        "select kind, subject, text, since, opened, calm from health order by kind, subject",
    )?;
    let rows = query.query_map([], read)?;
    // A kind of a later version is left alone.
    Ok(rows.filter_map(std::result::Result::ok).collect())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Known> {
    let at = |index: usize| row.get::<_, Option<Ms>>(index).map(|at| at.map(|at| at.0));
    Ok(Known {
        kind: row.get::<_, Name<Kind>>(0)?.0,
        subject: row.get(1)?,
        text: row.get(2)?,
        since: row.get::<_, Ms>(3)?.0,
        opened: at(4)?,
        calm: at(5)?,
    })
}

/// How many conditions of each kind people were told of and that hold.
pub fn counts(conn: &Connection) -> Result<Vec<(Kind, u64)>> {
    let mut query = conn.prepare_cached(
        "select kind, count(*) from health where opened is not null group by kind order by kind",
    )?;
    let rows = query.query_map([], |row| {
        Ok((row.get::<_, Name<Kind>>(0)?.0, count(row.get(1)?)))
    })?;
    Ok(rows.filter_map(std::result::Result::ok).collect())
}

/// The feeds that are known to be silent beyond their rhythm.
pub fn silent(conn: &Connection) -> Result<BTreeSet<FeedId>> {
    let mut query =
        conn.prepare_cached("select subject from health where kind = ?1 and opened is not null")?;
    let rows = query.query_map([Name(Kind::FeedSilent)], |row| {
        Ok(FeedId::new(row.get::<_, String>(0)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Does what follows from a look at the system, alerts included; gives back how many there were.
pub fn apply(
    tx: &Transaction<'_>,
    steps: &[(Step, Vec<Addressee>)],
    now: Timestamp,
) -> Result<u32> {
    let mut raised = 0;
    for (step, to) in steps {
        let (known, reason) = match step {
            Step::Keep(known) | Step::Forget(known) => (known, None),
            Step::Tell(known) => (known, Some(Reason::Health)),
            Step::Resolve(known) => (known, Some(Reason::Resolved)),
        };
        if matches!(step, Step::Keep(_) | Step::Tell(_)) {
            keep(tx, known)?;
        } else {
            tx.prepare_cached("delete from health where kind = ?1 and subject = ?2")?
                .execute(params![Name(known.kind), known.subject])?;
        }
        if let Some(reason) = reason {
            let told = alerts::raise(tx, &alert(known, reason, now), to, now)?;
            raised += u32::from(told.is_some());
        }
    }
    Ok(raised)
}

fn keep(tx: &Transaction<'_>, known: &Known) -> Result<()> {
    tx.prepare_cached(
        "insert into health (kind, subject, severity, text, since, opened, calm)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         on conflict (kind, subject) do update set severity = ?3, text = ?4, since = ?5,
            opened = ?6, calm = ?7",
    )?
    .execute(params![
        Name(known.kind),
        known.subject,
        Rank(known.kind.severity()),
        known.text,
        Ms(known.since),
        known.opened.map(Ms),
        known.calm.map(Ms),
    ])?;
    Ok(())
}

/// Says that all is well, with what came since an instant; false where that was said for its date.
pub fn tell_well(
    tx: &Transaction<'_>,
    (mut facts, date): (well::Facts, &str),
    to: &[Addressee],
    now: Timestamp,
) -> Result<bool> {
    let since = Ms(now.checked_sub(DAY).unwrap_or(Timestamp::MIN));
    let how_many = |sql: &str| -> Result<u64> {
        Ok(tx.query_row(sql, [since], |row| Ok(count(row.get(0)?)))?)
    };
    facts.entries = how_many("select count(*) from entry where first_seen >= ?1")?;
    facts.alerts = how_many(
        "select count(*) from alert where created >= ?1 and health_kind is null and reason <> 'digest'",
    )?;
    Ok(alerts::raise(tx, &well::alert(facts, date, now), to, now)?.is_some())
}

/// Deliveries given up since an instant: to whom, how many, and why the last one.
pub fn dead(conn: &Connection, since: Timestamp) -> Result<Vec<(ReceiverId, u64, String)>> {
    // Of a group, `why` is that of the row with the largest `settled`.
    let mut query = conn.prepare_cached(
        "select receiver, count(*), coalesce(why, ''), max(settled) from delivery
         where state = 'dead' and settled >= ?1 group by receiver order by receiver",
    )?;
    let rows = query.query_map([Ms(since)], |row| {
        let receiver = ReceiverId::new(row.get::<_, String>(0)?);
        Ok((receiver, count(row.get(1)?), row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes note of what rules mean now; one that means something else than before is watched anew.
pub fn watch_rules(tx: &Transaction<'_>, rules: &[(RuleId, i64)], now: Timestamp) -> Result<()> {
    for (rule, meaning) in rules {
        let before: Option<(i64, Ms)> = tx
            .prepare_cached("select meaning, since from rule_watch where rule = ?1")?
            .query_row([rule.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if before.is_some_and(|(known, _)| known == *meaning) {
            continue;
        }
        let rate = before
            .map(|(_, Ms(since))| rate(tx, rule, since, now))
            .transpose()?
            .flatten();
        tx.prepare_cached(
            "insert into rule_watch (rule, meaning, since, rate_before) values (?1, ?2, ?3, ?4)
             on conflict (rule) do update set meaning = ?2, since = ?3, rate_before = ?4",
        )?
        .execute(params![rule.as_str(), meaning, Ms(now), rate])?;
    }
    let kept: BTreeSet<&str> = rules.iter().map(|(rule, _)| rule.as_str()).collect();
    let mut query = tx.prepare_cached("select rule from rule_watch")?;
    let rows = query.query_map([], |row| row.get(0))?;
    for rule in rows.collect::<Result<Vec<String>, _>>()? {
        if !kept.contains(rule.as_str()) {
            tx.prepare_cached("delete from rule_watch where rule = ?1")?
                .execute([rule])?;
        }
    }
    Ok(())
}

/// Matches a day between two instants, at most as far back as rules are looked at; none where that is too short.
fn rate(
    tx: &Transaction<'_>,
    rule: &RuleId,
    since: Timestamp,
    now: Timestamp,
) -> Result<Option<f64>> {
    let since = since.max(now.checked_sub(LONG).unwrap_or(Timestamp::MIN));
    let span = now.duration_since(since);
    if span < RATE_KNOWN_FROM {
        return Ok(None);
    }
    let matches: u32 = tx
        .prepare_cached(r#"select count(*) from "match" where rule = ?1 and at >= ?2"#)?
        .query_row(params![rule.as_str(), Ms(since)], |row| row.get(0))?;
    Ok(Some(f64::from(matches) / (span.as_secs_f64() / 86_400.0)))
}

/// How rules match lately, and how many entries there were; `told_broad` is left to the caller.
pub fn rules(conn: &Connection, now: Timestamp) -> Result<(Vec<Facts>, Entries)> {
    let ago = |span| Ms(now.checked_sub(span).unwrap_or(Timestamp::MIN));
    let (day, month) = (ago(DAY), ago(LONG));
    let mut query = conn.prepare_cached(
        r#"select w.rule, w.since, w.rate_before,
            (select count(*) from "match" m where m.rule = w.rule and m.at >= ?1),
            (select count(*) from "match" m where m.rule = w.rule and m.at >= ?2),
            (select count(*) from "match" m where m.rule = w.rule and m.at >= w.since)
           from rule_watch w order by w.rule"#,
    )?;
    let rows = query.query_map([day, month], |row| {
        Ok(Facts {
            id: row.get(0)?,
            since: Some(row.get::<_, Ms>(1)?.0),
            rate_before: row.get(2)?,
            day: count(row.get(3)?),
            month: count(row.get(4)?),
            matches_since: count(row.get(5)?),
            told_broad: false,
        })
    })?;
    let facts = rows.collect::<Result<_, _>>()?;
    let entries = |since: Ms| {
        conn.prepare_cached("select count(*) from entry where at >= ?1")?
            .query_row([since], |row| row.get(0))
            .map(count)
    };
    let entries = Entries {
        day: entries(day)?,
        month: entries(month)?,
    };
    Ok((facts, entries))
}

/// When the newest entries of a feed came, the newest first.
pub fn times(conn: &Connection, feed: &FeedId, limit: u32) -> Result<Vec<Timestamp>> {
    let mut query = conn.prepare_cached(
        "select at from entry where feed = ?1 order by at desc, seq desc limit ?2",
    )?;
    let rows = query.query_map(params![feed.as_str(), limit], |row| {
        Ok(row.get::<_, Ms>(0)?.0)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;
