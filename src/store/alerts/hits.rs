//! What a rule matched: how often, when last, and the newest entries with their places; and which rules match nothing.
//!
//! What the places say of a rule is worked out in `domain::matching`; here they are only read.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::super::Result;
use super::super::row::{Json, Ms};
use super::wire::entry_then;
use crate::domain::entry::wire::WireEntry;
use crate::domain::id::RuleId;
use crate::domain::matching::Evidence;

/// How often a rule matched, told or held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HitCounts {
    /// Since the store began.
    pub all: u32,
    /// Since the time asked for.
    pub lately: u32,
    /// When last.
    pub last: Option<Timestamp>,
}

/// An entry that a rule matched.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The entry as it was then.
    pub entry: WireEntry,
    /// Why it matched then.
    pub evidence: Vec<Evidence>,
}

/// Counts the matches of a rule.
pub fn hit_counts(conn: &Connection, rule: &RuleId, since: Timestamp) -> Result<HitCounts> {
    Ok(conn
        .prepare_cached(
            r#"select count(*), count(*) filter (where at >= ?2), max(at) from "match" where rule = ?1"#,
        )?
        .query_row(params![rule.as_str(), Ms(since)], |row| {
            Ok(HitCounts {
                all: row.get(0)?,
                lately: row.get(1)?,
                last: row.get::<_, Option<Ms>>(2)?.map(|at| at.0),
            })
        })?)
}

/// At most `limit` matches of a rule, the newest first.
pub fn hits(conn: &Connection, rule: &RuleId, limit: u32) -> Result<Vec<Hit>> {
    let mut query = conn.prepare_cached(
        r#"select entry, revision, evidence from "match" where rule = ?1 order by at desc, seq desc limit ?2"#,
    )?;
    let mut rows = query.query(params![rule.as_str(), limit])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(entry) = entry_then(conn, row.get(0)?, row.get(1)?)? {
            out.push(Hit {
                entry,
                evidence: row.get::<_, Json<_>>(2)?.0,
            });
        }
    }
    Ok(out)
}

/// The rules that matched something since then; none where the store holds nothing older, so that silence says little.
pub fn heard_since(conn: &Connection, since: Timestamp) -> Result<Option<BTreeSet<RuleId>>> {
    let older: bool = conn
        .prepare_cached("select exists (select 1 from entry where first_seen < ?1)")?
        .query_row([Ms(since)], |row| row.get(0))?;
    if !older {
        return Ok(None);
    }
    let mut query =
        conn.prepare_cached(r#"select rule from "match" group by rule having max(at) >= ?1"#)?;
    let rules = query.query_map([Ms(since)], |row| row.get::<_, String>(0))?;
    let rules: std::result::Result<BTreeSet<RuleId>, rusqlite::Error> =
        rules.map(|rule| rule.map(RuleId::new)).collect();
    Ok(Some(rules?))
}
