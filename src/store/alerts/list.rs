//! Alerts in rows, newest first, and the matches that raised none.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use serde::Serialize;

use super::super::Result;
use super::super::row::{Ms, Name, Rank};
use super::Mark;
use crate::domain::alert::{Held, Reason};
use crate::domain::id::{EntryId, FeedId, RuleId};
use crate::domain::rule::Severity;

/// Which alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertFilter {
    /// Raised at or after.
    pub since: Option<Timestamp>,
    /// Raised before.
    pub until: Option<Timestamp>,
    /// Of this rule.
    pub rule: Option<RuleId>,
    /// On an entry of this feed.
    pub feed: Option<FeedId>,
    /// Of this severity or higher.
    pub severity: Option<Severity>,
    /// With a delivery that was given up.
    pub dead: bool,
    /// Nobody has acknowledged.
    pub unacked: bool,
    /// Older than this alert: the last one of the page before.
    pub before: Option<i64>,
}

/// An alert in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertRow {
    /// Its id.
    pub id: i64,
    /// Its idempotency key.
    pub key: String,
    /// When it was raised.
    pub created: Timestamp,
    /// How much it matters.
    pub severity: Severity,
    /// Why it exists.
    pub reason: Reason,
    /// Which rule.
    pub rule: RuleId,
    /// The rule's title then.
    pub rule_title: String,
    /// Which entry, if one is behind it.
    pub entry: Option<EntryId>,
    /// Its feed.
    pub feed: Option<FeedId>,
    /// Its title, or what is wrong with the system.
    pub title: String,
    /// Its page.
    pub url: Option<String>,
    /// Its story.
    pub story: Option<i64>,
    /// Deliveries by where they stand.
    pub deliveries: Deliveries,
    /// Why there is no delivery.
    pub untold: Option<String>,
    /// When it was acknowledged.
    pub acked: Option<Timestamp>,
    /// By whom.
    pub acked_by: Option<String>,
    /// Whether it was worth it.
    pub mark: Option<Mark>,
}

/// How many deliveries of an alert stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deliveries {
    /// Held, due or on their way.
    pub open: u32,
    /// The receiver has it.
    pub delivered: u32,
    /// Given up.
    pub dead: u32,
    /// Not to be sent, for a reason.
    pub cancelled: u32,
}

/// Which matches that raised no alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldFilter {
    /// Found at or after.
    pub since: Option<Timestamp>,
    /// Of this rule.
    pub rule: Option<RuleId>,
    /// Held back for this reason.
    pub held: Option<Held>,
    /// Older than this row: the last one of the page before.
    pub before: Option<i64>,
}

/// A match that raised no alert, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldRow {
    /// Its row.
    pub id: i64,
    /// When it was found.
    pub at: Timestamp,
    /// Which rule.
    pub rule: RuleId,
    /// How much it would have mattered.
    pub severity: Severity,
    /// Why no alert.
    pub held: Held,
    /// Which entry.
    pub entry: EntryId,
    /// Its feed.
    pub feed: FeedId,
    /// Its title.
    pub title: String,
    /// Its page.
    pub url: Option<String>,
    /// The alert it was folded into.
    pub alert: Option<i64>,
}

/// Conditions and their values, joined by `and`.
#[derive(Default)]
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, condition: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.sql.push_str(" and ");
            self.sql.push_str(condition);
            self.values.push(value);
        }
    }
}

fn ms(at: Option<Timestamp>) -> Option<Value> {
    at.map(|at| at.as_millisecond().into())
}

/// At most `limit` alerts, newest first.
pub fn list(conn: &Connection, filter: &AlertFilter, limit: u32) -> Result<Vec<AlertRow>> {
    let mut only = Conditions::default();
    only.add("a.created >= ?", ms(filter.since));
    only.add("a.created < ?", ms(filter.until));
    let text = |text: &str| Value::from(text.to_owned());
    only.add(
        "a.rule = ?",
        filter.rule.as_ref().map(|rule| text(rule.as_str())),
    );
    only.add(
        "a.feed = ?",
        filter.feed.as_ref().map(|feed| text(feed.as_str())),
    );
    only.add(
        "a.severity >= ?",
        filter.severity.map(|least| Value::from(least as i64)),
    );
    only.add("a.seq < ?", filter.before.map(Value::from));
    // Those with a dead letter are few among all: they are looked up, not looked for.
    let dead = "a.seq in (select d.alert from delivery d where d.state = ?)";
    only.add(dead, filter.dead.then(|| text("dead")));
    only.add(
        "(a.acked_at is null) = ?",
        filter.unacked.then(|| Value::from(1)),
    );
    only.values.push(limit.into());
    let mut query = conn.prepare_cached(&format!(
        "select a.seq, a.key, a.created, a.severity, a.reason, a.rule, a.rule_title, e.id, e.feed,
            coalesce(e.title, a.health_kind || ': ' || a.health_subject, a.health_kind, a.rule_title), e.url, a.story, a.untold, a.acked_at,
            a.acked_by, a.mark
         from alert a left join entry e on e.seq = a.entry
         where true{} order by a.seq desc limit ?",
        only.sql
    ))?;
    let rows = query.query_map(params_from_iter(only.values), read_alert)?;
    let mut alerts: Vec<AlertRow> = rows.collect::<Result<_, _>>()?;
    for alert in &mut alerts {
        alert.deliveries = deliveries(conn, alert.id)?;
    }
    Ok(alerts)
}

