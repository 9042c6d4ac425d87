//! What was learned of receivers: how their answers went, until when they rest, and what that means for all that is
//! owed to them.
//!
//! What answers in a row mean is decided in `domain::alert::circuit`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;

use super::super::row::{Json, Ms, Name, later, millis};
use super::super::{Result, digests};
use super::LONGEST_HOLD;
use crate::domain::alert::circuit::{Circuit, Class, LONGEST_REST};
use crate::domain::alert::delivery::{Attempt, AttemptOutcome, SHORT_GIVE_UP};
use crate::domain::id::ReceiverId;

/// How far clocks are corrected in good order.
const CLOCK_STEP: std::time::Duration = std::time::Duration::from_hours(1);

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
    /// Its bucket is empty until then.
    pub rate_until: Option<Timestamp>,
    /// What its answers in a row came to.
    #[serde(skip)]
    pub circuit: Circuit,
}

const COLUMNS: &str =
    "id, hold_until, failures, last_success, last_failure, last_error, rate_until,
    streak, since, recent, rest_until, class, gone";

/// What was learned of each receiver that ever answered.
pub fn receivers(conn: &Connection) -> Result<Vec<ReceiverRow>> {
    let mut query = conn.prepare_cached(&format!("select {COLUMNS} from receiver order by id"))?;
    let rows = query.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ReceiverRow> {
    let at = |index: usize| row.get::<_, Option<Ms>>(index).map(|at| at.map(|at| at.0));
    let recent: Json<Vec<i64>> = row.get(9)?;
    Ok(ReceiverRow {
        id: row.get(0)?,
        hold_until: at(1)?,
        failures: row.get(2)?,
        last_success: at(3)?,
        last_failure: at(4)?,
        last_error: row.get(5)?,
        rate_until: at(6)?,
        circuit: Circuit {
            streak: row.get(7)?,
            since: at(8)?,
            recent: recent
                .0
                .into_iter()
                .filter_map(|ms| Timestamp::from_millisecond(ms).ok())
                .collect(),
            rest_until: at(10)?,
            class: row.get::<_, Option<Name<Class>>>(11)?.map(|class| class.0),
            gone: row.get(12)?,
        },
    })
}

fn one(tx: &Transaction<'_>, receiver: &ReceiverId) -> Result<ReceiverRow> {
    let known = tx
        .prepare_cached(&format!("select {COLUMNS} from receiver where id = ?1"))?
        .query_row([receiver.as_str()], read)
        .optional()?;
    Ok(known.unwrap_or_default())
}

/// Keeps how an attempt went, and does what follows for the rest that is owed to its receiver.
pub(super) fn note(
    tx: &Transaction<'_>,
    receiver: &ReceiverId,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<()> {
    let before = one(tx, receiver)?;
    let was_open = before.circuit.is_open();
    let circuit = before.circuit.clone().after(&attempt.outcome, now);
    save(tx, receiver, &before, attempt, (&circuit, now))?;
    if was_open && !circuit.is_open() {
        // It is back: what was put off only since it was away is due.
        make_due(tx, receiver, now)?;
    }
    if let Some(ended) = circuit.gives_up_before() {
        give_up(tx, receiver, &circuit, (ended, now), attempt)?;
    }
    Ok(())
}

fn save(
    tx: &Transaction<'_>,
    receiver: &ReceiverId,
    before: &ReceiverRow,
    attempt: &Attempt,
    (circuit, now): (&Circuit, Timestamp),
) -> Result<()> {
    let delivered = attempt.outcome == AttemptOutcome::Delivered;
    let wait = match &attempt.outcome {
        AttemptOutcome::Later { wait, .. } => *wait,
        _ => None,
    };
    let hold = wait.map(|wait| later(now, millis(wait.min(LONGEST_HOLD))));
    let recent: Vec<i64> = circuit
        .recent
        .iter()
        .map(|at| at.as_millisecond())
        .collect();
    tx.prepare_cached(
        "insert into receiver (id, hold_until, failures, last_success, last_failure, last_error,
            rate_until, streak, since, recent, rest_until, class, gone)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         on conflict (id) do update set hold_until = ?2, failures = ?3, last_success = ?4,
            last_failure = ?5, last_error = ?6, streak = ?8, since = ?9, recent = ?10,
            rest_until = ?11, class = ?12, gone = ?13",
    )?
    .execute(params![
        receiver.as_str(),
        before.hold_until.max(hold).map(Ms),
        if delivered {
            0
        } else {
            before.failures.saturating_add(1)
        },
        if delivered {
            Some(now)
        } else {
            before.last_success
        }
        .map(Ms),
        if delivered {
            before.last_failure
        } else {
            Some(now)
        }
        .map(Ms),
        attempt.outcome.message(),
        before.rate_until.map(Ms),
        circuit.streak,
        circuit.since.map(Ms),
        Json(recent),
        circuit.rest_until.map(Ms),
        circuit.class.map(Name),
        circuit.gone,
    ])?;
    Ok(())
}

fn make_due(tx: &Transaction<'_>, receiver: &ReceiverId, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "update delivery set due = ?2 where receiver = ?1 and state = 'due' and due > ?2",
    )?
    .execute(params![receiver.as_str(), Ms(now)])?;
    Ok(())
}

