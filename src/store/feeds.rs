//! Feeds: what config asks for, what polls have learned, when each is due, and the history of its polls.
//!
//! When to poll next is decided in `domain::feed::schedule`; request headers hold secrets and are not kept.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::Result;
use super::row::{Json, Ms, Name, count, later, millis, signed};
use crate::domain::feed::outcome::PollRecord;
use crate::domain::feed::schedule::Why;
use crate::domain::feed::{Feed, FeedState, Origin};
use crate::domain::id::FeedId;

/// Polls kept of each feed.
const HISTORY: i64 = 200;
/// A poll that lies further ahead than this was made under a wrong clock, in milliseconds.
const CLOCK_STEP: i64 = 3_600_000;

/// A feed as stored: `feed.headers` is empty, whatever config says.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedRow {
    /// As asked for.
    pub feed: Feed,
    /// As learned.
    pub state: FeedState,
    /// Whether it is still asked for; entries and alerts of others are kept.
    pub configured: bool,
}

/// Makes the feeds of config those of the store: adds, changes, and lets go of the ones that vanished.
///
/// A changed URL voids what was learned of the old one. Feeds added through the API stay, unless config
/// now has one of that id.
pub fn sync(tx: &Transaction<'_>, feeds: &[Feed], now: Timestamp) -> Result<()> {
    tx.prepare_cached("update feed set configured = 0 where origin = 'file' and configured = 1")?
        .execute([])?;
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
    tx.prepare_cached(
        "insert into feed (id, url, title, tags, interval_ms, full_text, language, default_tz, owner,
            enabled, origin, configured, added, state_url)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1, ?12, ?2)
         on conflict (id) do update set url = excluded.url, title = excluded.title,
            tags = excluded.tags, interval_ms = excluded.interval_ms, full_text = excluded.full_text,
            language = excluded.language, default_tz = excluded.default_tz, owner = excluded.owner,
            enabled = excluded.enabled, origin = excluded.origin, configured = 1",
    )?
    .execute(params![
        feed.id.as_str(),
        feed.url,
        feed.title,
        Json(&feed.tags),
        feed.interval.map(millis),
        feed.full_text,
        feed.language,
        feed.default_tz,
        feed.owner,
        feed.enabled,
        Name(feed.origin),
        Ms(now),
    ])?;
    void_other_url(tx, &feed.id)
}

/// Forgets what was learned of another URL than the feed's own, which makes it due.
///
/// Validators, failures and `gone` belong to a URL; a wait that a publisher asked for is kept all the same.
fn void_other_url(tx: &Transaction<'_>, feed: &FeedId) -> Result<()> {
    tx.prepare_cached(
        "update feed set state_url = url, etag = null, last_modified = null, body_hash = null,
            validators_url = null, streak = 0, failures = 0, gone = 0, gone_since = null, last_error = null, last_outcome = null,
            next_poll = retry_after, why_then = 'new'
         where id = ?1 and state_url <> url",
    )?
    .execute([feed.as_str()])?;
    Ok(())
}

