//! Stories: which one an entry joins, and what the outside sees of one.
//!
//! Two entries tell one story when their canonical URLs or folded titles are equal and the story began
//! within the window. Copies that are only alike are not recognised yet.

mod owners;

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::entries::Marks;
use super::polls::Recorded;
use super::row::{Ms, count, later, millis};
use super::{Result, entries};
use crate::domain::alert::wire::WireStory;
use crate::domain::entry::wire::WireEntry;

pub use owners::owners;

/// The story an entry was put into.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// Its row.
    pub seq: i64,
    /// How the entry came in: `first`, `url` or `title`.
    pub joined_by: &'static str,
}

/// Finds the story of a new entry, or begins one.
pub(super) fn place(
    tx: &Transaction<'_>,
    item: &Recorded,
    marks: Marks,
    window: Duration,
    now: Timestamp,
) -> Result<Home> {
    let span = (
        later(now, millis(window).saturating_neg()),
        later(now, millis(window)),
    );
    let by_url = "select story from entry where url_hash = ?1 order by story desc limit 1";
    let by_title = "select story from entry where title_hash = ?1 order by story desc limit 1";
    for (mark, sql, joined_by) in [(marks.url, by_url, "url"), (marks.title, by_title, "title")] {
        let Some(mark) = mark else { continue };
        let newest: Option<i64> = tx
            .prepare_cached(sql)?
            .query_row([mark], |row| row.get(0))
            .optional()?;
        if let Some(seq) = newest
            && join(tx, seq, span, now)?
        {
            return Ok(Home { seq, joined_by });
        }
    }
    tx.prepare_cached(
        "insert into story (first_entry, first_seen, last_seen) values (?1, ?2, ?2)",
    )?
    .execute(params![item.entry.id.as_str(), Ms(now)])?;
    Ok(Home {
        seq: tx.last_insert_rowid(),
        joined_by: "first",
    })
}

/// Joins a story that began within `span`; false where it is over, or began under a clock that was set back.
fn join(
    tx: &Transaction<'_>,
    story: i64,
    span: (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "update story set last_seen = ?4 where seq = ?1 and first_seen between ?2 and ?3",
        )?
        .execute(params![story, Ms(span.0), Ms(span.1), Ms(now)])?;
    Ok(changed > 0)
}

/// The id of the entry that a story began with: what the keys of its alerts are made of.
pub(super) fn first_entry(tx: &Transaction<'_>, story: i64) -> Result<String> {
    Ok(tx
        .prepare_cached("select first_entry from story where seq = ?1")?
        .query_row([story], |row| row.get(0))?)
}

/// A story as the outside sees it, counted now.
pub fn wire(conn: &Connection, story: i64) -> Result<Option<WireStory>> {
    let first_seen: Option<Ms> = conn
        .prepare_cached("select first_seen from story where seq = ?1")?
        .query_row([story], |row| row.get(0))
        .optional()?;
    let Some(Ms(first_seen)) = first_seen else {
        return Ok(None);
    };
    let mut query = conn.prepare_cached(
        "select feed, count(*), min(seq) from entry where story = ?1 group by feed order by 3",
    )?;
    let mut rows = query.query([story])?;
    let mut wire = WireStory {
        id: story.to_string(),
        entries: 0,
        feeds: Vec::new(),
        first_seen,
        folded: Vec::new(),
    };
    while let Some(row) = rows.next()? {
        wire.feeds.push(row.get(0)?);
        wire.entries += count(row.get(1)?);
    }
    Ok(Some(wire))
}

/// The entries of a story, in the order they came, with how each joined.
pub fn members(conn: &Connection, story: i64, limit: u32) -> Result<Vec<(WireEntry, String)>> {
    let mut query = conn.prepare_cached(
        "select seq, joined_by from entry where story = ?1 order by seq limit ?2",
    )?;
    let rows = query.query_map(params![story, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
    let mut members = Vec::with_capacity(found.len());
    for (seq, joined_by) in found {
        if let Some(stored) = entries::by_seq(conn, seq)? {
            members.push((stored.wire(), joined_by));
        }
    }
    Ok(members)
}
