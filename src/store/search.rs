//! The search index: filled behind the polls, and asked for the entries that a query could match.
//!
//! What pieces are and which of them a query needs is `domain::matching::pieces`; whether an entry matches is
//! tried by who asks.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::entries::{self, BulkEntry};
use super::row::Ms;
use super::{Result, status};
use crate::domain::id::FeedId;
use crate::domain::matching::pieces::Need;
use crate::domain::matching::pieces::of_entry;
use crate::domain::matching::primary_subtag;

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
/// stopped, behind which the next page begins, and none at the end. It is called with none where a candidate does not pass
/// the filters, and where the index was asked and had nothing, so that who asks can watch the time.
///
/// A candidate is lent as rules read it; [`entries::by_seq`] has all of one that is wanted.
pub fn hunt(
    conn: &Connection,
    hunt: &Hunt,
    mut each: impl FnMut(Option<&BulkEntry<'_>>) -> Result<bool>,
) -> Result<Option<i64>> {
    let mut candidates = Candidates::new(conn, hunt)?;
    loop {
        let Some(seq) = candidates.next(conn)? else {
            if candidates.is_over {
                return Ok(None);
            }
            if !each(None)? {
                return Ok(Some(candidates.before));
            }
            continue;
        };
        if hunt.least.is_some_and(|least| seq < least) {
            return Ok(None);
        }
        let told = if is_admitted(conn, hunt, seq)? {
            entries::lend(conn, seq, |entry| each(Some(entry)))?
        } else {
            None
        };
        let goes_on = match told {
            Some(goes_on) => goes_on,
            None => each(None)?,
        };
        if !goes_on {
            return Ok(Some(seq));
        }
    }
}

/// Rows read from an index at first…
const CHUNK: u32 = 256;

/// …and at most: each time four times as many, since asking costs more than reading.
const LARGEST_CHUNK: u32 = 8_192;

/// Alternatives beyond which a part of a need sifts rows rather than giving them: the index goes through all of them at
/// every row.
const MANY: usize = 8;

/// Rows lie far apart where they are fewer than one in so many: the index would go through all between them, which costs
/// more than trying them.
const FAR_APART: i64 = 32;

/// What the index is asked.
struct Ask {
    /// For rows.
    gives: String,
    /// For what may be left of rows it gave.
    sifts: Option<String>,
}

impl Ask {
    fn new(need: &Need) -> Self {
        let is_wide = |part: &Need| matches!(part, Need::Any(parts) if parts.len() > MANY);
        if let Need::All(parts) = need
            && !parts.iter().all(is_wide)
        {
            let (wide, narrow): (Vec<Need>, Vec<Need>) = parts.iter().cloned().partition(is_wide);
            return Self {
                gives: expression(&Need::All(narrow)),
                sifts: (!wide.is_empty()).then(|| expression(&Need::All(wide))),
            };
        }
        Self {
            gives: expression(need),
            sifts: None,
        }
    }
}

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
    Index,
}

/// Candidates, newest first. What changed since it was indexed is among them whatever the index says.
struct Candidates {
    source: Source,
    /// What the index is asked, where it can tell anything.
    ask: Option<Ask>,
    before: i64,
    indexed: i64,
    changed: BTreeSet<i64>,
    chunk: Vec<i64>,
    /// How many rows are read next.
    size: u32,
    is_over: bool,
}

impl Candidates {
    fn new(conn: &Connection, hunt: &Hunt) -> Result<Self> {
        let before = hunt.before.unwrap_or(i64::MAX);
        let language = hunt.language.as_deref().map(Need::of_language);
        let need = match (hunt.need.clone(), language) {
            (Some(need), Some(language)) => Some(need.and(language)),
            (need, language) => need.or(language),
        };
        let need = need.filter(|need| *need != Need::Anything);
        let mut changed = BTreeSet::new();
        if need.is_some() {
            let mut marks = conn.prepare_cached("select entry from unindexed where entry < ?1")?;
            let rows = marks.query_map([before], |row| row.get(0))?;
            changed = rows.collect::<rusqlite::Result<_>>()?;
        }
        Ok(Self {
            source: source(hunt, need.is_some()),
            ask: need.as_ref().map(Ask::new),
            before,
            indexed: indexed(conn)?,
            changed,
            chunk: Vec::new(),
            size: CHUNK,
            is_over: false,
        })
    }