/// All feeds that are asked for, by id.
pub fn list(conn: &Connection) -> Result<Vec<FeedRow>> {
    let mut query = conn.prepare_cached("select * from feed where configured = 1 order by id")?;
    let rows = query.query_map([], read_feed)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The feeds that were added through the API, as the daemon polls them.
pub fn added(conn: &Connection) -> Result<Vec<Feed>> {
    let mut query = conn
        .prepare_cached("select * from feed where configured = 1 and origin = 'api' order by id")?;
    let rows = query.query_map([], read_feed)?;
    rows.map(|row| Ok(row?.feed)).collect()
}

/// One feed, asked for or not.
pub fn get(conn: &Connection, feed: &FeedId) -> Result<Option<FeedRow>> {
    Ok(conn
        .prepare_cached("select * from feed where id = ?1")?
        .query_row([feed.as_str()], read_feed)
        .optional()?)
}

/// What was learned of one feed; none where the store does not know it.
pub fn state(conn: &Connection, feed: &FeedId) -> Result<Option<FeedState>> {
    Ok(get(conn, feed)?.map(|row| row.state))
}

/// Feeds whose time has come, those that wait longest first; and those polled under a clock that has been set
/// back since, whose time would come in weeks or years.
pub fn due(conn: &Connection, now: Timestamp, limit: u32) -> Result<Vec<FeedId>> {
    let mut query = conn.prepare_cached(
        "select id from feed
         where configured = 1 and enabled = 1 and gone = 0
            and (next_poll is null or next_poll <= ?1 or last_poll > ?3)
         order by coalesce(next_poll, 0), id limit ?2",
    )?;
    let wrong = Ms(later(now, CLOCK_STEP));
    let rows = query.query_map(params![Ms(now), limit, wrong], |row| {
        row.get(0).map(|id: String| FeedId::new(id))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Feeds that were due before `now` and have been polled before, those that wait longest first, each with its time.
pub fn overdue(conn: &Connection, now: Timestamp, limit: u32) -> Result<Vec<(FeedId, Timestamp)>> {
    let mut query = conn.prepare_cached(
        "select id, next_poll from feed
         where configured = 1 and enabled = 1 and gone = 0 and next_poll is not null
            and (next_poll <= ?1 or last_poll > ?3)
         order by next_poll, id limit ?2",
    )?;
    let wrong = Ms(later(now, CLOCK_STEP));
    let rows = query.query_map(params![Ms(now), limit, wrong], |row| {
        Ok((
            FeedId::new(row.get::<_, String>(0)?),
            row.get::<_, Ms>(1)?.0,
        ))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next feed is due; in the past where one is due already, none where none is ever.
pub fn next_due(conn: &Connection) -> Result<Option<Timestamp>> {
    let at: Option<Ms> = conn
        .prepare_cached(
            "select min(coalesce(next_poll, 0)) from feed
             where configured = 1 and enabled = 1 and gone = 0",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(at.map(|at| at.0))
}

/// Marks a poll as begun, before its request: killed now, the feed is due again at `until`.
///
/// False where another poll of this feed is under way, or the store does not know the feed.
pub fn mark_polling(
    tx: &Transaction<'_>,
    feed: &FeedId,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "update feed set polling_until = ?3, next_poll = ?3, why_then = ?4, last_poll = ?2
             where id = ?1 and (polling_until is null or polling_until <= ?2 or polling_until > ?3)",
        )?
        .execute(params![
            feed.as_str(),
            Ms(now),
            Ms(until),
            Name(Why::Interrupted)
        ])?;
    Ok(changed > 0)
}

/// Makes a feed due now, for a daemon that runs beside; `full` drops what makes its poll conditional.
///
/// A publisher's Retry-After stands. False where the store does not know the feed.
pub fn ask(tx: &Transaction<'_>, feed: &FeedId, full: bool, now: Timestamp) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "update feed set next_poll = case when retry_after > ?2 then retry_after else ?2 end,
                etag = case when ?3 then null else etag end,
                last_modified = case when ?3 then null else last_modified end
             where id = ?1 and configured = 1",
        )?
        .execute(params![feed.as_str(), Ms(now), full])?;
    Ok(changed > 0)
}

/// Polls that a dead process left under way are due within a minute.
pub(super) fn free_interrupted(tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "update feed set polling_until = null,
            next_poll = case when next_poll < ?1 then next_poll else ?1 end
         where polling_until is not null",
    )?
    .execute([Ms(later(now, 60_000))])?;
    Ok(())
}

/// Writes what a poll learned; false where the store does not know the feed.
pub(super) fn save_state(
    tx: &Transaction<'_>,
    feed: &FeedId,
    state: &FeedState,
    new: u32,
) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "update feed set state_url = ?2, etag = ?3, last_modified = ?4, body_hash = ?5,
                own_title = ?6, own_language = ?7, site_url = ?8, last_poll = ?9, last_success = ?10,
                last_new = ?11, next_poll = ?12, why_then = ?13, retry_after = ?14, failures = ?15,
                gone_since = ?16, gone = ?17, last_outcome = ?18, last_error = ?19, ttl_minutes = ?20,
                skip_hours = ?21, skip_days = ?22, rate_count = ?23, rate_days = ?24,
                entries = entries + ?25, streak = ?26, validators_url = ?27, polling_until = null
             where id = ?1",
        )?
        .execute(params![
            feed.as_str(),
            state.url,
            state.etag,
            state.last_modified,
            state.body_hash,
            state.title,
            state.language,
            state.site_url,
            state.last_poll.map(Ms),
            state.last_success.map(Ms),
            state.last_new.map(Ms),
            state.next_poll.map(Ms),
            state.why_then.map(Name),
            state.retry_after.map(Ms),
            state.failures,
            state.gone_since.map(Ms),
            state.gone,
            state.last_outcome.map(Name),
            state.last_error,
            state.ttl_minutes,
            state.skip_hours,
            state.skip_days,
            finite(state.rate_count),
            finite(state.rate_days),
            new,
            state.streak,
            state.validators_url,
        ])?;
    // Config may have given the feed another URL while the poll was under way.
    void_other_url(tx, feed)?;
    Ok(changed > 0)
}

/// SQLite takes a NaN for null, and a poll must not fail over a statistic.
fn finite(number: f64) -> f64 {
    if number.is_finite() { number } else { 0.0 }
}

/// Adds a poll to the history, which keeps the last 200.
pub(super) fn add_poll(tx: &Transaction<'_>, feed: &FeedId, poll: &PollRecord) -> Result<()> {
    tx.prepare_cached(
        "insert into poll (feed, at, outcome, status, duration_ms, wire_bytes, new, revised, note)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        feed.as_str(),
        Ms(poll.at),
        Name(poll.outcome),
        poll.status,
        signed(poll.duration_ms),
        signed(poll.wire_bytes),
        poll.new,
        poll.revised,
        poll.note,
    ])?;
    tx.prepare_cached(
        "delete from poll where feed = ?1 and seq <=
            (select seq from poll where feed = ?1 order by seq desc limit 1 offset ?2)",
    )?
    .execute(params![feed.as_str(), HISTORY])?;
    Ok(())
}

/// The last polls of a feed, newest first.
pub fn history(conn: &Connection, feed: &FeedId, limit: u32) -> Result<Vec<PollRecord>> {
    let mut query = conn.prepare_cached(
        "select at, outcome, status, duration_ms, wire_bytes, new, revised, note
         from poll where feed = ?1 order by seq desc limit ?2",
    )?;
    let rows = query.query_map(params![feed.as_str(), limit], |row| {
        Ok(PollRecord {
            at: row.get::<_, Ms>(0)?.0,
            outcome: row.get::<_, Name<_>>(1)?.0,
            status: row.get(2)?,
            duration_ms: count(row.get(3)?),
            wire_bytes: count(row.get(4)?),
            new: row.get(5)?,
            revised: row.get(6)?,
            note: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read_feed(row: &Row<'_>) -> rusqlite::Result<FeedRow> {
    let interval: Option<i64> = row.get("interval_ms")?;
    Ok(FeedRow {
        feed: Feed {
            id: FeedId::new(row.get::<_, String>("id")?),
            url: row.get("url")?,
            title: row.get("title")?,
            tags: row.get::<_, Json<_>>("tags")?.0,
            interval: interval.map(|ms| Duration::from_millis(count(ms))),
            full_text: row.get("full_text")?,
            language: row.get("language")?,
            default_tz: row.get("default_tz")?,
            owner: row.get("owner")?,
            headers: BTreeMap::new(),
            enabled: row.get("enabled")?,
            origin: row.get::<_, Name<Origin>>("origin")?.0,
        },
        state: read_state(row)?,
        configured: row.get("configured")?,
    })
}

fn read_state(row: &Row<'_>) -> rusqlite::Result<FeedState> {
    let at = |name: &str| row.get::<_, Option<Ms>>(name).map(|at| at.map(|at| at.0));
    Ok(FeedState {
        url: row.get("state_url")?,
        etag: row.get("etag")?,
        last_modified: row.get("last_modified")?,
        body_hash: row.get("body_hash")?,
        title: row.get("own_title")?,
        language: row.get("own_language")?,
        site_url: row.get("site_url")?,
        last_poll: at("last_poll")?,
        last_success: at("last_success")?,
        last_new: at("last_new")?,
        next_poll: at("next_poll")?,
        why_then: row
            .get::<_, Option<Name<Why>>>("why_then")?
            .map(|why| why.0),
        retry_after: at("retry_after")?,
        failures: row.get("failures")?,
        streak: row.get("streak")?,
        validators_url: row.get("validators_url")?,
        gone_since: at("gone_since")?,
        gone: row.get("gone")?,
        last_outcome: row
            .get::<_, Option<Name<_>>>("last_outcome")?
            .map(|outcome| outcome.0),
        last_error: row.get("last_error")?,
        ttl_minutes: row.get("ttl_minutes")?,
        skip_hours: row.get("skip_hours")?,
        skip_days: row.get("skip_days")?,
        rate_count: row.get("rate_count")?,
        rate_days: row.get("rate_days")?,
        entries: count(row.get("entries")?),
    })
}

#[cfg(test)]
mod tests;
