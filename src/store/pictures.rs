//! Counts over time, for pictures: alerts, matches and mentions a day, who is named with whom, how late polls are.
//!
//! Days begin at midnight of a zone that lies `offset` milliseconds from UTC; a day is its number since 1970.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::Result;
use super::row::{Ms, count};
use crate::domain::id::{EntityId, FeedId, RuleId};

/// Entries of an entity that are looked at for who else they name.
const NEWEST_MENTIONS: u32 = 2_000;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// A count of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayCount {
    /// Days since 1970.
    pub day: i64,
    /// Of what, where several things are counted.
    pub of: String,
    /// How many.
    pub count: u64,
}

/// An entity named together with another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// One.
    pub one: EntityId,
    /// The other.
    pub other: EntityId,
    /// Entries that name both.
    pub entries: u64,
}

fn days(row: &rusqlite::Row<'_>) -> rusqlite::Result<DayCount> {
    Ok(DayCount {
        day: row.get(0)?,
        of: row.get(1)?,
        count: count(row.get(2)?),
    })
}

/// Alerts a day and rule.
///
/// A rule's alerts are read in the order of time, so that days are counted as they come and nothing is sorted.
pub fn alerts(conn: &Connection, since: Timestamp, offset: i64) -> Result<Vec<DayCount>> {
    let mut times = conn.prepare_cached(
        "select created from alert where rule = ?1 and created >= ?2 order by created",
    )?;
    let mut out: Vec<DayCount> = Vec::new();
    for rule in alerting_rules(conn)? {
        let first = out.len();
        let mut rows = times.query(params![rule, Ms(since)])?;
        while let Some(row) = rows.next()? {
            let day = (row.get::<_, i64>(0)?.saturating_add(offset)).div_euclid(DAY_MS);
            match out.get_mut(first..).and_then(<[DayCount]>::last_mut) {
                Some(last) if last.day == day => last.count += 1,
                _ => out.push(DayCount {
                    day,
                    of: rule.clone(),
                    count: 1,
                }),
            }
        }
    }
    out.sort_by_key(|count| count.day);
    Ok(out)
}

/// The rules that ever raised an alert, each found by a step in the index.
fn alerting_rules(conn: &Connection) -> Result<Vec<String>> {
    let mut rules = conn.prepare_cached(
        "with recursive r (rule) as (
             select min(rule) from alert
             union all select (select min(rule) from alert where rule > r.rule) from r where r.rule is not null)
         select rule from r where rule is not null",
    )?;
    let ids = rules.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// Matches of a rule a day, those that raised nothing too.
pub fn matches(
    conn: &Connection,
    rule: &RuleId,
    since: Timestamp,
    offset: i64,
) -> Result<Vec<DayCount>> {
    let mut query = conn.prepare_cached(
        r#"select (at + ?3) / 86400000, rule, count(*) from "match"
           where rule = ?1 and at >= ?2 group by 1 order by 1"#,
    )?;
    let rows = query.query_map(params![rule.as_str(), Ms(since), offset], days)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When each rule matched last, and how often since an instant.
pub fn hits(conn: &Connection, since: Timestamp) -> Result<Vec<(RuleId, Timestamp, u64)>> {
    let mut rules = conn.prepare_cached(
        r#"with recursive r (rule) as (
               select min(rule) from "match"
               union all select (select min(rule) from "match" where rule > r.rule) from r where r.rule is not null)
           select rule from r where rule is not null"#,
    )?;
    let ids: Vec<String> = rules
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut one = conn.prepare_cached(
        r#"select (select max(at) from "match" where rule = ?1),
               (select count(*) from "match" where rule = ?1 and at >= ?2)"#,
    )?;
    let mut out = Vec::with_capacity(ids.len());
    for id in ids {
        let (last, number) = one.query_row(params![id, Ms(since)], |row| {
            Ok((row.get::<_, Ms>(0)?.0, count(row.get(1)?)))
        })?;
        out.push((RuleId::new(id), last, number));
    }
    Ok(out)
}

