//! Alerts that people marked: the entry as it was when it matched, and the places that made it match.
//!
//! What the marks say of a rule is worked out in `domain::matching`; here they are only read.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::super::Result;
use super::super::row::{Ms, Name};
use super::Mark;
use super::wire::{entry_then, evidence};
use crate::domain::entry::wire::WireEntry;
use crate::domain::id::RuleId;
use crate::domain::matching::Evidence;

/// A marked alert with what it was about.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkedAlert {
    /// Its id.
    pub alert: i64,
    /// Which rule.
    pub rule: RuleId,
    /// Whether it was worth it.
    pub mark: Mark,
    /// When that was said.
    pub marked_at: Timestamp,
    /// The entry as it was then.
    pub entry: WireEntry,
    /// Why it matched then.
    pub evidence: Vec<Evidence>,
}

/// How many alerts of a rule there are, and how many of them are marked how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MarkCounts {
    /// All about an entry, marked or not.
    pub alerts: u32,
    /// Worth it.
    pub useful: u32,
    /// Not worth it.
    pub noise: u32,
}

/// At most `limit` marked alerts about entries, of one rule or of all, the last mark first.
pub fn marked(conn: &Connection, rule: Option<&RuleId>, limit: u32) -> Result<Vec<MarkedAlert>> {
    let mut query = conn.prepare_cached(
        "select seq, rule, mark, marked_at, entry, revision from alert
         where mark is not null and entry is not null and (?1 is null or rule = ?1)
         order by marked_at desc, seq desc limit ?2",
    )?;
    let mut rows = query.query(params![rule.map(RuleId::as_str), limit])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let alert = row.get(0)?;
        let Some(entry) = entry_then(conn, row.get(4)?, row.get(5)?)? else {
            continue;
        };
        out.push(MarkedAlert {
            alert,
            rule: RuleId::new(row.get::<_, String>(1)?),
            mark: row.get::<_, Name<_>>(2)?.0,
            marked_at: row.get::<_, Ms>(3)?.0,
            entry,
            evidence: evidence(conn, alert)?,
        });
    }
    Ok(out)
}

/// Counts the alerts of a rule by mark.
pub fn mark_counts(conn: &Connection, rule: &RuleId) -> Result<MarkCounts> {
    Ok(conn
        .prepare_cached(
            "select (select count(*) from alert indexed by alert_counted where rule = ?1 and entry is not null),
                (select count(*) from alert where rule = ?1 and entry is not null and mark = 'useful'),
                (select count(*) from alert where rule = ?1 and entry is not null and mark = 'noise')",
        )?
        .query_row([rule.as_str()], |row| {
            Ok(MarkCounts {
                alerts: row.get(0)?,
                useful: row.get(1)?,
                noise: row.get(2)?,
            })
        })?)
}
