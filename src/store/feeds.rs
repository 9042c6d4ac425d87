//! Feeds: what polls have learned, when each is due; what config asks for is in `asked`.
//!
//! When to poll next is decided in `domain::feed::schedule`; request headers hold secrets and are not kept. The
//! polls themselves are in `history`.

mod asked;
mod census;
mod history;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::row::{Columns, Json, Ms, Name, count, later, millis};
use super::{Result, gaps, health};
use crate::domain::feed::outcome::OutcomeKind;
use crate::domain::feed::quirks::Quirks;
use crate::domain::feed::rhythm::Rhythm;
use crate::domain::feed::schedule::{RETRY_AFTER_CAP, Why};
use crate::domain::feed::signs::Signs;
use crate::domain::feed::standing::Standing;
use crate::domain::feed::validators::Whole;
use crate::domain::feed::websub::{Push, Terms};
use crate::domain::feed::{Feed, FeedState, Health, Origin};
use crate::domain::id::FeedId;

pub use asked::{add, enable, remove, sync};
pub use census::{census, salt};
pub(super) use history::add_poll;
pub use history::{history, last_polls};

/// What is said of a poll that found no network.
pub const OFFLINE: &str = "the machine had no network";
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
    /// Whether it is known to be silent beyond its rhythm; only [`list`] and [`get`] look.
    pub silent: bool,
}

impl FeedRow {
    /// How it is: silent only where nothing else is wrong.
    #[must_use]
    pub fn health(&self) -> Health {
        match self.state.health(&self.feed) {
            Health::Ok if self.silent => Health::Silent,
            health => health,
        }
    }
}

/// The columns that [`read_feed`] takes, in its order.
macro_rules! select_feeds {
    ($rest:literal) => {
        concat!(
            "select id, url, title, tags, interval_ms, full_text, language, default_tz, owner, history,
                enabled, origin, state_url, etag, last_modified, body_hash, own_title, own_language,
                site_url, last_poll, last_success, last_new, next_poll, why_then, retry_after, feed.failures,
                streak, validators_url, gone_since, gone, last_outcome, last_error, ttl_minutes,
                skip_hours, skip_days, rate_count, rate_days, rhythm, terms, entries, signs, quirks,
                standing, push, configured
             from feed left join websub on websub.feed = feed.id ",
            $rest
        )
    };
}

/// All feeds that are asked for, by id.
pub fn list(conn: &Connection) -> Result<Vec<FeedRow>> {
    let mut query = conn.prepare_cached(select_feeds!("where configured = 1 order by id"))?;
    let rows = query.query_map([], read_feed)?;
    let mut rows: Vec<FeedRow> = rows.collect::<Result<_, _>>()?;
    let silent = health::silent(conn)?;
    for row in &mut rows {
        row.silent = silent.contains(&row.feed.id);
    }
    Ok(rows)
}

/// The feeds that were added through the API, as the daemon polls them.
pub fn added(conn: &Connection) -> Result<Vec<Feed>> {
    let mut query = conn.prepare_cached(select_feeds!(
        "where configured = 1 and origin = 'api' order by id"
    ))?;
    let rows = query.query_map([], read_feed)?;
    rows.map(|row| Ok(row?.feed)).collect()
}

/// One feed, asked for or not.
pub fn get(conn: &Connection, feed: &FeedId) -> Result<Option<FeedRow>> {
    let row = conn
        .prepare_cached(select_feeds!("where id = ?1"))?
        .query_row([feed.as_str()], read_feed)
        .optional()?;
    let silent = |row: FeedRow| {
        let silent = health::silent(conn)?.contains(feed);
        Ok(FeedRow { silent, ..row })
    };
    row.map(silent).transpose()
}

/// What was learned of one feed; none where the store does not know it.
pub fn state(conn: &Connection, feed: &FeedId) -> Result<Option<FeedState>> {
    Ok(get(conn, feed)?.map(|row| row.state))
}

/// Feeds whose time has come, those that wait longest first, as `keep` wants them; and those polled under a clock
/// that has been set back since, whose time would come in weeks or years, unless a publisher's wait explains it.
pub fn due<T>(
    conn: &Connection,
    now: Timestamp,
    mut keep: impl FnMut(FeedRow) -> Option<T>,
) -> Result<Vec<T>> {
    let mut query = conn.prepare_cached(select_feeds!(
        "where configured = 1 and enabled = 1 and gone = 0
            and (next_poll is null or next_poll <= ?1
                or last_poll > ?2 and (retry_after is null or retry_after <= ?1 or retry_after > ?3))
            and not exists (select 1 from under_way u where u.feed = id and u.until > ?1 and u.until < ?2)
         order by coalesce(next_poll, 0), id"
    ))?;
    let wrong = Ms(later(now, CLOCK_STEP));
    let absurd = Ms(later(now, millis(RETRY_AFTER_CAP)));
    let mut kept = Vec::new();
    for row in query.query_map(params![Ms(now), wrong, absurd], read_feed)? {
        kept.extend(keep(row?));
    }
    Ok(kept)
}

