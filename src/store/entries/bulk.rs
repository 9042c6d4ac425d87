//! Entries read for matching, in bulk or one: in the order of their rows, only what rules look at, nothing copied.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::domain::matching::Subject;
use crate::store::Result;
use crate::store::row::{Json, Ms};

/// An entry as matching reads it, borrowed from the row.
#[derive(Clone, Debug)]
pub struct BulkEntry<'r> {
    /// Its row.
    pub seq: i64,
    /// When it was published, or else first seen.
    pub at: Timestamp,
    /// Its feed.
    pub feed: &'r str,
    /// BCP 47.
    pub language: Option<&'r str>,
    /// Its page.
    pub url: Option<&'r str>,
    /// Plain text.
    pub title: &'r str,
    /// Plain text.
    pub body: &'r str,
    /// The article's text.
    pub full_text: Option<&'r str>,
    /// Names as published.
    pub authors: Vec<String>,
    /// Labels as published.
    pub categories: Vec<String>,
    /// The feed's title, where it may stand at the end of the entry's.
    pub feed_title: Option<&'r str>,
}

impl BulkEntry<'_> {
    /// The entry as rules see it.
    #[must_use]
    pub fn subject<'a>(&'a self, tags: &'a [String]) -> Subject<'a> {
        Subject {
            title: self.title,
            body: self.body,
            full_text: self.full_text,
            url: self.url,
            authors: &self.authors,
            categories: &self.categories,
            feed: Some(self.feed),
            tags,
            feed_title: self.feed_title,
            language: self.language,
        }
    }
}

/// The rows among which all entries since then are; none where there is no such entry.
pub fn rows_since(conn: &Connection, since: Timestamp) -> Result<Option<RangeInclusive<i64>>> {
    let (first, last): (Option<i64>, Option<i64>) = conn
        .prepare_cached("select min(seq), max(seq) from entry where at >= ?1")?
        .query_row([Ms(since)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(first.zip(last).map(|(first, last)| first..=last))
}

/// Calls `each` with every entry of these rows since then, in the order of rows.
pub fn read_bulk(
    conn: &Connection,
    rows: RangeInclusive<i64>,
    since: Timestamp,
    mut each: impl FnMut(&BulkEntry<'_>),
) -> Result<()> {
    // The plus keeps the planner from an index on time: rows that lie side by side are read much faster.
    let mut query = conn.prepare_cached(&format!(
        "select {READ} from entry where seq between ?1 and ?2 and +at >= ?3 order by seq"
    ))?;
    let mut found = query.query(params![rows.start(), rows.end(), Ms(since)])?;
    while let Some(row) = found.next()? {
        each(&borrowed(row)?);
    }
    Ok(())
}

/// What `with` makes of the entry of a row; none where there is none.
pub fn lend<T>(
    conn: &Connection,
    seq: i64,
    with: impl FnOnce(&BulkEntry<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let mut query = conn.prepare_cached(&format!("select {READ} from entry where seq = ?1"))?;
    let mut found = query.query([seq])?;
    let lent = found.next()?.map(|row| with(&borrowed(row)?));
    lent.transpose()
}

/// The columns of an entry that are read here; the feed's title where it may stand at the end of the entry's.
const READ: &str = "seq, at, feed, language, url, title, body, full_text, authors, categories, \
     case when title glob '* [-|–—:] *' \
     then (select coalesce(f.title, f.own_title) from feed f where f.id = entry.feed) end";

fn borrowed<'r>(row: &'r Row<'_>) -> Result<BulkEntry<'r>> {
    Ok(BulkEntry {
        seq: row.get(0)?,
        at: row.get::<_, Ms>(1)?.0,
        feed: text(row, 2)?.unwrap_or_default(),
        language: text(row, 3)?,
        url: text(row, 4)?,
        title: text(row, 5)?.unwrap_or_default(),
        body: text(row, 6)?.unwrap_or_default(),
        full_text: text(row, 7)?,
        authors: list(row, 8)?,
        categories: list(row, 9)?,
        feed_title: text(row, 10)?,
    })
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<Option<&'r str>> {
    let value = row.get_ref(column)?;
    Ok(value.as_str_or_null().map_err(rusqlite::Error::from)?)
}

/// A list of texts; most are empty and cost nothing.
fn list(row: &Row<'_>, column: usize) -> Result<Vec<String>> {
    if text(row, column)? == Some("[]") {
        return Ok(Vec::new());
    }
    Ok(row.get::<_, Json<_>>(column)?.0)
}