/// The id of the newest alert; 0 where there is none.
pub fn newest(conn: &Connection) -> Result<i64> {
    Ok(conn
        .prepare_cached("select coalesce(max(seq), 0) from alert")?
        .query_row([], |row| row.get(0))?)
}

/// The ids of alerts raised after one, the oldest first.
pub fn after(conn: &Connection, alert: i64, limit: u32) -> Result<Vec<i64>> {
    let mut query =
        conn.prepare_cached("select seq from alert where seq > ?1 order by seq limit ?2")?;
    let rows = query.query_map(rusqlite::params![alert, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The alerts of a story, newest first.
pub fn on_story(conn: &Connection, story: i64, limit: u32) -> Result<Vec<AlertRow>> {
    listed(
        conn,
        "select seq from alert where story = ?1 order by seq desc limit ?2",
        &story,
        limit,
    )
}

/// Alerts on the newest entries that name an entity, newest first.
pub fn on_entity(conn: &Connection, entity: &str, limit: u32) -> Result<Vec<AlertRow>> {
    let mut alerts = listed(
        conn,
        "select a.seq from mention m cross join alert a on a.entry = m.entry
         where m.entity = ?1 and m.entry > coalesce(
            (select entry from mention where entity = ?1 order by entry desc limit 1 offset 5000), 0)
         order by m.entry desc limit ?2",
        &entity,
        limit,
    )?;
    alerts.sort_by_key(|alert| std::cmp::Reverse(alert.id));
    Ok(alerts)
}

fn listed(
    conn: &Connection,
    sql: &str,
    of: &dyn rusqlite::ToSql,
    limit: u32,
) -> Result<Vec<AlertRow>> {
    let mut query = conn.prepare_cached(sql)?;
    let ids: Vec<i64> = query
        .query_map(rusqlite::params![of, limit], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let rows = ids.into_iter().map(|id| one(conn, id));
    let rows: Vec<Option<AlertRow>> = rows.collect::<Result<_>>()?;
    Ok(rows.into_iter().flatten().collect())
}

/// One alert as it stands in a list.
pub fn one(conn: &Connection, alert: i64) -> Result<Option<AlertRow>> {
    let filter = AlertFilter {
        before: Some(alert.saturating_add(1)),
        ..AlertFilter::default()
    };
    let newest = list(conn, &filter, 1)?.pop();
    Ok(newest.filter(|row| row.id == alert))
}

fn deliveries(conn: &Connection, alert: i64) -> Result<Deliveries> {
    let mut counts = Deliveries::default();
    let mut query = conn
        .prepare_cached("select state, count(*) from delivery where alert = ?1 group by state")?;
    let mut rows = query.query([alert])?;
    while let Some(row) = rows.next()? {
        let count: u32 = row.get(1)?;
        match row.get::<_, String>(0)?.as_str() {
            "delivered" => counts.delivered = count,
            "dead" => counts.dead = count,
            "cancelled" => counts.cancelled = count,
            _ => counts.open += count,
        }
    }
    Ok(counts)
}

fn read_alert(row: &Row<'_>) -> rusqlite::Result<AlertRow> {
    let text = |index: usize| row.get::<_, Option<String>>(index);
    Ok(AlertRow {
        id: row.get(0)?,
        key: row.get(1)?,
        created: row.get::<_, Ms>(2)?.0,
        severity: row.get::<_, Rank>(3)?.0,
        reason: row.get::<_, Name<_>>(4)?.0,
        rule: RuleId::new(row.get::<_, String>(5)?),
        rule_title: row.get(6)?,
        entry: text(7)?.map(EntryId::new),
        feed: text(8)?.map(FeedId::new),
        title: row.get(9)?,
        url: row.get(10)?,
        story: row.get(11)?,
        deliveries: Deliveries::default(),
        untold: row.get(12)?,
        acked: row.get::<_, Option<Ms>>(13)?.map(|at| at.0),
        acked_by: row.get(14)?,
        mark: row.get::<_, Option<Name<_>>>(15)?.map(|mark| mark.0),
    })
}

/// At most `limit` matches that raised no alert, newest first.
pub fn held(conn: &Connection, filter: &HeldFilter, limit: u32) -> Result<Vec<HeldRow>> {
    let mut only = Conditions::default();
    only.add("m.at >= ?", ms(filter.since));
    let rule = filter.rule.as_ref();
    only.add(
        "m.rule = ?",
        rule.map(|rule| rule.as_str().to_owned().into()),
    );
    only.add(
        "m.held = ?",
        filter.held.map(|held| held.as_str().to_owned().into()),
    );
    only.add("m.seq < ?", filter.before.map(Value::from));
    only.values.push(limit.into());
    let mut query = conn.prepare_cached(&format!(
        r#"select m.seq, m.at, m.rule, m.severity, m.held, e.id, e.feed, e.title, e.url, m.alert
           from "match" m join entry e on e.seq = m.entry
           where m.held is not null{} order by m.seq desc limit ?"#,
        only.sql
    ))?;
    let rows = query.query_map(params_from_iter(only.values), |row| {
        Ok(HeldRow {
            id: row.get(0)?,
            at: row.get::<_, Ms>(1)?.0,
            rule: RuleId::new(row.get::<_, String>(2)?),
            severity: row.get::<_, Rank>(3)?.0,
            held: row.get::<_, Name<_>>(4)?.0,
            entry: EntryId::new(row.get::<_, String>(5)?),
            feed: FeedId::new(row.get::<_, String>(6)?),
            title: row.get(7)?,
            url: row.get(8)?,
            alert: row.get(9)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
