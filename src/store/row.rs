//! How our values stand in columns: times as milliseconds, enums by name, lists as JSON, severities as ranks.
//!
//! Only conversions; no SQL.

use jiff::Timestamp;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::domain::rule::Severity;

/// An instant, as milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ms(pub Timestamp);

impl ToSql for Ms {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_millisecond().into())
    }
}

impl FromSql for Ms {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let millis = i64::column_result(value)?;
        Timestamp::from_millisecond(millis)
            .map(Self)
            .map_err(|_| FromSqlError::OutOfRange(millis))
    }
}

/// `now` with `millis` added, within what a timestamp can hold.
pub(super) fn later(now: Timestamp, millis: i64) -> Timestamp {
    now.checked_add(jiff::SignedDuration::from_millis(millis))
        .unwrap_or(if millis < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
}

/// A duration in milliseconds, as a column holds it.
pub(super) fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A count that SQLite keeps as a signed number.
pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// An unsigned number as SQLite keeps it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A value as JSON text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Json<T>(pub T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        serde_json::to_string(&self.0)
            .map(ToSqlOutput::from)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(|error| FromSqlError::Other(error.into()))
    }
}

/// An enum by its name, as serde spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name<T>(pub T);

impl<T: Serialize> ToSql for Name<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0) {
            Ok(serde_json::Value::String(name)) => Ok(ToSqlOutput::Owned(Value::Text(name))),
            Ok(other) => Err(rusqlite::Error::ToSqlConversionFailure(
                format!("{other} is not a name").into(),
            )),
            Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Name<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = serde_json::Value::String(value.as_str()?.to_owned());
        serde_json::from_value(name)
            .map(Self)
            .map_err(|error| FromSqlError::Other(error.into()))
    }
}

/// A severity by its rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rank(pub Severity);

impl ToSql for Rank {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((self.0 as i64).into())
    }
}

impl FromSql for Rank {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let rank = i64::column_result(value)?;
        usize::try_from(rank)
            .ok()
            .and_then(|rank| Severity::ALL.get(rank).copied())
            .map(Self)
            .ok_or(FromSqlError::OutOfRange(rank))
    }
}

/// The columns of a row one after the other. By name each would be looked for among all, which shows where rows
/// are wide and read at every poll.
pub(super) struct Columns<'a, 'b> {
    row: &'a Row<'b>,
    next: usize,
}

impl<'a, 'b> Columns<'a, 'b> {
    /// From the first.
    pub(super) fn of(row: &'a Row<'b>) -> Self {
        Self { row, next: 0 }
    }

    /// The next.
    pub(super) fn take<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let column = self.next;
        self.next += 1;
        self.row.get(column)
    }
}

/// What a column would hold.
pub(super) fn value(of: &dyn ToSql) -> rusqlite::Result<Value> {
    match of.to_sql()? {
        ToSqlOutput::Owned(value) => Ok(value),
        ToSqlOutput::Borrowed(value) => Value::try_from(value)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into())),
        // Blobs of zeros and lent arrays, of which nothing here makes any.
        _ => Ok(Value::Null),
    }
}

/// Makes [`short_hash`] known to SQL, for checks and schema steps.
pub(super) fn add_short_hash(conn: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    conn.create_scalar_function("short_hash", 1, flags, |call| {
        Ok(short_hash(call.get_raw(0).as_str()?))
    })
}

/// Eight bytes of a hash, so that indexes of long texts stay small.
pub(super) fn short_hash(text: &str) -> i64 {
    let digest = Sha256::digest(text.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(bytes)
}

/// [`short_hash`] of a URL, its highest twelve bits those of the URL's folder: the links of one document mostly lie
/// together in an index.
pub(super) fn url_hash(url: &str) -> i64 {
    const OWN: i64 = (1 << 52) - 1;
    let folder = url.rsplit_once('/').map_or("", |(folder, _)| folder);
    short_hash(folder) & !OWN | short_hash(url) & OWN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::feed::Origin;
    use crate::domain::feed::schedule::Why;

    #[test]
    fn values_come_back_as_they_went() {
        let db = Connection::open_in_memory().unwrap();
        let at: Timestamp = "2026-11-24T10:00:00.123Z".parse().unwrap();
        let row = db
            .query_row(
                "select ?1, ?2, ?3, ?4",
                (
                    Ms(at),
                    Json(vec!["a", "한"]),
                    Name(Why::RetryAfter),
                    Rank(Severity::High),
                ),
                |row| {
                    let list: Json<Vec<String>> = row.get(1)?;
                    let why: Name<Why> = row.get(2)?;
                    Ok((
                        row.get::<_, Ms>(0)?.0,
                        list.0,
                        why.0,
                        row.get::<_, Rank>(3)?.0,
                    ))
                },
            )
            .unwrap();
        assert_eq!(
            row,
            (
                at,
                vec!["a".into(), "한".into()],
                Why::RetryAfter,
                Severity::High
            )
        );
        let spelt: String = db
            .query_row("select ?1", [Name(Origin::File)], |row| row.get(0))
            .unwrap();
        assert_eq!(spelt, "file");
        assert!(
            db.query_row("select 9", [], |row| row.get::<_, Rank>(0))
                .is_err()
        );
        assert!(
            db.query_row("select 'x'", [], |row| row.get::<_, Name<Why>>(0))
                .is_err()
        );
    }
}
