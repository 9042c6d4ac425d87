//! Stories as people look through them: those that raised alerts first, and the newest of all.
//!
//! Which entries make a story is decided elsewhere; here they are counted.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::Result;
use super::row::{Ms, Rank, count};
use crate::domain::rule::Severity;

/// A story in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoryRow {
    /// Its id.
    pub id: i64,
    /// The title of the entry it began with, or of the first that is left.
    pub title: String,
    /// When its first entry came.
    pub first_seen: Timestamp,
    /// When the last one did.
    pub last_seen: Timestamp,
    /// Entries.
    pub entries: u64,
    /// Feeds that carry it, the first one first.
    pub feeds: Vec<String>,
    /// In which languages.
    pub languages: Vec<String>,
    /// Alerts it raised.
    pub alerts: u64,
    /// Matches that were folded into them.
    pub folded: u64,
    /// The gravest of them.
    pub severity: Option<Severity>,
    /// Rules that it raised alerts for.
    pub rules: Vec<String>,
    /// Where the next page of the list begins.
    #[serde(skip)]
    pub cursor: i64,
}

/// Alerts looked at for one page; a story may have raised many.
const MOST_ALERTS: u32 = 5_000;

/// At most `limit` stories that raised alerts, the last one to do so first.
pub fn told(conn: &Connection, before: Option<i64>, limit: usize) -> Result<Vec<StoryRow>> {
    let before = before.unwrap_or(i64::MAX);
    let mut query = conn.prepare_cached(
        "select a.seq, a.story from alert a
         where a.seq < ?1 and a.story is not null
            and not exists (select 1 from alert b where b.story = a.story and b.seq > a.seq)
         order by a.seq desc limit ?2",
    )?;
    let most = u32::try_from(limit).unwrap_or(MOST_ALERTS).min(MOST_ALERTS);
    let rows = query.query_map(params![before, most], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found: Vec<(i64, i64)> = rows.collect::<rusqlite::Result<_>>()?;
    let stories = found
        .into_iter()
        .map(|(cursor, story)| one(conn, story, cursor));
    let stories = stories.collect::<Result<Vec<_>>>()?;
    Ok(stories.into_iter().flatten().collect())
}

/// At most `limit` stories, the newest first, whether or not they raised alerts.
pub fn newest(conn: &Connection, before: Option<i64>, limit: usize) -> Result<Vec<StoryRow>> {
    let mut query =
        conn.prepare_cached("select seq from story where seq < ?1 order by seq desc limit ?2")?;
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let rows = query.query_map(params![before.unwrap_or(i64::MAX), limit], |row| row.get(0))?;
    let found: Vec<i64> = rows.collect::<rusqlite::Result<_>>()?;
    let stories = found.into_iter().map(|story| one(conn, story, story));
    let stories = stories.collect::<Result<Vec<_>>>()?;
    Ok(stories.into_iter().flatten().collect())
}

/// A story as it stands in a list; none where it is gone, or has no entry left.
pub fn one(conn: &Connection, story: i64, cursor: i64) -> Result<Option<StoryRow>> {
    let times = conn
        .prepare_cached("select first_seen, last_seen, first_entry from story where seq = ?1")?
        .query_row([story], |row| {
            Ok((
                row.get::<_, Ms>(0)?.0,
                row.get::<_, Ms>(1)?.0,
                row.get::<_, String>(2)?,
            ))
        })
        .optional()?;
    let Some((first_seen, last_seen, first_entry)) = times else {
        return Ok(None);
    };
    let title: Option<String> = conn
        .prepare_cached(
            "select coalesce((select title from entry where id = ?1),
                (select title from entry where story = ?2 order by seq limit 1))",
        )?
        .query_row(params![first_entry, story], |row| row.get(0))?;
    let Some(title) = title else {
        return Ok(None);
    };
    let mut row = StoryRow {
        id: story,
        title,
        first_seen,
        last_seen,
        entries: 0,
        feeds: Vec::new(),
        languages: Vec::new(),
        alerts: 0,
        folded: 0,
        severity: None,
        rules: Vec::new(),
        cursor,
    };
    count_entries(conn, &mut row)?;
    count_alerts(conn, &mut row)?;
    count_folded(conn, &mut row)?;
    Ok(Some(row))
}

fn count_entries(conn: &Connection, story: &mut StoryRow) -> Result<()> {
    let mut query = conn.prepare_cached(
        "select feed, language, count(*) from entry where story = ?1 group by feed, language order by min(seq)",
    )?;
    let mut rows = query.query([story.id])?;
    while let Some(row) = rows.next()? {
        let feed: String = row.get(0)?;
        let language: Option<String> = row.get(1)?;
        if !story.feeds.contains(&feed) {
            story.feeds.push(feed);
        }
        let language = language.filter(|language| !story.languages.contains(language));
        story.languages.extend(language);
        story.entries += count(row.get(2)?);
    }
    Ok(())
}

fn count_alerts(conn: &Connection, story: &mut StoryRow) -> Result<()> {
    let mut query = conn.prepare_cached(
        "select rule, count(*), max(severity) from alert where story = ?1 group by rule order by min(seq)",
    )?;
    let mut rows = query.query([story.id])?;
    while let Some(row) = rows.next()? {
        story.rules.push(row.get(0)?);
        story.alerts += count(row.get(1)?);
        story.severity = story.severity.max(Some(row.get::<_, Rank>(2)?.0));
    }
    Ok(())
}

fn count_folded(conn: &Connection, story: &mut StoryRow) -> Result<()> {
    let number: i64 = conn
        .prepare_cached(
            r#"select count(*) from entry e cross join "match" m on m.entry = e.seq where e.story = ?1 and +m.held = 'folded'"#,
        )?
        .query_row([story.id], |row| row.get(0))?;
    story.folded = count(number);
    Ok(())
}

/// A member of a story on its timeline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    /// Its entry.
    pub entry: String,
    /// Its row.
    pub seq: i64,
    /// Its feed.
    pub feed: String,
    /// Its title.
    pub title: String,
    /// Its page.
    pub url: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// When it was published, or else first seen.
    pub at: Timestamp,
    /// When it came.
    pub first_seen: Timestamp,
    /// How it came into the story.
    pub joined_by: String,
}

/// The entries of a story, in the order they came.
pub fn members(conn: &Connection, story: i64, limit: u32) -> Result<Vec<Member>> {
    let mut query = conn.prepare_cached(
        "select id, seq, feed, title, url, language, at, first_seen, joined_by
         from entry where story = ?1 order by seq limit ?2",
    )?;
    let rows = query.query_map(params![story, limit], |row| {
        Ok(Member {
            entry: row.get(0)?,
            seq: row.get(1)?,
            feed: row.get(2)?,
            title: row.get(3)?,
            url: row.get(4)?,
            language: row.get(5)?,
            at: row.get::<_, Ms>(6)?.0,
            first_seen: row.get::<_, Ms>(7)?.0,
            joined_by: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