/// When the next feed after `now` is due; none where none is. Those that are due already are not counted.
pub fn next_due(conn: &Connection, now: Timestamp) -> Result<Option<Timestamp>> {
    let at: Option<Ms> = conn
        .prepare_cached(
            "select min(at) from (
                select min(next_poll) as at from feed
                where configured = 1 and enabled = 1 and gone = 0 and next_poll > ?1
                union all select min(until) from under_way where until > ?1)",
        )?
        .query_row([Ms(now)], |row| row.get(0))?;
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
            "insert into under_way (feed, began, until) select id, ?2, ?3 from feed where id = ?1
             on conflict (feed) do update set began = excluded.began, until = excluded.until
                where until <= ?2 or until > ?3",
        )?
        .execute(params![feed.as_str(), Ms(now), Ms(until)])?;
    Ok(changed > 0)
}

/// No poll of the feed is under way any more.
pub fn unmark(tx: &Transaction<'_>, feed: &FeedId) -> Result<()> {
    tx.prepare_cached("delete from under_way where feed = ?1")?
        .execute([feed.as_str()])?;
    Ok(())
}

/// Makes a feed due now, for a daemon that runs beside; `full`: its poll asks for the whole document.
///
/// A publisher's Retry-After stands. False where the store does not know the feed.
pub fn ask(tx: &Transaction<'_>, feed: &FeedId, full: bool, now: Timestamp) -> Result<bool> {
    let Some(mut row) = get(tx, feed)?.filter(|row| row.configured) else {
        return Ok(false);
    };
    if full {
        row.state.standing.trust.whole_next = Some(Whole::Asked);
        row.state.standing.trust.full_asked = Some(now);
    }
    tx.prepare_cached(
        "update feed set standing = ?3,
            next_poll = case when retry_after > ?2 then retry_after else ?2 end
         where id = ?1",
    )?
    .execute(params![feed.as_str(), Ms(now), Json(&row.state.standing)])?;
    // A poll that could not be recorded leaves its mark, and is not to be waited for.
    unmark(tx, feed)?;
    Ok(true)
}

/// Puts a poll off, for a reason that lies outside the feed; one that is later anyway stays.
pub fn put_off(tx: &Transaction<'_>, feed: &FeedId, until: Timestamp, why: Why) -> Result<()> {
    tx.prepare_cached(
        "update feed set next_poll = ?2, why_then = ?3
         where id = ?1 and (next_poll is null or next_poll < ?2)",
    )?
    .execute(params![feed.as_str(), Ms(until), Name(why)])?;
    Ok(())
}

/// Takes back a poll that began at `began`: the feed stands as in `before`, its last outcome is that there was no
/// network, and it is due. False where another poll has begun since.
pub fn take_back(
    tx: &Transaction<'_>,
    feed: &FeedId,
    before: &FeedState,
    (began, now): (Timestamp, Timestamp),
) -> Result<bool> {
    let since = state(tx, feed)?.and_then(|state| state.last_poll);
    if since != Some(began) {
        return Ok(false);
    }
    let state = FeedState {
        last_poll: Some(began),
        last_outcome: Some(OutcomeKind::Offline),
        last_error: Some(OFFLINE.to_owned()),
        next_poll: Some(now),
        why_then: Some(Why::Offline),
        ..before.clone()
    };
    save_state(tx, feed, &state, 0)?;
    tx.prepare_cached("update poll set outcome = ?3, note = ?4 where feed = ?1 and at = ?2")?
        .execute(params![
            feed.as_str(),
            Ms(began),
            Name(OutcomeKind::Offline),
            OFFLINE
        ])?;
    Ok(true)
}