    /// The next one; none also where those that were read next cannot match, and the way goes on.
    fn next(&mut self, conn: &Connection) -> Result<Option<i64>> {
        if self.chunk.is_empty() && !self.is_over {
            self.fill(conn)?;
            let is_passed = |seq: &i64| *seq >= self.before;
            if self.chunk.is_empty() && !self.is_over && !self.changed.last().is_some_and(is_passed)
            {
                return Ok(None);
            }
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
        self.before = self.before.min(seq);
        Ok(Some(seq))
    }

    /// Reads on.
    fn fill(&mut self, conn: &Connection) -> Result<()> {
        let mut found = match &self.source {
            Source::Entity(entity) => rows(
                conn,
                "select entry from mention where entity = ?1 and entry < ?2 order by entry desc limit ?3",
                (entity, self.before, self.size),
            )?,
            Source::Rule(rule) => rows(
                conn,
                r#"select distinct entry from "match" where rule = ?1 and entry < ?2 order by entry desc limit ?3"#,
                (rule, self.before, self.size),
            )?,
            Source::Feed(feed) => rows(
                conn,
                "select seq from entry indexed by entry_of_feed where feed = ?1 and seq < ?2
                 order by seq desc limit ?3",
                (feed.as_str(), self.before, self.size),
            )?,
            Source::Rows => newer(conn, i64::MIN, self.before, self.size)?,
            Source::Index => {
                let tail = newer(conn, self.indexed, self.before, self.size)?;
                if tail.is_empty() {
                    self.before = self.before.min(self.indexed.saturating_add(1));
                    rows(
                        conn,
                        "select rowid from entry_index where entry_index match ?1 and rowid < ?2
                         order by rowid desc limit ?3",
                        (
                            self.ask.as_ref().map_or("", |ask| ask.gives.as_str()),
                            self.before,
                            self.size,
                        ),
                    )?
                } else {
                    tail
                }
            }
        };
        self.is_over = found.is_empty();
        self.size = self.size.saturating_mul(4).min(LARGEST_CHUNK);
        let by_index = matches!(self.source, Source::Index);
        let sieves = self.ask.as_ref().map_or([None, None], |ask| {
            [
                (!by_index).then(|| ask.gives.clone()),
                ask.sifts.clone().filter(|_| lie_close(&found)),
            ]
        });
        for sieve in sieves.into_iter().flatten() {
            self.sift(conn, &sieve, &mut found)?;
        }
        found.reverse();
        self.chunk = found;
        Ok(())
    }

    /// Leaves of rows, the newest first, those that the index says can match.
    fn sift(&mut self, conn: &Connection, sieve: &str, found: &mut Vec<i64>) -> Result<()> {
        let (Some(newest), Some(oldest)) = (found.first(), found.last().copied()) else {
            return Ok(());
        };
        let mut query = conn.prepare_cached(
            "select rowid from entry_index where entry_index match ?1 and rowid between ?2 and ?3",
        )?;
        let rows = query.query_map(params![sieve, oldest, newest], |row| row.get(0))?;
        let can: HashSet<i64> = rows.collect::<rusqlite::Result<_>>()?;
        // The way goes on below it, whatever of these rows is left.
        self.before = oldest;
        found.retain(|seq| *seq > self.indexed || can.contains(seq) || self.changed.contains(seq));
        Ok(())
    }
}

/// Whether the index can sift rows, the newest first, faster than they are tried.
fn lie_close(found: &[i64]) -> bool {
    let span = found.first().zip(found.last());
    let number = i64::try_from(found.len()).unwrap_or(i64::MAX);
    span.is_some_and(|(newest, oldest)| newest - oldest <= number.saturating_mul(FAR_APART))
}

fn source(hunt: &Hunt, has_need: bool) -> Source {
    match (&hunt.entity, &hunt.rule, &hunt.feed) {
        (Some(entity), ..) => Source::Entity(entity.clone()),
        (_, Some(rule), _) => Source::Rule(rule.clone()),
        (.., Some(feed)) => Source::Feed(feed.clone()),
        _ if has_need => Source::Index,
        _ => Source::Rows,
    }
}

fn rows(conn: &Connection, sql: &str, (of, before, most): (&str, i64, u32)) -> Result<Vec<i64>> {
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map(params![of, before, most], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Rows between two, the newest first.
fn newer(conn: &Connection, than: i64, before: i64, most: u32) -> Result<Vec<i64>> {
    let mut query = conn.prepare_cached(
        "select seq from entry where seq > ?1 and seq < ?2 order by seq desc limit ?3",
    )?;
    let rows = query.query_map(params![than, before, most], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether a candidate passes the filters; its text is not read for that.
fn is_admitted(conn: &Connection, hunt: &Hunt, seq: i64) -> Result<bool> {
    let is_there = |sql: &str, of: &str| -> Result<bool> {
        let mut query = conn.prepare_cached(sql)?;
        Ok(query.exists(params![seq, of])?)
    };
    if let Some(rule) = &hunt.rule
        && !is_there(
            r#"select 1 from "match" where entry = ?1 and rule = ?2"#,
            rule,
        )?
    {
        return Ok(false);
    }
    if let Some(entity) = &hunt.entity
        && !is_there(
            "select 1 from mention where entry = ?1 and entity = ?2",
            entity,
        )?
    {
        return Ok(false);
    }
    if (hunt.feed.is_none() && hunt.since.is_none())
        && (hunt.until.is_none() && hunt.language.is_none())
    {
        return Ok(true);
    }
    let mut query = conn.prepare_cached("select feed, at, language from entry where seq = ?1")?;
    let fits = query
        .query_row([seq], |row| {
            let at = row.get::<_, Ms>(1)?.0;
            let language = row.get_ref(2)?.as_str_or_null()?.unwrap_or_default();
            let primary = primary_subtag(language);
            let feed = row.get_ref(0)?.as_str()?;
            Ok(hunt.feed.as_ref().is_none_or(|own| own.as_str() == feed)
                && hunt.since.is_none_or(|since| at >= since)
                && hunt.until.is_none_or(|until| at < until)
                && hunt.language.as_ref().is_none_or(|own| own == primary))
        })
        .optional()?;
    Ok(fits.unwrap_or(false))
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
