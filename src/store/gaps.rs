//! Gaps: what a document no longer showed, how far the way back has been gone, which archives were read.
//!
//! Each document of the way commits with its entries, so that a kill in between costs nothing but that
//! document. Which one is next and when to stop is decided in `domain::feed::gap`.

use std::ops::Range;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::polls::{self, Ahead, PollCommit, PollResult, Recorded};
use super::row::{Json, Ms, Name, count, signed};
use super::{Result, StoreError};
use crate::domain::feed::gap::{Kind, Step, Way};
use crate::domain::feed::signs::Signs;
use crate::domain::id::{EntryId, FeedId};

/// Gaps kept of each feed.
const HISTORY: i64 = 100;

/// Archives remembered of each feed; one that is forgotten would be read once more.
const ARCHIVES: i64 = 2_000;

/// How an entry came that was found on the way back.
pub const VIA_ARCHIVE: &str = "archive";

/// How far it is with a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A document is still to be asked for.
    Filling,
    /// Known entries were reached, or all that was wanted was read.
    Filled,
    /// They were not: entries may have been missed.
    Unfilled,
}

impl State {
    /// The spelling in the store, JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Filling => "filling",
            Self::Filled => "filled",
            Self::Unfilled => "unfilled",
        }
    }
}

/// A gap as a poll finds it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewGap {
    /// Why documents are asked for.
    pub kind: Kind,
    /// When the newest entry known before was published, or else first seen.
    pub newest_before: Option<Timestamp>,
    /// When the oldest entry of the document was published.
    pub oldest_after: Option<Timestamp>,
    /// How many entries may have been missed at most.
    pub missed: Option<u64>,
    /// When the last good poll before began: backlog is measured from it.
    pub last_success: Option<Timestamp>,
    /// What to ask for first; none: there is no way back.
    pub next: Option<Step>,
    /// The document's own address.
    pub visited: Vec<String>,
    /// Documents asked for at most.
    pub most: u32,
    /// Why there is no way back, or how it ended.
    pub note: Option<String>,
}

/// A gap as stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// Its row.
    #[serde(skip)]
    pub seq: i64,
    /// Why documents are asked for.
    pub kind: Kind,
    /// When it was found.
    pub at: Timestamp,
    /// When the newest entry known before was published, or else first seen.
    pub newest_before: Option<Timestamp>,
    /// When the oldest entry of the document was published.
    pub oldest_after: Option<Timestamp>,
    /// How many entries may have been missed at most.
    pub missed: Option<u64>,
    /// Entries up to this row were known before.
    #[serde(skip)]
    pub known_before: i64,
    /// When the last good poll before began.
    #[serde(skip)]
    pub last_success: Option<Timestamp>,
    /// How far it is.
    pub state: State,
    /// What to ask for next, or what the way ended at.
    pub next: Option<Step>,
    /// Addresses read on the way, the feed's own first.
    #[serde(skip)]
    pub visited: Vec<String>,
    /// Documents asked for at most.
    #[serde(skip)]
    pub most: u32,
    /// Documents read.
    pub documents: u32,
    /// Entries found in them.
    pub recovered: u64,
    /// Failures of the next document in a row.
    pub failures: u32,
    /// A publisher's Retry-After on the way.
    pub not_before: Option<Timestamp>,
    /// When it was filled or given up.
    pub ended: Option<Timestamp>,
    /// How it ended, or what keeps it, in words.
    pub note: Option<String>,
}

/// What a document of the way back came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// It was read: its address after redirects, and what comes next.
    Read {
        /// Where it was.
        visited: Vec<String>,
        /// The archive to remember.
        archive: Option<String>,
        /// What follows.
        then: Then,
    },
    /// It could not be had now; it is asked for again with a poll after that time.
    Later {
        /// What happened.
        note: String,
        /// Not before.
        not_before: Option<Timestamp>,
    },
    /// It was not read, and the way ends.
    Over(Then),
}