/// Entries that name an entity, a day.
pub fn mentions(
    conn: &Connection,
    entity: &EntityId,
    since: Timestamp,
    offset: i64,
) -> Result<Vec<DayCount>> {
    let mut query = conn.prepare_cached(
        "select (at + ?3) / 86400000, entity, count(*) from mention indexed by mention_at
         where entity = ?1 and at >= ?2 group by 1 order by 1",
    )?;
    let rows = query.query_map(params![entity.as_str(), Ms(since), offset], days)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many entries name an entity since an instant.
pub fn mention_count(conn: &Connection, entity: &EntityId, since: Timestamp) -> Result<u64> {
    Ok(conn
        .prepare_cached(
            "select count(*) from mention indexed by mention_at where entity = ?1 and at >= ?2",
        )?
        .query_row(params![entity.as_str(), Ms(since)], |row| {
            Ok(count(row.get(0)?))
        })?)
}

/// The newest entries that name an entity, as rows.
pub fn newest_mentions(
    conn: &Connection,
    entity: &EntityId,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<i64>> {
    let mut query = conn.prepare_cached(
        "select entry from mention where entity = ?1 and entry < ?2 order by entry desc limit ?3",
    )?;
    let before = before.unwrap_or(i64::MAX);
    let rows = query.query_map(params![entity.as_str(), before, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whom the newest entries of an entity name besides, most first.
pub fn named_with(conn: &Connection, entity: &EntityId, limit: u32) -> Result<Vec<Pair>> {
    let mut query = conn.prepare_cached(
        "select b.entity, count(*) from
            (select entry from mention where entity = ?1 order by entry desc limit ?2) a
            join mention b indexed by mention_entry on b.entry = a.entry and b.entity <> ?1
         group by 1 order by 2 desc, 1 limit ?3",
    )?;
    let rows = query.query_map(params![entity.as_str(), NEWEST_MENTIONS, limit], |row| {
        Ok(Pair {
            one: entity.clone(),
            other: EntityId::new(row.get::<_, String>(0)?),
            entries: count(row.get(1)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Minutes from publishing to being seen of a feed's newest entries that are dated, with when they were published.
pub fn delays(conn: &Connection, feed: &FeedId, limit: u32) -> Result<Vec<(Timestamp, i64)>> {
    let mut query = conn.prepare_cached(
        "select published, (first_seen - published) / 60000 from
            (select published, first_seen, via from entry where feed = ?1 order by at desc, seq desc limit ?2)
         where published is not null and first_seen >= published and via is null",
    )?;
    let rows = query.query_map(params![feed.as_str(), limit], |row| {
        Ok((row.get::<_, Ms>(0)?.0, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Entries that happened since an instant.
pub fn entries_since(conn: &Connection, since: Timestamp) -> Result<u64> {
    Ok(conn
        .prepare_cached("select count(*) from entry where at >= ?1")?
        .query_row([Ms(since)], |row| Ok(count(row.get(0)?)))?)
}

/// When the oldest delivery was owed that nobody has yet.
pub fn oldest_owed(conn: &Connection) -> Result<Option<Timestamp>> {
    let at: Option<Ms> = conn
        .prepare_cached(
            "select min(created) from delivery where state in ('held', 'due', 'sending')",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(at.map(|at| at.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::Notify;
    use crate::store::polls::RuleMatch;
    use crate::store::sample::{after, commit, entry, now, open_store, record, rule_match};

    #[test]
    fn alerts_are_counted_by_day_of_the_zone_and_by_rule() {
        let (_dir, store) = open_store();
        let of = |rule: &str| RuleMatch {
            notify: Notify::Entry,
            ..rule_match(rule)
        };
        let items = vec![
            entry("n1", vec![of("a"), of("b")]),
            entry("n2", vec![of("b")]),
        ];
        record(&store, commit(items));
        let counts = |since, offset| {
            let read = |conn: &Connection| alerts(conn, since, offset);
            store.read_blocking(read).unwrap()
        };
        let told = |day, of: &str, count| DayCount {
            day,
            of: of.to_owned(),
            count,
        };
        let day = now().as_millisecond().div_euclid(DAY_MS);
        assert_eq!(counts(now(), 0), [told(day, "a", 1), told(day, "b", 2)]);
        // At ten in the morning of UTC it is the next day where clocks are fourteen hours ahead.
        let ahead = counts(now(), 14 * 3_600_000);
        assert_eq!(ahead, [told(day + 1, "a", 1), told(day + 1, "b", 2)]);
        assert_eq!(counts(after(1), 0), []);
    }
}
