//! What waits, for people: each held message with its reason and the time at which that is looked at.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::super::Result;
use super::super::row::{Columns, Ms, Rank};
use crate::domain::id::{EntryId, FeedId, ReceiverId, RuleId};
use crate::domain::rule::Severity;

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldDelivery {
    /// Its alert.
    pub alert: i64,
    /// When it was decided.
    pub at: Timestamp,
    /// Which rule.
    pub rule: RuleId,
    /// How much it matters.
    pub severity: Severity,
    /// By what it is held: `silence`, `throttle`, `quiet`, `digest`, `rate`, or `gathered` in a digest under way.
    pub held: String,
    /// Who waits for it.
    pub receiver: ReceiverId,
    /// When that is looked at again; none where a digest under way ends it.
    pub until: Option<Timestamp>,
    /// In words.
    pub why: String,
    /// Which silence.
    pub silence: Option<i64>,
    /// Which entry.
    pub entry: Option<EntryId>,
    /// Its feed.
    pub feed: Option<FeedId>,
    /// Its title.
    pub title: String,
    /// Its page.
    pub url: Option<String>,
}

/// At most `limit` messages that wait, the newest first; `since` and `rule` as for alerts.
pub fn held(
    conn: &Connection,
    since: Option<Timestamp>,
    rule: Option<&RuleId>,
    limit: u32,
) -> Result<Vec<HeldDelivery>> {
    let mut query = conn.prepare_cached(
        "select a.seq, d.created, a.rule, d.severity, iif(d.state = 'due', 'rate', coalesce(d.hold, 'other')), d.receiver,
            iif(d.state = 'due', max(d.due, r.rate_until), d.due),
            iif(d.state = 'due', 'the receiver''s own rate', coalesce(d.why, '')),
            case d.hold when 'silence' then d.silence end, e.id, e.feed,
            coalesce(e.title, a.health_subject, a.rule_title), e.url
         from delivery d join alert a on a.seq = d.alert left join entry e on e.seq = a.entry
            left join receiver r on r.id = d.receiver
         where (d.state = 'held' or d.state = 'due' and r.gone is null and r.rate_until is not null) and (?1 is null or d.created >= ?1) and (?2 is null or a.rule = ?2)
         order by d.seq desc limit ?3",
    )?;
    let rows = query.query_map(
        params![since.map(Ms), rule.map(RuleId::as_str), limit],
        |row| {
            let mut columns = Columns::of(row);
            Ok(HeldDelivery {
                alert: columns.take()?,
                at: columns.take::<Ms>()?.0,
                rule: RuleId::new(columns.take::<String>()?),
                severity: columns.take::<Rank>()?.0,
                held: columns.take()?,
                receiver: ReceiverId::new(columns.take::<String>()?),
                until: columns.take::<Option<Ms>>()?.map(|at| at.0),
                why: columns.take()?,
                silence: columns.take()?,
                entry: columns.take::<Option<String>>()?.map(EntryId::new),
                feed: columns.take::<Option<String>>()?.map(FeedId::new),
                title: columns.take()?,
                url: columns.take()?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}
