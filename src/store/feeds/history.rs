//! The polls of a feed: a row each, the last ones kept, for people and for tests.
//!
//! Written with every poll, so the row is small and old ones are cut seldom. What a poll taught is in `feeds`.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, Transaction, params};

use super::super::Result;
use super::super::row::{Json, Ms, Name, count, signed};
use crate::domain::feed::outcome::{PollRecord, Timings};
use crate::domain::id::FeedId;

/// Polls kept of each feed.
const HISTORY: i64 = 200;
/// Older ones are deleted with every so many polls, since looking for them costs more than keeping a few.
const CUT_EVERY: i64 = 20;
/// Adds a poll to the history, which keeps the last 200 and a few more.
pub(in crate::store) fn add_poll(
    tx: &Transaction<'_>,
    feed: &FeedId,
    poll: &PollRecord,
) -> Result<()> {
    tx.prepare_cached(
        "insert into poll (feed, at, outcome, status, duration_ms, wire_bytes, new, revised, note, timings,
            final_url, conditional, body_bytes, format, next_poll, why_then)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?
    .execute(params![
        feed.as_str(),
        Ms(poll.at),
        Name(poll.outcome),
        poll.status,
        signed(poll.duration_ms),
        signed(poll.wire_bytes),
        poll.new,
        poll.revised,
        poll.note,
        poll.timings.map(phases),
        poll.final_url,
        poll.conditional,
        signed(poll.body_bytes),
        poll.format.map(Name),
        poll.next_poll.map(Ms),
        poll.why_then.map(Name),
    ])?;
    let polls: i64 = tx
        .prepare_cached("select polls from feed where id = ?1")?
        .query_row([feed.as_str()], |row| row.get(0))?;
    if polls % CUT_EVERY != 0 {
        return Ok(());
    }
    tx.prepare_cached(
        "delete from poll where feed = ?1 and seq <=
            (select seq from poll where feed = ?1 order by seq desc limit 1 offset ?2)",
    )?
    .execute(params![feed.as_str(), HISTORY])?;
    Ok(())
}

/// The last polls of a feed, newest first.
pub fn history(conn: &Connection, feed: &FeedId, limit: u32) -> Result<Vec<PollRecord>> {
    let mut query =
        conn.prepare_cached("select * from poll where feed = ?1 order by seq desc limit ?2")?;
    let limit = i64::from(limit).min(HISTORY);
    let rows = query.query_map(params![feed.as_str(), limit], read_poll)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The last poll of each feed that was polled.
pub fn last_polls(conn: &Connection) -> Result<BTreeMap<FeedId, PollRecord>> {
    let mut query = conn.prepare_cached(
        "select p.* from feed f join poll p on p.seq = (select max(seq) from poll where feed = f.id)
         where f.configured = 1",
    )?;
    let rows = query.query_map([], |row| {
        Ok((FeedId::new(row.get::<_, String>("feed")?), read_poll(row)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read_poll(row: &Row<'_>) -> rusqlite::Result<PollRecord> {
    let timings: Option<Json<[u32; 5]>> = row.get("timings")?;
    Ok(PollRecord {
        at: row.get::<_, Ms>("at")?.0,
        outcome: row.get::<_, Name<_>>("outcome")?.0,
        status: row.get("status")?,
        duration_ms: count(row.get("duration_ms")?),
        timings: timings.map(timings_of),
        final_url: row.get("final_url")?,
        conditional: row.get("conditional")?,
        wire_bytes: count(row.get("wire_bytes")?),
        body_bytes: count(row.get("body_bytes")?),
        format: row.get::<_, Option<Name<_>>>("format")?.map(|name| name.0),
        new: row.get("new")?,
        revised: row.get("revised")?,
        next_poll: row.get::<_, Option<Ms>>("next_poll")?.map(|at| at.0),
        why_then: row
            .get::<_, Option<Name<_>>>("why_then")?
            .map(|name| name.0),
        note: row.get("note")?,
    })
}

/// The phases of an exchange as their column holds them: bare numbers, since every poll has a row.
fn phases(of: Timings) -> Json<[u32; 5]> {
    Json([
        of.dns_ms,
        of.connect_ms,
        of.first_byte_ms,
        of.body_ms,
        of.waited_ms,
    ])
}

fn timings_of(Json(phases): Json<[u32; 5]>) -> Timings {
    let [dns_ms, connect_ms, first_byte_ms, body_ms, waited_ms] = phases;
    Timings {
        dns_ms,
        connect_ms,
        first_byte_ms,
        body_ms,
        waited_ms,
    }
}