/// What follows a document of the way back.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// Another one.
    Next(Step),
    /// Nothing: filled or not, and how it ended.
    End(State, String),
}

/// Opens a gap in the transaction of the poll that found it, before that poll's entries are stored.
pub(super) fn open(tx: &Transaction<'_>, feed: &FeedId, at: Timestamp, gap: &NewGap) -> Result<()> {
    let state = if gap.next.is_some() {
        State::Filling
    } else {
        State::Unfilled
    };
    let next = gap.next.as_ref();
    tx.prepare_cached(
        "insert into gap (feed, kind, at, newest_before, oldest_after, missed, known_before, last_success,
            state, next_url, next_way, visited, most, ended, note)
         values (?1, ?2, ?3, ?4, ?5, ?6, (select coalesce(max(seq), 0) from entry), ?7, ?8, ?9, ?10, ?11,
            ?12, ?13, ?14)",
    )?
    .execute(params![
        feed.as_str(),
        Name(gap.kind),
        Ms(at),
        gap.newest_before.map(Ms),
        gap.oldest_after.map(Ms),
        gap.missed.map(signed),
        gap.last_success.map(Ms),
        state.as_str(),
        next.map(|step| &step.url),
        next.map(|step| Name(step.way)),
        Json(&gap.visited),
        gap.most,
        next.is_none().then_some(Ms(at)),
        gap.note,
    ])?;
    tx.prepare_cached(
        "delete from gap where feed = ?1 and seq <=
            (select seq from gap where feed = ?1 order by seq desc limit 1 offset ?2)",
    )?
    .execute(params![feed.as_str(), HISTORY])?;
    Ok(())
}

/// Gives up what is still being filled: the feed has another address now.
pub(super) fn abandon(tx: &Transaction<'_>, feed: &FeedId) -> Result<()> {
    tx.prepare_cached(
        "update gap set state = 'unfilled', note = 'the address of the feed was changed'
         where feed = ?1 and state = 'filling'",
    )?
    .execute([feed.as_str()])?;
    Ok(())
}

