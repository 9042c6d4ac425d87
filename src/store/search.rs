//! The search index: filled behind the polls, and asked for the entries that a query could match.
//!
//! What pieces are and which of them a query needs is `domain::matching::pieces`; whether an entry matches is
//! tried by who asks.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::entries::{self, BulkEntry, StoredEntry};
use super::{Result, status};
use crate::domain::id::FeedId;
use crate::domain::matching::pieces::Need;
use crate::domain::matching::pieces::of_entry;

/// The note that says up to which row entries are in the index.
const INDEXED: &str = "indexed";

/// Entries whose pieces wait to be written.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Row and pieces of entries that came since.
    fresh: Vec<(i64, String)>,
    /// Of entries that changed: row, mark, and the pieces; none where it is gone.
    changed: Vec<(i64, i64, Option<String>)>,
    upto: i64,
}

impl Batch {
    /// How many entries it is about.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fresh.len() + self.changed.len()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Up to which row entries are in the index.
pub fn indexed(conn: &Connection) -> Result<i64> {
    let note = status::note(conn, INDEXED)?;
    Ok(note
        .and_then(|note| note.value.parse().ok())
        .unwrap_or_default())
}

/// About how many entries are not in the index yet, or not as they are now; rows that are gone count until then.
pub fn waiting(conn: &Connection) -> Result<u64> {
    let number: i64 = conn
        .prepare_cached(
            "select max(0, coalesce((select max(seq) from entry), 0) - ?1) + (select count(*) from unindexed where entry <= ?1)",
        )?
        .query_row([indexed(conn)?], |row| row.get(0))?;
    Ok(super::row::count(number))
}

/// Reads the next `limit` entries that are not in the index, and those that changed.
pub fn read_batch(conn: &Connection, limit: u32) -> Result<Batch> {
    let from = indexed(conn)?;
    let upto: Option<i64> = conn
        .prepare_cached(
            "select max(seq) from (select seq from entry where seq > ?1 order by seq limit ?2)",
        )?
        .query_row(params![from, limit], |row| row.get(0))?;
    let mut batch = Batch {
        upto: upto.unwrap_or(from),
        ..Batch::default()
    };
    entries::read_bulk(conn, from + 1..=batch.upto, Timestamp::MIN, |entry| {
        batch.fresh.push((entry.seq, pieces(entry)));
    })?;
    let mut marks =
        conn.prepare_cached("select entry, times from unindexed order by entry limit ?1")?;
    let mut rows = marks.query([limit])?;
    while let Some(row) = rows.next()? {
        let (seq, times): (i64, i64) = (row.get(0)?, row.get(1)?);
        let mut now = None;
        entries::read_bulk(conn, seq..=seq, Timestamp::MIN, |entry| {
            now = Some(pieces(entry));
        })?;
        batch.changed.push((seq, times, now));
    }
    Ok(batch)
}

fn pieces(entry: &BulkEntry<'_>) -> String {
    of_entry(&entry.subject(&[]))
}

/// Writes a batch. An entry that changed again meanwhile keeps its mark.
pub fn write_batch(tx: &Transaction<'_>, batch: &Batch, now: Timestamp) -> Result<()> {
    let from = indexed(tx)?;
    let mut insert =
        tx.prepare_cached("insert into entry_index (rowid, pieces) values (?1, ?2)")?;
    for (seq, pieces) in batch.fresh.iter().filter(|(seq, _)| *seq > from) {
        insert.execute(params![seq, pieces])?;
    }
    let upto = batch.upto.max(from);
    for (seq, times, pieces) in batch.changed.iter().filter(|(seq, ..)| *seq <= upto) {
        tx.prepare_cached("delete from entry_index where rowid = ?1")?
            .execute([seq])?;
        if let Some(pieces) = pieces {
            insert.execute(params![seq, pieces])?;
        }
        tx.prepare_cached("delete from unindexed where entry = ?1 and times = ?2")?
            .execute(params![seq, times])?;
    }
    if upto > from {
        status::set_note(tx, INDEXED, &upto.to_string(), now)?;
    }
    Ok(())
}

/// Which entries are looked for.
#[derive(Clone, Debug, Default)]
pub struct Hunt {
    /// What one must have; none: anything.
    pub need: Option<Need>,
    /// Of this feed only.
    pub feed: Option<FeedId>,
    /// Published (or else first seen) at or after.
    pub since: Option<Timestamp>,
    /// Published (or else first seen) before.
    pub until: Option<Timestamp>,
    /// In this language, primary subtag.
    pub language: Option<String>,
    /// That raised or was held for this rule.
    pub rule: Option<String>,
    /// That name this entity.
    pub entity: Option<String>,
    /// Older rows than this.
    pub before: Option<i64>,
    /// This row or newer ones.
    pub least: Option<i64>,
}

/// Calls `each` with every candidate, the last to come first, until it says stop; gives back the row where it
/// stopped, behind which the next page begins, and none at the end. Candidates that do not pass the filters come as
/// none, so that who asks can watch the time.
pub fn hunt(
    conn: &Connection,
    hunt: &Hunt,
    mut each: impl FnMut(Option<&StoredEntry>) -> bool,
) -> Result<Option<i64>> {
    let mut candidates = Candidates::new(conn, hunt)?;
    while let Some(seq) = candidates.next(conn)? {
        if hunt.least.is_some_and(|least| seq < least) {
            return Ok(None);
        }
        let entry = admitted(conn, hunt, seq)?;
        if !each(entry.as_ref()) {
            return Ok(Some(seq));
        }
    }
    Ok(None)
}

/// Rows read from an index at a time.
const CHUNK: u32 = 512;

/// Where candidates are read from.
enum Source {
    /// Entries that name an entity.
    Entity(String),
    /// Entries that matched a rule.
    Rule(String),
    /// Entries of a feed.
    Feed(FeedId),
    /// All.
    Rows,
    /// Those the index gives, and before them what is not indexed yet.
    Index(String),
}

/// Candidates, newest first. What changed since it was indexed is among them whatever the index says.
struct Candidates {
    source: Source,
    before: i64,
    indexed: i64,
    changed: BTreeSet<i64>,
    chunk: Vec<i64>,
    is_over: bool,
}

impl Candidates {
    fn new(conn: &Connection, hunt: &Hunt) -> Result<Self> {
        let before = hunt.before.unwrap_or(i64::MAX);
        let source = source(hunt);
        let mut changed = BTreeSet::new();
        if matches!(source, Source::Index(_)) {
            let mut marks = conn.prepare_cached("select entry from unindexed where entry < ?1")?;
            let rows = marks.query_map([before], |row| row.get(0))?;
            changed = rows.collect::<rusqlite::Result<_>>()?;
        }
        Ok(Self {
            source,
            before,
            indexed: indexed(conn)?,
            changed,
            chunk: Vec::new(),
            is_over: false,
        })
    }

