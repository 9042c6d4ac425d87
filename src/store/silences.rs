//! Silences: begun, listed, ended, and which one fits an alert.
//!
//! A row is never changed but by its end. What a silence holds, and what becomes of that at its end, is in `timing`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;

use super::row::{Columns, Json, Ms, count};
use super::{Result, entries};
use crate::domain::alert::manners::Manners;
use crate::domain::alert::silence::{Facts, Matchers, NewSilence};
use crate::domain::matching::RuleSet;
use crate::domain::rule::{Definitions, Rule, Severity};

/// A silence as stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SilenceRow {
    /// Its id.
    pub id: i64,
    /// When people said so.
    pub created: Timestamp,
    /// From when it holds.
    pub starts: Timestamp,
    /// Until when; an earlier end counts.
    pub ends: Timestamp,
    /// Which alerts.
    pub matchers: Matchers,
    /// Who said so.
    pub author: String,
    /// Why.
    pub comment: String,
    /// Whether one message at its end lists what it held.
    pub summary: bool,
    /// How many messages it ever held.
    pub matched: u64,
    /// How many it holds now.
    pub holds: u64,
    /// When it was ended by hand.
    pub ended: Option<Timestamp>,
    /// By whom.
    pub ended_by: Option<String>,
    /// Whether what it held was to be sent then.
    pub released: bool,
    /// The one that stands for it now.
    pub replaced_by: Option<i64>,
}

impl SilenceRow {
    /// `pending`, `active` or `over`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> &'static str {
        if self.ends <= now {
            "over"
        } else if self.starts <= now {
            "active"
        } else {
            "pending"
        }
    }
}

/// Begins a silence; where it stands for another, that one ends.
///
/// What is due already is held by the next [`timing::release`](super::timing::release).
pub fn add(tx: &Transaction<'_>, silence: &NewSilence, now: Timestamp) -> Result<i64> {
    tx.prepare_cached(
        "insert into silence (created, starts, ends, matchers, author, comment, summary)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        Ms(now),
        Ms(silence.starts),
        Ms(silence.ends),
        Json(&silence.matchers),
        silence.author,
        silence.comment,
        silence.summary,
    ])?;
    let id = tx.last_insert_rowid();
    if let Some(old) = silence.replaces {
        end(tx, old, &silence.author, false, now)?;
        tx.prepare_cached("update silence set replaced_by = ?2 where seq = ?1")?
            .execute([old, id])?;
    }
    Ok(id)
}

/// Ends a silence that is not over; false where there is none such. What it held is dealt with by the next
/// [`timing::release`](super::timing::release): sent with `release`, else listed in its summary.
pub fn end(
    tx: &Transaction<'_>,
    silence: i64,
    by: &str,
    release: bool,
    now: Timestamp,
) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "update silence set ends = ?2, ended = ?2, ended_by = ?3, released = ?4
             where seq = ?1 and ends > ?2 and closed is null",
        )?
        .execute(params![silence, Ms(now), by, release])?;
    Ok(changed > 0)
}

const COLUMNS: &str = "select s.seq, s.created, s.starts, s.ends, s.matchers, s.author, s.comment, s.summary, s.matched,
        (select count(*) from delivery d where d.silence = s.seq and d.state = 'held' and d.hold = 'silence'),
        s.ended, s.ended_by, s.released, s.replaced_by
    from silence s";

