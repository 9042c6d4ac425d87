//! Forgetting: old entries, old alerts and spent tombstones, in batches small enough to pass between polls.
//!
//! An entry behind an alert stays as long as the alert. A deleted entry leaves its keys for as long as its
//! feed may still carry it, so that it does not return as new.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde::Serialize;

use super::row::{Ms, later, millis};
use super::{Result, Settings, stories};

/// Rows deleted in one sweep, of each kind.
const BATCH: u32 = 500;
/// Pages given back to the file system in one sweep.
const PAGES: u32 = 1000;
/// A tombstone goes when its feed has not carried the entry for so long.
const TOMBSTONE: Duration = Duration::from_hours(90 * 24);

/// What one sweep deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Entries, with their revisions, matches and mentions.
    pub entries: u32,
    /// Alerts, with their deliveries.
    pub alerts: u32,
    /// Tombstones.
    pub tombstones: u32,
}

impl Swept {
    /// Whether another sweep would find more.
    #[must_use]
    pub fn is_full(self) -> bool {
        [self.entries, self.alerts, self.tombstones].contains(&BATCH)
    }
}

/// Deletes one batch of what `settings` no longer keep. Call again while [`Swept::is_full`].
pub fn sweep(tx: &Transaction<'_>, settings: &Settings, now: Timestamp) -> Result<Swept> {
    let mut swept = Swept::default();
    if !settings.keep_alerts.is_zero() {
        swept.alerts = prune_alerts(tx, before(now, settings.keep_alerts))?;
    }
    if !settings.keep_entries.is_zero() {
        swept.entries = prune_entries(tx, before(now, settings.keep_entries))?;
    }
    swept.tombstones = prune_tombstones(tx, before(now, TOMBSTONE))?;
    if swept != Swept::default() {
        let mut free = tx.prepare(&format!("pragma incremental_vacuum({PAGES})"))?;
        let mut pages = free.query([])?;
        while pages.next()?.is_some() {}
    }
    Ok(swept)
}

fn before(now: Timestamp, keep: Duration) -> Timestamp {
    later(now, millis(keep).saturating_neg())
}

/// Deletes alerts that are over: none of their deliveries is open.
fn prune_alerts(tx: &Transaction<'_>, before: Timestamp) -> Result<u32> {
    let deleted = tx
        .prepare_cached(
            "delete from alert where seq in (
                select a.seq from alert a where a.created < ?1 and not exists (
                    select 1 from delivery d
                    where d.alert = a.seq and d.state in ('held', 'due', 'sending'))
                order by a.seq limit ?2)",
        )?
        .execute(params![Ms(before), BATCH])?;
    Ok(u32::try_from(deleted).unwrap_or(BATCH))
}

fn prune_entries(tx: &Transaction<'_>, before: Timestamp) -> Result<u32> {
    let mut query = tx.prepare_cached(
        "select e.seq, e.feed, e.story from entry e
         where e.at < ?1 and e.first_seen < ?1
            and not exists (select 1 from alert a where a.entry = e.seq)
         order by e.at, e.seq limit ?2",
    )?;
    let rows = query.query_map(params![Ms(before), BATCH], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    let old: Vec<(i64, String, i64)> = rows.collect::<Result<_, _>>()?;
    for (seq, feed, story) in &old {
        tx.prepare_cached(
            "insert into tombstone (seq, id, feed, key, last_seen, content_hash, published, first_seen, rekeyed)
             select seq, id, feed, key, last_seen, content_hash, published, first_seen, rekeyed
             from entry where seq = ?1",
        )?
        .execute([seq])?;
        stories::forget(tx, *seq)?;
        tx.prepare_cached("delete from entry where seq = ?1")?
            .execute([seq])?;
        tx.prepare_cached("update feed set entries = entries - 1 where id = ?1")?
            .execute([feed])?;
        stories::drop_if_empty(tx, *story)?;
    }
    Ok(u32::try_from(old.len()).unwrap_or(BATCH))
}

fn prune_tombstones(tx: &Transaction<'_>, before: Timestamp) -> Result<u32> {
    let mut query = tx.prepare_cached(
        "select seq, feed from tombstone where last_seen < ?1 order by seq limit ?2",
    )?;
    let rows = query.query_map(params![Ms(before), BATCH], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let spent: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
    for (seq, feed) in &spent {
        tx.prepare_cached("delete from entry_key where feed = ?1 and entry = ?2")?
            .execute(params![feed, seq])?;
        tx.prepare_cached("delete from tombstone where seq = ?1")?
            .execute([seq])?;
    }
    Ok(u32::try_from(spent.len()).unwrap_or(BATCH))
}

#[cfg(test)]
mod tests;
