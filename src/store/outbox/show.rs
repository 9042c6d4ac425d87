//! Where deliveries and receivers stand: for people, for metrics, and for knowing when to look again.

use jiff::Timestamp;
use rusqlite::{Connection, params, params_from_iter};
use serde::Serialize;

use super::super::Result;
use super::super::row::{Ms, Rank, count, later};
use crate::domain::id::ReceiverId;
use crate::domain::rule::Severity;

/// A delivery with its attempts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeliveryRow {
    /// Its id.
    pub id: i64,
    /// Who gets it.
    pub receiver: ReceiverId,
    /// The key it is sent under.
    pub key: String,
    /// `held`, `due`, `sending`, `delivered`, `dead` or `cancelled`.
    pub state: String,
    /// Why it stands there.
    pub why: Option<String>,
    /// When it is tried next.
    pub due: Option<Timestamp>,
    /// When it was owed first.
    pub created: Timestamp,
    /// When it came to its end.
    pub settled: Option<Timestamp>,
    /// Each try, in order.
    pub attempts: Vec<AttemptRow>,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttemptRow {
    /// When it ended.
    pub at: Timestamp,
    /// `delivered`, `later`, `refused`, `permanent`, `gone`, or `unknown` where the process died over it.
    pub outcome: String,
    /// Status or reply code.
    pub status: Option<u16>,
    /// What went wrong.
    pub message: Option<String>,
    /// What the receiver said.
    pub answer: String,
    /// How long it took.
    pub duration_ms: u64,
}

/// How many deliveries of a receiver are in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateCount {
    /// Who.
    pub receiver: String,
    /// Where they stand.
    pub state: String,
    /// How many.
    pub count: u64,
}

/// The deliveries of an alert, with their attempts.
pub fn of_alert(conn: &Connection, alert: i64) -> Result<Vec<DeliveryRow>> {
    let mut query = conn.prepare_cached(
        "select seq, receiver, key,
            case when state = 'due' and (gone is not null or rate_until is not null)
                then 'held' else state end,
            case when state <> 'due' then why
                when gone is not null then 'receiver gone: ' || gone
                when rate_until is not null then 'rate' else why end,
            case when state = 'due' and gone is not null then null
                when state = 'due' and rate_until > due then rate_until else due end,
            created, settled
         from delivery left join receiver on id = receiver where alert = ?1 order by seq",
    )?;
    let rows = query.query_map([alert], |row| {
        Ok(DeliveryRow {
            id: row.get(0)?,
            receiver: ReceiverId::new(row.get::<_, String>(1)?),
            key: row.get(2)?,
            state: row.get(3)?,
            why: row.get(4)?,
            due: row.get::<_, Option<Ms>>(5)?.map(|at| at.0),
            created: row.get::<_, Ms>(6)?.0,
            settled: row.get::<_, Option<Ms>>(7)?.map(|at| at.0),
            attempts: Vec::new(),
        })
    })?;
    let mut deliveries: Vec<DeliveryRow> = rows.collect::<Result<_, _>>()?;
    for delivery in &mut deliveries {
        delivery.attempts = attempts(conn, delivery.id)?;
    }
    Ok(deliveries)
}