/// Each feed's configured URL, and where permanent redirects have led it lately.
pub fn pointing(conn: &Connection) -> Result<Vec<(String, Option<String>)>> {
    let mut query =
        conn.prepare_cached("select url, standing from feed where configured = 1 and enabled = 1")?;
    let rows = query.query_map([], |row| {
        let standing: Json<Standing> = row.get(1)?;
        let candidate = standing.0.moves.candidate;
        Ok((row.get(0)?, candidate.map(|candidate| candidate.url)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Makes a feed due at `at`, unless it is sooner or the publisher asked to wait: a hub no longer pushes, or its
/// push could not be read.
pub(super) fn hasten(tx: &Transaction<'_>, feed: &FeedId, at: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "update feed set next_poll = max(?2, coalesce(retry_after, 0)), why_then = ?3
         where id = ?1 and next_poll > max(?2, coalesce(retry_after, 0))",
    )?
    .execute(params![feed.as_str(), Ms(at), Name(Why::Pushed)])?;
    Ok(())
}

/// Writes what a push brought: nothing but that there is news.
pub(super) fn save_pushed(
    tx: &Transaction<'_>,
    feed: &FeedId,
    new: u32,
    now: Timestamp,
) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "update feed set entries = entries + ?2,
                last_new = case when ?2 > 0 then ?3 else last_new end where id = ?1",
        )?
        .execute(params![feed.as_str(), new, Ms(now)])?;
    Ok(changed > 0)
}

/// Polls that a dead process left under way are due within a minute.
pub(super) fn free_interrupted(tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "update feed set why_then = ?2, last_poll = u.began, next_poll = min(u.until, ?1)
         from under_way u where u.feed = id",
    )?
    .execute(params![Ms(later(now, 60_000)), Name(Why::Interrupted)])?;
    tx.execute("delete from under_way", [])?;
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
                last_new = coalesce(max(last_new, ?11), last_new, ?11), next_poll = ?12, why_then = ?13, retry_after = ?14, failures = ?15,
                gone_since = ?16, gone = ?17, last_outcome = ?18, last_error = ?19, ttl_minutes = ?20,
                skip_hours = ?21, skip_days = ?22, rate_count = ?23, rate_days = ?24,
                entries = entries + ?25, streak = ?26, validators_url = ?27, signs = ?28, quirks = ?29,
                standing = ?30, rhythm = ?31, terms = ?32, polls = polls + 1
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
            gaps::column(&state.signs),
            (state.quirks != Quirks::default()).then_some(Json(&state.quirks)),
            Json(&state.standing),
            state.rhythm.to_bytes(),
            state.terms.as_ref().map(Json),
        ])?;
    unmark(tx, feed)?;
    // Config may have given the feed another URL while the poll was under way.
    asked::void_other_url(tx, feed)?;
    Ok(changed > 0)
}

/// SQLite takes a NaN for null, and a poll must not fail over a statistic.
fn finite(number: f64) -> f64 {
    if number.is_finite() { number } else { 0.0 }
}

fn read_feed(row: &Row<'_>) -> rusqlite::Result<FeedRow> {
    let mut row = Columns::of(row);
    let feed = Feed {
        id: FeedId::new(row.take::<String>()?),
        url: row.take()?,
        title: row.take()?,
        tags: row.take::<Json<_>>()?.0,
        interval: row
            .take::<Option<i64>>()?
            .map(|ms| Duration::from_millis(count(ms))),
        full_text: row.take()?,
        language: row.take()?,
        default_tz: row.take()?,
        owner: row.take()?,
        history: row.take()?,
        headers: BTreeMap::new(),
        transport: None,
        enabled: row.take()?,
        origin: row.take::<Name<Origin>>()?.0,
        websub: Terms::default(),
    };
    Ok(FeedRow {
        feed,
        state: read_state(&mut row)?,
        configured: row.take()?,
        silent: false,
    })
}

fn read_state(row: &mut Columns<'_, '_>) -> rusqlite::Result<FeedState> {
    let at = |at: Option<Ms>| at.map(|at| at.0);
    Ok(FeedState {
        url: row.take()?,
        etag: row.take()?,
        last_modified: row.take()?,
        body_hash: row.take()?,
        title: row.take()?,
        language: row.take()?,
        site_url: row.take()?,
        last_poll: row.take().map(at)?,
        last_success: row.take().map(at)?,
        last_new: row.take().map(at)?,
        next_poll: row.take().map(at)?,
        why_then: row.take::<Option<Name<Why>>>()?.map(|why| why.0),
        retry_after: row.take().map(at)?,
        failures: row.take()?,
        streak: row.take()?,
        validators_url: row.take()?,
        gone_since: row.take().map(at)?,
        gone: row.take()?,
        last_outcome: row.take::<Option<Name<_>>>()?.map(|outcome| outcome.0),
        last_error: row.take()?,
        ttl_minutes: row.take()?,
        skip_hours: row.take()?,
        skip_days: row.take()?,
        rate_count: row.take()?,
        rate_days: row.take()?,
        rhythm: Rhythm::from_bytes(row.take::<Option<Vec<u8>>>()?.as_deref()),
        terms: row.take::<Option<Json<_>>>()?.map(|terms| terms.0),
        entries: count(row.take()?),
        signs: row
            .take::<Option<Json<Signs>>>()?
            .map_or_else(Signs::default, |signs| signs.0),
        quirks: row
            .take::<Option<Json<Quirks>>>()?
            .map_or_else(Quirks::default, |quirks| quirks.0),
        standing: row.take::<Json<_>>()?.0,
        push: row
            .take::<Option<Json<Push>>>()?
            .map(|push| push.0)
            .unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;