    fn next(&mut self, conn: &Connection) -> Result<Option<i64>> {
        if self.chunk.is_empty() && !self.is_over {
            self.fill(conn)?;
        }
        // The chunk is in ascending order: its last is the newest.
        let listed = self.chunk.last().copied();
        let changed = self.changed.last().copied();
        let Some(seq) = listed.max(changed) else {
            return Ok(None);
        };
        if listed == Some(seq) {
            self.chunk.pop();
        }
        self.changed.remove(&seq);
        self.before = seq;
        Ok(Some(seq))
    }

    /// Reads on.
    fn fill(&mut self, conn: &Connection) -> Result<()> {
        let mut found = match &self.source {
            Source::Entity(entity) => rows(
                conn,
                "select entry from mention where entity = ?1 and entry < ?2 order by entry desc limit ?3",
                (entity, self.before),
            )?,
            Source::Rule(rule) => rows(
                conn,
                r#"select distinct entry from "match" where rule = ?1 and entry < ?2 order by entry desc limit ?3"#,
                (rule, self.before),
            )?,
            Source::Feed(feed) => rows(
                conn,
                "select seq from entry where feed = ?1 and seq < ?2 order by seq desc limit ?3",
                (feed.as_str(), self.before),
            )?,
            Source::Rows => newer(conn, i64::MIN, self.before)?,
            Source::Index(ask) => {
                let tail = newer(conn, self.indexed, self.before)?;
                if tail.is_empty() {
                    self.before = self.before.min(self.indexed.saturating_add(1));
                    rows(
                        conn,
                        "select rowid from entry_index where entry_index match ?1 and rowid < ?2
                         order by rowid desc limit ?3",
                        (ask, self.before),
                    )?
                } else {
                    tail
                }
            }
        };
        self.is_over = found.is_empty();
        found.reverse();
        self.chunk = found;
        Ok(())
    }
}

fn source(hunt: &Hunt) -> Source {
    if let Some(entity) = &hunt.entity {
        return Source::Entity(entity.clone());
    }
    if let Some(rule) = &hunt.rule {
        return Source::Rule(rule.clone());
    }
    match (hunt.need.as_ref(), &hunt.feed) {
        (None | Some(Need::Anything), Some(feed)) => Source::Feed(feed.clone()),
        (None | Some(Need::Anything), None) => Source::Rows,
        (Some(need), _) => Source::Index(expression(need)),
    }
}

fn rows(conn: &Connection, sql: &str, (of, before): (&str, i64)) -> Result<Vec<i64>> {
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map(params![of, before, CHUNK], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Rows between two, the newest first.
fn newer(conn: &Connection, than: i64, before: i64) -> Result<Vec<i64>> {
    let mut query = conn.prepare_cached(
        "select seq from entry where seq > ?1 and seq < ?2 order by seq desc limit ?3",
    )?;
    let rows = query.query_map(params![than, before, CHUNK], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The entry of a candidate, where it passes the filters.
fn admitted(conn: &Connection, hunt: &Hunt, seq: i64) -> Result<Option<StoredEntry>> {
    if let Some(rule) = &hunt.rule {
        let matched: bool = conn
            .prepare_cached(
                r#"select exists (select 1 from "match" where entry = ?1 and rule = ?2)"#,
            )?
            .query_row(params![seq, rule], |row| row.get(0))?;
        if !matched {
            return Ok(None);
        }
    }
    if let Some(entity) = &hunt.entity {
        let named: Option<bool> = conn
            .prepare_cached("select 1 from mention where entity = ?2 and entry = ?1")?
            .query_row(params![seq, entity], |_| Ok(true))
            .optional()?;
        if named.is_none() {
            return Ok(None);
        }
    }
    let Some(entry) = entries::by_seq(conn, seq)? else {
        return Ok(None);
    };
    let content = &entry.entry.content;
    let at = content.published.or(entry.entry.first_seen);
    let primary = |language: &str| {
        let own = content.language.as_deref().unwrap_or_default();
        own.split('-').next().unwrap_or_default() == language
    };
    let fits = hunt
        .feed
        .as_ref()
        .is_none_or(|feed| entry.entry.feed.as_ref() == Some(feed))
        && hunt.since.is_none_or(|since| at >= Some(since))
        && hunt.until.is_none_or(|until| at < Some(until))
        && hunt.language.as_deref().is_none_or(primary);
    Ok(fits.then_some(entry))
}

/// A need as the index is asked for it. Pieces hold letters and digits only, so nothing need be escaped.
fn expression(need: &Need) -> String {
    let joined = |parts: &[Need], word: &str| {
        let parts: Vec<String> = parts.iter().map(expression).collect();
        format!("({})", parts.join(word))
    };
    match need {
        Need::Anything | Need::Nothing => "\"ˑ\"".to_owned(),
        Need::Piece(piece) => format!("\"{piece}\""),
        Need::Beginning(piece) => format!("\"{piece}\" *"),
        Need::All(parts) => joined(parts, " AND "),
        Need::Any(parts) => joined(parts, " OR "),
    }
}

#[cfg(test)]
mod tests;
