//! Log-ins: a cookie by its hash, and whose token opened it.
//!
//! How long one lasts and what a token may do is decided in `web`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::Result;
use super::row::Ms;

/// A log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The name of the token.
    pub token: String,
    /// Sixteen bits of that token's hash, so that another of the same name does not keep it open.
    pub mark: i64,
}

/// Most sessions that are kept; the oldest go first.
const MOST: i64 = 1000;

/// Opens a session; those that are over go.
pub fn open(
    tx: &Transaction<'_>,
    hash: &str,
    session: &Session,
    (now, until): (Timestamp, Timestamp),
) -> Result<()> {
    tx.prepare_cached(
        "delete from session where until <= ?1 or hash in
            (select hash from session order by opened desc limit -1 offset ?2)",
    )?
    .execute(params![Ms(now), MOST])?;
    tx.prepare_cached(
        "insert into session (hash, token, mark, opened, until) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        hash,
        session.token,
        session.mark,
        Ms(now),
        Ms(until)
    ])?;
    Ok(())
}

/// The open session of a cookie.
pub fn find(conn: &Connection, hash: &str, now: Timestamp) -> Result<Option<Session>> {
    Ok(conn
        .prepare_cached("select token, mark from session where hash = ?1 and until > ?2")?
        .query_row(params![hash, Ms(now)], |row| {
            Ok(Session {
                token: row.get(0)?,
                mark: row.get(1)?,
            })
        })
        .optional()?)
}

/// Ends a session.
pub fn close(tx: &Transaction<'_>, hash: &str) -> Result<()> {
    tx.prepare_cached("delete from session where hash = ?1")?
        .execute([hash])?;
    Ok(())
}
