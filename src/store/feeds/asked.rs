//! What config and the API ask for: feeds added, changed, switched and let go of.
//!
//! What polls learn is in `feeds`; here only what a change of the URL voids.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, ToSql, Transaction, params, params_from_iter};

use super::super::row::{Columns, Json, Ms, Name, millis, value};
use super::super::{Result, gaps};
use crate::domain::feed::{Feed, Origin};
use crate::domain::id::FeedId;

/// Makes the feeds of config those of the store: adds, changes, and lets go of the ones that vanished.
///
/// A changed URL voids what was learned of the old one. Feeds added through the API stay, unless config
/// now has one of that id. What is so already is not written again: every start and reload comes here.
pub fn sync(tx: &Transaction<'_>, feeds: &[Feed], now: Timestamp) -> Result<()> {
    let wanted: HashSet<&str> = feeds.iter().map(|feed| feed.id.as_str()).collect();
    let mut query =
        tx.prepare_cached("select id from feed where origin = 'file' and configured = 1")?;
    let stored = query.query_map([], |row| row.get::<_, String>(0))?;
    let mut let_go = tx.prepare_cached("update feed set configured = 0 where id = ?1")?;
    for id in stored.collect::<rusqlite::Result<Vec<_>>>()? {
        if !wanted.contains(id.as_str()) {
            let_go.execute([id])?;
        }
    }
    for feed in feeds {
        put(tx, feed, now)?;
    }
    Ok(())
}

/// Adds a feed through the API; false where one of that id is there already.
pub fn add(tx: &Transaction<'_>, feed: &Feed, now: Timestamp) -> Result<bool> {
    let taken: Option<bool> = tx
        .prepare_cached("select configured from feed where id = ?1")?
        .query_row([feed.id.as_str()], |row| row.get(0))
        .optional()?;
    if taken == Some(true) {
        return Ok(false);
    }
    let mut feed = feed.clone();
    feed.origin = Origin::Api;
    put(tx, &feed, now)?;
    Ok(true)
}

/// Lets go of a feed that was added through the API; false where there is none. Its entries stay.
pub fn remove(tx: &Transaction<'_>, feed: &FeedId) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "update feed set configured = 0 where id = ?1 and origin = 'api' and configured = 1",
        )?
        .execute([feed.as_str()])?;
    Ok(changed > 0)
}

/// Switches a feed that was added through the API on or off; false where there is none.
pub fn enable(tx: &Transaction<'_>, feed: &FeedId, enabled: bool) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "update feed set enabled = ?2 where id = ?1 and origin = 'api' and configured = 1",
        )?
        .execute(params![feed.as_str(), enabled])?;
    Ok(changed > 0)
}

fn put(tx: &Transaction<'_>, feed: &Feed, now: Timestamp) -> Result<()> {
    let asked = asked_for(feed)?;
    let stored = tx
        .prepare_cached(
            "select url, title, tags, interval_ms, full_text, language, default_tz, owner, enabled, origin, history
             from feed where id = ?1 and configured = 1",
        )?
        .query_row([feed.id.as_str()], |row| {
            let mut row = Columns::of(row);
            asked.iter().map(|_| row.take()).collect::<rusqlite::Result<Vec<Value>>>()
        })
        .optional()?;
    if stored.is_some_and(|stored| stored == asked) {
        return Ok(());
    }
    let id = Value::from(feed.id.as_str().to_owned());
    let values = asked.into_iter().chain([id, value(&Ms(now))?]);
    tx.prepare_cached(
        "insert into feed (url, title, tags, interval_ms, full_text, language, default_tz, owner,
            enabled, origin, history, id, added, configured, state_url)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 1, ?1)
         on conflict (id) do update set url = excluded.url, title = excluded.title,
            tags = excluded.tags, interval_ms = excluded.interval_ms, full_text = excluded.full_text,
            language = excluded.language, default_tz = excluded.default_tz, owner = excluded.owner,
            enabled = excluded.enabled, origin = excluded.origin, history = excluded.history,
            configured = 1",
    )?
    .execute(params_from_iter(values))?;
    void_other_url(tx, &feed.id)
}

/// The columns that say what a feed's definition asks for, in the order of [`put`].
fn asked_for(feed: &Feed) -> Result<Vec<Value>> {
    let columns: [&dyn ToSql; 11] = [
        &feed.url,
        &feed.title,
        &Json(&feed.tags),
        &feed.interval.map(millis),
        &feed.full_text,
        &feed.language,
        &feed.default_tz,
        &feed.owner,
        &feed.enabled,
        &Name(feed.origin),
        &feed.history,
    ];
    Ok(columns
        .into_iter()
        .map(value)
        .collect::<rusqlite::Result<_>>()?)
}

/// Forgets what was learned of another URL than the feed's own, which makes it due.
///
/// Validators, failures and `gone` belong to a URL; a wait that a publisher asked for is kept all the same.
pub(super) fn void_other_url(tx: &Transaction<'_>, feed: &FeedId) -> Result<()> {
    let voided = tx.prepare_cached(
        "update feed set state_url = url, etag = null, last_modified = null, body_hash = null,
            validators_url = null, streak = 0, failures = 0, gone = 0, gone_since = null, last_error = null, last_outcome = null,
            quirks = null, signs = null, standing = '{}', next_poll = retry_after, why_then = 'new'
         where id = ?1 and state_url <> url",
    )?
    .execute([feed.as_str()])?;
    if voided > 0 {
        gaps::abandon(tx, feed)?;
    }
    Ok(())
}