/// Gives up what is past its `give_up` while the receiver, probed with other messages, took nothing.
fn give_up(
    tx: &Transaction<'_>,
    receiver: &ReceiverId,
    circuit: &Circuit,
    (ended, now): (Timestamp, Timestamp),
    attempt: &Attempt,
) -> Result<()> {
    let since = circuit.since.unwrap_or(ended);
    let said = attempt.outcome.message().unwrap_or_default();
    let why = format!("given up: the receiver has taken nothing since {since}: {said}");
    let mut query = tx.prepare_cached(
        "select seq from delivery where receiver = ?1 and state = 'due'
            and (give_up <= ?2 or (give_up <= ?3 and give_up - created < ?4))",
    )?;
    let short = millis(SHORT_GIVE_UP);
    let rows = query.query_map(
        params![receiver.as_str(), Ms(ended), Ms(now), short],
        |row| row.get(0),
    )?;
    bury(tx, &rows.collect::<Result<Vec<i64>, _>>()?, &why, now)
}

/// Gives up what is past its `give_up` and owed to receivers that are gone: nothing is tried there.
pub(super) fn give_up_gone(tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
    let mut query = tx.prepare_cached(
        "select d.seq, r.gone from receiver r join delivery d on d.receiver = r.id
         where r.gone is not null and d.state = 'due' and d.give_up <= ?1",
    )?;
    let rows = query.query_map([Ms(now)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let ended: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
    for (delivery, said) in ended {
        bury(
            tx,
            &[delivery],
            &format!("given up: the receiver is gone: {said}"),
            now,
        )?;
    }
    Ok(())
}

fn bury(tx: &Transaction<'_>, deliveries: &[i64], why: &str, now: Timestamp) -> Result<()> {
    for delivery in deliveries {
        tx.prepare_cached(
            "update delivery set state = 'dead', why = ?2, due = null, settled = ?3 where seq = ?1",
        )?
        .execute(params![delivery, why, Ms(now)])?;
        digests::follow(tx, *delivery, now)?;
    }
    Ok(())
}

/// Takes note of how receivers are configured. One that is configured otherwise than before begins anew: it is
/// spoken to at once, whatever it said before. Its own wish to wait is kept.
pub fn configure(
    tx: &Transaction<'_>,
    configured: &[(ReceiverId, i64)],
    now: Timestamp,
) -> Result<()> {
    for (receiver, config) in configured {
        let before = tx
            .prepare_cached("select config from receiver where id = ?1")?
            .query_row([receiver.as_str()], |row| row.get::<_, Option<i64>>(0))
            .optional()?
            .flatten();
        if before == Some(*config) {
            continue;
        }
        if before.is_some() {
            begin_anew(tx, receiver, now)?;
        }
        tx.prepare_cached(
            "insert into receiver (id, config) values (?1, ?2)
             on conflict (id) do update set config = ?2",
        )?
        .execute(params![receiver.as_str(), config])?;
    }
    Ok(())
}

/// Speaks to a receiver again that is gone, rests or is refused: people have seen to it.
pub fn begin_anew(tx: &Transaction<'_>, receiver: &ReceiverId, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "update receiver set streak = 0, since = null, recent = '[]', rest_until = null,
            rate_until = null, class = null, gone = null where id = ?1",
    )?
    .execute([receiver.as_str()])?;
    make_due(tx, receiver, now)
}

/// Nothing is put off for longer than it can be: what lies beyond was put off under a wrong clock, and comes now.
pub(in crate::store) fn forget_wrong_clock(tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
    let latest = Ms(later(now, millis(LONGEST_HOLD + CLOCK_STEP)));
    let rested = Ms(later(now, millis(LONGEST_REST)));
    for (sql, beyond) in [
        (
            "update receiver set hold_until = null where hold_until > ?1",
            latest,
        ),
        (
            "update receiver set rest_until = null where rest_until > ?1",
            rested,
        ),
    ] {
        tx.prepare_cached(sql)?.execute([beyond])?;
    }
    for sql in [
        "update delivery set due = ?2 where state = 'due' and due > ?1",
        "update delivery set lease_until = ?2 where state = 'sending' and lease_until > ?1",
    ] {
        tx.prepare_cached(sql)?.execute([latest, Ms(now)])?;
    }
    Ok(())
}

/// The clock was set back: each wait that runs ends after what was left of it, neither earlier nor later.
pub fn set_back(tx: &Transaction<'_>, by: std::time::Duration) -> Result<()> {
    let by = millis(by);
    for sql in [
        "update delivery set due = due - ?1 where state = 'due'",
        "update delivery set lease_until = lease_until - ?1 where state = 'sending'",
        "update receiver set hold_until = hold_until - ?1, rest_until = rest_until - ?1,
            rate_until = rate_until - ?1",
        "update bucket set full_at = full_at - ?1",
    ] {
        tx.prepare_cached(sql)?.execute([by])?;
    }
    Ok(())
}