/// The gaps of a feed, newest first.
pub fn list(conn: &Connection, feed: &FeedId, limit: u32) -> Result<Vec<Gap>> {
    let mut query =
        conn.prepare_cached("select * from gap where feed = ?1 order by seq desc limit ?2")?;
    let rows = query.query_map(params![feed.as_str(), limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The oldest gap of a feed that may be worked on at `now`.
pub fn workable(conn: &Connection, feed: &FeedId, now: Timestamp) -> Result<Option<Gap>> {
    Ok(conn
        .prepare_cached(
            "select * from gap where feed = ?1 and state = 'filling'
                and (not_before is null or not_before <= ?2)
             order by seq limit 1",
        )?
        .query_row(params![feed.as_str(), Ms(now)], read)
        .optional()?)
}

/// The feeds that have a gap to be filled.
pub fn filling(conn: &Connection) -> Result<Vec<FeedId>> {
    let mut query = conn.prepare_cached(
        "select distinct g.feed from gap g join feed f on f.id = g.feed
         where g.state = 'filling' and f.configured = 1 and f.enabled = 1 order by 1",
    )?;
    let rows = query.query_map([], |row| row.get(0).map(|id: String| FeedId::new(id)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the newest entry of a feed was published, or else first seen.
pub fn newest(conn: &Connection, feed: &FeedId) -> Result<Option<Timestamp>> {
    let at: Option<Ms> = conn
        .prepare_cached("select max(at) from entry where feed = ?1")?
        .query_row([feed.as_str()], |row| row.get(0))?;
    Ok(at.map(|at| at.0))
}

/// Whether one of these entries was known before the gap opened.
pub fn knew(conn: &Connection, known_before: i64, entries: &[EntryId]) -> Result<bool> {
    let mut query = conn.prepare_cached(
        "select exists (select 1 from entry where id = ?1 and seq <= ?2)
            or exists (select 1 from tombstone where id = ?1 and seq <= ?2)",
    )?;
    for entry in entries {
        if query.query_row(params![entry.as_str(), known_before], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an archive was read before.
pub fn is_remembered(conn: &Connection, feed: &FeedId, url: &str) -> Result<bool> {
    Ok(conn
        .prepare_cached("select exists (select 1 from archive where feed = ?1 and url = ?2)")?
        .query_row([feed.as_str(), url], |row| row.get(0))?)
}

/// How an entry came, where it did not come with a poll of its feed.
pub fn via(conn: &Connection, entry: i64) -> Result<Option<String>> {
    Ok(conn
        .prepare_cached("select via from entry where seq = ?1")?
        .query_row([entry], |row| row.get(0))
        .optional()?
        .flatten())
}

/// Records some new entries of a document of the way back, ahead of what it means for the gap: whoever dies in between asks
/// for it again and finds them known.
pub fn record_ahead(
    tx: &Transaction<'_>,
    gap: &Gap,
    commit: &PollCommit,
    range: Range<usize>,
) -> Result<PollResult> {
    if !is_filling(tx, gap)? {
        return Ok(PollResult::default());
    }
    let items = &commit.new[range.clone()];
    let result = polls::record_piece(tx, commit, range)?;
    mark(tx, (gap, commit), items, result.new)?;
    Ok(result)
}

/// Records a document of the way back, of which some new entries are recorded: the others with all that hangs on them, and
/// how it goes on.
pub fn record(
    tx: &Transaction<'_>,
    gap: &Gap,
    (commit, ahead): (&PollCommit, &Ahead),
    turn: &Turn,
) -> Result<PollResult> {
    let mut result = ahead.result.clone();
    if !is_filling(tx, gap)? {
        return Ok(result);
    }
    polls::record_entries(tx, commit, ahead.count, &mut result)?;
    let new = result.new - ahead.result.new;
    mark(tx, (gap, commit), &commit.new[ahead.count..], new)?;
    match turn {
        Turn::Read {
            visited,
            archive,
            then,
        } => {
            if let Some(url) = archive {
                remember(tx, &commit.feed, url, commit.now)?;
            }
            tx.prepare_cached(
                "update gap set documents = documents + 1, failures = 0, not_before = null, visited = ?2 where seq = ?1",
            )?
            .execute(params![gap.seq, Json(visited)])?;
            go_on(tx, gap, then, commit.now)?;
        }
        Turn::Later { note, not_before } => {
            tx.prepare_cached(
                "update gap set failures = failures + 1, note = ?2, not_before = ?3 where seq = ?1",
            )?
            .execute(params![gap.seq, note, not_before.map(Ms)])?;
        }
        Turn::Over(then) => go_on(tx, gap, then, commit.now)?,
    }
    settle(tx, &commit.feed)?;
    Ok(result)
}

/// Whether it was neither filled nor given up since it was looked at.
fn is_filling(tx: &Transaction<'_>, gap: &Gap) -> Result<bool> {
    Ok(tx
        .prepare_cached("select exists (select 1 from gap where seq = ?1 and state = 'filling')")?
        .query_row([gap.seq], |row| row.get(0))?)
}

/// Counts what is new among `items` for their feed and the gap, and marks how they came.
fn mark(
    tx: &Transaction<'_>,
    (gap, commit): (&Gap, &PollCommit),
    items: &[Recorded],
    new: u32,
) -> Result<()> {
    let mut set = tx.prepare_cached("update entry set via = ?2 where id = ?1 and seq > ?3")?;
    for item in items {
        set.execute(params![
            item.entry.id.as_str(),
            VIA_ARCHIVE,
            gap.known_before
        ])?;
    }
    // What was missed belongs to the feed's rhythm, what was there before its first document does not.
    let counted = if gap.kind == Kind::Gap { new } else { 0 };
    tx.prepare_cached(
        "update feed set entries = entries + ?2, rate_count = rate_count + ?3 where id = ?1",
    )?
    .execute(params![commit.feed.as_str(), new, counted])?;
    tx.prepare_cached("update gap set recovered = recovered + ?2 where seq = ?1")?
        .execute(params![gap.seq, new])?;
    Ok(())
}

fn go_on(tx: &Transaction<'_>, gap: &Gap, then: &Then, now: Timestamp) -> Result<()> {
    match then {
        Then::Next(step) => tx
            .prepare_cached(
                "update gap set next_url = ?2, next_way = ?3, note = null where seq = ?1",
            )?
            .execute(params![gap.seq, step.url, Name(step.way)])?,
        Then::End(state, note) => tx
            .prepare_cached(
                "update gap set state = ?2, note = ?3, ended = ?4, not_before = null,
                    next_url = case when ?2 = 'filled' then null else next_url end where seq = ?1",
            )?
            .execute(params![gap.seq, state.as_str(), note, Ms(now)])?,
    };
    Ok(())
}

fn remember(tx: &Transaction<'_>, feed: &FeedId, url: &str, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "insert into archive (feed, url, at) values (?1, ?2, ?3) on conflict do nothing",
    )?
    .execute(params![feed.as_str(), url, Ms(now)])?;
    tx.prepare_cached(
        "delete from archive where feed = ?1 and at <
            (select at from archive where feed = ?1 order by at desc limit 1 offset ?2)",
    )?
    .execute(params![feed.as_str(), ARCHIVES])?;
    Ok(())
}

/// Makes the feed's signs say whether anything is still being filled.
fn settle(tx: &Transaction<'_>, feed: &FeedId) -> Result<()> {
    let filling: bool = tx
        .prepare_cached("select exists (select 1 from gap where feed = ?1 and state = 'filling')")?
        .query_row([feed.as_str()], |row| row.get(0))?;
    let signs: Option<Option<Json<Signs>>> = tx
        .prepare_cached("select signs from feed where id = ?1")?
        .query_row([feed.as_str()], |row| row.get(0))
        .optional()?;
    let Some(signs) = signs else {
        return Err(StoreError::fault(format!("no feed `{feed}`")));
    };
    let mut signs = signs.map(|signs| signs.0).unwrap_or_default();
    signs.filling = filling;
    tx.prepare_cached("update feed set signs = ?2 where id = ?1")?
        .execute(params![feed.as_str(), column(&signs)])?;
    Ok(())
}

/// Signs as their column holds them: nothing where there is nothing to tell.
pub(super) fn column(signs: &Signs) -> Option<Json<&Signs>> {
    (!signs.is_none()).then_some(Json(signs))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Gap> {
    let at = |name: &str| row.get::<_, Option<Ms>>(name).map(|at| at.map(|at| at.0));
    let url: Option<String> = row.get("next_url")?;
    let way: Option<Name<Way>> = row.get("next_way")?;
    let missed: Option<i64> = row.get("missed")?;
    Ok(Gap {
        seq: row.get("seq")?,
        kind: row.get::<_, Name<Kind>>("kind")?.0,
        at: row.get::<_, Ms>("at")?.0,
        newest_before: at("newest_before")?,
        oldest_after: at("oldest_after")?,
        missed: missed.map(count),
        known_before: row.get("known_before")?,
        last_success: at("last_success")?,
        state: row.get::<_, Name<State>>("state")?.0,
        next: url.zip(way).map(|(url, way)| Step { url, way: way.0 }),
        visited: row.get::<_, Json<Vec<String>>>("visited")?.0,
        most: row.get("most")?,
        documents: row.get("documents")?,
        recovered: count(row.get("recovered")?),
        failures: row.get("failures")?,
        not_before: at("not_before")?,
        ended: at("ended")?,
        note: row.get("note")?,
    })
}

#[cfg(test)]
mod tests;