/// At most `limit` silences, newest first; without `over` those that are pending or active.
pub fn list(conn: &Connection, over: bool, limit: u32, now: Timestamp) -> Result<Vec<SilenceRow>> {
    let mut query = conn.prepare_cached(&format!(
        "{COLUMNS} where ?1 or s.ends > ?2 order by s.seq desc limit ?3"
    ))?;
    let rows = query.query_map(params![over, Ms(now), limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One silence.
pub fn get(conn: &Connection, silence: i64) -> Result<Option<SilenceRow>> {
    Ok(conn
        .prepare_cached(&format!("{COLUMNS} where s.seq = ?1"))?
        .query_row([silence], read)
        .optional()?)
}

/// Those that are over and whose rest is still to be dealt with.
pub(super) fn over(conn: &Connection, now: Timestamp) -> Result<Vec<SilenceRow>> {
    let mut query = conn.prepare_cached(&format!(
        "{COLUMNS} where s.closed is null and s.ends <= ?1 order by s.seq"
    ))?;
    let rows = query.query_map([Ms(now)], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When a silence next begins or ends.
pub(super) fn next_change(conn: &Connection, now: Timestamp) -> Result<Option<Timestamp>> {
    let next: Option<Ms> = conn
        .prepare_cached(
            "select min(case when starts > ?1 then starts else ends end) from silence where closed is null",
        )?
        .query_row([Ms(now)], |row| row.get(0))?;
    Ok(next.map(|at| at.0))
}

fn read(row: &Row<'_>) -> rusqlite::Result<SilenceRow> {
    let mut columns = Columns::of(row);
    Ok(SilenceRow {
        id: columns.take()?,
        created: columns.take::<Ms>()?.0,
        starts: columns.take::<Ms>()?.0,
        ends: columns.take::<Ms>()?.0,
        matchers: columns.take::<Json<Matchers>>()?.0,
        author: columns.take()?,
        comment: columns.take()?,
        summary: columns.take()?,
        matched: count(columns.take()?),
        holds: count(columns.take()?),
        ended: columns.take::<Option<Ms>>()?.map(|at| at.0),
        ended_by: columns.take()?,
        released: columns.take()?,
        replaced_by: columns.take()?,
    })
}

/// What an alert is about, as far as a silence asks.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Its rule.
    pub rule: &'a str,
    /// How much it matters.
    pub severity: Severity,
    /// Its entry's row.
    pub entry: Option<i64>,
    /// What a health alert is about.
    pub subject: Option<&'a str>,
}

/// The silences that hold alerts now, ready to be asked.
#[derive(Debug, Default)]
pub struct Active {
    silences: Vec<Ready>,
}

#[derive(Debug)]
struct Ready {
    id: i64,
    ends: Timestamp,
    matchers: Matchers,
    query: Option<RuleSet>,
}

impl Active {
    /// Those that have begun and are not over.
    pub fn load(conn: &Connection, manners: &Manners, now: Timestamp) -> Result<Self> {
        let mut query = conn.prepare_cached(
            "select seq, ends, matchers from silence
             where closed is null and starts <= ?1 and ends > ?1 order by ends desc, seq",
        )?;
        let rows = query.query_map([Ms(now)], |row| {
            let matchers = row.get::<_, Json<Matchers>>(2)?.0;
            Ok((row.get(0)?, row.get::<_, Ms>(1)?.0, matchers))
        })?;
        let mut silences = Vec::new();
        for row in rows {
            let (id, ends, matchers) = row?;
            silences.push(Ready::new(id, ends, matchers, manners));
        }
        Ok(Self { silences })
    }

    /// One that is not stored.
    #[must_use]
    pub fn tried(silence: &NewSilence, manners: &Manners) -> Self {
        let ready = Ready::new(0, silence.ends, silence.matchers.clone(), manners);
        Self {
            silences: vec![ready],
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.silences.is_empty()
    }

    /// The silence that holds such an alert the longest, and until when.
    pub fn find(&self, conn: &Connection, about: &About<'_>) -> Result<Option<(i64, Timestamp)>> {
        if self.is_empty() {
            return Ok(None);
        }
        let facts = facts(conn, about)?;
        for silence in &self.silences {
            if silence.fits(conn, about, &facts)? {
                return Ok(Some((silence.id, silence.ends)));
            }
        }
        Ok(None)
    }

    /// Those whose query decides whether they hold an alert of which the rest is known.
    #[must_use]
    pub fn perhaps(&self, facts: &Facts) -> Vec<i64> {
        let asked = self.silences.iter().filter(|silence| {
            silence.matchers.query.is_some() && silence.matchers.fit(facts, |_| true)
        });
        asked.map(|silence| silence.id).collect()
    }

    /// The silence that holds an alert of which only these facts are known.
    #[must_use]
    pub fn surely(&self, facts: &Facts) -> Option<(i64, Timestamp)> {
        let fitting = self
            .silences
            .iter()
            .find(|silence| silence.matchers.fit(facts, |_| false));
        fitting.map(|silence| (silence.id, silence.ends))
    }
}

impl Ready {
    fn new(id: i64, ends: Timestamp, matchers: Matchers, manners: &Manners) -> Self {
        let query = matchers.query.as_ref().map(|query| {
            let definitions = Definitions {
                rules: vec![Rule::of_query("silence", query)],
                ..manners.definitions.clone()
            };
            // A query whose entity is gone from config fits nothing: better told than held.
            RuleSet::compile(&definitions).0
        });
        Self {
            id,
            ends,
            matchers,
            query,
        }
    }

    fn fits(&self, conn: &Connection, about: &About<'_>, facts: &Facts) -> Result<bool> {
        if !self.matchers.fit(facts, |_| true) {
            return Ok(false);
        }
        let Some(query) = &self.query else {
            return Ok(true);
        };
        let stored = match about.entry {
            Some(entry) => entries::by_seq(conn, entry)?,
            None => None,
        };
        Ok(stored.is_some_and(|stored| {
            let subject = stored.subject(&facts.tags);
            !query.matching(&subject).is_empty()
        }))
    }
}

/// What the matchers look at.
fn facts(conn: &Connection, about: &About<'_>) -> Result<Facts> {
    let mut facts = Facts {
        rule: about.rule.to_owned(),
        severity: about.severity,
        feed: about.subject.map(str::to_owned),
        ..Facts::default()
    };
    let Some(entry) = about.entry else {
        return Ok(facts);
    };
    let of: Option<(String, Json<Vec<String>>)> = conn
        .prepare_cached(
            "select f.id, f.tags from entry e join feed f on f.id = e.feed where e.seq = ?1",
        )?
        .query_row([entry], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((feed, Json(tags))) = of {
        facts.feed = Some(feed);
        facts.tags = tags;
    }
    let mut query = conn.prepare_cached("select entity from mention where entry = ?1")?;
    let rows = query.query_map([entry], |row| row.get(0))?;
    facts.entities = rows.collect::<Result<_, _>>()?;
    Ok(facts)
}
