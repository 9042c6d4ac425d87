//! The store at a glance, and the notes that the daemon leaves for `bongsu status`.
//!
//! A note is a key, a text and when it was written; what the keys mean is the daemon's business.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Serialize;

use super::row::{Ms, count};
use super::{Result, Store, migrate, open};
use crate::domain::health::machine::Room;

/// A note of the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it is about.
    pub key: String,
    /// What it says.
    pub value: String,
    /// When it was written.
    pub at: Timestamp,
}

/// Sizes and counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// The schema's version.
    pub schema: i64,
    /// SQLite's version.
    pub sqlite: String,
    /// Bytes of the database file.
    pub bytes: u64,
    /// Bytes of the log beside it.
    pub wal_bytes: u64,
    /// Bytes inside the file that hold nothing.
    pub free_bytes: u64,
    /// Feeds that are asked for.
    pub feeds: u64,
    /// Entries.
    pub entries: u64,
    /// Their earlier contents.
    pub revisions: u64,
    /// Stories.
    pub stories: u64,
    /// Matches, those that raised nothing too.
    pub matches: u64,
    /// Mentions of entities, once for each entry.
    pub mentions: u64,
    /// Alerts.
    pub alerts: u64,
    /// Deliveries, whatever became of them.
    pub deliveries: u64,
    /// Polls in the history.
    pub polls: u64,
    /// When the oldest entry happened.
    pub oldest_entry: Option<Timestamp>,
    /// When the newest did.
    pub newest_entry: Option<Timestamp>,
}

/// Sizes that are had without counting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// The schema's version.
    pub schema: i64,
    /// SQLite's version.
    pub sqlite: String,
    /// Bytes of the database.
    pub bytes: u64,
    /// Bytes inside it that hold nothing.
    pub free_bytes: u64,
    /// Bytes of the log beside it.
    pub wal_bytes: u64,
    /// Free bytes of its disk; none where the system does not tell.
    pub disk_free: Option<u64>,
}

/// What the database tells of its size; the log and the disk are the caller's to add.
pub fn sizes(conn: &Connection) -> Result<Sizes> {
    let number = |sql: &str| {
        conn.query_row(sql, [], |row| row.get::<_, i64>(0))
            .map(count)
    };
    let page = number("pragma page_size")?;
    Ok(Sizes {
        schema: migrate::version(conn)?,
        sqlite: rusqlite::version().to_owned(),
        bytes: number("pragma page_count")? * page,
        free_bytes: number("pragma freelist_count")? * page,
        ..Sizes::default()
    })
}

impl Store {
    /// Sizes and counts; reads the counted tables whole.
    pub fn stats(&self) -> Result<Stats> {
        let mut stats = self.read_blocking(counts)?;
        stats.bytes = file_size(self.path());
        stats.wal_bytes = file_size(&open::wal_path(self.path()));
        Ok(stats)
    }

    /// Room on the disk of the store; none where the system does not tell.
    #[must_use]
    pub fn room(&self) -> Option<Room> {
        let disk = rustix::fs::statvfs(self.path()).ok()?;
        Some(Room {
            free: disk.f_bavail.saturating_mul(disk.f_frsize),
            total: disk.f_blocks.saturating_mul(disk.f_frsize),
        })
    }

    /// Bytes of the write-ahead log: what a metric watches.
    #[must_use]
    pub fn wal_bytes(&self) -> u64 {
        file_size(&open::wal_path(self.path()))
    }
}

/// The size of a file; 0 where there is none.
pub(super) fn file_size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |meta| meta.len())
}

fn counts(conn: &Connection) -> Result<Stats> {
    let number = |sql: &str| {
        conn.query_row(sql, [], |row| row.get::<_, i64>(0))
            .map(count)
    };
    let at = |sql: &str| {
        conn.query_row(sql, [], |row| row.get::<_, Option<Ms>>(0))
            .map(|at| at.map(|at| at.0))
    };
    Ok(Stats {
        schema: migrate::version(conn)?,
        sqlite: rusqlite::version().to_owned(),
        bytes: 0,
        wal_bytes: 0,
        free_bytes: number("pragma freelist_count")? * number("pragma page_size")?,
        feeds: number("select count(*) from feed where configured = 1")?,
        entries: number("select count(*) from entry")?,
        revisions: number("select count(*) from revision")?,
        stories: number("select count(*) from story")?,
        matches: number(r#"select count(*) from "match""#)?,
        mentions: number("select count(*) from mention")?,
        alerts: number("select count(*) from alert")?,
        deliveries: number("select count(*) from delivery")?,
        polls: number("select count(*) from poll")?,
        oldest_entry: at("select min(at) from entry")?,
        newest_entry: at("select max(at) from entry")?,
    })
}

/// Writes a note, over the one of that key.
pub fn set_note(tx: &Transaction<'_>, key: &str, value: &str, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "insert into meta (key, value, at) values (?1, ?2, ?3)
         on conflict (key) do update set value = excluded.value, at = excluded.at",
    )?
    .execute(params![key, value, Ms(now)])?;
    Ok(())
}

/// Takes a note away.
pub fn clear_note(tx: &Transaction<'_>, key: &str) -> Result<()> {
    tx.prepare_cached("delete from meta where key = ?1")?
        .execute([key])?;
    Ok(())
}

/// One note.
pub fn note(conn: &Connection, key: &str) -> Result<Option<Note>> {
    Ok(conn
        .prepare_cached("select key, value, at from meta where key = ?1")?
        .query_row([key], read_note)
        .optional()?)
}

/// All notes, by key.
pub fn notes(conn: &Connection) -> Result<Vec<Note>> {
    let mut query = conn.prepare_cached("select key, value, at from meta order by key")?;
    let rows = query.query_map([], read_note)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read_note(row: &rusqlite::Row<'_>) -> rusqlite::Result<Note> {
    Ok(Note {
        key: row.get(0)?,
        value: row.get(1)?,
        at: row.get::<_, Ms>(2)?.0,
    })
}