fn attempts(conn: &Connection, delivery: i64) -> Result<Vec<AttemptRow>> {
    let mut query = conn.prepare_cached(
        "select at, outcome, status, message, answer, duration_ms
         from attempt where delivery = ?1 order by number",
    )?;
    let rows = query.query_map([delivery], |row| {
        Ok(AttemptRow {
            at: row.get::<_, Ms>(0)?.0,
            outcome: row.get(1)?,
            status: row.get(2)?,
            message: row.get(3)?,
            answer: row.get(4)?,
            duration_ms: count(row.get(5)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many deliveries of each receiver are in each state. Those that wait for a bucket, or for people to see to a
/// receiver that is gone, are held.
pub fn counts(conn: &Connection) -> Result<Vec<StateCount>> {
    let mut query = conn.prepare_cached(
        "select receiver, case when state = 'due' and (gone is not null or rate_until is not null)
            then 'held' else state end as stands, sum(many)
         from delivery_count left join receiver on id = receiver where many > 0 group by 1, 2 order by 1, 2",
    )?;
    let rows = query.query_map([], |row| {
        Ok(StateCount {
            receiver: row.get(0)?,
            state: row.get(1)?,
            count: count(row.get(2)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Critical messages that a receiver took since an instant and that nobody has acknowledged, the newest first: of which
/// alert, and what the receiver said.
pub fn ringing(
    conn: &Connection,
    receiver: &ReceiverId,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<(i64, String)>> {
    let mut query = conn.prepare_cached(
        "select d.alert, (select t.answer from attempt t where t.delivery = d.seq order by t.number desc limit 1)
         from delivery d join alert a on a.seq = d.alert
         where d.receiver = ?1 and d.state = 'delivered' and d.settled >= ?2 and d.severity = ?3 and a.acked_at is null
            and not exists (select 1 from alert o where o.story = a.story and o.acked_at is not null)
         order by d.seq desc limit ?4",
    )?;
    let critical = Rank(Severity::Critical);
    let rows = query.query_map(
        params![receiver.as_str(), Ms(since), critical, limit],
        |row| {
            Ok((
                row.get(0)?,
                row.get::<_, Option<String>>(1)?.unwrap_or_default(),
            ))
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many deliveries are still owed: due or on their way.
pub fn open(conn: &Connection) -> Result<u64> {
    Ok(conn
        .prepare_cached(
            "select coalesce(sum(many), 0) from delivery_count where state in ('due', 'sending')",
        )?
        .query_row([], |row| row.get(0))
        .map(count)?)
}

/// Deliveries that are still owed: those to be tried, and those that something holds. What a receiver's own rate holds
/// counts as held, whatever it is due; what waits for a receiver that is gone does not, since people have to see to that.
pub fn owed(conn: &Connection, now: Timestamp) -> Result<(u64, u64)> {
    Ok(conn
        .prepare_cached(
            "select coalesce(sum(many) filter (where state <> 'held' and not paced), 0),
                coalesce(sum(many) filter (where state = 'held' or paced), 0)
             from (select state, many, state = 'due' and gone is null and coalesce(rate_until, 0) > ?1 as paced
                from delivery_count left join receiver on id = receiver where state in ('due', 'sending', 'held'))",
        )?
        .query_row([Ms(now)], |row| Ok((count(row.get(0)?), count(row.get(1)?))))?)
}

/// Which dead deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadFilter {
    /// Owed to this receiver.
    pub receiver: Option<ReceiverId>,
    /// Given up at or after.
    pub since: Option<Timestamp>,
    /// Given up before.
    pub until: Option<Timestamp>,
}

/// The dead deliveries that were not sent again since, the oldest first: their alerts, and to whom they were owed.
/// What died within a digest is sent again with it.
pub fn dead(conn: &Connection, filter: &DeadFilter) -> Result<Vec<(i64, ReceiverId)>> {
    let mut query = conn.prepare_cached(
        "select d.alert, d.receiver from delivery d
         where d.state = 'dead' and d.hold is null and (?1 is null or d.receiver = ?1)
            and (?2 is null or d.settled >= ?2) and (?3 is null or d.settled < ?3)
            and not exists (select 1 from delivery later where later.alert = d.alert
                and later.receiver = d.receiver and later.seq > d.seq)
         order by d.created, d.seq",
    )?;
    let receiver = filter.receiver.as_ref().map(ReceiverId::as_str);
    let rows = query.query_map(
        params![receiver, filter.since.map(Ms), filter.until.map(Ms)],
        |row| Ok((row.get(0)?, ReceiverId::new(row.get::<_, String>(1)?))),
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What waits for a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Who.
    pub receiver: ReceiverId,
    /// How many.
    pub count: u64,
    /// When the oldest was owed first.
    pub oldest: Timestamp,
    /// When the oldest of high severity or more was.
    pub oldest_high: Option<Timestamp>,
}

/// Deliveries are overdue that have been due for so long although nothing keeps them.
const OVERDUE: i64 = 10 * 60_000;

/// How many deliveries are overdue: the outbox does not move.
pub fn stuck(conn: &Connection, now: Timestamp) -> Result<u64> {
    Ok(conn
        .prepare_cached(
            "select count(*) from delivery d left join receiver r on r.id = d.receiver
             where d.state = 'due' and d.due <= ?1 and r.gone is null
                and coalesce(r.streak, 0) = 0 and coalesce(r.hold_until, 0) <= ?1
                and coalesce(r.rate_until, 0) <= ?1",
        )?
        .query_row([Ms(later(now, -OVERDUE))], |row| row.get(0))
        .map(count)?)
}

/// What waits for each receiver to whom something is owed; takes as long however much that is.
pub fn overdue(conn: &Connection) -> Result<Vec<Waiting>> {
    let mut query = conn.prepare_cached(
        "select receiver, sum(many) from delivery_count where state in ('due', 'sending') and many > 0
         group by receiver order by receiver",
    )?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, count(row.get(1)?))))?;
    let owed: Vec<(String, u64)> = rows.collect::<rusqlite::Result<_>>()?;
    let mut out = Vec::with_capacity(owed.len());
    for (receiver, count) in owed {
        let oldest_of = |least| oldest(conn, &receiver, least);
        if let Some(oldest) = oldest_of(Severity::Info)? {
            out.push(Waiting {
                count,
                oldest,
                oldest_high: oldest_of(Severity::High)?,
                receiver: ReceiverId::new(receiver),
            });
        }
    }
    Ok(out)
}

/// When the oldest delivery to a receiver of this severity or more was owed first: a step in the index for each
/// severity, and those few that are under way.
fn oldest(conn: &Connection, receiver: &str, least: Severity) -> Result<Option<Timestamp>> {
    let mut query = conn.prepare_cached(
        "select min(at) from (
            select (select min(created) from delivery where state = 'due' and receiver = ?1 and severity = s.rank) as at
            from (select 0 as rank union all select 1 union all select 2 union all select 3 union all select 4) s
            where s.rank >= ?2
            union all
            select created from delivery where state = 'sending' and receiver = ?1 and severity >= ?2)",
    )?;
    let at: Option<Ms> = query.query_row(params![receiver, Rank(least)], |row| row.get(0))?;
    Ok(at.map(|at| at.0))
}

/// The receivers to whom something is due, with when each may be tried, the next first. Those that are gone are left
/// out.
///
/// `untried_since` as in a claim: back-off does not count then, and what was tried since is left out.
pub fn waiting(
    conn: &Connection,
    untried_since: Option<Timestamp>,
) -> Result<Vec<(ReceiverId, Timestamp)>> {
    // One look a receiver into the index, however many deliveries wait.
    let daemon = "select id, max((select min(due) from delivery where state = 'due' and receiver = id),
            coalesce(hold_until, 0), coalesce(rest_until, 0), coalesce(rate_until, 0))
         from (
            with recursive owed (id) as (
                select min(receiver) from delivery where state = 'due'
                union all
                select (select min(receiver) from delivery where state = 'due' and receiver > owed.id)
                from owed where owed.id is not null)
            select id from owed where id is not null)
         left join receiver r using (id) where gone is null order by 2, 1";
    let once =
        "select d.receiver, max(min(d.created), coalesce(hold_until, 0), coalesce(rate_until, 0))
         from delivery d left join receiver r on r.id = d.receiver
         where d.state = 'due' and (d.last_attempt is null or d.last_attempt < ?1) and gone is null
         group by d.receiver order by 2, 1";
    let mut query = conn.prepare_cached(if untried_since.is_some() {
        once
    } else {
        daemon
    })?;
    let rows = query.query_map(params_from_iter(untried_since.map(Ms)), |row| {
        let receiver = ReceiverId::new(row.get::<_, String>(0)?);
        Ok((receiver, row.get::<_, Ms>(1)?.0))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When to look at the outbox again: something becomes due, or a lease runs out.
pub fn next_due(conn: &Connection) -> Result<Option<Timestamp>> {
    let lease: Option<Ms> = conn
        .prepare_cached("select min(lease_until) from delivery where state = 'sending'")?
        .query_row([], |row| row.get(0))?;
    let due = waiting(conn, None)?.first().map(|(_, at)| *at);
    Ok(due.into_iter().chain(lease.map(|at| at.0)).min())
}
