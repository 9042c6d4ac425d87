//! What the price of a poll is made from: a few numbers of each feed, never whole rows.
//!
//! Prices themselves are `domain::feed::market`.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use crate::domain::feed::FeedState;
use crate::domain::feed::market::Census;
use crate::domain::feed::rhythm::Rhythm;
use crate::domain::feed::schedule::Pace;
use crate::store::Result;
use crate::store::row::count;

/// The demands of all feeds that are polled, at `now`.
pub fn census(conn: &Connection, pace: Pace, now: Timestamp) -> Result<Census> {
    let mut census = Census::new(pace, now);
    let mut query = conn.prepare_cached(
        "select url, interval_ms, rate_count, rate_days,
            etag is not null or last_modified is not null, rhythm
         from feed where configured = 1 and enabled = 1 and gone = 0",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (url, interval): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
        let (validated, rhythm): (bool, Option<Vec<u8>>) = (row.get(4)?, row.get(5)?);
        let state = FeedState {
            rate_count: row.get(2)?,
            rate_days: row.get(3)?,
            etag: validated.then(Vec::new),
            rhythm: Rhythm::from_bytes(rhythm.as_deref()),
            ..FeedState::default()
        };
        let interval = interval.map(|ms| Duration::from_millis(count(ms)));
        census.add(&url, interval, &state);
    }
    Ok(census)
}

/// This store's own random number, which puts its feeds at other times than those of other stores.
pub fn salt(conn: &Connection) -> Result<u64> {
    let text: Option<String> = conn
        .prepare_cached("select value from meta where key = 'salt'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let number = text.and_then(|text| u64::from_str_radix(&text, 16).ok());
    Ok(number.unwrap_or_default())
}
