//! Where deliveries and receivers stand: for people, for metrics, and for knowing when to look again.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::super::Result;
use super::super::row::{Ms, count};
use crate::domain::id::ReceiverId;

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
    /// `delivered`, `later`, `permanent`, or `unknown` where the process died over it.
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

/// How a receiver is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReceiverRow {
    /// Who.
    pub id: String,
    /// It asked to be left alone until then.
    pub hold_until: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// When it last accepted something.
    pub last_success: Option<Timestamp>,
    /// When it last did not.
    pub last_failure: Option<Timestamp>,
    /// What went wrong then; none after a success.
    pub last_error: Option<String>,
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
        "select seq, receiver, key, state, why, due, created, settled
         from delivery where alert = ?1 order by seq",
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

/// How many deliveries of each receiver are in each state.
pub fn counts(conn: &Connection) -> Result<Vec<StateCount>> {
    let mut query = conn.prepare_cached(
        "select receiver, state, count(*) from delivery group by state, receiver order by 1, 2",
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

/// What was learned of each receiver that ever answered.
pub fn receivers(conn: &Connection) -> Result<Vec<ReceiverRow>> {
    let mut query = conn.prepare_cached(
        "select id, hold_until, failures, last_success, last_failure, last_error
         from receiver order by id",
    )?;
    let rows = query.query_map([], |row| {
        let at = |index: usize| row.get::<_, Option<Ms>>(index).map(|at| at.map(|at| at.0));
        Ok(ReceiverRow {
            id: row.get(0)?,
            hold_until: at(1)?,
            failures: row.get(2)?,
            last_success: at(3)?,
            last_failure: at(4)?,
            last_error: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The receivers to whom something is due, with when each may be tried, the next first.
///
/// `untried_since` as in a claim: back-off does not count then, and what was tried since is left out.
pub fn waiting(
    conn: &Connection,
    untried_since: Option<Timestamp>,
) -> Result<Vec<(ReceiverId, Timestamp)>> {
    let mut query = conn.prepare_cached(
        "select d.receiver, min(case
                when r.hold_until > d.due or (?1 is not null and r.hold_until is not null)
                    then r.hold_until
                when ?1 is not null then d.created else d.due end)
         from delivery d left join receiver r on r.id = d.receiver
         where d.state = 'due' and (?1 is null or d.last_attempt is null or d.last_attempt < ?1)
         group by d.receiver order by 2, 1",
    )?;
    let rows = query.query_map(params![untried_since.map(Ms)], |row| {
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
