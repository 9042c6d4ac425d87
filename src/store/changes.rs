//! What people changed through web and API: who, what, when.
//!
//! Written in the transaction of the change itself, so that there is none without the other.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use serde::Serialize;

use super::Result;
use super::row::Ms;

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its row.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Whose token.
    pub who: String,
    /// What was done, such as `alert.ack` or `rule.save`.
    pub what: String,
    /// To which thing.
    pub subject: String,
    /// More of it, such as the query that was saved.
    pub detail: Option<String>,
}

/// Notes a change.
pub fn note(
    tx: &Transaction<'_>,
    who: &str,
    (what, subject): (&str, &str),
    detail: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    tx.prepare_cached(
        "insert into change (at, who, what, subject, detail) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![Ms(now), who, what, subject, detail])?;
    Ok(())
}

/// At most `limit` changes older than the row `before`, newest first.
pub fn list(conn: &Connection, before: Option<i64>, limit: u32) -> Result<Vec<Change>> {
    let mut query = conn.prepare_cached(
        "select seq, at, who, what, subject, detail from change
         where seq < ?1 order by seq desc limit ?2",
    )?;
    let rows = query.query_map(params![before.unwrap_or(i64::MAX), limit], |row| {
        Ok(Change {
            id: row.get(0)?,
            at: row.get::<_, Ms>(1)?.0,
            who: row.get(2)?,
            what: row.get(3)?,
            subject: row.get(4)?,
            detail: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
